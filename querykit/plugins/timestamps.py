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
from querykit.builder.select import Select
from querykit.builder.tables import Column, Table, checked_name
from querykit.builder.update import Update
from querykit.builder.value_types import type_of
from querykit.errors import BuildError
from querykit.plugins.base import supplied
from querykit.plugins.tables import TablePlugin, folded, names_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from querykit.builder.statement import Statement
    from querykit.builder.value_types import ValueType
    from querykit.builder.write import Assignment
    from querykit.dialects.base import Dialect
    from querykit.plugins.base import PluginContext
    from querykit.plugins.tables import Marks, Writing


class TimestampsPlugin(TablePlugin):
    """INSERT writes the time into two columns of a row, and every later write into one of them.

    >>> from querykit import Database, TimestampsPlugin
    >>> db = Database("sqlite:///:memory:", plugins=[TimestampsPlugin(tables=["person", "pet"])])

    That holds for one row and many, rows of different columns, DEFAULT VALUES, the rows of a query, DO UPDATE of an
    upsert, UPDATE of several tables, and MERGE; for what `SoftDeletePlugin` makes of a deletion, and for ``restore()``.
    What a statement sets itself, stays: ``set(updated_at=…)``. A row that is replaced (`Insert.or_replace`) is a new
    row. What raw SQL and the database's own triggers write, it does not see.

    Args:
        tables: The tables that have the columns, by name: ``"person"`` in every schema, ``"shop.person"`` in one.
        created_at: The column of the first time, or None where there is none.
        updated_at: The column of the last time, or None where there is none.
        clock: Gives the time, once for each statement: a datetime, or what the columns hold. It is asked once more for
            the type of what it gives, if a table does not declare the columns. Without a clock the database gives the
            time (`fn.now`), or for columns that are declared as naive datetimes this machine, in UTC.

    Raises:
        BuildError: an INSERT names no columns, or takes its rows from raw SQL.
    """

    priority = -5_000
    """After plugins that make another write of a statement, before the one that checks what is written."""

    def __init__(
        self,
        tables: Iterable[str],
        *,
        created_at: str | None = "created_at",
        updated_at: str | None = "updated_at",
        clock: Callable[[], object] | None = None,
    ) -> None:
        """Hold the names."""
        self._names = names_of(tables, "the tables of TimestampsPlugin")
        self._created_at = created_at and checked_name(created_at, "a column of TimestampsPlugin")
        self._updated_at = updated_at and checked_name(updated_at, "a column of TimestampsPlugin")
        self._clock = clock

    def written(self, statement: Writing, marks: Marks, context: PluginContext) -> Writing:
        """The write with the times in it."""
        dialect = context.dialect
        if isinstance(statement, Update):
            return self._updated(statement, dialect)
        if not isinstance(statement, Insert | Merge) or not self._names.find(statement.table, dialect):
            return statement
        return self._inserted(statement, dialect) if isinstance(statement, Insert) else self._merged(statement, dialect)

    # -- the times ----------------------------------------------------------------------------------------------------

    def _times(
        self, table: Table, dialect: Dialect, *names: str | None, besides: Iterable[Column[Any]] = ()
    ) -> tuple[Assignment, ...]:
        """What the columns of these names are set to, those aside that are set already."""
        taken = {folded(column.name, dialect) for column in besides}
        wanted = [name for name in names if name is not None and folded(name, dialect) not in taken]
        return tuple([(column, self._now(column)) for column in [_column(table, name) for name in wanted]])

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

    def _inserted(self, insert: Insert[Any, Any], dialect: Dialect) -> Insert[Any, Any]:
        times = self._times(insert.table, dialect, self._created_at, self._updated_at)
        insert = self._with_conflict(insert, dialect)
        if not times:
            return insert
        if insert.is_of_defaults:
            targets = tuple([column for column, _ in times])
            return insert.replaced(is_of_defaults=False, targets=targets, rows=(tuple([now for _, now in times]),))
        if not insert.targets or insert.is_positional:
            raise BuildError(f"{self.name}: an INSERT into {insert.table._name!r} has to name its columns")
        places = {folded(column.name, dialect): place for place, column in enumerate(insert.targets)}
        if insert.query is not None:
            return _of_query(insert, tuple([each for each in times if folded(each[0].name, dialect) not in places]))
        for column, now in times:
            insert = _of_rows(insert, places.get(folded(column.name, dialect)), column, now)
        return insert

    def _with_conflict(self, insert: Insert[Any, Any], dialect: Dialect) -> Insert[Any, Any]:
        """DO UPDATE writes the row too."""
        conflict = insert.conflict
        if conflict is None or not conflict.assignments:
            return insert
        besides = [column for column, _ in conflict.assignments]
        times = self._times(insert.table, dialect, self._updated_at, besides=besides)
        return insert.with_part("conflict", conflict._replace(assignments=conflict.assignments + times))

    # -- UPDATE and MERGE ---------------------------------------------------------------------------------------------

    def _updated(self, update: Update[Any, Any], dialect: Dialect) -> Update[Any, Any]:
        """An UPDATE sets columns of its table, and on MySQL and MariaDB of those that it joins."""
        besides = [column for column, _ in update.assignments]
        written = {column.reference: column.table for column in besides if isinstance(column.table, Table)}
        times: tuple[Assignment, ...] = ()
        for reference, table in written.items():
            if self._names.find(table, dialect):
                own = [column for column in besides if column.reference == reference]
                times += self._times(table, dialect, self._updated_at, besides=own)
        return update.with_part("assignments", update.assignments + times) if times else update

    def _merged(self, merge: Merge[Any, Any], dialect: Dialect) -> Merge[Any, Any]:
        names = {"UPDATE": (self._updated_at,), "INSERT": (self._created_at, self._updated_at)}
        branches = []
        for branch in merge.branches:
            besides = [column for column, _ in branch.assignments]
            times = self._times(merge.table, dialect, *names.get(branch.action, ()), besides=besides)
            branches.append(branch._replace(assignments=branch.assignments + times))
        return merge.with_part("branches", tuple(branches))


def _naive_now() -> dt.datetime:
    return dt.datetime.now(dt.UTC).replace(tzinfo=None)


def _column(table: Table, name: str) -> Column[Any]:
    """A column of a table, which a declared table need not declare."""
    return table._columns[name] if name in table._columns else Column(name, table)


def _of_rows(insert: Insert[Any, Any], place: int | None, column: Column[Any], now: Any) -> Insert[Any, Any]:
    """Rows with a time where they have none; its column stands at a place of theirs, or is not named."""
    if place is None:
        return insert.replaced(targets=(*insert.targets, column), rows=tuple([(*row, now) for row in insert.rows]))
    rows = [(*row[:place], now, *row[place + 1 :]) if row[place] is DEFAULT else row for row in insert.rows]
    return insert.with_part("rows", tuple(rows))


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
