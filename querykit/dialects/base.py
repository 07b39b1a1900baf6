"""A dialect: what a database can do, as plain data, and who writes its SQL and talks to it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from querykit.dialects.shapes import Shapes
from querykit.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from querykit.builder.compiled import CompiledQuery
    from querykit.builder.raw import Fragment
    from querykit.builder.statement import Statement
    from querykit.builder.tables import Table
    from querykit.dialects.compiler import Compiler
    from querykit.dialects.values import Values


@dataclass(frozen=True, kw_only=True)
class Features:
    """Facts about a database that are asked for in more than one place.

    Attributes:
        max_parameters: How many parameters one statement takes, or None where only its size is limited.
        max_nesting: How many levels of nested rows one statement takes.
        keeps_json_key_order: Whether JSON objects come back with their keys in the order they were built.
        takes_arrays: Whether a list of IN is bound as one array.
        composes_results: Whether the rows of `fetch_json` come as one value, of a type that holds nothing but JSON.
        names_have_case: Whether names that differ by case alone are those of two tables, or of two columns.
        filters_upserts: Whether ON CONFLICT DO UPDATE takes a WHERE.
    """

    max_parameters: int | None
    max_nesting: int
    keeps_json_key_order: bool = True
    takes_arrays: bool = False
    composes_results: bool = False
    names_have_case: bool = False
    filters_upserts: bool = True


class Replication(NamedTuple):
    """How a database tells how far a replica is.

    Attributes:
        written: Asks the primary for a number that grows with whatever is committed.
        replayed: Asks a replica for the number until which it knows everything.
    """

    written: Statement[Any, int]
    replayed: Statement[Any, int]


@dataclass(frozen=True, kw_only=True, eq=False)
class Dialect:
    """A database's way of SQL.

    Attributes:
        name: ``"postgres"``, ``"mysql"``, ``"mariadb"`` or ``"sqlite"``.
        system_name: The same in OpenTelemetry's conventions.
        features: What it can do.
        compiler: Writes its SQL.
        values: How it holds values.
        literal: Writes a value, as the driver would take it, as the text of a definition.
        indexes: The query that lists a table's indexes: their names and columns, a row for each column, in order; of a
            table without any, one row of NULLs; of what is no table, none.
        replication: How it tells how far a replica is, if it does.
        shapes: The texts that it wrote.
    """

    name: str
    system_name: str
    features: Features
    compiler: type[Compiler]
    values: Values
    literal: Callable[[object], str]
    indexes: Callable[[Table], Fragment[Any]]
    replication: Replication | None = None
    shapes: Shapes = field(init=False)

    def __post_init__(self) -> None:
        """Begin with no text kept."""
        object.__setattr__(self, "shapes", Shapes(self))

    if not TYPE_CHECKING:  # type checkers see by themselves that a text never equals this
        __hash__ = object.__hash__

        def __eq__(self, other: object) -> bool:
            """Whether it is the same; raises `UsageError` for a text, which would silently never be."""
            if isinstance(other, str):
                raise UsageError(f"a dialect is no text: compare its name, db.dialect.name == {other!r}")
            return self is other

    def compile(self, statement: Statement[Any, Any]) -> CompiledQuery:
        """A statement as SQL: in a text that was written for another one of the same shape, or in a new one."""
        return self.shapes.compiled(statement)

    def written(self, statement: Statement[Any, Any]) -> CompiledQuery:
        """A statement as SQL, in a text that is written for it."""
        return self.compiler(self).compile(statement)

    def parts(self, statement: Statement[Any, Any]) -> Sequence[Statement[Any, Any]]:
        """The statements that together do what one does, where it is more than the database takes at once."""
        return self.compiler(self).parts(statement)
