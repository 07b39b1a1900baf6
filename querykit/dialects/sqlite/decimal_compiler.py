"""Writing Decimals for SQLite: with our collation where they are compared, with our functions where they are added."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from querykit.builder.arithmetic import Arithmetic, Negative
from querykit.builder.comparisons import Between, Comparison
from querykit.builder.expressions import known_type
from querykit.builder.functions import Cast, FunctionCall
from querykit.dialects.expressions import ATOM, OTHER, visits
from querykit.dialects.sqlite.decimals import AGGREGATES, CAST, COLLATION, OPERATORS
from querykit.dialects.sqlite.operators import SQLiteOperators

if TYPE_CHECKING:
    from querykit.builder.expressions import Ordering
    from querykit.builder.query import Query


class DecimalCompiler(SQLiteOperators):
    """Writes expressions with Decimals in them; others as its base does."""

    def operand(self, term: Any, at_least: int) -> str:
        """An operand; that of a comparison with the collation that compares numbers."""
        if at_least == OTHER and is_decimal(term):
            return f"{super().operand(term, ATOM)} COLLATE {COLLATION}"
        return super().operand(term, at_least)

    @visits(Comparison)
    def visit_comparison(self, node: Comparison) -> str:
        """``a = b``."""
        if is_decimal(node.left):
            return f"{self.operand(node.left, OTHER)} {node.operator} {self.operand(node.right, OTHER)}"
        return super().visit_comparison(node)

    def visit_between(self, node: Between) -> str:
        """``a BETWEEN b AND c``."""
        if not is_decimal(node.term) or node.is_symmetric:
            return super().visit_between(node)
        term, lower, upper = (self.operand(each, OTHER) for each in (node.term, node.lower, node.upper))
        return f"{term} BETWEEN {lower} AND {upper}"

    def ordering(self, ordering: Ordering, query: Query[Any, Any] | None) -> str:
        """One key of ORDER BY."""
        if not is_decimal(ordering.term):
            return super().ordering(ordering, query)
        return self.placed_nulls(f"{self.ordered_term(ordering.term, query)} COLLATE {COLLATION}", ordering)

    @visits(Arithmetic)
    def visit_arithmetic(self, node: Arithmetic[Any]) -> str:
        """``QUERYKIT_ADD(a, b)``: SQLite would calculate with floats."""
        if not is_decimal(node):
            return super().visit_arithmetic(node)
        if node.operator not in OPERATORS:
            raise self.unsupported(f"{node.operator} of Decimals", "cast one side to float, or calculate in Python")
        return f"{OPERATORS[node.operator]}({self.visit(node.left)}, {self.visit(node.right)})"

    @visits(Negative)
    def visit_negative(self, node: Negative[Any]) -> str:
        """``-a``."""
        return f"{OPERATORS['-']}(0, {self.visit(node.term)})" if is_decimal(node) else super().visit_negative(node)

    @visits(FunctionCall)
    def visit_function(self, node: FunctionCall[Any]) -> str:
        """A function; aggregates of Decimals are ours."""
        if node.name in AGGREGATES and node.args and is_decimal(node.args[0]):
            node = node.__copy__()
            node.name = AGGREGATES[node.name]
        return super().visit_function(node)

    def arguments(self, node: FunctionCall[Any]) -> list[str]:
        """The arguments; the smallest and the largest of Decimals are found by our collation."""
        if node.name in {"MIN", "MAX", "GREATEST", "LEAST"}:
            return [self.operand(each, OTHER) for each in node.args]
        return super().arguments(node)

    @visits(Cast)
    def visit_cast(self, node: Cast[Any]) -> str:
        """``QUERYKIT_DECIMAL(a)`` where a Decimal is asked for."""
        return f"{CAST}({self.visit(node.term)})" if is_decimal(node) else super().visit_cast(node)


def is_decimal(term: Any) -> bool:
    """Whether a term is known to be a Decimal."""
    known = known_type(term)
    return known is not None and known.stored_kind == "decimal"
