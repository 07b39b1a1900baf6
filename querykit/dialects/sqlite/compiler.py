"""SQLite's SQL."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from querykit.builder.comparisons import DistinctTest, InList
from querykit.builder.expressions import known_type
from querykit.builder.operands import DEFAULT, Keyword
from querykit.builder.query import SetOperation
from querykit.builder.row_filters import Bytes, Bytewise, Enforced
from querykit.builder.value_types import JSON, type_of
from querykit.dialects.combining import has_tail
from querykit.dialects.expressions import ATOM, OTHER, visits
from querykit.dialects.sqlite.decimal_compiler import DecimalCompiler
from querykit.dialects.sqlite.nesting import SQLiteNesting
from querykit.dialects.sqlite.terms import SQLiteTerms
from querykit.dialects.sqlite.types import CAST_TYPES, JSON_ENCODINGS
from querykit.dialects.sqlite.wire import WIRE_ENCODINGS
from querykit.dialects.sqlite.writes import SQLiteWrites

if TYPE_CHECKING:
    from querykit.builder.query import Query


class SQLiteCompiler(SQLiteWrites, SQLiteTerms, SQLiteNesting, DecimalCompiler):
    """Writes SQLite's SQL."""

    cast_types = CAST_TYPES
    json_encodings = JSON_ENCODINGS
    wire_encodings = WIRE_ENCODINGS

    has_materialized = True

    MAX_LIST: ClassVar = 1024
    """Longer lists of an IN are bound as one JSON array, for SQLite takes 32,766 parameters at most."""

    def limit_clause(self, query: Query[Any, Any]) -> str:
        """``LIMIT … OFFSET …``; an OFFSET needs a LIMIT, and a negative one is none."""
        if query.row_limit is None and query.row_offset is not None:
            return f" LIMIT -1 OFFSET {self.row_count(query.row_offset)}"
        return super().limit_clause(query)

    def refuse_lateral(self) -> None:
        """Refuse LATERAL."""
        raise self.unsupported("LATERAL joins", "put a correlated sub-query into the select list")

    def set_words(self, query: SetOperation[Any, Any]) -> str:
        """``UNION ALL``; the other operators have no ALL."""
        if query.is_all and query.operator != "UNION":
            raise self.unsupported(f"{query.operator} ALL")
        return super().set_words(query)

    def left_operand(self, query: SetOperation[Any, Any]) -> str:
        """The first query: SQLite goes from left to right, whatever the operators.

        Source: https://www.sqlite.org/lang_select.html#compound_select_statements
        """
        left = query.left
        is_bare = isinstance(left, SetOperation) and not has_tail(left)
        return self.query(left) if is_bare else self.set_operand(left)

    def set_operand(self, query: Query[Any, Any]) -> str:
        """A query in a set operation; there are no parentheses around one, so it becomes a derived table."""
        sql = self.query(query)
        return f"SELECT * FROM ({sql})" if isinstance(query, SetOperation) or has_tail(query) else sql

    @visits(Keyword)
    def visit_keyword(self, node: Keyword[Any]) -> str:
        """The word; DEFAULT is none as a value."""
        if node is DEFAULT:
            raise self.unsupported(
                "DEFAULT as a value", "insert rows with the same columns, or leave the column out of all"
            )
        return node.word

    @visits(DistinctTest)
    def visit_distinct_test(self, node: DistinctTest) -> str:
        """``a IS NOT b``."""
        left, right = self.beside(node.left, node.right, OTHER)
        return f"{left} IS {'' if node.is_negated else 'NOT '}{right}"

    @visits(InList)
    def visit_in_list(self, node: InList) -> str:
        """``a IN (?, ?)``, and a long list of texts or integers as one JSON array."""
        known = known_type(node.term) or type_of(node.values[0])
        if len(node.values) <= self.MAX_LIST or known is None or known.kind not in ("int", "str"):
            return super().visit_in_list(node)
        term = self.operand(node.term, OTHER)
        array = self.bind(list(node.values), JSON)
        return f"{term} {'NOT ' if node.is_negated else ''}IN (SELECT value FROM JSON_EACH({array}))"

    @visits(Bytewise)
    def visit_bytewise(self, node: Bytewise) -> str:
        """The comparison, without the collation of its column."""
        return self.visit(node.exact)

    @visits(Bytes)
    def visit_bytes(self, node: Bytes[Any]) -> str:
        """``a COLLATE BINARY``, which keeps the affinity of a column and finds rows by its index.

        Source: https://www.sqlite.org/datatype3.html#collation
        """
        return f"{self.operand(node.term, ATOM)} COLLATE BINARY"

    @visits(Enforced)
    def visit_enforced(self, node: Enforced[Any]) -> str:
        """A function of our connections raises where the condition does not hold."""
        return f"CASE WHEN {self.visit(node.condition)} THEN {self.visit(node.term)} ELSE QUERYKIT_VIOLATION() END"
