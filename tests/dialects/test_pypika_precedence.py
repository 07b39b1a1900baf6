"""PyPika's operators, nested at random, have the value that Python gives them: our compilers decide the parentheses."""

# PyPika's annotations are narrower than what it takes, and what it answers to any name is no Field alone.
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportCallIssue=false, reportOperatorIssue=false

from __future__ import annotations

import operator
import random
from collections.abc import Callable
from typing import Any, NamedTuple

from pypika import Case, Criterion, NullValue, Table
from pypika.terms import BetweenCriterion, BitwiseAndCriterion, BitwiseOrCriterion, Bracket, Term, ValueWrapper

from querykit import select_from

PERSON = Table("person")
OTTO = {"id": 5, "birth_year": None}
"""The columns that expressions refer to, with their values in the row that is read."""

Number = int | None
Truth = bool | None


class Made(NamedTuple):
    """A term and its value."""

    term: Term
    value: Any


def lifted(function: Callable[..., Any]) -> Callable[..., Any]:
    """NULL where an operand is NULL."""
    return lambda *values: None if None in values else function(*values)


def either(one: Truth, other: Truth) -> Truth:
    return True if one or other else None if None in (one, other) else False


def both(one: Truth, other: Truth) -> Truth:
    return False if False in (one, other) else None if None in (one, other) else True


class Maker:
    """Makes terms at random, with their values."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def number(self, depth: int) -> Made:
        """Arithmetic, or bit operators, not one in the other: of those MySQL's results have no sign."""
        return self.bits(depth) if self.random.random() < 0.3 else self.sum(depth)

    def sum(self, depth: int) -> Made:
        if depth == 0:
            return self.leaf()
        kind = self.random.choice(["+", "+", "-", "-", "*", "*", "neg", "bracket", "case"])
        one = self.sum(depth - 1)
        if kind == "neg":
            return Made(-one.term, lifted(operator.neg)(one.value))
        if kind == "bracket":
            return Made(Bracket(one.term), one.value)
        other = self.sum(depth - 1)
        if kind == "case":
            condition = self.truth(depth - 1)
            term = Case().when(condition.term, one.term).else_(other.term)
            return Made(term, one.value if condition.value else other.value)
        function = {"+": operator.add, "-": operator.sub, "*": operator.mul}[kind]
        return Made(function(one.term, other.term), lifted(function)(one.value, other.value))

    def bits(self, depth: int) -> Made:
        if depth == 0:
            return self.leaf()
        kind = self.random.choice(["+", "*", "<<", ">>", "&", "|"])
        one = self.bits(depth - 1)
        if kind in ("<<", ">>"):
            count = self.random.randint(0, 2)
            shift = operator.lshift if kind == "<<" else operator.rshift
            return Made(shift(one.term, count), lifted(shift)(one.value, count))
        other = self.bits(depth - 1)
        if kind in ("&", "|"):
            made = BitwiseAndCriterion if kind == "&" else BitwiseOrCriterion
            function = operator.and_ if kind == "&" else operator.or_
            return Made(made(one.term, other.term), lifted(function)(one.value, other.value))
        function = {"+": operator.add, "*": operator.mul}[kind]
        return Made(function(one.term, other.term), lifted(function)(one.value, other.value))

    def leaf(self) -> Made:
        name = self.random.choice(["value", "value", "id", "id", "birth_year"])
        if name != "value":
            return Made(PERSON[name], OTTO[name])
        value = self.random.randint(0, 5)
        return Made(ValueWrapper(value), value)

    def truth(self, depth: int) -> Made:
        if depth <= 1:
            return self.comparison(depth)
        kind = self.random.choice(["and", "or", "xor", "not", "comparison", "between", "in"])
        if kind in ("comparison", "between", "in"):
            return {"comparison": self.comparison, "between": self.between, "in": self.member}[kind](depth)
        one = self.truth(depth - 1)
        if kind == "not":
            return Made(~one.term, lifted(operator.not_)(one.value))
        other = self.truth(depth - 1)
        if kind == "and":
            return Made(one.term & other.term, both(one.value, other.value))
        if kind == "or":
            return Made(one.term | other.term, either(one.value, other.value))
        return Made(one.term ^ other.term, lifted(operator.ne)(one.value, other.value))

    def comparison(self, depth: int) -> Made:
        one = self.number(max(depth - 1, 0))
        if self.random.random() < 0.2:
            return self.null_test(one)
        other = self.number(max(depth - 1, 0))
        name = self.random.choice(["eq", "ne", "lt", "le", "gt", "ge"])
        function = getattr(operator, name)
        return Made(function(one.term, other.term), lifted(function)(one.value, other.value))

    def null_test(self, one: Made) -> Made:
        return self.random.choice(
            [
                Made(one.term == None, one.value is None),  # noqa: E711 - the point
                Made(one.term != NullValue(), one.value is not None),
                Made(one.term.isnull(), one.value is None),
                Made(one.term.notnull(), one.value is not None),
                Made(one.term.isnotnull(), one.value is not None),
            ]
        )

    def between(self, depth: int) -> Made:
        one, low, high = (self.number(depth - 1) for _ in range(3))
        value = both(lifted(operator.ge)(one.value, low.value), lifted(operator.le)(one.value, high.value))
        return Made(BetweenCriterion(one.term, low.term, high.term), value)

    def member(self, depth: int) -> Made:
        one = self.number(depth - 1)
        values = self.random.choices([0, 1, 2, 3, 4, 5, None], k=self.random.randint(0, 3))
        present = [each for each in values if each is not None]
        value = lifted(lambda number: number in present)(one.value) if present else False
        if None in values:
            value = either(value, one.value is None)
        if self.random.random() < 0.5:
            return Made(one.term.isin(values), value)
        return Made(one.term.notin(values), lifted(operator.not_)(value))


async def values_of(db, found: list[Made]) -> list[Any]:
    columns = [each.term.as_(f"c{place}") for place, each in enumerate(found)]
    row = await db.fetch_one(select_from(PERSON).select(*columns).where(PERSON.id == OTTO["id"]))
    return list(row.values())


async def test_numbers_are_what_python_computes(db):
    for seed in range(20):
        maker = Maker(seed)
        found = [maker.number(3) for _ in range(40)]
        assert [None if each is None else int(each) for each in await values_of(db, found)] == [e.value for e in found]


async def test_conditions_are_what_three_valued_logic_says(db):
    for seed in range(20):
        maker = Maker(seed)
        found = [maker.truth(3) for _ in range(40)]
        assert [None if each is None else bool(each) for each in await values_of(db, found)] == [e.value for e in found]


async def test_a_condition_of_a_thousand_parts_is_no_recursion(db):
    every = Criterion.any([PERSON.id == number for number in range(900)])
    assert await db.fetch_value(select_from(PERSON).select(PERSON.id).where(every & (PERSON.id > 4))) == 5
