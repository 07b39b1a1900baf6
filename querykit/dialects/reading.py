"""Readers that several dialects share: from what a driver or JSON holds to Python's values."""

from __future__ import annotations

import datetime as dt
import uuid
from operator import attrgetter

import msgspec

read_json = msgspec.json.Decoder().decode
"""A JSON document as dicts, lists and scalars; integers of any size stay exact."""

stored_value = attrgetter("value")


def read_bool(value: object) -> bool:
    """A bool of a number, or of the bytes of a BIT(1).

    Raises:
        ValueError: it is neither 0 nor 1.
    """
    number = int.from_bytes(value) if isinstance(value, bytes) else value
    if number not in (0, 1):
        raise ValueError
    return bool(number)


def read_uuid(value: str | bytes) -> uuid.UUID:
    """A UUID of its text, or of its sixteen bytes."""
    return uuid.UUID(bytes=value) if isinstance(value, bytes) else uuid.UUID(value)


def as_utc(value: dt.datetime) -> dt.datetime:
    """A datetime without a zone, which a database holds as UTC by our convention, with it."""
    return value.replace(tzinfo=dt.UTC)


def utc_without_zone(value: dt.datetime) -> dt.datetime:
    """The opposite of `as_utc`, whatever the zone."""
    return value.astimezone(dt.UTC).replace(tzinfo=None)
