"""PostgreSQL's functions and operators, where it takes more than a table of spellings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from querykit.builder.expressions import known_type
from querykit.builder.intervals import Interval
from querykit.builder.operands import NULL, Subquery, Value
from querykit.builder.value_types import TIMEDELTA, list_of
from querykit.dialects.expressions import AND, ATOM, OTHER, is_value
from querykit.dialects.operators import kind_of
from querykit.dialects.postgres.functions import CASTS, FUNCTIONS
from querykit.dialects.postgres.terms import PostgresTerms

if TYPE_CHECKING:
    from querykit.builder.arithmetic import Arithmetic, Negative
    from querykit.builder.arrays import ArrayTest, Element
    from querykit.builder.comparisons import Between
    from querykit.builder.full_text import TextMatch
    from querykit.builder.functions import FunctionCall
    from querykit.builder.intervals import DateDifference, DateShift
    from querykit.builder.row_filters import Bytes, Bytewise
    from querykit.builder.texts import Matching
    from querykit.builder.tuples import Quantified, TupleList, TupleValue
    from querykit.builder.value_types import ValueType
    from querykit.builder.windows import Window


class PostgresOperators(PostgresTerms):
    """Writes PostgreSQL's functions and operators."""

    functions = FUNCTIONS
    casts = CASTS
    float_type = "double precision"
    frame_units: ClassVar = frozenset({"ROWS", "RANGE", "GROUPS"})
    has_frame_exclusion = True
    has_within_group = True

    def visit_function(self, node: FunctionCall[Any]) -> str:
        """A function; GREATEST and LEAST ignore NULLs here and nowhere else, so a CASE gives NULL.

        Source: https://www.postgresql.org/docs/current/functions-conditional.html#FUNCTIONS-GREATEST-LEAST
        """
        if not node.is_spelled or node.name not in ("GREATEST", "LEAST"):
            return super().visit_function(node)
        if any(each is NULL for each in node.args):
            return "NULL"
        tests = [f"{self.compared(each)} IS NOT NULL" for each in node.args if type(each) is not Value]
        call = self.called(node, node.name)
        return f"CASE WHEN {' AND '.join(tests)} THEN {call} END" if tests else call

    def compared(self, term: Any) -> str:
        """An operand, with its type where it is a bound value."""
        return self.enclosed(term, self.typed(term))

    # -- operators ----------------------------------------------------------------------------------------------------

    def visit_bytewise(self, node: Bytewise) -> str:
        """Both forms of a comparison of texts: the usual one finds rows by an index, the other looks at them closer.

        Collations that are not deterministic, and citext, take texts for equal that are not.

        Source: https://www.postgresql.org/docs/current/collation.html#COLLATION-NONDETERMINISTIC
        """
        if not node.is_of_text:
            return self.visit(node.test)
        usual = f"{self.operand(node.test, AND)} AND " if node.is_positive else ""
        return usual + self.operand(node.exact, AND)

    def visit_bytes(self, node: Bytes[Any]) -> str:
        """``CAST(a AS text) COLLATE "C"``."""
        return f'CAST({self.visit(node.term)} AS text) COLLATE "C"'

    def visit_arithmetic(self, node: Arithmetic[Any]) -> str:
        """``a + b``; there is no remainder of floats."""
        if node.operator == "%" and "float" in (kind_of(node.left), kind_of(node.right)):
            raise self.unsupported("the remainder of floats", "cast(x, Decimal) % y")
        return super().visit_arithmetic(node)

    def visit_between(self, node: Between) -> str:
        """``a BETWEEN SYMMETRIC b AND c``."""
        if not node.is_symmetric:
            return super().visit_between(node)
        term, lower = self.beside(node.term, node.lower, OTHER)
        return f"{term} BETWEEN SYMMETRIC {lower} AND {self.beside_known(node.term, node.upper)}"

    def visit_negative(self, node: Negative[Any]) -> str:
        """``-a``, of a value with its type."""
        return f"-{self.typed(node.term)}" if is_value(node.term) else super().visit_negative(node)

    def bits(self, operator: str, left: Any, right: Any) -> str:
        """``a & b``; integers of 64 bits are moved, by one of 32."""
        if operator in ("<<", ">>"):
            return f"(CAST({self.visit(left)} AS bigint) {operator} CAST({self.visit(right)} AS integer))"
        return super().bits(operator, left, right)

    # -- rows of values, arrays, full text ----------------------------------------------------------------------------

    def visit_tuple(self, node: TupleValue) -> str:
        """``(a, b)``, which is a record."""
        return self.tuple_terms(node)

    def visit_tuple_list(self, node: TupleList) -> str:
        """``(a, b) IN (SELECT * FROM UNNEST($1, $2))``: an array for each column, whatever the list's length."""
        types = [known_type(term) or known_type(item) for term, item in zip(node.term.items, node.rows[0], strict=True)]
        casts = [None if type_ is None or type_.item else self.parameter_type(type_) for type_ in types]
        if None in casts or not all(type(item) is Value for row in node.rows for item in row):
            return super().visit_tuple_list(node)
        term = self.tuple_terms(node.term)
        arrays = []
        for place, type_ in enumerate(types):
            column: list[Any] = [vars(row[place])["value"] for row in node.rows]
            arrays.append(f"{self.bind(column, None if type_ is None else list_of(type_))}::{casts[place]}[]")
        return f"{term} {'NOT ' if node.is_negated else ''}IN (SELECT * FROM UNNEST({', '.join(arrays)}))"

    def visit_quantified(self, node: Quantified) -> str:
        """``ANY (SELECT …)``, ``ANY (array)``."""
        if isinstance(node.term, Subquery):
            return super().visit_quantified(node)
        return f"{node.word} ({self.typed(node.term)})"

    def visit_array_test(self, node: ArrayTest) -> str:
        """``(a @> b)``; an array tells the type of the other, a range does not tell that of a value."""
        write = self.typed if is_value(node.left) and is_value(node.right) else self.array_operand
        left = write(node.left)
        return f"({left} {node.operator} {write(node.right)})"

    def array_operand(self, term: Any) -> str:
        """A side of an operator of arrays and ranges."""
        is_scalar = is_value(term) and (term.value_type is None or term.value_type.item is None)
        return self.literal(term) if is_scalar else self.operand(term, ATOM)

    def visit_element(self, node: Element) -> str:
        """``(a)[1]``."""
        return f"({self.typed(node.term)})[{self.visit(node.place)}]"

    def visit_text_match(self, node: TextMatch) -> str:
        """``(TO_TSVECTOR('english', a) @@ PLAINTO_TSQUERY('english', $1))``."""
        language = self.string_literal(node.language)
        text = self.typed(node.terms[0])
        if len(node.terms) > 1:
            text = f"CONCAT_WS(' ', {', '.join([self.typed(each) for each in node.terms])})"
        function = "PLAINTO_TSQUERY" if node.mode == "words" else "TO_TSQUERY"
        return f"(TO_TSVECTOR({language}, {text}) @@ {function}({language}, {self.typed(node.against)}))"

    def text_operand(self, term: Any) -> str:
        """A text; what is none is cast, or || would be another operator."""
        if kind_of(term) == "str":
            return self.compared(term)
        return f"CAST({self.typed(term)} AS text)"

    def visit_matching(self, node: Matching) -> str:
        """``(a ~ b)``."""
        operator = f"{'!' if node.is_negated else ''}~{'*' if node.ignores_case else ''}"
        return f"({self.compared(node.term)} {operator} {self.compared(node.pattern)})"

    def visit_date_shift(self, node: DateShift) -> str:
        """``CAST(day + interval AS date)``; instants in UTC, where a day has 24 hours in every session."""
        kind = kind_of(node.term)
        sql = self.compared(node.term)
        if kind == "instant":
            sql += " AT TIME ZONE 'UTC'"
        sign = "-" if node.is_negative else "+"
        sql += "".join([f" {sign} {part}" for part in self.interval_parts(node.amount)])
        if kind == "date":
            return f"CAST({sql} AS date)"
        return f"(({sql}) AT TIME ZONE 'UTC')" if kind == "instant" else f"({sql})"

    def interval_parts(self, amount: Any) -> list[str]:
        """A duration as intervals that are added one after the other."""
        type_ = known_type(amount)
        if type_ is not None and type_.kind == "custom":
            return [f"{self.compared(amount)} * INTERVAL '1 microsecond'"]
        if not isinstance(amount, Interval):
            return [self.compared(amount)]
        parts = [f"MAKE_INTERVAL(months => {self.bound_months(amount)})"] if amount.months else []
        if amount.rest or not parts:
            parts.append(f"{self.bind(amount.rest, TIMEDELTA)}::interval")
        return parts

    def visit_date_difference(self, node: DateDifference) -> str:
        """The microseconds of an interval, or of days."""
        left, right = self.compared(node.left), self.compared(node.right)
        if kind_of(node.left) == "date" == kind_of(node.right):
            return f"(CAST({left} - {right} AS bigint) * 86400000000)"
        return f"CAST(EXTRACT(EPOCH FROM {left} - {right}) * 1000000 AS bigint)"

    def frame_offset(self, offset: Any, window: Window) -> str:
        """How far a frame reaches; a number's type follows from the key, unless it is none of it."""
        if isinstance(offset, Interval):
            return f"({' + '.join(self.interval_parts(offset))})"
        return self.visit(offset) if kind_of(offset) == "int" else self.typed(offset)


def is_fractional(type_: ValueType | None) -> bool:
    """Whether asyncpg would cut such a value to an integer where the server takes the parameter for one."""
    return type_ is not None and type_.kind in ("float", "decimal")
