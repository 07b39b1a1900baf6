"""Nested rows on SQLite."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from querykit.dialects.sqlite.inside import NESTED_ROWS, without_nested
from querykit.dialects.sqlite.json_paths import SQLiteJsonCompiler
from querykit.dialects.wire import UNWRITABLE

if TYPE_CHECKING:
    from querykit.builder.json import (
        JsonArray,
        JsonArrayAggregate,
        JsonMap,
        JsonObject,
        JsonObjectAggregate,
        JsonRows,
    )
    from querykit.builder.query import Query

INSIDE_OBJECTS = 5
"""How many levels of rows are read within objects: more would be too much for the stack of SQLite's parser."""


class SQLiteNesting(SQLiteJsonCompiler):
    """Writes the JSON helpers as SQLite has them."""

    max_pairs = 63

    MAX_LENGTH: ClassVar = 2_147_483_647
    """No text is longer. A negative length counts backwards from the position.

    Source: https://www.sqlite.org/lang_corefunc.html#substr
    """

    def json_array(self, node: JsonArray) -> str:
        """``JSON_GROUP_ARRAY`` over a derived table, whose order it keeps."""
        if node.is_scalar:
            (column,) = self.known_columns(node)
            values = self.value_of_derived(column)
            return f"(SELECT JSON_GROUP_ARRAY({values}) FROM {self.derived(node.query, self.NESTED)})"
        item, rows = self.objects(node)
        return f"(SELECT JSON_GROUP_ARRAY({item}) FROM {rows})"

    def json_object(self, node: JsonObject) -> str:
        """``JSON_OBJECT`` over a derived table; a function of our connections raises where there is a second row."""
        item, rows = self.objects(node)
        return f"(SELECT CASE WHEN COUNT(*) > 1 THEN QUERYKIT_MANY() WHEN COUNT(*) = 1 THEN {item} END FROM {rows})"

    def derived(self, query: Query[Any, Any], name: str) -> str:
        """``(query) AS name``."""
        return f"({self.query(query)}) AS {self.names[name]}"

    def objects(self, node: JsonRows) -> tuple[str, str]:
        """The object of a row, and the derived table of the rows.

        What is nested in a row is read within its object where that can be: a list in a derived table is text, which
        ``JSON(…)`` would have to read again. That takes an eighth less time.
        """
        columns = self.known_columns(node)
        rows = without_nested(node.query, INSIDE_OBJECTS - self.depth)
        if rows is None:
            return self.object_of_derived(columns), self.derived(node.query, self.NESTED)
        outer, reference = self.scope, rows.sources[0]._reference
        self.scope = outer | {reference}
        table, pairs = self.names[reference], []
        selected: Any = node.query
        for (name, shape), term in zip(columns, selected.columns, strict=True):
            is_nested = type(term) in NESTED_ROWS
            sql = self.visit(term) if is_nested else self.encoded_column(f"{table}.{self.names[str(name)]}", shape)
            pairs.append((str(name), sql))
        self.scope = outer
        return self.json_pairs(pairs), self.derived(rows, reference)

    def json_map(self, node: JsonMap) -> str:
        """``JSON_GROUP_OBJECT`` over a derived table, unless two rows have one key."""
        key = f"CAST({self.names[self.NESTED]}.{self.names[str(node.key)]} AS TEXT)"
        return (
            f"(SELECT CASE WHEN COUNT(DISTINCT {key}) = COUNT(*) "
            f"THEN JSON_GROUP_OBJECT({key}, {self.item_of_map(node)}) "
            f"ELSE JSON('{UNWRITABLE}') END FROM ({self.query(node.query)}) AS {self.names[self.NESTED]})"
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
        first, *others = [super(SQLiteNesting, self).json_pairs(chunk) for chunk in chunks]
        # each without its last brace, and all but the first without their first one
        members = [
            f"SUBSTR({each}, -1, -{self.MAX_LENGTH})" for each in (first, *[f"SUBSTR({each}, 2)" for each in others])
        ]
        return "JSON(" + " || ',' || ".join(members) + " || '}')"
