"""SQLite's types: how values are bound, what CAST calls them, and how they survive JSON."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable
    from enum import Enum


def _json_text(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def _stored(member: Enum) -> object:
    return member.value


def _utc_text(value: dt.datetime) -> str:
    return value.astimezone(dt.UTC).replace(tzinfo=None).isoformat(" ") + "+00:00"




ADAPTERS: dict[str, Callable[[Any], object]] = {
    "json": _json_text,
    "list": _json_text,
    "enum": _stored,
    "uuid": str,
    "decimal": lambda value: str(Decimal(value)),
    "date": dt.date.isoformat,
    "time": dt.time.isoformat,
    "datetime": lambda value: value.isoformat(" "),
    "instant": _utc_text,
    "timedelta": lambda value: value // dt.timedelta(microseconds=1),
}
"""SQLite holds integers, floats, texts and blobs: the rest is text that sorts as it should, durations microseconds."""

CAST_TYPES = {"int": "INTEGER", "float": "REAL", "str": "TEXT", "bytes": "BLOB"}

JSON_ENCODINGS = {
    # JSON_OBJECT writes 15 digits; PRINTF's 20 were exact for 420,000 doubles
    "float": "CASE WHEN {0} IS NOT NULL THEN PRINTF('%!.20e', {0}) END",
    "bytes": "CASE WHEN {0} IS NOT NULL THEN HEX({0}) END",
    # that a text is JSON is forgotten by derived tables
    "json": "JSON({0})",
    "list": "JSON({0})",
    "nested": "JSON({0})",
}
