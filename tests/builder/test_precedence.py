"""Precedence is proved by evaluation: what random expressions come to on each database is what Python makes of them.

Each expression is built together with its value, so that nothing but the compiler decides where parentheses stand.
Numbers are small enough for a 32-bit column; division is true division, its divisor never zero, and the remainder has
the sign of the left side. NULL comes from ``nullif``, and logic has three values.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import Any, NamedTuple

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from querykit import Expression, and_, case, fn, or_, select_from, value
from tests.sample import toy

EXAMPLES = 150
PRICE = 5
"""The price of toy 100."""


class Known(NamedTuple):
    """An expression and its value."""

    sql: Any
    python: Any


def of(function: Callable[..., Any], *args: Any) -> Any:
    """A function's value; NULL if an argument is NULL."""
    return None if None in args else function(*args)


def remainder(one: int, other: int) -> int:
    return int(math.copysign(abs(one) % abs(other), one)) if one else 0


def both(one: bool | None, other: bool | None) -> bool | None:
    if one is False or other is False:
        return False
    return None if one is None or other is None else True


def either(one: bool | None, other: bool | None) -> bool | None:
    if one is True or other is True:
        return True
    return None if one is None or other is None else False


NUMBERS = st.integers(-6, 6)
LEAVES = st.one_of(
    NUMBERS.map(lambda number: Known(value(number), number)),
    st.just(Known(toy.price, PRICE)),
    NUMBERS.map(lambda number: Known(fn.nullif(toy.price, number), None if number == PRICE else PRICE)),
)
DIVISORS = st.sampled_from([-3, -2, 2, 3, 5])

ARITHMETIC: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
}
BITS: dict[str, tuple[Callable[[Expression[Any], Any], Any], Callable[[int, int], int]]] = {
    "&": (lambda one, other: one.bitwise_and(other), operator.and_),
    "|": (lambda one, other: one.bitwise_or(other), operator.or_),
    "#": (lambda one, other: one.bitwise_xor(other), operator.xor),
}
COMPARISONS: list[Callable[[Any, Any], Any]] = [
    operator.eq,
    operator.ne,
    operator.lt,
    operator.le,
    operator.gt,
    operator.ge,
]


@st.composite
def integers(draw: st.DrawFn, depth: int = 3) -> Known:  # noqa: PLR0911 - a return for each kind
    """An expression of integers."""
    if depth == 0:
        return draw(LEAVES)
    kind = draw(
        st.sampled_from(["leaf", "arithmetic", "arithmetic", "negative", "remainder", "div", "bits", "shift", "case"])
    )
    if kind == "leaf":
        return draw(LEAVES)
    one = draw(integers(depth - 1))
    if kind == "negative":
        return Known(-one.sql, of(operator.neg, one.python))
    if kind == "shift":
        by = draw(st.integers(0, 2))
        if draw(st.booleans()):
            return Known(one.sql << by, of(lambda number: number << by, one.python))
        return Known(one.sql >> by, of(lambda number: number >> by, one.python))
    if kind in ("remainder", "div"):
        divisor = draw(DIVISORS)
        if kind == "remainder":
            return Known(one.sql % divisor, of(lambda number: remainder(number, divisor), one.python))
        return Known(fn.div(one.sql, divisor), of(lambda number: int(number / divisor), one.python))
    other = draw(integers(depth - 1))
    if kind == "case":
        test = draw(conditions(depth - 1))
        return Known(
            case().when(test.sql, one.sql).else_(other.sql), one.python if test.python is True else other.python
        )
    if kind == "bits":
        build, evaluate = BITS[draw(st.sampled_from(sorted(BITS)))]
        return Known(build(one.sql, other.sql), of(evaluate, one.python, other.python))
    apply = ARITHMETIC[draw(st.sampled_from(sorted(ARITHMETIC)))]
    return Known(apply(one.sql, other.sql), of(apply, one.python, other.python))


@st.composite
def numbers(draw: st.DrawFn, depth: int = 3) -> Known:
    """An expression of floats, which division makes of integers."""
    one = draw(integers(depth - 1))
    if depth == 1 or draw(st.booleans()):
        divisor = draw(DIVISORS)
        return Known(one.sql / divisor, of(lambda number: number / divisor, one.python))
    other = draw(numbers(depth - 1))
    apply = ARITHMETIC[draw(st.sampled_from(sorted(ARITHMETIC)))]
    if draw(st.booleans()):
        one, other = other, one
    return Known(apply(one.sql, other.sql), of(apply, one.python, other.python))


@st.composite
def conditions(draw: st.DrawFn, depth: int = 3) -> Known:  # noqa: PLR0911 - a return for each kind
    """A condition."""
    kind = (
        "comparison"
        if depth <= 1
        else draw(st.sampled_from(["comparison", "null", "between", "in", "not", "and", "or"]))
    )
    if kind in ("not", "and", "or"):
        one = draw(conditions(depth - 1))
        if kind == "not":
            return Known(~one.sql, of(operator.not_, one.python))
        other = draw(conditions(depth - 1))
        if kind == "and":
            return Known(and_(one.sql, other.sql), both(one.python, other.python))
        return Known(or_(one.sql, other.sql), either(one.python, other.python))
    left = draw(integers(max(depth - 1, 0)))
    if kind == "null":
        return Known(left.sql.is_null(), left.python is None)
    if kind == "in":
        items = draw(st.lists(NUMBERS, min_size=1, max_size=4))
        return Known(left.sql.is_in(items), of(lambda number: number in items, left.python))
    if kind == "between":
        low, high, symmetric = draw(NUMBERS), draw(NUMBERS), draw(st.booleans())
        bounds = sorted((low, high)) if symmetric else (low, high)
        return Known(
            left.sql.between(low, high, symmetric=symmetric),
            of(lambda number: bounds[0] <= number <= bounds[1], left.python),
        )
    right = draw(integers(max(depth - 1, 0)))
    compare = draw(st.sampled_from(COMPARISONS))
    return Known(compare(left.sql, right.sql), of(compare, left.python, right.python))


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(whole=integers(), number=numbers(), condition=conditions())
async def test_an_expression_has_the_value_that_python_gives_it(db, whole, number, condition):
    query = (
        select_from(toy)
        .select(whole.sql.as_("whole"), number.sql.as_("number"), condition.sql.as_("condition"))
        .where(toy.id == 100)
    )
    found = await db.fetch_one(query)
    assert found == {"whole": whole.python, "number": number.python, "condition": condition.python}, query.compile(
        db.dialect.name
    )
    expected = [whole.python, number.python, condition.python]
    assert [type(each) for each in found.values()] == [type(each) for each in expected]


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(condition=conditions())
async def test_a_condition_finds_the_row_for_which_it_holds(db, condition):
    query = select_from(toy).select(toy.id).where(toy.id == 100, condition.sql)
    assert await db.fetch_column(query) == ([100] if condition.python else [])
    assert await db.fetch_column(query.clear_where().where(toy.id == 100, ~condition.sql)) == (
        [100] if condition.python is False else []
    )
