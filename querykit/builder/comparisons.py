"""Comparisons: with one value, with several, with NULL, with the rows of a query."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from typing import cast as static_cast

from querykit.builder.expressions import Condition, Nodes
from querykit.builder.logic import and_, or_
from querykit.builder.operands import FALSE, NULL, TRUE, Value, find_query, operand, query_of
from querykit.errors import BuildError

if TYPE_CHECKING:
    from pypika.terms import Term

    from querykit.builder.statement import Statement


class Comparison(Condition):
    """``left = right`` and its like."""

    def __init__(self, operator: str, left: Term, right: Term) -> None:
        """Hold the operator as SQL writes it, and both sides."""
        self.operator = operator
        self.left = left
        self.right = right


class NullTest(Condition):
    """``term IS [NOT] NULL``."""

    def __init__(self, term: Term, *, is_negated: bool = False) -> None:
        """Hold the term."""
        self.term = term
        self.is_negated = is_negated


class DistinctTest(Condition):
    """``left IS [NOT] DISTINCT FROM right``."""

    def __init__(self, left: Term, right: Term, *, is_negated: bool = False) -> None:
        """Hold both sides."""
        self.left = left
        self.right = right
        self.is_negated = is_negated


class Between(Condition):
    """``term BETWEEN lower AND upper``."""

    def __init__(self, term: Term, lower: Term, upper: Term, *, is_symmetric: bool = False) -> None:
        """Hold the term and its bounds, which `is_symmetric` lets stand in either order."""
        self.term = term
        self.lower = lower
        self.upper = upper
        self.is_symmetric = is_symmetric


class InList(Condition):
    """``term [NOT] IN (values)``; the values are at least one and none is None."""

    def __init__(self, term: Term, values: tuple[Any, ...], *, is_negated: bool = False) -> None:
        """Hold the term and the Python values."""
        self.term = term
        self.values = values
        self.is_negated = is_negated

    @property
    def array(self) -> list[Any]:
        """The values as a list, for a database that takes an array: one object, so that it is known again."""
        found: list[Any] | None = self.__dict__.get("_array")
        if found is None:
            found = self.__dict__["_array"] = list(self.values)
        return found


class InTerms(Condition):
    """``term [NOT] IN (a, b, …)`` where some of the items are expressions."""

    def __init__(self, term: Term, items: tuple[Term, ...], *, is_negated: bool = False) -> None:
        """Hold the term and the items."""
        self.term = term
        self.items = items
        self.is_negated = is_negated


class InQuery(Condition):
    """``term [NOT] IN (SELECT …)``."""

    def __init__(self, term: Term, query: Statement[Any, Any], *, is_negated: bool = False) -> None:
        """Hold the term and the query."""
        self.term = term
        self.query = query
        self.is_negated = is_negated


class Exists(Condition):
    """``[NOT] EXISTS (SELECT …)``."""

    def __init__(self, query: Statement[Any, Any], *, is_negated: bool = False) -> None:
        """Hold the query."""
        self.query = query
        self.is_negated = is_negated


def distinction(term: Term, other: Any, *, is_negated: bool = False) -> Condition:
    """``IS DISTINCT FROM``; see `Expression.is_distinct_from`."""
    return DistinctTest(term, NULL if other is None else operand(other, term), is_negated=is_negated)


def membership(term: Term, values: Any, *, is_negated: bool = False) -> Condition:
    """``IN``, of values, expressions or a query; see `Expression.is_in`."""
    if (
        isinstance(values, str | bytes | bytearray | memoryview | dict)
        or getattr(type(values), "__iter__", None) is None
    ):
        return _in_query(term, values, is_negated=is_negated)
    items = [operand(each, term) if each is not None else None for each in values]
    present = [each for each in items if each is not None]
    found = _in_items(term, present, is_negated=is_negated)
    if len(present) == len(items):
        return found
    null = NullTest(term, is_negated=is_negated)
    if not present:
        return null
    return and_(found, null) if is_negated else or_(found, null)


def _in_items(term: Term, items: list[Term], *, is_negated: bool) -> Condition:
    if not items:
        return static_cast("Condition", TRUE if is_negated else FALSE)
    if all(type(each) is Value for each in items):
        return InList(term, tuple(static_cast("Value[Any]", each).value for each in items), is_negated=is_negated)
    return InTerms(term, tuple(items), is_negated=is_negated)


def _in_query(term: Term, values: Any, *, is_negated: bool) -> Condition:
    query = find_query(values)
    if query is None:
        raise BuildError(
            f"is_in takes several values or a query of one column, not {type(values).__name__}; "
            "one value goes into a list"
        )
    columns = query.output_columns()
    if columns is not None and len(columns) != 1:
        raise BuildError(
            f"is_in takes a query of one column, not of {len(columns)}; tuple_(…).is_in(query) compares several"
        )
    operand(query, term)  # refuses texts among numbers
    return InQuery(term, query, is_negated=is_negated)


def exists(query: Any) -> Condition:
    """Whether a query has a row.

    >>> from querykit import exists, select, select_from, table
    >>> pet = table("pet")
    >>> print(select(exists(select_from(pet).select(pet.id)).as_("any")).compile("postgres").sql)
    SELECT EXISTS (SELECT "pet"."id" FROM "pet") AS "any"
    """
    return Exists(query_of(query, "exists"))


Nodes.comparison, Nodes.null_test, Nodes.between = Comparison, NullTest, Between
Nodes.distinction, Nodes.membership = distinction, membership
