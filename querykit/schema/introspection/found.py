"""What introspection finds, as data."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True, slots=True)
class FoundColumn:
    """A column of a table or a view.

    Attributes:
        name: Its name.
        type: Its type, in the database's words: ``"character varying(50)"``.
        is_nullable: Whether NULL may stand in it.
        default: The expression that a row gets which names no value, as the database writes it.
        is_identity: Whether the database numbers the rows by it.
        generated: The expression that it is computed from, as the database writes it.
        comment: Its description.
        collation: The collation of its text, where it is not the database's own.
    """

    name: str
    type: str
    is_nullable: bool
    default: str | None = None
    is_identity: bool = False
    generated: str | None = None
    comment: str | None = None
    collation: str | None = None


@dataclass(frozen=True, slots=True)
class FoundUnique:
    """A unique constraint."""

    name: str
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FoundCheck:
    """A condition, as the database writes it."""

    name: str
    condition: str


@dataclass(frozen=True, slots=True)
class FoundForeignKey:
    """A foreign key; its schema is None where it is that of its table."""

    name: str
    columns: tuple[str, ...]
    table: str
    keys: tuple[str, ...]
    schema: str | None = None
    on_delete: str = "no action"
    on_update: str = "no action"
    is_deferred: bool = False
    has_own_index: bool = field(default=False, compare=False)
    """Whether MySQL or MariaDB made an index of its name."""


@dataclass(frozen=True, slots=True)
class FoundTerm:
    """What an index is made of: a column, or an expression, and how it is ordered.

    Attributes:
        text: The column's name, or the expression as the database writes it.
        is_expression: Whether it is an expression.
        is_descending: Whether its greatest values come first.
        nulls: Where NULLs stand, if not where they usually do.
    """

    text: str
    is_expression: bool = False
    is_descending: bool = False
    nulls: Literal["first", "last"] | None = None


@dataclass(frozen=True, slots=True)
class FoundIndex:
    """An index that is no constraint's.

    Attributes:
        name: Its name.
        terms: What it is made of, in order.
        is_unique: Whether no two rows may have the same values.
        where: The condition of its rows, as the database writes it.
        method: How it is built, in the database's word; None for its usual one.
        include: Columns that it carries along.
    """

    name: str
    terms: tuple[FoundTerm, ...]
    is_unique: bool = False
    where: str | None = None
    method: str | None = None
    include: tuple[str, ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        """Its columns, and the text of an expression where it has one."""
        return tuple([each.text for each in self.terms])


@dataclass(frozen=True, slots=True)
class FoundTable:
    """A table or a view. `definition` is a view's query as the database writes it, of SQLite's with CREATE VIEW."""

    name: str
    schema: str | None
    kind: Literal["table", "view", "materialized view"]
    columns: tuple[FoundColumn, ...]
    primary_key: tuple[str, ...] = ()
    uniques: tuple[FoundUnique, ...] = ()
    checks: tuple[FoundCheck, ...] = ()
    foreign_keys: tuple[FoundForeignKey, ...] = ()
    indexes: tuple[FoundIndex, ...] = ()
    comment: str | None = None
    definition: str | None = field(default=None, compare=False)

    def column(self, name: str) -> FoundColumn:
        """The column of that name; raises `KeyError`."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(name)


@dataclass(frozen=True, slots=True)
class FoundEnum:
    """An enumeration that is a type of its own."""

    name: str
    schema: str | None
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FoundSequence:
    """A sequence that is no column's own. MariaDB tells its name alone.

    Attributes:
        name: Its name.
        schema: Its schema.
        start: Its first value.
        increment: The step from one value to the next.
        min_value: Its least value.
        max_value: Its greatest value.
        cycle: Whether it begins anew after its last value.
    """

    name: str
    schema: str | None
    start: int | None = None
    increment: int | None = None
    min_value: int | None = None
    max_value: int | None = None
    cycle: bool | None = None


@dataclass(frozen=True, slots=True)
class FoundDatabase:
    """Everything that was found, sorted by name."""

    tables: tuple[FoundTable, ...]
    enums: tuple[FoundEnum, ...] = ()
    sequences: tuple[FoundSequence, ...] = ()

    def table(self, name: str, schema: str | None = None) -> FoundTable:
        """The table of that name; raises `KeyError`."""
        for table in self.tables:
            if table.name == name and (schema is None or table.schema == schema):
                return table
        raise KeyError(name)
