"""A connection of the pool that is kept for a while, for what belongs to a session."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any, Self

from querykit.dialects.driver import to_its_end
from querykit.errors import ClosedError, UsageError
from querykit.execution.runner import Runner
from querykit.execution.script import Script, transaction_options
from querykit.execution.stream import Chunks
from querykit.execution.transaction import Transaction
from querykit.execution.view import View

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine
    from types import TracebackType

    from querykit.builder.compiled import CompiledQuery
    from querykit.dialects.base import Dialect
    from querykit.dialects.driver import DriverResult, IsolationLevel, Wanted
    from querykit.execution.held import Held
    from querykit.execution.plugged import Plugged
    from querykit.execution.pools import Pools


GIVE_BACK_TIMEOUT = 5.0
"""How long another task's statement on it may take, in seconds, before the connection is dropped."""


class Connection(Runner):
    """One connection for several statements: temporary tables, session variables, locks, LISTEN.

    ``async with db.connection() as connection``. Afterwards the session is reset.
    """

    def __init__(
        self,
        pools: Pools,
        borrow: Callable[[], Awaitable[Held]],
        *,
        timeout: float | None,
        commit_timeout: float,
        plugged: Plugged | None = None,
    ) -> None:
        """Prepare one; it is borrowed when it is entered."""
        self._pools = pools
        self._borrow = borrow
        super().__init__(timeout, plugged)
        self._commit_timeout = commit_timeout
        self._held: Held | None = None
        self._transaction: Transaction | None = None
        self._is_entered = False
        self._has_ended = False

    async def __aenter__(self) -> Self:
        """Borrow a connection."""
        if self._is_entered:
            raise UsageError("a connection is entered once; ask the database for another one")
        self._is_entered = True
        self._held = await self._borrow()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Give it back; a transaction that is still open on it is rolled back."""
        await to_its_end(self._end(self._usable(ending=True)))

    def __del__(self) -> None:
        """Drop the connection of one that nobody can give back any more."""
        held, self._held = self._held, None
        if held is not None:
            warnings.warn("db.connection() was entered and not left", ResourceWarning, source=self, stacklevel=2)
            held.connection.terminate()
            held.give_back()

    async def _end(self, held: Held) -> None:
        await held.when_free(GIVE_BACK_TIMEOUT)
        if self._transaction is not None and self._transaction.is_open:
            await self._transaction.rollback()
        if held.connection.in_transaction:
            held.slot.is_dirty = True
        self._held, self._has_ended = None, True
        held.give_back()

    @property
    def dialect(self) -> Dialect:
        """What the server speaks."""
        return self._usable(ending=True).connection.dialect

    @property
    def driver_connection(self) -> Any:
        """The driver's own connection (asyncpg's, aiomysql's, aiosqlite's), for what querykit has no words for."""
        held = self._usable()
        held.slot.is_dirty = True
        held.connection.taint()
        return held.connection.driver_connection

    def transaction(
        self, *, isolation_level: IsolationLevel | None = None, read_only: bool = False, deferrable: bool = False
    ) -> Transaction:
        """A transaction on this connection; meanwhile only the transaction is used."""
        options = transaction_options(isolation_level, read_only=read_only, deferrable=deferrable)
        self._transaction = Transaction(
            Script.of_transaction(self._usable().driver, options),
            self._lend_to_transaction,
            self._pools.forget_transaction,
            timeout=self._timeout,
            commit_timeout=self._commit_timeout,
            on_begin=self._pools.hooks.on_begin,
            plugged=self._plugged,
        )
        return self._transaction

    async def _lend_to_transaction(self) -> Held:
        held = self._usable()
        self._pools.note_transaction(held)
        return held

    def _only_reads(self, sql: str) -> bool:
        return self._pools.driver.only_reads(sql)

    def _seen(self, plugged: Plugged | None) -> View:
        return View(self, plugged)

    def _together(self) -> Transaction:
        return self.transaction()

    def _run(
        self, compiled: CompiledQuery, wanted: Wanted, arguments: tuple[object, ...]
    ) -> Coroutine[Any, Any, DriverResult]:
        return self._usable().run(compiled, wanted, arguments)

    def _stream(self, compiled: CompiledQuery, arguments: tuple[object, ...], chunk_size: int) -> Chunks:
        return Chunks(self._chunks(compiled, arguments, chunk_size), self._abandon_stream)

    async def _chunks(
        self, compiled: CompiledQuery, arguments: tuple[object, ...], chunk_size: int
    ) -> AsyncGenerator[DriverResult, None]:
        chunks = self._usable().stream(compiled, arguments, chunk_size)
        try:
            async for chunk in chunks:
                yield chunk
        finally:
            await chunks.aclose()

    def _abandon_stream(self) -> None:
        if self._held is not None:
            self._held.abandon_stream()

    def _usable(self, *, ending: bool = False) -> Held:
        if self._held is None:
            if self._has_ended:
                raise ClosedError("this connection was given back; nothing more runs on it")
            raise ClosedError("this connection was not entered: use `async with db.connection() as connection`")
        if not ending and self._transaction is not None and self._transaction.is_open:
            raise UsageError("a transaction on this connection is open: use that one until it ends")
        self._held.refuse_strangers()
        return self._held
