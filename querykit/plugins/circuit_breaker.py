"""Asking a database that does not answer no more for a while."""

from __future__ import annotations

import logging
from collections import deque
from time import monotonic
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple, TypeVar

from querykit.dialects.driver import is_seconds
from querykit.errors import (
    AccessDeniedError,
    CircuitOpenError,
    ConfigurationError,
    ConnectError,
    ConnectionLostError,
    DatabaseError,
    PoolTimeoutError,
    QueryTimeoutError,
    TooManyConnectionsError,
)
from querykit.plugins.base import Plugin

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from querykit.builder.statement import Statement
    from querykit.dialects.driver import DriverResult
    from querykit.plugins.base import PluginContext
    from querykit.plugins.call import Call

T = TypeVar("T")
State = Literal["closed", "open", "half-open"]

log = logging.getLogger("querykit")

UNANSWERED: Final[tuple[type[DatabaseError], ...]] = (
    ConnectError,
    ConnectionLostError,
    PoolTimeoutError,
    QueryTimeoutError,
    TooManyConnectionsError,
)
"""What says that a database does not answer; any other error is an answer."""
PERIODS = 10
"""Into how many periods the window is divided that moves on one at a time."""


class _Period(NamedTuple):
    number: int
    calls: int
    failures: int


class CircuitBreakerPlugin(Plugin):
    """Refuse statements at once, with `CircuitOpenError`, while the database does not answer.

    >>> from querykit import CircuitBreakerPlugin, Database
    >>> db = Database("postgresql://shop@localhost/shop", plugins=[CircuitBreakerPlugin(failures=10)])

    It opens when within `window` seconds so many calls failed for want of an answer (no connection, a lost one, a pool
    or a statement that ran out of time), and these were such a share of all calls; errors that the database answers do
    not count. After `reset_after` seconds one call is let through: if it succeeds the circuit is closed again, else it
    stays open as long once more. With a `RetryPlugin` too, each attempt counts, and none is made while it is open.

    Statements in a transaction and on ``db.connection()`` are counted, not refused: their connection is there. Streams
    pass it by. One plugin object belongs to one database.

    Args:
        failures: How many failures open it.
        share: The share of the calls in the window that they have to be, from 0 to 1.
        window: How long a call counts, in seconds.
        reset_after: How long it stays open, in seconds.
        on_change: Called with the new state: ``"closed"``, ``"open"`` or ``"half-open"``.

    Raises:
        ConfigurationError: an argument is not what it has to be.
    """

    priority = -200
    sees_all = False

    def __init__(
        self,
        *,
        failures: int = 5,
        share: float = 0.5,
        window: float = 10.0,
        reset_after: float = 5.0,
        on_change: Callable[[State], object] | None = None,
    ) -> None:
        """Start closed."""
        if type(failures) is not int or failures < 1:
            raise ConfigurationError(f"failures is a number, one or more, not {failures!r}")
        if not (is_seconds(share) and share <= 1):
            raise ConfigurationError(f"share is a number from 0 to 1, not {share!r}")
        for name, seconds in (("window", window), ("reset_after", reset_after)):
            if not (is_seconds(seconds) and seconds > 0):
                raise ConfigurationError(f"{name} is a number of seconds, more than zero, not {seconds!r}")
        if on_change is not None and not callable(on_change):
            raise ConfigurationError(f"on_change is a function, not {type(on_change).__name__}")
        self._failures = failures
        self._share = share
        self._period = window / PERIODS
        self._reset_after = reset_after
        self._on_change = on_change
        self._state: State = "closed"
        self._opened_at = 0.0
        self._periods: deque[_Period] = deque(maxlen=PERIODS)

    @property
    def state(self) -> State:
        """``"closed"`` while statements run, ``"open"`` while none does, ``"half-open"`` while one tries."""
        return self._state

    async def around_execute(self, call: Call, query: Statement[Any, Any], context: PluginContext) -> DriverResult:
        """Run a statement, and see whether the database answers."""
        return await self._watched(call.proceed, may_refuse=call.origin is not None)

    async def around_begin(self, begin: Callable[[], Awaitable[T]]) -> T:
        """Connect, or begin, and see whether the database answers."""
        return await self._watched(begin, may_refuse=True)

    async def _watched(self, work: Callable[[], Awaitable[T]], *, may_refuse: bool) -> T:
        is_probe = may_refuse and self._is_probe()
        has_answered: bool | None = None
        try:
            result = await work()
            has_answered = True
        except DatabaseError as error:
            has_answered = isinstance(error, AccessDeniedError) or not isinstance(error, UNANSWERED)
            raise
        finally:
            if is_probe:
                self._settle(has_answered)
            elif has_answered is not None and self._state == "closed":
                self._count(has_answered)
        return result

    def _is_probe(self) -> bool:
        """Whether a call is the one to try whether the database answers again.

        Raises:
            CircuitOpenError: it has to wait.
        """
        if self._state == "closed":
            return False
        left = self._opened_at + self._reset_after - monotonic()
        if self._state == "half-open" or left > 0:
            raise CircuitOpenError(max(left, 0.0))
        self._change("half-open")
        return True

    def _settle(self, has_answered: bool | None) -> None:
        """Close or open the circuit after a probe; one that was cancelled lets the next call try."""
        if has_answered:
            self._periods.clear()
            self._change("closed")
        else:
            self._opened_at = monotonic() - (self._reset_after if has_answered is None else 0)
            self._change("open")

    def _count(self, has_answered: bool) -> None:
        number = int(monotonic() / self._period)
        calls = failures = 0
        if self._periods and self._periods[-1].number == number:
            _, calls, failures = self._periods.pop()
        self._periods.append(_Period(number, calls + 1, failures + (not has_answered)))
        if not has_answered:
            self._open_if_due(number)

    def _open_if_due(self, now: int) -> None:
        recent = [each for each in self._periods if each.number > now - PERIODS]
        failures = sum(each.failures for each in recent)
        if failures >= self._failures and failures >= self._share * sum(each.calls for each in recent):
            self._opened_at = monotonic()
            self._change("open")

    def _change(self, state: State) -> None:
        self._state = state
        log.warning("the circuit breaker is %s", state)
        if self._on_change is not None:
            try:
                self._on_change(state)
            except Exception:
                log.exception("on_change of the circuit breaker failed")
