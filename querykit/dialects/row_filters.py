"""Writing what plugins ask of the rows of a table."""

from __future__ import annotations

from typing import Any

from querykit.builder.row_filters import Bytes, Bytewise, Enforced, RowFilter
from querykit.dialects.combining import CombiningCompiler
from querykit.dialects.expressions import AND, BINDING, visits

BINDING[RowFilter] = BINDING[Bytewise] = AND


class RowFilterCompiler(CombiningCompiler):
    """Writes the conditions of plugins."""

    @visits(RowFilter)
    def visit_row_filter(self, node: RowFilter) -> str:
        """Conditions joined by AND, in which nothing means another table of the statement by mistake."""
        outer, self.scope = self.scope, frozenset([node.reference])
        sql = self.all_of(node.terms)
        self.scope = outer
        return sql

    @visits(Bytewise)
    def visit_bytewise(self, node: Bytewise) -> str:
        """The comparison, where texts are compared byte by byte anyway."""
        return self.visit(node.test)

    @visits(Bytes)
    def visit_bytes(self, node: Bytes[Any]) -> str:
        """The value, where that is the same."""
        return self.visit(node.term)

    @visits(Enforced)
    def visit_enforced(self, node: Enforced[Any]) -> str:
        """A value that fails the statement where a condition does not hold."""
        raise NotImplementedError
