"""Running again what met a passing failure, after a pause that grows and is never twice the same."""

from __future__ import annotations

import asyncio
import logging
from time import monotonic
from typing import TYPE_CHECKING, Any, Final, TypeVar

from tenacity import AsyncRetrying, retry_if_exception, stop_after_attempt, stop_before_delay, wait_random_exponential

from querykit.dialects.driver import is_seconds
from querykit.errors import (
    AccessDeniedError,
    CommitOutcomeUnknownError,
    ConfigurationError,
    ConnectError,
    ConnectionLostError,
    DatabaseError,
    DeadlockError,
    PoolTimeoutError,
    SerializationError,
    TooManyConnectionsError,
)
from querykit.plugins.base import Plugin

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from tenacity import RetryCallState

    from querykit.builder.statement import Statement
    from querykit.dialects.driver import DriverResult
    from querykit.plugins.base import PluginContext
    from querykit.plugins.call import Call

T = TypeVar("T")

log = logging.getLogger("querykit")

PASSING: Final[tuple[type[DatabaseError], ...]] = (
    ConnectError,
    ConnectionLostError,
    DeadlockError,
    PoolTimeoutError,
    SerializationError,
    TooManyConnectionsError,
)
"""Failures that may be over when the same is tried again."""
LASTING: Final[tuple[type[DatabaseError], ...]] = (AccessDeniedError, CommitOutcomeUnknownError)
"""Those of them that are not, or after which nothing may be done twice."""


async def retried(
    work: Callable[[], Awaitable[T]],
    *,
    attempts: int,
    again: Callable[[BaseException], bool],
    first_delay: float,
    longest_delay: float,
    within: float | None = None,
) -> T:
    """What `work` gives; after a failure that `again` lets pass, what it gives when it is done again.

    The pause before the second attempt is anything up to `first_delay`, the limit of each further one twice that of the
    one before: tasks that met in a deadlock do not meet again.

    Args:
        work: What to do.
        attempts: How often it is done at most.
        again: Whether a failure is one to do it again after.
        first_delay: The longest first pause, in seconds.
        longest_delay: The longest pause of all, in seconds.
        within: Seconds after which no further attempt begins, or None.
    """
    began = monotonic()
    failure: BaseException | None = None
    try:
        return await work()
    except BaseException as error:
        if not again(error):
            raise
        failure = error

    async def attempt() -> T:
        """The attempt that failed already, then further ones: tenacity takes longer than a query that succeeds."""
        nonlocal failure
        if failure is not None:
            first, failure = failure, None
            raise first
        return await work()

    stop = stop_after_attempt(attempts)
    retrying = AsyncRetrying(
        sleep=asyncio.sleep,
        stop=stop if within is None else stop | stop_before_delay(max(within - (monotonic() - began), 0)),
        wait=wait_random_exponential(multiplier=first_delay, max=longest_delay),
        retry=retry_if_exception(again),
        before_sleep=_tell,
        reraise=True,
    )
    return await retrying(attempt)


def _tell(state: RetryCallState) -> None:
    error = state.outcome.exception() if state.outcome else None
    log.info("attempt %d ended by %s; it is done again", state.attempt_number, type(error).__name__)


class RetryPlugin(Plugin):
    """Run reads again after failures that pass: a lost connection, a server that starts, one with too many clients.

    >>> from querykit import Database, RetryPlugin
    >>> db = Database("postgresql://shop@localhost/shop", plugins=[RetryPlugin(attempts=5)])

    Done again is what certainly has no effect: a statement on the database itself that writes nothing, is no raw SQL
    and calls no function that could leave something behind; connecting, and the beginning of a transaction or of
    ``db.connection()``. What runs inside those is not (`Database.run_in_transaction` does whole transactions again),
    nor is a stream. The time limit of a statement holds for each attempt; one that ran out of it is not tried again.

    Args:
        attempts: How often a statement is run at most.
        first_delay: The longest pause before the second attempt, in seconds; that of each further one is twice as long.
        longest_delay: The longest pause of all, in seconds.
        within: Seconds after which no further attempt begins, or None.
        on: The failures that are passing.

    Raises:
        ConfigurationError: an argument is not what it has to be.
    """

    priority = -100
    sees_all = False

    def __init__(
        self,
        *,
        attempts: int = 3,
        first_delay: float = 0.05,
        longest_delay: float = 1.0,
        within: float | None = 30.0,
        on: Sequence[type[DatabaseError]] = PASSING,
    ) -> None:
        """Say how often, how long and after what."""
        if type(attempts) is not int or attempts < 1:
            raise ConfigurationError(f"attempts is a number, one or more, not {attempts!r}")
        for name, seconds in (("first_delay", first_delay), ("longest_delay", longest_delay), ("within", within)):
            if not (is_seconds(seconds) or (seconds is None and name == "within")):
                raise ConfigurationError(f"{name} is a number of seconds, zero or more, not {seconds!r}")
        for kind in on:
            if not (isinstance(kind, type) and issubclass(kind, DatabaseError)):
                raise ConfigurationError(f"on takes classes of DatabaseError, not {kind!r}")
        self._attempts = attempts
        self._first_delay = first_delay
        self._longest_delay = longest_delay
        self._within = within
        self._passing = tuple(on)

    async def around_execute(self, call: Call, query: Statement[Any, Any], context: PluginContext) -> DriverResult:
        """Run a read until it succeeds; anything else once."""
        if call.origin is None or not call.only_reads:
            return await call.proceed()
        return await self._retried(call.proceed)

    async def around_begin(self, begin: Callable[[], Awaitable[T]]) -> T:
        """Connect, or begin, until that succeeds: nothing has been done yet."""
        return await self._retried(begin)

    async def _retried(self, work: Callable[[], Awaitable[T]]) -> T:
        return await retried(
            work,
            attempts=self._attempts,
            again=lambda error: isinstance(error, self._passing) and not isinstance(error, LASTING),
            first_delay=self._first_delay,
            longest_delay=self._longest_delay,
            within=self._within,
        )
