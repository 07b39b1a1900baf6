"""Codecs for the connections that we open: dates and times to their ends, and intervals that show their months.

asyncpg makes the first and the last moment of Python's calendar of infinity, and infinity of them, so that a real
9999-12-31 cannot be told from it. These codecs send and read every moment as it is. To read one takes 0.1 µs more for a
date, nothing more for a timestamp (Python 3.11). A pool that a program brings keeps asyncpg's own.

Source: https://github.com/MagicStack/py-pgproto/blob/master/codecs/datetime.pyx
"""

from __future__ import annotations

import datetime as dt
from typing import Any

_FIRST_DAY = dt.date(2000, 1, 1).toordinal()
"""PostgreSQL counts from here, days or microseconds."""
_EPOCH = dt.datetime(2000, 1, 1)  # noqa: DTZ001 - a TIMESTAMP has no zone
_EPOCH_IN_UTC = _EPOCH.replace(tzinfo=dt.UTC)
_MICROSECOND = dt.timedelta(microseconds=1)

_LAST_DAYS = dt.date.max.toordinal() - _FIRST_DAY
_FIRST_DAYS = dt.date.min.toordinal() - _FIRST_DAY
_LAST_MICROSECONDS = (dt.datetime.max - _EPOCH) // _MICROSECOND  # noqa: DTZ901 - likewise
_FIRST_MICROSECONDS = (dt.datetime.min - _EPOCH) // _MICROSECOND  # noqa: DTZ901 - likewise
_INFINITE_DAYS = {2**31 - 1: dt.date.max, -(2**31): dt.date.min}
_INFINITE_MICROSECONDS = {2**63 - 1: dt.datetime.max, -(2**63): dt.datetime.min}  # noqa: DTZ901 - likewise

_day = dt.date.fromordinal
_timedelta = dt.timedelta


class ExactDate(dt.date):
    """The first or last day of Python's calendar, read as such: a plain one is what asyncpg makes of infinity."""


class ExactDatetime(dt.datetime):
    """The first or last moment of Python's calendar, likewise."""


class ExactMoment:
    """The first or last moment on its way to the server; asyncpg's own codecs, which would send infinity, refuse it."""

    __slots__ = ("value",)

    def __init__(self, value: dt.date) -> None:
        """Hold a date or datetime."""
        self.value = value


class DurationWithMonths(dt.timedelta):
    """What asyncpg makes of an interval with months: years of 365 days, months of 30. No exact duration."""


# -- from the server ------------------------------------------------------------------------------------------------


def _read_date(parts: tuple[int]) -> dt.date:
    days = parts[0]
    if _FIRST_DAYS < days < _LAST_DAYS:
        return _day(days + _FIRST_DAY)
    found = _INFINITE_DAYS.get(days)
    return ExactDate.fromordinal(days + _FIRST_DAY) if found is None else found


def _read_timestamp(parts: tuple[int]) -> dt.datetime:
    microseconds = parts[0]
    if _FIRST_MICROSECONDS < microseconds < _LAST_MICROSECONDS:
        return _EPOCH + _timedelta(0, 0, microseconds)
    found = _INFINITE_MICROSECONDS.get(microseconds)
    if found is not None:
        return found
    value = _EPOCH + _timedelta(0, 0, microseconds)
    return ExactDatetime.combine(value.date(), value.time())


def _read_instant(parts: tuple[int]) -> dt.datetime:
    """An instant in UTC; infinity has no zone, as with asyncpg."""
    microseconds = parts[0]
    if _FIRST_MICROSECONDS <= microseconds <= _LAST_MICROSECONDS:
        return _EPOCH_IN_UTC + _timedelta(0, 0, microseconds)
    return _INFINITE_MICROSECONDS.get(microseconds) or _EPOCH + _timedelta(0, 0, microseconds)


def interval(parts: tuple[int, int, int]) -> dt.timedelta:
    """An interval as asyncpg reads it, which shows whether it has months."""
    months, days, microseconds = parts
    if not months:
        return dt.timedelta(days=days, microseconds=microseconds)
    years, rest = divmod(abs(months), 12)
    in_days = (years * 365 + rest * 30) * (1 if months > 0 else -1)
    return DurationWithMonths(days=in_days + days, microseconds=microseconds)


# -- to the server --------------------------------------------------------------------------------------------------


def _write_date(value: Any) -> tuple[int]:
    if type(value) is ExactMoment:
        value = value.value
    return (value.toordinal() - _FIRST_DAY,)


def _write_timestamp(value: Any) -> tuple[int]:
    moment = _moment(value)
    return ((moment - _EPOCH) // _MICROSECOND,)


def _write_instant(value: Any) -> tuple[int]:
    moment = _moment(value)
    if moment.tzinfo is None:  # asyncpg takes it for the time of this machine
        raise TypeError(f"expected a datetime with a time zone, got {type(value).__name__!r}")
    return ((moment - _EPOCH_IN_UTC) // _MICROSECOND,)


def _moment(value: Any) -> dt.datetime:
    """A datetime; a date is its midnight, as with asyncpg."""
    if type(value) is ExactMoment:
        value = value.value
    if isinstance(value, dt.datetime):
        return value
    if isinstance(value, dt.date):
        return dt.datetime(value.year, value.month, value.day)  # noqa: DTZ001 - a TIMESTAMP has no zone
    raise TypeError(f"expected a datetime.date or datetime.datetime instance, got {type(value).__name__!r}")


def _write_interval(value: dt.timedelta) -> tuple[int, int, int]:
    return 0, value.days, value.seconds * 1_000_000 + value.microseconds


CODECS = {
    "date": (_write_date, _read_date),
    "timestamp": (_write_timestamp, _read_timestamp),
    "timestamptz": (_write_instant, _read_instant),
    "interval": (_write_interval, interval),
}
"""What encodes and decodes each type, in asyncpg's format of tuples."""


async def set_codecs(opened: Any) -> None:
    """Let a connection of asyncpg use them."""
    for name, (encode, decode) in CODECS.items():
        await opened.set_type_codec(name, schema="pg_catalog", format="tuple", encoder=encode, decoder=decode)
