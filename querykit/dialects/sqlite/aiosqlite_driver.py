"""SQLite through aiosqlite: one thread per connection, one trip to it per statement."""

from __future__ import annotations

import asyncio
import contextlib
import re
import sqlite3
import time
from functools import partial
from typing import TYPE_CHECKING, ClassVar, NoReturn

from querykit.dialects.driver import (
    DriverResult,
    checked_deferrable,
    connect_in_time,
    no_channels,
    no_copy,
    to_its_end,
    too_old,
)
from querykit.dialects.failure import failure_to_error
from querykit.dialects.packages import Package
from querykit.dialects.sqlite import decimals, dialect
from querykit.dialects.sqlite.calls import add_functions
from querykit.dialects.sqlite.errors import failure_of
from querykit.errors import (
    ConnectError,
    ConnectionLostError,
    MultipleResultsError,
    PolicyViolationError,
    UnsupportedError,
)

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Sequence
    from typing import TypeVar

    import aiosqlite

    from querykit.builder.compiled import CompiledQuery
    from querykit.dialects.base import Dialect
    from querykit.dialects.driver import Target, TransactionOptions

    T = TypeVar("T")

PACKAGE = Package("aiosqlite", None, (0, 22, 1))
MINIMUM_VERSION = (3, 38)
MEMORY = ":memory:"
SQLITE_BUSY = 5
BUSY_SLICE = 0.2
"""How long the thread itself waits for a lock, in seconds; beyond that the task waits, where it can be cancelled."""
INTERRUPT_EVERY = 0.02

_FIRST_WORD = re.compile(r"(?:\s|--[^\n]*\n|/\*.*?\*/)*(\w*)", re.DOTALL)
_READS = frozenset({"SELECT", "VALUES", "EXPLAIN"})
_LEAVE_NOTHING = _READS | {"INSERT", "REPLACE", "UPDATE", "DELETE", "WITH"}


class AiosqliteDriver:
    """Opens connections to a file, or the one connection that is an in-memory database."""

    options: ClassVar[frozenset[str]] = frozenset(
        {"busy_timeout", "foreign_keys", "journal_mode", "mode", "synchronous"}
    )
    dialect_name = dialect.name
    is_borrowed = False
    formats_text = False

    def __init__(self, target: Target) -> None:
        """Take the file's name; nothing is opened or imported yet."""
        self.target = target
        self._path = target.database or MEMORY
        self._is_memory = self._path == MEMORY
        self._mode = target.choice("mode", ("ro", "rw", "rwc"), "rwc")
        self._busy_timeout = target.number("busy_timeout", 5.0)
        journal = target.choice("journal_mode", ("wal", "delete", "truncate", "persist", "memory", "off"), "wal")
        synchronous = target.choice(
            "synchronous", ("off", "normal", "full", "extra"), "normal" if journal == "wal" else "full"
        )
        self._pragmas = {
            "busy_timeout": str(int(min(self._busy_timeout, BUSY_SLICE) * 1000)),
            "foreign_keys": "ON" if target.flag("foreign_keys", True) else "OFF",
            "synchronous": synchronous.upper(),
        }
        if not self._is_memory and self._mode != "ro":
            self._pragmas = {"journal_mode": journal.upper(), **self._pragmas}

    @property
    def max_connections(self) -> int | None:
        """One for ``:memory:``: a second connection would see another database."""
        return 1 if self._is_memory else None

    @property
    def has_one_writer(self) -> bool:
        """A file takes one writer at a time: ours queue in the pool, in order, instead of at its lock."""
        return not self._is_memory

    async def connect(self, *, for_reading: bool = False) -> AiosqliteConnection:
        """Open the file and set the connection up."""
        return await connect_in_time(self.target, self._connect(for_reading))

    async def _connect(self, for_reading: bool) -> AiosqliteConnection:
        package = PACKAGE.load()
        if sqlite3.sqlite_version_info < MINIMUM_VERSION:
            raise too_old("SQLite", sqlite3.sqlite_version, ".".join(map(str, MINIMUM_VERSION)))
        pragmas = {**self._pragmas, "query_only": "ON" if for_reading else "OFF"}
        opened = package.connect(
            self._path if self._is_memory else _file_uri(self._path, self._mode),
            uri=not self._is_memory,
            isolation_level=None,  # transactions are ours
            cached_statements=256,
        )
        opened._thread.daemon = True  # one that nobody closes must not keep the process from ending
        connection = AiosqliteConnection(opened, pragmas, self._busy_timeout, shows_values=self.target.show_values)
        try:
            await opened
            await connection.set_up()
        except Exception as error:  # noqa: BLE001 - every kind is mapped
            await connection.close()
            reason = failure_of(error).text or str(error) if isinstance(error, sqlite3.Error) else error
            raise ConnectError(f"cannot open {self.target}: {reason}", driver_error=error) from None
        except BaseException:
            connection.terminate()
            raise
        return connection

    def begin(self, options: TransactionOptions) -> Sequence[str]:
        """``BEGIN IMMEDIATE`` to write: a deferred one cannot wait for the lock when it comes to write.

        Source: https://www.sqlite.org/lang_transaction.html
        """
        checked_deferrable("sqlite", options)
        if options.isolation_level not in {None, "serializable"}:
            raise UnsupportedError("sqlite", f"{options.isolation_level} transactions", "they are always serializable")
        if options.read_only:
            return ("PRAGMA query_only = ON", "BEGIN") if self._is_memory else ("BEGIN",)
        return ("BEGIN IMMEDIATE",)

    def after(self, options: TransactionOptions) -> Sequence[str]:
        """Let the one connection in memory write again; a file has connections for reading."""
        return ("PRAGMA query_only = OFF",) if options.read_only and self._is_memory else ()

    def channels(self, names: Sequence[str]) -> NoReturn:
        """Refuse: there are none."""
        raise no_channels(self.dialect_name)

    def changes_session(self, sql: str) -> bool:
        """PRAGMA, ATTACH, BEGIN, CREATE TEMP TABLE may; reading and writing rows does not."""
        return _first_word(sql) not in _LEAVE_NOTHING

    def only_reads(self, sql: str) -> bool:
        """By its first word: WITH may stand before INSERT, and a SELECT cannot write."""
        return _first_word(sql) in _READS


class AiosqliteConnection:
    """One connection of aiosqlite, that is one thread."""

    dialect: Dialect = dialect
    server_version = sqlite3.sqlite_version

    def __init__(
        self,
        opened: aiosqlite.Connection,
        pragmas: dict[str, str],
        busy_timeout: float,
        *,
        shows_values: bool,
    ) -> None:
        """Hold a connection that is about to be opened."""
        self.driver_connection = opened
        self._pragmas = pragmas
        self._busy_timeout = busy_timeout
        self._shows_values = shows_values
        self._found: type[MultipleResultsError | PolicyViolationError] | None = None
        self._is_terminated = False
        self._raw: sqlite3.Connection

    @property
    def is_closed(self) -> bool:
        """Whether we closed it: nobody else can."""
        return self._is_terminated

    @property
    def in_transaction(self) -> bool:
        """What SQLite itself says."""
        return not self._is_terminated and self.driver_connection.in_transaction

    async def set_up(self) -> None:
        """Set the pragmas, and register what our SQL calls."""
        await self._in_thread(self._set_up)

    def _set_up(self) -> None:
        raw = self._raw = self.driver_connection._conn
        for name, value in self._pragmas.items():
            raw.execute(f"PRAGMA {name} = {value}")
        raw.execute("SELECT 1 FROM sqlite_master").fetchall()  # a file that is no database shows only now
        raw.create_function("querykit_many", 0, self._raising(MultipleResultsError))
        raw.create_function("querykit_violation", 0, self._raising(PolicyViolationError))
        decimals.register(raw)
        add_functions(raw)

    def _raising(self, kind: type[MultipleResultsError | PolicyViolationError]) -> Callable[[], NoReturn]:
        """What our SQL calls when it finds what must not be; SQLite does not pass exceptions on."""

        def found() -> NoReturn:
            self._found = kind
            raise ValueError

        return found

    async def fetch(self, compiled: CompiledQuery, arguments: Sequence[object]) -> DriverResult:
        """Run one statement and read its rows, in one trip to the thread."""
        sql = compiled.sql
        return await self._do(_Reading(self._raw, sql, arguments), sql)

    async def fetch_described(self, compiled: CompiledQuery, arguments: Sequence[object]) -> DriverResult:
        """The same with the columns' names."""
        sql = compiled.sql
        return await self._do(_Job(self._raw, sql, arguments), sql)

    execute = fetch_described

    async def _do(self, job: _Job, sql: str) -> DriverResult:
        try:
            return await self._in_thread(job.run)
        except sqlite3.OperationalError as error:
            if _is_busy(error) and not self.in_transaction:
                return await self._do_when_free(job, sql)
            self._raise(error, sql, job.arguments)
        except Exception as error:  # noqa: BLE001 - every kind is mapped
            self._raise(error, sql, job.arguments)
        except asyncio.CancelledError:
            job.is_cancelled = True
            await to_its_end(self._settle())
            raise

    async def execute_many(self, compiled: CompiledQuery, sets: Sequence[Sequence[object]]) -> DriverResult:
        """Run it for every set in one trip to the thread."""
        try:
            cursor = await self._in_thread(partial(self._raw.executemany, compiled.sql, sets))
        except asyncio.CancelledError:
            await to_its_end(self._settle())
            raise
        except Exception as error:  # noqa: BLE001 - every kind is mapped
            self._raise(error, compiled.sql)
        return DriverResult((), rows_affected=cursor.rowcount if cursor.rowcount >= 0 else None)

    async def copy(self, copying: CompiledQuery, rows: Sequence[Sequence[object]]) -> NoReturn:
        """Refuse: INSERT is as quick."""
        raise no_copy(self.dialect.name)

    async def _do_when_free(self, job: _Job, sql: str) -> DriverResult:
        """Try again until the lock is free. Outside a transaction a busy statement has done nothing."""
        deadline = time.monotonic() + self._busy_timeout - BUSY_SLICE
        while True:
            try:
                return await self._in_thread(job.run)
            except Exception as error:  # noqa: BLE001 - every kind is mapped
                if not _is_busy(error) or time.monotonic() >= deadline:
                    self._raise(error, sql, job.arguments)
            except asyncio.CancelledError:
                job.is_cancelled = True
                await to_its_end(self._settle())
                raise

    async def stream(
        self, compiled: CompiledQuery, arguments: Sequence[object], chunk_size: int
    ) -> AsyncGenerator[DriverResult, None]:
        """Run one statement and read its rows a chunk per trip."""
        sql = compiled.sql
        cursor: sqlite3.Cursor | None = None
        try:
            opened = await self._in_thread(partial(self._raw.execute, sql, arguments))
            cursor = opened
            names = [column[0] for column in opened.description or ()]
            while rows := await self._in_thread(partial(opened.fetchmany, chunk_size)):
                yield DriverResult(rows, names)
        except asyncio.CancelledError:
            await to_its_end(self._settle())
            raise
        except Exception as error:  # noqa: BLE001 - every kind is mapped
            self._raise(error, sql, arguments)
        finally:
            if cursor is not None and not self._is_terminated:
                await to_its_end(self._in_thread(cursor.close))

    async def run(self, sql: str) -> None:
        """Run one statement of ours."""
        await self._do(_Job(self._raw, sql, ()), sql)

    async def commit(self) -> None:
        """``COMMIT``."""
        await self.run("COMMIT")

    def taint(self) -> None:
        """Values are bound: no setting reads them differently."""

    async def ping(self) -> None:
        """Nothing can happen to it."""

    async def reset(self) -> None:
        """Roll back, and undo what raw SQL can have done to the session."""
        await to_its_end(self._in_thread(self._reset))

    def _reset(self) -> None:
        raw = self._raw
        raw.execute("PRAGMA query_only = OFF")
        if raw.in_transaction:
            raw.execute("ROLLBACK")
        temporary = raw.execute("SELECT type, name FROM sqlite_temp_master WHERE type IN ('table', 'view')").fetchall()
        for kind, name in temporary:
            raw.execute(f"DROP {kind} IF EXISTS temp.{_quoted(name)}")
        for _, name, _ in raw.execute("PRAGMA database_list").fetchall():
            if name not in {"main", "temp"}:
                raw.execute(f"DETACH {_quoted(name)}")
        for name in ("case_sensitive_like", "ignore_check_constraints", "recursive_triggers", "writable_schema"):
            raw.execute(f"PRAGMA {name} = OFF")
        self._set_up()

    async def close(self) -> None:
        """Close it, and end its thread."""
        if self._is_terminated:  # the thread is about to do it; a second order would keep it from that
            return
        self._is_terminated = True
        with contextlib.suppress(Exception):
            await self.driver_connection.close()

    async def abort(self) -> None:
        """Interrupt it, and close it."""
        self.terminate()

    def terminate(self) -> None:
        """Close it, without waiting for its thread to end."""
        if self._is_terminated:
            return
        self._is_terminated = True
        if self.driver_connection._connection is not None:
            self.driver_connection._connection.interrupt()
            self.driver_connection.stop()

    def _in_thread(self, function: Callable[[], T]) -> asyncio.Future[T]:
        """Let the thread call a function. aiosqlite's own way there takes a tenth of the time of a short query."""
        opened = self.driver_connection
        if not opened._running or opened._connection is None:
            raise ValueError("the connection is closed")
        done: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        opened._tx.put_nowait((done, function))
        return done

    def _raise(self, error: Exception, sql: str, arguments: Sequence[object] = ()) -> NoReturn:
        failure = failure_of(error, sql, arguments)
        if self._is_terminated:
            failure = failure._replace(kind=ConnectionLostError)
        if self._found is not None:
            failure = failure._replace(kind=self._found, note=None)
            self._found = None
        raise failure_to_error(failure, sql, error) from (error if self._shows_values else None)

    async def _settle(self) -> None:
        """Interrupt what the thread does, again until it heard, and wait for it."""
        done = asyncio.ensure_future(self._in_thread(_nothing))
        while not done.done():
            self.driver_connection._conn.interrupt()
            await asyncio.wait([done], timeout=INTERRUPT_EVERY)


class _Job:
    """One statement on its way through the thread, for whatever it gives."""

    __slots__ = ("_raw", "_sql", "arguments", "is_cancelled")

    def __init__(self, raw: sqlite3.Connection, sql: str, arguments: Sequence[object]) -> None:
        self._raw = raw
        self._sql = sql
        self.arguments = arguments
        self.is_cancelled = False

    def run(self) -> DriverResult:
        if self.is_cancelled:  # while it waited for its turn
            raise sqlite3.OperationalError
        cursor = self._raw.execute(self._sql, self.arguments)
        rows = cursor.fetchall()
        description = cursor.description
        if description is None:
            count = cursor.rowcount
            if count < 0 and _first_word(self._sql) == "WITH":  # the module counts only what begins with a write's word
                count = self._raw.execute("SELECT changes()").fetchone()[0]
            insert_id = cursor.lastrowid if count > 0 and _first_word(self._sql) in {"INSERT", "REPLACE"} else None
            return DriverResult((), rows_affected=count if count >= 0 else None, insert_id=insert_id)
        return DriverResult(rows, [column[0] for column in description], rows_affected=len(rows))


class _Reading(_Job):
    """A statement for rows whose columns are known."""

    __slots__ = ()

    def run(self) -> DriverResult:
        if self.is_cancelled:  # while it waited for its turn
            raise sqlite3.OperationalError
        return DriverResult(self._raw.execute(self._sql, self.arguments).fetchall())


def _nothing() -> None:
    pass


def _is_busy(error: Exception) -> bool:
    return getattr(error, "sqlite_errorcode", None) == SQLITE_BUSY


def _first_word(sql: str) -> str:
    found = _FIRST_WORD.match(sql)
    return found.group(1).upper() if found else ""


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _file_uri(path: str, mode: str) -> str:
    """The file as a URI, in which a few characters are not themselves.

    Source: https://www.sqlite.org/uri.html
    """
    for character, escaped in (("%", "%25"), ("?", "%3f"), ("#", "%23")):
        path = path.replace(character, escaped)
    return f"file:{path}?mode={mode}"
