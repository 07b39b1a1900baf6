"""Rows that are marked as deleted instead of being deleted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from querykit.builder.delete import Delete
from querykit.builder.fn import fn
from querykit.builder.insert import Insert
from querykit.builder.merge import Merge
from querykit.builder.operands import NULL
from querykit.builder.tables import Table, checked_name
from querykit.builder.update import Update
from querykit.errors import BuildError
from querykit.plugins.base import supplied
from querykit.plugins.tables import TablePlugin, names_of, opened

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Iterable

    from pypika.terms import Term

    from querykit.builder.tables import Column
    from querykit.builder.write import Assignment
    from querykit.dialects.base import Dialect
    from querykit.plugins.base import PluginContext
    from querykit.plugins.tables import Marks, Row, Writing

_SEEING: Final = frozenset({"with_deleted", "only_deleted"})


class SoftDeletePlugin(TablePlugin):
    """Deleting a row writes the time into a column of it, and such rows are not there any more.

    >>> from querykit import Database, SoftDeletePlugin, delete_from, select_from, table
    >>> db = Database("sqlite://", plugins=[SoftDeletePlugin(column="deleted_at", tables=["person", "pet"])])

    Reads skip deleted rows wherever a table is read: in FROM, joins (a left join keeps its other rows), sub-queries,
    CTEs, set operations, nested lists and objects, in what is inserted, updated or deleted by a query, and in PyPika's
    queries. `delete_from` becomes an UPDATE, and a DELETE of MERGE too. An UPDATE, or the DO UPDATE of an INSERT,
    leaves deleted rows as they are; a unique key still counts them. One that sets the column itself is left alone.

    - `Statement.with_deleted` reads deleted rows too, `Statement.only_deleted` no others.
    - ``db.update(person).restore().where(…)`` brings rows back.
    - ``db.delete_from(person).where(…).hard_delete()`` deletes for good; ``only_deleted().hard_delete()``, what was
      deleted before. REPLACE, which would delete rows for good unseen, has to say it too.

    An entry of `AuditPlugin` says ``"soft_delete"`` of a row that a statement marks, ``"restore"`` of one that comes
    back.

    Rows that the database itself deletes (ON DELETE CASCADE, triggers) are gone; nothing cascades to other tables.

    Args:
        column: The column, NULL in rows that are not deleted.
        tables: The tables that have it, by name: ``"person"`` in every schema, ``"shop.person"`` in one.
        clock: Gives the time of a deletion; without it, the database does (`fn.now`).
    """

    words = frozenset({"with_deleted", "only_deleted", "hard_delete", "restore"})

    def __init__(self, column: str, tables: Iterable[str], *, clock: Callable[[], dt.datetime] | None = None) -> None:
        """Hold the column and the names of the tables."""
        self.column = checked_name(column, "the column of SoftDeletePlugin")
        self._clock = clock
        self._names = names_of(tables, "the tables of SoftDeletePlugin")

    def keeps(self, table: Table, dialect: Dialect) -> bool:
        """Whether it keeps the deleted rows of a table."""
        return bool(self._names.find(table, dialect))

    def condition(self, table: Table, marks: Marks, context: PluginContext) -> Term | None:
        """That the row is not deleted, or that it is, or nothing, as the innermost statement says that says it."""
        if not self._names.find(table, context.dialect):
            return None
        column = table[self.column]
        for mark in reversed(marks):
            if mark.word in _SEEING and mark.is_about(table):
                return None if mark.word == "with_deleted" else column.is_not_null()
        for mark in marks:
            if mark.word in ("hard_delete", "restore") and mark.is_about(table):
                return None if mark.word == "hard_delete" else column.is_not_null()
        return column.is_null()

    def written(self, statement: Writing, marks: Marks, context: PluginContext) -> Writing:
        """An UPDATE in place of a DELETE, and of what is to be restored."""
        own = {mark.word for mark in statement.marks}
        dialect = context.dialect
        if isinstance(statement, Delete) and "hard_delete" not in own:
            return self._kept(statement, dialect)
        if isinstance(statement, Merge) and "hard_delete" not in own and self._names.find(statement.table, dialect):
            return self._merged(statement)
        if isinstance(statement, Insert) and statement.resolution == "REPLACE" and "hard_delete" not in own:
            self._refuse_replacing(statement.table, dialect)
        if isinstance(statement, Update) and "restore" in own:
            return self._restored(statement, dialect)
        return statement

    def change(self, table: Table, old: Row, new: Row, dialect: Dialect) -> str | None:
        """``"soft_delete"`` of a row that is marked, ``"restore"`` of one that is no longer."""
        was_there, is_there = old.get(self.column) is None, new.get(self.column) is None
        if was_there is is_there or not self._names.find(table, dialect):
            return None
        return "soft_delete" if was_there else "restore"

    def _kept(self, statement: Delete[Any, Any], dialect: Dialect) -> Writing:
        deleted = (statement.table, *statement.others)
        found = [each for each in deleted if self._names.find(each, dialect)]
        if not found:
            return statement
        if len(found) < len(deleted):
            other = next(each._reference for each in deleted if each not in found)
            raise BuildError(
                f"a DELETE of {found[0]._reference!r}, whose rows are kept, and of {other!r}, whose rows are not: "
                "delete from each by itself"
            )
        parts = {name: part for name, part in statement.__dict__.items() if name not in ("others", "_compiled")}
        return Update[Any, Any]().replaced(**parts, assignments=tuple([self._deletion(each) for each in found]))

    def _merged(self, statement: Merge[Any, Any]) -> Merge[Any, Any]:
        deletion = (self._deletion(statement.table),)
        branches = [
            each._replace(action="UPDATE", assignments=deletion) if each.action == "DELETE" else each
            for each in statement.branches
        ]
        return statement.replaced(branches=tuple(branches))

    def _refuse_replacing(self, table: Table, dialect: Dialect) -> None:
        if self._names.find(table, dialect):
            raise BuildError(
                f"REPLACE deletes rows of {table._name!r} for good: say on_conflict(…).do_update(…), or hard_delete()"
            )

    def _restored(self, statement: Update[Any, Any], dialect: Dialect) -> Update[Any, Any]:
        if not self._names.find(statement.table, dialect):
            raise BuildError(f"restore() of {statement.table._name!r}, which is none of the tables of {self.name}")
        restoration = (self._column(statement.table), NULL)
        return statement.with_part("assignments", (*statement.assignments, restoration))

    def _deletion(self, table: Table) -> Assignment:
        column = self._column(table)
        if self._clock is None:
            return column, fn.now()
        return column, supplied(f"{self.name}.now", column.value_type, self._clock)

    def _column(self, table: Table) -> Column[Any]:
        return opened(table)[self.column]
