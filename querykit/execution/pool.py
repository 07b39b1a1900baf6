"""A pool of connections: one behaviour for every driver.

Taking an idle connection and giving it back are plain calls without an await. What costs a trip to the server happens
only where it is needed: opening, the check of a connection that was idle for long, the reset of a session that may have
changed. Resets and goodbyes are done in the background.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
from collections import deque
from time import monotonic
from typing import TYPE_CHECKING, NamedTuple

from querykit.dialects.driver import to_its_end
from querykit.errors import ClosedError, PoolTimeoutError, UsageError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine

    from querykit.dialects.driver import Connection
    from querykit.execution.home import Home

log = logging.getLogger("querykit")

MAX_TASKS_SHOWN = 5
"""How many tasks the error of a busy pool names."""
RESET_TIMEOUT = 5.0
"""How long a reset may take, in seconds, before its connection is given up."""


class PoolOptions(NamedTuple):
    """How a pool behaves. Times are in seconds.

    Attributes:
        size: How many connections it opens at most.
        acquire_timeout: How long a borrower waits for one, or None for as long as it takes.
        max_lifetime: The age beyond which a connection is replaced, or None for any.
        check_after: How long a connection may be idle and still be taken without asking the server whether it is there.
        keeps_idle: Whether connections that nobody uses are kept; not those that belong to a pool of the program's own.
    """

    size: int = 10
    acquire_timeout: float | None = 30.0
    max_lifetime: float | None = 1800.0
    check_after: float = 30.0
    keeps_idle: bool = True


class Slot:
    """A connection and what the pool knows of it.

    Attributes:
        connection: The connection.
        too_old_at: When it is to be replaced.
        idle_since: When it was last given back.
        is_dirty: Whether its session may have changed, so that it must be reset before the next borrower gets it.
        task: The task that holds it for longer than one statement, or None.
    """

    __slots__ = ("connection", "idle_since", "is_dirty", "task", "too_old_at")

    def __init__(self, connection: Connection, max_lifetime: float | None) -> None:
        """Hold a new connection."""
        self.connection = connection
        self.idle_since = monotonic()
        self.too_old_at = math.inf if max_lifetime is None else self.idle_since + max_lifetime
        self.is_dirty = False
        self.task: asyncio.Task[object] | None = None


class Pool:
    """Lends connections, to borrowers in the order they came.

    Attributes:
        home: Where alone they can be used.
        changes: How many statements ran on it that may have changed something, of those that ran on held connections.
        lost: How many of its connections were found to have ended while idle.
    """

    def __init__(self, open_connection: Callable[[], Awaitable[Connection]], home: Home, options: PoolOptions) -> None:
        """Open nothing yet."""
        self._open_connection = open_connection
        self.home = home
        self.changes = self.lost = 0
        self._options = options
        self._idle: list[Slot] = []
        self._lent: set[Slot] = set()
        self._opening = 0
        self._waiters: deque[asyncio.Future[Slot | None]] = deque()
        self._chores: set[asyncio.Task[None]] = set()
        self._spare: set[asyncio.Future[Connection]] = set()
        self._is_closing = False
        self._is_forced = False

    @property
    def size(self) -> int:
        """How many connections there are, those being opened or reset included."""
        return len(self._idle) + len(self._lent) + self._opening

    @property
    def idle(self) -> int:
        """How many connections nobody uses."""
        return len(self._idle)

    @property
    def waiting(self) -> int:
        """How many borrowers wait."""
        return sum(1 for waiter in self._waiters if not waiter.done())

    # -- borrowing ----------------------------------------------------------------------------------------------------

    def take(self) -> Slot | None:
        """An idle connection that is certainly fresh, or None: then `acquire` one."""
        if not self._idle or self._is_closing:
            return None
        slot, now = self._idle[-1], monotonic()
        if now - slot.idle_since > self._options.check_after or now > slot.too_old_at or slot.connection.is_closed:
            return None
        self._idle.pop()
        self._lent.add(slot)
        return slot

    async def acquire(self) -> Slot:
        """A connection, as soon as there is one.

        Raises:
            ClosedError: the pool is closed.
            PoolTimeoutError: all of them stayed busy.
            ConnectError: a new one was needed and could not be opened.
        """
        self._refuse_closed()
        slot = await self._next_slot()
        if slot is None or not await self._is_good(slot):
            slot = await self._open()
        self._opening -= 1
        self._lent.add(slot)
        try:
            self._refuse_closed()
        except ClosedError:
            self.release(slot)
            raise
        return slot

    async def _open(self) -> Slot:
        """Open a connection. Cancelled, it is opened all the same, for who comes next."""
        opening = asyncio.ensure_future(self._open_connection())
        try:
            return Slot(await asyncio.shield(opening), self._options.max_lifetime)
        except asyncio.CancelledError:
            self._do(self._keep_opened(opening))
            raise
        except BaseException:
            self._give_up_place()
            raise

    async def _keep_opened(self, opening: asyncio.Future[Connection]) -> None:
        """See an opening through that nobody waits for any more; `close` stops it."""
        self._spare.add(opening)
        if self._is_closing:
            opening.cancel()
        try:
            slot = Slot(await opening, self._options.max_lifetime)
        except BaseException:
            self._give_up_place()
            raise
        finally:
            self._spare.discard(opening)
        await self._put_back(slot)

    def _refuse_closed(self) -> None:
        if self._is_closing:
            raise ClosedError("this Database is closed")

    async def _next_slot(self) -> Slot | None:
        """An idle connection, or None for the right to open one; either way its place is counted in `_opening`."""
        if not self._waiters:
            if self._idle:
                self._opening += 1
                return self._idle.pop()
            if self.size < self._options.size:
                self._opening += 1
                return None
        return await self._wait()

    async def _wait(self) -> Slot | None:
        self._refuse_deadlock()
        loop = asyncio.get_running_loop()
        waiter: asyncio.Future[Slot | None] = loop.create_future()
        self._waiters.append(waiter)
        timeout = self._options.acquire_timeout
        timer = None if timeout is None else loop.call_later(timeout, self._time_out, waiter)
        try:
            return await waiter
        except asyncio.CancelledError:
            if waiter.done() and not waiter.cancelled() and waiter.exception() is None:
                self._hand_over(waiter.result())  # it came in the moment of the cancellation
            raise
        finally:
            if timer is not None:
                timer.cancel()
            with contextlib.suppress(ValueError):  # it was served, and so is out of the queue
                self._waiters.remove(waiter)

    def _time_out(self, waiter: asyncio.Future[Slot | None]) -> None:
        if not waiter.done():
            busy = f"all {self._options.size} connections" if self._options.size > 1 else "the only connection"
            waited = f"{busy} stayed busy for {self._options.acquire_timeout:g} s (pool_size, acquire_timeout)"
            waiter.set_exception(PoolTimeoutError(waited + self._who_holds()))

    def _who_holds(self) -> str:
        """Which tasks hold connections for longer than one statement: one of them may be waiting for this one."""
        tasks = [slot.task for slot in self._lent if slot.task is not None]
        if not tasks:
            return ""
        names = ", ".join(sorted({task.get_name() for task in tasks})[:MAX_TASKS_SHOWN])
        return (
            f"; {len(tasks)} held for a transaction, a stream or db.connection() by {names}: "
            "what such a task awaits must run on the same transaction, or need no connection"
        )

    def _refuse_deadlock(self) -> None:
        """Refuse to wait for connections that this very task holds."""
        if self._lent and len(self._lent) == self._options.size:
            task = asyncio.current_task()
            if all(slot.task is task for slot in self._lent):
                held = "every connection" if len(self._lent) > 1 else "the only connection"
                raise UsageError(
                    f"this task holds {held} of the pool and would wait for itself: use the transaction or connection "
                    "that it holds, read the stream to its end before, or raise pool_size"
                )

    async def _is_good(self, slot: Slot) -> bool:
        """Whether an idle connection can be lent; otherwise it is closed."""
        now = monotonic()
        if slot.connection.is_closed or now > slot.too_old_at:
            self.lost += slot.connection.is_closed
            self._do(self._close(slot))
            return False
        if now - slot.idle_since > self._options.check_after:
            try:
                await slot.connection.ping()
            except Exception:  # noqa: BLE001 - whatever it says, another one is opened
                slot.connection.terminate()
                self.lost += 1
                return False
            except BaseException:
                slot.connection.terminate()
                self._give_up_place()
                raise
        return True

    # -- giving back --------------------------------------------------------------------------------------------------

    def release(self, slot: Slot) -> None:
        """Take a connection back. A dirty one is reset in the background before anybody gets it."""
        self._lent.discard(slot)
        slot.task = None
        if slot.is_dirty and not slot.connection.is_closed:
            self._opening += 1
            self._do(self._clean(slot))
        elif self._is_unwanted(slot):
            self._opening += 1
            self._do(self._put_back(slot))
        elif self._waiters:
            self._opening += 1
            self._hand_over(slot)
        else:
            slot.idle_since = monotonic()
            self._idle.append(slot)

    def _is_unwanted(self, slot: Slot) -> bool:
        return slot.connection.is_closed or self._is_closing or not self._options.keeps_idle

    def _hand_over(self, slot: Slot | None) -> None:
        """Give a connection, or the right to open one, to who waits longest; its place is counted in `_opening`."""
        while self._waiters:
            waiter = self._waiters.popleft()
            if not waiter.done():
                waiter.set_result(slot)
                return
        self._opening -= 1
        if slot is not None:
            slot.idle_since = monotonic()
            self._idle.append(slot)

    def _give_up_place(self) -> None:
        self._hand_over(None)

    async def _clean(self, slot: Slot) -> None:
        try:
            async with asyncio.timeout(RESET_TIMEOUT):
                await slot.connection.reset()
        except Exception:  # noqa: BLE001 - whatever it is, the connection is of no more use
            slot.connection.terminate()
        except BaseException:
            slot.connection.terminate()
            self._give_up_place()
            raise
        slot.is_dirty = False
        await self._put_back(slot)

    async def _put_back(self, slot: Slot) -> None:
        """Hand on a connection whose place is counted in `_opening`."""
        if self._is_unwanted(slot):
            await self._close(slot)
            self._give_up_place()
        else:
            self._hand_over(slot)

    async def _close(self, slot: Slot) -> None:
        try:
            async with asyncio.timeout(RESET_TIMEOUT):
                await slot.connection.close()
        except Exception:  # noqa: BLE001 - whatever it is, the connection is of no more use
            slot.connection.terminate()

    def _do(self, chore: Coroutine[object, object, None]) -> None:
        """Do something in the background; `close` waits for it."""
        task = asyncio.ensure_future(chore)
        self._chores.add(task)
        task.add_done_callback(self._chore_done)

    def _chore_done(self, chore: asyncio.Task[None]) -> None:
        self._chores.discard(chore)
        if not chore.cancelled() and chore.exception() is not None:
            log.debug("a connection could not be opened or closed: %s", chore.exception())

    def refuse_closed(self) -> None:
        """Tell a failure on a connection that `close` ended by force as what it is.

        Raises:
            ClosedError: it is one.
        """
        if self._is_forced:
            raise ClosedError("this Database was closed, and with it the connection that this ran on") from None

    # -- closing ------------------------------------------------------------------------------------------------------

    async def close(self, timeout: float) -> None:
        """Lend nothing more, wait for what is lent, and close every connection; after `timeout` seconds by force."""
        self._is_closing = True
        for waiter in self._waiters:
            if not waiter.done():
                waiter.set_exception(ClosedError("the database was closed while this task waited for a connection"))
        self._waiters.clear()
        for opening in self._spare:
            opening.cancel()
        await to_its_end(self._close_all(timeout))

    async def _close_all(self, timeout: float) -> None:
        idle, self._idle = self._idle, []
        await asyncio.gather(*[self._close(slot) for slot in idle])
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout):
                while self._lent or self._opening:  # noqa: ASYNC110 - an event would burden every release
                    await asyncio.sleep(0.005)
        self._is_forced = bool(self._lent)
        await asyncio.gather(*[slot.connection.abort() for slot in self._lent])
        while self._chores:
            await asyncio.wait(self._chores)
