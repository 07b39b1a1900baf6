"""Writing nested rows: what the dialects' JSON shapes have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from querykit.builder.compiled import Nested, OutputColumn
from querykit.builder.expressions import Parameter, Subquery, Value
from querykit.builder.json import (
    JsonArray,
    JsonArrayAggregate,
    JsonBuildObject,
    JsonObject,
    JsonObjectAggregate,
    JsonRows,
)
from querykit.builder.query import shape_of
from querykit.builder.select import Select
from querykit.builder.tables import Column
from querykit.dialects.expressions import visits
from querykit.dialects.json_paths import JsonPathCompiler

if TYPE_CHECKING:
    from collections.abc import Iterable

    from querykit.builder.query import Query
    from querykit.builder.value_types import ValueType
    from querykit.errors import UnsupportedError


_TAKEN_ONCE = frozenset({Value, Parameter, Subquery})


class NestingCompiler(JsonPathCompiler):
    """Writes the JSON helpers. The shapes are the dialects'; counting levels and naming columns is done here."""

    NESTED: ClassVar = "nested"
    """The alias of the derived table whose rows become JSON."""

    json_encodings: ClassVar[dict[str, str]] = {}
    """For kinds of types that JSON changes: SQL that survives it, with ``{0}`` for the value. Read back by the decoder."""
    max_pairs: ClassVar[int] = 1_000_000
    """How many pairs of key and value JSON_OBJECT takes."""

    depth: int = 0

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

    def _too_deep(self, node: JsonRows) -> UnsupportedError:
        return self.unsupported(f"more than {self.dialect.features.max_nesting} levels of nested rows ({node.helper})")

    def json_array(self, node: JsonArray) -> str:
        """The dialect's shape of an array."""
        raise NotImplementedError

    def json_object(self, node: JsonObject) -> str:
        """The dialect's shape of an object."""
        raise NotImplementedError

    # -- what the shapes are made of ----------------------------------------------------------------------------------

    def known_columns(self, node: JsonRows) -> tuple[OutputColumn, ...]:
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
        template = self._encoding(shape)
        return sql if template is None else template.replace("{0}", sql)

    def encoded_term(self, term: Any) -> str:
        """A term in a form that survives JSON.

        A form that needs the value twice has the term written twice, for an aggregate has its meaning only where it
        stands; what is costly or bound is taken from a row of its own.
        """
        template = self._encoding(shape_of(term))
        if template is None:
            return self.typed(term)
        start, *rest = template.split("{0}")
        if len(rest) == 1 or type(term) not in _TAKEN_ONCE:
            return start + "".join([self.typed(term) + each for each in rest])
        column = self.names["value"]
        single = f"(SELECT {self.typed(term)} AS {column}) AS {self.names['single']}"
        return f"(SELECT {template.replace('{0}', column)} FROM {single})"

    def needs_encoding(self, query: Query[Any, Any]) -> bool:
        """Whether a column of a nested query does not survive JSON as it is."""
        if not isinstance(query, Select):
            return any(self._encoding(column.shape) is not None for column in query.output_columns() or ())
        encodings = self.json_encodings
        for term in query.columns:
            if type(term) is Column:
                known = term.value_type
                if known is not None and known.stored_kind in encodings:
                    return True
            elif self._encoding(shape_of(term)) is not None:
                return True
        return False

    def _encoding(self, shape: ValueType | Nested | None) -> str | None:
        if shape is None:
            return None
        return self.json_encodings.get("nested" if isinstance(shape, Nested) else shape.stored_kind)

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
