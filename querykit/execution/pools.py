"""The pools of one database, and the book of who holds what."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Self

from querykit.errors import ConfigurationError, UsageError
from querykit.execution.held import Held
from querykit.execution.home import Home
from querykit.execution.observed import connect_observed
from querykit.execution.pool import Pool, PoolOptions

if TYPE_CHECKING:
    from querykit.builder.compiled import CompiledQuery
    from querykit.dialects.base import Dialect
    from querykit.dialects.driver import Connection, Driver
    from querykit.execution.hooks import Hooks
    from querykit.execution.options import Options


class Pools:
    """The open connections to one database: one pool, or one for the one writer and one for readers.

    Attributes:
        driver: What opens connections.
        hooks: What the program hung on the database.
        dialect: What the server speaks, as it said itself.
        server_version: Its version.
        home: Where alone they can be used.
        writers: Where writes, transactions and pinned connections run.
        readers: Where statements that only read run; the same pool but for SQLite's files.
    """

    dialect: Dialect
    server_version: str

    def __init__(self, driver: Driver, options: Options, hooks: Hooks) -> None:
        """Open nothing yet."""
        self.driver = driver
        self.hooks = hooks
        self.home = Home()
        self._is_known = False
        self._holders: dict[asyncio.Task[Any] | None, int] = {}
        size, most = options.pool_size, driver.max_connections
        kept = PoolOptions(
            size if most is None else min(size, most),
            options.acquire_timeout,
            None if most is not None else options.max_lifetime,  # a database in memory ends with its connection
            options.check_after,
            keeps_idle=not driver.is_borrowed,
        )
        if driver.has_one_writer:
            self.writers = Pool(self._open, self.home, kept._replace(size=1))
            self.readers = Pool(self._open_for_reading, self.home, kept._replace(size=max(1, kept.size - 1)))
        else:
            self.writers = self.readers = Pool(self._open, self.home, kept)

    async def open(self) -> Self:
        """Open the first connection. If that fails, or is cancelled, nothing is left open."""
        try:
            self.writers.release(await self.writers.acquire())
        except BaseException:
            await self.close(0)
            raise
        return self

    async def close(self, timeout: float) -> None:
        """Close every connection, once it is given back, or by force after `timeout` seconds."""
        try:
            if self.readers is not self.writers:
                await self.readers.close(timeout)
        finally:
            await self.writers.close(timeout)

    async def _open(self) -> Connection:
        return await self._connect(for_reading=False)

    async def _open_for_reading(self) -> Connection:
        return await self._connect(for_reading=True)

    async def _connect(self, *, for_reading: bool) -> Connection:
        if self.hooks.wraps:
            return self._known(await connect_observed(self.driver, self.hooks, for_reading=for_reading))
        return self._known(await self.driver.connect(for_reading=for_reading))

    def _known(self, connection: Connection) -> Connection:
        if not self._is_known:
            self._is_known = True
            self.dialect, self.server_version = connection.dialect, connection.server_version
        elif connection.dialect is not self.dialect:
            connection.terminate()
            raise ConfigurationError(f"the server was {self.dialect.name}, and now it is {connection.dialect.name}")
        return connection

    # -- lending ------------------------------------------------------------------------------------------------------

    def pool_for(self, compiled: CompiledQuery) -> Pool:
        """The pool a statement runs on.

        Raises:
            UsageError: this is another event loop, or a forked process.
        """
        self.home.refuse_strangers()
        if self.readers is self.writers:
            return self.writers
        writes = compiled.statement.is_write and not self.driver.only_reads(compiled.sql)
        return self.writers if writes else self.readers

    async def hold(self, *, for_reading: bool = False) -> Held:
        """A connection for more than one statement."""
        self.home.refuse_strangers()
        pool = self.readers if for_reading else self.writers
        return Held(pool.take() or await pool.acquire(), pool, self.driver)

    def note_transaction(self, held: Held) -> None:
        """Know that a task is in a transaction."""
        self._holders[held.task] = self._holders.get(held.task, 0) + 1

    def forget_transaction(self, held: Held) -> None:
        """Know that it is out again."""
        count = self._holders.pop(held.task) - 1
        if count:
            self._holders[held.task] = count

    def refuse_holders(self, instead: str = "use the transaction (trx.fetch_all(query)), or db.outside()") -> None:
        """Refuse what would not be part of the transaction that this task is in.

        Raises:
            UsageError: it is in one.
        """
        if not self._holders:
            return
        self.home.refuse_strangers()
        if asyncio.current_task() in self._holders:
            raise UsageError(
                "this task is in a transaction of this database, and this would run outside of it, on another "
                f"connection: {instead} on purpose"
            )
