"""Expressions: PyPika terms with safe operators, typed where their type is known.

Every class here is data for the compilers: it holds its operands and knows its type, and writes no SQL.
"""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING, Any, Final, Generic, Literal, NoReturn, Self, TypeVar
from typing import cast as static_cast

from pypika.terms import Criterion, Term

from querykit.builder.compiled import LateValue, Nested
from querykit.builder.value_types import BOOL, FLOAT, STR, ValueType, type_of, value_type
from querykit.errors import BuildError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from querykit.builder.json_paths import JsonExpression, JsonPath
    from querykit.builder.statement import Statement

    Operand = Any
    """A value, an expression, a PyPika term or a query of one column."""

T_co = TypeVar("T_co", covariant=True)
T = TypeVar("T")


class Expression(Criterion, Generic[T_co]):
    """Anything that has a value in SQL: a column, a function call, a comparison, a bound value.

    Operators build new expressions and never change their operands. `and`, `or`, `not`, `in` and chained comparisons
    raise TypeError, because Python evaluates them before SQL could: use ``&``, ``|``, ``~``, `is_in` and `between`.

    Attributes:
        alias: The name given with `as_`, or None.
        value_type: The type of its value, or None where only the database knows it.
    """

    alias: str | None = None
    value_type: ValueType | None = None

    def __init__(self) -> None:
        """Only subclasses are made."""

    # -- what Python must not do with it ------------------------------------------------------------------------------

    def __bool__(self) -> NoReturn:
        """Refuse: an expression has no truth in Python."""
        raise TypeError(
            f"{type(self).__name__} has no truth value in Python: combine conditions with & | ~ (not and, or, not), "
            "write a < x < b as x.between(a, b) or two comparisons, and if_(…) for a condition of your program"
        )

    __iter__ = None
    __contains__ = None
    __hash__ = object.__hash__

    def __copy__(self) -> Self:
        """A copy that shares its operands; they do not change."""
        copied = object.__new__(type(self))
        copied.__dict__.update(self.__dict__)
        return copied

    def __repr__(self) -> str:
        """The kind of node; `print(query)` shows SQL."""
        return f"<{type(self).__name__}{f' {self.alias}' if self.alias else ''}>"

    __str__ = __repr__

    @property
    def shape(self) -> ValueType | Nested | None:
        """How its value is decoded: by its type, or as nested rows."""
        return self.value_type

    # -- names and types ----------------------------------------------------------------------------------------------

    def as_(self, alias: str) -> Self:
        """The same expression under a name of its own in the result.

        >>> from querykit import select, value
        >>> print(select(value(1).as_("one")).compile("sqlite").sql)
        SELECT ? AS "one"
        """
        named = object.__new__(type(self))
        parts = named.__dict__
        parts.update(self.__dict__)
        parts["alias"] = checked_alias(alias)
        return named

    def returns(self, annotation: type[T]) -> Expression[T]:
        """The same expression, decoded as `annotation`; no SQL is written for it.

        Use it where querykit cannot know the type: ``fn.call("jsonb_path_query_first", …).returns(Json)``.
        """
        typed = copy(self)
        typed.value_type = value_type(annotation)
        return static_cast("Expression[T]", typed)

    # -- JSON ---------------------------------------------------------------------------------------------------------

    def __getitem__(self, key: str | int) -> JsonPath:  # type: ignore[override]
        """A step into JSON, of an expression that is JSON or of unknown type; see `JsonExpression.__getitem__`."""
        return static_cast("JsonPath", _json_makers["path"](self, key))

    def as_json(self) -> JsonExpression:
        """A text that holds JSON, as JSON: it can be stepped into, and is decoded.

        >>> from querykit import select_from, table
        >>> event = table("event")
        >>> print(select_from(event).select(event.payload.as_json()["id"].as_("id")).compile("postgres").sql)
        SELECT "event"."payload"::jsonb -> $1::text AS "id" FROM "event"
        """
        return static_cast("JsonExpression", _json_makers["document"](self))

    # -- comparisons --------------------------------------------------------------------------------------------------

    def __eq__(self, other: object) -> Condition:  # type: ignore[override]
        """``=``, and ``IS NULL`` when compared with None."""
        if isinstance(other, Expression):
            return Comparison("=", self, other)
        return NullTest(self) if other is None else Comparison("=", self, operand(other, self))

    def __ne__(self, other: object) -> Condition:  # type: ignore[override]
        """``<>``, and ``IS NOT NULL`` when compared with None."""
        return NullTest(self, is_negated=True) if other is None else Comparison("<>", self, operand(other, self))

    def __lt__(self, other: Operand) -> Condition:  # type: ignore[override]
        """``<``."""
        return Comparison("<", self, operand(other, self))

    def __le__(self, other: Operand) -> Condition:  # type: ignore[override]
        """``<=``."""
        return Comparison("<=", self, operand(other, self))

    def __gt__(self, other: Operand) -> Condition:  # type: ignore[override]
        """``>``."""
        return Comparison(">", self, operand(other, self))

    def __ge__(self, other: Operand) -> Condition:  # type: ignore[override]
        """``>=``."""
        return Comparison(">=", self, operand(other, self))

    def is_null(self) -> Condition:
        """``IS NULL``."""
        return NullTest(self)

    def is_not_null(self) -> Condition:
        """``IS NOT NULL``."""
        return NullTest(self, is_negated=True)

    def is_distinct_from(self, other: Operand) -> Condition:
        """Not equal, where NULL equals NULL and nothing else.

        PostgreSQL writes ``IS DISTINCT FROM``, MySQL and MariaDB ``NOT (a <=> b)``, SQLite ``IS NOT``.
        """
        return DistinctTest(self, NULL if other is None else operand(other, self))

    def is_not_distinct_from(self, other: Operand) -> Condition:
        """Equal, where NULL equals NULL and nothing else."""
        return DistinctTest(self, NULL if other is None else operand(other, self), is_negated=True)

    def between(self, lower: Operand, upper: Operand, *, symmetric: bool = False) -> Condition:  # type: ignore[override]
        """``BETWEEN lower AND upper``, both included; with `symmetric`, whichever of them is the lower."""
        return Between(self, operand(lower, self), operand(upper, self), is_symmetric=symmetric)

    def is_in(self, values: Iterable[Any] | Statement[Any, Any]) -> Condition:
        """``IN``: equal to one of the values, or of the rows of a query with one column.

        No values is false; None among them means ``IS NULL``. The SQL does not change with the number of values on
        PostgreSQL, and only with the next power of two elsewhere.
        """
        return membership(self, values)

    def not_in(self, values: Iterable[Any] | Statement[Any, Any]) -> Condition:
        """The opposite of `is_in`: no values is true; None among them means ``IS NOT NULL``."""
        return membership(self, values, is_negated=True)

    def like(self, pattern: Operand) -> Condition:  # type: ignore[override]
        """``LIKE``: `%` stands for any text, `_` for one character. Case counts as the database has it."""
        return Like(self, operand(pattern, self))

    def not_like(self, pattern: Operand) -> Condition:  # type: ignore[override]
        """``NOT LIKE``."""
        return Like(self, operand(pattern, self), is_negated=True)

    def ilike(self, pattern: Operand) -> Condition:  # type: ignore[override]
        """``LIKE`` without regard to case: ``ILIKE`` on PostgreSQL, both sides in lower case elsewhere."""
        return Like(self, operand(pattern, self), ignores_case=True)

    def not_ilike(self, pattern: Operand) -> Condition:  # type: ignore[override]
        """The opposite of `ilike`."""
        return Like(self, operand(pattern, self), ignores_case=True, is_negated=True)

    def starts_with(self, text: str | Expression[str]) -> Condition:
        """Whether it begins with `text`, a str or an expression, in which ``%`` and ``_`` mean themselves."""
        return Like(self, _escaped(text, self, after="%"), has_escapes=True)

    def ends_with(self, text: str | Expression[str]) -> Condition:
        """Whether it ends with `text`, a str or an expression, in which ``%`` and ``_`` mean themselves."""
        return Like(self, _escaped(text, self, before="%"), has_escapes=True)

    def has_substring(self, text: str | Expression[str]) -> Condition:
        """Whether `text`, a str or an expression, stands somewhere in it; ``%`` and ``_`` mean themselves."""
        return Like(self, _escaped(text, self, before="%", after="%"), has_escapes=True)

    # -- logic --------------------------------------------------------------------------------------------------------

    def __and__(self, other: Operand) -> Condition:  # type: ignore[override]
        """``AND``."""
        return and_(self, other)

    def __rand__(self, other: Operand) -> Condition:
        """``AND``, with something of PyPika on the left."""
        return and_(other, self)

    def __or__(self, other: Operand) -> Condition:  # type: ignore[override]
        """``OR``."""
        return or_(self, other)

    def __ror__(self, other: Operand) -> Condition:
        """``OR``, with something of PyPika on the left."""
        return or_(other, self)

    def __invert__(self) -> Condition:  # type: ignore[override]
        """``NOT``."""
        return not_(self)

    # -- arithmetic ---------------------------------------------------------------------------------------------------

    def __add__(self, other: Operand) -> Expression[Any]:  # type: ignore[override]
        """``+``; a date or time takes a timedelta or an `Interval`, and stays of its type."""
        return _combined("+", self, other, self)

    def __radd__(self, other: Operand) -> Expression[Any]:  # type: ignore[override]
        """``+``, with a value on the left."""
        return _combined("+", other, self, self)

    def __sub__(self, other: Operand) -> Expression[Any]:  # type: ignore[override]
        """``-``; the difference of two dates or times is a timedelta."""
        return _combined("-", self, other, self)

    def __rsub__(self, other: Operand) -> Expression[Any]:  # type: ignore[override]
        """``-``, with a value on the left."""
        return _combined("-", other, self, self)

    def __mul__(self, other: Operand) -> Expression[Any]:  # type: ignore[override]
        """``*``."""
        return _combined("*", self, other, self)

    def __rmul__(self, other: Operand) -> Expression[Any]:  # type: ignore[override]
        """``*``, with a value on the left."""
        return _combined("*", other, self, self)

    def __truediv__(self, other: Operand) -> Expression[Any]:  # type: ignore[override]
        """``/``: of two integers a float on every database, as in Python; `fn.div` gives the whole part.

        Where the types are not known, as the database divides: of integers, PostgreSQL and SQLite give the whole part,
        MySQL a decimal. Division by zero is an error on PostgreSQL, NULL elsewhere; divide by ``fn.nullif(b, 0)``.
        """
        return _combined("/", self, other, self)

    def __rtruediv__(self, other: Operand) -> Expression[Any]:  # type: ignore[override]
        """``/``, with a value on the left."""
        return _combined("/", other, self, self)

    def __mod__(self, other: Operand) -> Expression[Any]:  # type: ignore[override]
        """``%``: the remainder, with the sign of the left side on every database (Python: of the right)."""
        return _combined("%", self, other, self)

    def __rmod__(self, other: Operand) -> Expression[Any]:
        """``%``, with a value on the left."""
        return _combined("%", other, self, self)

    # -- bits ---------------------------------------------------------------------------------------------------------

    def bitwise_and(self, other: Operand) -> Expression[Any]:
        """``&``: the bits that both integers have."""
        return Arithmetic("&", self, operand(other, self))

    def bitwise_or(self, other: Operand) -> Expression[Any]:
        """``|``: the bits that one of the integers has."""
        return Arithmetic("|", self, operand(other, self))

    def bitwise_xor(self, other: Operand) -> Expression[Any]:
        """The bits that only one of the integers has: ``#`` on PostgreSQL, ``^`` on MySQL and MariaDB."""
        return Arithmetic("#", self, operand(other, self))

    def bitwise_not(self) -> Expression[Any]:
        """Every bit turned: ``-x - 1``."""
        return Arithmetic("#", self, Value(-1, self.value_type))

    def __lshift__(self, other: Operand) -> Expression[Any]:  # type: ignore[override]
        """``<<``: the bits moved left, within 64."""
        return Arithmetic("<<", self, operand(other, self))

    def __rshift__(self, other: Operand) -> Expression[Any]:  # type: ignore[override]
        """``>>``: the bits moved right; the sign stays."""
        return Arithmetic(">>", self, operand(other, self))

    def __neg__(self) -> Expression[T_co]:  # type: ignore[override]
        """The negative."""
        return Negative(self)

    # -- order --------------------------------------------------------------------------------------------------------

    def collate(self, name: str) -> Expression[T_co]:
        """``COLLATE``: how its text is compared and sorted. The names are the database's own, and are quoted.

        >>> from querykit import select_from, table
        >>> pet = table("pet")
        >>> print(select_from(pet).select(pet.id).order_by(pet.name.collate("C")).compile("postgres").sql)
        SELECT "pet"."id" FROM "pet" ORDER BY "pet"."name" COLLATE "C"
        """
        return Collated(self, name)

    def asc(self, *, nulls: Literal["first", "last"] | None = None) -> Ordering:
        """Smallest first, for `order_by`. `nulls` says where NULLs stand; without it, where the database puts them."""
        return Ordering(self, "ASC", nulls)

    def desc(self, *, nulls: Literal["first", "last"] | None = None) -> Ordering:
        """Largest first, for `order_by`. `nulls` says where NULLs stand; without it, where the database puts them."""
        return Ordering(self, "DESC", nulls)


class Condition(Expression[bool]):
    """An expression that is true, false or NULL."""

    value_type = BOOL


class Value(Expression[T_co]):
    """A Python value, bound as a parameter."""

    def __init__(self, value: Any, type_: ValueType | None) -> None:
        """Hold the value with the type that it is bound as."""
        self.value = value
        self.value_type = type_


class Parameter(LateValue, Expression[T_co]):
    """A named parameter: its value is given when the query runs."""

    def __init__(self, name: str, type_: ValueType | None) -> None:
        """Hold the name and the type that values must have."""
        self.name = name
        self.value_type = type_

    def checked(self, value: object) -> object:
        """The value, if it has the parameter's type."""
        return self.value_type.check(value, f"the parameter {self.name!r}") if self.value_type else value


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


class Like(Condition):
    """``term [NOT] LIKE pattern``."""

    ESCAPE: Final = "!"
    """The escape character of patterns that querykit makes: the backslash means something else to each database."""

    def __init__(
        self,
        term: Term,
        pattern: Term,
        *,
        ignores_case: bool = False,
        has_escapes: bool = False,
        is_negated: bool = False,
    ) -> None:
        """Hold the term and the pattern; `has_escapes` says that `ESCAPE` stands before literal % and _."""
        self.term = term
        self.pattern = pattern
        self.ignores_case = ignores_case
        self.has_escapes = has_escapes
        self.is_negated = is_negated


class InList(Condition):
    """``term [NOT] IN (values)``; the values are at least one and none is None."""

    def __init__(self, term: Term, values: tuple[Any, ...], *, is_negated: bool = False) -> None:
        """Hold the term and the Python values."""
        self.term = term
        self.values = values
        self.is_negated = is_negated


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


class Arithmetic(Expression[T_co]):
    """``left + right`` and its like."""

    def __init__(self, operator: str, left: Term, right: Term) -> None:
        """Hold the operator as SQL writes it, and both sides."""
        self.operator = operator
        self.left = left
        self.right = right
        self.value_type = _type_of_arithmetic(operator, left, right)


class Negative(Expression[T_co]):
    """``-term``."""

    def __init__(self, term: Term) -> None:
        """Hold the term."""
        self.term = term
        self.value_type = known_type(term)


class Collated(Expression[T_co]):
    """``term COLLATE name``."""

    def __init__(self, term: Expression[T_co], name: str) -> None:
        """Hold the term and the name of the collation."""
        if not isinstance(name, str) or not name:
            raise BuildError(f"a collation is a name that is not empty, not {name!r}")
        self.term = term
        self.name = name
        self.value_type = term.value_type


class EscapedPattern(Expression[str]):
    """A pattern of LIKE in which the text of an expression stands for itself."""

    value_type = STR

    def __init__(self, term: Term, before: str, after: str) -> None:
        """Hold the term, and the wildcards around it."""
        self.term = term
        self.before = before
        self.after = after


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


class Ordering:
    """A term of ORDER BY with its direction."""

    __slots__ = ("direction", "nulls", "term")

    def __init__(
        self, term: Term, direction: Literal["ASC", "DESC"], nulls: Literal["first", "last"] | None = None
    ) -> None:
        """Hold the term, the direction and where NULLs stand."""
        if nulls is not None and nulls not in ("first", "last"):
            raise BuildError(f'nulls is "first" or "last", not {nulls!r}')
        self.term = term
        self.direction: Literal["ASC", "DESC"] = direction
        self.nulls: Literal["first", "last"] | None = nulls


# -- operands ---------------------------------------------------------------------------------------------------------

_converters: list[tuple[type, Callable[[Any], Term]]] = []
_json_makers: Final[dict[str, Callable[..., Expression[Any]]]] = {}
"""What makes a step into JSON, and JSON of a text: `json_paths`, which stands on this module, enters them."""
_PLAIN: Final = frozenset({int, str, float, bool, bytes, type(None)})
"""Types of which an object is a value and nothing else."""


def checked_alias(alias: str) -> str:
    """A name in a result: a str that is not empty.

    Raises:
        BuildError: it is something else.
    """
    if not isinstance(alias, str) or not alias:
        raise BuildError(f"an alias is a name that is not empty, not {alias!r}")
    return alias


def convert_operands(of_type: type, with_: Callable[[Any], Term]) -> None:
    """Let objects of a type stand where an expression can: queries, PyPika's queries, aliased sub-queries."""
    _converters.insert(0, (of_type, with_))


def operand(value: Any, beside: Term | None = None) -> Term:
    """What stands beside an expression, as a term: a value is bound with, and checked against, the expression's type.

    Raises:
        BuildError: the value is of another type than the expression beside it.
    """
    if isinstance(value, Expression):
        if value.value_type is None and type(value) is Parameter:  # a value of the request's context
            return Parameter(value.name, known_type(beside))
        return value
    if type(value) not in _PLAIN:
        for of_type, convert in _converters:
            if isinstance(value, of_type):
                return convert(value)
        if isinstance(value, Term):
            return value
    expected = beside.value_type if isinstance(beside, Expression) else None
    if expected is None:
        return NULL if value is None else Value(value, type_of(value))
    if type(value) not in expected.accepts:
        value = expected.check(value, name_of(beside))
    return Value(value, expected)


def known_type(term: Any) -> ValueType | None:
    """The type of a term's value, where it is known; PyPika's own terms have none."""
    return term.value_type if isinstance(term, Expression) else None


def name_of(term: Any) -> str:
    """What messages call a term."""
    if (name := getattr(type(term), "described", None)) is not None:
        return str(name(term))
    return f"the expression {term.alias!r}" if isinstance(term, Expression) and term.alias else "the expression"


def condition(term: Any, where: str) -> Term:
    """A criterion, as `where`, `having` and `on` take it.

    Raises:
        BuildError: it is a Python bool, a value or a query.
    """
    if isinstance(term, Expression):
        return term
    if isinstance(term, Criterion):
        return operand(term)
    if isinstance(term, bool):
        raise BuildError(
            f"{where} was given a Python {term}, not a condition: was it compared before it became an expression?"
        )
    raise BuildError(f"{where} takes conditions such as person.id == 1, not {type(term).__name__}")


def membership(term: Term, values: Any, *, is_negated: bool = False) -> Condition:
    """``IN``, of values, expressions or a query; see `Expression.is_in`."""
    if isinstance(values, str | bytes | bytearray | memoryview) or getattr(type(values), "__iter__", None) is None:
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
    for of_type, convert in _converters:
        if isinstance(values, of_type) and isinstance(found := convert(values), Subquery):
            columns = found.query.output_columns()
            if columns is not None and len(columns) != 1:
                raise BuildError(
                    f"is_in takes a query of one column, not of {len(columns)}; tuple_(…).is_in(query) compares several"
                )
            return InQuery(term, found.query, is_negated=is_negated)
    raise BuildError(
        f"is_in takes several values or a query of one column, not {type(values).__name__}; one value goes into a list"
    )


def _escaped(text: Any, beside: Expression[Any], *, before: str = "", after: str = "") -> Term:
    """A pattern in which a text stands for itself."""
    if isinstance(text, str):
        escaped = text.replace("!", "!!").replace("%", "!%").replace("_", "!_")
        return Value(before + escaped + after, beside.value_type)
    term = operand(text)
    if isinstance(term, Value):
        raise BuildError(
            f"starts_with, ends_with and has_substring take a str or an expression, not {type(text).__name__}"
        )
    return EscapedPattern(term, before, after)


_NUMBERS: Final = ("int", "total", "decimal", "float")
_INTEGERS: Final = frozenset({"int", "total"})


def _type_of_arithmetic(operator: str, left: Term, right: Term) -> ValueType | None:
    one, other = known_type(left), known_type(right)
    if one is None or other is None or one.kind not in _NUMBERS or other.kind not in _NUMBERS:
        return None
    wider = max(one, other, key=lambda each: _NUMBERS.index(each.kind))
    return FLOAT if operator == "/" and wider.kind in _INTEGERS else wider


_combiners: dict[str | None, Callable[[str, Any, Any, Expression[Any]], Expression[Any]]] = {}


def combine_with(kind: str | None, function: Callable[[str, Any, Any, Expression[Any]], Expression[Any]]) -> None:
    """Let a function make the sums, differences and products of expressions of a kind that are no numbers.

    Args:
        kind: The kind of type; None for expressions whose type is not known.
        function: Given the operator, both sides as they came, and the one of them that is of the kind.
    """
    _combiners[kind] = function


def _combined(operator: str, left: Any, right: Any, beside: Expression[Any]) -> Expression[Any]:
    """Arithmetic of two sides, of which `beside` is one and the other is what a person wrote."""
    type_ = beside.value_type
    combine = _combiners.get(type_.kind if type_ is not None else None)
    if combine is not None:
        return combine(operator, left, right, beside)
    if left is beside:
        return Arithmetic(operator, left, operand(right, beside))
    return Arithmetic(operator, operand(left, beside), right)


def _of_text(operator: str, left: Any, right: Any, beside: Expression[Any]) -> Expression[Any]:
    if operator == "+":
        raise no_sum_of_texts(beside)
    return Arithmetic(operator, operand(left, beside), operand(right, beside))


def no_sum_of_texts(term: Term) -> BuildError:
    """What says that ``+`` adds numbers; MySQL, MariaDB and SQLite would take any text for one."""
    return BuildError(f"{name_of(term)} + a text: texts are put together by fn.concat(…), and numbers made by cast(…)")


combine_with("str", _of_text)


# -- functions that make expressions ----------------------------------------------------------------------------------


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


def param(name: str, annotation: type[T]) -> Expression[T]:
    """A named parameter, whose value of type `annotation` is given when the query runs.

    >>> from querykit import param, select
    >>> select(param("age", int).as_("age")).compile("sqlite").arguments({"age": 41})
    (41,)
    """
    if not isinstance(name, str) or not name.isidentifier():
        raise BuildError(f"a parameter's name is a Python identifier, not {name!r}")
    return Parameter(name, value_type(annotation))


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


def exists(query: Any) -> Condition:
    """Whether a query has a row.

    >>> from querykit import exists, select, select_from, table
    >>> pet = table("pet")
    >>> print(select(exists(select_from(pet).select(pet.id)).as_("any")).compile("postgres").sql)
    SELECT EXISTS (SELECT "pet"."id" FROM "pet") AS "any"
    """
    return Exists(query_of(query, "exists"))


def query_of(query: Any, where: str) -> Statement[Any, Any]:
    """A query of ours or of PyPika as our statement.

    Raises:
        BuildError: it is no query.
    """
    for of_type, convert in _converters:
        if isinstance(query, of_type) and isinstance(found := convert(query), Subquery):
            return found.query
    raise BuildError(f"{where} takes a query, not {type(query).__name__}")
