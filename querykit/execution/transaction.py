"""Transactions, and savepoints as transactions in a transaction."""

from __future__ import annotations

import asyncio
import inspect
import warnings
from typing import TYPE_CHECKING, Literal, Self

from querykit.dialects.driver import to_its_end
from querykit.errors import (
    ClosedError,
    CommitOutcomeUnknownError,
    ConnectionLostError,
    DatabaseError,
    UsageError,
)
from querykit.execution.runner import Runner
from querykit.execution.script import Script, savepoint_name
from querykit.execution.view import View

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable
    from types import TracebackType

    from querykit.builder.compiled import CompiledQuery
    from querykit.dialects.base import Dialect
    from querykit.dialects.driver import DriverResult
    from querykit.execution.held import Held
    from querykit.execution.plugged import Plugged
    from querykit.execution.wanted import Wanted

ROLLBACK_TIMEOUT = 5.0
"""How long ROLLBACK may take, in seconds, before the connection is dropped, which rolls back too."""

State = Literal["new", "open", "committed", "rolled back"]


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
        self._after_commit: list[Callable[[], object]] = []

    _is_transaction = True

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
        held = await self._borrow()
        try:
            await held.command(*self._script.begin)
        except BaseException:
            held.slot.is_dirty = True  # it may have begun
            self._end("rolled back", held)
            raise
        self._held = held
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
            if self._after_commit and self._state == "committed":  # cancelled or not
                await to_its_end(self._call_after_commit())

    def after_commit(self, function: Callable[[], object]) -> None:
        """Call a function, and await what it returns if that can be awaited, once everything here has been kept.

        After a rollback it is not called; that of a savepoint drops what was given to the savepoint. What it does runs
        on its own, not in the transaction. If it raises, the others are called all the same, and the exception goes to
        who committed; the transaction is kept.
        """
        self._usable()
        self._after_commit.append(function)

    async def _call_after_commit(self) -> None:
        functions, self._after_commit = self._after_commit, []
        if self._parent is not None:
            self._parent._after_commit += functions
            return
        errors: list[Exception] = []
        for function in functions:
            try:
                result = function()
                if inspect.isawaitable(result):
                    await result
            except Exception as error:  # noqa: BLE001 - told below, when all were called
                errors.append(error)
        if len(errors) == 1:
            raise errors[0]
        if errors:
            raise ExceptionGroup("functions given to after_commit failed", errors)

    async def rollback(self) -> None:
        """Undo what was done."""
        self._usable(ending=True)
        await to_its_end(self._roll_back())

    async def _commit(self, held: Held) -> None:
        keeping = asyncio.ensure_future(self._keep(held))
        if not (await asyncio.wait([keeping], timeout=self._commit_timeout))[0]:
            held.connection.terminate()  # to cancel it could take long, and would tell no more
        try:
            await keeping
        except ConnectionLostError as error:
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
        held, self._held = self._held, None
        if held is None:
            return
        self._state = "rolled back"  # other tasks begin nothing more
        if self._inner is not None:
            self._inner._end("rolled back")
        await held.when_free(ROLLBACK_TIMEOUT)
        if self._end_reason is None and held.connection.in_transaction:
            try:
                async with asyncio.timeout(ROLLBACK_TIMEOUT):
                    await held.command(*self._script.rollback)
            except Exception:  # noqa: BLE001 - the first error is the one to tell
                held.connection.terminate()
        self._end("rolled back", held)

    def _end(self, state: State, held: Held | None = None) -> None:
        held, self._held = self._held or held, None
        self._state = state
        if self._parent is not None:
            self._parent._inner = None
        if held is not None and self._give_back is not None:
            self._give_back(held)

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

    async def _stream(
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
            UsageError: a transaction in it is open.
        """
        if self._held is None:
            if self._state == "new":
                raise ClosedError("this transaction has not begun: use `async with`, or `await db.begin()`")
            raise ClosedError(f"this transaction has ended ({self._state}); nothing more runs on it")
        if self._inner is not None:
            raise UsageError("a transaction inside this one is open: use that one until it ends")
        if self._end_reason is not None and not ending:
            raise ClosedError(f"this transaction is over: {self._end_reason}")
        return self._held
