"""Results as bytes, and back: MessagePack, in which values of the drivers keep their types exactly. Never pickle."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

import msgspec

from querykit.dialects.driver import DriverResult

if TYPE_CHECKING:
    from collections.abc import Callable

_AS_THEY_ARE: Final = frozenset({str, bool, float, bytes, type(None)})
_SMALLEST, _LARGEST = -(2**63), 2**64 - 1
"""The integers that MessagePack has."""


def packed(result: DriverResult) -> bytes | None:
    """The rows of a result as bytes; None where a value is of a type that could not be read back."""
    rows = [list(map(_packed, row)) for row in result.rows]
    if any(_UNKNOWN in row for row in rows):
        return None
    return msgspec.msgpack.encode((rows, list(result.names), list(result.json_columns)))


def unpacked(data: bytes) -> DriverResult:
    """The result of those bytes."""
    rows, names, json_columns = _decode(data)
    return DriverResult(tuple(map(tuple, rows)), names, json_columns)


def _packed(value: Any) -> Any:
    kind = type(value)
    if kind in _AS_THEY_ARE:
        return value
    if kind is int:
        return value if _SMALLEST <= value <= _LARGEST else msgspec.msgpack.Ext(_INTEGER, str(value).encode())
    if kind is list:
        items = list(map(_packed, value))
        return _UNKNOWN if _UNKNOWN in items else items
    if isinstance(value, uuid.UUID):  # asyncpg has a class of its own, whose objects are equal
        kind = uuid.UUID
    if kind not in _WRITERS:
        return _UNKNOWN
    code, write = _WRITERS[kind]
    return msgspec.msgpack.Ext(code, write(value))


def _moment(value: dt.datetime | dt.time) -> bytes:
    return f"{value.fold}{value.isoformat()}".encode()


_UNKNOWN: Final = object()
_INTEGER: Final = 1
_WRITERS: Final[dict[type, tuple[int, Callable[[Any], bytes]]]] = {
    Decimal: (2, lambda value: str(value).encode()),
    dt.date: (3, lambda value: value.isoformat().encode()),
    dt.time: (4, _moment),
    dt.datetime: (5, _moment),
    dt.timedelta: (6, lambda value: f"{value.days} {value.seconds} {value.microseconds}".encode()),
    uuid.UUID: (7, lambda value: value.bytes),
    bytearray: (8, bytes),
}
_READERS: Final[dict[int, Callable[[bytes], Any]]] = {
    _INTEGER: int,
    2: lambda data: Decimal(data.decode()),
    3: lambda data: dt.date.fromisoformat(data.decode()),
    4: lambda data: dt.time.fromisoformat(data[1:].decode()).replace(fold=int(data[:1])),
    5: lambda data: dt.datetime.fromisoformat(data[1:].decode()).replace(fold=int(data[:1])),
    6: lambda data: dt.timedelta(*map(int, data.split())),
    7: lambda data: uuid.UUID(bytes=data),
    8: bytearray,
}
_decode = msgspec.msgpack.Decoder(ext_hook=lambda code, data: _READERS[code](bytes(data))).decode
