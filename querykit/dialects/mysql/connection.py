"""A connection to MySQL or MariaDB: which of the two it is, the server says.

aiomysql and asyncmy descend from PyMySQL, and have the same methods under this one; what differs is in their own files.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, NoReturn

from querykit.dialects.driver import DriverResult, no_copy, to_its_end, too_old
from querykit.dialects.failure import failure_to_error
from querykit.dialects.mariadb.server import MARIADB
from querykit.dialects.mysql.errors import failure_of, is_client_error
from querykit.dialects.mysql.literals import with_literals
from querykit.dialects.mysql.server import MYSQL
from querykit.errors import ConnectionLostError

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence

    from querykit.builder.compiled import CompiledQuery
    from querykit.dialects.base import Dialect
    from querykit.dialects.mysql.driver import MySQLDriver
    from querykit.dialects.mysql.server import Server

COM_RESET_CONNECTION = 0x1F
JSON_TYPE = 245
LEFT_OVER_ROWS = 1000
"""How many rows that nobody wants any more are read at a time."""
TRUNCATED_WARNINGS = frozenset({1260, 1301})
"""A row was cut by GROUP_CONCAT or JSON_ARRAYAGG; a result was larger than max_allowed_packet."""
AGGREGATES_THAT_ARE_CUT = re.compile(r"GROUP_CONCAT|JSON_(ARRAY|OBJECT)AGG", re.IGNORECASE)


class MySQLConnection(ABC):
    """One connection of a driver."""

    def __init__(self, opened: Any, driver: MySQLDriver, *, shows_values: bool) -> None:
        """Hold an open connection."""
        self.driver_connection = opened
        self._driver = driver
        self._shows_values = shows_values
        self._is_tainted = False
        greeting: str = opened.get_server_info()
        self.server: Server = MARIADB if "mariadb" in greeting.lower() else MYSQL
        # MariaDB puts «5.5.5-» before its version, for old replicas.
        found = re.search(r"(\d+\.\d+\.\d+)", greeting.removeprefix("5.5.5-"))
        self.server_version = found.group(1) if found else "0"

    def refuse_old(self) -> None:
        """Refuse a server that cannot nest rows.

        Raises:
            ConfigurationError: it is too old.
        """
        if tuple(map(int, self.server_version.split("."))) < self.server.minimum:
            raise too_old(self.server.product, self.server_version, ".".join(map(str, self.server.minimum)))

    @property
    def dialect(self) -> Dialect:
        """MySQL's or MariaDB's."""
        return self.server.dialect

    @property
    @abstractmethod
    def is_closed(self) -> bool:
        """Whether the socket is closed, from either side."""

    @abstractmethod
    async def _next_rows(self, result: Any, count: int) -> list[Sequence[object]]:
        """At most `count` rows of a result that is read as it comes; fewer at its end alone."""

    @property
    def in_transaction(self) -> bool:
        """What the server said with its last answer."""
        return not self.is_closed and bool(self.driver_connection.get_transaction_status())

    async def fetch(self, compiled: CompiledQuery, arguments: Sequence[object]) -> DriverResult:
        """Run one statement, and look at its warnings where there are any."""
        result = await self._query(compiled.sql, arguments)
        if result.warning_count:
            return DriverResult(result.rows or (), is_truncated=await self._was_truncated(result, compiled.sql))
        return DriverResult(result.rows or ())

    async def fetch_described(self, compiled: CompiledQuery, arguments: Sequence[object]) -> DriverResult:
        """Run one statement; its columns come with every result."""
        result = await self._query(compiled.sql, arguments)
        is_truncated = await self._was_truncated(result, compiled.sql) if result.warning_count else False
        return DriverResult(
            result.rows or (),
            *_columns(result),
            rows_affected=result.affected_rows,
            insert_id=result.insert_id or None,
            is_truncated=is_truncated,
        )

    async def execute(self, compiled: CompiledQuery, arguments: Sequence[object]) -> DriverResult:
        """Run one statement for what it does."""
        result = await self._query(compiled.sql, arguments)
        return DriverResult((), rows_affected=result.affected_rows, insert_id=result.insert_id or None)

    async def execute_many(self, compiled: CompiledQuery, sets: Sequence[Sequence[object]]) -> DriverResult:
        """Run one after the other: the protocol has no more to offer."""
        count = 0
        for arguments in sets:
            count += (await self._query(compiled.sql, arguments)).affected_rows
        return DriverResult((), rows_affected=count)

    async def copy(self, copying: CompiledQuery, rows: Sequence[Sequence[object]]) -> NoReturn:
        """Refuse: LOAD DATA reads files."""
        raise no_copy(self.dialect.name)

    async def _query(self, sql: str, arguments: Sequence[object]) -> Any:
        text = with_literals(sql, arguments, hexadecimal=self._is_tainted)
        try:
            await self.driver_connection.query(text)
        except BaseException as error:  # noqa: BLE001 - cancellation too
            await self._fail(error, sql)
        return self.driver_connection._result

    async def _was_truncated(self, result: Any, sql: str) -> bool | None:
        """Ask which warnings there were, about rows or about what was compared to find none.

        None at all means that the server keeps none (max_error_count = 0).
        """
        if result.rows is None and not result.field_count:
            return False
        try:
            warnings = await self.driver_connection.show_warnings()
        except BaseException as error:  # noqa: BLE001 - cancellation too
            await self._fail(error, "SHOW WARNINGS")
        if not warnings:
            return True if AGGREGATES_THAT_ARE_CUT.search(sql) else None
        return any(code in TRUNCATED_WARNINGS for _, code, _ in warnings)

    async def stream(
        self, compiled: CompiledQuery, arguments: Sequence[object], chunk_size: int
    ) -> AsyncGenerator[DriverResult, None]:
        """Run one statement and read its rows as they come. Left early, it is interrupted."""
        sql = compiled.sql
        text = with_literals(sql, arguments, hexadecimal=self._is_tainted)
        try:
            await self.driver_connection.query(text, unbuffered=True)
            result = self.driver_connection._result
            names, json_columns = _columns(result)
            while result.unbuffered_active:
                rows = await self._read_rows(result, chunk_size)
                is_truncated: bool | None = False
                if result.warning_count and not result.unbuffered_active:
                    is_truncated = await self._was_truncated(result, sql)
                if rows or is_truncated is not False:
                    yield DriverResult(rows, names, json_columns, is_truncated=is_truncated)
        except GeneratorExit:
            await to_its_end(self._interrupt())
            raise
        except BaseException as error:  # noqa: BLE001 - cancellation too
            await self._fail(error, sql)

    async def _read_rows(self, result: Any, count: int) -> list[Sequence[object]]:
        try:
            return await self._next_rows(result, count)
        except BaseException:
            result.unbuffered_active = False  # an error is the end of it, which asyncmy forgets to note
            raise

    async def _interrupt(self) -> None:
        """End a statement whose rows nobody reads, and read what is on its way."""
        opened = self.driver_connection
        result = opened._result
        if result is None or not result.unbuffered_active:
            return
        try:
            async with asyncio.timeout(self._driver.stop_timeout):
                await self._driver.interrupt(opened.thread_id())
                with contextlib.suppress(self._driver.failures):
                    while result.unbuffered_active:
                        await self._read_rows(result, LEFT_OVER_ROWS)
                with contextlib.suppress(self._driver.failures):
                    await opened.query("DO 0")  # a KILL that came late hits this one
        except Exception:  # noqa: BLE001 - whatever it is, the connection is of no more use
            self.terminate()

    async def run(self, sql: str) -> None:
        """Run one statement of ours."""
        await self._query(sql, ())

    async def commit(self) -> None:
        """``COMMIT``."""
        await self.run("COMMIT")

    async def ping(self) -> None:
        """COM_PING."""
        try:
            await self.driver_connection.ping(reconnect=False)
        except BaseException as error:  # noqa: BLE001 - cancellation too
            await self._fail(error, "")

    def taint(self) -> None:
        """Write text so that the character set and sql_mode do not matter: raw SQL may have changed them."""
        self._is_tainted = True

    async def reset(self) -> None:
        """COM_RESET_CONNECTION: rolls back, and drops variables, locks and temporary tables; then our set-up again.

        Source: https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_com_reset_connection.html
        """
        try:
            await self.driver_connection._execute_command(COM_RESET_CONNECTION, "")
            await self.driver_connection._read_ok_packet()
        except BaseException as error:  # noqa: BLE001 - cancellation too
            await self._fail(error, "")
        await self.run(self.server.set_up)
        self._is_tainted = False

    async def close(self) -> None:
        """Say good-bye."""
        with contextlib.suppress(Exception):
            await self.driver_connection.ensure_closed()
        self.terminate()

    async def abort(self) -> None:
        """Drop the socket, and end what is left at the server."""
        self.terminate()
        await self._driver.stop(self.driver_connection.thread_id())

    def terminate(self) -> None:
        """Drop the socket."""
        self.driver_connection.close()

    async def _fail(self, error: BaseException, sql: str) -> NoReturn:
        """Raise what an error means, once nothing runs at the server any more."""
        if not isinstance(error, Exception):
            self.terminate()
            await to_its_end(self._driver.stop(self.driver_connection.thread_id()))
            raise error
        failure = failure_of(error)
        if is_client_error(failure.code or 0):
            if self.is_closed:
                failure = failure._replace(kind=ConnectionLostError)
            self.terminate()  # an answer may be left half-read: the next one to ask would get it
        elif self.in_transaction:
            await self._ask_for_transaction()
        raise failure_to_error(failure, sql or None, error) from (error if self._shows_values else None)

    async def _ask_for_transaction(self) -> None:
        """See whether an error ended the transaction, as a deadlock does: errors do not tell, but a ping does."""
        try:
            await self.driver_connection.ping(reconnect=False)
        except Exception:  # noqa: BLE001 - whatever it is, the connection is of no more use
            self.terminate()


def _columns(result: Any) -> tuple[list[str], list[int]]:
    """The names of a result's columns, and the places of those that are JSON (which MariaDB does not report)."""
    fields = result.fields if result.field_count else ()
    return [field.name for field in fields], [
        place for place, field in enumerate(fields) if field.type_code == JSON_TYPE
    ]
