"""MySQL and MariaDB through aiomysql. Which of the two it is, the server says."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import re
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn

from querykit.dialects.driver import (
    DriverResult,
    checked_deferrable,
    connect_in_time,
    missing_package,
    no_copy,
    to_its_end,
    too_old,
)
from querykit.dialects.failure import failure_to_error
from querykit.dialects.mariadb.server import MARIADB
from querykit.dialects.mysql.errors import failure_of, is_client_error
from querykit.dialects.mysql.literals import with_literals
from querykit.dialects.mysql.server import MYSQL
from querykit.dialects.tls import OPTIONS as TLS_OPTIONS
from querykit.dialects.tls import tls_context, tls_mode
from querykit.errors import (
    ConfigurationError,
    ConnectError,
    ConnectionLostError,
    DatabaseError,
    QueryKitError,
    TooManyConnectionsError,
)

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Sequence

    from querykit.builder.compiled import CompiledQuery
    from querykit.dialects.base import Dialect
    from querykit.dialects.driver import Target, TransactionOptions
    from querykit.dialects.mysql.server import Server

log = logging.getLogger("querykit")

STOP_TIMEOUT = 5.0
"""How long stopping a cancelled statement may take, in seconds."""
COM_RESET_CONNECTION = 0x1F
CLIENT_FOUND_ROWS, CLIENT_SSL, CLIENT_MULTI_STATEMENTS = 1 << 1, 1 << 11, 1 << 16
JSON_TYPE = 245
TRUNCATED_WARNINGS = frozenset({1260, 1301})
"""A row was cut by GROUP_CONCAT or JSON_ARRAYAGG; a result was larger than max_allowed_packet."""


class AiomysqlDriver:
    """Opens connections to a MySQL or MariaDB server."""

    options: ClassVar[frozenset[str]] = TLS_OPTIONS | {"application_name"}
    has_one_writer = False
    is_borrowed = False
    formats_text = True

    def __init__(self, target: Target) -> None:
        """Take the address; nothing is connected or imported yet."""
        self.target = target
        self.dialect_name = "mariadb" if target.scheme.startswith("mariadb") else "mysql"
        mode = tls_mode(target, "disable")
        if mode == "prefer":
            raise ConfigurationError(
                "sslmode=prefer is not possible with aiomysql; say disable, require or verify-full"
            )
        self._tls = None if mode == "disable" else tls_context(target, mode)

    @property
    def max_connections(self) -> int | None:
        """Any number."""
        return None

    async def connect(self, *, for_reading: bool = False) -> AiomysqlConnection:
        """Open a connection, see which server answers, and set its session up."""
        return await connect_in_time(self.target, self._connect())

    async def _connect(self) -> AiomysqlConnection:
        connection = AiomysqlConnection(await self._open(), self, shows_values=self.target.show_values)
        try:
            connection.refuse_old()
            await connection.run(connection.server.set_up)
        except BaseException:
            connection.terminate()
            raise
        return connection

    async def _open(self) -> Any:
        """A connection of aiomysql as the server greets it."""
        package = _load_aiomysql()
        target = self.target
        is_socket = target.host is not None and target.host.startswith("/")
        opened = None
        try:
            opened = package.Connection(
                host=target.host or "localhost",
                port=target.port or 3306,
                unix_socket=target.host if is_socket else None,
                user=target.user,
                password=target.password or "",
                db=target.database,
                charset="utf8mb4",
                autocommit=None,  # the session set-up says it
                program_name=target.options.get("application_name", ""),
                ssl=self._tls,
            )
            # An UPDATE counts the rows it leaves as they were; a «;» does not begin another statement.
            opened.client_flag |= CLIENT_FOUND_ROWS
            opened.client_flag &= ~CLIENT_MULTI_STATEMENTS
            if self._tls is not None:
                opened._get_server_information = lambda: self._greet_securely(opened)
            await opened._connect()
        except BaseException as error:
            if opened is not None:
                opened.close()
            if isinstance(error, QueryKitError) or not isinstance(error, Exception):
                raise
            raise _connect_error(error, target) from None
        return opened

    async def _greet_securely(self, opened: Any) -> None:
        """Refuse a server without TLS before the password is sent: aiomysql would go on in plain text."""
        await type(opened)._get_server_information(opened)
        if not opened.server_capabilities & CLIENT_SSL:
            raise ConnectError(f"cannot connect to {self.target}: the server has no TLS, which sslmode asks for")

    async def stop(self, thread_id: int) -> None:
        """End a connection at the server, and wait until it is gone: what it did has landed then, or never will."""
        try:
            async with asyncio.timeout(STOP_TIMEOUT), self._helper() as helper:
                with contextlib.suppress(Exception):  # it is gone already
                    await helper.query(f"KILL {thread_id}")
                while await _is_there(helper, thread_id):  # noqa: ASYNC110 - the server tells nobody
                    await asyncio.sleep(0.01)
        except (QueryKitError, TimeoutError):
            log.warning("could not make sure that the cancelled statement of connection %d has stopped", thread_id)

    async def interrupt(self, thread_id: int) -> None:
        """End the statement of a connection, and let the connection be."""
        async with self._helper() as helper:
            await helper.query(f"KILL QUERY {thread_id}")

    @contextlib.asynccontextmanager
    async def _helper(self) -> AsyncIterator[Any]:
        """A connection beside the pool's: who must stop others cannot wait for them."""
        helper = await self._open()
        try:
            yield helper
        finally:
            helper.close()

    def begin(self, options: TransactionOptions) -> Sequence[str]:
        """``START TRANSACTION``, behind the isolation level of the next transaction only."""
        checked_deferrable(self.dialect_name, options)
        level = options.isolation_level
        opening = "START TRANSACTION READ ONLY" if options.read_only else "START TRANSACTION"
        return (f"SET TRANSACTION ISOLATION LEVEL {level.upper()}", opening) if level else (opening,)

    def after(self, options: TransactionOptions) -> Sequence[str]:
        """Nothing: the modes of a transaction end with it."""
        return ()

    def changes_session(self, sql: str) -> bool:
        """Any text may: ``SELECT GET_LOCK(…)``, ``SELECT @x := 1``."""
        return True

    def only_reads(self, sql: str) -> bool:
        """No text certainly does: a function may write."""
        return False


class AiomysqlConnection:
    """One connection of aiomysql."""

    def __init__(self, opened: Any, driver: AiomysqlDriver, *, shows_values: bool) -> None:
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
    def is_closed(self) -> bool:
        """Whether the socket is closed, from either side."""
        opened = self.driver_connection
        return opened.closed or opened._reader.eof_received or opened._reader.exception() is not None

    @property
    def in_transaction(self) -> bool:
        """What the server said with its last answer."""
        return not self.driver_connection.closed and self.driver_connection.get_transaction_status()

    async def fetch(self, sql: str, arguments: Sequence[object]) -> DriverResult:
        """Run one statement, and look at its warnings where there are any."""
        result = await self._query(sql, arguments)
        if result.warning_count and result.rows:
            return DriverResult(result.rows, is_truncated=await self._was_truncated())
        return DriverResult(result.rows or ())

    async def fetch_described(self, sql: str, arguments: Sequence[object]) -> DriverResult:
        """Run one statement; its columns come with every result."""
        result = await self._query(sql, arguments)
        is_truncated = bool(result.warning_count and result.rows) and await self._was_truncated()
        return DriverResult(
            result.rows or (),
            *_columns(result),
            rows_affected=result.affected_rows,
            insert_id=result.insert_id or None,
            is_truncated=is_truncated,
        )

    async def execute(self, sql: str, arguments: Sequence[object]) -> DriverResult:
        """Run one statement for what it does."""
        result = await self._query(sql, arguments)
        return DriverResult((), rows_affected=result.affected_rows, insert_id=result.insert_id or None)

    async def execute_many(self, sql: str, sets: Sequence[Sequence[object]]) -> DriverResult:
        """Run one after the other: the protocol has no more to offer."""
        count = 0
        for arguments in sets:
            count += (await self._query(sql, arguments)).affected_rows
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

    async def _was_truncated(self) -> bool:
        """Ask which warnings there were. None at all means that the server keeps none (max_error_count = 0)."""
        try:
            warnings = await self.driver_connection.show_warnings()
        except BaseException as error:  # noqa: BLE001 - cancellation too
            await self._fail(error, "SHOW WARNINGS")
        return not warnings or any(code in TRUNCATED_WARNINGS for _, code, _ in warnings)

    async def stream(
        self, sql: str, arguments: Sequence[object], chunk_size: int
    ) -> AsyncGenerator[DriverResult, None]:
        """Run one statement and read its rows as they come. Left early, it is interrupted."""
        text = with_literals(sql, arguments, hexadecimal=self._is_tainted)
        try:
            await self.driver_connection.query(text, unbuffered=True)
            result = self.driver_connection._result
            names, json_columns = _columns(result)
            while result.unbuffered_active:
                rows = await _next_rows(result, chunk_size)
                is_truncated = (
                    bool(result.warning_count) and not result.unbuffered_active and await self._was_truncated()
                )
                if rows or is_truncated:
                    yield DriverResult(rows, names, json_columns, is_truncated=is_truncated)
        except GeneratorExit:
            await to_its_end(self._interrupt())
            raise
        except BaseException as error:  # noqa: BLE001 - cancellation too
            await self._fail(error, sql)

    async def _interrupt(self) -> None:
        """End a statement whose rows nobody reads, and read what is on its way."""
        opened = self.driver_connection
        result = opened._result
        if result is None or not result.unbuffered_active:
            return
        try:
            async with asyncio.timeout(STOP_TIMEOUT):
                await self._driver.interrupt(opened.thread_id())
                with contextlib.suppress(_load_aiomysql().MySQLError):
                    while result.unbuffered_active:
                        await result._read_rowdata_packet_unbuffered()
                with contextlib.suppress(_load_aiomysql().MySQLError):
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


async def _is_there(helper: Any, thread_id: int) -> bool:
    """Whether a connection still has a thread at the server."""
    await helper.query("SHOW PROCESSLIST")
    return any(row[0] == thread_id for row in helper._result.rows)


async def _next_rows(result: Any, count: int) -> list[Sequence[object]]:
    rows: list[Sequence[object]] = []
    while len(rows) < count:
        row = await result._read_rowdata_packet_unbuffered()
        if row is None:
            break
        rows.append(row)
    return rows


def _columns(result: Any) -> tuple[list[str], list[int]]:
    """The names of a result's columns, and the places of those that are JSON (which MariaDB does not report)."""
    fields = result.fields if result.field_count else ()
    return [field.name for field in fields], [
        place for place, field in enumerate(fields) if field.type_code == JSON_TYPE
    ]


def _load_aiomysql() -> Any:
    try:
        import aiomysql
    except ModuleNotFoundError:
        raise missing_package("aiomysql", "mysql") from None
    return aiomysql


def _connect_error(error: Exception, target: Target) -> DatabaseError | ConfigurationError:
    if isinstance(error, RuntimeError) and "cryptography" in str(error):
        return missing_package("cryptography", "mysql")
    failure = failure_of(error)
    kind = TooManyConnectionsError if issubclass(failure.kind, TooManyConnectionsError) else ConnectError
    reason = (
        error.__cause__ if issubclass(failure.kind, ConnectionLostError) and error.__cause__ else failure.text or error
    )
    return kind(f"cannot connect to {target}: {reason}", code=failure.code, driver_error=error)
