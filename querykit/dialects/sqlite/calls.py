"""The functions that our connections bring to SQLite, which has no microseconds and no regular expressions."""

from __future__ import annotations

import binascii
import datetime as dt
import math
import re
from decimal import ROUND_CEILING, ROUND_DOWN, ROUND_FLOOR, ROUND_HALF_UP, Context, Decimal
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from querykit.dialects.sqlite import decimals

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable

# -- decimals ---------------------------------------------------------------------------------------------------------

_EXACT = Context(prec=100_000)


def _of_decimals(function: Callable[..., Decimal | None]) -> Callable[..., str | None]:
    """A function of SQLite out of one of Decimals: NULL where an argument is NULL."""

    def call(*values: Any) -> str | None:
        if None in values:
            return None
        found = function(*[decimals.number(each) for each in values])
        return None if found is None else decimals.text(found)

    return call


def _whole(rounding: str) -> Callable[[Decimal], Decimal]:
    return lambda value: value.to_integral_value(rounding)


def _rounded(value: Decimal, digits: Decimal) -> Decimal:
    return value.quantize(Decimal(1).scaleb(-int(digits)), ROUND_HALF_UP, _EXACT)


class _Aggregate:
    """An aggregate of our own, which can be one of a window."""

    def __init__(self) -> None:
        self.values: list[Any] = []

    def step(self, value: Any) -> None:
        """Take a value in; NULLs are left out."""
        if value is not None:
            self.values.append(value)

    def inverse(self, value: Any) -> None:
        """Take a value that left the frame out again: the first that came."""
        if value is not None:
            self.values.remove(value)

    def value(self) -> Any:
        """What it comes to."""
        return self.result(self.values) if self.values else None

    finalize = value

    def result(self, values: list[Any]) -> Any:
        """What values, at least one, come to."""
        raise NotImplementedError


def _aggregate(function: Callable[[list[Any]], Any]) -> type[_Aggregate]:
    return type("Aggregate", (_Aggregate,), {"result": lambda _, values: function(values)})


def _variance(values: list[Any], fewer: int) -> float | None:
    if len(values) <= fewer:
        return None
    numbers = [float(each) for each in values]
    mean = math.fsum(numbers) / len(numbers)
    return math.fsum([(each - mean) ** 2 for each in numbers]) / (len(numbers) - fewer)


def _deviation(values: list[Any], fewer: int) -> float | None:
    variance = _variance(values, fewer)
    return None if variance is None else math.sqrt(variance)


# -- dates and times, texts -------------------------------------------------------------------------------------------

_MICROSECOND = dt.timedelta(microseconds=1)
_DATE_LENGTH = 10
_INSTANT_SUFFIX = "+00:00"


def _moment(text: str) -> dt.datetime:
    """A date or time as a naive datetime in UTC."""
    value = dt.datetime.fromisoformat(text)
    return value if value.tzinfo is None else value.astimezone(dt.UTC).replace(tzinfo=None)


def _shifted(text: str | None, microseconds: int | None) -> str | None:
    """A date or time so many microseconds later, in the same form."""
    if text is None or microseconds is None:
        return None
    value = (_moment(text) + dt.timedelta(microseconds=microseconds)).isoformat(" ")
    if len(text) == _DATE_LENGTH:
        return value[:_DATE_LENGTH]
    return value + _INSTANT_SUFFIX if text.endswith(_INSTANT_SUFFIX) else value


def _difference(one: str | None, other: str | None) -> int | None:
    return None if one is None or other is None else (_moment(one) - _moment(other)) // _MICROSECOND


def _microsecond(text: str | None) -> int | None:
    if text is None:
        return None
    return (dt.time.fromisoformat(text) if text[2:3] == ":" else _moment(text)).microsecond


def _datetime(text: str | None) -> str | None:
    return None if text is None else _moment(text).isoformat(" ")


def _instant(text: str | None) -> str | None:
    return None if text is None else _moment(text).isoformat(" ") + _INSTANT_SUFFIX


@lru_cache(256)
def _pattern(pattern: str, ignores_case: int) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE if ignores_case else 0)


def _matches(text: Any, pattern: str | None, ignores_case: int) -> bool | None:
    return None if text is None or pattern is None else bool(_pattern(pattern, ignores_case).search(str(text)))


def _left_filled(text: Any, width: int | None, fill: str | None) -> str | None:
    if text is None or width is None or fill is None:
        return None
    missing = width - len(str(text))
    return (fill * missing)[: max(missing, 0)] + str(text)[:width]


def _right_filled(text: Any, width: int | None, fill: str | None) -> str | None:
    if text is None or width is None or fill is None:
        return None
    missing = width - len(str(text))
    return str(text)[:width] + (fill * missing)[: max(missing, 0)]


def _log10(value: float | None) -> float | None:
    return None if value is None or value <= 0 else math.log10(value)


def _round_even(value: float | None) -> float | None:
    return None if value is None else float(round(value))


def _base64(value: bytes | str | None) -> str | None:
    if value is None:
        return None
    return binascii.b2a_base64(value.encode() if isinstance(value, str) else value, newline=False).decode()


_SCALARS: dict[str, tuple[int, Callable[..., Any]]] = {
    "ABS": (1, _of_decimals(_EXACT.abs)),
    "ROUND": (2, _of_decimals(_rounded)),
    "CEIL": (1, _of_decimals(_whole(ROUND_CEILING))),
    "FLOOR": (1, _of_decimals(_whole(ROUND_FLOOR))),
    "TRUNC": (1, _of_decimals(_whole(ROUND_DOWN))),
    "ROUND_EVEN": (1, _round_even),
    "LOG10": (1, _log10),
    "SHIFT": (2, _shifted),
    "DIFFERENCE": (2, _difference),
    "MICROSECOND": (1, _microsecond),
    "DATETIME": (1, _datetime),
    "INSTANT": (1, _instant),
    "MATCHES": (3, _matches),
    "LPAD": (3, _left_filled),
    "RPAD": (3, _right_filled),
    "BASE64": (1, _base64),
    "REVERSE": (1, lambda text: None if text is None else str(text)[::-1]),
}

_AGGREGATES: dict[str, type[_Aggregate]] = {
    "STDDEV_SAMP": _aggregate(lambda values: _deviation(values, 1)),
    "STDDEV_POP": _aggregate(lambda values: _deviation(values, 0)),
    "VAR_SAMP": _aggregate(lambda values: _variance(values, 1)),
    "VAR_POP": _aggregate(lambda values: _variance(values, 0)),
}


def add_functions(connection: sqlite3.Connection) -> None:
    """Bring the functions to a connection, under names that begin with QUERYKIT_."""
    for name, (count, function) in _SCALARS.items():
        connection.create_function(f"querykit_{name.lower()}", count, function, deterministic=True)
    for name, aggregate in _AGGREGATES.items():
        connection.create_window_function(f"querykit_{name.lower()}", 1, aggregate)
