"""Runs migrations: up, down, to one of them, or shows what it would do."""

from __future__ import annotations

import re
import time
from contextlib import asynccontextmanager
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple

from querykit.migrations.errors import MigrationError
from querykit.migrations.history import History, Locks, Records
from querykit.migrations.migration import Migration, read_folder
from querykit.testing import RecordingDatabase

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import AsyncIterator, Callable, Sequence

TRANSACTIONAL: Final = frozenset(("postgres", "sqlite"))
"""The databases whose definitions can be undone. MySQL and MariaDB commit with each."""


class MigrationStatus(NamedTuple):
    """What has become of a migration.

    Attributes:
        name: Its name.
        state: ``"pending"``, ``"applied"``, ``"edited"`` (since it was applied), ``"missing"`` (its file is gone), or
            ``"failed"``, ``"running"`` where it could not be undone.
        applied_at: When it was applied.
    """

    name: str
    state: Literal["pending", "applied", "edited", "missing", "failed", "running"]
    applied_at: dt.datetime | None = None


class MigrationEvent(NamedTuple):
    """What a hook is told.

    Attributes:
        kind: ``"begin"``, ``"end"`` or ``"fail"``.
        direction: ``"up"`` or ``"down"``.
        name: The migration.
        number: Which one of this run it is, from 1.
        total: How many there are in this run.
        duration: Seconds, at its end.
    """

    kind: Literal["begin", "end", "fail"]
    direction: Literal["up", "down"]
    name: str
    number: int
    total: int
    duration: float = 0.0


class Migrator:
    """Runs the migrations of a folder on a database.

    Each runs in a transaction together with its record, on PostgreSQL and SQLite. On MySQL and MariaDB, whose
    definitions commit by themselves, a migration that fails half-way is remembered as failed, and nothing runs until it
    was repaired. Two runners are safe: the second waits, and finds the work done.

    Args:
        db: The database.
        migrations: The folder, or migrations.
        on_event: Called before and after each migration.
        lock_timeout: Seconds to wait for another runner.
        out_of_order: Whether a migration may be applied after one that comes behind it.
    """

    def __init__(
        self,
        db: Any,
        migrations: str | Path | Sequence[Migration],
        *,
        on_event: Callable[[MigrationEvent], object] = lambda _: None,
        lock_timeout: float = 60.0,
        out_of_order: bool = False,
    ) -> None:
        """Read the folder."""
        self._db = db
        listed = isinstance(migrations, str | Path)
        self.migrations: list[Migration] = read_folder(Path(migrations)) if listed else list(migrations)  # type: ignore[arg-type]
        self._on_event = on_event
        self._lock_timeout = lock_timeout
        self._out_of_order = out_of_order
        self._records = Records(History())

    async def status(self) -> list[MigrationStatus]:
        """Every migration, of the folder and of the database, in order. Nothing is checked or changed but the table."""
        await self._records.make(self._db)
        applied = await self._records.all(self._db)
        known = {migration.name: migration for migration in self.migrations}
        return [_status(name, known.get(name), applied.get(name)) for name in sorted({*known, *applied})]

    async def up(self, steps: int | None = None) -> list[str]:
        """Apply what is pending, or the next `steps` of it; gives the names.

        Raises:
            MigrationError: the folder and the database do not fit together, or a migration failed.
        """
        async with self._at_work() as (connection, applied):
            pending = [each for each in self.migrations if each.name not in applied]
            return await self._apply(connection, pending[:steps])

    async def down(self, steps: int = 1) -> list[str]:
        """Take back the last migrations; gives the names.

        Raises:
            MigrationError: one of them has no way back, or failed.
        """
        async with self._at_work() as (connection, applied):
            last = [each for each in reversed(self.migrations) if each.name in applied]
            return await self._revert(connection, last[:steps])

    async def to(self, name: str | None) -> list[str]:
        """Apply or take back until `name` is the last one applied; None takes back all."""
        if name is not None and name not in {each.name for each in self.migrations}:
            raise MigrationError(f"there is no migration {name!r}")
        async with self._at_work() as (connection, applied):
            after = [each for each in reversed(self.migrations) if each.name in applied and each.name > (name or "")]
            before = [each for each in self.migrations if each.name not in applied and each.name <= (name or "")]
            return [*await self._revert(connection, after), *await self._apply(connection, before)]

    async def redo(self) -> list[str]:
        """Take back the last migration, and apply it again."""
        names = await self.down()
        return [*names, *await self.up(len(names))]

    async def plan(self) -> dict[str, list[str]]:
        """The SQL of what is pending, by migration, without running it.

        A migration that reads rows is answered with none, so that its SQL may be other than that of its run.
        """
        applied = {each.name for each in await self.status() if each.state != "pending"}
        planned = {}
        for migration in self.migrations:
            if migration.name not in applied:
                recording = RecordingDatabase(self._db.dialect.name)
                await migration.upgrade(recording)
                planned[migration.name] = [statement.sql for statement in recording.statements]
        return planned

    async def repair(self, name: str, *, applied: bool) -> None:
        """Say what has become of a migration that failed half-way, once its rest was done or undone by hand.

        Args:
            name: The migration.
            applied: Whether it counts as applied now; else it is pending again.
        """
        record = (await self._records.all(self._db)).get(name)
        if record is None or record["state"] == "applied":
            raise MigrationError(f"{name!r} has not failed")
        await (self._records.mark(self._db, name, "applied") if applied else self._records.forget(self._db, name))

    # -- running ------------------------------------------------------------------------------------------------------

    @asynccontextmanager
    async def _at_work(self) -> AsyncIterator[tuple[Any, dict[str, Any]]]:
        """A connection with the lock, and what was applied when it was taken."""
        locks = Locks(self._db.dialect.name, self._lock_timeout)
        async with self._db.connection() as connection:
            await locks.take(connection)
            try:
                await self._records.make(connection)
                applied = await self._records.all(connection)
                self._check(applied)
                yield connection, applied
            finally:
                await locks.give_back(connection)

    def _check(self, applied: dict[str, dict[str, Any]]) -> None:
        known = {migration.name: migration for migration in self.migrations}
        for name, record in applied.items():
            state = _status(name, known.get(name), record).state
            if state != "applied":
                raise MigrationError(f"{name!r} {_HINTS[state]}")
        if not self._out_of_order:
            _refuse_gaps([*known])
        pending = [name for name in known if name not in applied]
        if pending and applied and min(pending) < max(applied) and not self._out_of_order:
            raise MigrationError(f"{min(pending)!r} is pending, and {max(applied)!r} behind it was applied already")

    async def _apply(self, connection: Any, migrations: Sequence[Migration]) -> list[str]:
        return [
            migration.name
            for at, migration in enumerate(migrations, 1)
            if await self._run(connection, migration, "up", at, len(migrations))
        ]

    async def _revert(self, connection: Any, migrations: Sequence[Migration]) -> list[str]:
        for migration in migrations:
            if migration.downgrade is None:
                raise MigrationError(f"{migration.name!r} cannot be taken back: it has no downgrade")
        return [
            migration.name
            for at, migration in enumerate(migrations, 1)
            if await self._run(connection, migration, "down", at, len(migrations))
        ]

    async def _run(
        self, connection: Any, migration: Migration, direction: Literal["up", "down"], number: int, total: int
    ) -> bool:
        began = time.monotonic()
        event = MigrationEvent("begin", direction, migration.name, number, total)
        self._on_event(event)
        is_safe = connection.dialect.name in TRANSACTIONAL and migration.is_transactional
        try:
            done = await (self._in_transaction if is_safe else self._by_itself)(connection, migration, direction)
        except BaseException as error:
            self._on_event(event._replace(kind="fail", duration=time.monotonic() - began))
            if isinstance(error, Exception):
                raise MigrationError(f"{migration.name!r} failed ({direction}): {error}") from error
            raise
        self._on_event(event._replace(kind="end", duration=time.monotonic() - began))
        return done

    async def _in_transaction(self, connection: Any, migration: Migration, direction: str) -> bool:
        async with connection.transaction() as trx:
            is_applied = await self._records.has(trx, migration.name)
            if is_applied == (direction == "up"):
                return False  # another runner was faster
            if direction == "up":
                await migration.upgrade(trx)
                await self._records.add(trx, migration, "applied")
            elif migration.downgrade is not None:
                await migration.downgrade(trx)
                await self._records.forget(trx, migration.name)
        return True

    async def _by_itself(self, connection: Any, migration: Migration, direction: str) -> bool:
        if direction == "up":
            await self._records.add(connection, migration, "running")
        else:
            await self._records.mark(connection, migration.name, "running")
        try:
            if direction == "up":
                await migration.upgrade(connection)
                await self._records.mark(connection, migration.name, "applied")
            elif migration.downgrade is not None:
                await migration.downgrade(connection)
                await self._records.forget(connection, migration.name)
        except Exception as error:
            await self._records.mark(self._db.outside(), migration.name, "failed", str(error)[:1000])
            raise
        return True


def _refuse_gaps(names: Sequence[str]) -> None:
    """Refuse migrations of which one is missing in between, where all are numbered one after the other."""
    numbers = {int(found[1]): name for name in names if (found := re.match(r"(\d{1,6})_", name))}
    if len(numbers) != len(names):
        return
    for number, following in pairwise(sorted(numbers)):
        if following != number + 1:
            missing = f"{number + 1:04}"
            raise MigrationError(
                f"there is no migration {missing} between {numbers[number]!r} and {numbers[following]!r}"
            )


_HINTS: Final = {
    "edited": "was edited since it was applied: undo the edit, and write another migration",
    "missing": "was applied, and its file is gone",
    "failed": "failed half-way: finish or undo it by hand, then repair(name, applied=…)",
    "running": "did not come to its end: finish or undo it by hand, then repair(name, applied=…)",
}


def _status(name: str, migration: Migration | None, record: dict[str, Any] | None) -> MigrationStatus:
    if record is None:
        return MigrationStatus(name, "pending")
    if record["state"] != "applied":
        return MigrationStatus(name, record["state"], record["applied_at"])
    if migration is None:
        return MigrationStatus(name, "missing", record["applied_at"])
    state: Any = "applied" if migration.checksum == record["checksum"] else "edited"
    return MigrationStatus(name, state, record["applied_at"])
