"""Values as MySQL reads them in the text of a statement: the drivers bind nothing at the server.

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

from querykit.dialects.failure import failure_to_error, misfit
from querykit.dialects.mysql.compiler import MySQLCompiler
from querykit.dialects.mysql.types import Separator
from querykit.errors import CompileError, DataError

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
        writers = _HEXADECIMAL_WRITERS if hexadecimal else _WRITERS
        literals: list[str] = []
        try:
            for value in arguments:
                write = writers.get(type(value))
                if write is None:
                    write = _writer_of_base(value, writers)
                literals.append(write(value))
        except DataError as error:
            raise failure_to_error(misfit(sql, len(literals) + 1, str(error)), sql, error) from None
        filled = sql % tuple(literals)
    else:
        literals, filled = [], sql
    try:
        return filled.encode()
    except UnicodeEncodeError as error:
        unfit = next((place for place, literal in enumerate(literals, 1) if _has_surrogate(literal)), 0)
        failure = misfit(sql, unfit, "a text with a lone surrogate, which UTF-8 cannot carry")
        raise failure_to_error(failure, None, error) from None


def literal(value: Any) -> str:
    """A value as the text of a definition, which no setting of the session reads differently.

    Raises:
        CompileError: it cannot be written.
    """
    try:
        write = _WRITERS.get(type(value)) or _writer_of_base(value, _WRITERS)
        return MySQLCompiler.string_literal(str.__str__(value)) if write is _text else write(value)
    except DataError as error:
        raise CompileError(str(error)) from None


def _has_surrogate(text: str) -> bool:
    return any("\ud800" <= character <= "\udfff" for character in text)


def _text(value: str) -> str:
    # of a subclass the text that it is, not what it says of itself: a member of a str enum says «Size.SMALL»
    return f"'{str.translate(value, _ESCAPES)}'"


def _hexadecimal_text(value: str) -> str:
    return f"_utf8mb4 {_hexadecimal(value)}"


def _hexadecimal(value: str) -> str:
    return f"X'{str.encode(value, 'utf-8', 'surrogatepass').hex()}'"


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
    Separator: _text,
    bytes: _bytes,
    bytearray: _bytes,
    memoryview: _bytes,
    datetime: _datetime,
    date: lambda value: f"'{value.isoformat()}'",
    time: _time,
    timedelta: _timedelta,
    UUID: lambda value: f"'{value}'",
}


_HEXADECIMAL_WRITERS = {**_WRITERS, str: _hexadecimal_text, Separator: _hexadecimal}


def _writer_of_base(value: object, writers: dict[type, Callable[[Any], str]]) -> Callable[[Any], str]:
    for base in type(value).__mro__[1:]:
        if base in writers:
            return writers[base]
    raise DataError(f"MySQL and MariaDB take no {type(value).__name__} as a value")
