"""From a checked description to the query."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from querykit import json_array_from, json_object_from, or_, select_from
from querykit.access.operators import OPERATORS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from querykit import Condition
    from querykit.playground.checked import Comparison, Level


def query_of(level: Level) -> Any:
    """The query of a level and all that are in it."""
    query: Any = select_from(level.table).select(*level.columns, *[_nested(each) for each in level.nested])
    if level.through is not None:
        query = query.inner_join(level.through, *[between == own for between, own in level.through_links])
    if criteria := list(_criteria(level)):
        query = query.where(*criteria)
    if keys := [key.column.desc() if key.is_descending else key.column for key in level.order_by]:
        query = query.order_by(*keys)
    return query if level.limit is None else query.limit(level.limit)


def _nested(level: Level) -> Any:
    nest = json_array_from if level.is_many else json_object_from
    return nest(query_of(level)).as_(level.name)


def _criteria(level: Level) -> Iterator[Condition]:
    for own, outer in level.links:
        yield own == outer
    comparisons = [_condition(each) for each in level.comparisons]
    yield from [or_(*comparisons)] if level.is_any and len(comparisons) > 1 else comparisons


def _condition(comparison: Comparison) -> Condition:
    column, name, values = comparison
    if name == "is_not_null":
        return column.is_not_null()
    operator = OPERATORS[name]
    given: Any = {"value": values[:1], "text": values[:1], "flag": (True,)}.get(operator.takes, (list(values),))
    return operator.predicate(column, *given)
