"""MySQL and MariaDB through asyncmy, which reads rows in C."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from querykit.dialects.mysql.connection import MySQLConnection
from querykit.dialects.mysql.driver import CLIENT_SSL, MySQLDriver
from querykit.dialects.packages import Package

if TYPE_CHECKING:
    from collections.abc import Sequence

CLIENT_DEPRECATE_EOF = 1 << 24


class AsyncmyConnection(MySQLConnection):
    """One connection of asyncmy."""

    @property
    def is_closed(self) -> bool:
        """Whether the socket is closed, from either side."""
        return bool(self.driver_connection._stream_broken)

    async def _next_rows(self, result: Any, count: int) -> list[Sequence[object]]:
        rows: list[Sequence[object]] = result._take_pending_rows(count)
        while len(rows) < count:
            row = await result._read_rowdata_packet_unbuffered()
            if row is None:
                break
            rows.append(row)
            rows += result._take_pending_rows(count - len(rows))  # those that came with it, without a call for each
        return rows


class AsyncmyDriver(MySQLDriver):
    """Opens connections of asyncmy."""

    package = Package("asyncmy", "asyncmy", (0, 2, 18))
    connection_class = AsyncmyConnection

    def _make(self, package: Any, arguments: dict[str, Any], *, flags_on: int, flags_off: int) -> Any:
        opened = package.Connection(database=self.target.database, **arguments)
        opened._client_flag = (opened._client_flag | flags_on) & ~flags_off
        return opened

    async def _greet(self, opened: Any) -> None:
        await opened.connect()

    async def _hear(self, opened: Any) -> None:
        await super()._hear(opened)
        # With it, asyncmy takes a row that begins with 16 MiB or more for the end of the result, and drops it.
        opened.server_capabilities &= ~CLIENT_DEPRECATE_EOF

    def _go_on_plainly(self, opened: Any) -> None:
        opened._ssl_context = None
        opened._client_flag &= ~CLIENT_SSL
