"""The ANSI compiler: the last link of expressions, nested rows, SELECT and writes. Dialects override it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from querykit.builder.compiled import CompiledQuery
from querykit.builder.insert import Insert
from querykit.builder.query import Query, refuse_duplicates
from querykit.builder.raw import RawStatement
from querykit.dialects.values_table import ValuesCompiler

if TYPE_CHECKING:
    from querykit.builder.statement import Statement


class Compiler(ValuesCompiler):
    """Writes statements. One object compiles one statement and is thrown away."""

    def compile(self, statement: Statement[Any, Any]) -> CompiledQuery:
        """The statement as SQL, with its parameters."""
        if isinstance(statement, Query) and not statement.has_unique_names():
            refuse_duplicates(statement)
        sql = self.visitor_of[type(statement)](self, statement)
        if isinstance(statement, RawStatement):
            sql = sql.removesuffix("\n")  # nothing follows, so that a comment at the end needs no end
        limit = self.dialect.features.max_parameters
        if limit is not None and len(self.parameters) > limit:
            hint = "run it, which splits it" if isinstance(statement, Insert) else "split it"
            raise self.unsupported(f"statements with {len(self.parameters)} parameters (it takes {limit})", hint)
        return CompiledQuery(
            self.finished(sql),
            tuple(self.parameters),
            self.dialect.name,
            statement,
            self.adapters,
            has_named=self.has_named,
            is_clean=self.is_clean,
        )

    def finished(self, sql: str) -> str:
        """The whole text, as the driver takes it."""
        return sql
