"""Transactions, and savepoints as transactions in a transaction."""

from __future__ import annotations

import asyncio
import warnings
from typing import TYPE_CHECKING, Literal, Self, TypeVar

from querykit.dialects.driver import to_its_end
from querykit.errors import (
    ClosedError,
    CommitOutcomeUnknownError,
    ConnectionLostError,
    DatabaseError,
    UsageError,
)
from querykit.execution.afterwards import Afterwards
from querykit.execution.runner import Runner
from querykit.execution.script import Script, savepoint_name
from querykit.execution.stream import Chunks
from querykit.execution.view import View

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable
    from types import TracebackType

    from querykit.builder.compiled import CompiledQuery
    from querykit.dialects.base import Dialect
    from querykit.dialects.driver import DriverResult, Wanted
    from querykit.execution.held import Held
    from querykit.execution.plugged import Plugged
    from querykit.plugins.call import Watcher
    from querykit.plugins.chain import PluginChain

    WatcherT = TypeVar("WatcherT", bound=Watcher)

ROLLBACK_TIMEOUT = 5.0
"""How long ROLLBACK may take, in seconds, before the connection is dropped, which rolls back too."""

State = Literal["new", "beginning", "open", "committed", "rolled back"]


class Transaction(Runner):
    """A transaction: all that runs on it is kept together, or not at all.

    ``async with db.transaction() as trx`` commits on a clean exit and rolls back on an exception. The same call on
    `trx` is a savepoint. `db.begin()` starts one that is ended by `commit()` or `rollback()`.
    """

    def __init__(
        self,
        script: Script,
        borrow: Callable[[], Awaitable[Held]],
        give_back: Callable[[Held], None] | None = None,
        *,
        timeout: float | None,
        commit_timeout: float,
        parent: Transaction | None = None,
        on_begin: Callable[[Transaction], Awaitable[object]] | None = None,
        plugged: Plugged | None = None,
        begins_through: PluginChain | None = None,
    ) -> None:
        """Prepare one; nothing runs before it is entered."""
        self._script = script
        self._borrow = borrow
        self._give_back = give_back
        super().__init__(timeout, plugged)
        self._commit_timeout = commit_timeout
        self._parent = parent
        self._state: State = "new"
        self._held: Held | None = None
        self._inner: Transaction | None = None
        self._depth: int = parent._depth + 1 if parent else 0
        self._end_reason: str | None = None
        self._has_failed = False
        self._savepoints: list[str] = []
        self._on_begin = on_begin
        self._begins_through = begins_through
        self._afterwards = Afterwards()
        self._is_outcome_known = True

    @property
    def _outermost(self) -> Transaction:
        transaction = self
        while transaction._parent is not None:
            transaction = transaction._parent
        return transaction

    def _only_reads(self, sql: str) -> bool:
        return self._usable().driver.only_reads(sql)

    @property
    def dialect(self) -> Dialect:
        """What the server speaks."""
        return self._usable().connection.dialect

    @property
    def is_open(self) -> bool:
        """Whether it was begun and has not ended."""
        return self._state == "open"

    @property
    def is_committed(self) -> bool:
        """Whether all that was done on it has been kept."""
        return self._state == "committed"

    # -- its life -----------------------------------------------------------------------------------------------------

    async def start(self) -> Self:
        """Begin it."""
        if self._state != "new":
            raise UsageError("a transaction is begun once; ask the database for another one")
        self._state = "beginning"  # of two tasks that start it, one does
        chain = self._begins_through
        try:
            self._held = await (self._begin() if chain is None else chain.begin(self._begin))
        except BaseException:
            self._state = "rolled back"
            raise
        self._state = "open"
        if self._parent is not None:
            self._parent._inner = self
        if self._on_begin is not None:
            try:
                await self._on_begin(self)
            except BaseException:
                await to_its_end(self._roll_back())
                raise
        return self

    async def _begin(self) -> Held:
        held = await self._borrow()
        try:
            await held.command(*self._script.begin)
        except BaseException:
            held.slot.is_dirty = True  # it may have begun
            if self._give_back is not None:
                self._give_back(held)
            raise
        return held

    async def __aenter__(self) -> Self:
        """Begin it, unless `db.begin()` did."""
        return self if self._state == "open" else await self.start()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Commit on a clean exit; roll back on an exception, which goes on."""
        if self._state != "open":
            return
        try:
            if error is None:
                await self.commit()
        finally:
            await to_its_end(self._roll_back())  # nothing, after a commit

    async def commit(self) -> None:
        """Keep what was done. A cancellation is delivered once the outcome is known.

        Raises:
            CommitOutcomeUnknownError: the connection ended meanwhile: it may have been kept, or not.
            DatabaseError: the server refused, for example for a deferred constraint; nothing was kept.
        """
        held = self._usable(ending=True)
        try:
            if self._end_reason is not None:
                self._end_lost()
            else:
                await to_its_end(self._commit(held))
        finally:
            if self._afterwards.watchers:
                await to_its_end(self._afterwards.tell_watchers(is_known=self._is_outcome_known))
            if self._afterwards.functions and self._state == "committed":  # cancelled or not
                if self._parent is not None:
                    self._parent._afterwards.functions += self._afterwards.functions
                else:
                    await to_its_end(self._afterwards.call())

    def watched_by(self, owner: object, make: Callable[[], WatcherT]) -> WatcherT:
        """The watcher of a plugin; the first time, what `make` gives."""
        return self._afterwards.watched_by(owner, make)

    def after_commit(self, function: Callable[[], object]) -> None:
        """Call a function, and await what it returns if that can be awaited, once everything here has been kept.

        After a rollback it is not called; that of a savepoint drops what was given to the savepoint. What it does runs
        on its own, not in the transaction. If it raises, the others are called all the same, and the exception goes to
        who committed; the transaction is kept.
        """
        self._usable()
        self._afterwards.functions.append(function)

    async def rollback(self) -> None:
        """Undo what was done, in transactions inside this one too, which end with it."""
        if self._inner is None:
            self._usable(ending=True)
        await to_its_end(self._roll_back())

    async def _commit(self, held: Held) -> None:
        try:
            await self._afterwards.before_commit()
        except BaseException:
            await self._roll_back()
            raise
        if held.connection.is_closed:
            self._end("rolled back")
            raise ConnectionLostError("the connection ended before COMMIT: nothing of this transaction was kept")
        keeping = asyncio.ensure_future(self._keep(held))
        if not (await asyncio.wait([keeping], timeout=self._commit_timeout))[0]:
            held.connection.terminate()  # to cancel it could take long, and would tell no more
        try:
            await keeping
        except ConnectionLostError as error:
            self._is_outcome_known = False
            self._end("rolled back")
            if self._parent is not None:
                raise
            raise CommitOutcomeUnknownError(
                "the connection ended during COMMIT: the transaction may or may not have been kept",
                driver_error=error.driver_error,
            ) from None
        except BaseException:
            await self._roll_back()
            raise
        self._end("committed")

    async def _keep(self, held: Held) -> None:
        await (held.command(*self._script.release) if self._script.release else held.commit())
        await held.command(*self._script.after)

    def _end_lost(self) -> None:
        """End a transaction that is over at the server already."""
        reason, failed = self._end_reason, self._has_failed
        self._end("rolled back" if failed else "committed")
        if failed:
            raise DatabaseError(f"nothing of this transaction was kept: {reason}")

    async def _roll_back(self) -> None:
        if self._held is None:
            return
        self._held.refuse_strangers()
        held, self._held = self._held, None
        self._state = "rolled back"  # other tasks begin nothing more
        self._end_inner()
        await held.when_free(ROLLBACK_TIMEOUT)
        if self._end_reason is None and held.connection.in_transaction:
            try:
                async with asyncio.timeout(ROLLBACK_TIMEOUT):
                    await held.command(*self._script.rollback)
            except Exception:  # noqa: BLE001 - the first error is the one to tell
                held.connection.terminate()
        self._end("rolled back", held)
        await self._afterwards.tell_watchers(is_known=self._is_outcome_known)

    def _end(self, state: State, held: Held | None = None) -> None:
        held, self._held = self._held or held, None
        self._state = state
        if self._parent is not None:
            self._parent._inner = None
        if held is not None and self._give_back is not None:
            self._give_back(held)

    def _end_inner(self) -> None:
        """End the transactions that are open inside this one."""
        inner = self._inner
        if inner is not None:
            inner._end_inner()
            inner._end("rolled back")

    def __del__(self) -> None:
        """Drop the connection of a transaction that nobody can end any more."""
        if self._held is not None and self._parent is None:
            warnings.warn(
                "a transaction was neither committed nor rolled back", ResourceWarning, source=self, stacklevel=2
            )
            self._held.connection.terminate()
            self._end("rolled back")

    # -- savepoints ---------------------------------------------------------------------------------------------------

    def transaction(self) -> Transaction:
        """A transaction in this one: a savepoint. Meanwhile only the inner one is used."""
        self._usable()
        return Transaction(
            Script.of_savepoint(f"querykit_{self._depth + 1}"),
            self._lend_to_inner,
            timeout=self._timeout,
            commit_timeout=self._commit_timeout,
            parent=self,
            plugged=self._plugged,
        )

    async def _lend_to_inner(self) -> Held:
        return self._usable()

    async def savepoint(self, name: str) -> None:
        """``SAVEPOINT name``: a point to go back to with `rollback_to`."""
        held = self._usable()
        if name in self._savepoints:
            raise UsageError(f"this transaction has a savepoint {name!r} already; release() it, or take another name")
        await held.command(f"SAVEPOINT {savepoint_name(name)}")
        self._savepoints.append(name)

    async def rollback_to(self, name: str) -> None:
        """``ROLLBACK TO SAVEPOINT name``: undo what was done since; the savepoint stays."""
        held, place = self._usable(), self._place_of(name)
        await held.command(f"ROLLBACK TO SAVEPOINT {savepoint_name(name)}")
        del self._savepoints[place + 1 :]

    async def release(self, name: str) -> None:
        """``RELEASE SAVEPOINT name``: forget the savepoint, and keep what was done since."""
        held, place = self._usable(), self._place_of(name)
        await held.command(f"RELEASE SAVEPOINT {savepoint_name(name)}")
        del self._savepoints[place:]

    def _place_of(self, name: str) -> int:
        if name not in self._savepoints:
            raise UsageError(f"this transaction has no savepoint {name!r}")
        return self._savepoints.index(name)

    # -- running ------------------------------------------------------------------------------------------------------

    def _seen(self, plugged: Plugged | None) -> View:
        return View(self, plugged)

    def _together(self) -> Transaction:
        return self.transaction()

    async def _run(self, compiled: CompiledQuery, wanted: Wanted, arguments: tuple[object, ...]) -> DriverResult:
        held = self._usable()
        try:
            result = await held.run(compiled, wanted, arguments)
        except BaseException:
            self._note_end(held, failed=True)
            raise
        self._note_end(held, failed=False)
        return result

    def _stream(self, compiled: CompiledQuery, arguments: tuple[object, ...], chunk_size: int) -> Chunks:
        return Chunks(self._chunks(compiled, arguments, chunk_size), self._abandon_stream)

    async def _chunks(
        self, compiled: CompiledQuery, arguments: tuple[object, ...], chunk_size: int
    ) -> AsyncGenerator[DriverResult, None]:
        held = self._usable()
        chunks = held.stream(compiled, arguments, chunk_size)
        try:
            async for chunk in chunks:
                yield chunk
        except BaseException:
            self._note_end(held, failed=True)
            raise
        finally:
            await chunks.aclose()

    def _abandon_stream(self) -> None:
        if self._held is not None:
            self._held.abandon_stream()

    def _note_end(self, held: Held, *, failed: bool) -> None:
        """See whether the transaction outlived a statement: what came after would be kept one by one."""
        if held.connection.in_transaction:
            return
        reason = (
            "the database ended it together with the statement that failed"
            if failed
            else "a statement ended it (COMMIT or ROLLBACK in raw SQL, or DDL, which commits on MySQL and MariaDB)"
        )
        transaction: Transaction | None = self
        while transaction is not None:
            transaction._end_reason = reason
            transaction._has_failed = failed
            transaction = transaction._parent

    def _usable(self, *, ending: bool = False) -> Held:
        """The connection, if this handle may use it now.

        Raises:
            ClosedError: the transaction has not begun, or has ended.
            UsageError: a transaction in it is open, or this is another event loop or a forked process.
        """
        if self._held is None:
            if self._state in {"new", "beginning"}:
                raise ClosedError("this transaction has not begun: use `async with`, or `await db.begin()`")
            raise ClosedError(f"this transaction has ended ({self._state}); nothing more runs on it")
        if self._inner is not None:
            raise UsageError("a transaction inside this one is open: use that one until it ends")
        if self._end_reason is not None and not ending:
            raise ClosedError(f"this transaction is over: {self._end_reason}")
        self._held.refuse_strangers()
        return self._held
