"""Arrays and ranges, which PostgreSQL has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal, get_args
from typing import cast as static_cast

from querykit.builder.expressions import Condition, Expression, known_type
from querykit.builder.functions import FunctionCall, known
from querykit.builder.operands import NULL, Value, operand
from querykit.builder.value_types import INT, list_of, type_of
from querykit.errors import BuildError

if TYPE_CHECKING:
    from pypika.terms import Term

RangeKind = Literal["int4range", "int8range", "numrange", "daterange", "tsrange", "tstzrange"]
_RANGES: Final = get_args(RangeKind)
_BOUNDS: Final = ("[)", "[]", "(]", "()")


class ArrayItems(Expression[Any]):
    """``ARRAY[a, b]``, or one parameter for the whole array where every item is a value."""

    def __init__(self, items: tuple[Term, ...], whole: Value[Any] | None = None) -> None:
        """Hold the items, or the whole as a value."""
        self.items = items
        self.whole = whole
        if whole is not None:
            self.value_type = whole.value_type
        else:
            types = {known_type(each) for each in items}
            item = types.pop() if len(types) == 1 else None
            self.value_type = None if item is None else list_of(item)


class ArrayTest(Condition):
    """``a @> b``, ``a <@ b``, ``a && b``: of arrays and of ranges."""

    def __init__(self, operator: Literal["@>", "<@", "&&"], left: Term, right: Term) -> None:
        """Hold both sides."""
        self.operator = operator
        self.left = left
        self.right = right


class Element(Expression[Any]):
    """``(a)[i]``: an item of an array."""

    def __init__(self, term: Term, place: Term) -> None:
        """Hold the array and the place, counted from one."""
        self.term = term
        self.place = place
        type_ = known_type(term)
        self.value_type = None if type_ is None else type_.item


def array(*items: Any) -> Expression[Any]:
    """``ARRAY[a, b]``; of values alone one parameter.

    >>> from querykit import fn, select_from, table
    >>> pet = table("pet")
    >>> print(select_from(pet).select(fn.array(pet.name, pet.species).as_("words")).compile("postgres").sql)
    SELECT ARRAY["pet"."name", "pet"."species"] AS "words" FROM "pet"

    Raises:
        UnsupportedError: when compiled for a database other than PostgreSQL.
    """
    terms = tuple([operand(each) for each in items])
    if all(type(each) is Value or each is NULL for each in terms):
        values = [None if each is NULL else static_cast("Value[Any]", each).value for each in terms]
        return ArrayItems((), Value(values, type_of(values)))
    return ArrayItems(terms)


def contains(container: Any, items: Any) -> Condition:
    """``@>``: whether an array has all items of another, or a range all of another range or one value. PostgreSQL."""
    return _test("@>", container, items)


def contained_by(items: Any, container: Any) -> Condition:
    """``<@``: whether all items of an array are in another, or a range or value in a range. PostgreSQL."""
    return _test("<@", items, container)


def overlaps(one: Any, other: Any) -> Condition:
    """``&&``: whether two arrays have an item in common, or two ranges a value. PostgreSQL."""
    return _test("&&", one, other)


def element(term: Any, place: Any) -> Expression[Any]:
    """``(x)[2]``: an item of an array, counted from one; NULL where there is none. PostgreSQL."""
    return Element(operand(term), Value(place, INT) if type(place) is int else operand(place))


def cardinality(term: Any) -> FunctionCall[int]:
    """``CARDINALITY(x)``: the number of items of an array. PostgreSQL."""
    return known("CARDINALITY", [operand(term)], INT)


def range_of(
    kind: RangeKind, lower: Any, upper: Any, bounds: Literal["[)", "[]", "(]", "()"] = "[)"
) -> FunctionCall[Any]:
    """``DATERANGE(a, b, '[)')``: from one value to another; None is without end. PostgreSQL.

    Args:
        kind: ``"int4range"``, ``"int8range"``, ``"numrange"``, ``"daterange"``, ``"tsrange"`` or ``"tstzrange"``.
        lower: Where it begins.
        upper: Where it ends.
        bounds: Which of both is in it: ``[`` and ``]`` are, ``(`` and ``)`` are not.
    """
    if kind not in _RANGES or bounds not in _BOUNDS:
        raise BuildError(f"range_of() takes one of {', '.join(_RANGES)} and of {' '.join(_BOUNDS)}")
    return known(f"{kind.upper()} {bounds}", [operand(lower), operand(upper)])


def _test(operator: Literal["@>", "<@", "&&"], left: Any, right: Any) -> Condition:
    return ArrayTest(operator, operand(_plain(left)), operand(_plain(right)))


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple | set | frozenset) else value
