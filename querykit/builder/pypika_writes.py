"""PyPika's INSERT, UPDATE and DELETE, turned into ours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pypika import terms as pypika_terms
from pypika.queries import Table as PyPikaTable

from querykit.builder.creator import delete_from, insert_into, update
from querykit.builder.operands import NULL, Value
from querykit.builder.pypika_tables import reference_of
from querykit.builder.pypika_terms import column_under, is_constant, translation_of
from querykit.builder.tables import Column, Table, checked_name
from querykit.builder.upsert import excluded
from querykit.errors import BuildError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from querykit.builder.from_pypika import Conversion
    from querykit.builder.insert import Insert
    from querykit.builder.statement import Statement

    State = dict[str, Any]


def insert(conversion: Conversion, state: State) -> Statement[Any, Any]:
    """An INSERT of PyPika's, with the columns that it names, or by position."""
    target = _target(conversion, state["_insert_table"])
    started: Insert[Any, Any] = insert_into(target)
    if state["_replace"]:
        started = started.or_replace()
    if state["_ignore"]:
        started = started.ignore()
    columns = tuple([_target_column(conversion, target, each) for each in state["_columns"]])
    made = (
        _rows_of_query(conversion, started, columns, state)
        if state["_selects"]
        else _rows(conversion, started, columns, state["_values"])
    )
    return _on_conflict(conversion, made, state).replaced(returned=_returned(conversion, state))


def _rows_of_query(
    conversion: Conversion, started: Insert[Any, Any], columns: tuple[Column[Any], ...], state: State
) -> Insert[Any, Any]:
    if state["_values"]:
        raise BuildError("a PyPika INSERT has rows or a query, not both")
    query = type(conversion)(conversion.ctes).select(state)
    if columns:
        return started.columns(*columns).from_select(query)
    return started.replaced(query=query, is_positional=True)


def _rows(
    conversion: Conversion, started: Insert[Any, Any], columns: tuple[Column[Any], ...], rows: list[list[Any]]
) -> Insert[Any, Any]:
    if not rows:
        raise BuildError("the PyPika query is not complete: nothing is inserted")
    widths = {len(row) for row in rows}
    if len(widths) > 1 or (columns and widths != {len(columns)}):
        raise BuildError("a PyPika INSERT has rows of another number of values than there are columns")
    is_positional = not columns
    targets = columns or tuple([Column(str(place), started.table) for place in range(widths.pop())])
    values = tuple([tuple([_assigned(conversion, value) for value in row]) for row in rows])
    return started.replaced(targets=targets, rows=values, is_positional=is_positional)


def _assigned(conversion: Conversion, node: Any) -> Any:
    """What a column is set to: the Python value, or a term."""
    made = vars(node)["value"] if is_constant(node) else conversion.term(node)
    return None if made is NULL else made.value if type(made) is Value else made


def _returned(conversion: Conversion, state: State) -> tuple[Any, ...]:
    return tuple([conversion.item(each) for each in state.get("_returns", ())])


# -- columns ----------------------------------------------------------------------------------------------------------


def _target(conversion: Conversion, table: Any) -> Table:
    source = conversion.add_source(conversion.source(table))
    if not isinstance(source, Table):
        raise BuildError(f"a PyPika query changes rows of a table, not of a {type(table).__name__}")
    return source


def _target_column(conversion: Conversion, target: Table, field: Any) -> Column[Any]:
    """A column that is written: of the table that is changed, or in UPDATE of one that is joined."""
    if not isinstance(field, pypika_terms.Field) or translation_of(type(field)) is None:
        raise BuildError(f"a PyPika query sets columns, not a {type(field).__name__}")
    name, table = checked_name(vars(field)["name"], "a column"), vars(field)["table"]
    if table is None or reference_of(table) == target._reference or _is_named(table, target):
        return target[name]
    own = conversion.sources.get(reference_of(table))
    if own is None:
        raise BuildError(f"{reference_of(table)}.{name} is no column of {target._reference!r}, which is written")
    return column_under(own, name)


def _is_named(table: Any, target: Table) -> bool:
    return isinstance(table, PyPikaTable) and vars(table)["_table_name"] == target._name


def _assignments(conversion: Conversion, target: Table, pairs: Iterable[tuple[Any, Any]]) -> dict[Column[Any], Any]:
    given: dict[Column[Any], Any] = {}
    for field, value in pairs:
        column = _target_column(conversion, target, field)
        if column in given:
            raise BuildError(f"a PyPika query sets the column {column.name!r} twice")
        given[column] = excluded[column.name] if value is None else _assigned(conversion, value)
    return given


# -- ON CONFLICT ------------------------------------------------------------------------------------------------------


def _on_conflict(conversion: Conversion, made: Insert[Any, Any], state: State) -> Insert[Any, Any]:
    if state.get("_ignore_duplicates"):
        return _undone(made, ())
    if duplicates := state.get("_duplicate_updates"):
        return made.on_conflict().do_update(_assignments(conversion, made.table, duplicates))
    if not state.get("_on_conflict"):
        return made
    targets: list[Any] = []
    for each in state["_on_conflict_fields"]:
        target = _conflict_target(conversion, made.table, each)
        if not any(target is other for other in targets):  # PyPika gives those of one query to the next
            targets.append(target)
    updates = state["_on_conflict_do_updates"]
    if state["_on_conflict_do_nothing"]:
        return _undone(made, tuple(targets), _only(conversion, state["_on_conflict_wheres"]))
    if not updates:
        raise BuildError("a PyPika query has on_conflict(…) without do_nothing() or do_update(…)")
    conflict = made.on_conflict(*targets, where=_only(conversion, state["_on_conflict_wheres"]))
    changed = _assignments(conversion, made.table, updates)
    return conflict.do_update(changed, where=_only(conversion, state["_on_conflict_do_update_wheres"]))


def _undone(made: Insert[Any, Any], targets: tuple[Any, ...], where: Any = None) -> Insert[Any, Any]:
    if made.is_positional and not targets:
        raise BuildError("a PyPika INSERT that ignores duplicates needs columns(…): MySQL sets one to itself")
    return made.on_conflict(*targets, where=where).do_nothing()


def _conflict_target(conversion: Conversion, target: Table, node: Any) -> Any:
    is_field = isinstance(node, pypika_terms.Field) and not isinstance(node, Column)
    return _target_column(conversion, target, node) if is_field else conversion.term(node)


def _only(conversion: Conversion, criterion: Any) -> Any:
    return None if criterion is None else conversion.condition(criterion, "on_conflict")


# -- UPDATE, DELETE ---------------------------------------------------------------------------------------------------


def update_rows(conversion: Conversion, state: State) -> Statement[Any, Any]:
    """An UPDATE of PyPika's."""
    if not state["_updates"]:
        raise BuildError("the PyPika query is not complete: its UPDATE sets nothing")
    target = _target(conversion, state["_update_table"])
    sources = [conversion.add_source(conversion.source(each)) for each in state["_from"]]
    joins = _joins(conversion, state)
    made = update(target).set(_assignments(conversion, target, state["_updates"]))
    return _restricted(conversion, made.replaced(sources=tuple(sources), joins=joins), state)


def delete_rows(conversion: Conversion, state: State) -> Statement[Any, Any]:
    """A DELETE of PyPika's."""
    if len(state["_from"]) != 1:
        raise BuildError("a PyPika DELETE is from one table; using(…) takes others")
    target = _target(conversion, state["_from"][0])
    using = [PyPikaTable(each) if isinstance(each, str) else each for each in state.get("_using", ())]
    sources = [conversion.add_source(conversion.source(each)) for each in using]
    joins = _joins(conversion, state)
    made = delete_from(target).replaced(sources=tuple(sources), joins=joins)
    orderings = [conversion.ordering(node, order, (), is_qualified=True) for node, order in state["_orderbys"]]
    return _restricted(conversion, made.replaced(orderings=tuple(orderings)), state)


def _joins(conversion: Conversion, state: State) -> tuple[Any, ...]:
    joins = tuple([conversion.join(each) for each in state["_joins"]])
    if any(join.using for join in joins):
        raise BuildError("a PyPika query with JOIN … USING in UPDATE or DELETE cannot be converted: say on(…)")
    return joins


def _restricted(conversion: Conversion, made: Any, state: State) -> Statement[Any, Any]:
    made = made.replaced(predicates=conversion.predicates(state["_wheres"]), returned=_returned(conversion, state))
    limited: Statement[Any, Any] = made if state["_limit"] is None else made.limit(state["_limit"])
    return limited
