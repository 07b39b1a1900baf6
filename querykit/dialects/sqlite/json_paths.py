"""JSON on SQLite, where it is text: ``->`` and ``->>`` with a bound path, JSON_EACH for keys that no path can say.

Source: https://www.sqlite.org/json1.html
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, ClassVar

from querykit.builder.operands import Value
from querykit.builder.value_types import STR
from querykit.dialects.compiler import Compiler
from querykit.dialects.expressions import ATOM
from querykit.dialects.json_paths import place_of
from querykit.dialects.sqlite.decimals import CAST

if TYPE_CHECKING:
    from querykit.builder.json_changes import JsonChange
    from querykit.builder.json_paths import JsonPath, Key
    from querykit.builder.json_values import JsonContains, JsonEquals, JsonLength, JsonText, JsonType, JsonValue

_PLAIN_KEY = re.compile(r"[ !#-.0-\[\]-~]*")
"""Keys that stand in a document as they are: printable ASCII but for the quote, the backslash and the slash, which some
writers escape. A path is compared with the document's own spelling: every other key is looked for by JSON_EACH."""

_UNWRITABLE = re.compile(r"[\"\\\x00-\x1f]")


class SQLiteJsonCompiler(Compiler):
    """Writes JSON for SQLite."""

    READINGS: ClassVar = {
        "int": ("'integer', 'real'", "CAST({0} ->> {1} AS INTEGER)"),
        "number": ("'integer', 'real'", "{0} ->> {1}"),
        "float": ("'integer', 'real'", "CAST({0} ->> {1} AS REAL)"),
        # as it is written: ->> would make a float of it
        "decimal": ("'integer', 'real'", f"{CAST}({{0}} -> {{1}})"),
        "string": ("'text'", "{0} ->> {1}"),
    }
    MEMBER: ClassVar = (
        "(SELECT CAST(CASE member.type WHEN 'text' THEN JSON_QUOTE(member.value) "
        "WHEN 'real' THEN PRINTF('%!.20e', member.value) WHEN 'true' THEN 'true' WHEN 'false' THEN 'false' "
        "WHEN 'null' THEN 'null' ELSE member.value END AS TEXT) "
        "FROM JSON_EACH({0}) AS member WHERE member.key = {1} LIMIT 1)"
    )
    """The value at a key of an object as JSON, whatever the key."""

    def visit_json_path(self, node: JsonPath) -> str:
        """``document -> '$."auth"."roles"[0]'``."""
        document, path = self._place(node)
        return document if path == "$" else f"{document} -> {self.bind(path, STR)}"

    def _place(self, json: Any) -> tuple[str, str]:
        """The document, written, and the path into it, which is to be bound next."""
        term, keys = place_of(json)
        sql, path = self.operand(term, ATOM), "$"
        for key in keys:
            if isinstance(key, int) or _PLAIN_KEY.fullmatch(key):
                path += _step(key)
                continue
            holder = sql if path == "$" else f"{sql}, {self.bind(path, STR)}"
            sql, path = self.MEMBER.format(holder, self.bind(key, STR)), "$"
        return sql, path

    def _at(self, template: str, json: Any) -> str:
        """A template with the document for ``{0}`` and the path for ``{1}``, written anew at each use."""
        document, path = self._place(json)
        return template.format(document, self.bind(path, STR))

    def visit_json_text(self, node: JsonText) -> str:
        """``document ->> path``, which makes numbers of true and false."""
        kind = self._at("CASE JSON_TYPE({0}, {1})", node.document)
        text = self._at("WHEN 'text' THEN {0} ->> {1}", node.document)
        return f"{kind} {text} WHEN 'null' THEN NULL {self._at('ELSE {0} -> {1}', node.document)} END"

    def visit_json_value(self, node: JsonValue) -> str:
        """``CASE WHEN JSON_TYPE(document, path) IN (…) THEN document ->> path END``."""
        if node.reading == "bool":
            return self._at("CASE JSON_TYPE({0}, {1}) WHEN 'true' THEN TRUE WHEN 'false' THEN FALSE END", node.document)
        kinds, reading = self.READINGS[node.reading]
        test = self._at("CASE WHEN JSON_TYPE({0}, {1})", node.document)
        return f"{test} IN ({kinds}) THEN {self._at(reading, node.document)} END"

    def visit_json_type(self, node: JsonType) -> str:
        """``JSON_TYPE(document, path)`` in JSON's own words."""
        return (
            self._at("CASE JSON_TYPE({0}, {1})", node.document)
            + " WHEN 'text' THEN 'string' WHEN 'integer' THEN 'number' WHEN 'real' THEN 'number'"
            + " WHEN 'true' THEN 'boolean' WHEN 'false' THEN 'boolean'"
            + self._at(" ELSE JSON_TYPE({0}, {1}) END", node.document)
        )

    def visit_json_length(self, node: JsonLength) -> str:
        """``JSON_ARRAY_LENGTH(document, path)``, which is 0 for what is no array."""
        test = self._at("CASE JSON_TYPE({0}, {1})", node.document)
        return f"{test} WHEN 'array' THEN {self._at('JSON_ARRAY_LENGTH({0}, {1})', node.document)} END"

    def visit_json_equals(self, node: JsonEquals) -> str:
        """Refuse: JSON is text here, and equal documents are written in many ways."""
        raise self.unsupported("the comparison of JSON documents", "compare values in them")

    def visit_json_contains(self, node: JsonContains) -> str:
        """``EXISTS (SELECT 1 FROM JSON_EACH(document, path) WHERE …)``, for a scalar."""
        part = node.part
        if type(part) is not Value or not isinstance(part.value, str | int | float | bool):
            raise self.unsupported("json_contains of anything but a text, a number, True or False")
        test = self._at("CASE WHEN JSON_TYPE({0}, {1}) IS NOT NULL THEN ", node.document)
        items = self._at("EXISTS (SELECT 1 FROM JSON_EACH({0}, {1}) AS item ", node.document)
        return f"{test}{items}WHERE TYPEOF(item.key) <> 'text' AND {self._is_scalar(part.value)}) END"

    def _is_scalar(self, value: str | float) -> str:
        if isinstance(value, bool):
            return f"item.type = '{str(value).lower()}'"
        kinds = "'text'" if isinstance(value, str) else "'integer', 'real'"
        return f"item.type IN ({kinds}) AND item.value = {self.bind(value, None)}"

    def visit_json_change(self, node: JsonChange) -> str:
        """``CASE WHEN JSON_TYPE(document, parent) = 'object' THEN JSON_SET(…) ELSE document END``."""
        term, keys = node.place.term, node.place.keys
        for key in keys:
            if isinstance(key, str) and _UNWRITABLE.search(key):
                raise self.unsupported(f"changing JSON at the key {key!r}: its paths cannot say quotes and backslashes")
        if node.change == "remove":
            document = self.operand(term, ATOM)
            return f"JSON_REMOVE({document}, {self.bind(_path(keys), STR)})"
        is_array = node.change == "append" or isinstance(keys[-1], int)
        parent = keys if node.change == "append" else keys[:-1]
        kind, name = "array" if is_array else "object", "JSON_SET" if node.change == "set" else "JSON_INSERT"
        sql = f"CASE WHEN JSON_TYPE({self.operand(term, ATOM)}, {self.bind(_path(parent), STR)}) = '{kind}' "
        sql += f"THEN {name}({self.operand(term, ATOM)}, {self._written_path(term, keys, node.change)}, "
        return f"{sql}{self.json_of(node.value)}) ELSE {self.operand(term, ATOM)} END"

    def _written_path(self, term: Any, keys: tuple[Key, ...], change: str) -> str:
        """The path; an index past the end means the end."""
        if change == "append":
            return self.bind(_path(keys) + "[#]", STR)
        if isinstance(keys[-1], str):
            return self.bind(_path(keys), STR)
        parent = _path(keys[:-1])
        length = f"JSON_ARRAY_LENGTH({self.operand(term, ATOM)}, {self.bind(parent, STR)})"
        within = f"{length} > {self.bind(keys[-1], None)}"
        return f"CASE WHEN {within} THEN {self.bind(_path(keys), STR)} ELSE {self.bind(parent + '[#]', STR)} END"

    # -- values as JSON -----------------------------------------------------------------------------------------------

    def json_value(self, sql: str) -> str:
        """``JSON(?)``."""
        return f"JSON({sql})"

    def json_again(self, sql: str) -> str:
        """``JSON(…)``: that a text is JSON is forgotten by tables."""
        return f"JSON({sql})"

    def json_of_kind(self, term: Any, kind: str) -> str:
        """The value itself, quoted; true and false, which are numbers here, by their names."""
        if kind == "float":
            return f"JSON({self.encoded_term(term)})"
        sql = self.operand(term, ATOM)
        if kind == "bool":
            return f"JSON(CASE {sql} WHEN 1 THEN 'true' WHEN 0 THEN 'false' END)"
        return f"JSON_QUOTE({sql})" if kind == "str" else sql


def _path(keys: tuple[Key, ...]) -> str:
    return "$" + "".join([_step(each) for each in keys])


def _step(key: Key) -> str:
    if isinstance(key, str):
        return f'."{key}"'
    return f"[{key}]" if key >= 0 else f"[#{key}]"
