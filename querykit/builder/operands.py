"""Operands: what can stand beside an expression. Values are bound; queries and words of SQL stand as they are."""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING, Any, Final, TypeVar, overload

from pypika.terms import Term

from querykit.builder.compiled import LateValue, Nested
from querykit.builder.expressions import Expression, Nodes, known_type, name_of
from querykit.builder.value_types import BOOL, ValueType, type_of, value_type
from querykit.errors import BuildError

if TYPE_CHECKING:
    from collections.abc import Callable

    from querykit.builder.statement import Statement

T_co = TypeVar("T_co", covariant=True)
T = TypeVar("T")


class Value(Expression[T_co]):
    """A Python value, bound as a parameter."""

    def __init__(self, value: Any, type_: ValueType | None) -> None:
        """Hold the value with the type that it is bound as."""
        self.value = value
        self.value_type = type_


class Parameter(LateValue, Expression[T_co]):
    """A named parameter: its value is given when the query runs.

    Attributes:
        name: What the value is given under.
        supply: A function that gives the value each time, where no caller does: the time, a new key.
    """

    def __init__(self, name: str, type_: ValueType | None) -> None:
        """Hold the name and the type that values must have."""
        self.name = name
        self.value_type = type_

    def checked(self, value: object) -> object:
        """The value, if it has the parameter's type."""
        type_ = self.value_type
        if type_ is None or type(value) in type_.accepts:
            return value
        return type_.check(value, f"the parameter {self.name!r}")


class Keyword(Expression[T_co]):
    """A word of SQL that stands for a value: NULL, TRUE, FALSE, DEFAULT."""

    def __init__(self, word: str, type_: ValueType | None = None) -> None:
        """Hold the word."""
        self.word = word
        self.value_type = type_


NULL: Final[Expression[Any]] = Keyword("NULL")
TRUE: Final[Expression[bool]] = Keyword("TRUE", BOOL)
FALSE: Final[Expression[bool]] = Keyword("FALSE", BOOL)
DEFAULT: Final[Expression[Any]] = Keyword("DEFAULT")
"""In `values` and `set`: what the column has by default."""


class Subquery(Expression[T_co]):
    """A query of one column as a value."""

    def __init__(self, query: Statement[Any, Any]) -> None:
        """Hold the query."""
        self.query = query

    @property
    def shape(self) -> ValueType | Nested | None:
        """What the query's only column has; nested rows may be missing, as the query may have no row."""
        columns = self.query.output_columns()
        shape = columns[0].shape if columns and len(columns) == 1 else None
        return shape._replace(is_nullable=True) if isinstance(shape, Nested) else shape


_converters: list[tuple[type, Callable[[Any], Term]]] = []
_PLAIN: Final = frozenset({int, str, float, bool, bytes, type(None)})
"""Types of which an object is a value and nothing else."""


def convert_operands(of_type: type, with_: Callable[[Any], Term]) -> None:
    """Let objects of a type stand where an expression can: queries, PyPika's queries, aliased sub-queries."""
    _converters.insert(0, (of_type, with_))


def operand(value: Any, beside: Term | None = None) -> Term:
    """What stands beside an expression, as a term: a value is bound with, and checked against, the expression's type.

    Raises:
        BuildError: the value is of another type than the expression beside it.
    """
    if type(value) not in _PLAIN and (term := _as_term(value)) is not None:
        return term if beside is None else _suited(term, beside)
    expected = beside.value_type if isinstance(beside, Expression) else None
    if expected is None or value is None:
        return _of_any_type(value, beside)
    if type(value) not in expected.accepts:
        value = expected.check(value, name_of(beside))
    return Value(value, expected)


def _as_term(value: Any) -> Term | None:
    if isinstance(value, Expression):
        return value
    for of_type, convert in _converters:
        if isinstance(value, of_type):
            return convert(value)
    return value if isinstance(value, Term) else None


def _suited(term: Term, beside: Term) -> Term:
    """A term that databases compare with the one beside it: a number with a text, each would in its own way."""
    if type(term) is Parameter and term.value_type is None:  # a value of the request's context
        typed = copy(term)
        typed.value_type = known_type(beside)
        return typed
    if isinstance(term, Expression) and isinstance(beside, Expression) and not are_alike(term.shape, beside.shape):
        raise BuildError(
            f"{name_of(beside)} is of type {beside.shape} and {name_of(term)} of type {term.shape}, which databases "
            "compare in different ways, or not at all: cast(…) one of them"
        )
    return term


def are_alike(one: ValueType | Nested | None, other: ValueType | Nested | None) -> bool:
    """Whether every database compares values of these types, as far as they are known, and in the same way."""
    if one is other or not isinstance(one, ValueType) or not isinstance(other, ValueType):
        return True
    return one.family is None or other.family is None or one.family == other.family


def _of_any_type(value: Any, beside: Term | None) -> Term:
    """None, or a value beside nothing that tells its type."""
    if beside is None:
        return NULL if value is None else Value(value, type_of(value))
    if value is None:
        raise BuildError(
            f"{name_of(beside)} beside None is NULL, which is never true: == None and != None ask for NULL, and "
            "is_distinct_from takes it for a value"
        )
    if isinstance(value, list | tuple | set | frozenset | dict):
        raise BuildError(
            f"{name_of(beside)} is of no known type, and a {type(value).__name__} beside it could mean several values, "
            "an array or JSON: say .is_in(values), or .returns(list[int]) or .returns(Json) for what it is"
        )
    return Value(value, type_of(value))


def find_query(given: Any) -> Statement[Any, Any] | None:
    """A query of ours or of PyPika as our statement; None where something else was given."""
    for of_type, convert in _converters:
        if isinstance(given, of_type) and isinstance(found := convert(given), Subquery):
            return found.query
    return None


def query_of(given: Any, where: str) -> Statement[Any, Any]:
    """A query of ours or of PyPika as our statement.

    Raises:
        BuildError: it is no query.
    """
    query = find_query(given)
    if query is None:
        raise BuildError(f"{where} takes a query, not {type(given).__name__}")
    return query


def value(python_value: T) -> Expression[T]:
    """A Python value as an expression, bound as a parameter.

    >>> from querykit import select, value
    >>> select(value("it's").as_("word")).compile("sqlite").parameters
    ("it's",)
    """
    if python_value is None:
        return NULL
    term = operand(python_value)
    if type(term) is not Value or term is python_value:
        raise BuildError(f"value() takes a Python value; a {type(python_value).__name__} is an expression by itself")
    return term


@overload
def param(name: str, annotation: type[T]) -> Expression[T]: ...
@overload
def param(name: str, annotation: Any) -> Expression[Any]: ...
def param(name: str, annotation: Any) -> Expression[Any]:
    """A named parameter, whose value of type `annotation` is given when the query runs.

    >>> from querykit import param, select
    >>> select(param("age", int).as_("age")).compile("sqlite").arguments({"age": 41})
    (41,)
    """
    if not isinstance(name, str) or not name.isidentifier():
        raise BuildError(f"a parameter's name is a Python identifier, not {name!r}")
    return Parameter(name, value_type(annotation))


Nodes.operand = operand
