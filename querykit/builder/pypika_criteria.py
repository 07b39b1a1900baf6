"""PyPika's criteria, operators and intervals, turned into ours; and its terms that are refused by name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from pypika import terms as pypika
from pypika.dialects import JiraField
from pypika.enums import Arithmetic as Operator
from pypika.enums import Boolean, Equality, JSONOperators, Matching
from pypika.queries import QueryBuilder, _SetOperation

from querykit.builder.arithmetic import Arithmetic, Negative
from querykit.builder.comparisons import Between, Comparison, Exists, InQuery, NullTest, membership
from querykit.builder.json_paths import JsonExpression
from querykit.builder.logic import Negation, and_, condition, not_, or_
from querykit.builder.operands import Keyword, Value
from querykit.builder.patterns import Like
from querykit.builder.pypika_json import compared_json, json_operation
from querykit.builder.pypika_nodes import AtTimeZone, IntervalParts, Operation
from querykit.builder.pypika_terms import is_constant, refused, translates, translation_of
from querykit.builder.statement import Statement
from querykit.builder.tuples import TupleValue
from querykit.builder.upsert import excluded
from querykit.builder.value_types import STR

if TYPE_CHECKING:
    from querykit.builder.pypika_terms import Terms

_LIKES: Final[dict[Any, dict[str, bool]]] = {
    Matching.like: {},
    Matching.not_like: {"is_negated": True},
    Matching.ilike: {"ignores_case": True},
    Matching.not_ilike: {"ignores_case": True, "is_negated": True},
}
_OPERATIONS: Final[dict[Any, str]] = {
    Matching.glob: "GLOB",
    Matching.rlike: "RLIKE",
    Matching.regexp: "REGEXP",
}


def _is_null(term: pypika.Term) -> bool:
    return type(term) is Keyword and term.word == "NULL"


@translates(pypika.BasicCriterion)
def _basic(terms: Terms, node: pypika.BasicCriterion) -> Any:
    state = vars(node)
    return _binary(state["comparator"], *_sides(terms, state))


def _sides(terms: Terms, state: dict[str, Any]) -> tuple[Any, Any]:
    """Both sides; those of a JSON operator are of different types."""
    if isinstance(state["comparator"], JSONOperators):
        return terms.term(state["left"]), terms.term(state["right"])
    return terms.pair(state["left"], state["right"])


def _binary(comparator: Any, left: Any, right: Any) -> Any:
    if comparator in (Equality.eq, Equality.ne) and (_is_null(left) or _is_null(right)):
        return NullTest(left if _is_null(right) else right, is_negated=comparator is Equality.ne)
    if isinstance(comparator, Equality):
        return _compared(comparator, left, right)
    if comparator in _LIKES:
        return Like(left, right, **_LIKES[comparator])
    if isinstance(comparator, JSONOperators):
        return json_operation(comparator, left, right)
    if comparator in _OPERATIONS:
        return Operation(_OPERATIONS[comparator], left, right)
    if isinstance(comparator, Boolean):
        return _joined(comparator, [left, right])
    raise refused(f"operator {_described(comparator)}", "none of the databases has it; sql(…) takes SQL of your own")


def _described(comparator: Any) -> str:
    return repr(str(getattr(comparator, "value", comparator)).strip())


def _compared(comparator: Equality, left: Any, right: Any) -> Any:
    if isinstance(left, TupleValue):
        return left.compared(comparator.value, right)
    if isinstance(left, JsonExpression) and type(right) is Value:
        return compared_json(comparator, left, right.value)
    return Comparison(comparator.value, left, right)


@translates(pypika.ComplexCriterion)
def _complex(terms: Terms, node: pypika.ComplexCriterion) -> Any:
    """A chain of one operator is taken apart in a loop, for it is as deep as there are conditions."""
    comparator = vars(node)["comparator"]
    operands = [vars(node)["right"]]
    left = vars(node)["left"]
    while type(left) is pypika.ComplexCriterion and vars(left)["comparator"] is comparator:
        operands.append(vars(left)["right"])
        left = vars(left)["left"]
    operands.append(left)
    return _joined(
        comparator, [terms.term(each) if isinstance(each, pypika.Term) else each for each in reversed(operands)]
    )


def _joined(comparator: Any, criteria: list[Any]) -> Any:
    if comparator is Boolean.and_:
        return and_(*criteria)
    if comparator is Boolean.or_:
        return or_(*criteria)
    if comparator is not Boolean.xor_:
        raise refused(f"operator {_described(comparator)}", "conditions are joined by &, | and ^")
    first, *others = criteria
    result = condition(first, "XOR")
    for each in others:
        # NOT makes 1 or 0 of any number, and is there on every database, which XOR is not
        result = Comparison("<>", Negation(result), Negation(condition(each, "XOR")))
    return result


@translates(pypika.NestedCriterion)
def _nested(terms: Terms, node: pypika.NestedCriterion) -> Any:
    state = vars(node)
    inner = _binary(state["comparator"], *_sides(terms, state))
    outer = state["nested_comparator"]
    if isinstance(outer, Boolean) or (isinstance(state["comparator"], JSONOperators) and isinstance(outer, Equality)):
        return _binary(outer, inner, terms.value(state["nested"], inner))
    raise refused(f"NestedCriterion with {_described(outer)}", "it does not say which operator comes first")


@translates(pypika.ContainsCriterion)
def _contains(terms: Terms, node: pypika.ContainsCriterion) -> Any:
    state = vars(node)
    term, container, is_negated = terms.term(state["term"]), state["container"], state["_is_negated"]
    if isinstance(container, QueryBuilder | _SetOperation | Statement):
        return InQuery(term, terms.statement(container), is_negated=is_negated)
    if not isinstance(container, pypika.Tuple) or translation_of(type(container)) is None:
        raise refused(f"isin({type(container).__name__})", "it takes a list of values or a query of one column")
    items = [_member(terms, each) for each in vars(container)["values"]]
    if isinstance(term, TupleValue):
        return term.not_in(items) if is_negated else term.is_in(items)
    return membership(term, items, is_negated=is_negated)


def _member(terms: Terms, node: Any) -> Any:
    """An item of a list: its Python value, so that it is checked and bound with the others, or a term."""
    if is_constant(node):
        return vars(node)["value"]
    return None if type(node) is pypika.NullValue else terms.term(node)


@translates(pypika.ExistsCriterion)
def _exists(terms: Terms, node: pypika.ExistsCriterion) -> Any:
    state = vars(node)
    return Exists(terms.statement(state["container"]), is_negated=state["_is_negated"])


@translates(pypika.BetweenCriterion)
def _between(terms: Terms, node: pypika.BetweenCriterion) -> Any:
    state = vars(node)
    term = terms.term(state["term"])
    return Between(term, terms.value(state["start"], term), terms.value(state["end"], term))


@translates(pypika.NullCriterion)
def _null_test(terms: Terms, node: pypika.NullCriterion) -> Any:
    return NullTest(terms.term(vars(node)["term"]))


@translates(pypika.NotNullCriterion)
def _not_null_test(terms: Terms, node: pypika.NotNullCriterion) -> Any:
    return NullTest(terms.term(vars(node)["term"]), is_negated=True)


@translates(pypika.Not)
def _not(terms: Terms, node: pypika.Not) -> Any:
    return not_(terms.condition(vars(node)["term"], "NOT"))


@translates(pypika.Values)
def _inserted_value(_: Terms, node: pypika.Values) -> Any:
    return excluded[vars(vars(node)["field"])["name"]]


# -- arithmetic -------------------------------------------------------------------------------------------------------


@translates(pypika.ArithmeticExpression)
def _arithmetic(terms: Terms, node: pypika.ArithmeticExpression) -> Any:
    state = vars(node)
    if not isinstance(state["operator"], Operator):
        raise refused(f"operator {_described(state['operator'])}", "sql(…) takes SQL of your own")
    return Arithmetic(state["operator"].value, *terms.pair(state["left"], state["right"]))


@translates(pypika.Negative)
def _negative(terms: Terms, node: pypika.Negative) -> Any:
    return Negative(terms.term(vars(node)["term"]))


@translates(pypika.BitwiseAndCriterion)
def _bitwise_and(terms: Terms, node: pypika.BitwiseAndCriterion) -> Any:
    return Arithmetic("&", *terms.pair(vars(node)["term"], vars(node)["value"]))


@translates(pypika.BitwiseOrCriterion)
def _bitwise_or(terms: Terms, node: pypika.BitwiseOrCriterion) -> Any:
    return Arithmetic("|", *terms.pair(vars(node)["term"], vars(node)["value"]))


# -- times ------------------------------------------------------------------------------------------------------------

_UNITS: Final = {
    "years": "YEAR",
    "months": "MONTH",
    "days": "DAY",
    "hours": "HOUR",
    "minutes": "MINUTE",
    "seconds": "SECOND",
    "microseconds": "MICROSECOND",
}


@translates(pypika.Interval)
def _interval(_: Terms, node: pypika.Interval) -> Any:
    state = vars(node)
    for name in (*_UNITS, "quarters", "weeks"):
        if name in state and type(state[name]) is not int:
            raise refused(f"Interval({name}={state[name]!r})", "its numbers are ints")
    if "quarters" in state:
        return IntervalParts((("MONTH", 3 * state["quarters"]),))
    if "weeks" in state:
        return IntervalParts((("DAY", 7 * state["weeks"]),))
    sign = -1 if state["is_negative"] else 1
    parts = tuple([(unit, sign * state[name]) for name, unit in _UNITS.items() if name in state])
    return IntervalParts(parts or (("DAY", 0),))


@translates(pypika.AtTimezone)
def _at_time_zone(terms: Terms, node: pypika.AtTimezone) -> Any:
    state = vars(node)
    if not isinstance(state["zone"], str):
        raise refused(f"AtTimezone with a zone of type {type(state['zone']).__name__}", "the zone's name is a str")
    return AtTimeZone(terms.term(state["field"]), Value(state["zone"], STR), is_offset=bool(state["interval"]))


# -- refused ----------------------------------------------------------------------------------------------------------

_REFUSED: Final[dict[type, str]] = {
    pypika.LiteralValue: "its text would stand in the SQL as it is; a value goes through value(…), SQL through sql(…)",
    pypika.SystemTimeValue: "none of the databases has temporal tables as PyPika writes them",
    pypika.PseudoColumn: "its text would stand in the SQL as it is; sql(…) takes SQL of your own",
    pypika.Index: "an index is no expression",
    pypika.Parameter: 'it has no value; param("name", type) is a named parameter, and values are always bound',
    pypika.All: "none of the databases writes ALL so",
    pypika.PeriodCriterion: "none of the databases has temporal tables as PyPika writes them",
    pypika.EmptyCriterion: "it says neither yes nor no; leave it out, or use and_() or or_()",
    JiraField: "Jira's queries are no SQL",
}


def _refuse(_: Terms, node: pypika.Term) -> Any:
    named = next(each for each in type(node).__mro__ if each in _REFUSED)
    raise refused(type(node).__name__, _REFUSED[named])


translates(*_REFUSED)(_refuse)
# whatever their subclasses write: a parameter has no value, and an empty criterion no meaning
for _each in (pypika.QmarkParameter, pypika.NumericParameter, pypika.FormatParameter, pypika.NamedParameter):
    translates(_each)(_refuse)
translates(pypika.PyformatParameter)(_refuse)
