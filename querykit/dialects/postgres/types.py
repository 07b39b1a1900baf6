"""PostgreSQL's types: how values are bound, what CAST calls them, how they survive JSON, and how they are read back."""

from __future__ import annotations

import datetime as dt
import struct
import uuid
from decimal import MAX_EMAX, MIN_EMIN, Context, Decimal
from functools import partial
from typing import TYPE_CHECKING

from querykit.dialects.json_text import json_text
from querykit.dialects.postgres.codecs import DurationWithMonths, ExactDate, ExactDatetime, ExactMoment, interval
from querykit.dialects.reading import read_json
from querykit.dialects.values import Values

if TYPE_CHECKING:
    from typing import TypeVar

    DateT = TypeVar("DateT", dt.date, dt.datetime)

CAST_TYPES = {
    "bool": "boolean",
    "int": "bigint",
    "float": "double precision",
    "decimal": "numeric",
    "str": "text",
    "bytes": "bytea",
    "date": "date",
    "time": "time",
    "datetime": "timestamp",
    "instant": "timestamptz",
    "timedelta": "interval",
    "uuid": "uuid",
    "json": "jsonb",
}

JSON_ENCODINGS = {
    # the shortest text of a float8 depends on extra_float_digits, its eight bytes on nothing
    "float": "ENCODE(FLOAT8SEND({0}::float8), 'base64')",
    "bytes": "ENCODE({0}, 'hex')",
    # to_json writes the session's time zone
    "instant": "(TO_JSON({0} AT TIME ZONE 'UTC') #>> '{}') || 'Z'",
    # the text of an interval depends on IntervalStyle
    "timedelta": (
        "CASE WHEN {0} IS NOT NULL THEN JSON_BUILD_ARRAY("
        "(EXTRACT(YEAR FROM {0}) * 12 + EXTRACT(MONTH FROM {0}))::bigint, EXTRACT(DAY FROM {0})::bigint, "
        "(EXTRACT(HOUR FROM {0}) * 3600000000 + EXTRACT(MINUTE FROM {0}) * 60000000 "
        "+ EXTRACT(MICROSECONDS FROM {0}))::bigint) END"
    ),
}
JSON_ENCODINGS["average"] = JSON_ENCODINGS["float"]
ITEMS = (
    "CASE WHEN {0} IS NOT NULL THEN ARRAY(SELECT encoding FROM UNNEST({0}) WITH ORDINALITY AS item(value, place) "
    "ORDER BY item.place) END"
)
"""An array, encoded item by item."""

JSON_ENCODINGS |= {
    f"list of {kind}": ITEMS.replace("encoding", encoding.replace("{0}", "item.value"))
    for kind, encoding in JSON_ENCODINGS.items()
}


# -- from the driver ------------------------------------------------------------------------------------------------

# A numeric has at most 131,072 digits before the point and 16,383 after it.
# Source: https://www.postgresql.org/docs/current/datatype-numeric.html
_ALL_DIGITS = Context(prec=147_456, Emin=MIN_EMIN, Emax=MAX_EMAX)

_plain = partial(_ALL_DIGITS.add, Decimal(0))
"""asyncpg gives 10000 as 1E+4; adding zero gives it the exponent that PostgreSQL holds, and changes no other."""


def _uuid(value: uuid.UUID) -> uuid.UUID:
    """Of asyncpg's own class, Python's."""
    return uuid.UUID(int=value.int)


def _date(value: dt.date) -> dt.date:
    """Refuse infinity, which asyncpg gives as the first or last day that Python knows."""
    if dt.date.min < value < dt.date.max:
        return value
    if type(value) is not ExactDate:
        raise OverflowError
    return dt.date(value.year, value.month, value.day)


def _datetime(value: dt.datetime) -> dt.datetime:
    """Refuse infinity, which asyncpg gives as the first or last moment that Python knows."""
    if dt.datetime.min < value < dt.datetime.max:  # noqa: DTZ901 - a TIMESTAMP has no zone
        return value
    if type(value) is not ExactDatetime:
        raise OverflowError
    return dt.datetime.combine(value.date(), value.time())


def _instant(value: dt.datetime) -> dt.datetime:
    """Refuse infinity, which asyncpg gives without a time zone."""
    if value.tzinfo is None:
        raise OverflowError
    return value


def _duration(value: dt.timedelta) -> dt.timedelta:
    """Refuse months, whose length is the calendar's."""
    if type(value) is DurationWithMonths:
        raise OverflowError
    return value


# -- to the driver --------------------------------------------------------------------------------------------------


def _exact(earliest: DateT, latest: DateT, value: DateT) -> DateT | ExactMoment:
    """The first and the last moment that Python knows in a form that asyncpg does not send as infinity."""
    return value if earliest < value < latest else ExactMoment(value)


# -- from JSON ------------------------------------------------------------------------------------------------------


_unpack = struct.Struct(">d").unpack


def _float(eight_bytes: bytes) -> float:
    return _unpack(eight_bytes)[0]  # type: ignore[no-any-return]


def _timedelta(parts: tuple[int, int, int]) -> dt.timedelta:
    return _duration(interval(parts))


VALUES = Values(
    # asyncpg takes JSON as text
    to_driver={
        "json": json_text,
        "date": partial(_exact, dt.date.min, dt.date.max),
        "datetime": partial(_exact, dt.datetime.min, dt.datetime.max),  # noqa: DTZ901 - a TIMESTAMP has no zone
        "instant": partial(_exact, dt.datetime.min.replace(tzinfo=dt.UTC), dt.datetime.max.replace(tzinfo=dt.UTC)),
    },
    from_driver={
        "decimal": _plain,
        "uuid": _uuid,
        "date": _date,
        "datetime": _datetime,
        "instant": _instant,
        "timedelta": _duration,
        "json": read_json,
        # the sum of a bigint is a numeric, and so is every average
        "total": int,
        "average": float,
    },
    json_types={"float": bytes, "average": bytes},  # msgspec reads base64
    from_json={
        "float": _float,
        "average": _float,
        "bytes": bytes.fromhex,
        "timedelta": _timedelta,
        # the offset of a timetz may be «+00»
        "time": dt.time.fromisoformat,
    },
    lists_are_documents=False,
)
