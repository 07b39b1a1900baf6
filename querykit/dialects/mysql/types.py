"""MySQL's types: how values are bound, what CAST calls them, how they survive JSON, and how they are read back."""

from __future__ import annotations

import datetime as dt
import re

from querykit.dialects.json_text import json_text
from querykit.dialects.reading import as_utc, read_bool, read_json, read_uuid, utc_without_zone
from querykit.dialects.values import Values

CAST_TYPES = {
    "int": "SIGNED",
    "float": "DOUBLE",
    "decimal": "DECIMAL(65, 30)",
    "str": "CHAR",
    "bytes": "BINARY",
    "date": "DATE",
    "time": "TIME(6)",
    "datetime": "DATETIME(6)",
    "json": "JSON",
}

JSON_ENCODINGS = {
    # JSON_OBJECT writes a FLOAT with the digits of a DOUBLE: 0.10000000149011612 for 0.1
    "float": "CONCAT({0}, '')",
    # of a BIT, HEX alone gives the digits of a number
    "bytes": "HEX(CAST({0} AS BINARY))",
    # held in UTC, and read so without a second look
    "instant": "CONCAT({0}, 'Z')",
}

_TIME = re.compile(r"(-?)(\d+):(\d\d):(\d\d)(?:\.(\d{1,6}))?")


# The drivers give text where a value of ours comes back as it went, and for 0000-00-00, which is no date.


def _date(value: dt.date | str) -> dt.date:
    return dt.date.fromisoformat(value) if isinstance(value, str) else value


def _datetime(value: dt.datetime | str) -> dt.datetime:
    return dt.datetime.fromisoformat(value) if isinstance(value, str) else value


def _instant(value: dt.datetime | str) -> dt.datetime:
    return as_utc(_datetime(value))


def _time(value: dt.timedelta | str) -> dt.time:
    """A time of day: the drivers give every TIME as a timedelta, because it may be negative or longer than a day."""
    if isinstance(value, str):
        return dt.time.fromisoformat(value)
    if not dt.timedelta(0) <= value < dt.timedelta(days=1):
        raise ValueError
    return (dt.datetime.min + value).time()  # noqa: DTZ901 - nor has a TIME a zone


def _timedelta(text: dt.timedelta | str) -> dt.timedelta:
    """A TIME as JSON has it: ``-12:34:56.500000``."""
    if isinstance(text, dt.timedelta):
        return text
    found = _TIME.fullmatch(text)
    if found is None:
        raise ValueError
    sign, hours, minutes, seconds, fraction = found.groups()
    size = dt.timedelta(
        hours=int(hours), minutes=int(minutes), seconds=int(seconds), microseconds=int((fraction or "0").ljust(6, "0"))
    )
    return -size if sign else size


VALUES = Values(
    to_driver={
        "json": json_text,
        "list": json_text,
        "uuid": str,
        # the drivers drop the offset without a word; a DATETIME holds UTC by our convention
        "instant": utc_without_zone,
    },
    from_driver={
        "bool": read_bool,
        "date": _date,
        "datetime": _datetime,
        "instant": _instant,
        "time": _time,
        "timedelta": _timedelta,
        "uuid": read_uuid,
        "json": read_json,
        # the sum of integers is a DECIMAL, and so is the average
        "total": int,
        "average": float,
    },
    from_json={
        "bool": read_bool,
        "float": float,
        "bytes": bytes.fromhex,
        "timedelta": _timedelta,
    },
)


class Separator(str):
    """A text where the grammar takes a literal without a character set before it: behind SEPARATOR."""

    __slots__ = ()
