"""A connection that is kept for more than one statement, and used by one task at a time."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, cast

from querykit.errors import ClosedError, ConcurrentUseError, QueryKitError
from querykit.execution.wanted import run_on

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterator
    from types import AsyncGeneratorType

    from querykit.builder.compiled import CompiledQuery
    from querykit.dialects.driver import Connection, Driver, DriverResult, Wanted
    from querykit.execution.pool import Pool, Slot


class Held:
    """A slot of a pool on loan.

    Attributes:
        slot: The slot.
        connection: Its connection.
        driver: What made the connection.
        task: The task that borrowed it.
    """

    __slots__ = ("_freed", "_is_abandoned", "_pool", "_stream", "_user", "connection", "driver", "slot", "task")

    def __init__(self, slot: Slot, pool: Pool, driver: Driver) -> None:
        """Take a slot over from a pool."""
        self.slot = slot
        self.connection: Connection = slot.connection
        self.driver = driver
        self.task = slot.task = asyncio.current_task()
        self._pool = pool
        self._user: object | None = None
        self._freed: asyncio.Future[None] | None = None
        self._stream: AsyncGenerator[DriverResult, None] | None = None
        self._is_abandoned = False

    @contextlib.contextmanager
    def _claimed(self) -> Iterator[None]:
        """Claim the connection for one operation.

        Raises:
            ConcurrentUseError: another one is under way.
        """
        if self._user is not None:
            raise ConcurrentUseError(
                "this connection or transaction is running another statement: two tasks share it, or a stream on it is "
                "still open. Await one before the other, or give each task a transaction of its own"
            )
        user = self._user = object()
        try:
            yield
        except QueryKitError:  # a plain answer of the server's
            self._pool.refuse_closed()
            raise
        except BaseException:
            self.slot.is_dirty = True
            raise
        finally:
            self._pool.changes += 1
            if self._user is user:
                self._free()

    def _free(self) -> None:
        self._user = None
        if self._freed is not None and not self._freed.done():
            self._freed.set_result(None)

    # -- running ------------------------------------------------------------------------------------------------------

    async def run(self, compiled: CompiledQuery, wanted: Wanted, arguments: tuple[object, ...]) -> DriverResult:
        """Run a statement."""
        if self._is_abandoned:
            await self._end_stream()
        with self._claimed():
            is_clean = compiled.is_clean or not self.driver.changes_session(compiled.sql)
            try:
                return await run_on(self.connection, compiled, wanted, arguments)
            finally:
                if not is_clean:
                    self.slot.is_dirty = True
                    self.connection.taint()

    async def command(self, *statements: str) -> None:
        """Run statements of ours: BEGIN, SAVEPOINT, ROLLBACK."""
        if self._is_abandoned:
            await self._end_stream()
        with self._claimed():
            for statement in statements:
                await self.connection.run(statement)

    async def ping(self) -> None:
        """Ask the server whether it is there."""
        with self._claimed():
            await self.connection.ping()

    async def commit(self) -> None:
        """Run COMMIT."""
        if self._is_abandoned:
            await self._end_stream()
        with self._claimed():
            await self.connection.commit()

    # -- streaming ----------------------------------------------------------------------------------------------------

    async def stream(
        self, compiled: CompiledQuery, arguments: tuple[object, ...], chunk_size: int
    ) -> AsyncGenerator[DriverResult, None]:
        """Run a statement and read its rows in chunks. The connection is claimed until the end."""
        if self._is_abandoned:
            await self._end_stream()
        with self._claimed():
            if not compiled.is_clean and self.driver.changes_session(compiled.sql):
                self.slot.is_dirty = True
            chunks = self._stream = self.connection.stream(compiled, arguments, chunk_size)
            try:
                async for chunk in chunks:
                    yield chunk
                if self._stream is not chunks:
                    raise ClosedError(
                        "the transaction or connection ended while the rows of this stream were being read"
                    )
            finally:
                if self._stream is chunks:  # else somebody ended it, or is about to
                    self._stream = None
                    await chunks.aclose()

    def abandon_stream(self) -> None:
        """Know that nobody reads the open stream any more: the next operation ends it."""
        self._is_abandoned = self._stream is not None

    async def _end_stream(self) -> None:
        chunks, self._stream, self._is_abandoned = self._stream, None, False
        if chunks is not None:
            await chunks.aclose()
            self._free()

    # -- the end ------------------------------------------------------------------------------------------------------

    async def when_free(self, timeout: float) -> None:
        """Wait for what another task has under way; what does not end costs the connection. A stream is ended."""
        try:
            async with asyncio.timeout(timeout):
                if (
                    self._stream is not None
                    and not cast("AsyncGeneratorType[DriverResult, None]", self._stream).ag_running
                ):
                    await self._end_stream()
                while self._user is not None:
                    self._freed = asyncio.get_running_loop().create_future()
                    await self._freed
        except TimeoutError:
            self.connection.terminate()

    def refuse_strangers(self) -> None:
        """Refuse to be used in another event loop, or in a forked process.

        Raises:
            UsageError: this is one.
        """
        self._pool.home.refuse_strangers()

    def give_back(self) -> None:
        """Return the slot to its pool."""
        self._pool.release(self.slot)
