"""Keeping the conditions of plugins in sub-queries that MySQL joins."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Final

from querykit.builder.operands import Keyword
from querykit.builder.row_filters import RowFilter
from querykit.builder.select import Select
from querykit.dialects.compiler import Compiler

if TYPE_CHECKING:
    from querykit.builder.statement import Statement

_APART: Final = Keyword[Any]("/*+ NO_SEMIJOIN() */")


class MySQLSemijoins(Compiler):
    """Writes sub-queries so that a join keeps their conditions.

    MySQL 9.7 turns ``IN (SELECT …)`` and EXISTS into joins, and where they stand on the side of an outer join that may
    be NULL, it may drop the conditions of the sub-query (measured: rows of other tenants were joined). Sub-queries that
    a plugin put conditions into are told to stay apart there; so are derived tables and CTEs, which it merges.

    Attributes:
        drops_conditions: Whether the database does so.
        may_be_null: Whether what is being written may stand on such a side.
        is_filtering: Whether it belongs to the condition of a plugin.

    Source: https://dev.mysql.com/doc/refman/8.4/en/optimizer-hints.html#optimizer-hints-subquery
    """

    drops_conditions: ClassVar[bool] = True

    may_be_null: bool = False
    is_filtering: bool = False

    def from_clause(self, query: Select[Any, Any], outer: frozenset[str]) -> str:
        """FROM, in which joins may give NULLs to what is written there."""
        before = self.may_be_null
        self.may_be_null = before or any(join.kind in ("LEFT", "RIGHT") for join in query.joins)
        sql = super().from_clause(query, outer)
        self.may_be_null = before
        return sql

    def with_clause(self, statement: Statement[Any, Any]) -> str:
        """WITH: nobody knows here where its tables will stand."""
        before, self.may_be_null = self.may_be_null, True
        sql = super().with_clause(statement)
        self.may_be_null = before
        return sql

    def visit_row_filter(self, node: RowFilter) -> str:
        """The conditions of plugins, whose sub-queries are theirs too."""
        before, self.is_filtering = self.is_filtering, True
        sql = super().visit_row_filter(node)
        self.is_filtering = before
        return sql

    def query(self, query: Statement[Any, Any]) -> str:
        """A query inside another."""
        if self.drops_conditions and self.may_be_null and isinstance(query, Select) and self._is_filtered(query):
            query = query.with_part("front_modifiers", (_APART, *query.front_modifiers))
        return super().query(query)

    def select_words(self, query: Select[Any, Any]) -> str:
        """``SELECT DISTINCT``; a hint stands before DISTINCT, and what stands behind it is a comment."""
        sql = super().select_words(query)
        is_apart = any(each is _APART for each in query.front_modifiers)
        return sql.replace("SELECT ", f"SELECT {_APART.word} ", 1) if is_apart else sql

    def _is_filtered(self, query: Select[Any, Any]) -> bool:
        joined = [each for join in query.joins for each in join.predicates]
        return self.is_filtering or any(isinstance(each, RowFilter) for each in (*query.predicates, *joined))
