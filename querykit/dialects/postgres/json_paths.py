"""JSON on PostgreSQL: the operators of json and jsonb, with every key bound.

Source: https://www.postgresql.org/docs/current/functions-json.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from querykit.builder.json_changes import JsonChange
from querykit.builder.json_paths import JsonPath
from querykit.builder.value_types import INT, STR, list_of
from querykit.dialects.compiler import Compiler
from querykit.dialects.expressions import ATOM, is_value
from querykit.dialects.json_paths import place_of

if TYPE_CHECKING:
    from querykit.builder.json_paths import JsonDocument, Key
    from querykit.builder.json_values import JsonContains, JsonEquals, JsonLength, JsonText, JsonType, JsonValue


class PostgresJsonCompiler(Compiler):
    """Writes JSON for PostgreSQL. A column may be json or jsonb: what only jsonb has is asked of a cast."""

    READINGS: ClassVar = {
        "int": ("number", "TRUNC({0}::numeric)::bigint"),
        "number": ("number", "{0}::numeric"),
        "decimal": ("number", "{0}::numeric"),
        "float": ("number", "{0}::double precision"),
        "bool": ("boolean", "{0}::boolean"),
        # compared as it is, whatever the order of the database's language
        "string": ("string", "({0} #>> '{{}}') COLLATE \"C\""),
    }
    END: ClassVar = "2147483647"
    """An index past the end of every array, where JSONB_SET appends."""

    def visit_json_path(self, node: JsonPath) -> str:
        """``document -> $1::text -> $2::int``."""
        return self._steps(node.term, node.keys)

    def _steps(self, term: Any, keys: tuple[Key, ...]) -> str:
        """The steps; a scalar of jsonb answers to its first and last index, so that a CASE looks for an array first."""
        sql = self._document(term)
        for place, key in enumerate(keys):
            if isinstance(key, int) and key in (0, -1):
                array = f"({sql})::jsonb" if place else f"{sql}::jsonb"
                step = f"{sql} -> {self._key(key)}"
                sql = f"CASE WHEN JSONB_TYPEOF({array}) = 'array' THEN {step} END"
                sql = sql if place == len(keys) - 1 else f"({sql})"
            else:
                sql += f" -> {self._key(key)}"
        return sql

    def _document(self, term: Any) -> str:
        return f"{self.visit(term)}::jsonb" if is_value(term) else self.operand(term, ATOM)

    def _key(self, key: Key) -> str:
        return f"{self.bind(key, STR)}::text" if isinstance(key, str) else f"{self.bind(key, INT)}::int"

    def _jsonb(self, document: Any) -> str:
        term, keys = place_of(document)
        sql = self._steps(term, keys)
        if isinstance(document, JsonChange) or (is_value(term) and not keys):
            return sql
        return f"({sql})::jsonb" if keys else f"{sql}::jsonb"

    def visit_json_document(self, node: JsonDocument) -> str:
        """``text::jsonb``."""
        return self._jsonb(node.term)

    def visit_json_text(self, node: JsonText) -> str:
        """``document ->> $1::text``."""
        term, keys = place_of(node.document)
        if not keys:
            return f"{self._document(term)} #>> '{{}}'"
        if isinstance(keys[-1], int) and keys[-1] in (0, -1):
            return f"({self._steps(term, keys)}) #>> '{{}}'"
        return f"{self._steps(term, keys[:-1])} ->> {self._key(keys[-1])}"

    def visit_json_value(self, node: JsonValue) -> str:
        """``CASE WHEN JSONB_TYPEOF(…) = 'number' THEN …::numeric END``."""
        kind, reading = self.READINGS[node.reading]
        sql = self._jsonb(node.document)
        return f"CASE WHEN JSONB_TYPEOF({sql}) = '{kind}' THEN {reading.format(sql)} END"

    def visit_json_type(self, node: JsonType) -> str:
        """``JSONB_TYPEOF(…)``."""
        return f"JSONB_TYPEOF({self._jsonb(node.document)})"

    def visit_json_length(self, node: JsonLength) -> str:
        """``JSONB_ARRAY_LENGTH(…)``, which raises for what is no array."""
        sql = self._jsonb(node.document)
        return f"CASE WHEN JSONB_TYPEOF({sql}) = 'array' THEN JSONB_ARRAY_LENGTH({sql}) END"

    def visit_json_equals(self, node: JsonEquals) -> str:
        """``a = b`` of jsonb."""
        left = self._jsonb(node.left)
        return f"{left} {'<>' if node.is_negated else '='} {self._jsonb(node.right)}"

    def visit_json_contains(self, node: JsonContains) -> str:
        """``a @> b``."""
        document = self._jsonb(node.document)
        return f"{document} @> {self.json_of(node.part)}"

    def visit_json_change(self, node: JsonChange) -> str:
        """``CASE WHEN JSONB_TYPEOF(parent) = 'object' THEN JSONB_SET(…) ELSE document END``.

        JSONB_SET takes "0" for a key of an object and for an index of an array: the CASE asks which of them it is.
        """
        term, keys = node.place.term, node.place.keys
        document = self._jsonb(term)
        parent, kind = keys[:-1], "array" if node.change == "append" or isinstance(keys[-1], int) else "object"
        if node.change == "append":
            parent, keys = keys, (*keys, self.END)
        holder = f"({self._steps(term, parent)})::jsonb" if parent else document
        test = f"JSONB_TYPEOF({holder}) = '{kind}'"
        if node.change == "insert":
            test += f" AND {holder} -> {self._key(keys[-1])} IS NULL"
        path = f"{self.bind([str(each) for each in keys], list_of(STR))}::text[]"
        if node.change == "remove":
            changed = f"{document} #- {path}"
        else:
            changed = f"JSONB_SET({document}, {path}, {self.json_of(node.value)})"
        return f"CASE WHEN {test} THEN {changed} ELSE {document} END"

    # -- values as JSON -----------------------------------------------------------------------------------------------

    def json_value(self, sql: str) -> str:
        """``$1::jsonb``."""
        return f"{sql}::jsonb"

    def json_again(self, sql: str) -> str:
        """``(…)::jsonb``."""
        return f"({sql})::jsonb"

    def json_of_kind(self, term: Any, kind: str) -> str:
        """``TO_JSONB(…)``."""
        return f"TO_JSONB({self.typed(term)})"
