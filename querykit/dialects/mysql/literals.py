"""Values as MySQL reads them in the text of a statement: aiomysql binds nothing at the server.

Every value goes through this table, and a type that is not in it is refused. Text is safe under two conditions that the
session set-up holds: the connection's character set is utf8mb4, and backslashes escape. Where raw SQL may have changed
either, `hexadecimal=True` writes text in a form that no setting reads differently.
"""

from __future__ import annotations

import math
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from uuid import UUID

from querykit.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_ESCAPES = str.maketrans({
    "\0": "\\0",
    "\n": "\\n",
    "\r": "\\r",
    "\x1a": "\\Z",
    "'": "\\'",
    '"': '\\"',
    "\\": "\\\\",
})  # fmt: skip


def with_literals(sql: str, arguments: Sequence[Any], *, hexadecimal: bool = False) -> bytes:
    """The statement with its ``%s`` replaced by literals, encoded for the wire.

    Raises:
        DataError: a value cannot be written.
    """
    if arguments:
        text = _hexadecimal_text if hexadecimal else _text
        literals = []
        for value in arguments:
            write = _WRITERS.get(type(value))
            if write is None:
                write = _writer_of_base(value)
            # str() would ask a subclass how it prints itself: a member of a str enum says «Size.SMALL»
            literals.append(text(str.__str__(value)) if write is _text else write(value))
        sql %= tuple(literals)
    try:
        return sql.encode()
    except UnicodeEncodeError:
        raise DataError("a text holds a lone surrogate, which UTF-8 cannot carry") from None


def _text(value: str) -> str:
    return f"'{value.translate(_ESCAPES)}'"


def _hexadecimal_text(value: str) -> str:
    return f"_utf8mb4 X'{value.encode('utf-8', 'surrogatepass').hex()}'"


def _bytes(value: bytes | bytearray | memoryview) -> str:
    return f"_binary X'{value.hex()}'"


def _float(value: float) -> str:
    if not math.isfinite(value):
        raise DataError("MySQL and MariaDB hold neither NaN nor infinite numbers")
    text = float.__repr__(value)
    return text if "e" in text else f"{text}e0"  # without an exponent it is a DECIMAL


def _decimal(value: Decimal) -> str:
    if not value.is_finite():
        raise DataError("MySQL and MariaDB hold neither NaN nor infinite numbers")
    return format(value, "f")


def _datetime(value: datetime) -> str:
    if value.tzinfo is not None:
        value = value.astimezone(UTC).replace(tzinfo=None)  # the session's time zone is UTC
    return f"'{value.isoformat(' ')}'"


def _time(value: time) -> str:
    if value.tzinfo is not None:
        raise DataError("MySQL and MariaDB have no time of day with a time zone")
    return f"'{value.isoformat()}'"


def _timedelta(value: timedelta) -> str:
    sign, size = ("-", -value) if value.days < 0 else ("", value)
    minutes, seconds = divmod(size.seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"'{sign}{hours + size.days * 24:02}:{minutes:02}:{seconds:02}.{size.microseconds:06}'"


_WRITERS: dict[type, Callable[[Any], str]] = {
    type(None): lambda _: "NULL",
    bool: lambda value: "TRUE" if value else "FALSE",
    int: int.__repr__,
    float: _float,
    Decimal: _decimal,
    str: _text,
    bytes: _bytes,
    bytearray: _bytes,
    memoryview: _bytes,
    datetime: _datetime,
    date: lambda value: f"'{value.isoformat()}'",
    time: _time,
    timedelta: _timedelta,
    UUID: lambda value: f"'{value}'",
}


def _writer_of_base(value: object) -> Callable[[Any], str]:
    for base in type(value).__mro__[1:]:
        if base in _WRITERS:
            return _WRITERS[base]
    raise DataError(f"MySQL and MariaDB take no {type(value).__name__} as a value")
