"""A database: where queries start, and where they run."""

from __future__ import annotations

import copy
from dataclasses import replace
from inspect import isawaitable
from typing import TYPE_CHECKING, Self, TypeVar

from querykit.dialects.driver import is_seconds
from querykit.errors import (
    ConfigurationError,
    DeadlockError,
    QueryKitError,
    SerializationError,
    UsageError,
)
from querykit.execution.connection import Connection
from querykit.execution.held import Held
from querykit.execution.hooks import Hooks, hooks_of
from querykit.execution.lifecycle import Lifecycle
from querykit.execution.notifications import Notifications
from querykit.execution.options import UNSET, Options, checked_timeout
from querykit.execution.plugged import Plugged
from querykit.execution.runner import Runner
from querykit.execution.script import Script, transaction_options
from querykit.execution.stream import Chunks
from querykit.execution.stream_on_pool import StreamOnPool
from querykit.execution.transaction import Transaction
from querykit.execution.url import driver_for, driver_of, parse_url, with_parts
from querykit.execution.wanted import run_on
from querykit.plugins.base import Plugin
from querykit.plugins.chain import DEFAULT_PLUGINS, PluginChain
from querykit.plugins.retry import retried

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from types import TracebackType

    import aiomysql
    import aiosqlite
    import asyncpg

    from querykit.builder.compiled import CompiledQuery
    from querykit.dialects.base import Dialect
    from querykit.dialects.driver import DriverResult, IsolationLevel, Wanted
    from querykit.execution.hooks import Session, Tags
    from querykit.execution.lifecycle import Health
    from querykit.execution.log import LogHook
    from querykit.execution.pool import Pool
    from querykit.execution.replicated import ReplicatedDatabase

T = TypeVar("T")

FIRST_RETRY_DELAY, LONGEST_RETRY_DELAY = 0.03, 1.0
"""How long `run_in_transaction` waits at most before its second attempt, and before any, in seconds."""


class Database(Runner):
    """A database behind a URL, with a pool of connections.

    ``async with Database("postgresql://user:password@host/shop") as db``, or ``await db.connect()`` and ``await
    db.close()``. Queries that start from it run on it: ``await db.select_from(person).select_all().fetch_all()``.
    """

    _is_outside = False
    """Whether it is used on purpose in a task that holds a transaction of it."""

    def __init__(
        self,
        url: str | asyncpg.Pool | aiomysql.Pool | aiosqlite.Connection,
        *,
        host: str | None = None,
        port: int | None = None,
        user: str | None = None,
        password: str | None = None,
        database: str | None = None,
        pool_size: int = UNSET,
        acquire_timeout: float | None = UNSET,
        connect_timeout: float = UNSET,
        timeout: float | None = UNSET,
        commit_timeout: float = UNSET,
        close_timeout: float = UNSET,
        max_lifetime: float | None = UNSET,
        check_after: float = UNSET,
        show_values: bool = False,
        log: LogHook | Sequence[LogHook] = (),
        tags: Tags | None = None,
        on_connect: Callable[[Session], Awaitable[object]] | None = None,
        on_begin: Callable[[Transaction], Awaitable[object]] | None = None,
        plugins: Sequence[Plugin] = (),
    ) -> None:
        """Describe a database; nothing is connected yet. All times are in seconds.

        Sizes and times can also stand in the URL, ``postgresql://…?pool_size=20&timeout=5``; what is given here counts.

        Args:
            url: ``sqlite:///file.db``, ``sqlite:///:memory:``, ``postgresql://…``, ``mysql://…`` or ``mariadb://…``; or
                an open pool of asyncpg or aiomysql, or an open connection of aiosqlite, which stays yours to close.
            host: Instead of the URL's.
            port: Instead of the URL's.
            user: Instead of the URL's.
            password: Instead of the URL's; needs no escaping here.
            database: Instead of the URL's.
            pool_size: How many connections are opened at most; by default 10.
            acquire_timeout: How long a query waits for a connection, or None for as long as it takes; by default 30.
            connect_timeout: How long opening one may take; by default 10.
            timeout: How long a statement may take if its call does not say; by default None, without limit.
            commit_timeout: How long COMMIT may take before its outcome counts as unknown; by default 30.
            close_timeout: How long `close` waits for connections that are in use; by default 10.
            max_lifetime: The age at which a connection is replaced, or None for never; by default 1800.
            check_after: After how long in idleness a connection is checked before it is used; by default 30.
            show_values: Whether exceptions are chained to the driver's own, whose texts quote parameter values, and
                whether the log is told the values.
            log: Called with a `LogEntry` for every statement and new connection, or several that are: `log_to()` writes
                to `logging`, `trace_to()` to OpenTelemetry.
            tags: Written behind every statement, as sqlcommenter does (``/*route='%2Fpeople'*/``); or a function that
                says them each time. Tags that change make another text, which PostgreSQL prepares anew.
            on_connect: Awaited with every new connection, and again after a reset, for ``SET`` and such.
            on_begin: Awaited with every transaction that has begun, for ``SET LOCAL`` and such.
            plugins: What every query and result goes through, also in transactions, on connections and in streams.

        Raises:
            ConfigurationError: the URL or an option is wrong.
        """
        parts = {"host": host, "port": port, "user": user, "password": password, "database": database}
        given = {
            "pool_size": pool_size,
            "acquire_timeout": acquire_timeout,
            "connect_timeout": connect_timeout,
            "timeout": timeout,
            "commit_timeout": commit_timeout,
            "close_timeout": close_timeout,
            "max_lifetime": max_lifetime,
            "check_after": check_after,
        }
        if type(show_values) is not bool:
            raise ConfigurationError(f"show_values is True or False, not {show_values!r}")
        if isinstance(plugins, Plugin):
            raise ConfigurationError(f"plugins is a list: plugins=[{type(plugins).__name__}(…)]")
        if isinstance(url, str):
            target = with_parts(parse_url(url), parts)
            options = Options.of(given, target.options)
            driver = driver_for(replace(target, connect_timeout=options.connect_timeout, show_values=show_values))
        else:
            options = Options.of(given, {})
            driver = driver_of(url, parts, connect_timeout=options.connect_timeout, show_values=show_values)
        super().__init__(options.timeout, Plugged(PluginChain((*DEFAULT_PLUGINS, *plugins)), {}) if plugins else None)
        self._life = Lifecycle(driver, options, Hooks(hooks_of(log), tags, on_connect, on_begin).checked())
        self._commit_timeout = options.commit_timeout

    def __repr__(self) -> str:
        """The URL without the password."""
        return f"<Database {self._life.driver.target}>"

    @classmethod
    def replicated(
        cls,
        primary: str | Database,
        replicas: Sequence[str | Database],
        *,
        read_your_writes: bool | float = True,
        check_every: float = 5.0,
    ) -> ReplicatedDatabase:
        """A database whose reads go to replicas of it, and all else to the primary.

        Replicas are read in turn. One that is not there is left out until it answers again; what it was asked is asked
        of the next, and at last of the primary. To the primary go writes, transactions, pinned connections, reads that
        lock rows, sequences, functions that are not in `fn`, and raw SQL, since it may write.

        Args:
            primary: Its URL, or a `Database` with options of its own, which the whole takes over: plugins, for one.
            replicas: Likewise, without plugins.
            read_your_writes: Whether reads see what was written through this database before. True asks a replica for
                how far it is, and reads from the primary where it is not far enough (PostgreSQL; the default). Seconds
                keep all reads on the primary for so long after a write. False does not care.
            check_every: After how many seconds replicas are asked whether they are there.

        Raises:
            ConfigurationError: there is no replica, or an option is none.
            UnsupportedError: when connecting, with ``read_your_writes=True``: the database does not tell.

        Source: https://www.postgresql.org/docs/current/warm-standby.html#STREAMING-REPLICATION
        """
        from querykit.execution.replicated import ReplicatedDatabase  # noqa: PLC0415 - it is a Database

        return ReplicatedDatabase(primary, replicas, read_your_writes=read_your_writes, check_every=check_every)

    # -- its life -----------------------------------------------------------------------------------------------------

    async def connect(self) -> Self:
        """Open the first connection, and learn what the server is.

        Raises:
            ConnectError: the server cannot be reached, or refuses the user or the database.
            ConfigurationError: the server is too old, or the driver's package is missing.
        """
        await (self._plugged.chain.begin(self._life.connect) if self._plugged else self._life.connect())
        return self

    async def close(self) -> None:
        """Close every connection, once those in use are given back, or by force after `close_timeout`.

        Raises:
            ClosedError: it is not connected.
        """
        await self._life.close()

    async def __aenter__(self) -> Self:
        """Connect."""
        return await self.connect()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Close, unless that was done."""
        if self.is_connected:
            await self.close()

    @property
    def is_connected(self) -> bool:
        """Whether it was connected and not closed."""
        return self._life.is_connected

    @property
    def dialect(self) -> Dialect:
        """What the server speaks, as it said itself.

        Raises:
            ClosedError: the database is not connected.
        """
        return self._life.pools.dialect

    @property
    def server_version(self) -> str:
        """The server's version, such as ``"15.4"``."""
        return self._life.pools.server_version

    @property
    def pool(self) -> Pool:
        """The pool of connections, for its numbers: `size`, `idle`, `waiting`. On a SQLite file that of the writer."""
        return self._life.pools.writers

    async def health(self, *, timeout: float = 5.0) -> Health:
        """Ask the server whether it is there, on a connection of the pool.

        Args:
            timeout: Seconds within which it has to answer, the wait for a connection included.

        Raises:
            DatabaseError: it is not there, or does not answer: a `QueryTimeoutError`.
        """
        return await self._life.health(checked_timeout(timeout))

    # -- sessions -----------------------------------------------------------------------------------------------------

    def transaction(
        self, *, isolation_level: IsolationLevel | None = None, read_only: bool = False, deferrable: bool = False
    ) -> Transaction:
        """A transaction, for ``async with``: kept on a clean exit, undone on an exception.

        Args:
            isolation_level: ``"read uncommitted"``, ``"read committed"``, ``"repeatable read"`` or ``"serializable"``;
                None takes the server's default. SQLite has only the last.
            read_only: Refuse writes. On SQLite such a transaction does not wait for the one writer. MySQL and MariaDB
                commit before CREATE, ALTER and DROP, so that these are not refused there.
            deferrable: Wait for a snapshot that cannot fail (PostgreSQL, serializable and read-only).

        Raises:
            UnsupportedError: the database has no such transaction.
        """
        options = transaction_options(isolation_level, read_only=read_only, deferrable=deferrable)
        pools = self._life.pools

        async def borrow() -> Held:
            self._refuse_holders("say trx.transaction() for a savepoint in it, or db.outside().transaction()")
            held = await pools.hold(for_reading=read_only)
            pools.note_transaction(held)
            return held

        def give_back(held: Held) -> None:
            pools.forget_transaction(held)
            held.give_back()

        return Transaction(
            Script.of_transaction(self._life.driver, options),
            borrow,
            give_back,
            timeout=self._timeout,
            commit_timeout=self._commit_timeout,
            on_begin=self._life.hooks.on_begin,
            plugged=self._plugged,
            begins_through=self._plugged.chain if self._plugged else None,
        )

    async def begin(
        self, *, isolation_level: IsolationLevel | None = None, read_only: bool = False, deferrable: bool = False
    ) -> Transaction:
        """Begin a transaction that is ended by its `commit()` or `rollback()`; see `transaction` for the arguments."""
        made = self.transaction(isolation_level=isolation_level, read_only=read_only, deferrable=deferrable)
        return await made.start()

    async def run_in_transaction(
        self,
        function: Callable[[Transaction], Awaitable[T]],
        *,
        attempts: int = 3,
        isolation_level: IsolationLevel | None = None,
        read_only: bool = False,
        deferrable: bool = False,
    ) -> T:
        """Run ``await function(trx)`` in a transaction, again if it met a deadlock or could not be serialized.

        The pause before each further attempt is anything up to a limit, which doubles each time, from 0.03 to 1 second.

        Args:
            function: What to do. It may be called more than once.
            attempts: How often it is called at most.
            isolation_level: See `transaction`.
            read_only: See `transaction`.
            deferrable: See `transaction`.

        Raises:
            UsageError: `attempts` is not a number, one or more; or `function` is no async function.
        """
        if not callable(function):
            raise UsageError(
                f"run_in_transaction takes an async function of the transaction, not the {type(function).__name__} "
                "that calling one gives: it may be called again"
            )
        if type(attempts) is not int or attempts < 1:
            raise UsageError(f"attempts is a number, one or more, not {attempts!r}")
        is_kept = False

        async def attempt() -> T:
            nonlocal is_kept
            transaction = self.transaction(isolation_level=isolation_level, read_only=read_only, deferrable=deferrable)
            try:
                async with transaction:
                    made = function(transaction)
                    if not isawaitable(made):
                        raise UsageError("run_in_transaction takes an async function, or one that gives an awaitable")
                    return await made
            finally:
                is_kept = transaction.is_committed  # then a function of after_commit failed

        return await retried(
            attempt,
            attempts=attempts,
            again=lambda error: isinstance(error, DeadlockError | SerializationError) and not is_kept,
            first_delay=FIRST_RETRY_DELAY,
            longest_delay=LONGEST_RETRY_DELAY,
        )

    def connection(self) -> Connection:
        """One connection for several statements, for ``async with``. Afterwards its session is reset."""
        pools = self._life.pools

        async def borrow() -> Held:
            self._refuse_holders("use the transaction, or db.outside().connection()")
            return await pools.hold()

        async def borrow_through() -> Held:
            return await (self._plugged.chain.begin(borrow) if self._plugged else borrow())

        return Connection(
            pools, borrow_through, timeout=self._timeout, commit_timeout=self._commit_timeout, plugged=self._plugged
        )

    def listen(self, *channels: str, max_waiting: int = 1000, check_after: float = 30.0) -> Notifications:
        """What is sent to channels (PostgreSQL), on a connection that is kept for it.

        ``async with db.listen("orders") as notifications``, then ``async for each in notifications``: each has a
        `channel` and a `payload`. Once the block is entered, nothing is missed. `notify` sends.

        Args:
            channels: Their names, as they are: ``"Orders"`` is another one than ``"orders"``.
            max_waiting: How many may wait to be read; more are dropped, which is told.
            check_after: After how many seconds without a notification the connection is checked.

        Raises:
            UnsupportedError: the database has no channels, or PgBouncer is before it.
            BuildError: there is no channel, or one that can have no such name.

        Source: https://www.postgresql.org/docs/current/sql-listen.html
        """
        if type(max_waiting) is not int or max_waiting < 1:
            raise UsageError(f"max_waiting is a number of notifications, one or more, not {max_waiting!r}")
        if not is_seconds(check_after) or not check_after:
            raise UsageError(f"check_after is a number of seconds, more than zero, not {check_after!r}")
        pools = self._life.pools

        async def borrow() -> Held:
            self._refuse_holders("use db.outside().listen()")
            return await pools.hold()

        return Notifications(borrow, pools.driver.channels(channels), max_waiting=max_waiting, check_after=check_after)

    def outside(self) -> Self:
        """The same database for what is to run outside of the transaction that this task is in.

        On `db` itself everything is refused in a task that holds a transaction of it: it would run on another
        connection, where it neither sees what the transaction wrote nor is undone with it. That is what `outside`
        allows, also for a second transaction, ``db.outside().transaction()``. Only the task itself is known: in the
        tasks that it starts, as `asyncio.gather` does, `db` means outside, too.
        """
        view = copy.copy(self)
        view._is_outside = True
        return view

    def _refuse_holders(self, instead: str) -> None:
        if not self._is_outside:
            self._life.pools.refuse_holders(instead)

    @property
    def _origin(self) -> Lifecycle:  # type: ignore[override]  # never None here
        return self._life

    def _only_reads(self, sql: str) -> bool:
        return self._life.driver.only_reads(sql)

    def _refuse_misuse(self) -> None:
        if not self._is_outside:
            self._life.pools.refuse_holders()

    def _seen(self, plugged: Plugged | None) -> Self:
        view = copy.copy(self)
        view._plugged = plugged
        return view

    if TYPE_CHECKING:  # a database seen through other plugins is a database

        def with_plugin(self, plugin: Plugin) -> Self:
            """One more plugin."""
            ...

        def without_plugins(self) -> Self:
            """No plugin."""
            ...

        def with_context(self, **values: object) -> Self:
            """Values of a request."""
            ...

        def with_schema(self, schema: str) -> Self:
            """Another schema."""
            ...

    def _together(self) -> Transaction:
        if not self._is_outside:
            self._life.pools.refuse_holders()
        return self.transaction()

    # -- running ------------------------------------------------------------------------------------------------------

    async def _run(self, compiled: CompiledQuery, wanted: Wanted, arguments: tuple[object, ...]) -> DriverResult:
        pools = self._life.pools
        if not self._is_outside:
            pools.refuse_holders()
        pool = pools.pool_for(compiled)
        slot = pool.take() or await pool.acquire()
        try:
            if not compiled.is_clean and pools.driver.changes_session(compiled.sql):
                slot.is_dirty = True
            return await run_on(slot.connection, compiled, wanted, arguments)
        except QueryKitError:  # a plain answer of the server's
            pool.refuse_closed()
            raise
        except BaseException:
            slot.is_dirty = True
            raise
        finally:
            pool.release(slot)

    def _stream(self, compiled: CompiledQuery, arguments: tuple[object, ...], chunk_size: int) -> Chunks:
        stream = StreamOnPool(self._life.pools, is_outside=self._is_outside)
        return Chunks(stream.chunks(compiled, arguments, chunk_size), stream.abandon)
