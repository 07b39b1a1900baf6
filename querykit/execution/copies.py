"""Making many rows at once, and copies of nested ones that were decoded before, for results that are given again.

The rows of a level, of whatever parents, are kept in one list, and copied by loops in C: ``map(dict.copy, rows)``. Then
each parent is given its own. That takes half of the time in which their JSON is read again.
"""

from __future__ import annotations

import datetime as dt
import gc
import uuid
from collections import deque
from decimal import Decimal
from functools import lru_cache, partial
from itertools import repeat
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import msgspec

from querykit.builder.compiled import Nested
from querykit.builder.value_types import ValueType
from querykit.execution.decoding import PLANS_KEPT
from querykit.execution.from_json import own_decoder

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from querykit.builder.compiled import OutputColumn
    from querykit.dialects.driver import Decoded
    from querykit.execution.decoding import Rows, RowsDecoder

MANY = 20
"""From how many rows on the garbage collector waits: nested ones need not be more to be thousands of objects."""

_AS_THEY_ARE: Final = (bytes, Decimal, uuid.UUID, dt.date, dt.time, dt.datetime, dt.timedelta)
_UNCHANGING: Final = frozenset({str, int, float, bool, type(None), *_AS_THEY_ARE})


def made(make: Callable[[Rows], list[Any]], rows: Rows) -> list[Any]:
    """Python's rows. The garbage collector waits until there are all of them, if they are many.

    It would look at every new dict and list again and again and find nothing to collect, which took up to half of the
    time of ten thousand nested rows. Nothing else of this thread runs meanwhile.
    """
    if len(rows) < MANY or not gc.isenabled():
        return make(rows)
    gc.disable()
    try:
        return make(rows)
    finally:
        gc.enable()


def copies(decoded: Decoded, decoder: RowsDecoder, decode: Callable[[], list[Any]]) -> list[Any]:
    """The rows that a decoder makes of a result: dicts that nobody else has."""
    if decoded.decoder is not decoder:  # most results are never asked for again
        decoded.decoder, decoded.rows = decoder, None
        return decode()
    if decoded.rows is None:
        columns = decoder.columns
        if not can_be_copied(columns):
            return decode()
        decoded.rows = _level(decode(), columns)
    return made(_copied, decoded.rows)


class _Level(NamedTuple):
    """Rows that stand on one level.

    Attributes:
        rows: The rows, with None in the places of nested ones.
        nested: For each column of nested rows its name, the rows of all parents, and where each parent's stand among
            them: slices for lists, numbers for single rows. Where there is None, it is that of the last.
        changing: For each column whose values may change its name and the values.
    """

    rows: list[dict[str, Any]]
    nested: list[tuple[str, _Level, list[slice | int]]]
    changing: list[tuple[str, list[Any]]]

    def __len__(self) -> int:
        """How many rows it has."""
        return len(self.rows)


def _copied(level: Any) -> list[Any]:
    rows = list(map(dict.copy, level.rows))
    for name, below, places in level.nested:
        copied = _copied(below)
        copied.append(None)
        _set(rows, name, map(copied.__getitem__, places))
    for name, values in level.changing:
        _set(rows, name, map(_copied_value, values))
    return rows


def _set(rows: list[dict[str, Any]], name: str, values: Any) -> None:
    deque(map(dict.__setitem__, rows, repeat(name), values), 0)


_copied_value = partial(msgspec.to_builtins, builtin_types=_AS_THEY_ARE)


def _level(rows: Sequence[dict[str, Any]], columns: Any) -> _Level:
    nested: list[tuple[str, _Level, list[slice | int]]] = []
    changing: list[tuple[str, list[Any]]] = []
    for name, shape in columns:
        values = [row[name] for row in rows]
        if isinstance(shape, Nested):
            below, places = _below(values, shape)
            nested.append((name, below, places))
        elif not _UNCHANGING.issuperset(map(type, values)):
            changing.append((name, values))
    left_out: dict[str, Any] = dict.fromkeys([str(each[0]) for each in (*nested, *changing)])
    return _Level(_with_shared_keys([row | left_out for row in rows]), nested, changing)


def _below(values: list[Any], shape: Nested) -> tuple[_Level, list[slice | int]]:
    """The nested rows of a column, and whose they are."""
    found: list[Any] = []
    places: list[slice | int] = []
    for value in values:
        begin = len(found)
        if value is None:
            places.append(-1)
        elif shape.kind == "object":
            found.append(value)
            places.append(begin)
        else:
            found += value
            places.append(slice(begin, len(found)))
    return _level(found, shape.columns), places


def _with_shared_keys(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The same rows, as dicts that share their keys, of which copies take less: those of objects of one class."""

    class Row:
        """Rows of one level."""

    if any(name.startswith("__") for row in rows[:1] for name in row):  # which would be no attributes of their own
        return rows
    made = []
    for row in rows:
        one = Row()
        for name, value in row.items():
            setattr(one, name, value)
        made.append(one.__dict__)
    return made


@lru_cache(PLANS_KEPT)
def can_be_copied(columns: tuple[OutputColumn, ...]) -> bool:
    """Whether rows of a plan are worth to be copied, as some are nested in them, and every value is copied exactly."""
    return any(isinstance(column.shape, Nested) for column in columns) and _are_copied_exactly(columns)


def _are_copied_exactly(columns: tuple[OutputColumn, ...] | None) -> bool:
    return columns is not None and all(_is_one_copied_exactly(column.shape) for column in columns)


def _is_one_copied_exactly(shape: ValueType | Nested | None) -> bool:
    if isinstance(shape, ValueType):
        return _is_copied_exactly(shape)
    return shape is not None and shape.kind in {"array", "object"} and _are_copied_exactly(shape.columns)


def _is_copied_exactly(shape: ValueType) -> bool:
    """Whether values are unchanging, or what `to_builtins` copies: no enums, no objects of a user's or a plugin's."""
    if shape.stored is not None or own_decoder(shape) is not None:
        return False
    return shape.item is None or _is_copied_exactly(shape.item)
