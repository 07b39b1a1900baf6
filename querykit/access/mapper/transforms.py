"""How objects become rows, and rows objects: the six functions that a mapper calls on the way."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Generic, TypeAlias

from querykit import DEFAULT, Expression
from querykit.errors import BuildError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from typing_extensions import TypeVar

    from querykit import Table

    TableT = TypeVar("TableT", bound=Table, default=Table)
    SelectedT = TypeVar("SelectedT", default=dict[str, Any])
    InsertT = TypeVar("InsertT", default=Mapping[str, Any])
    InsertedT = TypeVar("InsertedT", default=dict[str, Any])
    UpdateT = TypeVar("UpdateT", default=Mapping[str, Any])
    UpdatedT = TypeVar("UpdatedT", default=dict[str, Any])
    CountT = TypeVar("CountT", default=int)
else:  # before Python 3.13 these have no defaults: all of a class's parameters are said where it is derived from
    from typing import TypeVar

    TableT = TypeVar("TableT")
    SelectedT, InsertT, InsertedT = TypeVar("SelectedT"), TypeVar("InsertT"), TypeVar("InsertedT")
    UpdateT, UpdatedT, CountT = TypeVar("UpdateT"), TypeVar("UpdatedT"), TypeVar("CountT")

Row: TypeAlias = dict[str, Any]
"""A row, by the names of its columns."""
Columns: TypeAlias = tuple[str, ...]
"""The columns that are written, by name; ``("*",)`` is all that there are values for."""
EVERY: Final[Columns] = ("*",)


@dataclass(frozen=True, kw_only=True)
class Transforms(Generic[SelectedT, InsertT, InsertedT, UpdateT, UpdatedT, CountT]):
    """What a mapper makes of objects and rows. What is left out stays as it is.

    Attributes:
        select: Makes the caller's value of a row that was read.
        insert: Makes the values by column of an object that is inserted; it also gets the columns that are written.
        insert_return: Makes the caller's value of the object and of what came back for it.
        update: Makes the values by column of the values that an update was given; it also gets the columns.
        update_return: Makes the caller's value of those values and of one row that came back.
        count: Makes the caller's value of how many rows there were.
    """

    select: Callable[[Row], SelectedT] | None = None
    insert: Callable[[InsertT, Columns], Mapping[str, Any]] | None = None
    insert_return: Callable[[InsertT, Row], InsertedT] | None = None
    update: Callable[[UpdateT, Columns], Mapping[str, Any]] | None = None
    update_return: Callable[[UpdateT, Row], UpdatedT] | None = None
    count: Callable[[int], CountT] | None = None


class EntireRowTransforms(Transforms[Row, Mapping[str, Any], Row, Mapping[str, Any], Row, int]):
    """For objects that are whole rows: what is written comes back with what the database added.

    A new row gets its key from the database where its own is None or `DEFAULT`, or is not there; 0 and an empty text
    are keys. The mapper selects all columns.

    Args:
        key_columns: The names of the columns that tell rows apart.
    """

    def __init__(self, key_columns: Sequence[str]) -> None:
        """Hold the key."""
        if isinstance(key_columns, str):
            raise BuildError(f"key_columns takes a list of names: [{key_columns!r}]")
        keys = frozenset(key_columns)

        def without_generated(source: Mapping[str, Any], _: Columns) -> Row:
            return {name: each for name, each in source.items() if name not in keys or not _is_generated(each)}

        super().__init__(insert=without_generated, insert_return=_merged, update_return=_merged)


def _is_generated(value: Any) -> bool:
    return value is None or value is DEFAULT


def _merged(source: Mapping[str, Any], returned: Row) -> Row:
    known = {name: each for name, each in source.items() if not isinstance(each, Expression)}
    return {**known, **returned}
