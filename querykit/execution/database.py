"""A database: where queries start, and where they run."""

from __future__ import annotations

import asyncio
import copy
import random
from dataclasses import replace
from time import monotonic
from typing import TYPE_CHECKING, Any, NamedTuple, Self, TypeVar

from querykit.errors import (
    ClosedError,
    ConfigurationError,
    DeadlockError,
    QueryKitError,
    SerializationError,
    UsageError,
)
from querykit.execution.connection import Connection
from querykit.execution.held import Held
from querykit.execution.hooks import Hooks
from querykit.execution.outside import Outside
from querykit.execution.plugged import Plugged
from querykit.execution.pool import PoolOptions
from querykit.execution.pools import Pools
from querykit.execution.runner import Runner
from querykit.execution.script import Script, transaction_options
from querykit.execution.transaction import Transaction
from querykit.execution.url import driver_for, driver_of, parse_url
from querykit.execution.wanted import run_on
from querykit.plugins.chain import PluginChain

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
    from types import TracebackType

    import aiomysql
    import aiosqlite
    import asyncpg

    from querykit.builder.compiled import CompiledQuery
    from querykit.dialects.base import Dialect
    from querykit.dialects.driver import DriverResult, IsolationLevel
    from querykit.execution.hooks import Session, Tags
    from querykit.execution.log import LogHook
    from querykit.execution.pool import Pool
    from querykit.execution.wanted import Wanted
    from querykit.plugins.base import Plugin

T = TypeVar("T")

FIRST_RETRY_DELAY = 0.02
"""How long `run_in_transaction` waits before its second attempt, in seconds; then twice as long each time."""


class Health(NamedTuple):
    """How a database does.

    Attributes:
        latency: How long the server took to answer, in seconds.
        dialect: What it speaks.
        server_version: Its version.
        connections: How many connections there are.
        idle: How many of them nobody uses.
        waiting: How many tasks wait for one.
    """

    latency: float
    dialect: str
    server_version: str
    connections: int
    idle: int
    waiting: int


class Database(Runner):
    """A database behind a URL, with a pool of connections.

    ``async with Database("postgresql://user:password@host/shop") as db``, or ``await db.connect()`` and ``await
    db.close()``. Queries that start from it run on it: ``await db.select_from(person).select_all().fetch_all()``.
    """

    def __init__(
        self,
        url: str | asyncpg.Pool | aiomysql.Pool | aiosqlite.Connection,
        *,
        host: str | None = None,
        port: int | None = None,
        user: str | None = None,
        password: str | None = None,
        database: str | None = None,
        pool_size: int = 10,
        acquire_timeout: float | None = 30.0,
        connect_timeout: float = 10.0,
        timeout: float | None = None,
        commit_timeout: float = 30.0,
        close_timeout: float = 10.0,
        max_lifetime: float | None = 1800.0,
        check_after: float = 30.0,
        show_values: bool = False,
        log: LogHook | None = None,
        tags: Tags | None = None,
        on_connect: Callable[[Session], Awaitable[object]] | None = None,
        on_begin: Callable[[Transaction], Awaitable[object]] | None = None,
        plugins: Sequence[Plugin] = (),
    ) -> None:
        """Describe a database; nothing is connected yet. All times are in seconds.

        Args:
            url: ``sqlite:///file.db``, ``sqlite:///:memory:``, ``postgresql://…``, ``mysql://…`` or ``mariadb://…``; or
                an open pool of asyncpg or aiomysql, or an open connection of aiosqlite, which stays yours to close.
            host: Instead of the URL's.
            port: Instead of the URL's.
            user: Instead of the URL's.
            password: Instead of the URL's; needs no escaping here.
            database: Instead of the URL's.
            pool_size: How many connections are opened at most.
            acquire_timeout: How long a query waits for a connection, or None for as long as it takes.
            connect_timeout: How long opening one may take.
            timeout: How long a statement may take if its call does not say; None is no limit.
            commit_timeout: How long COMMIT may take before its outcome counts as unknown.
            close_timeout: How long `close` waits for connections that are in use.
            max_lifetime: The age at which a connection is replaced, or None for never.
            check_after: After how long in idleness a connection is checked before it is used.
            show_values: Whether exceptions are chained to the driver's own, whose texts quote parameter values, and
                whether the log is told the values.
            log: Called with a `LogEntry` for every statement and new connection; `log_to()` writes to `logging`.
            tags: Written behind every statement, as sqlcommenter does (``/*route='%2Fpeople'*/``); or a function that
                says them each time. Tags that change make another text, which PostgreSQL prepares anew.
            on_connect: Awaited with every new connection, and again after a reset, for ``SET`` and such.
            on_begin: Awaited with every transaction that has begun, for ``SET LOCAL`` and such.
            plugins: What every query and result goes through, also in transactions, on connections and in streams.

        Raises:
            ConfigurationError: the URL or an option is wrong.
        """
        if type(pool_size) is not int or pool_size < 1:
            raise ConfigurationError(f"pool_size is a number of connections, one or more, not {pool_size!r}")
        _check_times(
            acquire_timeout=acquire_timeout,
            connect_timeout=connect_timeout,
            timeout=timeout,
            commit_timeout=commit_timeout,
            close_timeout=close_timeout,
            max_lifetime=max_lifetime,
            check_after=check_after,
        )
        if isinstance(url, str):
            parts = {"host": host, "port": port, "user": user, "password": password, "database": database}
            given: dict[str, Any] = {name: part for name, part in parts.items() if part is not None}
            target = replace(parse_url(url), connect_timeout=connect_timeout, show_values=show_values, **given)
            self._driver = driver_for(target)
        else:
            self._driver = driver_of(url, connect_timeout=connect_timeout, show_values=show_values)
        self._hooks = Hooks(log, tags, on_connect, on_begin).checked()
        super().__init__(timeout, Plugged(PluginChain(plugins), {}) if plugins else None)
        self._commit_timeout = commit_timeout
        self._close_timeout = close_timeout
        self._pool_options = PoolOptions(
            min(pool_size, self._driver.max_connections or pool_size),
            acquire_timeout,
            max_lifetime,
            check_after,
            keeps_idle=not self._driver.is_borrowed,
        )
        self._life = _Life()

    def __repr__(self) -> str:
        """The URL without the password."""
        return f"<Database {self._driver.target}>"

    # -- its life -----------------------------------------------------------------------------------------------------

    async def connect(self) -> Self:
        """Open the first connection, and learn what the server is.

        Raises:
            ConnectError: the server cannot be reached, or refuses the user or the database.
            ConfigurationError: the server is too old, or the driver's package is missing.
        """
        if self._life.pools is not None:
            raise UsageError("this Database is connected already")
        opened = await Pools(self._driver, self._pool_options, self._hooks).open()
        self._life.pools = opened
        return self

    async def close(self) -> None:
        """Close every connection, once those in use are given back, or by force after `close_timeout`.

        Raises:
            ClosedError: it is not connected.
        """
        pools = self._pools
        self._life.pools, self._life.was_closed = None, True
        await pools.close(self._close_timeout)

    async def __aenter__(self) -> Self:
        """Connect."""
        return await self.connect()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Close, unless that was done."""
        if self._life.pools is not None:
            await self.close()

    @property
    def _pools(self) -> Pools:
        pools = self._life.pools
        if pools is None:
            if self._life.was_closed:
                raise ClosedError("this Database is closed")
            raise ClosedError(
                "this Database is not connected: use `async with Database(…) as db`, or `await db.connect()`"
            )
        return pools

    @property
    def is_connected(self) -> bool:
        """Whether it was connected and not closed."""
        return self._life.pools is not None

    @property
    def dialect(self) -> Dialect:
        """What the server speaks, as it said itself.

        Raises:
            ClosedError: the database is not connected.
        """
        return self._pools.dialect

    @property
    def server_version(self) -> str:
        """The server's version, such as ``"15.4"``."""
        return self._pools.server_version

    @property
    def pool(self) -> Pool:
        """The pool of connections, for its numbers: `size`, `idle`, `waiting`. On a SQLite file that of the writer."""
        return self._pools.writers

    async def health(self) -> Health:
        """Ask the server whether it is there, on a connection of the pool.

        Raises:
            DatabaseError: it is not.
        """
        pool = self._pools.writers
        slot = pool.take() or await pool.acquire()
        began = monotonic()
        try:
            await slot.connection.ping()
        finally:
            pool.release(slot)
        return Health(monotonic() - began, self.dialect.name, self.server_version, pool.size, pool.idle, pool.waiting)

    # -- sessions -----------------------------------------------------------------------------------------------------

    def transaction(
        self, *, isolation_level: IsolationLevel | None = None, read_only: bool = False, deferrable: bool = False
    ) -> Transaction:
        """A transaction, for ``async with``: kept on a clean exit, undone on an exception.

        Args:
            isolation_level: ``"read uncommitted"``, ``"read committed"``, ``"repeatable read"`` or ``"serializable"``;
                None takes the server's default. SQLite has only the last.
            read_only: Refuse writes. On SQLite such a transaction does not wait for the one writer.
            deferrable: Wait for a snapshot that cannot fail (PostgreSQL, serializable and read-only).

        Raises:
            UnsupportedError: the database has no such transaction.
        """
        options = transaction_options(isolation_level, read_only=read_only, deferrable=deferrable)
        pools = self._pools

        async def borrow() -> Held:
            held = await pools.hold(for_reading=read_only)
            pools.note_transaction(held)
            return held

        def give_back(held: Held) -> None:
            pools.forget_transaction(held)
            held.give_back()

        return Transaction(
            Script.of_transaction(self._driver, options),
            borrow,
            give_back,
            timeout=self._timeout,
            commit_timeout=self._commit_timeout,
            on_begin=self._hooks.on_begin,
            plugged=self._plugged,
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

        Args:
            function: What to do. It may be called more than once.
            attempts: How often it is called at most.
            isolation_level: See `transaction`.
            read_only: See `transaction`.
            deferrable: See `transaction`.
        """
        for attempt in range(1, attempts + 1):
            transaction = self.transaction(isolation_level=isolation_level, read_only=read_only, deferrable=deferrable)
            try:
                async with transaction:
                    return await function(transaction)
            except (DeadlockError, SerializationError):
                if attempt == attempts or transaction.is_committed:  # a function of after_commit raised it
                    raise
                jitter = random.uniform(0.5, 1.5)  # noqa: S311 - spreading retries needs no secrecy
                await asyncio.sleep(FIRST_RETRY_DELAY * 2 ** (attempt - 1) * jitter)
        raise ConfigurationError(f"attempts is a number, one or more, not {attempts!r}")

    def connection(self) -> Connection:
        """One connection for several statements, for ``async with``. Afterwards its session is reset."""
        return Connection(
            self._pools, timeout=self._timeout, commit_timeout=self._commit_timeout, plugged=self._plugged
        )

    def outside(self) -> Outside:
        """The database for what is to run outside of the transaction that this task is in, on another connection."""
        return Outside(self)

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
        self._pools.refuse_holders()
        return self.transaction()

    # -- running ------------------------------------------------------------------------------------------------------

    async def _run(self, compiled: CompiledQuery, wanted: Wanted, arguments: tuple[object, ...]) -> DriverResult:
        self._pools.refuse_holders()
        return await self._run_outside(compiled, wanted, arguments)

    async def _run_outside(
        self, compiled: CompiledQuery, wanted: Wanted, arguments: tuple[object, ...]
    ) -> DriverResult:
        pool = self._pools.pool_for(compiled)
        slot = pool.take() or await pool.acquire()
        try:
            if not compiled.is_clean and self._driver.changes_session(compiled.sql):
                slot.is_dirty = True
            return await run_on(slot.connection, compiled, wanted, arguments)
        except QueryKitError:  # a plain answer of the server's
            raise
        except BaseException:
            slot.is_dirty = True
            raise
        finally:
            pool.release(slot)

    def _stream(
        self, compiled: CompiledQuery, arguments: tuple[object, ...], chunk_size: int
    ) -> AsyncGenerator[DriverResult, None]:
        self._pools.refuse_holders()
        return self._stream_outside(compiled, arguments, chunk_size)

    async def _stream_outside(
        self, compiled: CompiledQuery, arguments: tuple[object, ...], chunk_size: int
    ) -> AsyncGenerator[DriverResult, None]:
        pool = self._pools.pool_for(compiled)
        slot = pool.take() or await pool.acquire()
        held = Held(slot, pool, self._driver)
        chunks = held.stream(compiled, arguments, chunk_size)
        try:
            async for chunk in chunks:
                yield chunk
        finally:
            try:
                await chunks.aclose()
            finally:
                held.give_back()


class _Life:
    """What a database and its views share: the pools, while it is connected."""

    def __init__(self) -> None:
        self.pools: Pools | None = None
        self.was_closed = False


def _check_times(**times: object) -> None:
    for name, seconds in times.items():
        is_number = isinstance(seconds, int | float) and not isinstance(seconds, bool) and seconds >= 0
        if seconds is not None and not is_number:
            raise ConfigurationError(f"{name} is a number of seconds, or None, not {seconds!r}")
