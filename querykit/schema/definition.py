"""A table as it is to be in the database: its columns and all that they are held to, told from its declaration."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from itertools import count
from typing import TYPE_CHECKING, Any, NamedTuple

from querykit import BuildError, Column, Expression, Table
from querykit.schema.constraints import Check, ForeignKey, Index, PrimaryKey, Unique
from querykit.schema.types import SqlType, sql_type

if TYPE_CHECKING:
    from collections.abc import Iterator

    from querykit.schema.constraints import Constraint

LONGEST_NAME = 63
"""Bytes that a name has on every database: PostgreSQL's limit; MySQL takes 64 characters."""


class Default(NamedTuple):
    """What a row gets that names no value.

    Attributes:
        value: A value, None for NULL, or an expression that the database evaluates.
    """

    value: Any


@dataclass(frozen=True, slots=True, eq=False)
class ColumnDefinition:
    """A column as it is to be in the database.

    Attributes:
        name: Its name.
        type: Its type.
        is_nullable: Whether NULL may stand in it.
        is_identity: Whether the database numbers the rows by it.
        default: What a row gets that names no value; None is no default.
        generated: The expression that it is computed from; None for an ordinary column.
        comment: What the database keeps as its description.
        collation: The collation of its text.
        declared: The column that declares it.
    """

    name: str
    type: SqlType
    is_nullable: bool
    is_identity: bool = False
    default: Default | None = None
    generated: Expression[Any] | None = None
    comment: str | None = None
    collation: str | None = None
    declared: Column[Any] | None = None


@dataclass(frozen=True, slots=True, eq=False)
class TableDefinition:
    """A table as it is to be in the database.

    Attributes:
        table: The declared table.
        columns: Its columns, in order.
        primary_key: Its primary key, or None.
        uniques: What is unique besides.
        checks: What every row meets.
        foreign_keys: What it refers to.
        indexes: Its indexes.
        comment: What the database keeps as its description: the table's ``_comment``.
    """

    table: Table
    columns: tuple[ColumnDefinition, ...]
    primary_key: PrimaryKey | None
    uniques: tuple[Unique, ...]
    checks: tuple[Check, ...]
    foreign_keys: tuple[ForeignKey, ...]
    indexes: tuple[Index, ...]
    comment: str | None = None


def declared(table: object) -> Table:
    """The table that is given where one is wanted.

    Raises:
        BuildError: it is the class of one, a list of some, or something else.
    """
    if isinstance(table, Table):
        return table
    if isinstance(table, type) and issubclass(table, Table):
        raise BuildError(f"{table.__name__} is the class of a table; make one with {table.__name__}()")
    hint = "; several are given one by one: create_tables(*tables)" if isinstance(table, list | tuple) else ""
    raise BuildError(f"a table is expected, not {type(table).__name__}{hint}")


def definition_of(table: Table) -> TableDefinition:
    """What a declared table says of itself, with a name for every constraint.

    Raises:
        BuildError: a column's annotation tells no type, or there are two primary keys.
    """
    if not declared(table)._columns:
        raise BuildError(f"{table!r} declares no columns")
    constraints: list[Any] = [*_of_columns(table), *getattr(table, "_constraints", list)()]
    keys = [each for each in constraints if isinstance(each, PrimaryKey)]
    if len(keys) > 1:
        raise BuildError(f"{table!r} has two primary keys: by column(primary_key=True), and by primary_key(…)")
    names = _Names(table._name)
    return TableDefinition(
        table,
        tuple([_column(table, name) for name in table._columns]),
        keys[0] if keys else None,
        tuple([replace(each, name=names.of(each, "key")) for each in constraints if isinstance(each, Unique)]),
        tuple([replace(each, name=names.of(each, "check")) for each in constraints if isinstance(each, Check)]),
        tuple([replace(each, name=names.of(each, "fkey")) for each in constraints if isinstance(each, ForeignKey)]),
        tuple([replace(each, name=names.of(each, "idx")) for each in constraints if isinstance(each, Index)]),
        getattr(table, "_comment", None),
    )


def _column(table: Table, name: str) -> ColumnDefinition:
    options, type_ = table._options(name), table._columns[name].value_type
    if options.has_default and options.generated is not None:
        raise BuildError(f"{table._name}.{name} is computed, and takes no default")
    if options.type is not None and not isinstance(options.type, SqlType):
        raise BuildError(
            f"{table._name}.{name}: column(type=…) takes a type of querykit.schema, Varchar(50) or "
            f"Native('citext', on='postgres'), not {options.type!r}"
        )
    return ColumnDefinition(
        table._columns[name].column_name,
        options.type or sql_type(type_),
        is_nullable=(type_ is None or type_.is_nullable) if options.nullable is None else options.nullable,
        is_identity=options.identity,
        default=Default(options.default) if options.has_default else None,
        generated=None if options.generated is None else options.generated(table),
        comment=options.comment,
        collation=options.collation,
        declared=table._columns[name],
    )


def _of_columns(table: Table) -> Iterator[Constraint]:
    """What the options of single columns say."""
    if table._primary_key:
        yield PrimaryKey(tuple([column.column_name for column in table._primary_key]))
    for name, column in table._columns.items():
        options = table._options(name)
        if options.unique:
            yield Unique((column.column_name,))
        if options.check is not None:
            yield Check(options.check(table))
        if options.references is not None:
            to = options.references
            yield ForeignKey((column.column_name,), to.table, (to.column,), to.schema, to.on_delete, to.on_update)
        if options.index:
            yield Index((column,))


class _Names:
    """Gives constraints names of their own, made of the table's and the columns'; the same ones every time."""

    def __init__(self, table: str) -> None:
        """Start with no name given."""
        self._table = table
        self._given: set[str] = set()

    def of(self, constraint: Any, kind: str) -> str:
        """The name that it has, or ``table_columns_kind``, shortened by a digest where it is too long."""
        if constraint.name is not None:
            return str(constraint.name)
        columns = getattr(constraint, "columns", None) or _column_names(getattr(constraint, "terms", ()))
        name = made_name(self._table, tuple(columns), kind)
        number = next(each for each in count(1) if (name if each == 1 else f"{name}{each}") not in self._given)
        name = name if number == 1 else f"{name}{number}"
        self._given.add(name)
        return name


def made_name(table: str, columns: tuple[str, ...], kind: str) -> str:
    """The name of a constraint that is given none: ``table_columns_kind``, if too long then shortened by a digest."""
    name = "_".join([table, *columns, kind])
    if len(name.encode()) <= LONGEST_NAME:
        return name
    digest = hashlib.sha256(name.encode()).hexdigest()[:8]
    return f"{name.encode()[: LONGEST_NAME - 9].decode(errors='ignore')}_{digest}"


def name_of(table: Table, constraint: Constraint) -> str:
    """The name of a constraint or an index by itself: its own, or one made of the table's and the columns'."""
    kind = {Unique: "key", Check: "check", ForeignKey: "fkey", PrimaryKey: "pkey"}.get(type(constraint), "idx")
    return _Names(table._name).of(constraint, kind)


def _column_names(terms: tuple[Any, ...]) -> list[str]:
    bare = [getattr(each, "term", each) for each in terms]
    return [each.column_name for each in bare if isinstance(each, Column)]
