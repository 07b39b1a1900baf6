"""The replicas of a database: which of them are there, and which know what was written."""

from __future__ import annotations

import asyncio
from time import monotonic
from typing import TYPE_CHECKING, NamedTuple, cast

from querykit.dialects.driver import to_its_end
from querykit.errors import (
    ConfigurationError,
    ConnectError,
    ConnectionLostError,
    DeadlockError,
    PoolTimeoutError,
    QueryTimeoutError,
    SerializationError,
    TooManyConnectionsError,
    UnsupportedError,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from querykit.dialects.base import Dialect, Replication
    from querykit.execution.database import Database
    from querykit.execution.pool import Pool
    from querykit.execution.replicated import ReplicatedDatabase

BUSY = (PoolTimeoutError, TooManyConnectionsError, SerializationError, DeadlockError)
"""What a replica raises that is there: the last two, where replay took away the rows that a query was reading."""
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
    error: Exception | None


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
        self.error: Exception | None = None
        self.known = 0
        self._lost = 0

    def failed(self, error: Exception) -> None:
        """Know what it raised; if it was not there, send no reads there until it answers again."""
        self.error = error
        if not isinstance(error, BUSY):
            self.leave_out()

    def leave_out(self) -> None:
        """Send no reads there, and forget how far it was: it may come back with less."""
        self.is_healthy, self.known = False, 0

    def knows(self, changes: int) -> bool:
        """Whether it certainly has replayed so many changes, unless another server may be there since."""
        if self.lost != self._lost:
            self._lost, self.known = self.lost, 0
        return self.known >= changes

    @property
    def lost(self) -> int:
        """How many of its connections ended by themselves."""
        return self.database.pool.lost if self.database.is_connected else self._lost

    async def check(self, timeout: float, dialect: Dialect) -> None:
        """Find out whether it is there, connecting if it never was."""
        try:
            if not self.database.is_connected:
                async with asyncio.timeout(timeout):
                    await self.database.connect()
            self.refuse_other_than(dialect)
            await self._ask(timeout)
        except TimeoutError:
            self.failed(QueryTimeoutError(f"no answer within {timeout:g} s"))
        except Exception as error:  # noqa: BLE001 - a program's `on_connect` raises what it likes
            self.failed(error)
        else:
            self.is_healthy = True

    def refuse_other_than(self, dialect: Dialect) -> None:
        """Refuse a database of another kind.

        Raises:
            ConfigurationError: it is one.
        """
        if self.database.is_connected and self.database.dialect is not dialect:
            raise ConfigurationError(f"the primary is {dialect.name}, and {self.database!r} is not")

    async def _ask(self, timeout: float) -> None:
        """Ask it anything; where that waits for a connection of the pool, on one beside it."""
        try:
            await self.database.health(timeout=timeout)
        except (QueryTimeoutError, PoolTimeoutError):
            driver = self.database._life.driver
            if driver.is_borrowed:  # the pool is not ours, and another one would be from it
                raise
            async with asyncio.timeout(timeout):
                connection = await driver.connect(for_reading=True)
            await connection.close()


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
        self._asking = asyncio.Lock()
        self._pool: Pool | None = None
        self._changes_before = 0
        self._changes, self._changed_at = 0, float("-inf")
        self._position, self._position_of = 0, -1

    # -- their life ---------------------------------------------------------------------------------------------------

    async def connect(self) -> None:
        """Connect those that are there. The others are tried again, in the background."""
        dialect = self._primary.dialect
        if self._read_your_writes is True and dialect.replication is None:
            raise UnsupportedError(
                dialect.name, "read_your_writes=True", "give the seconds that reads stay with the primary after a write"
            )
        self._changes_before, self._pool = self._changes_now(), self._primary.pool
        self._asking = asyncio.Lock()
        limits = [each.database._life.driver.target.connect_timeout for each in self.members]
        await asyncio.gather(*[each.check(limit, dialect) for each, limit in zip(self.members, limits, strict=True)])
        for each in self.members:
            each.refuse_other_than(dialect)
        self._checking = asyncio.create_task(self._check_again_and_again(dialect))

    async def _check_again_and_again(self, dialect: Dialect) -> None:
        while True:
            await asyncio.sleep(self._check_every)
            await asyncio.gather(*[each.check(self._check_every, dialect) for each in self.members])

    async def close(self) -> None:
        """Close them all, and then only deliver a cancellation."""
        await to_its_end(self._close())

    async def _close(self) -> None:
        checking, self._checking = self._checking, None
        if checking is not None and not checking.done():  # it is, where its event loop is gone
            checking.cancel()
            await asyncio.wait([checking])
        for member in self.members:
            member.leave_out()
        open_ones = [each.database.close() for each in self.members if each.database.is_connected]
        for each in await asyncio.gather(*open_ones, return_exceptions=True):
            if isinstance(each, BaseException):
                raise each

    # -- choosing -----------------------------------------------------------------------------------------------------

    def in_turn(self) -> list[Replica]:
        """Those that are there, beginning with another one each time."""
        members = self.members
        self._turn = turn = (self._turn + 1) % len(members)
        return [each for each in (*members[turn:], *members[:turn]) if each.is_healthy]

    def seen_changes(self) -> int:
        """How many statements may have changed something on the primary until now."""
        changes = self._changes_now()
        if changes != self._changes:
            self._changes, self._changed_at = changes, monotonic()
        return changes

    def note_change(self) -> None:
        """Know that a statement may have changed something."""
        if self._pool is not None:
            self._pool.changes += 1

    def _changes_now(self) -> int:
        """All changes, also those from before it was closed and opened again."""
        return self._changes_before + (0 if self._pool is None else self._pool.changes)

    async def may_give(self, replica: Replica, changes: int) -> bool:
        """Whether a replica may be read by who has seen so many changes, for all that can be found out."""
        if not replica.is_healthy:
            return False
        policy = self._read_your_writes
        if policy is True:
            return replica.knows(changes) or await self._has_replayed(replica, changes)
        return not policy or monotonic() - self._changed_at >= policy

    def could_give(self, replica: Replica, changes: int) -> bool:
        """Whether what a replica gave is of the server that was found to know the changes."""
        return self._read_your_writes is not True or replica.knows(changes)

    async def _has_replayed(self, replica: Replica, changes: int) -> bool:
        """Whether a replica tells that it knows the changes."""
        position, lost = await self._position_after(changes), replica.lost
        try:
            replayed = await replica.database.fetch_value(self._replication.replayed, timeout=self._check_every)
        except (*HELPLESS, QueryTimeoutError) as error:
            if not isinstance(error, QueryTimeoutError):  # then it may be busy only; `check` finds out
                replica.failed(error)
            return False
        if replayed is None or replayed < position or lost != replica.lost:
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
                now = self._changes_now()
                self._position = (
                    await self._primary.on_primary().outside().without_plugins().fetch_value(self._replication.written)
                )
                self._position_of = now
            return self._position
