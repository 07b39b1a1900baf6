"""Rows of a table that is written: found, locked and read by their keys, in the transaction of the write."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from querykit.builder.select import Select
from querykit.builder.tuples import tuple_
from querykit.errors import UnsupportedError, UsageError
from querykit.plugins.audit.differences import is_as_it_was

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from contextlib import AbstractAsyncContextManager

    from pypika.terms import Term

    from querykit.builder.executor import Executor
    from querykit.builder.statement import Statement
    from querykit.builder.tables import Column, Table
    from querykit.dialects.base import Dialect
    from querykit.dialects.driver import DriverResult
    from querykit.plugins.call import Call

    Key = tuple[Any, ...]
    Row = dict[str, Any]
    Rows = Mapping[Key, Row]
    """By their keys."""

AT_ONCE = 500
"""How many rows are read by one statement."""


class Change(NamedTuple):
    """What became of a row."""

    key: Key
    old: Row | None
    new: Row | None


class Outcome(NamedTuple):
    """What a write gave to the program, and what it changed."""

    result: DriverResult
    changes: list[Change]


class Keyed(NamedTuple):
    """A table, as a statement names it.

    Attributes:
        table: The table.
        columns: Those of its primary key.
        besides: Those that the statement sets, and the table does not declare.
    """

    table: Table
    columns: tuple[Column[Any], ...]
    besides: tuple[Column[Any], ...] = ()

    def key_of(self, row: Row) -> Key:
        """The key of a row."""
        return tuple([row[column.name] for column in self.columns])

    def by_key(self, rows: Sequence[Row]) -> dict[Key, Row]:
        """Rows of the table by their keys.

        Raises:
            UsageError: two have the same.
        """
        found = {self.key_of(row): row for row in rows}
        if len(found) < len(rows):
            raise self.not_unique()
        return found

    def not_unique(self) -> UsageError:
        """The error for several rows of one key, of which nobody could say which an entry is about."""
        names, table = [column.name for column in self.columns], self.table._name
        key = repr(names[0]) if len(names) == 1 else f"({', '.join(map(repr, names))})"
        return UsageError(
            f"several rows of {table!r} have the same key, {key}: the audit needs one that is unique, as AuditPlugin("
            f"keys={{{table!r}: …}}) or column(primary_key=True) names it"
        )

    def among(self, keys: Iterable[Key]) -> Term:
        """That a row is one of those with these keys."""
        if len(self.columns) == 1:
            return self.columns[0].is_in([key[0] for key in keys])
        return tuple_(*self.columns).is_in(list(keys))

    def selected(self) -> Select[Any, Any]:
        """All rows, whole."""
        query = Select[Any, Any]().replaced(sources=(self.table,)).select_all(self.table)
        return query.select(*self.besides) if self.besides else query


class Work(NamedTuple):
    """One write that is audited.

    Attributes:
        call: The write.
        on: The transaction that holds it, and what belongs to it.
        dialect: What the database speaks.
        keyed: The table that is written.
    """

    call: Call
    on: Executor
    dialect: Dialect
    keyed: Keyed

    async def run(self, statement: Statement[Any, Any]) -> DriverResult:
        """Run a write for what the program wanted of its own."""
        wanted = "effect" if self.call.wanted == "many" else self.call.wanted
        return await self.call.run(statement, self.on, wanted)

    async def locked(self, query: Select[Any, Any]) -> list[Row]:
        """The rows of a query. Nobody else changes those of the table until the transaction ends.

        Only SQLite has no such lock, and needs none: it has one writer.
        """
        for each in (query.for_update(of=self.keyed.table), query.for_update()):
            try:
                each.compile(self.dialect)
            except UnsupportedError:
                continue
            return await self.call.fetch_all(each, self.on)
        return await self.call.fetch_all(query, self.on)

    def savepoint(self) -> AbstractAsyncContextManager[Executor]:
        """A part of the work that can be undone by itself."""
        transaction: Any = self.on
        found: AbstractAsyncContextManager[Executor] = transaction.transaction()
        return found

    async def by_key(self, keys: Iterable[Key], *, is_locking: bool = True) -> dict[Key, Row]:
        """The rows with these keys, as far as there are any.

        Args:
            keys: The keys.
            is_locking: Whether they are locked, and so read as they are, not as they were when the transaction began.
                Rows that it inserted itself need none of that; MySQL would lock what stands beside them.

        Raises:
            UsageError: there are several with one key, by the server's own comparison.
        """
        found: dict[Key, Row] = {}
        wanted = list(dict.fromkeys(keys))
        for begin in range(0, len(wanted), AT_ONCE):
            some = wanted[begin : begin + AT_ONCE]
            query = self.keyed.selected().where(self.keyed.among(some))
            rows = await (self.locked(query) if is_locking else self.call.fetch_all(query, self.on))
            if len(rows) > len(some):
                raise self.keyed.not_unique()
            found.update(self.keyed.by_key(rows))
        return found


def changes_of(table: Table, before: Rows, after: Rows, moved: Mapping[Key, Key] | None = None) -> list[Change]:
    """What became of rows: those that are as they were are no changes.

    Args:
        table: Whose rows they are.
        before: The rows that were there.
        after: The rows that are.
        moved: The new key of a row, by its old one, where keys were changed.
    """
    moved = moved or {}
    changes = []
    for key, old in before.items():
        new_key = moved.get(key, key)
        new = after.get(new_key)
        if new is None or not is_as_it_was(old, new, table):
            changes.append(Change(new_key, old, new))
    was_there = {moved.get(key, key) for key in before}
    return changes + [Change(key, None, new) for key, new in after.items() if key not in was_there]
