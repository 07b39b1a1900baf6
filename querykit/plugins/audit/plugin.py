"""Every change of a row is written down, with who made it, in the transaction that makes it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from querykit.builder.creator import insert_into, select_from
from querykit.builder.delete import Delete
from querykit.builder.explain import Explain
from querykit.builder.insert import Insert
from querykit.builder.merge import Merge
from querykit.builder.operands import Parameter, Value
from querykit.builder.rewrite import rewrite, walk, writes
from querykit.builder.tables import Column, Table
from querykit.builder.update import Update
from querykit.builder.write import Write
from querykit.dialects.driver import DriverResult
from querykit.errors import DeadlockError, SerializationError, UsageError
from querykit.plugins.audit.documents import document_of
from querykit.plugins.audit.inserts import insert
from querykit.plugins.audit.merges import merge
from querykit.plugins.audit.restricted import delete, update
from querykit.plugins.audit.rows import Change, Keyed, Outcome, Work
from querykit.plugins.audit.table import AuditTable, audit_table
from querykit.plugins.audit.upserts import upsert
from querykit.plugins.base import CONTEXT, Plugin
from querykit.plugins.reads_only import said_to_read
from querykit.plugins.retry import retried
from querykit.plugins.tables import TableNames, TablePlugin, folded, names_of

if TYPE_CHECKING:
    from querykit.builder.select import Select
    from querykit.builder.statement import Statement
    from querykit.builder.write import Assignment
    from querykit.dialects.base import Dialect
    from querykit.plugins.base import PluginContext
    from querykit.plugins.call import Call

ENTRIES_AT_ONCE = 200
ATTEMPTS = 5
"""How often a write that has a transaction of its own is done at most, when deadlocks end it."""
FIRST_DELAY, LONGEST_DELAY = 0.03, 1.0
"""The longest pauses before its second attempt, and before any, in seconds."""


class Unaudited(Plugin):
    """Says that what is written is not audited, on purpose.

    ``db.execute(query.with_plugin(Unaudited()))`` for one statement, ``db.with_plugin(Unaudited())`` for a handle.
    """


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


class AuditPlugin(Plugin):
    """Writes down who changed what, with old and new values, in the transaction of the change.

    >>> from querykit import Database
    >>> from querykit.plugins import AuditPlugin
    >>> audit = AuditPlugin(table="audit_log", actor=lambda ctx: ctx.user, key="id")
    >>> db = Database("sqlite:///shop.db", plugins=[audit])
    >>> request = db.with_context(user="ada")

    Every row that a statement inserts, updates or deletes makes an entry in an `AuditTable`; one that it leaves as it
    was makes none. The rows are locked, read by their primary key, written, and read again, so that an entry holds what
    the row really was and is: with defaults, and what triggers made of it. All of that, and the statement itself, is
    kept together or not at all: in the transaction that is open, under a savepoint, or in one of its own. An upsert
    goes row by row, and so does on MySQL an INSERT whose keys the server makes. A MERGE locks its table against other
    writers. What has a transaction of its own is done again if a deadlock ends it.

    What cannot be audited is refused before anything is written: raw SQL, `copy_into`, writes inside other statements,
    writes of several tables at once, REPLACE and INSERT IGNORE, tables whose key is not known. `Unaudited` says that it
    is to pass, `ReadsOnly` that raw SQL writes nothing. Functions that write, triggers and cascades are not seen: what
    they do to the rows of a statement is in its entries, what they do to others is not. A write is undone if several
    rows turn out to have one key.

    Args:
        table: Where entries go: an `AuditTable`, or the name of one.
        actor: Who changes: a function of the request, whose ``ctx.user`` is what ``db.with_context(user=…)`` gives, or
            one value for all.
        key: The primary key of tables that declare none, a column or several, unique together.
        keys: The same by the table's name, for those that differ.
        tables: The names of the tables that are audited, or None for all.
        leave_out: Columns that are not written down, by the table's name: secrets.
        clock: Says when, as an aware datetime.
        columns: What further columns of an `AuditTable` of your own are given: each a function of the request, or one
            value for all. ``{"tenant": lambda ctx: ctx.tenant}`` is what a policy on the table compares.

    Raises:
        UsageError: something cannot be audited, several rows have one key, or the request does not say who changes it.
    """

    priority = -1500
    """Inside of plugins that run a statement again, outside of a cache, which has to see the entries."""

    def __init__(
        self,
        table: AuditTable | str,
        actor: Callable[[Any], object] | str | None,
        *,
        key: str | Sequence[str] | None = None,
        keys: Mapping[str, str | Sequence[str]] | None = None,
        tables: Collection[str] | None = None,
        leave_out: Mapping[str, Collection[str]] | None = None,
        clock: Callable[[], dt.datetime] = _now,
        columns: Mapping[str, Callable[[Any], object] | object] | None = None,
    ) -> None:
        """Hold what is said of tables; raises `BuildError` for `columns` that the audit's table has not."""
        self.table = audit_table(table) if isinstance(table, str) else table
        self._actor = actor
        self._key = key
        self._keys = TableNames(keys or {}, "the keys of AuditPlugin")
        self._tables = None if tables is None else names_of(tables, "the tables of AuditPlugin")
        left_out = {name: frozenset(columns) for name, columns in (leave_out or {}).items()}
        self._left_out = TableNames(left_out, "what AuditPlugin leaves out")
        self._clock = clock
        self._columns = {self.table[name].name: said for name, said in (columns or {}).items()}

    def history(self, table: Table, key: Mapping[str, Any]) -> Select[dict[str, Any], Any]:
        """The query of all that became of a row, the oldest first.

        Args:
            table: The row's table.
            key: The row's primary key, by column.
        """
        log = self.table
        of_row = [log.row_key[name] == value for name, value in document_of(key, table).items()]
        query = select_from(log).select_all(log).where(log.table_name == _name_of(table), *of_row)
        return query.order_by(log.id)

    async def around_execute(self, call: Call, query: Statement[Any, Any], context: PluginContext) -> DriverResult:
        """Run a write between the reading of its rows, and write down what it changed."""
        statement = call.compiled.statement
        if self._passes(call, statement, context.dialect):
            return await call.proceed()
        write = _auditable(call, statement)
        keyed = self._keyed(write, context.dialect)
        said = {**self._columns, "actor": self._actor}
        of_request = {name: _of_request(each, call, context) for name, each in said.items()}

        async def attempt() -> DriverResult:
            async with call.together() as on:
                return await self._audited(Work(call, on, context.dialect, keyed), write, of_request)

        if call.transaction is not None:  # a deadlock undid all of it, which only its owner can do again
            return await attempt()
        return await retried(
            attempt,
            attempts=ATTEMPTS,
            again=lambda error: isinstance(error, DeadlockError | SerializationError),
            first_delay=FIRST_DELAY,
            longest_delay=LONGEST_DELAY,
        )

    async def _audited(self, work: Work, write: Write[Any, Any], of_request: Mapping[str, object]) -> DriverResult:
        is_many = work.call.wanted == "many"
        sets = work.call.parameters if is_many else (work.call.parameters,)
        outcomes = [await _written(work, _bound(write, each)) for each in sets]
        await self._write_down(work, [change for each in outcomes for change in each.changes], of_request)
        if not is_many:
            return outcomes[0].result
        return DriverResult((), rows_affected=sum(each.result.rows_affected or 0 for each in outcomes))

    def _passes(self, call: Call, statement: Statement[Any, Any], dialect: Dialect) -> bool:
        """Whether it is none of the audit's business."""
        if isinstance(statement, Explain) or any(isinstance(each, Unaudited) for each in call.plugins):
            return True
        if isinstance(statement, Write) and not self.audits(statement.table, dialect):
            return not _writes_inside(statement)
        if not call.compiled.is_clean and said_to_read(call) is not None:
            return True
        return call.only_reads or not writes(statement)

    def audits(self, table: Table, dialect: Dialect) -> bool:
        """Whether changes of a table are written down."""
        if folded(table._name, dialect) == folded(self.table._name, dialect):
            return False
        return self._tables is None or bool(self._tables.find(table, dialect))

    def _keyed(self, write: Write[Any, Any], dialect: Dialect) -> Keyed:
        table = write.table
        names = self._keys.find(table, dialect) or [each.name for each in table._primary_key] or self._key
        if not names:
            raise UsageError(
                f"the primary key of {table._name!r} is not known: declare it, column(primary_key=True), or say "
                f"AuditPlugin(keys={{{table._name!r}: …}})"
            )
        columns = tuple([table[name] for name in ([names] if isinstance(names, str) else names)])
        return Keyed(table, columns, _set_besides(write))

    async def _write_down(self, work: Work, changes: Sequence[Change], of_request: Mapping[str, object]) -> None:
        table = work.keyed.table
        shared = {**of_request, "changed_at": self._clock(), "table_name": _name_of(table)}
        entries = [shared | self._entry(work, change) for change in changes]
        for begin in range(0, len(entries), ENTRIES_AT_ONCE):
            await work.call.run(insert_into(self.table).values(entries[begin : begin + ENTRIES_AT_ONCE]), work.on)

    def _entry(self, work: Work, change: Change) -> dict[str, Any]:
        table, (key, old, new) = work.keyed.table, change
        names = [column.name for column in work.keyed.columns]
        left_out = self._left_out.find(table, work.dialect) or frozenset()

        def document(row: Mapping[str, Any] | None) -> dict[str, Any] | None:
            if row is None:
                return None
            return document_of({name: value for name, value in row.items() if name not in left_out}, table)

        return {
            "action": _action(work, change),
            "row_key": document_of(dict(zip(names, key, strict=True)), table),
            "old_values": document(old),
            "new_values": document(new),
        }


def _of_request(said: object, call: Call, context: PluginContext) -> object:
    """What was said of a request: a value for all, or what a function takes from it.

    Raises:
        UsageError: the request does not have it.
    """
    found = said(context.request) if callable(said) else said
    if not isinstance(found, Parameter) or not found.name.startswith(CONTEXT):
        return found
    name = found.name.removeprefix(CONTEXT)
    if name not in call.request:
        raise UsageError(f"the audit needs {name!r} of the request's context: run it on db.with_context({name}=…)")
    return call.request[name]


def _action(work: Work, change: Change) -> str:
    """What was done to a row: an update may be more to a plugin that made it one."""
    if change.old is None or change.new is None:
        return "insert" if change.old is None else "delete"
    of_tables = [each for each in work.call.plugins if isinstance(each, TablePlugin)]
    found = [each.change(work.keyed.table, change.old, change.new, work.dialect) for each in of_tables]
    return next((each for each in found if each is not None), "update")


def _set_besides(write: Write[Any, Any]) -> tuple[Column[Any], ...]:
    """The columns that a write sets, and its table does not declare: plugins set columns that programs leave out."""
    table = write.table
    if table._is_open:
        return ()
    assignments: list[Assignment] = []
    if isinstance(write, Update):
        assignments += write.assignments
    elif isinstance(write, Merge):
        assignments += [each for branch in write.branches for each in branch.assignments]
    elif isinstance(write, Insert):
        assignments += [(target, None) for target in write.targets]
        assignments += write.conflict.assignments if write.conflict else ()
    names = [column.name for column, _ in assignments if column.reference == table._reference]
    return tuple([Column(name, table) for name in dict.fromkeys(names) if name not in table._columns])


def _name_of(table: Table) -> str:
    return table._name if table._schema is None else f"{table._schema}.{table._name}"


async def _written(work: Work, statement: Write[Any, Any]) -> Outcome:
    """Run a write, and tell what it changed."""
    if isinstance(statement, Update):
        return await update(work, statement)
    if isinstance(statement, Delete):
        return await delete(work, statement)
    if isinstance(statement, Merge):
        return await merge(work, statement)
    if isinstance(statement, Insert) and statement.conflict is None:
        return await insert(work, statement)
    return await upsert(work, statement)  # type: ignore[arg-type]  # the one that is left


def _auditable(call: Call, statement: Statement[Any, Any]) -> Write[Any, Any]:
    """The statement, if its rows can be told.

    Raises:
        UsageError: they cannot.
    """
    on_purpose = "say that it is not to be, with_plugin(Unaudited())"
    if not isinstance(statement, Write):
        raise UsageError(
            "raw SQL and writes inside other statements are not audited: build the write, say that it only reads, "
            f"with_plugin(ReadsOnly(…)), or {on_purpose}"
        )
    if call.wanted == "copy":
        raise UsageError(f"copy_into() is not audited: insert the rows, or {on_purpose}")
    if _writes_inside(statement):
        raise UsageError(
            f"raw SQL, or a write, inside another write is not audited: run them one by one, or {on_purpose}"
        )
    if statement.end_modifiers:
        raise UsageError(f"a write with raw SQL at its end is not audited: leave it out, or {on_purpose}")
    if isinstance(statement, Insert) and statement.resolution not in (None, "ABORT"):
        raise UsageError(
            f"INSERT OR {statement.resolution} is not audited, since nobody is told what became of which row: use "
            f"on_conflict(…), or {on_purpose}"
        )
    return statement


def _writes_inside(statement: Statement[Any, Any]) -> bool:
    return any(node is not statement and getattr(node, "is_write", False) is True for node in walk(statement))


def _bound(statement: Write[Any, Any], parameters: Mapping[str, object]) -> Write[Any, Any]:
    """The statement with the values of its named parameters in it."""
    if not parameters:
        return statement

    def rule(node: Any) -> Any:
        if isinstance(node, Parameter) and node.name in parameters:
            return Value(node.checked(parameters[node.name]), node.value_type)
        return node

    return rewrite(statement, rule)
