"""SQLite's SQL."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from querykit.builder.expressions import DEFAULT, DistinctTest, InList, Keyword, known_type
from querykit.builder.query import SetOperation
from querykit.builder.value_types import JSON, type_of
from querykit.dialects.combining import has_tail
from querykit.dialects.expressions import OTHER, visits
from querykit.dialects.sqlite.decimal_compiler import DecimalCompiler
from querykit.dialects.sqlite.json_paths import SQLiteJsonCompiler
from querykit.dialects.sqlite.terms import SQLiteTerms
from querykit.dialects.sqlite.types import CAST_TYPES, JSON_ENCODINGS
from querykit.dialects.sqlite.wire import WIRE_ENCODINGS
from querykit.dialects.sqlite.writes import SQLiteWrites

if TYPE_CHECKING:
    from querykit.builder.json import JsonArray, JsonArrayAggregate, JsonObject, JsonObjectAggregate
    from querykit.builder.query import Query


class SQLiteCompiler(SQLiteWrites, SQLiteTerms, SQLiteJsonCompiler, DecimalCompiler):
    """Writes SQLite's SQL."""

    cast_types = CAST_TYPES
    json_encodings = JSON_ENCODINGS
    wire_encodings = WIRE_ENCODINGS
    max_pairs = 63

    has_materialized = True

    MAX_LENGTH: ClassVar = 2_147_483_647
    """No text is longer. A negative length counts backwards from the position.

    Source: https://www.sqlite.org/lang_corefunc.html#substr
    """
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

    # -- nested rows --------------------------------------------------------------------------------------------------

    def json_array(self, node: JsonArray) -> str:
        """``JSON_GROUP_ARRAY`` over a derived table, whose order it keeps."""
        columns = self.known_columns(node)
        item = self.value_of_derived(columns[0]) if node.is_scalar else self.object_of_derived(columns)
        return f"(SELECT JSON_GROUP_ARRAY({item}) FROM ({self.query(node.query)}) AS {self.names[self.NESTED]})"

    def json_object(self, node: JsonObject) -> str:
        """``JSON_OBJECT`` over a derived table; a function of our connections raises where there is a second row."""
        item = self.object_of_derived(self.known_columns(node))
        return (
            f"(SELECT CASE WHEN COUNT(*) > 1 THEN QUERYKIT_MANY() WHEN COUNT(*) = 1 THEN {item} END "
            f"FROM ({self.query(node.query)}) AS {self.names[self.NESTED]})"
        )

    def visit_json_array_aggregate(self, node: JsonArrayAggregate) -> str:
        """``JSON_GROUP_ARRAY(value)``, which is ``[]`` without rows."""
        return f"JSON_GROUP_ARRAY({self.encoded_term(node.term)}{self.json_aggregate_order(node)})"

    def visit_json_object_aggregate(self, node: JsonObjectAggregate) -> str:
        """``JSON_GROUP_OBJECT(key, value)``, which is ``{}`` without rows."""
        return f"JSON_GROUP_OBJECT({self.visit(node.key)}, {self.encoded_term(node.term)})"

    def json_pairs(self, pairs: list[tuple[str, str]]) -> str:
        """``JSON_OBJECT``, put together from several where there are more pairs than it takes (127 arguments)."""
        if len(pairs) <= self.max_pairs:
            return super().json_pairs(pairs)
        chunks = [pairs[start : start + self.max_pairs] for start in range(0, len(pairs), self.max_pairs)]
        first, *others = [super(SQLiteCompiler, self).json_pairs(chunk) for chunk in chunks]
        # each without its last brace, and all but the first without their first one
        members = [
            f"SUBSTR({each}, -1, -{self.MAX_LENGTH})" for each in (first, *[f"SUBSTR({each}, 2)" for each in others])
        ]
        return "JSON(" + " || ',' || ".join(members) + " || '}')"
