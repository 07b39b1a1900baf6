"""MySQL's functions and operators, where it takes more than a table of spellings."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any, ClassVar

from querykit.builder.compiled import Nested
from querykit.builder.full_text import words_of
from querykit.builder.intervals import Interval
from querykit.builder.operands import Value
from querykit.builder.query import AllColumns
from querykit.builder.rewrite import walk
from querykit.builder.tables import Column
from querykit.builder.value_types import TIMEDELTA
from querykit.dialects.expressions import ATOM, OTHER, PRODUCT, is_value
from querykit.dialects.mysql.functions import CASTS, FUNCTIONS
from querykit.dialects.mysql.terms import MySQLTerms
from querykit.dialects.mysql.types import Separator
from querykit.dialects.operators import kind_of

if TYPE_CHECKING:
    from querykit.builder.arithmetic import Arithmetic, Negative
    from querykit.builder.full_text import TextMatch
    from querykit.builder.functions import FunctionCall
    from querykit.builder.groupings import GroupingSets
    from querykit.builder.intervals import DateDifference, DateShift
    from querykit.builder.select import Select
    from querykit.builder.texts import Matching
    from querykit.builder.windows import Window


class MySQLOperators(MySQLTerms):
    """Writes MySQL's functions and operators."""

    functions = FUNCTIONS
    casts = CASTS
    float_type = "DOUBLE"

    SKIPPING_NULL: ClassVar = frozenset(
        {
            "COUNT", "SUM", "AVG", "MIN", "MAX", "BOOL_AND", "BOOL_OR", "STRING_AGG", "GROUP_CONCAT",
            "STDDEV_SAMP", "STDDEV_POP", "VAR_SAMP", "VAR_POP",
        }
    )  # fmt: skip
    """Aggregates that leave NULLs out, so that FILTER can be written as a CASE within the argument."""

    def visit_function(self, node: FunctionCall[Any]) -> str:
        """A function; COALESCE makes a string of JSON, a CASE does not."""
        if node.name != "COALESCE" or not isinstance(node.shape, Nested):
            return super().visit_function(node)
        *first, last = node.args
        branches = "".join([f" WHEN {self.visit(each)} IS NOT NULL THEN {self.visit(each)}" for each in first])
        return f"CASE{branches} ELSE {self.visit(last)} END"

    def argument(self, node: FunctionCall[Any], place: int, how: str | None = None) -> str:
        """An argument; the first of an aggregate with FILTER becomes a CASE, which gives NULL for the other rows."""
        if how == "s":
            return self.separator(node.args[place])
        if place or not node.filter_predicates:
            return super().argument(node, place, how)
        test = self.all_of(node.filter_predicates)
        value = "1" if type(node.args[0]) is AllColumns else self.visit(node.args[0])
        return f"CASE WHEN {test} THEN {value} END"

    def separator(self, term: Any) -> str:
        """What stands between the texts of GROUP_CONCAT: a literal, and nothing else."""
        if not is_value(term):
            raise self.unsupported("a separator that is no text", "put it to the texts with fn.concat(…)")
        self.adapters.append((len(self.parameters), Separator))
        return self.visit(term)

    def aggregate_order(self, node: FunctionCall[Any]) -> str:
        """`` ORDER BY a``, which GROUP_CONCAT alone takes."""
        if node.orderings and node.name not in ("STRING_AGG", "GROUP_CONCAT"):
            raise self.unsupported(f"ORDER BY in {node.name}", "aggregate an ordered sub-query")
        return super().aggregate_order(node)

    def filter_clause(self, node: FunctionCall[Any]) -> str:
        """Nothing: the condition stands in the argument."""
        if node.name.upper() not in self.SKIPPING_NULL:
            raise self.unsupported(f"FILTER on {node.name}", "filter the rows in a sub-query")
        return ""

    def visit_text_match(self, node: TextMatch) -> str:
        """``MATCH (a, b) AGAINST (%s IN BOOLEAN MODE)``; of words, each with a plus before it."""
        columns = self.listed(node.terms)
        if node.mode == "words":
            self.adapters.append((len(self.parameters), _all_words))
        return f"MATCH ({columns}) AGAINST ({self.visit(node.against)} IN BOOLEAN MODE)"

    def concatenated(self, parts: list[str]) -> str:
        """``CONCAT(a, b)``: || means OR here."""
        return f"CONCAT({', '.join(parts)})"

    def text_operand(self, term: Any) -> str:
        """An argument of CONCAT."""
        return self.visit(term)

    def visit_matching(self, node: Matching) -> str:
        """``REGEXP_LIKE(a, b, 'c')``."""
        sql = f"REGEXP_LIKE({self.visit(node.term)}, {self.visit(node.pattern)}, '{'i' if node.ignores_case else 'c'}')"
        return f"(NOT {sql})" if node.is_negated else sql

    # -- bits, dates and times ----------------------------------------------------------------------------------------

    def bits(self, operator: str, left: Any, right: Any) -> str:
        """A bit operation, whose unsigned result becomes signed; >> of a negative number keeps the sign."""
        operator = {"#": "^"}.get(operator, operator)
        if operator != ">>":
            return f"CAST({self.operand(left, ATOM)} {operator} {self.operand(right, ATOM)} AS SIGNED)"
        sql = f"(CASE WHEN {self.operand(left, OTHER)} < 0 THEN "
        sql += f"CAST(~(~{self.operand(left, ATOM)} >> {self.operand(right, ATOM)}) AS SIGNED) ELSE "
        return f"{sql}CAST({self.operand(left, ATOM)} >> {self.operand(right, ATOM)} AS SIGNED) END)"

    def visit_arithmetic(self, node: Arithmetic[Any]) -> str:
        """``a + b``; of durations ADDTIME."""
        if kind_of(node) != "timedelta":
            return super().visit_arithmetic(node)
        return f"{'ADDTIME' if node.operator == '+' else 'SUBTIME'}({self.visit(node.left)}, {self.visit(node.right)})"

    def visit_negative(self, node: Negative[Any]) -> str:
        """``-a``; of an integer without a column in it ``(0 - a)``, for MySQL takes ``-(-1)`` for a DECIMAL."""
        if kind_of(node) != "int" or any(isinstance(each, Column) for each in walk(node.term)):
            return super().visit_negative(node)
        return f"(0 - {self.operand(node.term, PRODUCT)})"

    def visit_date_shift(self, node: DateShift) -> str:
        """``DATE_ADD(day, INTERVAL 1 MICROSECOND)``, of the type of the day."""
        kind = kind_of(node.term)
        sql = self.moment(node.term)
        word = "DATE_SUB" if node.is_negative else "DATE_ADD"
        amount = node.amount
        if isinstance(amount, Interval):
            if amount.months:
                sql = f"{word}({sql}, INTERVAL {self.bound_months(amount)} MONTH)"
            if amount.months and not amount.rest:
                return sql
            sql = f"{word}({sql}, INTERVAL {self.microseconds(Value(amount.rest, TIMEDELTA))} MICROSECOND)"
        elif kind_of(amount) == "int" or is_value(amount):
            sql = f"{word}({sql}, INTERVAL {self.microseconds(amount)} MICROSECOND)"
        else:
            sql = f"{'SUBTIME' if node.is_negative else 'ADDTIME'}(CAST({sql} AS DATETIME(6)), {self.visit(amount)})"
        return f"DATE({sql})" if kind == "date" else sql

    def moment(self, term: Any) -> str:
        """A date or time; a bound one is a text, which DATE_ADD would leave one."""
        sql = self.visit(term)
        return f"CAST({sql} AS {'DATE' if kind_of(term) == 'date' else 'DATETIME(6)'})" if is_value(term) else sql

    def microseconds(self, amount: Any) -> str:
        """A duration as a number: a bound one is given to the driver as microseconds."""
        if kind_of(amount) == "int":
            return self.operand(amount, ATOM)
        self.adapters.append((len(self.parameters), _microseconds))
        return self.bind(amount.value if type(amount) is Value else amount, None)

    def visit_date_difference(self, node: DateDifference) -> str:
        """``TIMESTAMPDIFF(MICROSECOND, from, to)``."""
        return f"TIMESTAMPDIFF(MICROSECOND, {self.visit(node.right)}, {self.visit(node.left)})"

    def frame_offset(self, offset: Any, window: Window) -> str:
        """How far a frame reaches: a number, or INTERVAL."""
        if isinstance(offset, Interval):
            if offset.months and offset.rest:
                raise self.unsupported("frames of months and days", "take one of them")
            if offset.months:
                return f"INTERVAL {self.bound_months(offset)} MONTH"
            offset = Value(offset.rest, TIMEDELTA)
        if kind_of(offset) == "timedelta":
            return f"INTERVAL {self.microseconds(offset)} MICROSECOND"
        return self.visit(offset)

    def grouping_sets(self, grouping: GroupingSets, query: Select[Any, Any]) -> str:
        """``a, b WITH ROLLUP``, which covers the whole of GROUP BY.

        Source: https://dev.mysql.com/doc/refman/8.4/en/group-by-modifiers.html
        """
        if grouping.kind != "ROLLUP":
            raise self.unsupported(grouping.kind, "unite the groupings with union_all")
        if len(query.groupings) > 1 or any(len(each) > 1 for each in grouping.sets):
            raise self.unsupported("ROLLUP beside other terms, or of tuples", "unite the groupings with union_all")
        return ", ".join([self.repeated(each[0], query) for each in grouping.sets]) + " WITH ROLLUP"


def _all_words(text: str) -> str:
    return " ".join([f'+"{each}"' for each in words_of(text)])


def _microseconds(value: dt.timedelta) -> int:
    return value // dt.timedelta(microseconds=1)
