"""SQLite's functions and operators, where it takes more than a table of spellings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from querykit.builder.full_text import words_of
from querykit.builder.intervals import Interval
from querykit.builder.operands import Value
from querykit.builder.value_types import TIMEDELTA
from querykit.dialects.compiler import Compiler
from querykit.dialects.expressions import ATOM
from querykit.dialects.operators import kind_of
from querykit.dialects.sqlite.functions import CASTS, FUNCTIONS

if TYPE_CHECKING:
    from querykit.builder.arithmetic import Arithmetic
    from querykit.builder.full_text import TextMatch
    from querykit.builder.functions import FunctionCall
    from querykit.builder.groupings import GroupingSets
    from querykit.builder.intervals import DateDifference, DateShift
    from querykit.builder.select import Select
    from querykit.builder.texts import Matching
    from querykit.builder.tuples import Quantified
    from querykit.builder.windows import Window


class SQLiteOperators(Compiler):
    """Writes SQLite's functions and operators."""

    functions = FUNCTIONS
    casts = CASTS
    float_type = "REAL"
    frame_units: ClassVar = frozenset({"ROWS", "RANGE", "GROUPS"})
    has_frame_exclusion = True
    least_and_greatest = ("MIN", "MAX")

    def visit_function(self, node: FunctionCall[Any]) -> str:
        """A function; CONCAT_WS puts the separator before each text and cuts the first away.

        CONCAT by its name, as PyPika says it, came with SQLite 3.44; it takes NULL for an empty text.

        Source: https://www.sqlite.org/lang_corefunc.html#concat
        """
        if node.name == "CONCAT" and not node.is_spelled:
            return self.concatenated([f"COALESCE({self.visit(each)}, '')" for each in node.args])
        if not node.is_spelled or node.name != "CONCAT_WS":
            return super().visit_function(node)
        separator, *texts = node.args
        parts = [f"COALESCE({self.operand(separator, ATOM)} || {self.operand(each, ATOM)}, '')" for each in texts]
        return f"SUBSTR({' || '.join(parts)}, LENGTH({self.visit(separator)}) + 1)"

    def aggregate_order(self, node: FunctionCall[Any]) -> str:
        """Nothing: SQLite 3.38 knows no order within an aggregate.

        Source: https://www.sqlite.org/releaselog/3_44_0.html
        """
        if node.orderings:
            raise self.unsupported(f"ORDER BY in {node.name}", "aggregate an ordered sub-query")
        return ""

    def visit_matching(self, node: Matching) -> str:
        """A function of our connections."""
        sql = f"QUERYKIT_MATCHES({self.visit(node.term)}, {self.visit(node.pattern)}, {int(node.ignores_case)})"
        return f"(NOT {sql})" if node.is_negated else sql

    def visit_text_match(self, node: TextMatch) -> str:
        """``a MATCH ?``, of FTS5; of words, each in quotes."""
        first, *others = node.terms
        if others:
            raise self.unsupported("full-text search of several columns", "join two match() by &")
        column = self.visit(first)
        if node.mode == "words":
            self.adapters.append((len(self.parameters), _quoted_words))
        return f"{column} MATCH {self.visit(node.against)}"

    def tuple_rows(self, rows: str) -> str:
        """``VALUES (1, 2), (3, 4)``."""
        return f"VALUES {rows}"

    def visit_quantified(self, node: Quantified) -> str:
        """Refuse ANY and ALL."""
        raise self.unsupported(node.word, "is_in and not_in, or a comparison with fn.min or fn.max of the query")

    # -- numbers ------------------------------------------------------------------------------------------------------

    def visit_arithmetic(self, node: Arithmetic[Any]) -> str:
        """``a + b``; the remainder of floats by MOD: % is of integers."""
        if node.operator == "%" and "float" in (kind_of(node.left), kind_of(node.right)):
            return f"MOD({self.visit(node.left)}, {self.visit(node.right)})"
        return super().visit_arithmetic(node)

    def bits(self, operator: str, left: Any, right: Any) -> str:
        """``a & b``; what only one has is what both together have, without what they share."""
        if operator != "#":
            return super().bits(operator, left, right)
        either = f"{self.operand(left, ATOM)} | {self.operand(right, ATOM)}"
        return f"(({either}) - ({self.operand(left, ATOM)} & {self.operand(right, ATOM)}))"

    # -- dates and times ----------------------------------------------------------------------------------------------

    def visit_date_shift(self, node: DateShift) -> str:
        """A function of our connections, exact to the microsecond; durations are microseconds.

        Source: https://www.sqlite.org/lang_datefunc.html
        """
        term, amount = self.visit(node.term), node.amount
        if isinstance(amount, Interval):
            if amount.months:
                raise self.unsupported(
                    "months and years in date arithmetic (31 January and a month is 3 March there)",
                    "reckon the date in Python",
                )
            amount = Value(amount.rest, TIMEDELTA)
        return f"QUERYKIT_SHIFT({term}, {'-' if node.is_negative else ''}{self.operand(amount, ATOM)})"

    def visit_date_difference(self, node: DateDifference) -> str:
        """A function of our connections."""
        return f"QUERYKIT_DIFFERENCE({self.visit(node.left)}, {self.visit(node.right)})"

    # -- clauses ------------------------------------------------------------------------------------------------------

    def frame_offset(self, offset: Any, window: Window) -> str:
        """How far a frame reaches: dates and times are texts, from which none can be taken away."""
        kinds = {kind_of(each.term) for each in window.orderings}
        if isinstance(offset, Interval) or (kind_of(offset) == "timedelta" and kinds != {"timedelta"}):
            raise self.unsupported("RANGE frames of durations", "order by fn.extract('epoch', x) and take seconds")
        return self.visit(offset)

    def grouping_sets(self, grouping: GroupingSets, query: Select[Any, Any]) -> str:
        """Refuse them."""
        raise self.unsupported(grouping.kind, "unite the groupings with union_all")


def _quoted_words(text: str) -> str:
    return " ".join([f'"{each}"' for each in words_of(text)]) or '""'
