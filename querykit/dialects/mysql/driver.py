"""What the drivers for MySQL and MariaDB have in common: finding the server, TLS, and stopping what runs there."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn

from querykit.dialects.driver import checked_deferrable, connect_in_time, no_channels
from querykit.dialects.failure import connect_kind
from querykit.dialects.mysql.errors import failure_of
from querykit.dialects.tls import OPTIONS as TLS_OPTIONS
from querykit.dialects.tls import tls_context, tls_mode
from querykit.errors import (
    ConfigurationError,
    ConnectError,
    ConnectionLostError,
    DatabaseError,
    QueryKitError,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from querykit.dialects.driver import Target, TransactionOptions
    from querykit.dialects.mysql.connection import MySQLConnection
    from querykit.dialects.packages import Package

log = logging.getLogger("querykit")

CLIENT_FOUND_ROWS, CLIENT_SSL, CLIENT_MULTI_STATEMENTS = 1 << 1, 1 << 11, 1 << 16


class MySQLDriver(ABC):
    """Opens connections to a MySQL or MariaDB server."""

    options: ClassVar[frozenset[str]] = TLS_OPTIONS | {"application_name"}
    package: ClassVar[Package]
    connection_class: ClassVar[type[MySQLConnection]]
    stop_timeout: ClassVar[float] = 5.0
    """How long stopping a cancelled statement may take, in seconds."""
    has_one_writer = False
    is_borrowed = False
    formats_text = True

    def __init__(self, target: Target) -> None:
        """Take the address; nothing is connected or imported yet."""
        self.target = target
        self.dialect_name = "mariadb" if target.scheme.startswith("mariadb") else "mysql"
        self._is_socket = target.host is not None and target.host.startswith("/")
        mode = tls_mode(target, "disable")
        self._needs_tls = mode not in {"disable", "prefer"}
        is_plain = mode == "disable" or (mode == "prefer" and self._is_socket)
        self._tls = None if is_plain else tls_context(target, mode)

    @property
    def max_connections(self) -> int | None:
        """Any number."""
        return None

    @property
    def failures(self) -> type[Exception]:
        """The base of the package's exceptions."""
        base: type[Exception] = self.package.load().MySQLError
        return base

    @abstractmethod
    def _make(self, package: Any, arguments: dict[str, Any], *, flags_on: int, flags_off: int) -> Any:
        """A connection of the package that is not made yet, with what it tells the server of itself."""

    @abstractmethod
    async def _greet(self, opened: Any) -> None:
        """Make it."""

    @abstractmethod
    def _go_on_plainly(self, opened: Any) -> None:
        """Ask for no TLS after all: the server has none."""

    # -- connecting ---------------------------------------------------------------------------------------------------

    async def connect(self, *, for_reading: bool = False) -> MySQLConnection:
        """Open a connection, see which server answers, and set its session up."""
        return await connect_in_time(self.target, self._connect())

    async def _connect(self) -> MySQLConnection:
        connection = self.connection_class(await self._open(), self, shows_values=self.target.show_values)
        try:
            connection.refuse_old()
            await connection.run(connection.server.set_up)
        except BaseException:
            connection.terminate()
            raise
        return connection

    async def _open(self) -> Any:
        """A connection of the package as the server greets it."""
        package, target = self.package.load(), self.target
        opened = None
        try:
            opened = self._make(
                package,
                {
                    "host": target.host or "localhost",
                    "port": target.port or 3306,
                    "unix_socket": target.host if self._is_socket else None,
                    "user": target.user,
                    # the packages send it in Latin 1, where its bytes are what the server compares
                    "password": (target.password or "").encode().decode("latin1"),
                    "charset": "utf8mb4",
                    "autocommit": None,  # the session set-up says it
                    "program_name": target.options.get("application_name", ""),
                    "ssl": self._tls,
                },
                # An UPDATE counts the rows it leaves as they were; a «;» does not begin another statement.
                flags_on=CLIENT_FOUND_ROWS,
                flags_off=CLIENT_MULTI_STATEMENTS,
            )
            opened._get_server_information = lambda: self._hear(opened)
            await self._greet(opened)
        except BaseException as error:
            if opened is not None:
                opened.close()
            if isinstance(error, QueryKitError) or not isinstance(error, Exception):
                raise
            raise self._connect_error(error) from None
        return opened

    async def _hear(self, opened: Any) -> None:
        """Read the server's greeting, and refuse one without TLS before the password is sent."""
        await type(opened)._get_server_information(opened)
        if self._tls is None or opened.server_capabilities & CLIENT_SSL:
            return
        if self._needs_tls:
            raise ConnectError(f"cannot connect to {self.target}: the server has no TLS, which sslmode asks for")
        self._go_on_plainly(opened)

    def _connect_error(self, error: Exception) -> DatabaseError | ConfigurationError:
        if isinstance(error, RuntimeError) and "cryptography" in str(error):
            return self.package.missing("cryptography")
        failure = failure_of(error)
        kind = connect_kind(failure)
        is_lost = issubclass(failure.kind, ConnectionLostError)
        reason = error.__cause__ if is_lost and error.__cause__ else failure.text or error
        return kind(f"cannot connect to {self.target}: {reason}", code=failure.code, driver_error=error)

    # -- stopping -----------------------------------------------------------------------------------------------------

    async def stop(self, thread_id: int) -> None:
        """End a connection at the server, and wait until it is gone: what it did has landed then, or never will."""
        try:
            async with asyncio.timeout(self.stop_timeout), self._helper() as helper:
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

    # -- transactions -------------------------------------------------------------------------------------------------

    def begin(self, options: TransactionOptions) -> Sequence[str]:
        """``START TRANSACTION``, behind the isolation level of the next transaction only."""
        checked_deferrable(self.dialect_name, options)
        level = options.isolation_level
        opening = "START TRANSACTION READ ONLY" if options.read_only else "START TRANSACTION"
        return (f"SET TRANSACTION ISOLATION LEVEL {level.upper()}", opening) if level else (opening,)

    def after(self, options: TransactionOptions) -> Sequence[str]:
        """Nothing: the modes of a transaction end with it."""
        return ()

    def channels(self, names: Sequence[str]) -> NoReturn:
        """Refuse: there are none."""
        raise no_channels(self.dialect_name)

    def changes_session(self, sql: str) -> bool:
        """Any text may: ``SELECT GET_LOCK(…)``, ``SELECT @x := 1``."""
        return True

    def only_reads(self, sql: str) -> bool:
        """No text certainly does: a function may write."""
        return False


async def _is_there(helper: Any, thread_id: int) -> bool:
    """Whether a connection still has a thread at the server."""
    await helper.query("SHOW PROCESSLIST")
    return any(row[0] == thread_id for row in helper._result.rows)
