"""PostgreSQL's types: how values are bound, what CAST calls them, how they survive JSON, and how they are read back."""

from __future__ import annotations

import datetime as dt
import struct
import uuid
from decimal import MAX_EMAX, MIN_EMIN, Context, Decimal
from functools import partial
from typing import TYPE_CHECKING

from querykit.dialects.json_text import json_text
from querykit.dialects.reading import read_json
from querykit.dialects.values import Values
from querykit.errors import DataError

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
    "float": "ENCODE(FLOAT8SEND({0}::float8), 'hex')",
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


def _finite(latest: DateT, value: DateT) -> DateT:
    """Refuse infinity, which asyncpg gives as the last moment that Python knows."""
    if value == latest:
        raise OverflowError
    return value


def _instant(value: dt.datetime) -> dt.datetime:
    """Refuse infinity, which asyncpg gives without a time zone."""
    if value.tzinfo is None:
        raise OverflowError
    return value


class DurationWithMonths(dt.timedelta):
    """What asyncpg makes of an interval with months: years of 365 days, months of 30. No exact duration."""


def interval(months: int, days: int, microseconds: int) -> dt.timedelta:
    """An interval as asyncpg reads it, which shows whether it has months."""
    if not months:
        return dt.timedelta(days=days, microseconds=microseconds)
    years, rest = divmod(abs(months), 12)
    in_days = (years * 365 + rest * 30) * (1 if months > 0 else -1)
    return DurationWithMonths(days=in_days + days, microseconds=microseconds)


def interval_parts(value: dt.timedelta) -> tuple[int, int, int]:
    """The months, days and microseconds of a timedelta."""
    return 0, value.days, value.seconds * 1_000_000 + value.microseconds


def _duration(value: dt.timedelta) -> dt.timedelta:
    """Refuse months, whose length is the calendar's."""
    if type(value) is DurationWithMonths:
        raise OverflowError
    return value


# -- to the driver --------------------------------------------------------------------------------------------------


def _no_infinity(earliest: DateT, latest: DateT, value: DateT) -> DateT:
    """Refuse the first and the last moment that Python knows, which asyncpg would send as infinity.

    Source: https://github.com/MagicStack/py-pgproto/blob/master/codecs/datetime.pyx
    """
    if value in (earliest, latest):
        raise DataError(
            f"asyncpg writes {type(value).__name__}.min and .max as infinity: let another value or NULL stand for it"
        )
    return value


# -- from JSON ------------------------------------------------------------------------------------------------------


def _float(hexadecimal: str) -> float:
    return struct.unpack(">d", bytes.fromhex(hexadecimal))[0]  # type: ignore[no-any-return]


def _timedelta(parts: list[int]) -> dt.timedelta:
    return _duration(interval(*parts))


VALUES = Values(
    # asyncpg takes JSON as text
    to_driver={
        "json": json_text,
        "date": partial(_no_infinity, dt.date.min, dt.date.max),
        "datetime": partial(_no_infinity, dt.datetime.min, dt.datetime.max),  # noqa: DTZ901 - a TIMESTAMP has no zone
        "instant": partial(
            _no_infinity, dt.datetime.min.replace(tzinfo=dt.UTC), dt.datetime.max.replace(tzinfo=dt.UTC)
        ),
    },
    from_driver={
        "decimal": _plain,
        "uuid": _uuid,
        "date": partial(_finite, dt.date.max),
        "datetime": partial(_finite, dt.datetime.max),  # noqa: DTZ901 - a TIMESTAMP has no zone
        "instant": _instant,
        "timedelta": _duration,
        "json": read_json,
        # the sum of a bigint is a numeric, and so is every average
        "total": int,
        "average": float,
    },
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
