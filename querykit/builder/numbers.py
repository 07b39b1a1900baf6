"""Functions of numbers, and of values of any type."""

from __future__ import annotations

from typing import Any, TypeVar

from querykit.builder.arithmetic import Arithmetic
from querykit.builder.expressions import Expression, known_type
from querykit.builder.functions import FunctionCall, common_type, known
from querykit.builder.operands import Value, operand
from querykit.builder.value_types import FLOAT, INT
from querykit.errors import BuildError

T = TypeVar("T")


# -- of any type ------------------------------------------------------------------------------------------------------


def coalesce(term: Expression[T], *others: Any) -> FunctionCall[T]:
    """``COALESCE``: the first that is not NULL.

    >>> from querykit import fn, select_from, table
    >>> pet = table("pet")
    >>> print(select_from(pet).select(fn.coalesce(pet.nickname, pet.name, "?").as_("name")).compile("sqlite").sql)
    SELECT COALESCE("pet"."nickname", "pet"."name", ?) AS "name" FROM "pet"
    """
    args = [operand(term), *(operand(each, term) for each in others)]
    return known("COALESCE", args, common_type(args))


def nullif(term: Expression[T], value: Any) -> FunctionCall[T | None]:
    """``NULLIF(x, y)``: NULL where both are equal, else the first."""
    return known("NULLIF", [operand(term), operand(value, term)], known_type(term))


def greatest(term: Expression[T], *others: Any) -> FunctionCall[T]:
    """``GREATEST``, on SQLite ``MAX``: the largest; NULL if one is NULL, on every database.

    PostgreSQL's own ignores NULLs, so that it is written with a CASE there.
    """
    return _extreme("GREATEST", term, others)


def least(term: Expression[T], *others: Any) -> FunctionCall[T]:
    """``LEAST``, on SQLite ``MIN``: the smallest; NULL if one is NULL, on every database."""
    return _extreme("LEAST", term, others)


def _extreme(name: str, term: Any, others: tuple[Any, ...]) -> FunctionCall[Any]:
    if not others:
        raise BuildError(f"{name.lower()}() compares at least two terms")
    args = [operand(term), *(operand(each, term) for each in others)]
    return known(name, args, common_type(args))


# -- of numbers -------------------------------------------------------------------------------------------------------


def abs_(term: Expression[T]) -> FunctionCall[T]:
    """``ABS``: without its sign."""
    return _same("ABS", term)


def sign(term: Any) -> FunctionCall[int]:
    """``SIGN``: -1, 0 or 1."""
    return known("SIGN", [operand(term)], INT)


def round_(term: Expression[T], digits: int = 0) -> FunctionCall[T]:
    """``ROUND``: to so many digits behind the point, of the type of its argument.

    A Decimal's half goes away from zero: 2.5 becomes 3. A float's half without digits goes to the even neighbour, as in
    Python; with digits, where the database takes it, since most of a float's halves are not exact.
    """
    if type(digits) is not int or digits < 0:
        raise BuildError(f"round() takes a number of digits of at least 0, not {digits!r}")
    if digits == 0:
        return _same("ROUND", term)
    found = operand(term)
    return known("ROUND_TO", [found, Value(digits, INT)], known_type(found))


def ceil(term: Expression[T]) -> FunctionCall[T]:
    """``CEIL``: the next whole number above, of the type of its argument."""
    return _same("CEIL", term)


def floor(term: Expression[T]) -> FunctionCall[T]:
    """``FLOOR``: the next whole number below, of the type of its argument."""
    return _same("FLOOR", term)


def trunc(term: Expression[T]) -> FunctionCall[T]:
    """``TRUNC``, on MySQL and MariaDB ``TRUNCATE(x, 0)``: without what stands behind the point."""
    return _same("TRUNC", term)


def div(term: Any, divisor: Any) -> FunctionCall[int]:
    """The whole part of a quotient of integers, cut towards zero: ``div(-7, 2)`` is -3, and ``-7 % 2`` is -1.

    >>> from querykit import fn, select, value
    >>> print(select(fn.div(value(7), 2).as_("d")).compile("mysql").sql)
    SELECT (%s DIV %s) AS `d`
    """
    args = [operand(term), operand(divisor, operand(term))]
    for each in args:
        type_ = known_type(each)
        if type_ is not None and type_.kind not in ("int", "total"):
            raise BuildError(f"div() divides integers, not {type_}; / divides all numbers")
    return known("DIV", args, common_type(args) or INT)


def mod(term: Any, divisor: Any) -> Expression[Any]:
    """``x % y``: the remainder, with the sign of the left side."""
    found = operand(term)
    return Arithmetic("%", found, operand(divisor, found))


def power(term: Any, exponent: Any) -> FunctionCall[float]:
    """``POWER(x, y)``: a float, on every database."""
    return known("POWER", [operand(term), operand(exponent)], FLOAT)


def sqrt(term: Any) -> FunctionCall[float]:
    """``SQRT``: a float. Of a negative number an error on PostgreSQL, NULL elsewhere."""
    return known("SQRT", [operand(term)], FLOAT)


def exp(term: Any) -> FunctionCall[float]:
    """``EXP``: e to the power of a number, a float."""
    return known("EXP", [operand(term)], FLOAT)


def ln(term: Any) -> FunctionCall[float]:
    """``LN``: the natural logarithm, a float. Of zero or less an error on PostgreSQL, NULL elsewhere."""
    return known("LN", [operand(term)], FLOAT)


def log10(term: Any) -> FunctionCall[float]:
    """``LOG10``: the logarithm to the base of ten, a float."""
    return known("LOG10", [operand(term)], FLOAT)


def random() -> FunctionCall[float]:
    """A random float from 0 up to 1: ``RANDOM()``, on MySQL and MariaDB ``RAND()``."""
    return known("RANDOM", [], FLOAT)


def _same(name: str, term: Any) -> FunctionCall[Any]:
    found = operand(term)
    return known(name, [found], known_type(found))
