"""SQLite's own expressions: GLOB, JSON paths, rows in lists."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from querykit.builder.expressions import Value
from querykit.builder.pypika_nodes import Operation, Row
from querykit.builder.value_types import STR
from querykit.dialects.compiler import Compiler
from querykit.dialects.expressions import ATOM

if TYPE_CHECKING:
    from querykit.builder.expressions import InTerms
    from querykit.builder.pypika_nodes import Extraction


class SQLiteTerms(Compiler):
    """Writes the expressions that SQLite has in its own way."""

    operations: ClassVar = {each: each for each in ("GLOB", "->", "->>")}

    def visit_operation(self, node: Operation[Any]) -> str:
        """``a -> path``: a key is put into a path, for SQLite takes «0» for an index and «a.b» for two keys.

        Source: https://www.sqlite.org/json1.html#jptr
        """
        if node.operator not in ("->", "->>") or type(node.right) is not Value:
            return super().visit_operation(node)
        return f"{self.operand(node.left, ATOM)} {node.operator} {self.bind(self.path(node.right.value), STR)}"

    def path(self, key: object) -> str:
        """The path of a key or an index."""
        if type(key) is int:
            return f"$[{key}]" if key >= 0 else f"$[#{key}]"
        if not isinstance(key, str) or '"' in key or "\\" in key:
            raise self.unsupported('paths to a key with " or \\ in it, or to what is no key', "take it from JSON_EACH")
        return f'$."{key}"'

    def among(self, node: InTerms) -> str:
        """The items of an IN; rows are those of a VALUES."""
        items = super().among(node)
        return f"VALUES {items}" if type(node.items[0]) is Row else items

    def visit_extraction(self, node: Extraction[Any]) -> str:
        """Refuse EXTRACT."""
        raise self.unsupported("EXTRACT", "write strftime through sql(…), or take the part in Python")
