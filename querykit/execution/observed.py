"""A connection with hooks on it: it tells the log what it does, and writes tags into the SQL."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, Any, TypeVar

from querykit.execution.hooks import Session, comment
from querykit.execution.log import LogEntry

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Sequence

    from querykit.builder.compiled import CompiledQuery
    from querykit.builder.statement import Statement
    from querykit.dialects.base import Dialect
    from querykit.dialects.driver import Connection, Driver, DriverResult
    from querykit.execution.hooks import Hooks
    from querykit.execution.log import EntryKind

T = TypeVar("T")

log = logging.getLogger("querykit")


async def connect_observed(driver: Driver, hooks: Hooks, *, for_reading: bool) -> Connection:
    """Open a connection, and put the hooks on it."""
    watch = Watch(driver, hooks, driver.dialect_name, "connect", "")
    try:
        opened = await driver.connect(for_reading=for_reading)
    except BaseException as error:
        watch.tell(error=error)
        raise
    watch.tell()
    connection = ObservedConnection(opened, driver, hooks)
    try:
        await connection.set_up()
    except BaseException:
        connection.terminate()
        raise
    return connection


class Watch:
    """Measures one thing, and tells the log of it once."""

    __slots__ = ("_began", "_dialect", "_driver", "_hooks", "_kind", "_sql", "_started_at", "_statement", "_values")

    def __init__(
        self,
        driver: Driver,
        hooks: Hooks,
        dialect: str,
        kind: EntryKind,
        sql: str,
        *,
        statement: Statement[Any, Any] | None = None,
        values: Sequence[object] = (),
    ) -> None:
        """Begin."""
        self._hooks = hooks.log
        self._driver = driver
        self._dialect = dialect
        self._kind: EntryKind = kind
        self._sql = sql
        self._statement = statement
        self._values = values
        self._started_at = time.time()
        self._began = time.perf_counter()

    def tell(self, rows: int | None = None, error: BaseException | None = None) -> None:
        """Call the hooks. What they raise is logged: it must not change what the program sees."""
        if not self._hooks:
            return
        target = self._driver.target
        entry = LogEntry(
            kind=self._kind,
            sql=self._sql,
            parameters=tuple(self._values) if target.show_values else None,
            started_at=self._started_at,
            duration=time.perf_counter() - self._began,
            rows=rows,
            error=error,
            target=target,
            dialect=self._dialect,
            statement=self._statement,
            sets=len(self._values) if self._kind == "many" else None,
        )
        for hook in self._hooks:
            try:
                hook(entry)
            except Exception:
                log.exception("the log hook of %s failed", target)


class ObservedConnection:
    """A connection of a driver's, whose every statement is seen."""

    def __init__(self, connection: Connection, driver: Driver, hooks: Hooks) -> None:
        """Stand before a connection."""
        self._connection = connection
        self._driver = driver
        self._hooks = hooks

    async def set_up(self) -> None:
        """Let the program set the session up."""
        if self._hooks.on_connect is not None:
            await self._hooks.on_connect(Session(self))

    # -- what is seen -------------------------------------------------------------------------------------------------

    async def fetch(self, compiled: CompiledQuery, arguments: Sequence[object]) -> DriverResult:
        """Run one statement whose columns are known."""
        compiled = self._tagged(compiled, arguments)
        return await self._seen("query", compiled, arguments, self._connection.fetch(compiled, arguments))

    async def fetch_described(self, compiled: CompiledQuery, arguments: Sequence[object]) -> DriverResult:
        """Run one statement, and learn its columns."""
        compiled = self._tagged(compiled, arguments)
        return await self._seen("query", compiled, arguments, self._connection.fetch_described(compiled, arguments))

    async def execute(self, compiled: CompiledQuery, arguments: Sequence[object]) -> DriverResult:
        """Run one statement for what it does."""
        compiled = self._tagged(compiled, arguments)
        return await self._seen("query", compiled, arguments, self._connection.execute(compiled, arguments))

    async def stream(
        self, compiled: CompiledQuery, arguments: Sequence[object], chunk_size: int
    ) -> AsyncGenerator[DriverResult, None]:
        """Run one statement, and count the rows that are read of it."""
        compiled = self._tagged(compiled, arguments)
        watch = self._watch("stream", compiled, arguments)
        chunks = self._connection.stream(compiled, arguments, chunk_size)
        count = 0
        try:
            async for chunk in chunks:
                count += len(chunk.rows)
                yield chunk
        except GeneratorExit:  # left early
            await chunks.aclose()
            watch.tell(count)
            raise
        except BaseException as error:
            watch.tell(count, error)
            raise
        watch.tell(count)

    async def execute_many(self, compiled: CompiledQuery, sets: Sequence[Sequence[object]]) -> DriverResult:
        """Run one statement for many sets of arguments."""
        compiled = self._tagged(compiled, sets[0] if sets else ())
        return await self._seen("many", compiled, sets, self._connection.execute_many(compiled, sets))

    async def copy(self, copying: CompiledQuery, rows: Sequence[Sequence[object]]) -> DriverResult:
        """Send rows."""
        return await self._seen("copy", copying, (), self._connection.copy(copying, rows))

    async def run(self, sql: str) -> None:
        """Run one statement of ours."""
        sql += self._comment(has_arguments=False)
        await self._command(sql, self._connection.run(sql))

    async def commit(self) -> None:
        """``COMMIT``."""
        await self._command("COMMIT", self._connection.commit())

    async def _seen(
        self, kind: EntryKind, compiled: CompiledQuery, arguments: Sequence[object], work: Awaitable[DriverResult]
    ) -> DriverResult:
        watch = self._watch(kind, compiled, arguments)
        try:
            result = await work
        except BaseException as error:
            watch.tell(error=error)
            raise
        watch.tell(len(result.rows) if result.rows or result.rows_affected is None else result.rows_affected)
        return result

    def _watch(self, kind: EntryKind, compiled: CompiledQuery, values: Sequence[object]) -> Watch:
        name = self._connection.dialect.name
        return Watch(self._driver, self._hooks, name, kind, compiled.sql, statement=compiled.statement, values=values)

    async def _command(self, sql: str, work: Awaitable[None]) -> None:
        watch = Watch(self._driver, self._hooks, self._connection.dialect.name, "command", sql)
        try:
            await work
        except BaseException as error:
            watch.tell(error=error)
            raise
        watch.tell()

    def _tagged(self, compiled: CompiledQuery, arguments: Sequence[object]) -> CompiledQuery:
        text = self._comment(has_arguments=bool(arguments))
        return compiled.with_comment(text) if text else compiled

    def _comment(self, *, has_arguments: bool) -> str:
        tags = self._hooks.tags
        if tags is None:
            return ""
        text = comment(tags() if callable(tags) else tags)
        return text.replace("%", "%%") if has_arguments and self._driver.formats_text else text

    # -- what is passed on --------------------------------------------------------------------------------------------

    @property
    def dialect(self) -> Dialect:
        """What the server speaks."""
        return self._connection.dialect

    @property
    def server_version(self) -> str:
        """The server's version."""
        return self._connection.server_version

    @property
    def driver_connection(self) -> Any:
        """The driver's own connection, past the hooks."""
        return self._connection.driver_connection

    @property
    def is_closed(self) -> bool:
        """Whether it is of no more use."""
        return self._connection.is_closed

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction is open."""
        return self._connection.in_transaction

    def taint(self) -> None:
        """Know that raw SQL may have changed the session."""
        self._connection.taint()

    async def ping(self) -> None:
        """Ask the server whether it is there."""
        await self._connection.ping()

    async def reset(self) -> None:
        """Bring the session back to what it was, with what `on_connect` did to it."""
        await self._connection.reset()
        await self.set_up()

    async def close(self) -> None:
        """End it politely."""
        await self._connection.close()

    async def abort(self) -> None:
        """Stop what it does, and end it."""
        await self._connection.abort()

    def terminate(self) -> None:
        """End it at once."""
        self._connection.terminate()
