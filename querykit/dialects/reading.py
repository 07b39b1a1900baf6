"""Readers that several dialects share: from what a driver or JSON holds to Python's values."""

from __future__ import annotations

import datetime as dt
import uuid
from operator import attrgetter

import msgspec

read_json = msgspec.json.Decoder().decode
"""A JSON document as dicts, lists and scalars; integers of any size stay exact."""

stored_value = attrgetter("value")


class _Bools(dict[object, bool]):
    """The bools that numbers stand for: to look one up takes a third of the time of a function."""

    def __missing__(self, value: object) -> bool:
        number = int.from_bytes(value) if isinstance(value, bytes) else None
        if number not in (0, 1):
            raise ValueError
        return bool(number)


read_bool = _Bools({0: False, 1: True, b"\0": False, b"\1": True}).__getitem__
"""A bool of a number, or of the bytes of a BIT; a ValueError of any but 0 and 1."""


def read_uuid(value: str | bytes) -> uuid.UUID:
    """A UUID of its text, or of its sixteen bytes."""
    return uuid.UUID(bytes=value) if isinstance(value, bytes) else uuid.UUID(value)


def as_utc(value: dt.datetime) -> dt.datetime:
    """A datetime without a zone, which a database holds as UTC by our convention, with it."""
    return dt.datetime.combine(value, value.time(), dt.UTC)  # four times as fast as replace()


def utc_without_zone(value: dt.datetime) -> dt.datetime:
    """The opposite of `as_utc`, whatever the zone."""
    moment = value.astimezone(dt.UTC)
    return dt.datetime.combine(moment, moment.time())
