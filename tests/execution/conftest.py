"""A table to run statements on, and statements that take their time."""

import secrets
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
        name: What stands in both, and in no other statement.
        read: Gives one row.
        write: Adds the item 1, at the very end.
        running: Gives the number of them that run at the server; None where only its thread would know.
    """

    name: str
    read: Any
    write: Any
    running: Any


_COUNTING = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300000000) SELECT count(*) FROM n"
_READ = {"sqlite": _COUNTING, "postgres": "SELECT pg_sleep(30) AS {0}", "mysql": "SELECT SLEEP(30) AS {0}"}
_WRITE = {
    "sqlite": f"INSERT INTO item (id) SELECT 1 FROM ({_COUNTING})",
    "postgres": "INSERT INTO item (id) SELECT 1 FROM pg_sleep(30) AS {0}",
    "mysql": "INSERT INTO item (id) SELECT 1 FROM (SELECT SLEEP(30) AS {0}) AS s",
}
_RUNNING = {
    "postgres": "SELECT count(*) FROM pg_stat_activity "
    "WHERE state = 'active' AND pid <> pg_backend_pid() AND query LIKE '%{0}%'",
    "mysql": "SELECT count(*) FROM information_schema.processlist WHERE info LIKE '%{0}%' AND id <> CONNECTION_ID()",
}


@pytest.fixture
def slow(database_name: str) -> Slow:
    """Those of one test: what another one left behind at the server is not counted."""
    key = "mysql" if database_name == "mariadb" else database_name
    name = f"slow_{secrets.token_hex(6)}"
    read, write = (raw(statements[key].format(name)) for statements in (_READ, _WRITE))
    return Slow(name, read, write, raw(_RUNNING[key].format(name)) if key in _RUNNING else None)
