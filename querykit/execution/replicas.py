"""The replicas of a database: which of them are there, and which know what was written."""

from __future__ import annotations

import asyncio
import contextlib
from time import monotonic
from typing import TYPE_CHECKING, NamedTuple, cast

from querykit.errors import (
    ConfigurationError,
    ConnectError,
    ConnectionLostError,
    PoolTimeoutError,
    QueryKitError,
    QueryTimeoutError,
    SerializationError,
    TooManyConnectionsError,
    UnsupportedError,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from querykit.dialects.base import Replication
    from querykit.execution.database import Database
    from querykit.execution.replicated import ReplicatedDatabase

BUSY = (PoolTimeoutError, TooManyConnectionsError, SerializationError)
"""What a replica raises that is there: the last one, where replay took away the rows that a query was reading."""
HELPLESS = (*BUSY, ConnectError, ConnectionLostError)
"""What a replica raises where another, or the primary, may give the rows."""


class ReplicaState(NamedTuple):
    """How a replica does.

    Attributes:
        database: The replica.
        is_healthy: Whether reads go there.
        error: Why not, if it once was not there.
    """

    database: Database
    is_healthy: bool
    error: QueryKitError | None


class Replica:
    """One replica.

    Attributes:
        database: Where it is.
        is_healthy: Whether it answered when it was last asked.
        error: What it raised the last time that it did not.
        known: How many changes of the primary it certainly has replayed.
    """

    def __init__(self, database: Database) -> None:
        """Nothing is known of it yet."""
        self.database = database
        self.is_healthy = False
        self.error: QueryKitError | None = None
        self.known = 0

    def failed(self, error: QueryKitError) -> None:
        """Know what it raised; if it was not there, send no reads there until it answers again."""
        self.error = error
        if not isinstance(error, BUSY):
            self.is_healthy = False

    async def check(self, timeout: float) -> None:
        """Find out whether it is there, connecting if it never was."""
        database = self.database
        try:
            if not database.is_connected:
                async with asyncio.timeout(timeout):
                    await database.connect()
            await database.health(timeout=timeout)
        except TimeoutError:
            self.failed(QueryTimeoutError(f"no answer within {timeout:g} s"))
        except QueryKitError as error:
            if not (isinstance(error, QueryTimeoutError) and database.pool.waiting):  # then it is only busy
                self.failed(error)
        else:
            self.is_healthy = True


class Replicas:
    """All replicas of a primary; the views of a database share them.

    Attributes:
        members: The replicas.
    """

    def __init__(
        self,
        primary: ReplicatedDatabase,
        databases: Sequence[Database],
        read_your_writes: bool | float,
        check_every: float,
    ) -> None:
        """Connect none yet."""
        self.members = [Replica(each) for each in databases]
        self._primary = primary
        self._read_your_writes = read_your_writes
        self._check_every = check_every
        self._turn = 0
        self._checking: asyncio.Task[None] | None = None
        self._changes, self._changed_at = 0, float("-inf")
        self._position, self._position_of = 0, -1

    # -- their life ---------------------------------------------------------------------------------------------------

    async def connect(self) -> None:
        """Connect those that are there. The others are tried again, in the background."""
        await asyncio.gather(*[each.check(each.database._life.driver.target.connect_timeout) for each in self.members])
        dialect = self._primary.dialect
        if self._read_your_writes is True and dialect.replication is None:
            raise UnsupportedError(
                dialect.name, "read_your_writes=True", "give the seconds that reads stay with the primary after a write"
            )
        for each in self.members:
            if each.database.is_connected and each.database.dialect is not dialect:
                raise ConfigurationError(f"the primary is {dialect.name}, and {each.database!r} is not")
        self._asking = asyncio.Lock()
        self._checking = asyncio.create_task(self._check_again_and_again())

    async def _check_again_and_again(self) -> None:
        while True:
            await asyncio.sleep(self._check_every)
            await asyncio.gather(*[each.check(self._check_every) for each in self.members])

    async def close(self) -> None:
        """Close them all."""
        if self._checking is not None:
            self._checking.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._checking
            self._checking = None
        open_ones = [each.database.close() for each in self.members if each.database.is_connected]
        for each in await asyncio.gather(*open_ones, return_exceptions=True):
            if isinstance(each, BaseException):
                raise each

    # -- choosing -----------------------------------------------------------------------------------------------------

    async def in_turn(self) -> AsyncIterator[Replica]:
        """Those that may be read, beginning with another one each time."""
        members, changes = self.members, self._seen_changes()
        policy = self._read_your_writes
        if policy and policy is not True and monotonic() - self._changed_at < policy:
            return
        self._turn = turn = (self._turn + 1) % len(members)
        for each in (*members[turn:], *members[:turn]):
            if each.is_healthy and (policy is not True or await self._has_replayed(each, changes)):
                yield each

    def _seen_changes(self) -> int:
        """How many statements may have changed something on the primary until now."""
        changes = self._primary.pool.changes
        if changes != self._changes:
            self._changes, self._changed_at = changes, monotonic()
        return changes

    async def _has_replayed(self, replica: Replica, changes: int) -> bool:
        """Whether a replica knows the changes."""
        if replica.known >= changes:
            return True
        position = await self._position_after(changes)
        try:
            replayed = await replica.database.fetch_value(self._replication.replayed)
        except HELPLESS as error:
            replica.failed(error)
            return False
        if replayed is None or replayed < position:
            return False
        replica.known = max(replica.known, changes)
        return True

    @property
    def _replication(self) -> Replication:
        return cast("Replication", self._primary.dialect.replication)  # else `connect` refused

    async def _position_after(self, changes: int) -> int:
        """A position of the primary's log that is not before the changes."""
        async with self._asking:  # one asks for all that wait
            if self._position_of < changes:
                now = self._primary.pool.changes
                self._position = (
                    await self._primary.on_primary().outside().without_plugins().fetch_value(self._replication.written)
                )
                self._position_of = now
            return self._position
