"""SQLite's types: how values are bound, what CAST calls them, how they survive JSON, and how they are read back.

SQLite holds integers, floats, texts and blobs. The rest is text that sorts as it should; durations are microseconds.
"""

from __future__ import annotations

import datetime as dt
import math
from decimal import Decimal
from typing import TYPE_CHECKING

from querykit.builder.value_types import LISTS
from querykit.dialects.json_text import json_text
from querykit.dialects.reading import as_utc, read_bool, read_json, read_uuid, utc_without_zone
from querykit.dialects.sqlite import decimals
from querykit.dialects.values import Values
from querykit.errors import DataError

if TYPE_CHECKING:
    from querykit.dialects.values import Conversion

CAST_TYPES = {"int": "INTEGER", "float": "REAL", "str": "TEXT", "bytes": "BLOB"}

JSON_ENCODINGS = {
    # JSON_OBJECT writes 15 digits; PRINTF's 20 were exact for 420,000 doubles
    "float": "CASE WHEN {0} IS NOT NULL THEN PRINTF('%!.20e', {0}) END",
    "average": "CASE WHEN {0} IS NOT NULL THEN PRINTF('%!.20e', {0}) END",
    "bytes": "CASE WHEN {0} IS NOT NULL THEN HEX({0}) END",
    # that a text is JSON is forgotten by derived tables
    "json": "JSON({0})",
    **dict.fromkeys(LISTS, "JSON({0})"),
    "nested": "JSON({0})",
}


# -- to the driver --------------------------------------------------------------------------------------------------


def _float(value: float) -> float:
    """A float, which SQLite would store as NULL if it were NaN."""
    if math.isnan(value):
        raise DataError("SQLite has no NaN")
    return float(value)


def _decimal_text(value: Decimal | int) -> str:
    return decimals.text(Decimal(value))


def _datetime_text(value: dt.datetime) -> str:
    return value.isoformat(" ")


def _instant_text(value: dt.datetime) -> str:
    return utc_without_zone(value).isoformat(" ") + "+00:00"


def _microseconds(value: dt.timedelta) -> int:
    return value // dt.timedelta(microseconds=1)


# -- from the driver, and from JSON, which holds the same -----------------------------------------------------------


def _instant(text: str) -> dt.datetime:
    """An instant; a text without a zone, such as CURRENT_TIMESTAMP gives, is UTC."""
    value = dt.datetime.fromisoformat(text)
    zone = value.tzinfo
    if zone is dt.UTC:  # as we write them
        return value
    return as_utc(value) if zone is None else value.astimezone(dt.UTC)


read_float = (0.0).__add__
"""A float, of an integer too. SQLite forgets the sign of a zero in columns and in JSON, so zero has none anywhere."""


def _timedelta(microseconds: int) -> dt.timedelta:
    return dt.timedelta(microseconds=microseconds)


_READERS: dict[str, Conversion] = {
    "bool": read_bool,
    "float": read_float,
    "average": read_float,
    "decimal": decimals.number,
    "date": dt.date.fromisoformat,
    "time": dt.time.fromisoformat,
    "datetime": dt.datetime.fromisoformat,
    "instant": _instant,
    "timedelta": _timedelta,
    "uuid": read_uuid,
}

VALUES = Values(
    to_driver={
        "json": json_text,
        "list": json_text,
        "float": _float,
        "uuid": str,
        "decimal": _decimal_text,
        "date": dt.date.isoformat,
        "time": dt.time.isoformat,
        "datetime": _datetime_text,
        "instant": _instant_text,
        "timedelta": _microseconds,
    },
    from_driver={**_READERS, "json": read_json},
    # JSON numbers are read as Decimals with all their digits by msgspec itself
    from_json={
        **{kind: read for kind, read in _READERS.items() if kind != "decimal"},
        "float": float,
        "average": float,
        "bytes": bytes.fromhex,
    },
)
