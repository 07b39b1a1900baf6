"""Listening to channels of the database, on a connection that is kept for it."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, Self

from querykit.dialects.driver import to_its_end
from querykit.errors import (
    ClosedError,
    ConcurrentUseError,
    ConnectionLostError,
    DatabaseError,
    NotificationsLostError,
    UsageError,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from types import TracebackType

    from querykit.dialects.driver import Channels, Notification
    from querykit.execution.held import Held

CHECK_TIMEOUT = 5.0
"""How long the server may take to say that it is there, and how long the end waits for that, in seconds."""


class Notifications:
    """What comes on channels: ``async with db.listen("orders") as notifications``, then ``async for``.

    The loop has no end of its own. What came before a connection was lost is still given, then the loss is raised.
    """

    def __init__(
        self, borrow: Callable[[], Awaitable[Held]], channels: Channels, *, max_waiting: int, check_after: float
    ) -> None:
        """Prepare; the connection is borrowed when it is entered."""
        self._borrow = borrow
        self._channels = channels
        self._max_waiting = max_waiting
        self._check_after = check_after
        self._waiting: deque[Notification] = deque()
        self._held: Held | None = None
        self._stop: Callable[[], None] | None = None
        self._reader: asyncio.Future[None] | None = None
        self._is_lost = False
        self._is_full = False

    # -- its life -----------------------------------------------------------------------------------------------------

    async def __aenter__(self) -> Self:
        """Borrow a connection, and begin to listen: what is sent from now on arrives."""
        if self._stop is not None:
            raise UsageError("channels are listened to once; ask the database again")
        held = await self._borrow()
        held.slot.is_dirty = True  # the server goes on sending until the session is reset
        self._stop = self._channels.hear(held.connection.driver_connection, self._tell)
        self._held = held
        try:
            await held.command(*self._channels.statements)
        except BaseException:
            await to_its_end(self._end())
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Listen no more, and give the connection back."""
        await to_its_end(self._end())

    async def _end(self) -> None:
        held, self._held = self._held, None
        if held is None or self._stop is None:
            return
        self._stop()
        self._wake()
        await held.when_free(CHECK_TIMEOUT)
        held.give_back()

    # -- reading ------------------------------------------------------------------------------------------------------

    def __aiter__(self) -> Self:
        """Each is read once."""
        return self

    async def __anext__(self) -> Notification:
        """The next one, whenever it comes.

        Raises:
            ConnectionLostError: the connection ended: what is sent meanwhile is lost.
            NotificationsLostError: more came than `max_waiting` while nobody read.
        """
        while True:
            held = self._held
            if held is None:
                raise ClosedError("nobody listens here any more: use `async with db.listen(…) as notifications`")
            if self._waiting:
                return self._waiting.popleft()
            if self._is_full:
                raise NotificationsLostError(
                    f"more than {self._max_waiting} notifications waited to be read, and the rest was dropped: "
                    "read them faster, or raise max_waiting"
                )
            if self._is_lost:
                raise ConnectionLostError("the connection that listened was lost: what was sent since is, too")
            if not await self._something_came():
                await self._check(held)

    async def _something_came(self) -> bool:
        if self._reader is not None:
            raise ConcurrentUseError("another task reads these notifications; let each listen for itself")
        self._reader = asyncio.get_running_loop().create_future()
        try:
            return bool((await asyncio.wait([self._reader], timeout=self._check_after))[0])
        finally:
            self._reader = None

    async def _check(self, held: Held) -> None:
        """Ask the server whether it is there: a connection that was cut without a word looks like a quiet one."""
        try:
            async with asyncio.timeout(CHECK_TIMEOUT):
                await held.ping()
        except (TimeoutError, DatabaseError):
            held.connection.terminate()
            self._is_lost = True

    def _tell(self, notification: Notification | None) -> None:
        if notification is None:
            self._is_lost = True
        elif self._is_full or len(self._waiting) >= self._max_waiting:
            self._is_full = True
        else:
            self._waiting.append(notification)
        self._wake()

    def _wake(self) -> None:
        if self._reader is not None and not self._reader.done():
            self._reader.set_result(None)
