"""Databases that remember what ran on them."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import Any

import pytest

from querykit import LogEntry, sql
from querykit.execution.database import Database
from querykit.execution.replicated import ReplicatedDatabase
from tests.execution.conftest import item
from tests.servers import PrivateServer
from tests.servers.standby import OF


class Watched:
    """A primary and its replicas, and which of them ran what."""

    def __init__(self, primary: str, replicas: Sequence[str], **options: Any) -> None:
        self.seen: list[tuple[str, str]] = []
        self.parts = [self._part("primary", primary, options)]
        self.parts += [self._part(f"replica {number}", url, {}) for number, url in enumerate(replicas, 1)]

    def _part(self, name: str, url: str, options: dict[str, Any]) -> Database:
        def note(entry: LogEntry) -> None:
            if entry.kind in ("query", "stream"):
                self.seen.append((name, entry.sql or ""))

        return Database(url, log=note, connect_timeout=1, acquire_timeout=5, close_timeout=1, **options)

    def database(self, *, check_every: float = 60, **options: Any) -> ReplicatedDatabase:
        return Database.replicated(self.parts[0], self.parts[1:], check_every=check_every, **options)

    async def places(self, running: Awaitable[object]) -> list[str]:
        """Where something ran, questions of ours left out."""
        self.seen.clear()
        await running
        return [name for name, text in self.seen if "wal" not in text and text not in ("SELECT 1", "BEGIN", "COMMIT")]


@pytest.fixture(scope="session")
def streaming(urls: dict[str, str]) -> Iterator[list[PrivateServer]]:
    """PostgreSQL and two hot standbys of it."""
    with PrivateServer("postgres") as primary:
        of = {OF: primary.url()}
        with PrivateServer("standby", **of) as first, PrivateServer("standby", **of) as second:
            yield [primary, first, second]


@pytest.fixture
async def streamed(streaming: list[PrivateServer]) -> Watched:
    """The three, with an empty table that the standbys know."""
    watched = Watched(*_urls(streaming))
    async with Database(streaming[0].url()) as db:
        await db.execute(sql("DROP TABLE IF EXISTS item"))
        await db.execute(sql("CREATE TABLE item (id INTEGER PRIMARY KEY, name VARCHAR(50) UNIQUE)"))
    for each in streaming[1:]:
        async with Database(each.url()) as standby:
            await until(lambda standby=standby: knows_empty_item(standby))
    return watched


def _urls(servers: list[PrivateServer]) -> tuple[str, list[str]]:
    primary, *standbys = [each.url() for each in servers]
    return primary, standbys


async def knows_empty_item(standby: Database) -> bool:
    known = await standby.fetch_value(sql("SELECT to_regclass('item') IS NOT NULL"))
    return known and not await standby.select_from(item).select(item.id).fetch_all()


async def until(condition: Callable[[], Awaitable[object]]) -> None:
    async with asyncio.timeout(20):
        while not await condition():  # noqa: ASYNC110 - a server tells nobody
            await asyncio.sleep(0.02)
