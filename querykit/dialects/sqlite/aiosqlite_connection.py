"""A connection of aiosqlite that the program brings."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any, ClassVar

from querykit.dialects.driver import Target
from querykit.dialects.sqlite.aiosqlite_driver import MEMORY, AiosqliteConnection, AiosqliteDriver

if TYPE_CHECKING:
    import aiosqlite


class AiosqliteConnectionDriver(AiosqliteDriver):
    """Uses the one connection it is given, which stays the program's to close."""

    options: ClassVar[frozenset[str]] = frozenset()

    def __init__(self, opened: aiosqlite.Connection, *, connect_timeout: float, show_values: bool) -> None:
        """Take an open connection."""
        super().__init__(
            Target(
                scheme="aiosqlite",
                database=MEMORY,
                connect_timeout=connect_timeout,
                show_values=show_values,
                label="your connection of aiosqlite",
            )
        )
        self._opened = opened

    async def connect(self, *, for_reading: bool = False) -> AiosqliteConnection:
        """Set the connection up."""
        connection = BorrowedConnection(self._opened, shows_values=self.target.show_values)
        await connection.set_up()
        return connection


class BorrowedConnection(AiosqliteConnection):
    """The program's own connection, which gets back how it was."""

    def __init__(self, opened: aiosqlite.Connection, *, shows_values: bool) -> None:
        """Hold it."""
        super().__init__(opened, {"foreign_keys": "ON"}, busy_timeout=0.0, shows_values=shows_values)
        self._before: tuple[Any, Any, Any] | None = None

    def _set_up(self) -> None:
        raw = self.driver_connection._conn
        if self._before is None:
            self._before = (raw.isolation_level, raw.row_factory, raw.text_factory)
        raw.isolation_level, raw.row_factory, raw.text_factory = None, None, str
        super()._set_up()

    def _put_back(self) -> None:
        raw = self.driver_connection._conn
        if self._before is not None:
            raw.isolation_level, raw.row_factory, raw.text_factory = self._before

    async def reset(self) -> None:
        """Roll back; the rest of the session is the program's."""
        if self.in_transaction:
            await self.run("ROLLBACK")

    async def close(self) -> None:
        """Leave it open, as it was."""
        with contextlib.suppress(Exception):  # the program closed it
            await self._in_thread(self._put_back)

    def terminate(self) -> None:
        """Leave it open: what it holds may be all there is."""
