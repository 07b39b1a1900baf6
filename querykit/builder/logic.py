"""Logic: conditions joined by AND and OR, and their opposites."""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING, Any, Literal
from typing import cast as static_cast

from pypika.terms import Criterion

from querykit.builder.expressions import Condition, Expression, Nodes, name_of
from querykit.builder.operands import FALSE, TRUE, operand
from querykit.errors import BuildError

if TYPE_CHECKING:
    from pypika.terms import Term


class Logic(Condition):
    """Two or more conditions joined by AND or by OR."""

    def __init__(self, operator: Literal["AND", "OR"], terms: tuple[Term, ...]) -> None:
        """Hold the conditions in order."""
        self.operator = operator
        self.terms = terms


class Negation(Condition):
    """``NOT term``."""

    def __init__(self, term: Term) -> None:
        """Hold the condition."""
        self.term = term


def condition(term: Any, where: str) -> Term:
    """A criterion, as `where`, `having` and `on` take it.

    Raises:
        BuildError: it is a Python bool, a value or a query, or of another type than bool.
    """
    if isinstance(term, Expression):
        if (type_ := term.value_type) is not None and type_.stored_kind != "bool":
            raise BuildError(
                f"{where} takes conditions: {name_of(term)} is of type {type_}, whose truth databases see differently"
            )
        return term
    if isinstance(term, Criterion):
        return operand(term)
    if isinstance(term, bool):
        raise BuildError(
            f"{where} was given a Python {term}, not a condition: Python compared what is no expression, such as "
            "Person.id of the class instead of person.id of a table, or a relation"
        )
    raise BuildError(f"{where} takes conditions such as person.id == 1, not {type(term).__name__}")


def and_(*criteria: Any) -> Condition:
    """All of the conditions; without any, true.

    >>> from querykit import and_, select_from, table
    >>> pet = table("pet")
    >>> print(select_from(pet).select(pet.id).where(and_(pet.age > 1, pet.age < 9)).compile("sqlite").sql)
    SELECT "pet"."id" FROM "pet" WHERE "pet"."age" > ? AND "pet"."age" < ?
    """
    return _joined("AND", criteria, TRUE)


def or_(*criteria: Any) -> Condition:
    """At least one of the conditions; without any, false."""
    return _joined("OR", criteria, FALSE)


def not_(criterion: Any) -> Condition:
    """The opposite of a condition (NULL stays NULL): ``NOT IN`` for ``IN``, ``NOT (…)`` where there is no such word."""
    term = condition(criterion, "not_")
    if isinstance(term, Condition) and "is_negated" in term.__dict__ and term.alias is None:
        opposite = copy(term)
        opposite.__dict__["is_negated"] = not term.__dict__["is_negated"]
        return opposite
    return Negation(term)


def _joined(operator: Literal["AND", "OR"], criteria: tuple[Any, ...], empty: Expression[bool]) -> Condition:
    terms: list[Term] = []
    for each in criteria:
        term = condition(each, f"{operator.lower()}_")
        if type(term) is Logic and term.operator == operator and term.alias is None:
            terms += term.terms
        else:
            terms.append(term)
    if len(terms) == 1:
        return static_cast("Condition", terms[0])
    return Logic(operator, tuple(terms)) if terms else static_cast("Condition", empty)


Nodes.and_, Nodes.or_, Nodes.not_ = and_, or_, not_
