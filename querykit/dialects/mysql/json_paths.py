"""JSON on MySQL: functions with a path of quoted keys, which is bound.

Source: https://dev.mysql.com/doc/refman/8.4/en/json.html#json-path-syntax
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, ClassVar

from querykit.builder.value_types import STR
from querykit.dialects.compiler import Compiler
from querykit.dialects.expressions import ATOM
from querykit.dialects.json_paths import place_of

if TYPE_CHECKING:
    from querykit.builder.json_changes import JsonChange
    from querykit.builder.json_paths import JsonDocument, JsonPath, Key
    from querykit.builder.json_values import JsonContains, JsonEquals, JsonLength, JsonText, JsonType, JsonValue


class MySQLJsonCompiler(Compiler):
    """Writes JSON for MySQL.

    A path takes a value that is no array for an array of that one item, so that ``[0]`` and ``[last]`` would find the
    value itself: a CASE looks first.
    """

    JSON_NULL: ClassVar = "CAST('null' AS JSON)"
    NUMBERS: ClassVar = "('INTEGER', 'UNSIGNED INTEGER', 'DOUBLE', 'DECIMAL')"
    READINGS: ClassVar = {
        "int": "CAST(TRUNCATE(CAST({0} AS DECIMAL(65, 20)), 0) AS SIGNED)",
        "number": "{0}",
        "decimal": "CAST({0} AS DECIMAL(65, 30))",
        "float": "CAST({0} AS DOUBLE)",
        # of the binary collations the one that does not ignore spaces at the end
        "string": "JSON_UNQUOTE({0}) COLLATE utf8mb4_0900_bin",
    }

    def visit_json_path(self, node: JsonPath) -> str:
        """``JSON_EXTRACT(document, '$."auth"."roles"[0]')``."""
        guard = self._guard(node.term, node.keys)
        if not guard:
            return self._extract(node.term, node.keys)
        return f"CASE WHEN {guard} THEN {self._extract(node.term, node.keys)} END"

    def _extract(self, term: Any, keys: tuple[Key, ...]) -> str:
        document = self.operand(term, ATOM)
        return f"JSON_EXTRACT({document}, {self._path(keys)})" if keys else document

    def _path(self, keys: tuple[Key, ...]) -> str:
        return self.bind("$" + "".join([self.path_step(each) for each in keys]), STR)

    def path_step(self, key: Key) -> str:
        """``."key"``, as JSON quotes it, or ``[0]``."""
        if isinstance(key, str):
            return "." + json.dumps(key, ensure_ascii=False)
        if key >= 0:
            return f"[{key}]"
        return "[last]" if key == -1 else f"[last-{-key - 1}]"

    def _guard(self, term: Any, keys: tuple[Key, ...], *, is_written: bool = False) -> str:
        """That an array stands where a path asks for its first or last item, or any of it is written."""
        places = [place for place, key in enumerate(keys) if key in (0, -1) and isinstance(key, int)]
        if is_written and keys and isinstance(keys[-1], int) and len(keys) - 1 not in places:
            places.append(len(keys) - 1)
        return " AND ".join([f"JSON_TYPE({self._extract(term, keys[:place])}) = 'ARRAY'" for place in places])

    def visit_json_document(self, node: JsonDocument) -> str:
        """``CAST(text AS JSON)``."""
        return self.json_value(self.visit(node.term))

    def visit_json_text(self, node: JsonText) -> str:
        """``JSON_UNQUOTE(…)``, which makes a text of JSON null too."""
        return f"JSON_UNQUOTE(NULLIF({self.visit(node.document)}, {self.JSON_NULL}))"

    def visit_json_value(self, node: JsonValue) -> str:
        """``CASE WHEN JSON_TYPE(…) IN (…) THEN CAST(… AS …) END``."""
        document = self.visit(node.document)
        if node.reading == "bool":
            return f"CASE {self.json_as_text(document)} WHEN 'true' THEN TRUE WHEN 'false' THEN FALSE END"
        test = "= 'STRING'" if node.reading == "string" else f"IN {self.NUMBERS}"
        reading = self.READINGS[node.reading].format(self.visit(node.document))
        return f"CASE WHEN JSON_TYPE({document}) {test} THEN {reading} END"

    def json_as_text(self, sql: str) -> str:
        """JSON as it is written."""
        return f"CAST({sql} AS CHAR)"

    def visit_json_type(self, node: JsonType) -> str:
        """``JSON_TYPE(…)``, in which numbers have several names."""
        test = f"JSON_TYPE({self.visit(node.document)}) IN {self.NUMBERS}"
        return f"CASE WHEN {test} THEN 'number' ELSE LOWER(JSON_TYPE({self.visit(node.document)})) END"

    def visit_json_length(self, node: JsonLength) -> str:
        """``JSON_LENGTH(…)``, which counts the keys of objects too."""
        test = f"JSON_TYPE({self.visit(node.document)}) = 'ARRAY'"
        return f"CASE WHEN {test} THEN JSON_LENGTH({self.visit(node.document)}) END"

    def visit_json_equals(self, node: JsonEquals) -> str:
        """``a = b`` of JSON."""
        left = self.operand(node.left, ATOM)
        return f"{left} {'<>' if node.is_negated else '='} {self.json_of(node.right)}"

    def visit_json_contains(self, node: JsonContains) -> str:
        """``JSON_CONTAINS(a, b)``."""
        document = self.visit(node.document)
        return f"JSON_CONTAINS({document}, {self.json_of(node.part)})"

    def visit_json_change(self, node: JsonChange) -> str:
        """``JSON_SET(document, path, value)`` and its like."""
        term, keys = place_of(node.place)
        guard = self._guard(term, keys, is_written=True)
        if node.change == "append":
            guard += f"{' AND ' if guard else ''}JSON_TYPE({self._extract(term, keys)}) = 'ARRAY'"
        name = {"set": "JSON_SET", "insert": "JSON_INSERT", "append": "JSON_ARRAY_APPEND", "remove": "JSON_REMOVE"}
        changed = f"{name[node.change]}({self.operand(term, ATOM)}, {self._path(keys)}"
        changed += ")" if node.change == "remove" else f", {self.json_of(node.value)})"
        return f"CASE WHEN {guard} THEN {changed} ELSE {self.operand(term, ATOM)} END" if guard else changed

    # -- values as JSON -----------------------------------------------------------------------------------------------

    def json_value(self, sql: str) -> str:
        """``CAST(%s AS JSON)``."""
        return f"CAST({sql} AS JSON)"

    def json_of_kind(self, term: Any, kind: str) -> str:
        """``CAST(… AS JSON)``; a text is quoted, and a condition made true or false, which it is not by itself."""
        sql = self.operand(term, ATOM)
        if kind == "bool":
            true, false = self.json_value("'true'"), self.json_value("'false'")
            return f"CASE {sql} WHEN 1 THEN {true} WHEN 0 THEN {false} END"
        return self.json_value(f"JSON_QUOTE({sql})" if kind == "str" else sql)
