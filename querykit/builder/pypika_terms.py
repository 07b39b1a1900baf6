"""PyPika's terms, turned into ours where they enter a statement.

Below this edge there are no terms of PyPika, so that dialects, checks and plugins have one kind of tree to know, and a
statement stays as it is when PyPika changes a term later (`Case.when` does). Terms are read through ``type(term)`` and
``vars(term)`` only: several answer any attribute, and `get_sql` would write values into the text.

A term of an unknown class, and one of a subclass that writes SQL of its own, is left as it is: the compiler refuses it
by name, unless a visitor was registered for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeVar
from weakref import WeakValueDictionary

from pypika import terms as pypika
from pypika.dialects import JiraField, SQLLiteValueWrapper
from pypika.enums import Boolean, Equality, JSONOperators, Matching
from pypika.queries import QueryBuilder, _SetOperation

from querykit.builder.expressions import (
    NULL,
    Arithmetic,
    Between,
    Comparison,
    Exists,
    Expression,
    InQuery,
    Keyword,
    Like,
    Negation,
    Negative,
    NullTest,
    Subquery,
    Value,
    and_,
    condition,
    convert_operands,
    membership,
    not_,
    operand,
    or_,
)
from querykit.builder.pypika_nodes import ArrayItems, AtTimeZone, BareColumn, IntervalParts, Operation, Row
from querykit.builder.query import AllColumns, as_source
from querykit.builder.statement import Statement, as_statement
from querykit.builder.tables import Column, Source, checked_name
from querykit.builder.upsert import ExcludedColumn, excluded
from querykit.builder.value_types import JSON, STR, type_of, value_type
from querykit.errors import BuildError

if TYPE_CHECKING:
    from collections.abc import Callable

    Translation = Callable[["Terms", Any], Any]

FunctionT = TypeVar("FunctionT", bound="Translation")

OWN_SQL: Final = (
    "get_sql",
    "get_function_sql",
    "get_special_params_sql",
    "get_partition_sql",
    "get_frame_sql",
    "get_filter_sql",
    "get_arg_sql",
    "get_value_sql",
)
"""Methods by which a class of PyPika's writes SQL; a subclass that has one is not what its base is."""

_translations: dict[type, Translation] = {}
_left_alone: set[type] = set()


def translates(*classes: type) -> Callable[[FunctionT], FunctionT]:
    """Mark a function as the one that turns terms of these classes, and of their plain subclasses, into ours."""

    def mark(function: FunctionT) -> FunctionT:
        for each in classes:
            _translations[each] = function
        return function

    return mark


def leave_alone(node: type) -> None:
    """Leave terms of a class as they are, for the visitor that was registered for it."""
    _left_alone.add(node)


def translated_classes() -> tuple[type, ...]:
    """The classes of terms that have a translation; some of them are refused by it."""
    return tuple(_translations)


def translation_of(node: type) -> Translation | None:
    """The function that translates terms of a class: its own, or that of the nearest base, if none between writes SQL."""
    for base in node.__mro__:
        if base in _translations:
            return _translations[base]
        if any(name in base.__dict__ for name in OWN_SQL):
            return None
    return None


def _is_left_alone(node: type) -> bool:
    for base in node.__mro__:
        if base in _left_alone:
            return True
        if base in _translations:
            return False
    return False


class _Origin:
    """The term of PyPika's that one of ours was made of; no node of the statement."""

    __slots__ = ("node",)

    def __init__(self, node: pypika.Term) -> None:
        self.node = node


_kept: WeakValueDictionary[int, Expression[Any]] = WeakValueDictionary()
"""Ours by the identity of PyPika's; each holds its origin, so that no other object can have that identity meanwhile."""


def as_expression(node: pypika.Term) -> pypika.Term:
    """A term of PyPika's as ours; the same object for the same term, so that ORDER BY finds what was selected.

    Raises:
        BuildError: it is one that cannot be written safely.
    """
    if _is_left_alone(type(node)):
        return node
    kept = _kept.get(id(node))
    if kept is not None and kept.__dict__["_origin"].node is node:
        return kept
    made: pypika.Term = Terms().term(node)
    if isinstance(made, Expression) and type(made) is not Keyword:
        made.__dict__["_origin"] = _Origin(node)
        _kept[id(node)] = made
    return made


class Terms:
    """Translates terms. What a column without a table means, and what a query is, depends on where the terms stand."""

    def term(self, node: Any) -> Any:
        """A term of PyPika's, or a value in one, as a term of ours, with its alias."""
        if isinstance(node, Expression) or not isinstance(node, pypika.Term):
            return operand(node)
        if isinstance(node, QueryBuilder | _SetOperation):
            return _named(Subquery(self.statement(node)), node)
        translation = None if _is_left_alone(type(node)) else translation_of(type(node))
        return node if translation is None else _named(translation(self, node), node)

    def translated(self, node: Any) -> Any:
        """The same for a term whose class may have a visitor of its own, in another dialect."""
        translation = translation_of(type(node))
        return node if translation is None else _named(translation(self, node), node)

    def statement(self, query: Any) -> Statement[Any, Any]:
        """A query within a term."""
        return as_statement(query)

    def column(self, node: pypika.Field) -> Any:
        """A column under the name of its table."""
        table = vars(node)["table"]
        name = checked_name(vars(node)["name"], "a column")
        return BareColumn(name) if table is None else column_under(as_source(table), name)

    def condition(self, node: Any, where: str) -> Any:
        """A criterion."""
        return condition(self.term(node), where)

    def value(self, node: Any, beside: pypika.Term) -> Any:
        """An operand, which is checked against the type of the term beside it if it is a value."""
        return operand(vars(node)["value"], beside) if is_constant(node) else self.term(node)

    def pair(self, left: Any, right: Any) -> tuple[Any, Any]:
        """Both sides of an operator."""
        if is_constant(left) and not is_constant(right):
            other = self.term(right)
            return self.value(left, other), other
        one = self.term(left)
        return one, self.value(right, one)


def column_under(source: Source, name: str) -> Column[Any]:
    """A column of a table: typed where that is known; any name goes, as in PyPika."""
    known = source._columns.get(name)
    return Column(name, source) if known is None else known


def is_constant(node: Any) -> bool:
    """Whether a term of PyPika's is a Python value, wrapped."""
    if not isinstance(node, pypika.ValueWrapper) or translation_of(type(node)) is not _value:
        return False
    return vars(node).get("alias") is None and not isinstance(vars(node)["value"], pypika.Term)


def refused(what: str, hint: str) -> BuildError:
    """The error for what of PyPika cannot be written safely."""
    return BuildError(f"PyPika's {what} cannot be used in a query: {hint}")


def _named(term: Any, node: Any) -> Any:
    alias = vars(node).get("alias")
    return term.as_(alias) if alias is not None and isinstance(term, Expression) else term


def _is_null(term: pypika.Term) -> bool:
    return type(term) is Keyword and term.word == "NULL"


# -- values, columns --------------------------------------------------------------------------------------------------


@translates(pypika.ValueWrapper, SQLLiteValueWrapper)
def _value(terms: Terms, node: pypika.ValueWrapper) -> Any:
    return terms.term(vars(node)["value"])


@translates(pypika.NullValue)
def _null(_: Terms, __: pypika.NullValue) -> Any:
    return NULL


@translates(pypika.Field)
def _field(terms: Terms, node: pypika.Field) -> Any:
    return terms.column(node)


@translates(pypika.Star)
def _star(_: Terms, node: pypika.Star) -> Any:
    table = vars(node)["table"]
    return AllColumns(None if table is None else as_source(table))


@translates(pypika.JSON)
def _json(_: Terms, node: pypika.JSON) -> Any:
    document = vars(node)["value"]
    return NULL if document is None else Value(document, JSON)


@translates(pypika.Tuple)
def _tuple(terms: Terms, node: pypika.Tuple) -> Any:
    return Row(tuple([terms.term(each) for each in vars(node)["values"]]))


@translates(pypika.Bracket)
def _bracket(terms: Terms, node: pypika.Bracket) -> Any:
    return terms.term(vars(node)["values"][0])  # the compiler puts parentheses where they are needed


@translates(pypika.Array)
def _array(terms: Terms, node: pypika.Array) -> Any:
    items = vars(node)["values"]
    if all(is_constant(each) or type(each) is pypika.NullValue for each in items):
        values = [vars(each).get("value") for each in items]
        return ArrayItems((), Value(values, type_of(values)))
    return ArrayItems(tuple([terms.term(each) for each in items]))


# -- criteria ---------------------------------------------------------------------------------------------------------

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
    **{each: each.value for each in JSONOperators},
}
_DOCUMENT_OPERATORS: Final = ("@>", "<@")


@translates(pypika.BasicCriterion)
def _basic(terms: Terms, node: pypika.BasicCriterion) -> Any:
    state = vars(node)
    left, right = terms.pair(state["left"], state["right"])
    return _binary(state["comparator"], left, right)


def _binary(comparator: Any, left: Any, right: Any) -> Any:
    if comparator in (Equality.eq, Equality.ne) and (_is_null(left) or _is_null(right)):
        return NullTest(left if _is_null(right) else right, is_negated=comparator is Equality.ne)
    if isinstance(comparator, Equality):
        return Comparison(comparator.value, left, right)
    if comparator in _LIKES:
        return Like(left, right, **_LIKES[comparator])
    if comparator in _OPERATIONS:
        return _operation(_OPERATIONS[comparator], left, right)
    if isinstance(comparator, Boolean):
        return _joined(comparator, [left, right])
    raise refused(f"operator {_described(comparator)}", "none of the databases has it; sql(…) takes SQL of your own")


def _described(comparator: Any) -> str:
    return repr(str(getattr(comparator, "value", comparator)).strip())


def _operation(operator: str, left: Any, right: Any) -> Any:
    if operator in _DOCUMENT_OPERATORS and type(right) is Value and not isinstance(right.value, str):
        right = Value(right.value, JSON)
    elif isinstance(right, ArrayItems) and right.whole is not None:
        right = ArrayItems((), Value(right.whole.value, value_type(list[str])))
    return Operation(operator, left, right)


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
    return _joined(comparator, [terms.term(each) for each in reversed(operands)])


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
    inner = _binary(state["comparator"], *terms.pair(state["left"], state["right"]))
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
    return membership(term, [_member(terms, each) for each in vars(container)["values"]], is_negated=is_negated)


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
    return ExcludedColumn(checked_name(vars(vars(node)["field"])["name"], "a column"), excluded)


# -- arithmetic -------------------------------------------------------------------------------------------------------


@translates(pypika.ArithmeticExpression)
def _arithmetic(terms: Terms, node: pypika.ArithmeticExpression) -> Any:
    state = vars(node)
    if not isinstance(state["operator"], pypika.Arithmetic):
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

convert_operands(pypika.Term, as_expression)
