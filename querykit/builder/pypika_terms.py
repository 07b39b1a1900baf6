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
from pypika.dialects import SQLLiteValueWrapper
from pypika.queries import QueryBuilder, _SetOperation

from querykit.builder.arrays import array
from querykit.builder.expressions import Expression
from querykit.builder.logic import condition
from querykit.builder.operands import NULL, Keyword, Subquery, Value, convert_operands, operand
from querykit.builder.pypika_nodes import BareColumn
from querykit.builder.query import AllColumns, as_source
from querykit.builder.statement import Statement, as_statement
from querykit.builder.tables import Column, Source, checked_name
from querykit.builder.tuples import TupleValue
from querykit.builder.value_types import JSON
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
    """The function that translates terms of a class: that of its nearest base, if none before it writes SQL."""
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
        if not is_constant(node):
            return self.term(node)
        value = vars(node)["value"]
        return NULL if value is None else operand(value, beside)

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
    return TupleValue(tuple([terms.term(each) for each in vars(node)["values"]]))


@translates(pypika.Bracket)
def _bracket(terms: Terms, node: pypika.Bracket) -> Any:
    return terms.term(vars(node)["values"][0])  # the compiler puts parentheses where they are needed


@translates(pypika.Array)
def _array(terms: Terms, node: pypika.Array) -> Any:
    return array(*[terms.term(each) for each in vars(node)["values"]])


convert_operands(pypika.Term, as_expression)
