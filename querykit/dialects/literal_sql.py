"""SQL without parameters, for the definitions of tables and views, which take none: values are written as literals.

What runs is never written so: everything else binds its values.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from querykit.builder.compiled import dialect_named
from querykit.builder.expressions import known_type, name_of
from querykit.builder.operands import Parameter, operand
from querykit.builder.statement import Statement
from querykit.builder.tables import Column, Table
from querykit.builder.value_types import type_of
from querykit.dialects.expressions import OTHER, Written
from querykit.errors import CompileError, DataError

if TYPE_CHECKING:
    from querykit.builder.comparisons import InList
    from querykit.builder.value_types import ValueType
    from querykit.dialects.base import Dialect


def literal_sql(
    written: Any, dialect: str | Dialect, *, of: Table | None = None, like: Column[Any] | None = None
) -> str:
    """An expression or a query as SQL in which values are literals: for CHECK, DEFAULT, indexes and views.

    >>> from querykit import literal_sql, table
    >>> pet = table("pet")
    >>> print(literal_sql(pet.name != "it's", "postgres", of=pet))
    "name" <> 'it''s'

    Args:
        written: The expression, the query or the value.
        dialect: ``"postgres"``, ``"mysql"``, ``"mariadb"``, ``"sqlite"`` or a `Dialect`.
        of: The table whose definition it stands in: its columns are written without its name.
        like: The column whose type a value has.

    Raises:
        CompileError: it has a named parameter, or a value that has no literal.
        UnsupportedError: the database cannot do what it asks for.
    """
    target: Any = dialect_named(dialect) if isinstance(dialect, str) else dialect
    compiler = _with_literals(target.compiler)(target)
    if isinstance(written, Statement):
        return str(compiler.compile(written).sql)
    if of is not None:
        compiler.scope = frozenset((of._reference,))
        compiler.column_sql = Written[Column[Any], str](lambda column: compiler.names[column.column_name])
    return str(compiler.finished(compiler.visit(operand(written, like))))


class Literals:
    """Stands before a dialect's compiler: what would be bound is written."""

    dialect: Dialect

    def bind(self, value: Any, type_: ValueType | None) -> str:
        """The literal of a value."""
        if isinstance(value, Parameter):
            raise CompileError(f"a definition has no parameters, and {name_of(value)} is one")
        adapter = None if type_ is None else self.dialect.values.adapters[type_]
        try:
            return self.dialect.literal(value if adapter is None or value is None else adapter(value))
        except DataError as error:
            raise CompileError(str(error)) from None

    def visit_in_list(self: Any, node: InList) -> str:
        """``a IN (1, 2)``."""
        term, known = self.operand(node.term, OTHER), known_type(node.term)
        values = ", ".join([self.bind(each, known or type_of(each)) for each in node.values])
        return f"{term} {'NOT ' if node.is_negated else ''}IN ({values})"


@cache
def _with_literals(compiler: type[Any]) -> Any:
    return type(f"{compiler.__name__}WithLiterals", (Literals, compiler), {})
