"""A dialect: what a database can do, as plain data, and who writes its SQL and talks to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from querykit.builder.compiled import CompiledQuery
    from querykit.builder.statement import Statement
    from querykit.dialects.compiler import Compiler
    from querykit.dialects.values import Values


@dataclass(frozen=True, kw_only=True)
class Features:
    """Facts about a database that are asked for in more than one place.

    Attributes:
        max_parameters: How many parameters one statement takes, or None where only its size is limited.
        max_nesting: How many levels of nested rows one statement takes.
        keeps_json_key_order: Whether JSON objects come back with their keys in the order they were built.
    """

    max_parameters: int | None
    max_nesting: int
    keeps_json_key_order: bool = True


@dataclass(frozen=True, kw_only=True, eq=False)
class Dialect:
    """A database's way of SQL.

    Attributes:
        name: ``"postgres"``, ``"mysql"``, ``"mariadb"`` or ``"sqlite"``.
        features: What it can do.
        compiler: Writes its SQL.
        values: How it holds values.
    """

    name: str
    features: Features
    compiler: type[Compiler]
    values: Values

    def compile(self, statement: Statement[Any, Any]) -> CompiledQuery:
        """Write a statement as SQL."""
        return self.compiler(self).compile(statement)

    def parts(self, statement: Statement[Any, Any]) -> Sequence[Statement[Any, Any]]:
        """The statements that together do what one does, where it is more than the database takes at once."""
        return self.compiler(self).parts(statement)
