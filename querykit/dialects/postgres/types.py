"""PostgreSQL's types: how values are bound, what CAST calls them, and how they survive JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable
    from enum import Enum


def _json_text(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def _stored(member: Enum) -> object:
    return member.value


ADAPTERS: dict[str, Callable[[Any], object]] = {"json": _json_text, "enum": _stored}
"""asyncpg takes JSON as text, and no enum."""

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
