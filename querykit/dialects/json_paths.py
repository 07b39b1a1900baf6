"""Writing JSON paths and what is read at them: the visitors, which each dialect fills in its own way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from querykit.builder.expressions import known_type
from querykit.builder.json_changes import JsonChange
from querykit.builder.json_paths import JsonDocument, JsonPath
from querykit.builder.json_values import JsonContains, JsonEquals, JsonLength, JsonText, JsonType, JsonValue
from querykit.builder.operands import Value
from querykit.dialects.expressions import ATOM, visits
from querykit.dialects.pypika_terms import PyPikaCompiler
from querykit.errors import CompileError

if TYPE_CHECKING:
    from querykit.builder.json_paths import Key


class JsonPathCompiler(PyPikaCompiler):
    """Writes JSON paths. A dialect says how; here is what is the same for all."""

    @visits(JsonPath)
    def visit_json_path(self, node: JsonPath) -> str:
        """The value at a place, as JSON."""
        raise NotImplementedError

    @visits(JsonDocument)
    def visit_json_document(self, node: JsonDocument) -> str:
        """A text that holds JSON, which is what the database takes for JSON."""
        return self.visit(node.term)

    @visits(JsonText)
    def visit_json_text(self, node: JsonText) -> str:
        """Its text; JSON null is NULL."""
        raise NotImplementedError

    @visits(JsonValue)
    def visit_json_value(self, node: JsonValue) -> str:
        """Read as a type; NULL where it is of another kind."""
        raise NotImplementedError

    @visits(JsonType)
    def visit_json_type(self, node: JsonType) -> str:
        """Its kind, in JSON's own words."""
        raise NotImplementedError

    @visits(JsonLength)
    def visit_json_length(self, node: JsonLength) -> str:
        """The number of items of an array; NULL where it is none."""
        raise NotImplementedError

    @visits(JsonEquals)
    def visit_json_equals(self, node: JsonEquals) -> str:
        """Whether two documents are equal."""
        raise NotImplementedError

    @visits(JsonContains)
    def visit_json_contains(self, node: JsonContains) -> str:
        """Whether a document holds another."""
        raise NotImplementedError

    @visits(JsonChange)
    def visit_json_change(self, node: JsonChange) -> str:
        """A document with one place changed."""
        raise NotImplementedError

    # -- what the dialects share --------------------------------------------------------------------------------------

    def json_of(self, term: Any) -> str:
        """A value or an expression as JSON, where a document is put together or compared."""
        if type(term) is Value:
            return self.json_value(self.visit(term))
        if type(term) is JsonDocument:
            return self.json_value(self.visit(term.term))
        known = known_type(term)
        kind = None if known is None else known.stored_kind
        if kind == "json":
            return self.json_again(self.operand(term, ATOM))
        if kind in ("str", "int", "float", "decimal", "total", "bool"):
            return self.json_of_kind(term, kind)
        what = f"{known} has no form in it" if known else "its type is not known; say it with .returns(…)"
        raise CompileError(f"an expression cannot be put into a JSON document: {what}")

    def json_value(self, sql: str) -> str:
        """A bound JSON text as JSON."""
        raise NotImplementedError

    def json_again(self, sql: str) -> str:
        """An expression that is JSON, as JSON whatever stands around it."""
        return sql

    def json_of_kind(self, term: Any, kind: str) -> str:
        """An expression of a plain type as JSON."""
        raise NotImplementedError


def place_of(document: Any) -> tuple[Any, tuple[Key, ...]]:
    """A JSON expression as a document and the steps into it, which may be none."""
    if isinstance(document, JsonPath):
        return document.term, document.keys
    return document, ()
