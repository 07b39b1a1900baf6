"""Dates and times with durations: what ``person.born + timedelta(days=1)`` and ``a.at - b.at`` make."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any, Literal

from querykit.builder.arithmetic import Arithmetic, combine_with, no_sum_of_texts
from querykit.builder.expressions import Expression, known_type, name_of
from querykit.builder.operands import Value, operand
from querykit.builder.value_types import INT, TIMEDELTA, ValueType
from querykit.errors import BuildError

if TYPE_CHECKING:
    from pypika.terms import Term

_MICROSECOND = dt.timedelta(microseconds=1)

DURATION = ValueType(
    "custom",
    dt.timedelta,
    stored=INT,
    encode=lambda value: value // _MICROSECOND,
    decode=lambda microseconds: dt.timedelta(microseconds=microseconds),
)
"""A duration that every database holds as a number of microseconds: the difference of two dates or times."""


class Interval(Expression[Any]):
    """Months and years, whose length is the calendar's, with days and smaller.

    The day is the month's last where the month is too short: 31 January and a month is 28 February.

    >>> from datetime import date
    >>> from querykit import Interval, select, value
    >>> due = value(date(2023, 1, 31)) + Interval(months=1)
    >>> print(select(due.as_("due")).compile("mysql").sql)
    SELECT DATE_ADD(CAST(%s AS DATE), INTERVAL %s MONTH) AS `due`

    Raises:
        UnsupportedError: when compiled for SQLite, which takes 31 January and a month for 3 March.
    """

    def __init__(
        self, *, years: int = 0, months: int = 0, weeks: int = 0, days: int = 0, hours: int = 0, minutes: int = 0,
        seconds: int = 0, microseconds: int = 0,
    ) -> None:  # fmt: skip
        """Take whole numbers of each."""
        parts = (years, months, weeks, days, hours, minutes, seconds, microseconds)
        if not all(type(each) is int for each in parts):
            raise BuildError("Interval() takes whole numbers")
        self.months = years * 12 + months
        self.rest = dt.timedelta(
            weeks=weeks, days=days, hours=hours, minutes=minutes, seconds=seconds, microseconds=microseconds
        )

    @property
    def is_negative(self) -> bool:
        """Whether it goes back."""
        return self.months < 0 or (self.months == 0 and self.rest < dt.timedelta(0))

    def __neg__(self) -> Interval:  # type: ignore[override]
        """As long, in the other direction."""
        negative = Interval(months=-self.months)
        negative.rest = -self.rest
        return negative


class DateShift(Expression[Any]):
    """A date or time and a duration: of the type of the date or time, on every database.

    Attributes:
        term: The date, datetime or instant.
        amount: The duration: a term of type timedelta, or an `Interval`.
        is_negative: Whether it is taken away.
    """

    def __init__(self, term: Term, amount: Term, *, is_negative: bool) -> None:
        """Hold both."""
        self.term = term
        self.amount = amount
        self.is_negative = is_negative
        self.value_type = known_type(term)


class DateDifference(Expression[dt.timedelta]):
    """The duration from one date or time to another."""

    value_type = DURATION

    def __init__(self, left: Term, right: Term) -> None:
        """Hold both."""
        self.left = left
        self.right = right


def _of_date(operator: str, left: Any, right: Any, beside: Expression[Any]) -> Expression[Any]:
    """What stands for a sum or difference in which one side, `beside`, is a date or time."""
    other = right if left is beside else left
    if operator == "-" and left is beside and not _is_duration(other):
        return DateDifference(left, other if isinstance(other, Expression) else operand(other, beside))
    if operator not in "+-" or not _is_duration(other) or (operator == "-" and left is not beside):
        raise BuildError(
            f"{name_of(beside)} takes + and - with a timedelta, an Interval or an expression of type timedelta, "
            f"and - with {beside.value_type}"
        )
    amount = other if isinstance(other, Expression) else operand(other, _SPAN)
    return DateShift(beside, amount, is_negative=operator == "-")


def _of_time(_operator: str, _left: Any, _right: Any, beside: Expression[Any]) -> Expression[Any]:
    raise BuildError(f"{name_of(beside)} is a time of day, with which databases reckon differently: use a datetime")


def _of_duration(operator: str, left: Any, right: Any, beside: Expression[Any]) -> Expression[Any]:
    """A sum of durations; databases that hold them in a type of their own reckon with no other kind."""
    other = right if left is beside else left
    if (type_ := known_type(other)) is not None and type_.kind in _MOMENTS and operator == "+":
        return DateShift(other, beside, is_negative=False)
    if isinstance(other, Interval):
        raise BuildError("a duration and an Interval have no common sum: add one after the other to a date")
    term = other if isinstance(other, Expression) else operand(other, beside)
    return Arithmetic(operator, term, beside) if left is not beside else Arithmetic(operator, beside, term)


def _of_unknown(operator: str, left: Any, right: Any, beside: Expression[Any]) -> Expression[Any]:
    other = right if left is beside else left
    if isinstance(other, dt.timedelta | Interval):
        raise BuildError(
            f"{name_of(beside)} is of no known type, so that nobody knows what {type(other).__name__} makes of it: "
            "declare the column, or say .returns(datetime)"
        )
    if operator == "+" and isinstance(other, str):
        raise no_sum_of_texts(beside)
    term = operand(other, beside)
    return Arithmetic(operator, term, beside) if left is not beside else Arithmetic(operator, beside, term)


def _is_duration(other: Any) -> bool:
    if isinstance(other, dt.timedelta | Interval):
        return True
    type_ = known_type(other)
    return type_ is not None and type_.python is dt.timedelta


_MOMENTS = ("date", "datetime", "instant")
_SPAN: Value[dt.timedelta] = Value(dt.timedelta(0), TIMEDELTA)
"""Stands beside a duration, to say of which type it is."""
SumOperator = Literal["+", "-"]

for _kind in _MOMENTS:
    combine_with(_kind, _of_date)
combine_with("time", _of_time)
combine_with("timedelta", _of_duration)
combine_with(None, _of_unknown)
