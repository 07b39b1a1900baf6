"""MySQL and MariaDB through aiomysql."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from querykit.dialects.mysql.connection import MySQLConnection
from querykit.dialects.mysql.driver import CLIENT_SSL, MySQLDriver
from querykit.dialects.packages import Package

if TYPE_CHECKING:
    from collections.abc import Sequence


class AiomysqlConnection(MySQLConnection):
    """One connection of aiomysql."""

    @property
    def is_closed(self) -> bool:
        """Whether the socket is closed, from either side."""
        opened = self.driver_connection
        return opened.closed or opened._reader.eof_received or opened._reader.exception() is not None

    async def _next_rows(self, result: Any, count: int) -> list[Sequence[object]]:
        rows: list[Sequence[object]] = []
        while len(rows) < count:
            row = await result._read_rowdata_packet_unbuffered()
            if row is None:
                break
            rows.append(row)
        return rows


class AiomysqlDriver(MySQLDriver):
    """Opens connections of aiomysql."""

    package = Package("aiomysql", "mysql", (0, 3, 2))
    connection_class = AiomysqlConnection

    def _make(self, package: Any, arguments: dict[str, Any], *, flags_on: int, flags_off: int) -> Any:
        opened = package.Connection(db=self.target.database, **arguments)
        opened.client_flag = (opened.client_flag | flags_on) & ~flags_off
        return opened

    async def _greet(self, opened: Any) -> None:
        await opened._connect()

    def _go_on_plainly(self, opened: Any) -> None:
        opened._ssl_context = None
        opened.client_flag &= ~CLIENT_SSL
