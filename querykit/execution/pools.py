"""The pools of one database, and the book of who holds what."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING, Any, Self

from querykit.errors import ConfigurationError, UsageError
from querykit.execution.held import Held
from querykit.execution.observed import connect_observed
from querykit.execution.pool import Pool

if TYPE_CHECKING:
    from querykit.builder.compiled import CompiledQuery
    from querykit.dialects.base import Dialect
    from querykit.dialects.driver import Connection, Driver
    from querykit.execution.hooks import Hooks
    from querykit.execution.pool import PoolOptions

_forks = 0


def _count_fork() -> None:
    global _forks  # noqa: PLW0603 - a process has one history
    _forks += 1


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_count_fork)


class Pools:
    """The open connections to one database: one pool, or one for the one writer and one for readers.

    Attributes:
        driver: What opens connections.
        hooks: What the program hung on the database.
        dialect: What the server speaks, as it said itself.
        server_version: Its version.
        writers: Where writes, transactions and pinned connections run.
        readers: Where statements that only read run; the same pool but for SQLite's files.
    """

    dialect: Dialect
    server_version: str

    def __init__(self, driver: Driver, options: PoolOptions, hooks: Hooks) -> None:
        """Open nothing yet."""
        self.driver = driver
        self.hooks = hooks
        self._loop = asyncio.get_running_loop()
        self._forks = _forks
        self._is_known = False
        self._holders: dict[asyncio.Task[Any] | None, int] = {}
        if driver.max_connections is not None:
            options = options._replace(max_lifetime=None)  # a database in memory ends with its connection
        if driver.has_one_writer:
            self.writers = Pool(self._open, options._replace(size=1))
            self.readers = Pool(self._open_for_reading, options._replace(size=max(1, options.size - 1)))
        else:
            self.writers = self.readers = Pool(self._open, options)

    async def open(self) -> Self:
        """Open the first connection."""
        self.writers.release(await self.writers.acquire())
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
        self._refuse_strangers()
        if self.readers is self.writers:
            return self.writers
        writes = compiled.statement.is_write and not self.driver.only_reads(compiled.sql)
        return self.writers if writes else self.readers

    async def hold(self, *, for_reading: bool = False) -> Held:
        """A connection for more than one statement."""
        self._refuse_strangers()
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

    def refuse_holders(self) -> None:
        """Refuse what would not be part of the transaction that this task is in.

        Raises:
            UsageError: it is in one.
        """
        if self._holders and asyncio.current_task() in self._holders:
            raise UsageError(
                "this task is in a transaction of this database, and this would run outside of it: "
                "use the transaction (trx.fetch_all(query)), or db.outside() on purpose"
            )

    def _refuse_strangers(self) -> None:
        if self._forks != _forks:
            raise UsageError("this Database was connected before the process forked; connect another one in the child")
        if asyncio.get_running_loop() is not self._loop:
            raise UsageError("this Database was connected in another event loop; connect another one in this loop")
