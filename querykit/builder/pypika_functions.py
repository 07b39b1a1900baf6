"""PyPika's functions, turned into ours: plain and aggregate functions, windows, CASE, CAST.

What PyPika writes into the text as it was given (names of functions, types, encodings and units, edges of windows) is
checked against what such a name can be. Functions are not translated from one database's name to another's: one that a
server does not have is refused by the server.
"""

from __future__ import annotations

import re
from enum import Enum
from typing import TYPE_CHECKING, Any, Final

from pypika import analytics
from pypika import functions as pypika_functions
from pypika import terms as pypika
from pypika.enums import Order, SqlType, SqlTypeLength
from pypika.queries import Schema

from querykit.builder.comparisons import NullTest
from querykit.builder.expressions import Ordering
from querykit.builder.fn import fn
from querykit.builder.functions import Case, Cast, FunctionCall
from querykit.builder.operands import Keyword, Value
from querykit.builder.pypika_nodes import Extraction, Transcoding
from querykit.builder.pypika_terms import refused, translates
from querykit.builder.query import AllColumns
from querykit.builder.value_types import INT
from querykit.builder.windows import Edge, Frame

if TYPE_CHECKING:
    from collections.abc import Callable

    from querykit.builder.moments import Field
    from querykit.builder.pypika_terms import Terms

_WORD: Final = r"[A-Za-z_][A-Za-z0-9_]*"
_NAME: Final = re.compile(_WORD)
_TYPE: Final = re.compile(rf"{_WORD}(?: {_WORD})*(?: ?\(\d+(?:, ?\d+)?\))?(?: {_WORD})*(?:\[\])*")
_DATE_PARTS: Final = frozenset({
    "MICROSECOND", "MICROSECONDS", "MILLISECONDS", "SECOND", "MINUTE", "HOUR", "DAY", "WEEK", "MONTH", "QUARTER",
    "YEAR", "DECADE", "CENTURY", "MILLENNIUM", "EPOCH", "DOW", "DOY", "ISODOW", "ISOYEAR", "JULIAN", "TIMEZONE",
    "TIMEZONE_HOUR", "TIMEZONE_MINUTE", "SECOND_MICROSECOND", "MINUTE_MICROSECOND", "MINUTE_SECOND",
    "HOUR_MICROSECOND", "HOUR_SECOND", "HOUR_MINUTE", "DAY_MICROSECOND", "DAY_SECOND", "DAY_MINUTE", "DAY_HOUR",
    "YEAR_MONTH",
})  # fmt: skip
_SAME_PARTS: Final[dict[str, Field]] = {
    "YEAR": "year", "QUARTER": "quarter", "MONTH": "month", "DAY": "day", "HOUR": "hour", "MINUTE": "minute",
}  # fmt: skip
"""Date parts that every database gives, and by the same number."""
_STATELESS: Final = frozenset({pypika_functions.__name__, analytics.__name__})
"""The modules whose functions are known to leave nothing in the session."""

_OURS: Final[dict[str, Callable[..., FunctionCall[Any]]]] = {
    "COUNT": fn.count,
    "SUM": fn.sum,
    "AVG": fn.avg,
    "MIN": fn.min,
    "MAX": fn.max,
    "COALESCE": fn.coalesce,
    "LOWER": fn.lower,
    "UPPER": fn.upper,
}
"""Functions that are the same as `fn`'s, which know the type of what they give."""


@translates(pypika.Function, pypika.AggregateFunction)
def _function(terms: Terms, node: pypika.Function) -> Any:
    return _call(terms, node, [terms.term(each) for each in vars(node)["args"]])


@translates(pypika_functions.DistinctOptionFunction)
def _distinct_function(terms: Terms, node: pypika_functions.DistinctOptionFunction) -> Any:
    call = _call(terms, node, [terms.term(each) for each in vars(node)["args"]])
    return call.distinct() if vars(node)["_distinct"] else call


def _call(terms: Terms, node: pypika.Function, args: list[Any]) -> FunctionCall[Any]:
    state = vars(node)
    name = fn.call(_qualified(state["name"], state["schema"])).name
    is_known = type(node).__module__ in _STATELESS or type(node) in (pypika.Pow, pypika.Mod)
    ours = _OURS.get(name) if is_known and not any(isinstance(each, AllColumns) for each in args) else None
    call: FunctionCall[Any] = FunctionCall(name, args, is_known=is_known) if ours is None else ours(*args)
    if is_known and name in ("COUNT", "LENGTH"):
        call.value_type = INT
    if filters := [each for each in state.get("_filters", ()) if not isinstance(each, pypika.EmptyCriterion)]:
        return call.filter_where(*[terms.condition(each, "FILTER") for each in filters])
    return call


def _qualified(name: Any, schema: Any) -> Any:
    """The function's name behind that of its schema; `fn.call` checks what it may be."""
    while schema is not None:
        if not isinstance(schema, Schema):
            raise refused(f"function {name!r} with a schema of type {type(schema).__name__}", "a Schema is expected")
        name, schema = f"{vars(schema)['_name']}.{name}", vars(schema)["_parent"]
    return name


# -- functions that are written in their own way ----------------------------------------------------------------------


@translates(pypika_functions.CurTimestamp, pypika_functions.CurDate, pypika_functions.CurTime)
def _current(_: Terms, node: pypika.Function) -> Any:
    """These words are functions without parentheses."""
    words = {
        pypika_functions.CurTimestamp: "CURRENT_TIMESTAMP",
        pypika_functions.CurDate: "CURRENT_DATE",
        pypika_functions.CurTime: "CURRENT_TIME",
    }
    return Keyword(next(words[each] for each in type(node).__mro__ if each in words))


@translates(pypika_functions.IsNull)
def _is_null(terms: Terms, node: pypika_functions.IsNull) -> Any:
    """``ISNULL(a)`` is MySQL's; ``a IS NULL`` is the same on every database."""
    return NullTest(terms.term(vars(node)["args"][0]))


@translates(pypika_functions.RegexpMatches, pypika_functions.RegexpLike)
def _with_modifiers(terms: Terms, node: pypika.Function) -> Any:
    """Modifiers that were not given are left out: as NULL, they would make the whole NULL."""
    args = vars(node)["args"]
    if type(args[-1]) is pypika.NullValue:
        args = args[:-1]
    return _call(terms, node, [terms.term(each) for each in args])


@translates(pypika_functions.Cast)
def _cast(terms: Terms, node: pypika_functions.Cast) -> Any:
    return Cast(terms.term(vars(node)["args"][0]), None, _type_name(vars(node)["as_type"]))


def _type_name(given: Any) -> str:
    name = given
    if isinstance(given, SqlTypeLength):
        name = f"{given.name}({given.length})"
    elif isinstance(given, SqlType):
        name = given.name
    elif isinstance(given, str):
        name = given.upper()
    if not isinstance(name, str) or not _TYPE.fullmatch(name):
        raise refused(f"CAST to {given!r}", "a type is a name such as VARCHAR(20) or DOUBLE PRECISION")
    return name


@translates(pypika_functions.Convert)
def _convert(terms: Terms, node: pypika_functions.Convert) -> Any:
    encoding = vars(node)["encoding"]
    name = encoding.value if isinstance(encoding, Enum) else encoding
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise refused(f"CONVERT USING {name!r}", "an encoding is a name such as utf8mb4")
    return Transcoding(terms.term(vars(node)["args"][0]), name)


@translates(pypika_functions.Extract)
def _extract(terms: Terms, node: pypika_functions.Extract) -> Any:
    part, term = _date_part(vars(node)["args"][0]), terms.term(vars(node)["field"])
    return fn.extract(_SAME_PARTS[part], term) if part in _SAME_PARTS else Extraction(part, term)


@translates(pypika_functions.DateAdd, pypika_functions.TimestampAdd)
def _date_add(terms: Terms, node: pypika.Function) -> Any:
    part, *others = vars(node)["args"]
    return _call(terms, node, [Keyword(_date_part(part)), *[terms.term(each) for each in others]])


def _date_part(literal: Any) -> str:
    part = vars(literal).get("_value") if type(literal) is pypika.LiteralValue else None
    if not isinstance(part, str) or part.upper() not in _DATE_PARTS:
        raise refused(f"date part {part!r}", "it is one such as DatePart.day or 'hour'")
    return part.upper()


@translates(pypika_functions.ApproximatePercentile)
def _approximate_percentile(_: Terms, __: pypika_functions.ApproximatePercentile) -> Any:
    raise refused("ApproximatePercentile", "it is Vertica's; PERCENTILE_CONT is PostgreSQL's")


@translates(pypika.Rollup)
def _rollup(_: Terms, __: pypika.Rollup) -> Any:
    raise refused("Rollup", "it stands in GROUP BY only")


@translates(pypika.Case)
def _case(terms: Terms, node: pypika.Case) -> Any:
    made: Case[Any] = Case()
    for criterion, then in vars(node)["_cases"]:
        made = made.when(terms.condition(criterion, "CASE WHEN"), terms.term(then))
    otherwise = vars(node)["_else"]
    return made if otherwise is None else made.else_(terms.term(otherwise))


# -- windows ----------------------------------------------------------------------------------------------------------


@translates(
    pypika.AnalyticFunction,
    pypika.WindowFrameAnalyticFunction,
    pypika.IgnoreNullsAnalyticFunction,
)
def _analytic(terms: Terms, node: pypika.AnalyticFunction) -> Any:
    state = vars(node)
    if state.get("_ignore_nulls"):
        raise refused(f"{state['name']}(…).ignore_nulls()", "none of the databases has IGNORE NULLS")
    call = _call(terms, node, [terms.term(each) for each in state["args"]])
    frame = _frame(state.get("frame"), state.get("bound"))
    if not state["_include_over"]:
        if frame is not None:
            raise refused(f"frame of {state['name']}(…)", "a frame stands in OVER: add .over(…) or .orderby(…)")
        return call
    partitions = [_partition(terms, each) for each in state["_partition"]]
    orderings = [_ordering(terms, given, order) for given, order in state["_orderbys"]]
    return call.over(partition_by=partitions, order_by=orderings, frame=frame)


def _partition(terms: Terms, given: Any) -> Any:
    """A term of PARTITION BY; a text, which PyPika writes as it is, is taken for a column's name."""
    if not isinstance(given, str):
        return terms.term(given)
    if not _NAME.fullmatch(given):
        raise refused(f"over({given!r})", "a text is the name of a column there; use table.column")
    return terms.term(pypika.Field(given))


def _ordering(terms: Terms, given: Any, order: Any) -> Ordering:
    return Ordering(_partition(terms, given), direction(order))


def direction(order: Any) -> Any:
    """``ASC`` or ``DESC``.

    Raises:
        BuildError: it is neither of PyPika's.
    """
    if order is not None and not isinstance(order, Order):
        raise refused(f"order {order!r}", "it is Order.asc or Order.desc")
    return "ASC" if order is None else order.value


_FIXED_EDGES: Final = {
    "CURRENT ROW": Edge("CURRENT ROW", None),
    "UNBOUNDED PRECEDING": Edge("PRECEDING", None),
    "UNBOUNDED FOLLOWING": Edge("FOLLOWING", None),
}


def _frame(unit: Any, bound: Any) -> Frame | None:
    """The frame of a window; with one edge alone, it reaches to the current row."""
    if unit is None:
        return None
    if unit not in ("ROWS", "RANGE"):
        raise refused(f"frame {unit!r}", "it is of ROWS or RANGE")
    start, end = bound if isinstance(bound, tuple) else (bound, None)
    first = _edge(start)
    if end is None and first.direction == "FOLLOWING":
        raise refused(f"frame that begins behind the current row and has no end ({unit})", "give it a second edge")
    return Frame(unit, first, _FIXED_EDGES["CURRENT ROW"] if end is None else _edge(end), None)


def _edge(given: Any) -> Edge:
    if isinstance(given, str) and given.upper() in _FIXED_EDGES:
        return _FIXED_EDGES[given.upper()]
    way = getattr(type(given), "modifier", None)
    if not isinstance(given, pypika.WindowFrameAnalyticFunction.Edge) or way not in ("PRECEDING", "FOLLOWING"):
        raise refused(f"frame edge {given!r}", "it is CURRENT_ROW, Preceding(n) or Following(n)")
    count = vars(given)["value"]
    if isinstance(count, str) and re.fullmatch(r"[0-9]{1,9}", count):
        count = int(count)
    if count is not None and (type(count) is not int or count < 0):
        raise refused(f"frame edge {count!r} {way}", "the number of rows is an int that is not negative")
    return Edge(way, None if count is None else Value(count, INT))
