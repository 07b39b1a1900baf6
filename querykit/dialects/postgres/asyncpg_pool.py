"""A pool of asyncpg that the program brings."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any, ClassVar

from querykit.dialects.driver import Target, connect_in_time
from querykit.dialects.postgres.asyncpg_driver import AsyncpgConnection, AsyncpgDriver

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable


class AsyncpgPoolDriver(AsyncpgDriver):
    """Takes its connections from a pool of asyncpg, and gives each back at once."""

    options: ClassVar[frozenset[str]] = frozenset()
    is_borrowed = True

    def __init__(self, pool: Any, *, connect_timeout: float, show_values: bool) -> None:
        """Take the pool; it stays the program's to open and to close."""
        super().__init__(
            Target(scheme="asyncpg", database="your pool", connect_timeout=connect_timeout, show_values=show_values)
        )
        self._pool = pool

    @property
    def max_connections(self) -> int | None:
        """As many as the pool has."""
        size: int = self._pool.get_max_size()
        return size

    async def connect(self, *, for_reading: bool = False) -> AsyncpgConnection:
        """Borrow a connection."""
        opened = await connect_in_time(self.target, self._pool.acquire())
        return BorrowedConnection(opened, self._pool.release, shows_values=self.target.show_values)


class BorrowedConnection(AsyncpgConnection):
    """A connection of the program's own pool, which resets it when it gets it back."""

    def __init__(self, opened: Any, release: Callable[[Any], Awaitable[None]], *, shows_values: bool) -> None:
        """Hold what the pool lent: a proxy, which forgets its connection when that ends."""
        super().__init__(opened._con, shows_values=shows_values, has_bouncer=False)
        self._proxy = opened
        self._release = release

    async def reset(self) -> None:
        """Leave it to the pool."""

    async def close(self) -> None:
        """Give it back."""
        self._prepared.clear()
        with contextlib.suppress(Exception):  # the pool is closed, or the connection is
            await self._release(self._proxy)
