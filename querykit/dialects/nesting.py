"""Writing nested rows: what the dialects' JSON shapes have in common."""

from __future__ import annotations

import datetime as dt
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar

from querykit.builder.compiled import Nested, OutputColumn
from querykit.builder.json import (
    JsonArray,
    JsonArrayAggregate,
    JsonBuildObject,
    JsonMap,
    JsonObject,
    JsonObjectAggregate,
    JsonRows,
)
from querykit.builder.json_result import JsonResult
from querykit.builder.operands import Parameter, Subquery, Value
from querykit.builder.query import shape_of
from querykit.builder.select import Select
from querykit.builder.tables import Column
from querykit.builder.value_types import ValueType
from querykit.builder.write import Write
from querykit.dialects.expressions import ATOM, is_value, visits
from querykit.dialects.json_paths import JsonPathCompiler

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from querykit.builder.query import Query
    from querykit.errors import UnsupportedError


_TAKEN_ONCE = frozenset({Value, Parameter, Subquery})


class NestingCompiler(JsonPathCompiler):
    """Writes the JSON helpers. The shapes are the dialects'; counting levels and naming columns is done here."""

    NESTED: ClassVar = "nested"
    """The alias of the derived table whose rows become JSON."""

    json_encodings: Mapping[str, str] = MappingProxyType({})
    """For kinds of types that JSON changes: SQL that survives it, with ``{0}`` for the value."""
    wire_encodings: ClassVar[dict[str, dict[str, str]]] = {}
    """The same for `fetch_json`, in forms that any client reads, by how Decimals are written."""
    max_pairs: ClassVar[int] = 1_000_000
    """How many pairs of key and value JSON_OBJECT takes."""

    depth: int = 0
    wire: str | None = None
    """How Decimals are written, where `fetch_json` is what is compiled."""

    @visits(JsonArray)
    def visit_json_array(self, node: JsonArray) -> str:
        """The rows of a query as a JSON array."""
        self.depth = depth = self.depth + 1
        if depth > self.dialect.features.max_nesting:
            raise self._too_deep(node)
        sql = self.json_array(node)
        self.depth = depth - 1
        return sql

    @visits(JsonObject)
    def visit_json_object(self, node: JsonObject) -> str:
        """The only row of a query as a JSON object."""
        self.depth = depth = self.depth + 1
        if depth > self.dialect.features.max_nesting:
            raise self._too_deep(node)
        sql = self.json_object(node)
        self.depth = depth - 1
        return sql

    @visits(JsonMap)
    def visit_json_map(self, node: JsonMap) -> str:
        """The rows of a query as a JSON array, of which the decoder makes a dict; for `fetch_json` as an object."""
        if self.wire is None:
            return self.visit_json_array(node)
        key = next(column.shape for column in self.known_columns(node) if column.name == node.key)
        if not isinstance(key, ValueType) or key.stored_kind not in ("str", "int", "uuid"):
            raise self.unsupported(
                f"json_map_from by {node.key!r} within fetch_json()",
                "its keys are texts, integers or UUIDs of known type; json_array_from gives the same rows as a list",
            )
        return self.json_map(node)

    def _too_deep(self, node: JsonRows) -> UnsupportedError:
        return self.unsupported(f"more than {self.dialect.features.max_nesting} levels of nested rows ({node.helper})")

    @visits(JsonResult)
    def visit_json_result(self, node: JsonResult) -> str:
        """The rows of a query, each as JSON, for `fetch_json`."""
        self.wire = node.decimals
        self.json_encodings = self.wire_encodings[node.decimals]
        if isinstance(node.query, Write):
            return self.visitor_of[type(node.query)](self, node.query)
        return self.json_result(node)

    def json_result(self, node: JsonResult) -> str:
        """``SELECT JSON_OBJECT('id', nested.id, …) AS json FROM (query) AS nested``."""
        item = self.object_of_derived(self.known_columns(node))
        return f"SELECT {item} AS {self.names['json']} FROM ({self.query(node.query)}) AS {self.names[self.NESTED]}"

    def json_array(self, node: JsonArray) -> str:
        """The dialect's shape of an array."""
        raise NotImplementedError

    def json_object(self, node: JsonObject) -> str:
        """The dialect's shape of an object."""
        raise NotImplementedError

    def json_map(self, node: JsonMap) -> str:
        """The dialect's shape of an object of rows, or of values, by a column, for `fetch_json`."""
        raise NotImplementedError

    def item_of_map(self, node: JsonMap) -> str:
        """A row of the derived table, or its value where the map is one of values."""
        columns = self.known_columns(node)
        if node.value is None:
            return self.object_of_derived(columns)
        return self.value_of_derived(next(column for column in columns if column.name == node.value))

    # -- what the shapes are made of ----------------------------------------------------------------------------------

    def known_columns(self, node: JsonRows | JsonResult) -> tuple[OutputColumn, ...]:
        """The columns of a nested query, whose names the shape writes."""
        if node.columns is None:
            raise self.unsupported(
                f"{node.helper} of a query with *, whose columns are not known",
                "name the columns in select(…), or declare the table",
            )
        return node.columns

    def object_of_derived(self, columns: Iterable[OutputColumn]) -> str:
        """``JSON_OBJECT('id', nested.id, …)`` over the derived table."""
        prefix = self.names[self.NESTED] + "."
        return self.json_pairs(
            [(str(name), self.encoded_column(prefix + self.names[str(name)], shape)) for name, shape in columns]
        )

    def value_of_derived(self, column: OutputColumn) -> str:
        """The only column of the derived table, for a list of values."""
        return self.encoded_column(f"{self.names[self.NESTED]}.{self.names[str(column.name)]}", column.shape)

    def json_pairs(self, pairs: list[tuple[str, str]]) -> str:
        """``JSON_OBJECT('key', value, …)``."""
        return f"JSON_OBJECT({', '.join([f'{self.string_literal(key)}, {sql}' for key, sql in pairs])})"

    def encoded_column(self, sql: str, shape: ValueType | Nested | None) -> str:
        """A column of a derived table in a form that survives JSON."""
        template = self.encoding(shape)
        return sql if template is None else template.replace("{0}", sql)

    def encoded_term(self, term: Any) -> str:
        """A term in a form that survives JSON.

        A form that needs the value twice has the term written twice, for an aggregate has its meaning only where it
        stands; what is costly or bound is taken from a row of its own.
        """
        template = self.encoding(shape_of(term))
        if template is None:
            return self.typed(term)
        start, *rest = template.split("{0}")
        if len(rest) == 1 or type(term) not in _TAKEN_ONCE:
            return start + "".join([self._within(term) + each for each in rest])
        column = self.names["value"]
        single = f"(SELECT {self.typed(term)} AS {column}) AS {self.names['single']}"
        return f"(SELECT {template.replace('{0}', column)} FROM {single})"

    def _within(self, term: Any) -> str:
        """A term that stands within a form, whose operators must not take a part of it."""
        return self.typed(term) if is_value(term) else self.operand(term, ATOM)

    def needs_encoding(self, query: Query[Any, Any]) -> bool:
        """Whether a column of a nested query does not survive JSON as it is."""
        if not isinstance(query, Select):
            return any(self.changes(column.shape, query) for column in query.output_columns() or ())
        encodings, is_wire = self.json_encodings, self.wire is not None
        for term in query.columns:
            if type(term) is Column and not is_wire:
                known = term.value_type
                if known is not None and known.stored_kind in encodings:
                    return True
            elif self.changes(shape_of(term), query):
                return True
        return False

    def changes(self, shape: ValueType | Nested | None, query: Query[Any, Any]) -> bool:
        """Whether values of a shape do not survive JSON as they are, in rows of a query."""
        return self.encoding(shape) is not None

    def encoding(self, shape: ValueType | Nested | None) -> str | None:
        """The form in which values of a type survive JSON; None where they do as they are."""
        if shape is None:
            return None
        if isinstance(shape, Nested):
            return self.json_encodings.get("nested")
        return self.json_encodings.get(shape.stored_kind if self.wire is None else self._wire_kind(shape))

    def _wire_kind(self, shape: ValueType) -> str:
        """The kind of type by which `fetch_json` writes a value."""
        if shape.python is dt.timedelta and shape.stored_kind == "int":  # the difference of two moments
            return "microseconds"
        if self.dialect.values.lists_are_documents and self.wire == "number" and shape.stored_kind == "list of decimal":
            raise self.unsupported(
                'lists of Decimals with fetch_json(decimals="number")', "they are written as strings"
            )
        return shape.stored_kind

    # -- aggregates ---------------------------------------------------------------------------------------------------

    @visits(JsonArrayAggregate)
    def visit_json_array_aggregate(self, node: JsonArrayAggregate) -> str:
        """``JSON_ARRAYAGG(value)``; COUNT tells no rows from a list that the server cut to NULL."""
        values = self.encoded_term(node.term) + self.json_aggregate_order(node)
        return f"CASE WHEN COUNT(*) = 0 THEN JSON_ARRAY() ELSE JSON_ARRAYAGG({values}) END"

    def json_aggregate_order(self, node: JsonArrayAggregate) -> str:
        """`` ORDER BY …`` within an aggregate."""
        if node.orderings:
            raise self.unsupported("ORDER BY in an aggregate of JSON", "nest an ordered query with json_array_from(…)")
        return ""

    @visits(JsonObjectAggregate)
    def visit_json_object_aggregate(self, node: JsonObjectAggregate) -> str:
        """``JSON_OBJECTAGG(key, value)``."""
        members = f"{self.typed(node.key)}, {self.encoded_term(node.term)}"
        return f"CASE WHEN COUNT(*) = 0 THEN JSON_OBJECT() ELSE JSON_OBJECTAGG({members}) END"

    @visits(JsonBuildObject)
    def visit_json_build_object(self, node: JsonBuildObject) -> str:
        """An object made of expressions."""
        return self.json_pairs([(key, self.encoded_term(term)) for key, term in node.pairs])
