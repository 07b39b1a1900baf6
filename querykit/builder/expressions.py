"""Expressions: PyPika terms with safe operators, typed where their type is known.

Every class of the builder's expressions is data for the compilers: it holds its operands and knows its type, and writes
no SQL.
"""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING, Any, Generic, Literal, NoReturn, Self, TypeVar, overload
from typing import cast as static_cast

from pypika.terms import Criterion, Term

from querykit.builder.value_types import BOOL, ValueType, value_type
from querykit.errors import BuildError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from querykit.builder.arithmetic import Arithmetic, Negative
    from querykit.builder.comparisons import Between, Comparison, NullTest
    from querykit.builder.compiled import Nested
    from querykit.builder.json_paths import JsonExpression, JsonPath
    from querykit.builder.patterns import Collated, Like
    from querykit.builder.statement import Statement

    Operand = Any
    """A value, an expression, a PyPika term or a query of one column."""

T_co = TypeVar("T_co", covariant=True)
T = TypeVar("T")


class Nodes:
    """What operators make their results with.

    The results are expressions themselves, so their modules stand on this one: each enters here what operators need.
    """

    operand: Callable[[Any, Term | None], Term]
    comparison: type[Comparison]
    null_test: type[NullTest]
    distinction: Callable[..., Condition]
    between: type[Between]
    membership: Callable[..., Condition]
    like: type[Like]
    escaped: Callable[..., Term]
    collated: type[Collated[Any]]
    and_: Callable[..., Condition]
    or_: Callable[..., Condition]
    not_: Callable[[Any], Condition]
    combined: Callable[[str, Any, Any, Expression[Any]], Expression[Any]]
    arithmetic: type[Arithmetic[Any]]
    negative: type[Negative[Any]]
    json_path: Callable[[Expression[Any], Any], JsonPath]
    json_document: Callable[[Expression[Any]], JsonExpression]


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

    def __format__(self, spec: str) -> NoReturn:
        """Refuse: in an f-string it would be no SQL."""
        raise TypeError(
            f'{type(self).__name__} has no text for an f-string: sql("… {{}} …", expression) takes it as it is, '
            "and {expression!r} says what it is"
        )

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

    @overload
    def returns(self, annotation: type[T]) -> Expression[T]: ...
    @overload
    def returns(self, annotation: Any) -> Expression[Any]: ...
    def returns(self, annotation: Any) -> Expression[Any]:
        """The same expression, decoded as `annotation`; no SQL is written for it.

        Use it where querykit cannot know the type: ``fn.call("jsonb_path_query_first", …).returns(Json)``.
        """
        typed = copy(self)
        typed.value_type = value_type(annotation)
        return static_cast("Expression[Any]", typed)

    # -- JSON ---------------------------------------------------------------------------------------------------------

    def __getitem__(self, key: str | int) -> JsonPath:  # type: ignore[override]
        """A step into JSON, of an expression that is JSON or of unknown type; see `JsonExpression.__getitem__`."""
        return Nodes.json_path(self, key)

    def as_json(self) -> JsonExpression:
        """A text that holds JSON, as JSON: it can be stepped into, and is decoded.

        >>> from querykit import select_from, table
        >>> event = table("event")
        >>> print(select_from(event).select(event.payload.as_json()["id"].as_("id")).compile("postgres").sql)
        SELECT "event"."payload"::jsonb -> $1::text AS "id" FROM "event"
        """
        return Nodes.json_document(self)

    # -- comparisons --------------------------------------------------------------------------------------------------

    def __eq__(self, other: object) -> Condition:  # type: ignore[override]
        """``=``, and ``IS NULL`` when compared with None."""
        if isinstance(other, Expression):  # nearly always a column of the same kind, which needs no closer look
            own, given = self.value_type, other.value_type
            if own is not None and given is not None and own.family == given.family:
                return Nodes.comparison("=", self, other)
        return Nodes.null_test(self) if other is None else Nodes.comparison("=", self, Nodes.operand(other, self))

    def __ne__(self, other: object) -> Condition:  # type: ignore[override]
        """``<>``, and ``IS NOT NULL`` when compared with None."""
        if other is None:
            return Nodes.null_test(self, is_negated=True)
        return Nodes.comparison("<>", self, Nodes.operand(other, self))

    def __lt__(self, other: Operand) -> Condition:  # type: ignore[override]
        """``<``."""
        return Nodes.comparison("<", self, Nodes.operand(other, self))

    def __le__(self, other: Operand) -> Condition:  # type: ignore[override]
        """``<=``."""
        return Nodes.comparison("<=", self, Nodes.operand(other, self))

    def __gt__(self, other: Operand) -> Condition:  # type: ignore[override]
        """``>``."""
        return Nodes.comparison(">", self, Nodes.operand(other, self))

    def __ge__(self, other: Operand) -> Condition:  # type: ignore[override]
        """``>=``."""
        return Nodes.comparison(">=", self, Nodes.operand(other, self))

    def is_null(self) -> Condition:
        """``IS NULL``."""
        return Nodes.null_test(self)

    def is_not_null(self) -> Condition:
        """``IS NOT NULL``."""
        return Nodes.null_test(self, is_negated=True)

    def is_distinct_from(self, other: Operand) -> Condition:
        """Not equal, where NULL equals NULL and nothing else.

        PostgreSQL writes ``IS DISTINCT FROM``, MySQL and MariaDB ``NOT (a <=> b)``, SQLite ``IS NOT``.
        """
        return Nodes.distinction(self, other)

    def is_not_distinct_from(self, other: Operand) -> Condition:
        """Equal, where NULL equals NULL and nothing else."""
        return Nodes.distinction(self, other, is_negated=True)

    def between(self, lower: Operand, upper: Operand, *, symmetric: bool = False) -> Condition:  # type: ignore[override]
        """``BETWEEN lower AND upper``, both included; with `symmetric`, whichever of them is the lower."""
        return Nodes.between(self, Nodes.operand(lower, self), Nodes.operand(upper, self), is_symmetric=symmetric)

    def is_in(self, values: Iterable[Any] | Statement[Any, Any]) -> Condition:
        """``IN``: equal to one of the values, or of the rows of a query with one column.

        No values is false; None among them means ``IS NULL``. The SQL does not change with the number of values on
        PostgreSQL, and only with the next power of two elsewhere.
        """
        return Nodes.membership(self, values)

    def not_in(self, values: Iterable[Any] | Statement[Any, Any]) -> Condition:
        """The opposite of `is_in`: no values is true; None among them means ``IS NOT NULL``."""
        return Nodes.membership(self, values, is_negated=True)

    def like(self, pattern: Operand) -> Condition:  # type: ignore[override]
        """``LIKE``: `%` stands for any text, `_` for one character. Case counts as the database has it."""
        return Nodes.like(self, Nodes.operand(pattern, self))

    def not_like(self, pattern: Operand) -> Condition:  # type: ignore[override]
        """``NOT LIKE``."""
        return Nodes.like(self, Nodes.operand(pattern, self), is_negated=True)

    def ilike(self, pattern: Operand) -> Condition:  # type: ignore[override]
        """``LIKE`` without regard to case: ``ILIKE`` on PostgreSQL, both sides in lower case elsewhere."""
        return Nodes.like(self, Nodes.operand(pattern, self), ignores_case=True)

    def not_ilike(self, pattern: Operand) -> Condition:  # type: ignore[override]
        """The opposite of `ilike`."""
        return Nodes.like(self, Nodes.operand(pattern, self), ignores_case=True, is_negated=True)

    def starts_with(self, text: str | Expression[str]) -> Condition:
        """Whether it begins with `text`, a str or an expression, in which ``%`` and ``_`` mean themselves."""
        return Nodes.like(self, Nodes.escaped(text, self, after="%"), has_escapes=True)

    def ends_with(self, text: str | Expression[str]) -> Condition:
        """Whether it ends with `text`, a str or an expression, in which ``%`` and ``_`` mean themselves."""
        return Nodes.like(self, Nodes.escaped(text, self, before="%"), has_escapes=True)

    def has_substring(self, text: str | Expression[str]) -> Condition:
        """Whether `text`, a str or an expression, stands somewhere in it; ``%`` and ``_`` mean themselves."""
        return Nodes.like(self, Nodes.escaped(text, self, before="%", after="%"), has_escapes=True)

    # -- logic --------------------------------------------------------------------------------------------------------

    def __and__(self, other: Operand) -> Condition:  # type: ignore[override]
        """``AND``."""
        return Nodes.and_(self, other)

    def __rand__(self, other: Operand) -> Condition:
        """``AND``, with something of PyPika on the left."""
        return Nodes.and_(other, self)

    def __or__(self, other: Operand) -> Condition:  # type: ignore[override]
        """``OR``."""
        return Nodes.or_(self, other)

    def __ror__(self, other: Operand) -> Condition:
        """``OR``, with something of PyPika on the left."""
        return Nodes.or_(other, self)

    def __invert__(self) -> Condition:  # type: ignore[override]
        """``NOT``."""
        return Nodes.not_(self)

    # -- arithmetic ---------------------------------------------------------------------------------------------------

    def __add__(self, other: Operand) -> Expression[Any]:  # type: ignore[override]
        """``+``; a date or time takes a timedelta or an `Interval`, and stays of its type."""
        return Nodes.combined("+", self, other, self)

    def __radd__(self, other: Operand) -> Expression[Any]:  # type: ignore[override]
        """``+``, with a value on the left."""
        return Nodes.combined("+", other, self, self)

    def __sub__(self, other: Operand) -> Expression[Any]:  # type: ignore[override]
        """``-``; the difference of two dates or times is a timedelta."""
        return Nodes.combined("-", self, other, self)

    def __rsub__(self, other: Operand) -> Expression[Any]:  # type: ignore[override]
        """``-``, with a value on the left."""
        return Nodes.combined("-", other, self, self)

    def __mul__(self, other: Operand) -> Expression[Any]:  # type: ignore[override]
        """``*``."""
        return Nodes.combined("*", self, other, self)

    def __rmul__(self, other: Operand) -> Expression[Any]:  # type: ignore[override]
        """``*``, with a value on the left."""
        return Nodes.combined("*", other, self, self)

    def __truediv__(self, other: Operand) -> Expression[Any]:  # type: ignore[override]
        """``/``: of two integers a float on every database, as in Python; `fn.div` gives the whole part.

        Where the types are not known, as the database divides: of integers, PostgreSQL and SQLite give the whole part,
        MySQL a decimal. Division by zero is an error on PostgreSQL, NULL elsewhere; divide by ``fn.nullif(b, 0)``.
        """
        return Nodes.combined("/", self, other, self)

    def __rtruediv__(self, other: Operand) -> Expression[Any]:  # type: ignore[override]
        """``/``, with a value on the left."""
        return Nodes.combined("/", other, self, self)

    def __mod__(self, other: Operand) -> Expression[Any]:  # type: ignore[override]
        """``%``: the remainder, with the sign of the left side on every database (Python: of the right)."""
        return Nodes.combined("%", self, other, self)

    def __rmod__(self, other: Operand) -> Expression[Any]:
        """``%``, with a value on the left."""
        return Nodes.combined("%", other, self, self)

    # -- bits ---------------------------------------------------------------------------------------------------------

    def bitwise_and(self, other: Operand) -> Expression[Any]:
        """``&``: the bits that both integers have."""
        return Nodes.arithmetic("&", self, Nodes.operand(other, self))

    def bitwise_or(self, other: Operand) -> Expression[Any]:
        """``|``: the bits that one of the integers has."""
        return Nodes.arithmetic("|", self, Nodes.operand(other, self))

    def bitwise_xor(self, other: Operand) -> Expression[Any]:
        """The bits that only one of the integers has: ``#`` on PostgreSQL, ``^`` on MySQL and MariaDB."""
        return Nodes.arithmetic("#", self, Nodes.operand(other, self))

    def bitwise_not(self) -> Expression[Any]:
        """Every bit turned: ``-x - 1``."""
        return Nodes.arithmetic("#", self, Nodes.operand(-1, self))

    def __lshift__(self, other: Operand) -> Expression[Any]:  # type: ignore[override]
        """``<<``: the bits moved left, within 64."""
        return Nodes.arithmetic("<<", self, Nodes.operand(other, self))

    def __rshift__(self, other: Operand) -> Expression[Any]:  # type: ignore[override]
        """``>>``: the bits moved right; the sign stays."""
        return Nodes.arithmetic(">>", self, Nodes.operand(other, self))

    def __neg__(self) -> Expression[T_co]:  # type: ignore[override]
        """The negative."""
        return Nodes.negative(self)

    # -- order --------------------------------------------------------------------------------------------------------

    def collate(self, name: str) -> Expression[T_co]:
        """``COLLATE``: how its text is compared and sorted. The names are the database's own, and are quoted.

        >>> from querykit import select_from, table
        >>> pet = table("pet")
        >>> print(select_from(pet).select(pet.id).order_by(pet.name.collate("C")).compile("postgres").sql)
        SELECT "pet"."id" FROM "pet" ORDER BY "pet"."name" COLLATE "C"
        """
        return Nodes.collated(self, name)

    def asc(self, *, nulls: Literal["first", "last"] | None = None) -> Ordering:
        """Smallest first, for `order_by`. `nulls` says where NULLs stand; without it, where the database puts them."""
        return Ordering(self, "ASC", nulls)

    def desc(self, *, nulls: Literal["first", "last"] | None = None) -> Ordering:
        """Largest first, for `order_by`. `nulls` says where NULLs stand; without it, where the database puts them."""
        return Ordering(self, "DESC", nulls)


class Condition(Expression[bool]):
    """An expression that is true, false or NULL."""

    value_type = BOOL


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


def known_type(term: Any) -> ValueType | None:
    """The type of a term's value, where it is known; PyPika's own terms have none."""
    return term.value_type if isinstance(term, Expression) else None


def name_of(term: Any) -> str:
    """What messages call a term."""
    if (name := getattr(type(term), "described", None)) is not None:
        return str(name(term))
    return f"the expression {term.alias!r}" if isinstance(term, Expression) and term.alias else "the expression"


def checked_alias(alias: str) -> str:
    """A name in a result: a str that is not empty.

    Raises:
        BuildError: it is something else.
    """
    if not isinstance(alias, str) or not alias:
        raise BuildError(f"an alias is a name that is not empty, not {alias!r}")
    return alias
