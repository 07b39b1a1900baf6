"""Arithmetic, and what other kinds of expressions do with its operators."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeVar

from querykit.builder.expressions import Expression, Nodes, known_type, name_of
from querykit.builder.operands import operand
from querykit.builder.value_types import FLOAT
from querykit.errors import BuildError

if TYPE_CHECKING:
    from collections.abc import Callable

    from pypika.terms import Term

    from querykit.builder.value_types import ValueType

T_co = TypeVar("T_co", covariant=True)


class Arithmetic(Expression[T_co]):
    """``left + right`` and its like."""

    def __init__(self, operator: str, left: Term, right: Term) -> None:
        """Hold the operator as SQL writes it, and both sides."""
        self.operator = operator
        self.left = left
        self.right = right
        self.value_type = _wider_type(operator, left, right)


class Negative(Expression[T_co]):
    """``-term``."""

    def __init__(self, term: Term) -> None:
        """Hold the term."""
        self.term = term
        self.value_type = type_ = known_type(term)
        if type_ is not None and type_.kind in ("str", "bool", "json", "bytes", "uuid", "date", "datetime", "instant"):
            raise BuildError(f"{name_of(term)} is of type {type_}, which has no negative")


_NUMBERS: Final = ("int", "total", "decimal", "float")
_INTEGERS: Final = frozenset({"int", "total"})


def _wider_type(operator: str, left: Term, right: Term) -> ValueType | None:
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


def combined(operator: str, left: Any, right: Any, beside: Expression[Any]) -> Expression[Any]:
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

Nodes.arithmetic, Nodes.negative, Nodes.combined = Arithmetic, Negative, combined
