"""Annotations of our own stand where a type is asked for."""

from datetime import datetime
from typing import Any, assert_type

from querykit import AwareDatetime, Column, Expression, Json, Table, cast, param, select_from


class Event(Table, name="event"):
    at: Column[AwareDatetime]
    details: Column[Json]


event = Event()
assert_type(param("at", AwareDatetime), Expression[datetime])
assert_type(param("details", Json), Expression[Any])
assert_type(cast(event.details, Json), Expression[Any])
assert_type(cast(event.details, str), Expression[str])
assert_type(event.details["where"].returns(Json), Expression[Any])
assert_type(event.at, Column[datetime])
select_from(event).select(event.at, cast(event.details, str).as_("text")).where(event.at > param("at", AwareDatetime))
