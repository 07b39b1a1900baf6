"""What a mapper was told: its table, its columns and its transforms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic

from querykit import Column, Expression, Table
from querykit.access.fields import visible_columns
from querykit.access.mapper.transforms import (
    EVERY,
    CountT,
    InsertedT,
    InsertT,
    SelectedT,
    Transforms,
    UpdatedT,
    UpdateT,
)
from querykit.access.values import read_row
from querykit.errors import BuildError, InputError

if TYPE_CHECKING:
    from querykit import Runner
    from querykit.access.fields import Path
    from querykit.access.mapper.transforms import Columns, Row


@dataclass(frozen=True)
class Settings(Generic[SelectedT, InsertT, InsertedT, UpdateT, UpdatedT, CountT]):
    """What the queries of a mapper have in common.

    Attributes:
        db: What runs them.
        table: The table.
        key: The columns that tell its rows apart; none, if there is no key.
        selected: What is selected.
        insert_returns: What comes back of a row that is inserted.
        update_returns: What comes back of a row that is updated.
        transforms: What is made of objects and rows.
    """

    db: Runner
    table: Table
    key: tuple[Column[Any], ...]
    selected: tuple[Expression[Any], ...]
    insert_returns: tuple[Column[Any], ...]
    update_returns: tuple[Column[Any], ...]
    transforms: Transforms[SelectedT, InsertT, InsertedT, UpdateT, UpdatedT, CountT]

    def values(self, made: Any, columns: Columns, path: Path = ()) -> Row:
        """The values of a row that is written, checked by the types of its columns.

        Args:
            made: What the transform gave.
            columns: Those of its columns that are written.
            path: Where it stands in what was given, for messages.

        Raises:
            InputError: it is no row of this table, or a column that is to be written is not in it.
        """
        if isinstance(made, Mapping):
            made = dict(made) if columns == EVERY else {name: _value(made, name, path) for name in columns}
        return read_row(self.table, made, None, path)


def _value(made: Mapping[str, Any], name: str, path: Path) -> Any:
    if name not in made:
        raise InputError((*path, name), "is to be written, and has no value")
    return made[name]


def columns_of(table: Table, given: Sequence[Any], option: str) -> tuple[Any, ...]:
    """Columns given by name, as ``table.column`` with or without an alias, or as ``"*"``.

    Raises:
        BuildError: one is not there, a name is that of a hidden column, or it is no list of columns.
    """
    if isinstance(given, str) or not isinstance(given, Sequence):
        raise BuildError(f"{option} takes a list of columns, not one {type(given).__name__}")
    found: list[Any] = []
    for each in given:
        if isinstance(each, str) and each == "*":
            found += visible_columns(table).values()
        else:
            found.append(_named(table, each, option) if isinstance(each, str) else each)
    if not all(isinstance(each, Expression) for each in found):
        raise BuildError(f"{option} takes names of columns and expressions")
    return tuple(found)


def _named(table: Table, name: str, option: str) -> Column[Any]:
    column = table[name]
    if table._options(name).hidden:
        raise BuildError(
            f"{option}: {name!r} is hidden; as table.{name} it can be meant, by a name from outside it cannot"
        )
    return column


def returned_columns(table: Table, given: Sequence[Any], option: str) -> tuple[Column[Any], ...]:
    """The same, of columns of the table alone."""
    found = columns_of(table, given, option)
    if not all(isinstance(each, Column) and each.table is table for each in found):
        raise BuildError(f"{option} takes columns of {table._name}, with or without an alias")
    return found


def written_columns(table: Table, given: Sequence[str]) -> Columns:
    """The names of columns that are written, of which `columns` was told.

    Raises:
        BuildError: one is not there or there twice, or there is none.
    """
    if isinstance(given, str) or not isinstance(given, Sequence):
        raise BuildError(f"columns() takes a list of names, not one {type(given).__name__}")
    if not all(isinstance(each, str) for each in given):
        raise BuildError("columns() takes the names of columns")
    names = tuple(given)
    if names == EVERY:
        return names
    for each in names:
        table[each]
    if not names or len(set(names)) < len(names):
        raise BuildError("columns() takes at least one column, and each once")
    return names
