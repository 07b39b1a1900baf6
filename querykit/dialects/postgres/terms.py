"""PostgreSQL's own expressions: arrays, intervals, JSON operators, and values that are typed as literals would be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from querykit.builder.operands import Value
from querykit.builder.value_types import FLOAT, INT
from querykit.dialects.compiler import Compiler
from querykit.dialects.expressions import ATOM, Written, is_value

if TYPE_CHECKING:
    from querykit.builder.arithmetic import Arithmetic
    from querykit.builder.arrays import ArrayItems
    from querykit.builder.pypika_nodes import AtTimeZone, IntervalParts, Operation
    from querykit.builder.value_types import ValueType

_INTEGERS = range(-(2**31), 2**31)


class PostgresTerms(Compiler):
    """Writes the expressions that PostgreSQL has and others have not."""

    operations: ClassVar = {each: each for each in ("#>", "#>>", "?", "?&", "?|", "@>", "<@")}

    parameter_types: Written[ValueType | None, str | None]
    """The types that parameters are cast to, by the types of their values; None leaves it to the server."""

    def __init_subclass__(cls) -> None:
        """Begin with no type looked up."""
        super().__init_subclass__()
        cls.parameter_types = Written(cls.parameter_type)

    @classmethod
    def parameter_type(cls, type_: ValueType | None) -> str | None:
        """The type that a parameter is cast to."""
        if type_ is None:
            return None
        if type_.item is not None:
            item = cls.parameter_type(type_.item)
            return None if item is None else f"{item}[]"
        return cls.cast_types.get(type_.stored.kind if type_.stored else type_.kind)

    def cast_type(self, type_: ValueType | None) -> str:
        """What CAST calls a type; that of a list is an array."""
        found = self.parameter_types[type_] if type_ is not None and type_.item is not None else None
        return found or super().cast_type(type_)

    def literal(self, term: Any) -> str:
        """A value with the type that PostgreSQL gives to the literal: a function that takes integer takes no bigint."""
        if type(term) is not Value:
            return self.typed(term)
        return f"{self.visit(term)}::integer" if _is_integer(term.value) else self.typed(term)

    def visit_arithmetic(self, node: Arithmetic[Any]) -> str:
        """``a << $1``: the number of places is an integer, and no bigint."""
        if node.operator not in ("<<", ">>") or not is_value(node.right):
            return super().visit_arithmetic(node)
        left = self.typed(node.left) if is_value(node.left) else self.operand(node.left, ATOM)
        return f"{left} {node.operator} {self.literal(node.right)}"

    def visit_operation(self, node: Operation[Any]) -> str:
        """``a #> b``; text on the right of a path operator is a path's text."""
        if node.operator not in self.operations:
            return super().visit_operation(node)
        left = self.typed(node.left) if is_value(node.left) else self.operand(node.left, ATOM)
        right = self.literal(node.right) if is_value(node.right) else self.operand(node.right, ATOM)
        if is_value(node.right) and node.operator in ("#>", "#>>"):
            right += "::text[]"
        return f"{left} {node.operator} {right}"

    def visit_array_items(self, node: ArrayItems) -> str:
        """``ARRAY[a, b]``, or one parameter for a whole array of values."""
        if node.whole is None:
            return f"ARRAY[{', '.join([self.literal(each) for each in node.items])}]"
        is_short = all(_is_integer(each) for each in node.whole.value)
        return f"{self.visit(node.whole)}::integer[]" if is_short and node.whole.value else self.typed(node.whole)

    def visit_interval_parts(self, node: IntervalParts[Any]) -> str:
        """``MAKE_INTERVAL(days => $1)``."""
        given = dict(node.parts)
        seconds = given.pop("SECOND", None), given.pop("MICROSECOND", None)
        args = [f"{_ARGUMENTS[unit]} => {self.bind(count, INT)}::integer" for unit, count in given.items()]
        if seconds != (None, None):
            total = (seconds[0] or 0) + (seconds[1] or 0) / 1_000_000
            args.append(f"secs => {self.bind(total, FLOAT)}::double precision")
        return f"MAKE_INTERVAL({', '.join(args)})"

    def visit_at_time_zone(self, node: AtTimeZone[Any]) -> str:
        """``a AT TIME ZONE $1``."""
        zone = self.typed(node.zone) + ("::interval" if node.is_offset else "")
        return f"{self.operand(node.term, ATOM)} AT TIME ZONE {zone}"


_ARGUMENTS = {"YEAR": "years", "MONTH": "months", "DAY": "days", "HOUR": "hours", "MINUTE": "mins"}


def _is_integer(value: object) -> bool:
    return type(value) is int and value in _INTEGERS
