"""Where a condition on a table's rows stands, so that it holds of them and changes no others."""

from __future__ import annotations

from operator import is_
from typing import TYPE_CHECKING, Any, TypeVar
from typing import cast as static_cast

from querykit.builder.functions import case
from querykit.builder.operands import operand
from querykit.builder.query import AliasedQuery, AllColumns
from querykit.builder.select import Join, Select
from querykit.builder.tables import Table

if TYPE_CHECKING:
    from collections.abc import Callable

    from pypika.terms import Term

    from querykit.builder.insert import Insert
    from querykit.builder.merge import Merge
    from querykit.builder.row_filters import RowFilter
    from querykit.builder.tables import Source
    from querykit.builder.write import Assignment, Restricted

    ConditionOf = Callable[[Table], RowFilter | None]

RestrictedT = TypeVar("RestrictedT", bound="Restricted[Any, Any]")

_KEEPS_THE_OTHER_SIDE = frozenset({"RIGHT", "FULL"})
"""Joins that keep rows of their right side without a partner, to which tables before them give NULLs."""


def derived(table: Table, condition: RowFilter) -> Source:
    """``(SELECT * FROM person WHERE …) AS person``: the rows of a table under its own name."""
    query = Select[Any, Any]().replaced(sources=(table,), columns=(AllColumns(None),), predicates=(condition,))
    return AliasedQuery(query, table._reference)


def in_select(query: Select[Any, Any], condition_of: ConditionOf) -> Select[Any, Any]:
    """A select with the conditions of its own tables; those of its sub-queries are theirs.

    A condition in WHERE also takes rows away in which its table is NULL because a join found no partner, and one in
    ON takes none away from the side that a join keeps. So that of a table before a RIGHT or FULL join, and of the right
    side of FULL, stands in a derived table.
    """
    if not query.joins:
        conditions = [found for each in query.sources if (found := _condition(each, condition_of)) is not None]
        return query.with_part("predicates", (*conditions, *query.predicates)) if conditions else query
    kinds = [join.kind for join in query.joins]
    # before this join, WHERE would come too late
    last = max([place for place, kind in enumerate(kinds) if kind in _KEEPS_THE_OTHER_SIDE], default=-1)
    where: list[Term] = []
    sources = tuple([_placed(each, condition_of, where, is_nullable=last >= 0) for each in query.sources])
    joins = tuple([_joined(join, condition_of, where, place, last) for place, join in enumerate(query.joins)])
    if not where and all(map(is_, (*sources, *joins), (*query.sources, *query.joins))):
        return query
    return query.replaced(sources=sources, joins=joins, predicates=(*where, *query.predicates))


def in_write(statement: RestrictedT, condition_of: ConditionOf) -> RestrictedT:
    """An UPDATE or DELETE with the conditions of its tables."""
    own = [_condition(source, condition_of) for source in (statement.table, *statement.sources)]
    where: list[Term] = [each for each in own if each is not None]
    joins = tuple([_joined(join, condition_of, where, place, -1) for place, join in enumerate(statement.joins)])
    if not where and all(map(is_, joins, statement.joins)):
        return statement
    return statement.replaced(joins=joins, predicates=(*where, *statement.predicates))


def in_merge(statement: Merge[Any, Any], condition_of: ConditionOf) -> Merge[Any, Any]:
    """A MERGE that sees only some rows of both tables: the others are no match, and nothing is done about them."""
    parts: dict[str, Any] = {}
    if isinstance(statement.source, Table) and (condition := condition_of(statement.source)) is not None:
        parts["source"] = derived(statement.source, condition)
    if (condition := condition_of(statement.table)) is not None:
        parts["join_predicates"] = (condition, *statement.join_predicates)
        parts["branches"] = tuple(
            [
                each._replace(predicates=(condition, *each.predicates))
                if each.kind == "NOT MATCHED BY SOURCE"
                else each
                for each in statement.branches
            ]
        )
    return statement.replaced(**parts) if parts else statement


def in_upsert(statement: Insert[Any, Any], condition: RowFilter, *, filters_upserts: bool) -> Insert[Any, Any]:
    """An INSERT whose DO UPDATE leaves rows alone that do not meet a condition.

    ON DUPLICATE KEY UPDATE has no WHERE: there each column keeps its value.
    """
    conflict = statement.conflict
    if conflict is None or not conflict.assignments:
        return statement
    if filters_upserts:
        changed = conflict._replace(update_predicates=(condition, *conflict.update_predicates))
    else:
        changed = conflict._replace(assignments=tuple([_kept_unless(condition, each) for each in conflict.assignments]))
    return statement.with_part("conflict", changed)


def _kept_unless(condition: RowFilter, assignment: Assignment) -> Assignment:
    column, value = assignment
    return column, case().when(condition, operand(value, column)).else_(column)


def _condition(source: Source, condition_of: ConditionOf) -> RowFilter | None:
    return condition_of(source) if isinstance(source, Table) else None


def _placed(source: Source, condition_of: ConditionOf, where: list[Term], *, is_nullable: bool) -> Source:
    """A source with its condition: in WHERE, or as a derived table where later joins can give it NULLs."""
    condition = _condition(source, condition_of)
    if condition is None:
        return source
    if is_nullable:
        return derived(static_cast("Table", source), condition)
    where.append(condition)
    return source


def _joined(join: Join, condition_of: ConditionOf, where: list[Term], place: int, last: int) -> Join:
    condition = _condition(join.source, condition_of)
    if condition is None:
        return join
    is_plain = not _has_queries(condition)
    if join.predicates and (is_plain if join.kind == "LEFT" else join.kind == "INNER" and (is_plain or place > last)):
        return join._replace(predicates=(condition, *join.predicates))
    if join.kind in ("LEFT", "FULL"):
        return join._replace(source=derived(static_cast("Table", join.source), condition))
    return join._replace(source=_placed(join.source, condition_of, where, is_nullable=place < last))


def _has_queries(condition: RowFilter) -> bool:
    """Whether a condition holds a query: in ON within an outer join, MySQL 9.7 gave rows that it excludes."""
    return bool(condition.reads)
