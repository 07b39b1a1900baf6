"""Aggregates, and the functions of windows: one value of many rows."""

from __future__ import annotations

from typing import Any, Final, TypeVar

from querykit.builder.expressions import Expression, known_type
from querykit.builder.functions import FunctionCall, known
from querykit.builder.logic import condition
from querykit.builder.operands import NULL, Value, operand
from querykit.builder.query import AllColumns
from querykit.builder.texts import texts_of
from querykit.builder.value_types import AVERAGE, BOOL, DECIMAL, FLOAT, INT, STR, TIMEDELTA, TOTAL, ValueType, list_of
from querykit.errors import BuildError

T = TypeVar("T")

_SUMS: Final = {
    "int": TOTAL,
    "total": TOTAL,
    "float": FLOAT,
    "average": FLOAT,
    "decimal": DECIMAL,
    "timedelta": TIMEDELTA,
}
_MEANS: Final = {"int": AVERAGE, "total": AVERAGE, "average": AVERAGE, "float": FLOAT, "decimal": DECIMAL}


def count(term: Any = None) -> FunctionCall[int]:
    """``COUNT(*)``, or of a term: the rows where it is not NULL.

    >>> from querykit import fn, select_from, table
    >>> pet = table("pet")
    >>> owners = fn.count(pet.owner_id).distinct().as_("owners")
    >>> print(select_from(pet).select(fn.count().as_("n"), owners).compile("sqlite").sql)
    SELECT COUNT(*) AS "n", COUNT(DISTINCT "pet"."owner_id") AS "owners" FROM "pet"
    """
    return known("COUNT", [AllColumns(None) if term is None else operand(term)], INT)


def sum_(term: Any) -> FunctionCall[Any]:
    """``SUM``: NULL where there is no row.

    Of ints an int, of Decimals a Decimal, of floats a float, on every database. Of timedeltas a timedelta, not on MySQL
    and MariaDB.
    """
    return known("SUM", [operand(term)], _number(term, _SUMS, "sum"))


def avg(term: Any) -> FunctionCall[Any]:
    """``AVG``: NULL where there is no row.

    Of ints and floats a float, of Decimals a Decimal. How many digits it has is the database's: PostgreSQL gives 16 or
    more, MySQL and MariaDB four more than the argument has, SQLite 17 of an int and 28 of a Decimal.
    """
    return known("AVG", [operand(term)], _number(term, _MEANS, "avg"))


def min_(term: Expression[T]) -> FunctionCall[T | None]:
    """``MIN``: NULL where there is no row. Of conditions, ``BOOL_AND`` on PostgreSQL."""
    return known("MIN", [operand(term)], known_type(term))


def max_(term: Expression[T]) -> FunctionCall[T | None]:
    """``MAX``: NULL where there is no row. Of conditions, ``BOOL_OR`` on PostgreSQL."""
    return known("MAX", [operand(term)], known_type(term))


def bool_and(criterion: Any) -> FunctionCall[bool | None]:
    """Whether a condition holds for every row: ``BOOL_AND``, ``MIN`` where there is none; NULL without rows."""
    return known("BOOL_AND", [condition(criterion, "bool_and")], BOOL)


def bool_or(criterion: Any) -> FunctionCall[bool | None]:
    """Whether a condition holds for some row: ``BOOL_OR``, ``MAX`` where there is none; NULL without rows."""
    return known("BOOL_OR", [condition(criterion, "bool_or")], BOOL)


def string_agg(term: Any, separator: Any = ",") -> FunctionCall[str | None]:
    """The texts of all rows in one: ``STRING_AGG``, on MySQL, MariaDB and SQLite ``GROUP_CONCAT``. See `order_by`.

    MySQL and MariaDB cut such a text after `group_concat_max_len` bytes, which our connections set to nearly 1 GiB, and
    after `max_allowed_packet`: a text that was cut raises `TruncatedResultError`, and is never given.

    Raises:
        BuildError: the term is of a type whose text differs from database to database, as for `concat`.
        UnsupportedError: when compiled for MySQL or MariaDB with a separator that is an expression.
    """
    between = operand(separator)
    if between is NULL or (type(between) is Value and not isinstance(between.value, str)):
        raise BuildError(f"string_agg() takes a text as the separator, not {separator!r}")
    return known("STRING_AGG", [*texts_of((term,), "string_agg"), between], STR)


def array_agg(term: Any) -> FunctionCall[Any]:
    """``ARRAY_AGG``: the values of all rows as an array; NULL without rows.

    Raises:
        UnsupportedError: when compiled for a database other than PostgreSQL; `json_array_from` works on all.
    """
    item = known_type(term)
    return known("ARRAY_AGG", [operand(term)], None if item is None else list_of(item))


def stddev(term: Any) -> FunctionCall[float | None]:
    """The sample's standard deviation, on every database: ``STDDEV_SAMP`` (MySQL's STDDEV is the population's)."""
    return known("STDDEV_SAMP", [operand(term)], FLOAT)


def stddev_pop(term: Any) -> FunctionCall[float | None]:
    """The population's standard deviation: ``STDDEV_POP``."""
    return known("STDDEV_POP", [operand(term)], FLOAT)


def variance(term: Any) -> FunctionCall[float | None]:
    """The sample's variance, on every database: ``VAR_SAMP`` (MySQL's VARIANCE is the population's)."""
    return known("VAR_SAMP", [operand(term)], FLOAT)


def var_pop(term: Any) -> FunctionCall[float | None]:
    """The population's variance: ``VAR_POP``."""
    return known("VAR_POP", [operand(term)], FLOAT)


def percentile_cont(fraction: float) -> FunctionCall[float | None]:
    """``PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY x)``: the median and its like, between two values if need be.

    >>> from querykit import fn, select_from, table
    >>> toy = table("toy")
    >>> median = fn.percentile_cont(0.5).within_group(toy.price).as_("median")
    >>> print(select_from(toy).select(median).compile("postgres").sql)  # doctest: +NORMALIZE_WHITESPACE
    SELECT PERCENTILE_CONT($1::double precision) WITHIN GROUP (ORDER BY "toy"."price") AS "median" FROM "toy"

    Raises:
        UnsupportedError: when compiled for a database other than PostgreSQL.
    """
    return known("PERCENTILE_CONT", [_fraction(fraction)], FLOAT)


def percentile_disc(fraction: float) -> FunctionCall[Any]:
    """``PERCENTILE_DISC``: as `percentile_cont`, one of the values."""
    return known("PERCENTILE_DISC", [_fraction(fraction)])


def mode() -> FunctionCall[Any]:
    """``MODE() WITHIN GROUP (ORDER BY x)``: the value met most often. PostgreSQL has it."""
    return known("MODE", [])


def grouping(*terms: Any) -> FunctionCall[int]:
    """``GROUPING(a, b)``: which of the terms a row of a `rollup` sums up: a bit for each, 1 where it does.

    Raises:
        UnsupportedError: when compiled for MariaDB or SQLite.
    """
    if not terms:
        raise BuildError("grouping() takes at least one term")
    return known("GROUPING", [operand(each) for each in terms], INT)


# -- of windows -------------------------------------------------------------------------------------------------------


def row_number() -> FunctionCall[int]:
    """``ROW_NUMBER() OVER (…)``: 1, 2, 3 and so on."""
    return known("ROW_NUMBER", [], INT)


def rank() -> FunctionCall[int]:
    """``RANK() OVER (…)``: equal rows have the same number, and the next has a gap before it."""
    return known("RANK", [], INT)


def dense_rank() -> FunctionCall[int]:
    """``DENSE_RANK() OVER (…)``: equal rows have the same number, and the next has the next."""
    return known("DENSE_RANK", [], INT)


def percent_rank() -> FunctionCall[float]:
    """``PERCENT_RANK() OVER (…)``: the rank from 0 to 1. MariaDB gives ten digits."""
    return known("PERCENT_RANK", [], FLOAT)


def cume_dist() -> FunctionCall[float]:
    """``CUME_DIST() OVER (…)``: the share of rows up to and equal to this one. MariaDB gives ten digits."""
    return known("CUME_DIST", [], FLOAT)


def ntile(buckets: Any) -> FunctionCall[int]:
    """``NTILE(n) OVER (…)``: in which of so many parts of nearly equal size a row is."""
    return known("NTILE", [_whole(buckets, "ntile", 1)], INT)


def lag(term: Expression[T], offset: Any = 1, default: Any = None) -> FunctionCall[T | None]:
    """``LAG(x, n) OVER (…)``: the value so many rows before; NULL or `default` where there is none.

    Raises:
        UnsupportedError: when compiled for MariaDB with a default.
    """
    return _shifted("LAG", term, offset, default)


def lead(term: Expression[T], offset: Any = 1, default: Any = None) -> FunctionCall[T | None]:
    """``LEAD(x, n) OVER (…)``: the value so many rows behind; NULL or `default` where there is none."""
    return _shifted("LEAD", term, offset, default)


def first_value(term: Expression[T]) -> FunctionCall[T]:
    """``FIRST_VALUE(x) OVER (…)``: the value of the frame's first row."""
    return known("FIRST_VALUE", [operand(term)], known_type(term))


def last_value(term: Expression[T]) -> FunctionCall[T]:
    """``LAST_VALUE(x) OVER (…)``: the value of the frame's last row, which without a frame is the current one."""
    return known("LAST_VALUE", [operand(term)], known_type(term))


def nth_value(term: Expression[T], place: Any) -> FunctionCall[T | None]:
    """``NTH_VALUE(x, n) OVER (…)``: the value of a row of the frame, counted from one."""
    return known("NTH_VALUE", [operand(term), _whole(place, "nth_value", 1)], known_type(term))


def _shifted(name: str, term: Any, offset: Any, default: Any) -> FunctionCall[Any]:
    args = [operand(term), _whole(offset, name.lower(), 0)]
    if default is not None:
        args.append(operand(default, operand(term)))
        name = f"{name}_DEFAULT"
    return known(name, args, known_type(term))


def _whole(number: Any, where: str, least: int) -> Any:
    """A number of rows: an int that is not too small, or an expression."""
    if isinstance(number, Expression):
        return number
    if type(number) is not int or number < least:
        raise BuildError(f"{where}() takes an int of at least {least}, not {number!r}")
    return Value(number, INT)


def _fraction(fraction: Any) -> Any:
    if isinstance(fraction, Expression):
        return fraction
    if isinstance(fraction, bool) or not isinstance(fraction, int | float) or not 0 <= fraction <= 1:
        raise BuildError(f"a percentile is a float from 0 to 1, not {fraction!r}")
    return Value(float(fraction), FLOAT)


def _number(term: Any, types: dict[str, ValueType], name: str) -> ValueType | None:
    type_ = known_type(operand(term))
    if type_ is None:
        return None
    if type_.kind not in types:
        hint = "; fn.count(x).filter_where(condition) counts the rows in which it holds" if type_.kind == "bool" else ""
        raise BuildError(f"{name}() takes numbers, not {type_}{hint}")
    return types[type_.kind]
