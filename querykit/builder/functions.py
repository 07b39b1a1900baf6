"""Calls of functions, CAST and CASE, as data; `fn` and its subject modules make the calls."""

from __future__ import annotations

import re
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, Self, TypeVar, overload

from querykit.builder.compiled import Nested
from querykit.builder.expressions import Expression, known_type
from querykit.builder.json_paths import JsonExpression
from querykit.builder.logic import condition
from querykit.builder.operands import NULL, Subquery, operand, query_of
from querykit.builder.query import AllColumns, shape_of
from querykit.builder.value_types import DECIMAL, FLOAT, TOTAL, ValueType, value_type
from querykit.builder.windows import Window, orderings
from querykit.errors import BuildError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pypika.terms import Term

    from querykit.builder.expressions import Ordering
    from querykit.builder.windows import Frame

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

_FUNCTION_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*){0,2}")
_TYPE_NAME = re.compile(
    r"[A-Za-z_][A-Za-z0-9_]*( [A-Za-z_][A-Za-z0-9_]*){0,3}( ?\(\d{1,4}(, ?\d{1,4})?\))?( [a-z ]+)?(\[\])*"
)


class FunctionCall(Expression[T_co]):
    """A call of a function. Its methods return new calls, and leave this one as it is.

    Attributes:
        name: The function's name.
        args: Its arguments; `AllColumns` stands for the ``*`` of ``COUNT(*)``.
        is_known: Whether it is known to leave nothing in the session.
        is_spelled: Whether it is one of `fn`'s own, whose arguments dialects know, so that each writes it in its way.
        is_distinct: Whether DISTINCT stands before the arguments.
        orderings: The keys of ORDER BY within the parentheses.
        group_orderings: The keys of WITHIN GROUP.
        filter_predicates: The conditions of FILTER, which are ANDed.
        window: What stands after OVER, or None.
        is_trusted: Whether plugins that guard rows let it pass, whatever it may read.
    """

    is_distinct: bool = False
    orderings: tuple[Ordering, ...] = ()
    group_orderings: tuple[Ordering, ...] = ()
    filter_predicates: tuple[Term, ...] = ()
    window: Window | None = None
    is_spelled: bool = False
    is_trusted: bool = False

    def __init__(
        self, name: str, args: Sequence[Term | AllColumns], type_: ValueType | None = None, *, is_known: bool = False
    ) -> None:
        """Hold the name, the arguments and the type of the result."""
        self.name = name
        self.args = tuple(args)
        self.value_type = type_
        self.is_known = is_known

    @property
    def shape(self) -> ValueType | Nested | None:
        """The type of the result; of a COALESCE of nested rows, their shape."""
        return nullable_shape(self.args) if self.value_type is None and self.name == "COALESCE" else self.value_type

    def described(self) -> str:
        """What messages call it."""
        return f"{self.name}(…)"

    def trusted(self) -> Self:
        """Let it pass under `RowLevelSecurityPlugin`, which cannot see what a function outside `fn` reads.

        ``fn.call("word_similarity", person.name, "ada").trusted()``
        """
        return self._changed(is_trusted=True)

    def distinct(self) -> Self:
        """``COUNT(DISTINCT x)``: equal arguments once."""
        if any(type(each) is AllColumns for each in self.args):
            raise BuildError(
                "distinct() needs a term: fn.count(x).distinct(); rows are counted in a distinct sub-query"
            )
        return self._changed(is_distinct=True)

    def order_by(self, *terms: Any) -> Self:
        """``ARRAY_AGG(x ORDER BY y)``: the order in which an aggregate takes its rows; more calls add keys.

        >>> from querykit import fn, select_from, table
        >>> pet = table("pet")
        >>> names = fn.string_agg(pet.name, ", ").order_by(pet.name).as_("names")
        >>> print(select_from(pet).select(names).compile("mysql").sql)
        SELECT GROUP_CONCAT(`pet`.`name` ORDER BY `pet`.`name` SEPARATOR %s) AS `names` FROM `pet`

        Raises:
            UnsupportedError: when compiled for SQLite, which has it since 3.44 only: aggregate an ordered sub-query.
        """
        if not terms:
            raise BuildError("order_by() takes at least one term")
        return self._changed(orderings=self.orderings + orderings(terms, "order_by"))

    def within_group(self, *terms: Any) -> Self:
        """``PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY x)``: the rows of an aggregate that needs them in order.

        Raises:
            UnsupportedError: when compiled for a database other than PostgreSQL.
        """
        if not terms:
            raise BuildError("within_group() takes at least one term")
        keys = orderings(terms, "within_group")
        changed = self._changed(group_orderings=keys)
        if self.name in ("PERCENTILE_DISC", "MODE"):
            changed.value_type = known_type(keys[0].term)
        return changed

    def filter_where(self, *criteria: Any) -> Self:
        """``FILTER (WHERE …)``: only the rows that meet the conditions. MySQL and MariaDB write it as CASE.

        >>> from querykit import fn, select_from, table
        >>> pet = table("pet")
        >>> cats = fn.count(pet.id).filter_where(pet.species == "cat").as_("cats")
        >>> print(select_from(pet).select(cats).compile("postgres").sql)
        SELECT COUNT("pet"."id") FILTER (WHERE "pet"."species" = $1) AS "cats" FROM "pet"
        """
        if not criteria:
            raise BuildError("filter_where() takes at least one condition")
        predicates = tuple([condition(each, "filter_where") for each in criteria])
        return self._changed(filter_predicates=self.filter_predicates + predicates)

    def over(
        self, window: Window | None = None, *, partition_by: Any = (), order_by: Any = (), frame: Frame | None = None
    ) -> Self:
        """``OVER (PARTITION BY … ORDER BY … ROWS BETWEEN …)``: for each row, over the rows around it.

        >>> from querykit import fn, select_from, table
        >>> pet = table("pet")
        >>> place = fn.row_number().over(partition_by=pet.owner_id, order_by=pet.weight.desc()).as_("place")
        >>> print(select_from(pet).select(pet.name, place).compile("mysql").sql)  # doctest: +NORMALIZE_WHITESPACE
        SELECT `pet`.`name`,
          ROW_NUMBER() OVER (PARTITION BY `pet`.`owner_id` ORDER BY `pet`.`weight` DESC) AS `place` FROM `pet`

        Args:
            window: A window with a name, which the select declares with ``.window(w)``; the others add to it.
            partition_by: A term, or several in a list.
            order_by: A term, or several in a list.
            frame: `rows`, `range_` or `groups`.
        """
        if self.window is not None:
            raise BuildError(f"{self.described()} has its window already")
        return self._changed(window=Window(base=window, partition_by=partition_by, order_by=order_by, frame=frame))

    def _changed(self, **parts: Any) -> Self:
        changed = self.__copy__()
        changed.__dict__.update(parts)
        return changed


def call(name: str, *args: Any) -> FunctionCall[Any]:
    """A function by its name, with expressions and values as arguments.

    >>> from querykit import fn, select
    >>> print(select(fn.call("pg_catalog.initcap", "ada").as_("name")).compile("postgres").sql)
    SELECT pg_catalog.initcap($1::text) AS "name"

    Args:
        name: Letters, digits and underscores, schemas before dots; anything else is refused.
        args: Its arguments; values are bound.
    """
    if not isinstance(name, str) or not _FUNCTION_NAME.fullmatch(name):
        raise BuildError(f"a function's name is letters, digits and underscores, not {name!r}")
    return FunctionCall(name, [operand(each) for each in args])


def known(name: str, args: Sequence[Term | AllColumns], type_: ValueType | None = None) -> FunctionCall[Any]:
    """A call of one of `fn`'s own functions."""
    made: FunctionCall[Any] = FunctionCall(name, args, type_, is_known=True)
    made.is_spelled = True
    return made


def common_type(terms: Sequence[Any]) -> ValueType | None:
    """The type of a value that may be that of any of the terms: theirs if it is one, the wider of two numbers.

    NULL is of every type. None where one is not known, or where the database must find a common one.
    """
    types = [known_type(each) for each in terms if not _is_null(each)]
    first = types[0] if types else None
    if first is None or None in types:
        return None
    kinds = {type_.kind for type_ in types if type_ is not None}
    if len(kinds) == 1 and len({type_.python for type_ in types if type_ is not None}) == 1:
        return first
    for wider in (FLOAT, DECIMAL, TOTAL):
        if wider.kind in kinds and kinds <= _NARROWER[wider.kind]:
            return wider
    return None


_NARROWER: Final = {
    "float": frozenset({"float", "decimal", "int", "total"}),
    "decimal": frozenset({"decimal", "int", "total"}),
    "total": frozenset({"int", "total"}),
}


def _is_null(term: Any) -> bool:
    return getattr(term, "word", None) == "NULL"


class Cast(Expression[T_co]):
    """``CAST(term AS type)``: the type is a Python one, which every database writes in its own words, or a name."""

    def __init__(self, term: Term, type_: ValueType | None, type_name: str | None = None) -> None:
        """Hold the term and the type."""
        self.term = term
        self.value_type = type_
        self.type_name = type_name


def read_as(document: JsonExpression, type_: ValueType) -> Expression[Any]:
    """JSON cast to a type."""
    readings = {
        "int": document.as_int,
        "float": document.as_float,
        "decimal": document.as_decimal,
        "bool": document.as_bool,
    }
    if type_.kind in readings:
        return readings[type_.kind]()
    if type_.kind == "json":
        return document
    return document.as_text() if type_.kind == "str" else Cast(document.as_text(), type_)


@overload
def cast(term: Any, annotation: type[T]) -> Expression[T]: ...
@overload
def cast(term: Any, annotation: Any) -> Expression[Any]: ...
def cast(term: Any, annotation: Any) -> Expression[Any]:
    """``CAST``, to a Python type, or to a type of the database by its name.

    JSON is read as by `as_int` and its like, and its text is cast to other types.

    >>> from querykit import cast, select_from, table
    >>> pet = table("pet")
    >>> query = select_from(pet).select(cast(pet.age, str).as_("age"), cast(pet.weight, "numeric(6, 2)").as_("kg"))
    >>> print(query.compile("postgres").sql)
    SELECT CAST("pet"."age" AS text) AS "age", CAST("pet"."weight" AS numeric(6, 2)) AS "kg" FROM "pet"

    A float or Decimal becomes the int that Python's `int` makes of it, cut towards zero. A text that holds no number is
    an error on PostgreSQL, and the number at its beginning, or zero, on the others.

    Args:
        term: An expression or a value.
        annotation: A Python type, or the name of a type: letters, digits, a length in parentheses, ``[]``. What a name
            gives is decoded as the driver has it, unless ``.returns(T)`` says more.

    Raises:
        UnsupportedError: when compiled for a database without such a type.
    """
    if isinstance(annotation, str):
        if not _TYPE_NAME.fullmatch(annotation):
            raise BuildError(f"{annotation!r} is no name of a type: letters, digits, a length such as (10, 2), []")
        return Cast(operand(term), None, annotation)
    type_ = value_type(annotation)
    if type_ is None:
        raise BuildError("cast() takes a type that databases have, not Any")
    found = operand(term)
    return read_as(found, type_) if isinstance(found, JsonExpression) else Cast(found, type_)


def nullable_shape(terms: Iterable[Any]) -> Nested | None:
    """The shape of an expression that gives one of these terms, or NULL: that of nested rows, if all are such."""
    shapes = {shape_of(term) for term in terms if term is not NULL}
    if len(shapes) != 1 or not isinstance(shape := shapes.pop(), Nested):
        return None
    return shape._replace(is_nullable=True)


class Case(Expression[T_co]):
    """``CASE WHEN … THEN … ELSE … END``, or ``CASE x WHEN …``; each method returns a new one."""

    subject: Term | None = None
    branches: tuple[tuple[Term, Term], ...] = ()
    otherwise: Term | None = None

    @cached_property
    def value_type(self) -> ValueType | None:  # type: ignore[override]
        """The type that all branches have, looked for when somebody asks."""
        return common_type(self._values())

    def _values(self) -> list[Term]:
        values = [then for _, then in self.branches]
        return values if self.otherwise is None else [*values, self.otherwise]

    @property
    def shape(self) -> ValueType | Nested | None:
        """The type of every branch; where all give nested rows, their shape."""
        if self.value_type is not None:
            return self.value_type
        return nullable_shape(self._values())

    def when(self, criterion: Any, then: Any) -> Self:
        """Add a branch: the value where the condition holds, or where the subject of ``case(x)`` equals the value.

        >>> from querykit import case, select_from, table
        >>> pet = table("pet")
        >>> size = case().when(pet.weight > 30, "large").else_("small").as_("size")
        >>> print(select_from(pet).select(size).compile("mysql").sql)
        SELECT CASE WHEN `pet`.`weight` > %s THEN %s ELSE %s END AS `size` FROM `pet`
        """
        test = condition(criterion, "when") if self.subject is None else self._compared(criterion)
        return self._changed(branches=(*self.branches, (test, operand(then))))

    def else_(self, value: Any) -> Self:
        """The value where no branch fits; without it, NULL."""
        return self._changed(otherwise=operand(value))

    def _compared(self, value: Any) -> Term:
        if value is None:
            raise BuildError("CASE x WHEN NULL never holds, because NULL equals nothing: case().when(x == None, …)")
        return operand(value, self.subject)

    def _changed(self, **parts: Any) -> Self:
        changed = self.__copy__()
        changed.__dict__.pop("value_type", None)
        changed.__dict__.update(parts)
        return changed


def case(subject: Any = None) -> Case[Any]:
    """Start a CASE: of conditions, or of the values of `subject`.

    >>> from querykit import case, select_from, table
    >>> pet = table("pet")
    >>> sound = case(pet.species).when("cat", "meow").when("dog", "woof").as_("sound")
    >>> print(select_from(pet).select(sound).compile("sqlite").sql)
    SELECT CASE "pet"."species" WHEN ? THEN ? WHEN ? THEN ? END AS "sound" FROM "pet"
    """
    started: Case[Any] = Case()
    if subject is not None:
        started.subject = operand(subject)
    return started


def scalar_subquery(query: Any) -> Expression[Any]:
    """A query of one column as a value, with the operators of one; NULL where it has no row.

    As an argument (``pet.age > query``) a query is a value by itself; this is for where it comes first.

    >>> from querykit import fn, scalar_subquery, select_from, table
    >>> person, pet = table("person"), table("pet")
    >>> pets = select_from(pet).select(fn.count()).where(pet.owner_id == person.id)
    >>> print(select_from(person).select(person.name).where(scalar_subquery(pets) > 2).compile("sqlite").sql)
    SELECT "person"."name" FROM "person" WHERE (SELECT COUNT(*) FROM "pet" WHERE "pet"."owner_id" = "person"."id") > ?

    Raises:
        BuildError: it is no query, or one of several columns.
    """
    found = query_of(query, "scalar_subquery")
    columns = found.output_columns()
    if columns is not None and len(columns) != 1:
        raise BuildError(f"scalar_subquery() takes a query of one column, not of {len(columns)}")
    made: Subquery[Any] = Subquery(found)
    made.value_type = made.shape if isinstance(made.shape, ValueType) else None
    return made
