"""What a table holds its rows to, beyond the columns: keys, checks and indexes, of one column or several.

A table gives them by a method: ``def _constraints(self): return [unique(self.a, self.b), check(self.a > 0)]``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from querykit import BuildError, Column

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class PrimaryKey:
    """The key that tells rows apart."""

    columns: tuple[str, ...]
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Unique:
    """No two rows have the same values in these columns."""

    columns: tuple[str, ...]
    name: str | None = None
    nulls_not_distinct: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Check:
    """Every row meets a condition, or it is NULL."""

    condition: Any
    name: str | None = None


@dataclass(frozen=True, slots=True)
class ForeignKey:
    """The values of these columns are found in another table."""

    columns: tuple[str, ...]
    table: str
    keys: tuple[str, ...]
    schema: str | None = None
    on_delete: str = "no action"
    on_update: str = "no action"
    name: str | None = None
    is_deferred: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Index:
    """What finds rows quickly by columns or expressions."""

    terms: tuple[Any, ...]
    name: str | None = None
    is_unique: bool = False
    where: Any = None
    method: str | None = None
    include: tuple[str, ...] = ()
    nulls_not_distinct: bool = False


Constraint: TypeAlias = PrimaryKey | Unique | Check | ForeignKey | Index


def primary_key(*columns: Column[Any], name: str | None = None) -> PrimaryKey:
    """A primary key of several columns; of one, ``column(primary_key=True)`` says it."""
    return PrimaryKey(_names(columns), name)


def unique(*columns: Column[Any], name: str | None = None, nulls_not_distinct: bool = False) -> Unique:
    """No two rows have the same values in all of these columns.

    Args:
        columns: The columns.
        name: The constraint's name.
        nulls_not_distinct: Whether NULLs are the same, too (PostgreSQL 15).
    """
    return Unique(_names(columns), name, nulls_not_distinct)


def check(condition: Any, *, name: str | None = None) -> Check:
    """A condition that every row meets, or that is NULL for it."""
    return Check(condition, name)


def foreign_key(
    *columns: Column[Any],
    table: str,
    keys: Sequence[str],
    schema: str | None = None,
    on_delete: str = "no action",
    on_update: str = "no action",
    name: str | None = None,
    deferred: bool = False,
) -> ForeignKey:
    """A foreign key of several columns; of one, ``column(references=…)`` says it.

    Args:
        columns: The columns that refer.
        table: The table that they refer to.
        keys: Its columns, in the same order.
        schema: Its schema, if it is to be named.
        on_delete: What becomes of a row when the row that it refers to is deleted.
        on_update: Likewise, when the key that it refers to changes.
        name: The constraint's name.
        deferred: Whether it is checked at the end of the transaction (PostgreSQL and SQLite).
    """
    names = _names(columns)
    if len(names) != len(keys):
        raise BuildError(f"a foreign key of {len(names)} columns refers to as many, not to {len(keys)}")
    return ForeignKey(names, table, tuple(keys), schema, on_delete, on_update, name, deferred)


def index(
    *terms: Any,
    name: str | None = None,
    unique: bool = False,
    where: Any = None,
    method: str | None = None,
    include: Sequence[Column[Any]] = (),
    nulls_not_distinct: bool = False,
) -> Index:
    """An index.

    Args:
        terms: Columns, expressions, or either with ``.desc()``.
        name: Its name; unsaid, one made of the table's and the columns'.
        unique: Whether no two rows may have the same values.
        where: The condition of the rows that it holds (PostgreSQL and SQLite).
        method: How it is built: ``"gin"``, ``"hash"``, … (PostgreSQL; ``"fulltext"`` and ``"spatial"`` on MySQL).
        include: Columns that it carries along (PostgreSQL).
        nulls_not_distinct: Whether NULLs are the same in a unique one (PostgreSQL 15).
    """
    if not terms:
        raise BuildError("an index is of at least one column or expression")
    carried = _names(include) if include else ()
    return Index(tuple(terms), name, unique, where, method, carried, nulls_not_distinct)


def _names(columns: Sequence[Column[Any]]) -> tuple[str, ...]:
    if not columns or not all(isinstance(each, Column) for each in columns):
        raise BuildError("a constraint is of columns of its table")
    return tuple([each.column_name for each in columns])
