"""Nested rows as text: JSON that is put together by CONCAT, where nothing but the program will read it.

`JSON_OBJECT` and `JSON_ARRAYAGG` build a document for each row, sort its keys, and copy it into the document around it;
and to keep an order takes a derived table for each list. Text takes two thirds of the time on MySQL, and five sixths on
MariaDB. So it is written where rows go out as they are, in the select list of the outermost query, of columns whose
types are known to survive. Everywhere else stand documents.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import msgspec

from querykit.builder.explain import Explain
from querykit.builder.functions import FunctionCall
from querykit.builder.json import JsonAggregate, JsonArray, JsonObject, JsonRows
from querykit.builder.query import output_name, shape_of
from querykit.builder.raw import Fragment
from querykit.builder.rewrite import walk
from querykit.builder.select import Select
from querykit.builder.tables import Column
from querykit.builder.value_types import ValueType
from querykit.dialects.mysql.json_paths import MySQLJsonCompiler
from querykit.dialects.select import PLAIN_PARTS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from querykit.builder.compiled import CompiledQuery
    from querykit.builder.query import Query
    from querykit.builder.statement import Statement

NESTED = frozenset({JsonArray, JsonObject})
LIST_PARTS = PLAIN_PARTS | {"joins"}
ROW_PARTS = LIST_PARTS | {"row_limit", "row_offset", "has_ties"}
NOT_IN_AGGREGATES = (FunctionCall, JsonAggregate, Fragment)
"""Terms that may be aggregates themselves."""

# A column of another type than it is declared must not break the text around it: what is no number fails as JSON, and
# everything else is quoted.
_NUMBER = "IFNULL(CAST({0} AS JSON), 'null')"
_QUOTED = "IFNULL(JSON_QUOTE(CONCAT({0}, '')), 'null')"
TEXT_FORMS = {
    "int": _NUMBER,
    "decimal": _NUMBER,
    "bool": _NUMBER,
    "str": "IFNULL(JSON_QUOTE(CONVERT({0} USING utf8mb4)), 'null')",
    "uuid": "IFNULL(JSON_QUOTE(CONVERT({0} USING utf8mb4)), 'null')",
    "float": _QUOTED,
    "date": _QUOTED,
    "time": _QUOTED,
    "datetime": _QUOTED,
    "timedelta": _QUOTED,
    "instant": "IFNULL(JSON_QUOTE(CONCAT({0}, 'Z')), 'null')",
    "bytes": "IFNULL(JSON_QUOTE(HEX(CAST({0} AS BINARY))), 'null')",
}


class MySQLTextRows(MySQLJsonCompiler):
    """Writes nested rows as text where that can be."""

    text_forms: ClassVar[dict[str, str]] = TEXT_FORMS
    """For kinds of types: SQL for a value as JSON's text, with ``{0}`` for the value."""

    is_outermost: bool = False
    """Whether the next select that is written is the whole statement."""
    outermost: Sequence[Any] | None = None
    """The select list of the whole statement, before it is written."""
    is_going_out: bool = False
    """Whether the nested rows that are written next go out as they are."""

    def compile(self, statement: Statement[Any, Any]) -> CompiledQuery:
        """The statement as SQL."""
        whole = statement.statement if type(statement) is Explain else statement
        self.is_outermost = type(whole) is Select and not whole.ctes
        return super().compile(statement)

    def visit_select(self, query: Select[Any, Any]) -> str:
        """A select; the first one may be the whole statement."""
        if self.is_outermost and query.filtering is None:
            self.is_outermost = False
            is_compared = query.is_distinct or query.distinct_terms or query.groupings or query.windows
            is_ordered_by = any(isinstance(each.term, JsonRows) for each in query.orderings)
            self.outermost = None if is_compared or is_ordered_by else query.columns
        return super().visit_select(query)

    def select_list(self, columns: tuple[Any, ...]) -> str:
        """``a, b AS c``, with nested rows that go out as text."""
        if columns is not self.outermost:
            return super().select_list(columns)
        self.outermost = None
        if NESTED.isdisjoint(map(type, columns)):
            return super().select_list(columns)
        items = []
        for each in columns:
            self.is_going_out = type(each) in NESTED
            items.append(super().select_list((each,)))
        return ", ".join(items)

    def visit_json_array(self, node: JsonArray) -> str:
        """The rows of a query, as text where they go out."""
        return self.nested_text(node) if self._goes_out() else super().visit_json_array(node)

    def visit_json_object(self, node: JsonObject) -> str:
        """The only row of a query, as text where it goes out."""
        return self.nested_text(node) if self._goes_out() else super().visit_json_object(node)

    def _goes_out(self) -> bool:
        goes_out, self.is_going_out = self.is_going_out, False
        return goes_out

    # -- rows ---------------------------------------------------------------------------------------------------------

    def nested_text(self, node: JsonRows) -> str:
        """Nested rows as text; as a document, of which the server makes text, where they must be one."""
        query = self.flattened(node)
        if query is None:
            return self.visit(node)
        self.depth = depth = self.depth + 1
        if depth > self.dialect.features.max_nesting:
            raise self._too_deep(node)
        outer, self.scope = self.scope, self.scope_of(query)
        item = self._item(query, is_scalar=query.is_scalar and type(node) is JsonArray)
        order_by = self.order_by_clause(query)
        if type(node) is JsonArray:
            item = f"GROUP_CONCAT({item}{order_by} SEPARATOR ',')"
            item = f"CASE WHEN COUNT(*) = 0 THEN '[]' ELSE CONCAT('[', {item}, ']') END"
            order_by = ""
        rows = f"{self.from_clause(query, outer)}{self.where_clause(query.predicates)}{order_by}"
        if type(node) is JsonObject:
            rows += self.limit_clause(query)
        self.scope, self.depth = outer, depth - 1
        return f"(SELECT {item}{rows})"

    def _item(self, query: Select[Any, Any], *, is_scalar: bool) -> str:
        """The object of a row, or its only value."""
        if is_scalar:
            return self._text(query.columns[0])
        parts, before = [], "{"
        for each in query.columns:
            key = msgspec.json.encode(str(output_name(each))).decode()
            parts.append(f"{self.string_literal(f'{before}{key}:')}, {self._text(each)}")
            before = ","
        return f"CONCAT({', '.join(parts)}, '}}')"

    def _text(self, term: Any) -> str:
        """A value as text. A list is never NULL unless it was cut, which makes NULL of all around it."""
        if type(term) is JsonArray:
            return self.nested_text(term)
        if type(term) is JsonObject:
            return f"IFNULL(CONCAT({self.nested_text(term)}), 'null')"  # IFNULL alone would quote a document
        shape: Any = shape_of(term)
        return self.text_forms[shape.stored_kind].replace("{0}", self._within(term))

    # -- which rows ---------------------------------------------------------------------------------------------------

    def flattened(self, node: JsonRows) -> Select[Any, Any] | None:
        """The query of nested rows that can be text; None where they cannot.

        An aggregate belongs to the query whose columns stand in it, so one of them has to be the query's own.
        """
        query: Query[Any, Any] = node.query
        if type(node) not in NESTED or self.wire is not None or type(query) is not Select or not query.sources:
            return None
        if not (LIST_PARTS if type(node) is JsonArray else ROW_PARTS).issuperset(query.__dict__):
            return None
        if query.has_ties or any(type(each.term) is not Column for each in query.orderings):
            return None
        if not all(map(self._is_writable, query.columns)):
            return None
        own = {each._reference for each in query._tables()}
        return query if any(type(each) is Column and each.reference in own for each in query.columns) else None

    def _is_writable(self, term: Any) -> bool:
        """Whether a column of nested rows can be written as text; nested ones stand there as documents, if need be."""
        if type(term) in NESTED:
            return True
        shape = shape_of(term)
        if not isinstance(shape, ValueType) or shape.stored_kind not in self.text_forms:
            return False
        if type(term) is Column:
            return True
        is_once = self.text_forms[shape.stored_kind].count("{0}") == 1
        return is_once and not any(isinstance(each, NOT_IN_AGGREGATES) for each in walk(term))
