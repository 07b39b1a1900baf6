"""Keeping the conditions of sub-queries that MySQL turns into joins."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Final, TypeVar

from querykit.builder.operands import Keyword
from querykit.builder.rewrite import copied, walk
from querykit.builder.select import Select
from querykit.dialects.compiler import Compiler

if TYPE_CHECKING:
    from querykit.builder.comparisons import Exists, InQuery
    from querykit.builder.statement import Statement

NodeT = TypeVar("NodeT", "InQuery", "Exists")

_APART: Final = Keyword[Any]("/*+ NO_SEMIJOIN() */")


class MySQLSemijoins(Compiler):
    """Writes sub-queries so that a join keeps their conditions.

    MySQL 9.7 turns ``IN (SELECT …)`` and EXISTS into joins, and on the side of an outer join that may be NULL it may
    drop the conditions of the sub-query (measured: rows were joined that it excludes, another tenant's too). There, in
    ON, derived tables and CTEs, which it merges, they are told to stay apart.

    Attributes:
        drops_conditions: Whether the database does so.
        may_be_null: Whether what is being written may stand on such a side.

    Source: https://dev.mysql.com/doc/refman/8.4/en/optimizer-hints.html#optimizer-hints-subquery
    """

    drops_conditions: ClassVar[bool] = True

    may_be_null: bool = False

    def from_clause(self, query: Select[Any, Any], outer: frozenset[str]) -> str:
        """FROM, in which joins may give NULLs to what is written there."""
        before = self.may_be_null
        self.may_be_null = before or _has_outer_joins(query)
        sql = super().from_clause(query, outer)
        self.may_be_null = before
        return sql

    def with_clause(self, statement: Statement[Any, Any]) -> str:
        """WITH, whose tables may stand on such a side further down."""
        before = self.may_be_null
        self.may_be_null = before or any(map(_has_outer_joins, walk(statement)))
        sql = super().with_clause(statement)
        self.may_be_null = before
        return sql

    def visit_in_query(self, node: InQuery) -> str:
        """``a IN (SELECT …)``."""
        return super().visit_in_query(self._kept_apart(node))

    def visit_exists(self, node: Exists) -> str:
        """``EXISTS (SELECT …)``."""
        return super().visit_exists(self._kept_apart(node))

    def select_words(self, query: Select[Any, Any]) -> str:
        """``SELECT DISTINCT``; a hint stands before DISTINCT, and what stands behind it is a comment."""
        sql = super().select_words(query)
        is_apart = any(each is _APART for each in query.front_modifiers)
        return sql.replace("SELECT ", f"SELECT {_APART.word} ", 1) if is_apart else sql

    def _kept_apart(self, node: NodeT) -> NodeT:
        query: Any = node.__dict__["query"]
        if not (self.may_be_null and self.drops_conditions and isinstance(query, Select)):
            return node
        return copied(node, query=query.with_part("front_modifiers", (_APART, *query.front_modifiers)))


def _has_outer_joins(node: Any) -> bool:
    return isinstance(node, Select) and any(join.kind in ("LEFT", "RIGHT") for join in node.joins)
