"""The life of a database: connecting, closing, and the pools in between."""

from __future__ import annotations

import asyncio
from time import monotonic
from typing import TYPE_CHECKING, NamedTuple

from querykit.errors import ClosedError, QueryTimeoutError, UsageError
from querykit.execution.pools import Pools

if TYPE_CHECKING:
    from querykit.dialects.driver import Driver
    from querykit.execution.hooks import Hooks
    from querykit.execution.options import Options


class Health(NamedTuple):
    """How a database does.

    Attributes:
        latency: How long the server took to answer, in seconds.
        dialect: What it speaks.
        server_version: Its version.
        connections: How many connections there are; of a SQLite file, the writer and the readers.
        idle: How many of them nobody uses.
        waiting: How many tasks wait for one.
    """

    latency: float
    dialect: str
    server_version: str
    connections: int
    idle: int
    waiting: int


class Lifecycle:
    """What a database shares with its views through plugins: how to connect, and the pools while it is connected.

    Attributes:
        driver: What opens connections.
        hooks: What the program hung on the database.
        opened: Another object each time that it is connected.
    """

    def __init__(self, driver: Driver, options: Options, hooks: Hooks) -> None:
        """Connect nothing yet."""
        self.driver = driver
        self.hooks = hooks
        self.opened = object()
        self._options = options
        self._pools: Pools | None = None
        self._is_connecting = False
        self._was_closed = False

    @property
    def is_connected(self) -> bool:
        """Whether it was connected and not closed."""
        return self._pools is not None

    @property
    def pools(self) -> Pools:
        """The open pools.

        Raises:
            ClosedError: there are none.
        """
        pools = self._pools
        if pools is None:
            raise ClosedError(
                "this Database is closed; connect() opens it again"
                if self._was_closed
                else "this Database is not connected: use `async with Database(…) as db`, or `await db.connect()`"
            )
        return pools

    async def connect(self) -> None:
        """Open the first connection, and learn what the server is."""
        if self._pools is not None:
            raise UsageError("this Database is connected already")
        if self._is_connecting:
            raise UsageError("another task is connecting this Database")
        self._is_connecting = True
        try:
            self._pools = await Pools(self.driver, self._options, self.hooks).open()
            self.opened = object()
        finally:
            self._is_connecting = False

    async def close(self) -> None:
        """Close every connection."""
        if self._pools is None and self._was_closed:
            raise ClosedError("this Database is closed already")
        pools = self.pools
        pools.home.refuse_strangers()
        self._pools, self._was_closed = None, True
        await pools.close(self._options.close_timeout)

    async def health(self, timeout: float) -> Health:
        """Ask the server whether it is there."""
        pools = self.pools
        pools.home.refuse_strangers()
        began = monotonic()
        timer = asyncio.timeout(timeout)
        try:
            async with timer:
                latency = await self._latency(pools)
        except TimeoutError:
            if not timer.expired():
                raise
            raise QueryTimeoutError(
                f"no answer within {monotonic() - began:.3g} s to whether the server is there"
            ) from None
        each = {pools.writers, pools.readers}
        return Health(
            latency,
            pools.dialect.name,
            pools.server_version,
            sum(pool.size for pool in each),
            sum(pool.idle for pool in each),
            sum(pool.waiting for pool in each),
        )

    async def _latency(self, pools: Pools) -> float:
        pool = pools.readers
        slot = pool.take() or await pool.acquire()
        began = monotonic()
        try:
            await slot.connection.run("SELECT 1")
        except BaseException:
            slot.is_dirty = True
            raise
        finally:
            pool.release(slot)
        return monotonic() - began
