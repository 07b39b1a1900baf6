"""A pool of aiomysql that the program brings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from querykit.dialects.driver import Target, connect_in_time
from querykit.dialects.mysql.aiomysql_driver import AiomysqlConnection, AiomysqlDriver
from querykit.dialects.mysql.driver import CLIENT_FOUND_ROWS
from querykit.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable

SETTINGS = "SELECT @@character_set_client, @@time_zone, @@autocommit, @@sql_mode"


class AiomysqlPoolDriver(AiomysqlDriver):
    """Takes its connections from a pool of aiomysql, and gives each back at once."""

    options: ClassVar[frozenset[str]] = frozenset()
    is_borrowed = True

    def __init__(self, pool: Any, *, connect_timeout: float, show_values: bool) -> None:
        """Take the pool; it stays the program's to open and to close."""
        super().__init__(Target(
            scheme="aiomysql", label="your pool of aiomysql", connect_timeout=connect_timeout, show_values=show_values
        ))  # fmt: skip
        self._pool = pool

    @property
    def max_connections(self) -> int | None:
        """As many as the pool has."""
        size: int = self._pool.maxsize
        return size

    async def connect(self, *, for_reading: bool = False) -> AiomysqlConnection:
        """Borrow a connection whose session is as our SQL needs it."""
        opened = await connect_in_time(self.target, self._pool.acquire())
        connection = BorrowedConnection(opened, self, self._pool.release, shows_values=self.target.show_values)
        try:
            connection.refuse_old()
            await connection.refuse_unsafe()
        except BaseException:
            await connection.close()
            raise
        return connection

    async def _open(self) -> Any:
        """A connection beside the pool, to stop what another one does."""
        import aiomysql  # the pool came from it

        return await aiomysql.connect(**self._pool._conn_kwargs)


class BorrowedConnection(AiomysqlConnection):
    """A connection of the program's own pool."""

    def __init__(
        self, opened: Any, driver: AiomysqlDriver, release: Callable[[Any], Any], *, shows_values: bool
    ) -> None:
        """Hold what the pool lent."""
        super().__init__(opened, driver, shows_values=shows_values)
        self._release = release

    async def refuse_unsafe(self) -> None:
        """Refuse a session in which our SQL would mean something else.

        Raises:
            ConfigurationError: it is one.
        """
        ((charset, zone, autocommit, sql_mode),) = (await self._query(SETTINGS, ())).rows
        wanted = {
            "charset='utf8mb4'": charset == "utf8mb4",
            "init_command=\"SET time_zone = '+00:00'\"": zone == "+00:00",
            "autocommit=True": autocommit == 1,
            "a sql_mode without NO_BACKSLASH_ESCAPES": "NO_BACKSLASH_ESCAPES" not in str(sql_mode),
            "client_flag=CLIENT.FOUND_ROWS": self.driver_connection.client_flag & CLIENT_FOUND_ROWS,
        }
        if missing := [setting for setting, holds in wanted.items() if not holds]:
            raise ConfigurationError(f"the pool of aiomysql must be created with {', '.join(missing)}")

    async def reset(self) -> None:
        """Drop it: aiomysql cannot undo what raw SQL did, and the pool's own settings are not known."""
        self.terminate()

    async def close(self) -> None:
        """Give it back; a closed one too, or the pool would count it for ever."""
        await self._release(self.driver_connection)
