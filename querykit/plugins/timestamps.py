"""When a row was inserted, and when it was last written, is written with it."""

from __future__ import annotations

import datetime as dt
from functools import cached_property
from typing import TYPE_CHECKING, Any

from querykit.builder.creator import select_from
from querykit.builder.fn import fn
from querykit.builder.insert import Insert
from querykit.builder.merge import Merge
from querykit.builder.operands import DEFAULT
from querykit.builder.query import AliasedQuery, SetOperation
from querykit.builder.rewrite import rewrite
from querykit.builder.select import Select
from querykit.builder.tables import Column, Table, checked_name
from querykit.builder.update import Update
from querykit.builder.value_types import type_of
from querykit.errors import BuildError, ConfigurationError
from querykit.plugins.base import Plugin, supplied

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from querykit.builder.statement import Statement
    from querykit.builder.value_types import ValueType
    from querykit.builder.write import Assignment
    from querykit.plugins.base import PluginContext


class TimestampsPlugin(Plugin):
    """INSERT writes the time into two columns of a row, and every later write into one of them.

    >>> from querykit import Database, TimestampsPlugin
    >>> db = Database("sqlite:///:memory:", plugins=[TimestampsPlugin(tables=["person", "pet"])])

    That holds for one row and many, rows of different columns, DEFAULT VALUES, the rows of a query, DO UPDATE of an
    upsert, UPDATE of several tables, and MERGE. What a statement sets itself, stays: ``set(updated_at=…)``. A row that
    is replaced (`Insert.or_replace`) is a new row. What raw SQL and the database's own triggers write, it does not see.

    Args:
        tables: The tables that have the columns, by name.
        created_at: The column of the first time, or None where there is none.
        updated_at: The column of the last time, or None where there is none.
        clock: Gives the time, once for each statement: a datetime, or what the columns hold. It is asked once more for
            the type of what it gives, if a table does not declare the columns. Without a clock the database gives the
            time (`fn.now`), or for columns that are declared as naive datetimes this machine, in UTC.

    Raises:
        BuildError: an INSERT names no columns, or takes its rows from raw SQL.
    """

    def __init__(
        self,
        tables: Iterable[str],
        *,
        created_at: str | None = "created_at",
        updated_at: str | None = "updated_at",
        clock: Callable[[], object] | None = None,
    ) -> None:
        """Hold the names."""
        if isinstance(tables, str):
            raise ConfigurationError(f"the tables of TimestampsPlugin are a list of names: [{tables!r}]")
        self._tables = frozenset(tables)
        self._created_at = created_at and checked_name(created_at, "a column of TimestampsPlugin")
        self._updated_at = updated_at and checked_name(updated_at, "a column of TimestampsPlugin")
        self._clock = clock

    def transform_query(self, query: Statement[Any, Any], context: PluginContext) -> Statement[Any, Any]:
        """The query with the times in what it writes."""
        return rewrite(query, self._written)

    def _written(self, node: Any) -> Any:
        if isinstance(node, Insert) and self._has_times(node.table):
            return self._inserted(node)
        if isinstance(node, Update) and node.assignments:
            return self._updated(node)
        if isinstance(node, Merge) and self._has_times(node.table):
            return self._merged(node)
        return node

    def _has_times(self, table: Table) -> bool:
        return table._name in self._tables or f"{table._schema}.{table._name}" in self._tables

    # -- the times ----------------------------------------------------------------------------------------------------

    def _times(self, table: Table, *names: str | None, besides: Iterable[Column[Any]] = ()) -> tuple[Assignment, ...]:
        """What the columns of these names are set to, those aside that are set already."""
        taken = {column.name for column in besides}
        columns = [_column(table, name) for name in names if name is not None and name not in taken]
        return tuple([(column, self._now(column)) for column in columns])

    @cached_property
    def _type_of_clock(self) -> ValueType | None:
        """What the clock gives, for columns of which nobody says it."""
        return None if self._clock is None else type_of(self._clock())

    def _now(self, column: Column[Any]) -> Any:
        type_ = column.value_type
        if self._clock is not None:
            return supplied(f"{self.name}.now", type_ or self._type_of_clock, self._clock)
        if type_ is None or type_.kind == "instant":
            return fn.now()
        if type_.kind != "datetime":
            raise BuildError(
                f"{column.described()} holds {type_}: say TimestampsPlugin(clock=…), which gives such values"
            )
        return supplied(f"{self.name}.now", type_, _naive_now)

    # -- INSERT -------------------------------------------------------------------------------------------------------

    def _inserted(self, insert: Insert[Any, Any]) -> Insert[Any, Any]:
        times = self._times(insert.table, self._created_at, self._updated_at)
        insert = self._with_conflict(insert)
        if insert.is_of_defaults:
            targets = tuple([column for column, _ in times])
            return insert.replaced(is_of_defaults=False, targets=targets, rows=(tuple([now for _, now in times]),))
        if not insert.targets or insert.is_positional:
            raise BuildError(f"{self.name}: an INSERT into {insert.table._name!r} has to name its columns")
        if insert.query is None:
            return _of_rows(insert, times)
        given = {column.name for column in insert.targets}
        return _of_query(insert, tuple([each for each in times if each[0].name not in given]))

    def _with_conflict(self, insert: Insert[Any, Any]) -> Insert[Any, Any]:
        """DO UPDATE writes the row too."""
        conflict = insert.conflict
        if conflict is None or not conflict.assignments:
            return insert
        besides = [column for column, _ in conflict.assignments]
        times = self._times(insert.table, self._updated_at, besides=besides)
        return insert.with_part("conflict", conflict._replace(assignments=conflict.assignments + times))

    # -- UPDATE and MERGE ---------------------------------------------------------------------------------------------

    def _updated(self, update: Update[Any, Any]) -> Update[Any, Any]:
        """An UPDATE sets columns of its table, and on MySQL and MariaDB of those that it joins."""
        besides = [column for column, _ in update.assignments]
        written = {id(column.table): column.table for column in besides if isinstance(column.table, Table)}
        times: tuple[Assignment, ...] = ()
        for table in written.values():
            if self._has_times(table):
                own = [column for column in besides if column.table is table]
                times += self._times(table, self._updated_at, besides=own)
        return update.with_part("assignments", update.assignments + times) if times else update

    def _merged(self, merge: Merge[Any, Any]) -> Merge[Any, Any]:
        names = {"UPDATE": (self._updated_at,), "INSERT": (self._created_at, self._updated_at)}
        branches = []
        for branch in merge.branches:
            besides = [column for column, _ in branch.assignments]
            times = self._times(merge.table, *names.get(branch.action, ()), besides=besides)
            branches.append(branch._replace(assignments=branch.assignments + times))
        return merge.with_part("branches", tuple(branches))


def _naive_now() -> dt.datetime:
    return dt.datetime.now(dt.UTC).replace(tzinfo=None)


def _column(table: Table, name: str) -> Column[Any]:
    """A column of a table, which a declared table need not declare."""
    return table._columns[name] if name in table._columns else Column(name, table)


def _of_rows(insert: Insert[Any, Any], times: tuple[Assignment, ...]) -> Insert[Any, Any]:
    """Rows with the times where they have none."""
    targets, rows = insert.targets, insert.rows
    for column, now in times:
        place = next((place for place, each in enumerate(targets) if each.name == column.name), None)
        if place is None:
            targets, rows = (*targets, column), tuple([(*row, now) for row in rows])
        else:
            rows = tuple([(*row[:place], now, *row[place + 1 :]) if row[place] is DEFAULT else row for row in rows])
    return insert.replaced(targets=targets, rows=rows)


def _of_query(insert: Insert[Any, Any], times: tuple[Assignment, ...]) -> Insert[Any, Any]:
    """The rows of a query with the times behind their columns."""
    if not times:
        return insert
    query = _with_columns(insert.query, times)
    return insert.replaced(targets=(*insert.targets, *[column for column, _ in times]), query=query)


def _with_columns(query: Any, times: tuple[Assignment, ...]) -> Statement[Any, Any]:
    """A query with the times as more columns, which are the same for all of its rows."""
    if isinstance(query, SetOperation):
        return query.replaced(left=_with_columns(query.left, times), right=_with_columns(query.right, times))
    known = query.output_columns()
    names = [] if known is None else [column.name for column in known]
    columns = tuple([now.as_(_free(column.name, names)) for column, now in times])
    if isinstance(query, Select):
        return query.with_part("columns", (*query.columns, *columns))
    if known is None:
        raise BuildError("TimestampsPlugin: an INSERT of the rows of raw SQL, whose columns nobody knows")
    rows = AliasedQuery(query, "inserted")
    return select_from(rows).select(*[rows[str(name)] for name in names], *columns)


def _free(name: str, taken: list[str | None]) -> str:
    """A name for a column that no other has: databases want that of some queries."""
    while name in taken:
        name += "_"
    return name
