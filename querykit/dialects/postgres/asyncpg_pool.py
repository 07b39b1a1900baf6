"""A pool of asyncpg that the program brings."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any, ClassVar

from querykit.dialects.driver import Target, connect_in_time
from querykit.dialects.postgres.asyncpg_driver import AsyncpgConnection, AsyncpgDriver
from querykit.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

OUR_TYPES = {
    16: "bool",
    17: "bytea",
    20: "int8",
    21: "int2",
    23: "int4",
    25: "text",
    114: "json",
    700: "float4",
    701: "float8",
    1043: "varchar",
    1082: "date",
    1083: "time",
    1114: "timestamp",
    1184: "timestamptz",
    1186: "interval",
    1266: "timetz",
    1700: "numeric",
    2950: "uuid",
    3802: "jsonb",
}
"""The types that we encode and decode, by their numbers.

Source: https://github.com/postgres/postgres/blob/master/src/include/catalog/pg_type.dat
"""


class AsyncpgPoolDriver(AsyncpgDriver):
    """Takes its connections from a pool of asyncpg, and gives each back at once."""

    options: ClassVar[frozenset[str]] = frozenset()
    is_borrowed = True

    def __init__(self, pool: Any, *, connect_timeout: float, show_values: bool) -> None:
        """Take the pool; it stays the program's to open and to close."""
        super().__init__(
            Target(
                scheme="asyncpg", label="your pool of asyncpg", connect_timeout=connect_timeout, show_values=show_values
            )
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
        connection = BorrowedConnection(opened, self._pool.release, shows_values=self.target.show_values)
        try:
            connection.refuse_codecs()
        except BaseException:
            await connection.close()
            raise
        return connection


class BorrowedConnection(AsyncpgConnection):
    """A connection of the program's own pool, which resets it when it gets it back."""

    def __init__(self, opened: Any, release: Callable[[Any], Awaitable[None]], *, shows_values: bool) -> None:
        """Hold what the pool lent: a proxy, which forgets its connection when that ends."""
        super().__init__(opened._con, shows_values=shows_values, has_bouncer=False)
        self._is_direct = False  # the program may watch its connections, by asyncpg's hooks or a patch of its methods
        self._proxy = opened
        self._release = release

    def refuse_codecs(self) -> None:
        """Refuse a connection on which values of our types would be encoded and decoded twice.

        Raises:
            ConfigurationError: it has a codec of its own for one of them.
        """
        protocol: Any = self.driver_connection._protocol
        codec = protocol.get_settings().get_data_codec
        own = [name for oid, name in OUR_TYPES.items() if codec(oid) is not codec(oid, ignore_custom_codec=True)]
        if own:
            raise ConfigurationError(
                f"the connections of this pool have codecs of their own for {', '.join(own)}, so that values would be "
                "encoded and decoded twice: leave set_type_codec out of its init"
            )

    async def reset(self) -> None:
        """Leave it to the pool."""

    async def close(self) -> None:
        """Give it back."""
        self._prepared.clear()
        with contextlib.suppress(Exception):  # the pool is closed, or the connection is
            await self._release(self._proxy)
