"""Results that are given to more than one caller, none of whom can change what the others get."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from querykit.dialects.driver import Decoded

if TYPE_CHECKING:
    from collections.abc import Callable

    from querykit.dialects.driver import DriverResult

_UNCHANGING: Final = frozenset(
    {
        *(str, int, bool, float, type(None), bytes, Decimal, uuid.UUID),
        *(dt.date, dt.time, dt.datetime, dt.timedelta),
    }
)
_UNCHANGING_MODULES: Final = frozenset(
    {"asyncpg.types", "asyncpg.pgproto.types", "asyncpg.pgproto.pgproto", "ipaddress"}
)
"""Modules of drivers' values whose objects do not change: ranges, bits, points, addresses, keys."""


def shared(result: DriverResult) -> Callable[[], DriverResult] | None:
    """What gives a result to each who asks for it; None where a value in it is of a type that may change.

    Rows are as the driver gave them: nested rows are JSON text, of which every reader makes objects of its own.
    """
    kinds: set[type] = set()
    for row in result.rows:
        kinds.update(map(type, row))
    changing = {kind for kind in kinds if not _is_unchanging(kind)}
    kept = result._replace(rows=tuple(result.rows), decoded=Decoded())
    if not changing:
        return lambda: kept
    if not all(map(_can_be_copied, (value for row in result.rows for value in row if type(value) in changing))):
        return None
    original = kept._replace(rows=_copied_rows(result.rows))
    return lambda: original._replace(rows=_copied_rows(original.rows), decoded=None)


def _is_unchanging(kind: type) -> bool:
    return kind in _UNCHANGING or kind.__module__ in _UNCHANGING_MODULES


def _can_be_copied(value: Any) -> bool:
    if type(value) is list:
        return all(map(_can_be_copied, value))
    if type(value) is dict:
        return all(map(_can_be_copied, value.values()))
    return type(value) is bytearray or _is_unchanging(type(value))


def _copied_rows(rows: Any) -> tuple[tuple[Any, ...], ...]:
    return tuple([tuple(map(_copied, row)) for row in rows])


def _copied(value: Any) -> Any:
    if type(value) is list:
        return list(map(_copied, value))
    if type(value) is dict:
        return {key: _copied(each) for key, each in value.items()}
    return bytearray(value) if type(value) is bytearray else value
