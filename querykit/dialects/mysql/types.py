"""MySQL's types: how values are bound, what CAST calls them, and how they survive JSON."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable
    from enum import Enum


def _json_text(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def _stored(member: Enum) -> object:
    return member.value


def _utc(value: dt.datetime) -> dt.datetime:
    return value.astimezone(dt.UTC).replace(tzinfo=None)


ADAPTERS: dict[str, Callable[[Any], object]] = {
    "json": _json_text,
    "list": _json_text,
    "enum": _stored,
    "uuid": str,
    # the drivers drop the offset without a word; a DATETIME holds UTC by our convention
    "instant": _utc,
}

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
    "bytes": "HEX({0})",
}
