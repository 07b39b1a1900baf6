"""Functions of dates and times."""

from __future__ import annotations

import datetime as dt
from typing import Any, Final, Literal, TypeVar, get_args

from querykit.builder.expressions import Expression, known_type, name_of
from querykit.builder.functions import FunctionCall, known
from querykit.builder.operands import operand
from querykit.builder.value_types import DATE, INSTANT, INT, TIME
from querykit.errors import BuildError

T = TypeVar("T")

Field = Literal[
    "year", "quarter", "month", "week", "day", "isodow", "doy", "hour", "minute", "second", "microsecond", "epoch"
]
Unit = Literal["year", "quarter", "month", "week", "day", "hour", "minute", "second"]

_FIELDS: Final = get_args(Field)
_UNITS: Final = get_args(Unit)
_OF_TIMES: Final = ("hour", "minute", "second", "microsecond")


def now() -> FunctionCall[dt.datetime]:
    """The time of the server, an aware datetime: ``NOW()``, on MySQL and MariaDB with microseconds.

    On PostgreSQL the begin of the transaction, elsewhere that of the statement; on SQLite to the millisecond.
    """
    return known("NOW", [], INSTANT)


def current_timestamp() -> FunctionCall[dt.datetime]:
    """``CURRENT_TIMESTAMP``, an aware datetime: the same as `now`."""
    return now()


def current_date() -> FunctionCall[dt.date]:
    """The date of the server, in UTC on every database."""
    return known("CURRENT_DATE", [], DATE)


def current_time() -> FunctionCall[dt.time]:
    """The time of day of the server, in UTC on every database."""
    return known("CURRENT_TIME", [], TIME)


def extract(field: Field, term: Any) -> FunctionCall[int]:
    """A part of a date or time as an int: ``EXTRACT(YEAR FROM x)``, on SQLite with ``STRFTIME``.

    >>> from querykit import fn, select_from, table
    >>> pet = table("pet")
    >>> for dialect in ("mysql", "sqlite"):
    ...     print(select_from(pet).select(fn.extract("year", pet.born).as_("year")).compile(dialect).sql)
    SELECT EXTRACT(YEAR FROM `pet`.`born`) AS `year` FROM `pet`
    SELECT CAST(STRFTIME('%Y', "pet"."born") AS INTEGER) AS "year" FROM "pet"

    Args:
        field: As Python has it: ``"year"``, ``"month"``, ``"day"``, ``"hour"``, ``"minute"``, ``"second"`` (whole
            ones), ``"microsecond"`` (0 to 999,999); and ``"quarter"``, ``"week"``, ``"isodow"`` (ISO 8601), ``"doy"``
            (day of the year, from 1), ``"epoch"`` (whole seconds since 1970).
        term: A date, a datetime, or an aware datetime, which is taken in UTC.
    """
    if field not in _FIELDS:
        raise BuildError(f"extract() takes one of {', '.join(_FIELDS)}, not {field!r}")
    found = operand(term)
    type_ = known_type(found)
    if type_ is not None and (
        (type_.kind == "date" and field in _OF_TIMES)
        or (type_.kind == "time" and field not in _OF_TIMES)
        or type_.kind not in ("date", "time", "datetime", "instant")
    ):
        raise BuildError(f"{name_of(found)} is of type {type_}, which has no {field}")
    return known(f"EXTRACT_{field.upper()}", [found], INT)


def date_trunc(unit: Unit, term: Expression[T]) -> FunctionCall[T]:
    """``DATE_TRUNC('month', x)``: the begin of the year, month, week … that a date or time is in, of its type.

    Weeks begin on Monday. The type must be known; an aware datetime is taken in UTC. MySQL, MariaDB and SQLite
    have no such function, and write it with others.
    """
    if unit not in _UNITS:
        raise BuildError(f"date_trunc() takes one of {', '.join(_UNITS)}, not {unit!r}")
    found = operand(term)
    type_ = known_type(found)
    if type_ is None or type_.kind not in ("date", "datetime", "instant"):
        raise BuildError("date_trunc() takes a date or datetime of known type: declare the column, or say .returns(…)")
    if type_.kind == "date" and unit in ("hour", "minute", "second"):
        raise BuildError(f"a date has no {unit}")
    return known(f"DATE_TRUNC_{unit.upper()}", [found], type_)
