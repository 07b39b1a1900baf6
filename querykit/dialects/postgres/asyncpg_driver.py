"""PostgreSQL through asyncpg."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, NoReturn

from querykit.dialects.driver import DriverResult, connect_in_time, to_its_end, too_old
from querykit.dialects.failure import connect_kind, failure_to_error
from querykit.dialects.packages import Package
from querykit.dialects.postgres import dialect
from querykit.dialects.postgres.codecs import set_codecs
from querykit.dialects.postgres.errors import failure_of
from querykit.dialects.postgres.notifications import Channels
from querykit.dialects.postgres.pgbouncer import refuse_session_state
from querykit.dialects.tls import OPTIONS as TLS_OPTIONS
from querykit.dialects.tls import tls_context, tls_mode
from querykit.errors import ConnectionLostError, DatabaseError, UnsupportedError

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence

    import asyncpg
    from asyncpg.prepared_stmt import PreparedStatement

    from querykit.builder.compiled import CompiledQuery
    from querykit.dialects.base import Dialect
    from querykit.dialects.driver import Target, TransactionOptions

PACKAGE = Package("asyncpg", "postgres", (0, 30))
MINIMUM_VERSION = 12
SETTLE_TIMEOUT = 5.0
"""How long a cancelled statement may take to end at the server, in seconds, before its connection is given up."""
CANCEL_AGAIN_AFTER = 0.5
"""After how many seconds without an answer the server is asked again to cancel it."""
PING = "SELECT 1"
"""An empty statement would do for the server, but asyncpg stumbles over its answer."""
MAX_PREPARED = 200
MAX_PREPARED_LENGTH = 15 * 1024
NOT_RUN = "InvalidCachedStatementError"
OUTDATED = frozenset({NOT_RUN, "OutdatedSchemaCacheError"})
"""What asyncpg raises when DDL changed what a prepared statement gives; by the first the server refused to run it."""
JSON_OIDS = frozenset({114, 3802})
"""``json`` and ``jsonb``."""

# DISCARD ALL without DEALLOCATE ALL, which would pull asyncpg's prepared statements from under it.
# Source: https://www.postgresql.org/docs/current/sql-discard.html
RESET = """\
CLOSE ALL;
SET SESSION AUTHORIZATION DEFAULT;
RESET ALL;
UNLISTEN *;
SELECT pg_advisory_unlock_all();
DISCARD TEMP;
DISCARD SEQUENCES"""


class AsyncpgDriver:
    """Opens connections to a PostgreSQL server."""

    options: ClassVar[frozenset[str]] = TLS_OPTIONS | {"application_name", "pgbouncer", "search_path", "timezone"}
    dialect_name = dialect.name
    has_one_writer = False
    is_borrowed = False
    formats_text = False

    def __init__(self, target: Target) -> None:
        """Take the address; nothing is connected or imported yet."""
        self.target = target
        self._has_bouncer = target.flag("pgbouncer", False)
        mode = tls_mode(target, "prefer")
        self._ssl: Any = mode if mode in {"disable", "prefer"} else tls_context(target, mode)

    @property
    def max_connections(self) -> int | None:
        """Any number."""
        return None

    async def connect(self, *, for_reading: bool = False) -> AsyncpgConnection:
        """Open a connection and set its session up."""
        package = PACKAGE.load()
        return await connect_in_time(self.target, self._connect(package))

    async def _connect(self, package: Any) -> AsyncpgConnection:
        target = self.target
        settings = {
            name: target.options[name]
            for name in ("application_name", "search_path", "timezone")
            if name in target.options
        }
        try:
            opened = await package.connect(
                host=target.host,
                port=target.port,
                user=target.user,
                password=target.password,
                database=target.database,
                ssl=self._ssl,
                statement_cache_size=0 if self._has_bouncer else MAX_PREPARED,
                max_cached_statement_lifetime=0,
                server_settings=settings or None,
            )
            await set_codecs(opened)
        except Exception as error:  # noqa: BLE001 - whatever it is, no connection was made
            raise _connect_error(error, target) from None
        connection = AsyncpgConnection(opened, shows_values=target.show_values, has_bouncer=self._has_bouncer)
        if opened.get_server_version().major < MINIMUM_VERSION:
            connection.terminate()
            raise too_old("PostgreSQL", connection.server_version, str(MINIMUM_VERSION))
        return connection

    def begin(self, options: TransactionOptions) -> Sequence[str]:
        """``BEGIN`` with its modes."""
        if options.deferrable and not (options.read_only and options.isolation_level == "serializable"):
            raise UnsupportedError("postgres", "DEFERRABLE unless serializable and read-only")
        level = f" ISOLATION LEVEL {options.isolation_level.upper()}" if options.isolation_level else ""
        return (f"BEGIN{level}{' READ ONLY' * options.read_only}{' DEFERRABLE' * options.deferrable}",)

    def after(self, options: TransactionOptions) -> Sequence[str]:
        """Nothing: the modes of a transaction end with it."""
        return ()

    def channels(self, names: Sequence[str]) -> Channels:
        """Those that LISTEN is said for."""
        if self._has_bouncer:
            refuse_session_state("LISTEN")
        return Channels(names)

    def changes_session(self, sql: str) -> bool:
        """Any text may: ``SELECT set_config(…)``."""
        return True

    def only_reads(self, sql: str) -> bool:
        """No text certainly does: a function may write."""
        return False


class Prepared(NamedTuple):
    """A statement that the server knows, the names of its columns, and the places of those that are JSON."""

    statement: PreparedStatement
    names: Sequence[str]
    json_columns: Sequence[int]


class AsyncpgConnection:
    """One connection of asyncpg."""

    dialect: Dialect = dialect

    def __init__(self, opened: asyncpg.Connection, *, shows_values: bool, has_bouncer: bool) -> None:
        """Hold an open connection."""
        self.driver_connection = opened
        protocol: Any = opened._protocol
        self._bind_execute = protocol.bind_execute
        self._is_direct = not has_bouncer
        self._fetched: dict[str, PreparedStatement] = {}
        self._shows_values = shows_values
        self._has_bouncer = has_bouncer
        self._prepared: dict[str, Prepared] = {}
        version = opened.get_server_version()
        self.server_version = (
            f"{version.major}.{version.micro}"  # since version 10 the second number is «micro» to asyncpg
        )

    @property
    def is_closed(self) -> bool:
        """Whether asyncpg knows that it ended: it hears of a closed socket even while idle."""
        return bool(self.driver_connection.is_closed())

    @property
    def in_transaction(self) -> bool:
        """What the server said with its last answer; a failed transaction is still one."""
        return not self.driver_connection.is_closed() and bool(self.driver_connection.is_in_transaction())

    async def fetch(self, compiled: CompiledQuery, arguments: Sequence[object]) -> DriverResult:
        """Run one statement that asyncpg has prepared, through its protocol; `Connection.fetch` takes a tenth more."""
        sql = compiled.sql
        if not self._is_direct:
            return await self._fetch_by_asyncpg(sql, arguments)
        try:
            statement = self._fetched.get(sql) or await self._prepare_fetch(sql)
            return DriverResult(await self._bind_execute(statement._state, arguments, "", 0, False, None))
        except BaseException as error:  # noqa: BLE001 - cancellation too
            if type(error).__name__ in OUTDATED:
                self._fetched.clear()
                await self.driver_connection.reload_schema_state()  # it forgets what it knows, and asks nothing
                if type(error).__name__ == NOT_RUN and not self.in_transaction:
                    return await self._fetch_by_asyncpg(sql, arguments)
            await self._fail(error, sql)

    async def _fetch_by_asyncpg(self, sql: str, arguments: Sequence[object]) -> DriverResult:
        if self._has_bouncer:
            refuse_session_state(sql)
        try:
            return DriverResult(await self.driver_connection.fetch(sql, *arguments))
        except BaseException as error:  # noqa: BLE001 - cancellation too
            await self._fail(error, sql)

    async def _prepare_fetch(self, sql: str) -> PreparedStatement:
        statement = await self.driver_connection.prepare(sql)
        if len(sql) <= MAX_PREPARED_LENGTH:
            if len(self._fetched) >= MAX_PREPARED:
                del self._fetched[next(iter(self._fetched))]
            self._fetched[sql] = statement
        return statement

    async def fetch_described(self, compiled: CompiledQuery, arguments: Sequence[object]) -> DriverResult:
        """Run one statement of our own cache: only a prepared statement tells its columns and its count."""
        sql = compiled.sql
        if self._has_bouncer:
            refuse_session_state(sql)
        try:
            prepared = await self._prepare(sql)
            try:
                rows = await prepared.statement.fetch(*arguments)
            except Exception as error:
                if type(error).__name__ != NOT_RUN or self.in_transaction:
                    raise
                del self._prepared[sql]  # DDL changed its columns; it was not run
                prepared = await self._prepare(sql)
                rows = await prepared.statement.fetch(*arguments)
        except BaseException as error:  # noqa: BLE001 - cancellation too
            self._prepared.pop(sql, None)
            await self._fail(error, sql)
        statement, names, json_columns = prepared
        return DriverResult(rows, names, json_columns, rows_affected=_rows_affected(statement.get_statusmsg()))

    async def execute(self, compiled: CompiledQuery, arguments: Sequence[object]) -> DriverResult:
        """Run one statement for what it does."""
        return await self.fetch_described(compiled, arguments)

    async def execute_many(self, compiled: CompiledQuery, sets: Sequence[Sequence[object]]) -> DriverResult:
        """Send every set behind the other, without waiting for each answer; nobody counts the rows."""
        try:
            await self.driver_connection.executemany(compiled.sql, sets)
        except BaseException as error:  # noqa: BLE001 - cancellation too
            await self._fail(error, compiled.sql)
        return DriverResult(())

    async def copy(self, copying: CompiledQuery, rows: Sequence[Sequence[object]]) -> DriverResult:
        """COPY in binary."""
        insert: Any = copying.statement
        try:
            status = await self.driver_connection.copy_records_to_table(
                insert.table._name,
                schema_name=insert.table._schema,
                columns=[column.column_name for column in insert.targets],
                records=rows,
            )
        except BaseException as error:  # noqa: BLE001 - cancellation too
            await self._fail(error, copying.sql)
        return DriverResult((), rows_affected=_rows_affected(status))

    async def _prepare(self, sql: str) -> Prepared:
        prepared = self._prepared.pop(sql, None)
        if prepared is None:
            prepared = _described(await self.driver_connection.prepare(sql))
            if self._has_bouncer or len(sql) > MAX_PREPARED_LENGTH:
                return prepared
            if len(self._prepared) >= MAX_PREPARED:
                del self._prepared[next(iter(self._prepared))]
        self._prepared[sql] = prepared  # last in, last out
        return prepared

    async def stream(
        self, compiled: CompiledQuery, arguments: Sequence[object], chunk_size: int
    ) -> AsyncGenerator[DriverResult, None]:
        """Run one statement behind a portal, inside the transaction that it needs.

        asyncpg's own cursors do the same; before 0.32 they refuse transactions that it did not begin itself.
        """
        opened: Any = self.driver_connection
        opens = not self.in_transaction
        try:
            if opens:
                await opened.execute("BEGIN")
            statement, names, json_columns = _described(await opened.prepare(compiled.sql))
            state, portal = statement._state, opened._get_unique_id("portal")
            rows, _, is_all = await self._bind_execute(state, arguments, portal, chunk_size, True, None)
            while rows:
                yield DriverResult(rows, names, json_columns)
                if is_all:
                    break
                rows, _, is_all = await opened._protocol.execute(state, portal, chunk_size, True, None)
            if opens:
                await opened.execute("COMMIT")
        except GeneratorExit:  # left early: nothing runs
            raise
        except BaseException as error:  # noqa: BLE001 - cancellation too
            await self._fail(error, compiled.sql)
        finally:
            if opens and self.in_transaction:
                await to_its_end(self._roll_back())

    async def _roll_back(self) -> None:
        with contextlib.suppress(Exception):  # what failed then has closed the connection
            await self.driver_connection.execute("ROLLBACK", timeout=SETTLE_TIMEOUT)
            return
        self.terminate()

    async def run(self, sql: str) -> None:
        """Run one statement by the simple protocol."""
        try:
            await self.driver_connection.execute(sql)
        except BaseException as error:  # noqa: BLE001 - cancellation too
            await self._fail(error, sql)

    async def commit(self) -> None:
        """``COMMIT``. After an error that the program swallowed, the server rolls back and calls it a success."""
        try:
            status = await self.driver_connection.execute("COMMIT")
        except BaseException as error:  # noqa: BLE001 - cancellation too
            await self._fail(error, "COMMIT")
        if status != "COMMIT":
            raise DatabaseError(
                "nothing of this transaction was kept: a statement in it had failed, and it went on without going "
                "back to a savepoint",
                sqlstate="25P02",
            )

    def taint(self) -> None:
        """Values are bound at the server: no setting reads them differently."""

    async def ping(self) -> None:
        """The smallest statement."""
        await self.run(PING)

    async def reset(self) -> None:
        """Roll back, and bring every setting back to what it was at the start."""
        if self.in_transaction:
            await self.run("ROLLBACK")
        if not self._has_bouncer:  # whose sessions nothing was left in, and which would reset another one
            self._prepared.clear()
            await self.run(RESET)

    async def close(self) -> None:
        """Say good-bye."""
        try:
            await self.driver_connection.close(timeout=SETTLE_TIMEOUT)
        except Exception:  # noqa: BLE001 - whatever it is, the connection is of no more use
            self.terminate()

    async def abort(self) -> None:
        """Ask the server to cancel the statement, and drop the socket."""
        with contextlib.suppress(Exception):  # then nobody can ask it
            async with asyncio.timeout(SETTLE_TIMEOUT):
                await self._ask_to_cancel()
        self.terminate()

    def terminate(self) -> None:
        """Drop the socket."""
        if not self.driver_connection.is_closed():
            self.driver_connection.terminate()

    async def _fail(self, error: BaseException, sql: str) -> NoReturn:
        """Raise what an error means, once nothing runs at the server any more."""
        if not isinstance(error, Exception):
            await to_its_end(self._settle())
            raise error
        if self._has_bouncer and not self.in_transaction and not self.is_closed:
            # asyncpg may have found a value unfit after it announced the statement: PgBouncer still waits for the rest,
            # and the server holds the statement's locks
            await to_its_end(self._settle())
        failure = failure_of(error, sql)
        if self.is_closed and not issubclass(failure.kind, ConnectionLostError):
            failure = failure._replace(kind=ConnectionLostError)
        raise failure_to_error(failure, sql, error) from (error if self._shows_values else None)

    async def _settle(self) -> None:
        """Wait until a cancelled statement ended: asyncpg asks the server to cancel it, and does not wait for that.

        The request takes another way than the statement. One that comes too soon does nothing, and is made again; one
        that comes late hits the ping instead.
        """
        try:
            async with asyncio.timeout(SETTLE_TIMEOUT):
                while not await self._answers():
                    pass
        except Exception:  # noqa: BLE001 - whatever it is, the connection is of no more use
            self.terminate()

    async def _answers(self) -> bool:
        """Whether a ping is answered, and not cancelled."""
        ping = asyncio.ensure_future(self.driver_connection.execute(PING))
        try:
            while not (await asyncio.wait([ping], timeout=CANCEL_AGAIN_AFTER))[0]:
                await self._ask_to_cancel()
        finally:
            ping.cancel()
            await asyncio.wait([ping])
        error = ping.exception()
        if error is not None and getattr(error, "sqlstate", None) != "57014":
            raise error
        return error is None

    async def _ask_to_cancel(self) -> None:
        asking = asyncio.ensure_future(
            self.driver_connection._cancel(asyncio.get_running_loop().create_future())  # which ignores a cancellation
        )
        try:
            await asyncio.shield(asking)
        finally:
            asking.cancel()


def _described(statement: PreparedStatement) -> Prepared:
    attributes = statement.get_attributes()
    return Prepared(
        statement,
        [attribute.name for attribute in attributes],
        [place for place, attribute in enumerate(attributes) if attribute.type.oid in JSON_OIDS],
    )


def _connect_error(error: Exception, target: Target) -> DatabaseError:
    failure = failure_of(error)
    reason = failure.text or str(error) or type(error).__name__
    kind = connect_kind(failure)
    return kind(f"cannot connect to {target}: {reason}", sqlstate=failure.sqlstate, driver_error=error)


def _rows_affected(status: str | None) -> int | None:
    """The count of a command tag such as ``INSERT 0 5`` or ``UPDATE 3``; an empty statement has none."""
    count = (status or "").rpartition(" ")[2]
    return int(count) if count.isdecimal() else None
