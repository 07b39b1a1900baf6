"""Rows of values as one: ``tuple_(a, b)``; and comparisons with any or all of several values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, NoReturn
from typing import cast as static_cast

from querykit.builder.comparisons import InQuery
from querykit.builder.expressions import Condition, Expression
from querykit.builder.logic import and_, or_
from querykit.builder.operands import FALSE, TRUE, Subquery, operand, query_of
from querykit.builder.query import Query
from querykit.errors import BuildError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pypika.terms import Term

    from querykit.builder.statement import Statement


class TupleValue(Expression[Any]):
    """``(a, b)``: several terms that are compared as one; made by `tuple_`."""

    def __init__(self, items: tuple[Term, ...]) -> None:
        """Hold the terms."""
        self.items = items

    def __eq__(self, other: object) -> Condition:  # type: ignore[override]
        """``(a, b) = (c, d)``; None in it asks for NULL."""
        return self.compared("=", other)

    def __ne__(self, other: object) -> Condition:  # type: ignore[override]
        """``(a, b) <> (c, d)``; None in it asks for NULL."""
        return self.compared("<>", other)

    def __lt__(self, other: Any) -> Condition:  # type: ignore[override]
        """``(a, b) < (c, d)``: by the first terms that differ."""
        return self.compared("<", other)

    def __le__(self, other: Any) -> Condition:  # type: ignore[override]
        """``(a, b) <= (c, d)``."""
        return self.compared("<=", other)

    def __gt__(self, other: Any) -> Condition:  # type: ignore[override]
        """``(a, b) > (c, d)``: what comes after a row in the order of a and b."""
        return self.compared(">", other)

    def __ge__(self, other: Any) -> Condition:  # type: ignore[override]
        """``(a, b) >= (c, d)``."""
        return self.compared(">=", other)

    __hash__ = object.__hash__

    def is_null(self) -> NoReturn:
        """Refuse: whether a row is NULL, databases see differently."""
        raise BuildError("a tuple is no value that can be NULL: test its terms, and_(a.is_null(), b.is_null())")

    is_not_null = is_null

    def is_in(self, values: Iterable[Any] | Statement[Any, Any]) -> Condition:
        """``(a, b) IN ((1, 2), (3, 4))``, or in the rows of a query with as many columns; None asks for NULL."""
        return self._among(values, is_negated=False)

    def not_in(self, values: Iterable[Any] | Statement[Any, Any]) -> Condition:
        """The opposite of `is_in`."""
        return self._among(values, is_negated=True)

    def compared(self, operator: str, other: Any) -> Condition:
        """A comparison with another tuple, or with the row of a query, by the operator as SQL writes it."""
        if isinstance(other, tuple | list | TupleValue):
            items = self._paired(other)
            if not any(each is None for each in items):
                return TupleComparison(operator, self, TupleValue(static_cast("tuple[Term, ...]", items)))
            if operator not in ("=", "<>"):
                raise BuildError("a tuple with None in it has no order")
            each = [
                item_equals(own, item, is_negated=operator == "<>") for own, item in zip(self.items, items, strict=True)
            ]
            return or_(*each) if operator == "<>" else and_(*each)
        return TupleComparison(operator, self, Subquery(self._query(other, "a tuple")))

    def _paired(self, other: Any) -> tuple[Term | None, ...]:
        """The items of another tuple, each checked against the term that it is compared with."""
        items = other.items if isinstance(other, TupleValue) else tuple(other)
        if len(items) != len(self.items):
            raise BuildError(f"a tuple of {len(self.items)} is compared with one of {len(items)}")
        return tuple(
            [None if item is None else operand(item, own) for own, item in zip(self.items, items, strict=True)]
        )

    def _among(self, values: Any, *, is_negated: bool) -> Condition:
        if not isinstance(values, list | tuple | set | frozenset) and getattr(values, "__iter__", None) is None:
            return InQuery(self, self._query(values, "is_in"), is_negated=is_negated)
        if isinstance(values, str | bytes | dict):
            raise BuildError(f"is_in of a tuple takes tuples or a query, not {type(values).__name__}")
        rows = []
        found: list[Condition] = []
        for each in values:
            if not isinstance(each, tuple | list | TupleValue):
                raise BuildError(f"is_in of a tuple takes tuples, not {type(each).__name__}")
            items = self._paired(each)
            if any(item is None for item in items):
                found.append(self.compared("=", each))
            else:
                rows.append(static_cast("tuple[Term, ...]", items))
        if rows:
            found.insert(0, TupleList(self, tuple(rows), is_negated=is_negated and not found))
        if not found:
            return static_cast("Condition", TRUE if is_negated else FALSE)
        if len(found) == 1 and rows:
            return found[0]
        joined = or_(*found)
        return ~joined if is_negated else joined

    def _query(self, query: Any, where: str) -> Statement[Any, Any]:
        found = query.query if isinstance(query, Subquery) else query_of(query, where)
        names = found.output_names() if isinstance(found, Query) else None
        if names is not None and len(names) != len(self.items):
            raise BuildError(f"a tuple of {len(self.items)} is compared with a query of {len(names)} columns")
        return found


class TupleComparison(Condition):
    """``(a, b) = (c, d)``."""

    def __init__(self, operator: str, left: TupleValue, right: TupleValue | Subquery[Any]) -> None:
        """Hold the operator as SQL writes it, and both sides."""
        self.operator = operator
        self.left = left
        self.right = right


class TupleList(Condition):
    """``(a, b) [NOT] IN ((1, 2), (3, 4))``; the rows are at least one."""

    def __init__(self, term: TupleValue, rows: tuple[tuple[Term, ...], ...], *, is_negated: bool = False) -> None:
        """Hold the terms, and the rows of as many items."""
        self.term = term
        self.rows = rows
        self.is_negated = is_negated


class Quantified(Expression[Any]):
    """``ANY (…)`` or ``ALL (…)``, at the right of a comparison."""

    def __init__(self, word: Literal["ANY", "ALL"], term: Term) -> None:
        """Hold a query, or an array."""
        self.word = word
        self.term = term

    def _only_at_the_right(self, *_: object) -> NoReturn:
        word = self.word.lower()
        raise BuildError(f"{word}_(…) stands at the right of a comparison: column == {word}_(…)")

    __eq__ = __ne__ = _only_at_the_right  # pyright: ignore[reportAssignmentType]
    __lt__ = __le__ = __gt__ = __ge__ = _only_at_the_right  # pyright: ignore[reportAssignmentType]
    __hash__ = object.__hash__


def tuple_(*terms: Any) -> TupleValue:
    """Several terms as one row of values, to be compared with others.

    >>> from querykit import select_from, table, tuple_
    >>> pet = table("pet")
    >>> later = select_from(pet).select(pet.name).where(tuple_(pet.name, pet.id) > ("Rex", 10))
    >>> print(later.compile("sqlite").sql)
    SELECT "pet"."name" FROM "pet" WHERE ("pet"."name", "pet"."id") > (?, ?)
    >>> some = select_from(pet).select(pet.name).where(tuple_(pet.id, pet.age).is_in([(1, 2), (3, 4)]))
    >>> print(some.compile("mysql").sql)
    SELECT `pet`.`name` FROM `pet` WHERE (`pet`.`id`, `pet`.`age`) IN ((%s, %s), (%s, %s))
    """
    if len(terms) < 2:  # noqa: PLR2004 - one term needs no tuple
        raise BuildError("tuple_() takes at least two terms")
    return TupleValue(tuple([operand(each) for each in terms]))


def any_(values: Any) -> Quantified:
    """``ANY``: at the right of a comparison, whether it holds for one of the rows of a query, or items of an array.

    >>> from querykit import any_, select_from, table
    >>> pet = table("pet")
    >>> weights = select_from(pet.as_("other")).select(pet.as_("other").weight)
    >>> print(select_from(pet).select(pet.name).where(pet.weight < any_(weights)).compile("mysql").sql)
    SELECT `pet`.`name` FROM `pet` WHERE `pet`.`weight` < ANY (SELECT `other`.`weight` FROM `pet` AS `other`)

    Raises:
        UnsupportedError: when compiled for SQLite, or with an array for a database other than PostgreSQL.
    """
    return Quantified("ANY", operand(list(values) if isinstance(values, tuple) else values))


def all_(values: Any) -> Quantified:
    """``ALL``: at the right of a comparison, whether it holds for every row of a query, or item of an array."""
    return Quantified("ALL", operand(list(values) if isinstance(values, tuple) else values))


def item_equals(own: Term, item: Term | None, *, is_negated: bool) -> Condition:
    """Whether two terms are equal, where None means NULL."""
    term = static_cast("Expression[Any]", own)
    return term != item if is_negated else term == item
