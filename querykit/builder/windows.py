"""Windows: which rows a function over a window sees, and in what order."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple

from querykit.builder.expressions import Expression, Ordering
from querykit.builder.intervals import Interval
from querykit.builder.operands import Value, operand
from querykit.builder.tables import checked_name
from querykit.builder.value_types import type_of
from querykit.errors import BuildError

if TYPE_CHECKING:
    from pypika.terms import Term

Unit = Literal["ROWS", "RANGE", "GROUPS"]
Exclusion = Literal["current row", "group", "ties", "no others"]
Offset = int | float | Decimal | dt.timedelta | Interval | None
"""Where a frame begins or ends: below zero before the current row, above it behind, None without end."""

_EXCLUSIONS: Final = ("current row", "group", "ties", "no others")


class Edge(NamedTuple):
    """Where a frame begins or ends.

    Attributes:
        direction: ``"PRECEDING"``, ``"FOLLOWING"``, or ``"CURRENT ROW"``.
        offset: How far; None without end, and at the current row.
    """

    direction: Literal["PRECEDING", "FOLLOWING", "CURRENT ROW"]
    offset: Term | None


class Frame(NamedTuple):
    """Which rows of a partition, seen from the current one: made by `rows`, `range_` and `groups`."""

    unit: Unit
    start: Edge
    end: Edge
    exclude: Exclusion | None


class Window:
    """What stands after OVER, or in the clause WINDOW.

    Attributes:
        name: Its name, if it stands in the clause WINDOW.
        base: The named window that it takes over and adds to.
        partitions: The terms of PARTITION BY.
        orderings: The terms of ORDER BY.
        frame: Which rows, or None for those up to the current one and its equals.
    """

    def __init__(
        self,
        *,
        name: str | None = None,
        base: Window | None = None,
        partition_by: Any = (),
        order_by: Any = (),
        frame: Frame | None = None,
    ) -> None:
        """Take what `window` and `over` are given."""
        if frame is not None and not isinstance(frame, Frame):
            raise BuildError(f"frame takes rows(…), range_(…) or groups(…), not {type(frame).__name__}")
        if base is not None and getattr(base, "name", None) is None:
            raise BuildError('over() takes a window with a name, made by window("w", …)')
        self.name = name
        self.base = base
        self.partitions = tuple([_term(each, "partition_by") for each in _listed(partition_by)])
        self.orderings = orderings(_listed(order_by), "order_by")
        self.frame = frame

    @property
    def is_reference(self) -> bool:
        """Whether it adds nothing to the named window that it is based on."""
        return self.base is not None and not self.partitions and not self.orderings and self.frame is None


def window(name: str, *, partition_by: Any = (), order_by: Any = (), frame: Frame | None = None) -> Window:
    """A window with a name, for the clause WINDOW of a select and for ``over(w)`` of its functions.

    >>> from querykit import fn, select_from, table, window
    >>> pet = table("pet")
    >>> w = window("w", partition_by=pet.owner_id, order_by=pet.weight.desc())
    >>> query = select_from(pet).select(pet.name, fn.rank().over(w).as_("place")).window(w)
    >>> print(query.compile("postgres").sql)  # doctest: +NORMALIZE_WHITESPACE
    SELECT "pet"."name", RANK() OVER "w" AS "place" FROM "pet"
      WINDOW "w" AS (PARTITION BY "pet"."owner_id" ORDER BY "pet"."weight" DESC)

    Args:
        name: Its name, which is quoted.
        partition_by: A term, or several in a list: the rows are divided by their values.
        order_by: A term, or several in a list, each with ``.asc()`` or ``.desc()`` as in a query.
        frame: `rows`, `range_` or `groups`.
    """
    return Window(name=checked_name(name, "a window"), partition_by=partition_by, order_by=order_by, frame=frame)


def rows(start: int | None = None, end: int | None = 0, *, exclude: Exclusion | None = None) -> Frame:
    """A frame of so many rows before and behind the current one.

    >>> from querykit import fn, rows, select_from, table
    >>> day = table("day")
    >>> mean = fn.avg(day.sales).over(order_by=day.date, frame=rows(-6, 0))
    >>> print(select_from(day).select(mean.as_("week")).compile("sqlite").sql)  # doctest: +NORMALIZE_WHITESPACE
    SELECT AVG("day"."sales") OVER (ORDER BY "day"."date" ROWS BETWEEN ? PRECEDING AND CURRENT ROW) AS "week"
      FROM "day"

    Args:
        start: Where it begins: below zero so many rows before, zero at the current row, None at the first of all.
        end: Where it ends: above zero so many rows behind, zero at the current row, None at the last of all.
        exclude: ``"current row"``, ``"group"`` or ``"ties"``: not these. PostgreSQL and SQLite have it.
    """
    return _frame("ROWS", start, end, exclude, (int,))


def range_(start: Offset = None, end: Offset = 0, *, exclude: Exclusion | None = None) -> Frame:
    """A frame of the rows whose key of ORDER BY is so much less or more than the current row's.

    >>> from datetime import timedelta
    >>> from querykit import fn, range_, select_from, table
    >>> day = table("day")
    >>> week = fn.sum(day.sales).over(order_by=day.date, frame=range_(timedelta(days=-6), 0)).as_("week")
    >>> print(select_from(day).select(week).compile("postgres").sql)  # doctest: +NORMALIZE_WHITESPACE
    SELECT SUM("day"."sales") OVER
      (ORDER BY "day"."date" RANGE BETWEEN $1::interval PRECEDING AND CURRENT ROW) AS "week" FROM "day"

    Args:
        start: As of `rows`; a number, or a timedelta or `Interval` where the key is a date or time.
        end: As of `rows`.
        exclude: As of `rows`.

    Raises:
        UnsupportedError: when compiled for MariaDB or SQLite with a timedelta.
    """
    return _frame("RANGE", start, end, exclude, (int, float, Decimal, dt.timedelta, Interval))


def groups(start: int | None = None, end: int | None = 0, *, exclude: Exclusion | None = None) -> Frame:
    """A frame of so many groups of rows with equal keys before and behind the current one's: ``GROUPS BETWEEN …``.

    Raises:
        UnsupportedError: when compiled for MySQL or MariaDB.
    """
    return _frame("GROUPS", start, end, exclude, (int,))


def orderings(terms: Any, where: str) -> tuple[Ordering, ...]:
    """The keys of an ORDER BY within an expression."""
    return tuple([each if type(each) is Ordering else Ordering(_term(each, where), "ASC") for each in terms])


def _frame(unit: Unit, start: Offset, end: Offset, exclude: Exclusion | None, types: tuple[type, ...]) -> Frame:
    if exclude is not None and exclude not in _EXCLUSIONS:
        raise BuildError(f"exclude is one of {', '.join(map(repr, _EXCLUSIONS))}, not {exclude!r}")
    edges = _edge(start, "PRECEDING", types, unit), _edge(end, "FOLLOWING", types, unit)
    if type(start) is type(end) and start is not None and not isinstance(start, Interval) and start > end:  # type: ignore[operator]
        raise BuildError("the frame of a window ends before it begins")
    return Frame(unit, *edges, exclude)


def _edge(offset: Offset, unbounded: Literal["PRECEDING", "FOLLOWING"], types: tuple[type, ...], unit: Unit) -> Edge:
    if offset is None:
        return Edge(unbounded, None)
    if isinstance(offset, bool) or not isinstance(offset, types):
        raise BuildError(f"a frame of {unit} takes {' or '.join(each.__name__ for each in types)}, not {offset!r}")
    if isinstance(offset, Interval):
        return Edge("PRECEDING" if offset.is_negative else "FOLLOWING", -offset if offset.is_negative else offset)
    zero = dt.timedelta(0) if isinstance(offset, dt.timedelta) else 0
    if offset == zero:
        return Edge("CURRENT ROW", None)
    return Edge("PRECEDING" if offset < zero else "FOLLOWING", Value(abs(offset), type_of(offset)))  # type: ignore[operator]


def _listed(terms: Any) -> tuple[Any, ...]:
    return tuple(terms) if isinstance(terms, list | tuple) else (terms,)


def _term(term: Any, where: str) -> Term:
    if isinstance(term, Expression):
        return term
    found = operand(term)
    if isinstance(found, Value):
        raise BuildError(f"{where} takes expressions, not {type(term).__name__}; a column is reached through its table")
    return found
