"""SQLite's own expressions: GLOB."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from querykit.dialects.compiler import Compiler

if TYPE_CHECKING:
    from querykit.builder.pypika_nodes import Extraction


class SQLiteTerms(Compiler):
    """Writes the expressions that SQLite has in its own way."""

    operations: ClassVar = {"GLOB": "GLOB"}

    def visit_extraction(self, node: Extraction[Any]) -> str:
        """Refuse EXTRACT."""
        raise self.unsupported("EXTRACT", "write strftime through sql(…), or take the part in Python")
