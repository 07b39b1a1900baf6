"""A connection that is kept for more than one statement, by one task at a time."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from querykit.errors import ConcurrentUseError, QueryKitError
from querykit.execution.runner import run_on

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from types import TracebackType

    from querykit.builder.compiled import CompiledQuery
    from querykit.dialects.driver import Connection, Driver, DriverResult
    from querykit.execution.pool import Pool, Slot
    from querykit.execution.runner import Wanted


class Held:
    """A slot of a pool on loan. Entering it (``with held:``) claims it for one operation.

    Attributes:
        slot: The slot.
        connection: Its connection.
        driver: What made the connection.
        task: The task that borrowed it.
    """

    __slots__ = ("_freed", "_is_busy", "_pool", "connection", "driver", "slot", "task")

    def __init__(self, slot: Slot, pool: Pool, driver: Driver) -> None:
        """Take a slot over from a pool."""
        self.slot = slot
        self.connection: Connection = slot.connection
        self.driver = driver
        self.task = slot.task = asyncio.current_task()
        self._pool = pool
        self._is_busy = False
        self._freed: asyncio.Future[None] | None = None

    def __enter__(self) -> None:
        """Claim the connection.

        Raises:
            ConcurrentUseError: another operation is under way on it.
        """
        if self._is_busy:
            raise ConcurrentUseError(
                "this connection or transaction is running another statement: two tasks share it, or a stream on it is "
                "still open. Await one before the other, or give each task a transaction of its own"
            )
        self._is_busy = True

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Let go of it. What is no plain answer of the server's leaves doubts about the session."""
        self._is_busy = False
        if self._freed is not None and not self._freed.done():
            self._freed.set_result(None)
        if error is not None and not isinstance(error, QueryKitError):
            self.slot.is_dirty = True

    async def when_free(self, timeout: float) -> None:
        """Wait for the operation that another task has under way; one that does not end costs the connection."""
        try:
            async with asyncio.timeout(timeout):
                while self._is_busy:
                    self._freed = asyncio.get_running_loop().create_future()
                    await self._freed
        except TimeoutError:
            self.connection.terminate()

    async def run(self, compiled: CompiledQuery, wanted: Wanted, arguments: tuple[object, ...]) -> DriverResult:
        """Run a statement."""
        with self:
            is_clean = compiled.is_clean or not self.driver.changes_session(compiled.sql)
            try:
                return await run_on(self.connection, compiled, wanted, arguments)
            finally:
                if not is_clean:
                    self.slot.is_dirty = True
                    self.connection.taint()

    async def stream(
        self, compiled: CompiledQuery, arguments: tuple[object, ...], chunk_size: int
    ) -> AsyncGenerator[DriverResult, None]:
        """Run a statement and read its rows in chunks. The connection is claimed until the end."""
        with self:
            if not compiled.is_clean and self.driver.changes_session(compiled.sql):
                self.slot.is_dirty = True
            chunks = self.connection.stream(compiled.sql, arguments, chunk_size)
            try:
                async for chunk in chunks:
                    yield chunk
            finally:
                await chunks.aclose()

    async def command(self, *statements: str) -> None:
        """Run statements of ours: BEGIN, SAVEPOINT, ROLLBACK."""
        with self:
            for statement in statements:
                await self.connection.run(statement)

    async def commit(self) -> None:
        """Run COMMIT."""
        with self:
            await self.connection.commit()

    def give_back(self) -> None:
        """Return the slot to its pool."""
        self._pool.release(self.slot)
