"""A stream on a database, which holds a connection of the pool for as long as it is read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from querykit.execution.held import Held

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from querykit.builder.compiled import CompiledQuery
    from querykit.dialects.driver import DriverResult
    from querykit.execution.pools import Pools


class StreamOnPool:
    """One stream, and the connection it holds."""

    def __init__(self, pools: Pools, *, is_outside: bool) -> None:
        """Prepare one; it borrows a connection when it is read."""
        self._pools = pools
        self._is_outside = is_outside
        self._held: Held | None = None

    async def chunks(
        self, compiled: CompiledQuery, arguments: tuple[object, ...], chunk_size: int
    ) -> AsyncGenerator[DriverResult, None]:
        """Run a statement, and read its rows in chunks."""
        if not self._is_outside:
            self._pools.refuse_holders()
        pool = self._pools.pool_for(compiled)
        held = self._held = Held(pool.take() or await pool.acquire(), pool, self._pools.driver)
        chunks = held.stream(compiled, arguments, chunk_size)
        try:
            async for chunk in chunks:
                yield chunk
        finally:
            self._held = None
            try:
                await chunks.aclose()
            finally:
                held.give_back()

    def abandon(self) -> None:
        """Know that nobody reads on: the loop is about to end the stream, so that its task may wait for that."""
        if self._held is not None:
            self._held.slot.task = None
