"""Writing operators that databases disagree about: division, bits, collations, durations, rows of values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from querykit.builder.arithmetic import Arithmetic
from querykit.builder.arrays import ArrayItems, ArrayTest, Element
from querykit.builder.comparisons import Between
from querykit.builder.expressions import known_type
from querykit.builder.full_text import TextMatch
from querykit.builder.intervals import DateDifference, DateShift, Interval
from querykit.builder.operands import Subquery
from querykit.builder.patterns import Collated, EscapedPattern, Like
from querykit.builder.tuples import Quantified, TupleComparison, TupleList, TupleValue
from querykit.builder.value_types import INT
from querykit.dialects.expressions import ATOM, BINDING, COMPARISON, OTHER, ExpressionCompiler, binding, visits
from querykit.errors import CompileError

if TYPE_CHECKING:
    from querykit.builder.value_types import ValueType

for _node in (TupleComparison, TupleList, TextMatch):
    BINDING[_node] = COMPARISON

INTEGERS = frozenset({"int", "total"})
BITS = frozenset({"&", "|", "#", "<<", ">>"})


def kind_of(term: Any) -> str | None:
    """The kind of a term's type, where it is known."""
    type_: ValueType | None = known_type(term)
    return None if type_ is None else type_.stored_kind


class OperatorCompiler(ExpressionCompiler):
    """Writes the operators whose meaning must be the same everywhere."""

    float_type: ClassVar[str] = "DOUBLE PRECISION"
    """What CAST calls a float."""

    @visits(Arithmetic)
    def visit_arithmetic(self, node: Arithmetic[Any]) -> str:
        """``a + b``; integers are divided as floats."""
        operator = node.operator
        if operator in BITS:
            return self.bits(operator, node.left, node.right)
        if operator == "/" and kind_of(node.left) in INTEGERS and kind_of(node.right) in INTEGERS:
            left = f"CAST({self.visit(node.left)} AS {self.float_type})"
            return f"{left} / {self.operand(node.right, binding(node) + 1)}"
        return super().visit_arithmetic(node)

    def bits(self, operator: str, left: Any, right: Any) -> str:
        """``a & b``: where such operators bind differs, so that their operands are atoms."""
        one, other = self.beside(left, right, ATOM)
        return f"{one} {operator} {other}"

    @visits(Collated)
    def visit_collated(self, node: Collated[Any]) -> str:
        """``a COLLATE "name"``."""
        return f"{self.operand(node.term, ATOM)} COLLATE {self.names[node.name]}"

    @visits(Between)
    def visit_between(self, node: Between) -> str:
        """``a BETWEEN b AND c``; of bounds in either order, the lesser and the greater."""
        if not node.is_symmetric:
            return super().visit_between(node)
        lesser, greater = self.least_and_greatest
        term = self.operand(node.term, OTHER)
        bounds = [self.beside_known(node.term, each) for each in (node.lower, node.upper) * 2]
        return f"{term} BETWEEN {lesser}({bounds[0]}, {bounds[1]}) AND {greater}({bounds[2]}, {bounds[3]})"

    least_and_greatest: ClassVar[tuple[str, str]] = ("LEAST", "GREATEST")
    """The functions that give the least and the greatest of their arguments."""

    # -- rows of values -----------------------------------------------------------------------------------------------

    @visits(TupleValue)
    def visit_tuple(self, node: TupleValue) -> str:
        """Refuse a tuple that stands alone, where the database has no rows as values."""
        raise self.unsupported("tuples as values", "they are compared, and looked for by is_in; select the terms")

    def tuple_terms(self, node: TupleValue) -> str:
        """``(a, b)``."""
        return f"({', '.join([self.beside_known(node, each) for each in node.items])})"

    def looked_for(self, term: Any) -> str:
        """What stands before IN (SELECT …)."""
        return self.tuple_terms(term) if type(term) is TupleValue else super().looked_for(term)

    @visits(TupleComparison)
    def visit_tuple_comparison(self, node: TupleComparison) -> str:
        """``(a, b) = (c, d)``; each item tells the database the type of the other."""
        if isinstance(node.right, Subquery):
            return f"{self.tuple_terms(node.left)} {node.operator} {self.visit(node.right)}"
        pairs = list(zip(node.left.items, node.right.items, strict=True))
        left = ", ".join([self.beside_known(other, one) for one, other in pairs])
        right = ", ".join([self.beside_known(one, other) for one, other in pairs])
        return f"({left}) {node.operator} ({right})"

    @visits(TupleList)
    def visit_tuple_list(self, node: TupleList) -> str:
        """``(a, b) IN ((1, 2), (3, 4))``: the last row is repeated up to the next power of two."""
        term = self.tuple_terms(node.term)
        rows = node.rows + (node.rows[-1],) * ((1 << (len(node.rows) - 1).bit_length()) - len(node.rows))
        written = ", ".join([self.tuple_row(node.term.items, each) for each in rows])
        return f"{term} {'NOT ' if node.is_negated else ''}IN ({self.tuple_rows(written)})"

    def tuple_row(self, terms: tuple[Any, ...], row: tuple[Any, ...]) -> str:
        """``(1, 2)``."""
        return f"({', '.join([self.beside_known(term, item) for term, item in zip(terms, row, strict=True)])})"

    def tuple_rows(self, rows: str) -> str:
        """What stands in the parentheses of IN."""
        return rows

    @visits(Quantified)
    def visit_quantified(self, node: Quantified) -> str:
        """``ANY (SELECT …)``."""
        if not isinstance(node.term, Subquery):
            raise self.unsupported(f"{node.word} of an array", "is_in takes lists and queries")
        return f"{node.word} {self.visit(node.term)}"

    # -- arrays, full text --------------------------------------------------------------------------------------------

    @visits(ArrayItems)
    def visit_array_items(self, node: ArrayItems) -> str:
        """``ARRAY[a, b]``, where the database has arrays."""
        raise self.unsupported("arrays", "put the items into rows, or bind a list to a JSON column")

    @visits(ArrayTest)
    def visit_array_test(self, node: ArrayTest) -> str:
        """``a @> b``, where the database has arrays."""
        raise self.unsupported(
            f"the operator {node.operator} of arrays and ranges", "keep the items in rows, or in JSON"
        )

    @visits(Element)
    def visit_element(self, node: Element) -> str:
        """``(a)[1]``, where the database has arrays."""
        raise self.unsupported("arrays", "keep the items in rows, or in JSON")

    @visits(TextMatch)
    def visit_text_match(self, node: TextMatch) -> str:
        """A full-text search, which has no standard form."""
        raise self.unsupported("full-text search")

    # -- texts --------------------------------------------------------------------------------------------------------

    @visits(EscapedPattern)
    def visit_escaped_pattern(self, node: EscapedPattern) -> str:
        """A pattern of LIKE, in which the wildcards of a text are escaped."""
        sql, escape = self.visit(node.term), Like.ESCAPE
        for special in (escape, "%", "_"):
            sql = f"REPLACE({sql}, {self.string_literal(special)}, {self.string_literal(escape + special)})"
        parts = [self.string_literal(each) for each in (node.before, node.after)]
        return self.concatenated([part for part in (parts[0], sql, parts[1]) if part != "''"])

    def text_operand(self, term: Any) -> str:
        """A term that is joined to a text."""
        return self.operand(term, ATOM)

    def concatenated(self, parts: list[str]) -> str:
        """Texts joined; NULL where one is NULL."""
        return f"({' || '.join(parts)})"

    # -- dates and times ----------------------------------------------------------------------------------------------

    @visits(DateShift)
    def visit_date_shift(self, node: DateShift) -> str:
        """A date or time and a duration, of the type of the date or time."""
        raise NotImplementedError

    @visits(DateDifference)
    def visit_date_difference(self, node: DateDifference) -> str:
        """The microseconds from one date or time to another."""
        raise NotImplementedError

    @visits(Interval)
    def visit_interval(self, node: Interval) -> str:
        """Refuse an interval that is added to nothing."""
        raise CompileError("an Interval stands behind + or - of a date, or in the frame of a window")

    def bound_months(self, interval: Interval, *, is_negative: bool = False) -> str:
        """The placeholder of the months of an interval."""
        return self.bind(-interval.months if is_negative else interval.months, INT)
