"""Keys of kept results: whatever makes a result another one is in them, exactly."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_AS_THEY_ARE: Final = frozenset({str, int, bool, type(None), bytes, dt.date, dt.timedelta})
"""Types of which equal values are the same value. (1.0 is not 1, nor -0.0 0.0, nor Decimal("1.0") Decimal("1.00").)"""


def key_of_values(values: Sequence[Any]) -> tuple[Any, ...] | None:
    """The types and values of parameters; None where of one's type it is not known when two are the same."""
    key = tuple([(type(value), value if type(value) in _AS_THEY_ARE else _exact(value)) for value in values])
    return None if any(exact is _UNKNOWN for _, exact in key) else key


def _exact(value: Any) -> Any:
    exact = _EXACT.get(type(value))
    if exact is not None:
        return exact(value)
    # asyncpg has a class of its own
    return value.bytes if isinstance(value, uuid.UUID) else _UNKNOWN


def _exact_items(values: Sequence[Any]) -> Any:
    key = key_of_values(values)
    return _UNKNOWN if key is None else key


_UNKNOWN: Final = object()
_EXACT: Final[dict[type, Callable[[Any], Any]]] = {
    float: float.hex,
    Decimal: str,
    dt.datetime: lambda value: (value.isoformat(), value.fold),
    dt.time: lambda value: (value.isoformat(), value.fold),
    list: _exact_items,
    tuple: _exact_items,
    dict: lambda value: _exact_items([*value, *value.values()]),
    bytearray: bytes,
    memoryview: bytes,
}
