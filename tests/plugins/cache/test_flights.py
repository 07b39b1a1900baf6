"""Readings that happen at the same time: one task asks, the others wait; and writes that overtake readings."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from querykit import (
    CommitOutcomeUnknownError,
    ConnectionLostError,
    Database,
    DatabaseError,
    Plugin,
    QueryTimeoutError,
    UsageError,
    select_from,
    sql,
    update,
)
from querykit.plugins import CacheStats, Call, PluginContext, ReadsOnly
from tests.plugins.cache.conftest import Cached
from tests.proxy import NEVER, proxy_to
from tests.sample import pet, toy

names = select_from(pet).select(pet.id, pet.name).order_by(pet.id)


class Gate(Plugin):
    """Holds what gets through before or after it ran, until it is opened."""

    priority = -4000

    def __init__(self, *, after: bool = False) -> None:
        self.after = after
        self.arrived = asyncio.Event()
        self.opened = asyncio.Event()
        self.failing: list[Exception] = []

    async def around_execute(self, call: Call, query: Any, context: PluginContext) -> Any:
        result = await call.proceed() if self.after else None
        self.arrived.set()
        await self.opened.wait()
        if self.failing:
            raise self.failing.pop()
        return result if self.after else await call.proceed()


async def settled() -> None:
    """Let every task run until it waits."""
    for _ in range(20):
        await asyncio.sleep(0)


async def test_one_task_asks_and_the_others_wait(cached: Cached) -> None:
    view = cached.db.with_plugin(gate := Gate())
    tasks = [asyncio.create_task(view.fetch_all(names)) for _ in range(50)]
    await gate.arrived.wait()
    await settled()
    gate.opened.set()
    results = await asyncio.gather(*tasks)
    assert all(result == results[0] for result in results)
    results[0].clear()
    assert len(results[1]) == 5
    assert cached.through.take() == 1
    assert cached.cache.stats == CacheStats(hits=0, shared=49, misses=1, kept=1)


async def test_cancelling_the_task_that_asks_does_not_stop_the_others(cached: Cached) -> None:
    view = cached.db.with_plugin(gate := Gate())
    first, *others = [asyncio.create_task(view.fetch_all(names)) for _ in range(5)]
    await gate.arrived.wait()
    await settled()
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    await settled()
    gate.opened.set()
    assert [len(rows) for rows in await asyncio.gather(*others)] == [5] * 4
    assert cached.through.take() == 2
    assert cached.cache.stats.shared == 3


async def test_cancelling_one_that_waits_stops_nobody_else(cached: Cached) -> None:
    view = cached.db.with_plugin(gate := Gate())
    first, second, third = [asyncio.create_task(view.fetch_all(names)) for _ in range(3)]
    await gate.arrived.wait()
    await settled()
    second.cancel()
    with pytest.raises(asyncio.CancelledError):
        await second
    gate.opened.set()
    assert len(await first) == len(await third) == 5
    assert cached.through.take() == 1


async def test_all_are_told_what_is_wrong_with_the_database(cached: Cached) -> None:
    view = cached.db.with_plugin(gate := Gate())
    gate.failing = [DatabaseError("the disk is on fire", sql="SELECT")]
    tasks = [asyncio.create_task(view.fetch_all(names)) for _ in range(5)]
    await gate.arrived.wait()
    await settled()
    gate.opened.set()
    errors = await asyncio.gather(*tasks, return_exceptions=True)
    assert {str(error) for error in errors} == {"the disk is on fire"}
    assert len({id(error) for error in errors}) == 5
    assert cached.through.take() == 1
    assert len(await view.fetch_all(names)) == 5


async def test_one_that_ran_out_of_its_own_time_is_followed_by_another(cached: Cached) -> None:
    view = cached.db.with_plugin(gate := Gate())
    for mine in (QueryTimeoutError("too slow"), UsageError("not here")):
        gate.failing = [mine]
        gate.arrived.clear()
        gate.opened.clear()
        await cached.cache.forget()
        tasks = [asyncio.create_task(view.fetch_all(names)) for _ in range(4)]
        await gate.arrived.wait()
        await settled()
        gate.opened.set()
        first, *others = await asyncio.gather(*tasks, return_exceptions=True)
        assert first is mine
        assert [len(rows) for rows in others] == [5] * 3  # type: ignore[arg-type]


async def test_who_waits_waits_no_longer_than_its_own_time(cached: Cached) -> None:
    view = cached.db.with_plugin(gate := Gate())
    first = asyncio.create_task(view.fetch_all(names))
    await gate.arrived.wait()
    with pytest.raises(QueryTimeoutError, match=r"another task was reading this, which did not end within 0\.05 s"):
        await view.fetch_all(names, timeout=0.05)
    gate.opened.set()
    assert len(await first) == 5


# -- writes that overtake -------------------------------------------------------------------------------------------


async def test_a_reading_that_began_before_a_write_is_not_kept(restored_db: Database) -> None:
    cached = Cached(restored_db)
    slow = cached.db.with_plugin(gate := Gate(after=True))
    reading = asyncio.create_task(slow.fetch_all(names))
    await gate.arrived.wait()
    await cached.db.execute(update(pet).set(name="Tom").where(pet.id == 10))
    assert (await cached.db.fetch_all(names))[0]["name"] == "Tom"
    gate.opened.set()
    assert (await reading)[0]["name"] == "Rex"  # it began before the write
    assert (await cached.db.fetch_all(names))[0]["name"] == "Tom"
    assert cached.cache.stats == CacheStats(hits=1, shared=0, misses=2, kept=1)


async def test_nobody_joins_a_reading_that_a_write_has_overtaken(restored_db: Database) -> None:
    cached = Cached(restored_db)
    slow = cached.db.with_plugin(gate := Gate(after=True))
    reading = asyncio.create_task(slow.fetch_all(names))
    await gate.arrived.wait()
    await cached.db.execute(update(pet).set(name="Tom").where(pet.id == 10))
    late = asyncio.create_task(cached.db.fetch_all(names))
    assert (await asyncio.wait_for(late, 5))[0]["name"] == "Tom"
    gate.opened.set()
    await reading


async def test_while_a_write_is_under_way_reads_of_its_table_ask_the_database(restored_db: Database) -> None:
    """Between the server's commit and its answer nobody here knows which of the two states is right."""
    cached = Cached(restored_db)
    await cached.db.fetch_all(names)
    await cached.db.fetch_all(select_from(toy).select(toy.id))
    slow = cached.db.with_plugin(gate := Gate(after=True))
    writing = asyncio.create_task(slow.execute(update(pet).set(name="Tom").where(pet.id == 10)))
    await gate.arrived.wait()
    for _ in range(2):
        cached.through.take()
        assert (await cached.db.fetch_all(names))[0]["name"] == "Tom"
        assert cached.through.take() == 1
    assert not await cached.asks(select_from(toy).select(toy.id))
    gate.opened.set()
    await writing
    assert await cached.asks(names)
    assert not await cached.asks(names)


async def test_after_a_write_of_unknown_outcome_nothing_of_its_table_is_kept_for_a_minute(
    restored_db: Database,
) -> None:
    cached = Cached(restored_db)
    lost = cached.db.with_plugin(gate := Gate())
    gate.opened.set()
    gate.failing = [ConnectionLostError("gone")]
    with pytest.raises(ConnectionLostError):
        await lost.execute(update(pet).set(name="Tom").where(pet.id == 10))
    assert [await cached.asks(names) for _ in range(3)] == [True] * 3
    assert [await cached.asks(select_from(toy).select(toy.id)) for _ in range(2)] == [True, False]
    cached.clock.now += 61
    assert [await cached.asks(names) for _ in range(3)] == [True, False, False]


@pytest.mark.databases("postgres", "mysql", "mariadb")
async def test_a_commit_of_unknown_outcome_is_treated_likewise(
    restored_db: Database, urls: dict[str, str], database_name: str
) -> None:
    async with proxy_to(urls[database_name]) as proxy, Database(proxy.url, pool_size=2) as far:
        cached = Cached(far)
        assert await cached.asks(names)
        with pytest.raises(CommitOutcomeUnknownError):
            async with cached.db.transaction() as trx:
                await trx.execute(update(pet).set(name="Tom").where(pet.id == 10))
                proxy.cut_after = b"COMMIT"
        proxy.cut_after = NEVER
        assert [await cached.asks(names) for _ in range(3)] == [True] * 3
        cached.clock.now += 61
        assert [await cached.asks(names) for _ in range(3)] == [True, False, False]
        assert (await cached.db.fetch_all(names))[0]["name"] == "Tom"


@pytest.mark.databases("postgres")
async def test_results_that_cannot_be_shared_are_read_by_each(cached: Cached) -> None:
    view = cached.db.with_plugin(gate := Gate())
    query = sql("SELECT pet AS whole FROM pet").returns_rows(whole=Any).with_plugin(ReadsOnly(pet))
    tasks = [asyncio.create_task(view.fetch_all(query)) for _ in range(3)]
    await gate.arrived.wait()
    await settled()
    gate.opened.set()
    assert [len(rows) for rows in await asyncio.gather(*tasks)] == [5] * 3
    assert cached.through.take() == 3
