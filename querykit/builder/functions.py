"""``fn``: SQL functions, by their names in lower case, typed where their type is known."""

from __future__ import annotations

import re
from copy import copy
from typing import TYPE_CHECKING, Any, Self, TypeVar
from typing import cast as static_cast

from querykit.builder.compiled import Nested
from querykit.builder.expressions import NULL, Expression, condition, known_type, operand
from querykit.builder.json_paths import JsonExpression
from querykit.builder.query import AllColumns, shape_of
from querykit.builder.value_types import AVERAGE, DECIMAL, FLOAT, INT, STR, TOTAL, ValueType, value_type
from querykit.errors import BuildError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pypika.terms import Term

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

_FUNCTION_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*){0,2}")


class FunctionCall(Expression[T_co]):
    """A call of a function.

    Attributes:
        name: The function's name.
        args: Its arguments; `AllColumns` stands for the ``*`` of ``COUNT(*)``.
        is_known: Whether the function is one of `fn`'s own, of which it is known that it keeps no state.
        is_distinct: Whether DISTINCT stands before the arguments.
        filter_predicates: The conditions of FILTER, which are ANDed.
    """

    is_distinct: bool = False
    filter_predicates: tuple[Term, ...] = ()

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

    def distinct(self) -> Self:
        """``COUNT(DISTINCT x)``: equal arguments once."""
        changed = copy(self)
        changed.is_distinct = True
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
        changed = copy(self)
        changed.filter_predicates = self.filter_predicates + tuple(condition(each, "filter_where") for each in criteria)
        return changed


class fn:  # noqa: N801 - reads as SQL does: fn.count()
    """SQL functions: ``fn.count(person.id)`` is ``COUNT("person"."id")``. Any other goes through `fn.call`."""

    @staticmethod
    def call(name: str, *args: Any) -> FunctionCall[Any]:
        """A function by its name, with expressions and values as arguments.

        Args:
            name: Letters, digits and underscores, schemas before dots; anything else is refused.
            args: Its arguments; values are bound.
        """
        if not isinstance(name, str) or not _FUNCTION_NAME.fullmatch(name):
            raise BuildError(f"a function's name is letters, digits and underscores, not {name!r}")
        return FunctionCall(name, [operand(each) for each in args])

    @staticmethod
    def count(term: Any = None) -> FunctionCall[int]:
        """``COUNT(*)``, or of a term: the rows where it is not NULL."""
        return _known("COUNT", [AllColumns(None) if term is None else operand(term)], INT)

    @staticmethod
    def sum(term: Any) -> FunctionCall[Any]:
        """``SUM``: NULL where there is no row. Of integers an int, of Decimals a Decimal, of floats a float."""
        return _known("SUM", [operand(term)], _SUMS.get(_kind(term)))

    @staticmethod
    def avg(term: Any) -> FunctionCall[Any]:
        """``AVG``: NULL where there is no row. Of Decimals a Decimal, of integers and floats a float.

        How many digits a server gives is its own: MySQL and MariaDB four more than the column has.
        """
        return _known("AVG", [operand(term)], _AVERAGES.get(_kind(term)))

    @staticmethod
    def min(term: Expression[T]) -> FunctionCall[T | None]:
        """``MIN``: NULL where there is no row."""
        return _known("MIN", [operand(term)], known_type(term))

    @staticmethod
    def max(term: Expression[T]) -> FunctionCall[T | None]:
        """``MAX``: NULL where there is no row."""
        return _known("MAX", [operand(term)], known_type(term))

    @staticmethod
    def coalesce(term: Expression[T], *others: Any) -> FunctionCall[T]:
        """``COALESCE``: the first that is not NULL."""
        args = [operand(term), *(operand(each, term) for each in others)]
        kinds = {known.kind if (known := known_type(each)) else None for each in args}
        return _known("COALESCE", args, known_type(term) if len(kinds) == 1 else None)

    @staticmethod
    def lower(term: Any) -> FunctionCall[str]:
        """``LOWER``."""
        return _known("LOWER", [operand(term)], STR)

    @staticmethod
    def upper(term: Any) -> FunctionCall[str]:
        """``UPPER``."""
        return _known("UPPER", [operand(term)], STR)

    @staticmethod
    def length(term: Any) -> FunctionCall[int]:
        """The number of characters: ``LENGTH``, ``CHAR_LENGTH`` on MySQL and MariaDB, whose LENGTH counts bytes."""
        return _known("LENGTH", [operand(term)], INT)


_SUMS: dict[str | None, ValueType] = {"int": TOTAL, "total": TOTAL, "decimal": DECIMAL, "float": FLOAT, "average": FLOAT}
_AVERAGES: dict[str | None, ValueType] = {"int": AVERAGE, "total": AVERAGE, "decimal": DECIMAL, "float": FLOAT, "average": FLOAT}


def _kind(term: Any) -> str | None:
    known = known_type(term)
    return None if known is None else known.kind


def _known(name: str, args: Sequence[Term | AllColumns], type_: ValueType | None = None) -> FunctionCall[Any]:
    return FunctionCall(name, args, type_, is_known=True)


class Cast(Expression[T_co]):
    """``CAST(term AS type)``: the type is a Python one, which every database writes in its own words."""

    def __init__(self, term: Term, type_: ValueType) -> None:
        """Hold the term and the type."""
        self.term = term
        self.value_type = type_


def read_as(document: JsonExpression, type_: ValueType) -> Expression[Any]:
    """JSON cast to a type."""
    readings = {"int": document.as_int, "float": document.as_float, "decimal": document.as_decimal, "bool": document.as_bool}
    if type_.kind in readings:
        return readings[type_.kind]()
    if type_.kind == "json":
        return document
    return document.as_text() if type_.kind == "str" else Cast(document.as_text(), type_)


def cast(term: Any, annotation: type[T]) -> Expression[T]:
    """``CAST``, to a Python type. JSON is read as by `as_int` and its like, and its text is cast to other types.

    >>> from querykit import cast, select_from, table
    >>> pet = table("pet")
    >>> print(select_from(pet).select(cast(pet.age, str).as_("age")).compile("postgres").sql)
    SELECT CAST("pet"."age" AS text) AS "age" FROM "pet"
    """
    type_ = value_type(annotation)
    if type_ is None:
        raise BuildError("cast() takes a type that databases have, not Any")
    found = operand(term)
    return static_cast("Expression[T]", read_as(found, type_)) if isinstance(found, JsonExpression) else Cast(found, type_)


def nullable_shape(terms: Iterable[Any]) -> Nested | None:
    """The shape of an expression that gives one of these terms, or NULL: that of nested rows, if all are such."""
    shapes = {shape_of(term) for term in terms if term is not NULL}
    if len(shapes) != 1 or not isinstance(shape := shapes.pop(), Nested):
        return None
    return shape._replace(is_nullable=True)


class Case(Expression[T_co]):
    """``CASE WHEN … THEN … ELSE … END``; each method returns a new one."""

    branches: tuple[tuple[Term, Term], ...] = ()
    otherwise: Term | None = None

    @property
    def shape(self) -> ValueType | Nested | None:
        """The type of every branch; where all give nested rows, their shape."""
        if self.value_type is not None:
            return self.value_type
        values = [then for _, then in self.branches]
        return nullable_shape(values if self.otherwise is None else [*values, self.otherwise])

    def when(self, criterion: Any, then: Any) -> Self:
        """Add a branch: the value where the condition holds.

        >>> from querykit import case, select_from, table
        >>> pet = table("pet")
        >>> size = case().when(pet.weight > 30, "large").else_("small").as_("size")
        >>> print(select_from(pet).select(size).compile("mysql").sql)
        SELECT CASE WHEN `pet`.`weight` > %s THEN %s ELSE %s END AS `size` FROM `pet`
        """
        return self._changed(branches=(*self.branches, (condition(criterion, "when"), operand(then))))

    def else_(self, value: Any) -> Self:
        """The value where no condition holds; without it, NULL."""
        return self._changed(otherwise=operand(value))

    def _changed(self, **parts: Any) -> Self:
        changed = copy(self)
        changed.__dict__.update(parts)
        values = [then for _, then in changed.branches] + ([changed.otherwise] if changed.otherwise is not None else [])
        types = [known_type(each) for each in values]
        same = types[0] is not None and all(each is not None and each.kind == types[0].kind for each in types)
        changed.value_type = types[0] if same else None
        return changed


def case() -> Case[Any]:
    """Start a CASE; see `Case.when`."""
    return Case()
