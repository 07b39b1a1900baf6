"""A cached view of the database, which counts what gets through to it, and a clock that the tests set."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from querykit import Database, Plugin, insert_into, sql
from querykit.plugins import CachePlugin, Call, PluginContext
from tests.plugins.cache.world import KEYS, box, shelf


class Clock:
    """Says the time that it is told."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Through(Plugin):
    """Keeps what gets through to the database, since the last `take`."""

    priority = -3000

    def __init__(self) -> None:
        self.calls: list[Call] = []

    async def around_execute(self, call: Call, query: Any, context: PluginContext) -> Any:
        self.calls.append(call)
        return await call.proceed()

    def take(self) -> int:
        count, self.calls = len(self.calls), []
        return count


class Cached:
    """A database through a cache.

    Attributes:
        db: The view.
        cache: Its cache.
        through: What counts.
        clock: The cache's clock.
    """

    def __init__(self, db: Database, **options: Any) -> None:
        self.clock = Clock()
        self.cache = CachePlugin(clock=self.clock, **options)
        self.through = Through()
        self.db = db.with_plugin(self.cache).with_plugin(self.through)

    async def asks(self, query: Any, **options: Any) -> bool:
        """Whether reading needs the database."""
        self.through.take()
        await self.db.fetch_all(query, **options)
        return self.through.take() > 0


@pytest.fixture
def cached(restored_db: Database) -> Cached:
    """The sample tables through a cache."""
    return Cached(restored_db)


@pytest.fixture
async def stocked(db: Database) -> AsyncIterator[Database]:
    """Shelves with a box on each, all of them empty."""
    for name, more in (("shelf", ""), ("box", "shelf_id INT, ")):
        await db.execute(sql("DROP TABLE IF EXISTS {}", sql.id(name)))
        await db.execute(sql("CREATE TABLE {} (id INT PRIMARY KEY, {} amount INT)", sql.id(name), sql.raw(more)))  # type: ignore[arg-type]
    await db.execute(insert_into(shelf).values([{"id": key, "amount": 0} for key in range(KEYS)]))
    await db.execute(insert_into(box).values([{"id": key, "shelf_id": key, "amount": 0} for key in range(KEYS)]))
    yield db
    for name in ("box", "shelf"):
        await db.execute(sql("DROP TABLE {}", sql.id(name)))
