"""A table to run statements on, and statements that take their time."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest

from querykit import Column, Table, sql
from querykit.builder.raw import Fragment
from querykit.execution.database import Database


def raw(text: Any) -> Fragment[Any]:
    """SQL that a test put together."""
    return sql.raw(text)


class Item(Table, name="item"):
    id: Column[int]
    name: Column[str | None]


item = Item()


@pytest.fixture
async def items(db: Database) -> AsyncIterator[Item]:
    """An empty table."""
    await db.execute(sql("DROP TABLE IF EXISTS item"))
    await db.execute(sql("CREATE TABLE item (id INTEGER PRIMARY KEY, name VARCHAR(50) UNIQUE)"))
    yield item
    await db.execute(sql("DROP TABLE IF EXISTS item"))


@dataclass(frozen=True)
class Slow:
    """Statements that take half a minute if nobody stops them, and how to see that they run.

    Attributes:
        read: Gives one row.
        write: Adds the item 1, at the very end.
        running: Gives the number of them that run at the server; None where only its thread would know.
    """

    read: Any
    write: Any
    running: Any


_COUNTING = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300000000) SELECT count(*) FROM n"
_PROCESSES = "SELECT count(*) FROM information_schema.processlist WHERE db = DATABASE() AND info LIKE '%querykit_slow%'"

_SLOW = {
    "sqlite": Slow(
        read=sql(_COUNTING),
        write=sql(f"INSERT INTO item (id) SELECT 1 FROM ({_COUNTING})"),
        running=None,
    ),
    "postgres": Slow(
        read=sql("SELECT pg_sleep(30) AS querykit_slow"),
        write=sql("INSERT INTO item (id) SELECT 1 FROM pg_sleep(30) AS querykit_slow"),
        running=sql(
            "SELECT count(*) FROM pg_stat_activity "
            "WHERE datname = current_database() AND state = 'active' AND pid <> pg_backend_pid() AND query LIKE {}",
            "%querykit_slow%",
        ),
    ),
    "mysql": Slow(
        read=sql("SELECT SLEEP(30) AS querykit_slow"),
        write=sql("INSERT INTO item (id) SELECT 1 FROM (SELECT SLEEP(30) AS querykit_slow) AS s"),
        running=sql(_PROCESSES + " AND id <> CONNECTION_ID()"),
    ),
}
_SLOW["mariadb"] = _SLOW["mysql"]


@pytest.fixture
def slow(database_name: str) -> Slow:
    return _SLOW[database_name]
