"""Nested rows that are read within the object of the row around them, and what they need of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pypika.terms import Field

from querykit.builder.json import JsonArray, JsonMap, JsonObject, JsonRows
from querykit.builder.query import AllColumns, output_name
from querykit.builder.raw import Fragment, RawTable
from querykit.builder.rewrite import children, walk
from querykit.builder.select import Select
from querykit.builder.tables import Column, Table
from querykit.dialects.select import PLAIN_PARTS

if TYPE_CHECKING:
    from collections.abc import Iterable

NESTED_ROWS = frozenset({JsonArray, JsonObject, JsonMap})
PARTS = PLAIN_PARTS | {"row_limit", "row_offset", "has_ties"}
"""What a query may consist of whose nested rows are read outside of it."""


def without_nested(query: Any, most_levels: int) -> Select[Any, Any] | None:
    """A query without the nested rows of its select list, and with the columns of its table that they refer to.

    It becomes a derived table under the name of that table, in which they find the columns. None where there are no
    nested rows or too many levels of them, where the query is more than rows of one table, and where what they refer to
    cannot be told.
    """
    if type(query) is not Select or len(query.sources) != 1 or not PARTS.issuperset(query.__dict__):
        return None
    table = query.sources[0]
    nested = [each for each in query.columns if type(each) in NESTED_ROWS]
    if not nested or not isinstance(table, Table) or _are_ordered_by(query, nested):
        return None
    if max(map(_levels, nested)) > most_levels:
        return None
    columns: list[Any] = [each for each in query.columns if type(each) not in NESTED_ROWS]
    needed = _needed(nested, table._reference)
    if needed is None:
        return None
    # SQLite tells no upper case from lower case in names
    given = {str(output_name(each)).lower(): each for each in columns}
    for each in needed:
        there = given.get(each.name.lower())
        if there is None:
            columns.append(each)
        elif not _is_same(there, each):
            return None
    return query.with_part("columns", tuple(columns))


def _are_ordered_by(query: Select[Any, Any], nested: Iterable[Any]) -> bool:
    return any(ordering.term is each for ordering in query.orderings for each in nested)


def _levels(node: Any) -> int:
    """How many levels of nested rows there are in a node."""
    return max(map(_levels, children(node)), default=0) + isinstance(node, JsonRows)


def _needed(nested: Iterable[Any], reference: str) -> list[Column[Any]] | None:
    """The columns of a table that nested rows refer to; None where raw SQL may refer to others."""
    found: dict[str, Column[Any]] = {}
    for rows in nested:
        for node in walk(rows.query):
            if isinstance(node, Fragment | RawTable | AllColumns):
                return None
            if isinstance(node, Column):
                if node.reference == reference:
                    if node.column_name != node.name:  # the derived table would have it under the other name
                        return None
                    found.setdefault(node.name, node)
            elif isinstance(node, Field):  # one of PyPika's own
                return None
    return list(found.values())


def _is_same(selected: Any, column: Column[Any]) -> bool:
    """Whether what is selected under the name of a column is that column."""
    return (
        isinstance(selected, Column)
        and selected.alias is None
        and (selected.reference, selected.name) == (column.reference, column.name)
    )
