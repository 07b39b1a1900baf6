"""What has been migrated, as a table of the database, and the lock that lets one runner change it at a time."""

from __future__ import annotations

import datetime as dt
import time
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from querykit import AwareDatetime, Column, Database, Table, column, delete_from, insert_into, select_from, sql, update
from querykit.errors import LockTimeoutError
from querykit.schema import Text, Varchar, create_table

if TYPE_CHECKING:
    from querykit.migrations.migration import Migration


class History(Table, name="querykit_migrations"):
    """The migrations that were run.

    `state` is ``applied``; where a migration cannot run in a transaction, ``running`` while it does, and ``failed``.
    """

    name: Column[str] = column(type=Varchar(255), primary_key=True)
    checksum: Column[str] = column(type=Varchar(64))
    state: Column[str] = column(type=Varchar(10))
    applied_at: Column[AwareDatetime]
    error: Column[str | None] = column(type=Text)


_LOCK: Final = 7_265_410_938_201  # any number, the same for all runners
_LOCK_NAME: Final = "querykit_migrations"


class Locks:
    """Lets one runner work at a time, while it lives: its lock goes with its connection.

    On SQLite that is a transaction in a file of its own beside the database, ``NAME-migrating``, which stays.
    """

    def __init__(self, dialect: str, seconds: float) -> None:
        """Wait no longer than so many seconds."""
        self._kind = {"postgres": "postgres", "mysql": "mysql", "mariadb": "mysql"}.get(dialect)
        self._seconds = seconds
        self._beside = AsyncExitStack()

    async def take(self, connection: Any) -> None:
        """Wait for the lock.

        Raises:
            LockTimeoutError: another runner keeps it.
        """
        if self._kind == "postgres":
            await connection.fetch_value(
                sql("SELECT set_config('lock_timeout', {}, false)", f"{int(self._seconds * 1000)}ms")
            )
            await connection.fetch_all(sql("SELECT pg_advisory_lock({})", _LOCK))
            await connection.fetch_value(sql("SELECT set_config('lock_timeout', '0', false)"))
        elif self._kind == "mysql":
            taken = await connection.fetch_value(sql("SELECT GET_LOCK({}, {})", _LOCK_NAME, int(self._seconds)))
            if taken != 1:
                raise LockTimeoutError(f"another runner has migrated for more than {self._seconds:g} s")
        else:
            await self._take_file(connection)

    async def _take_file(self, connection: Any) -> None:
        listed = await connection.fetch_all(sql("PRAGMA database_list"))
        files = [row["file"] for row in listed if row["name"] == "main" and row["file"]]  # none, in memory
        for file in files:
            db = await self._beside.enter_async_context(
                Database(f"sqlite:///{quote(file)}-migrating?busy_timeout=0.5", pool_size=1)
            )
            ends = time.monotonic() + self._seconds
            while True:
                try:
                    await self._beside.enter_async_context(db.transaction())
                    break
                except LockTimeoutError:
                    if time.monotonic() > ends:
                        await self._beside.aclose()
                        raise

    async def give_back(self, connection: Any) -> None:
        """Let others work."""
        if self._kind == "postgres":
            await connection.fetch_all(sql("SELECT pg_advisory_unlock({})", _LOCK))
        elif self._kind == "mysql":
            await connection.fetch_value(sql("SELECT RELEASE_LOCK({})", _LOCK_NAME))
        await self._beside.aclose()


class Records:
    """Reads and writes the table."""

    def __init__(self, table: Table) -> None:
        """Keep the records in a table."""
        self.table: Any = table

    async def make(self, db: Any) -> None:
        """Make the table, if it is not there."""
        await create_table(self.table, if_not_exists=True).run(db)

    async def all(self, db: Any) -> dict[str, dict[str, Any]]:
        """Every record, by name, in order."""
        query = select_from(self.table).select_all().order_by(self.table.name)
        return {row["name"]: row for row in await db.fetch_all(query)}

    async def has(self, db: Any, name: str) -> bool:
        """Whether there is a record of a migration."""
        query = select_from(self.table).select(self.table.name).where(self.table.name == name)
        return await db.fetch_first(query) is not None

    async def add(self, db: Any, migration: Migration, state: str) -> None:
        """Remember a migration."""
        row = {
            "name": migration.name,
            "checksum": migration.checksum,
            "state": state,
            "applied_at": dt.datetime.now(dt.UTC),
        }
        await db.execute(insert_into(self.table).values(row))

    async def mark(self, db: Any, name: str, state: str, error: str | None = None) -> None:
        """Say what has become of a migration."""
        await db.execute(update(self.table).set(state=state, error=error).where(self.table.name == name))

    async def forget(self, db: Any, name: str) -> None:
        """Forget a migration."""
        await db.execute(delete_from(self.table).where(self.table.name == name))
