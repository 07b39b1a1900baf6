"""Results kept in Redis: for processes that are played by databases with a plugin, a store and a client of their own."""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
import math
import uuid
from collections.abc import AsyncIterator, Iterator
from decimal import Decimal
from typing import Any

import pytest
import redis.asyncio

from querykit import (
    ConfigurationError,
    ConnectionLostError,
    Database,
    Plugin,
    PluginError,
    fn,
    insert_into,
    json_array_from,
    select_from,
    sql,
    table,
    update,
)
from querykit.dialects.driver import DriverResult
from querykit.plugins import CachePlugin, CacheStats, Call, PluginContext, ReadsOnly, RedisStore
from querykit.plugins.cache import redis_store
from querykit.plugins.cache.packed import packed, unpacked
from tests.plugins.cache.conftest import Through
from tests.plugins.cache.world import READS, World
from tests.sample import person, pet
from tests.servers import PrivateServer

names = select_from(pet).select(pet.id, pet.name).order_by(pet.id)
pets = json_array_from(select_from(pet).select(pet.name, pet.weight).where(pet.owner_id == person.id).order_by(pet.id))
nested = select_from(person).select(person.id, person.nickname, pets.as_("pets")).order_by(person.id)
rename = update(pet).set(name="Tom").where(pet.id == 10)


@pytest.fixture(scope="module")
def server() -> Iterator[PrivateServer]:
    with PrivateServer("redis") as started:
        started.url()
        yield started


@pytest.fixture
async def client(server: PrivateServer) -> AsyncIterator[Any]:
    opened = redis.asyncio.from_url(server.url(), socket_timeout=2)
    await opened.flushall()
    yield opened
    await opened.aclose()


class Process:
    """What one process has."""

    def __init__(self, db: Database, url: str, **options: Any) -> None:
        self.client = redis.asyncio.from_url(url, socket_timeout=2)
        self.store = RedisStore(self.client, **options)
        self.cache = CachePlugin(ttl=60, max_ttl=300, store=self.store)
        self.through = Through()
        self.db = db.with_plugin(self.cache).with_plugin(self.through)

    async def asks(self, query: Any) -> bool:
        self.through.take()
        await self.db.fetch_all(query)
        return self.through.take() > 0


@pytest.fixture
async def processes(restored_db: Database, server: PrivateServer, client: Any) -> AsyncIterator[list[Process]]:
    made = [Process(restored_db, server.url()) for _ in range(2)]
    yield made
    for each in made:
        await each.client.aclose()


async def test_what_one_process_read_the_others_are_given(processes: list[Process]) -> None:
    one, other = processes
    for query in (names, nested):
        first = await one.db.fetch_all(query)
        assert await one.db.fetch_all(query) == first
        assert await other.db.fetch_all(query) == first
        assert await other.db.fetch_json(query) == await one.db.fetch_json(query)
    assert (one.through.take(), other.through.take()) == (2, 2)
    assert one.cache.stats == CacheStats(hits=4, misses=2, kept=2)


async def test_what_one_process_wrote_all_forget(processes: list[Process]) -> None:
    one, other = processes
    people = select_from(person).select(person.id)
    for query in (names, nested, people):
        await one.asks(query)
    await other.db.execute(rename)
    assert (await one.db.fetch_all(names))[0]["name"] == "Tom"
    assert await one.asks(nested)
    assert not await one.asks(people)
    await one.db.execute(sql("UPDATE pet SET name = 'Tim' WHERE id = 10"))
    assert [await other.asks(query) for query in (names, nested, people)] == [True] * 3
    await one.cache.forget("pet")
    assert [await other.asks(query) for query in (names, people)] == [True, False]


async def test_a_transaction_shows_when_it_is_committed(processes: list[Process]) -> None:
    one, other = processes
    await one.asks(names)
    async with other.db.transaction() as trx:
        await trx.execute(rename)
        assert not await asyncio.create_task(one.asks(names))
    assert await one.asks(names)
    assert (await one.db.fetch_all(names))[0]["name"] == "Tom"
    with pytest.raises(ZeroDivisionError):
        async with other.db.transaction() as trx:
            await trx.execute(update(pet).set(name="Tim").where(pet.id == 10))
            raise ZeroDivisionError
    assert (await one.db.fetch_all(names))[0]["name"] == "Tom"


class Gate(Plugin):
    """Holds what has run until it is opened."""

    priority = -4000

    def __init__(self) -> None:
        self.arrived, self.opened = asyncio.Event(), asyncio.Event()

    async def around_execute(self, call: Call, query: Any, context: PluginContext) -> Any:
        result = await call.proceed()
        self.arrived.set()
        await self.opened.wait()
        return result


async def test_a_reading_that_a_write_of_another_process_overtook_is_not_kept(processes: list[Process]) -> None:
    one, other = processes
    reading = asyncio.create_task(one.db.with_plugin(gate := Gate()).fetch_all(names))
    await gate.arrived.wait()
    await other.db.execute(rename)
    gate.opened.set()
    assert (await reading)[0]["name"] == "Rex"
    assert (await one.db.fetch_all(names))[0]["name"] == "Tom"


async def test_while_another_process_writes_nothing_of_its_table_is_given_or_kept(processes: list[Process]) -> None:
    one, other = processes
    await one.asks(names)
    writing = asyncio.create_task(other.db.with_plugin(gate := Gate()).execute(rename))
    await gate.arrived.wait()
    assert [await one.asks(names) for _ in range(2)] == [True, True]
    assert (await one.db.fetch_all(names))[0]["name"] == "Tom"
    gate.opened.set()
    await writing
    assert [await one.asks(names) for _ in range(2)] == [True, False]


async def test_a_process_that_dies_while_it_writes_is_waited_for_no_longer_than_a_write_takes(
    restored_db: Database, server: PrivateServer, processes: list[Process]
) -> None:
    one, _ = processes
    dying = Process(restored_db, server.url(), write_timeout=0.3)
    await dying.store.begin_write(frozenset({"pet"}))
    await dying.client.aclose()
    assert [await one.asks(names) for _ in range(2)] == [True, True]
    await asyncio.sleep(0.4)
    assert [await one.asks(names) for _ in range(2)] == [True, False]


async def test_a_write_of_unknown_outcome_is_waited_for_likewise(
    restored_db: Database, server: PrivateServer, processes: list[Process]
) -> None:
    class Lost(Plugin):
        priority = -4000

        async def around_execute(self, call: Call, query: Any, context: PluginContext) -> Any:
            await call.proceed()
            raise ConnectionLostError("gone")

    one, _ = processes
    process = Process(restored_db, server.url(), write_timeout=0.3)
    with pytest.raises(ConnectionLostError):
        await process.db.with_plugin(Lost()).execute(rename)
    await process.client.aclose()
    assert [await one.asks(names) for _ in range(2)] == [True, True]
    await asyncio.sleep(0.4)
    assert [await one.asks(names) for _ in range(2)] == [True, False]


async def test_lifetimes_grow_with_use_in_redis_too(restored_db: Database, server: PrivateServer, client: Any) -> None:
    async def left() -> float:
        (key,) = [each async for each in client.scan_iter("*result*")]
        return float(await client.pttl(key)) / 1000

    process = Process(restored_db, server.url())
    hits = 0
    for wanted in (0, 1, 3, 7, 40):
        await process.db.fetch_all(names)
        while hits < wanted:
            await process.db.fetch_all(names)
            hits += 1
        lifetime = min(300, 60 * (1 + math.log2(hits + 1)))
        assert lifetime - 5 < await left() <= lifetime
        hits += 1
    await process.client.aclose()
    brief = Process(restored_db, server.url(), prefix="brief:")
    brief.cache._lifetime = brief.cache._lifetime._replace(ttl=0.2, max_ttl=0.3)
    assert [await brief.asks(names) for _ in range(3)] == [True, False, False]
    await asyncio.sleep(0.35)
    assert await brief.asks(names)
    await brief.client.aclose()


async def test_keys_show_no_values_and_prefixes_part_programs(
    restored_db: Database, server: PrivateServer, processes: list[Process], client: Any
) -> None:
    one, _ = processes
    await one.db.fetch_all(names.where(pet.name == "Minka"))
    keys = [key.decode() async for key in client.scan_iter("*")]
    assert all(key.startswith("{querykit}:") for key in keys)
    assert not any("minka" in key.lower() or "select" in key.lower() for key in keys)
    stranger = Process(restored_db, server.url(), prefix="other:")
    assert await stranger.asks(names.where(pet.name == "Minka"))
    await stranger.client.aclose()


async def test_what_redis_dropped_is_no_harm(processes: list[Process], client: Any) -> None:
    """Even if it drops the versions and keeps the results."""
    one, _ = processes
    await one.asks(names)
    async for key in client.scan_iter("*version*"):
        await client.delete(key)
    assert await one.asks(names)
    assert not await one.asks(names)


async def test_without_redis_reads_go_to_the_database_and_writes_fail_first(
    restored_db: Database, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redis_store, "SILENT_SECONDS", 0.2)
    with PrivateServer("redis") as mortal:
        process = Process(restored_db, mortal.url())
        assert [await process.asks(names) for _ in range(2)] == [True, False]
    with caplog.at_level(logging.WARNING, "querykit"):
        assert [await process.asks(names) for _ in range(3)] == [True] * 3
    assert [record.getMessage() for record in caplog.records] == [
        "the cache does not answer: ConnectionError; reads go to the database"
    ]
    for write in (process.db.execute, lambda each: process.db.run_in_transaction(lambda trx: trx.execute(each))):
        with pytest.raises(PluginError, match="the plugin CachePlugin failed: ConnectionError"):
            await write(rename)
    assert (await restored_db.fetch_all(names))[0]["name"] == "Rex"
    await process.client.aclose()


async def test_a_restarted_redis_is_used_again(restored_db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redis_store, "SILENT_SECONDS", 0.0)
    with PrivateServer("redis") as server:
        process = Process(restored_db, server.url())
        await process.asks(names)
        await asyncio.to_thread(server.restart)
        assert [await process.asks(names) for _ in range(4)][-1] is False
        await process.db.execute(rename)
        assert (await process.db.fetch_all(names))[0]["name"] == "Tom"
        await process.client.aclose()


async def test_databases_that_others_cannot_reach_are_refused(
    server: PrivateServer, client: Any, tmp_path: Any
) -> None:
    cache = CachePlugin(store=RedisStore(client))
    async with Database("sqlite:///:memory:", plugins=[cache]) as db:
        await db.without_plugins().execute(sql("CREATE TABLE pet (id INT, name TEXT)"))
        with pytest.raises(ConfigurationError, match="one in memory they cannot"):
            await db.fetch_all(names)
    text = redis.asyncio.from_url(server.url(), decode_responses=True)
    with pytest.raises(ConfigurationError, match="decode_responses"):
        RedisStore(text)
    await text.aclose()


async def test_two_databases_in_one_redis_have_their_own_results(
    processes: list[Process], server: PrivateServer, tmp_path: Any
) -> None:
    one, _ = processes
    async with Database(f"sqlite:///{tmp_path}/other.db") as other:
        await other.execute(sql("CREATE TABLE pet (id INT, name TEXT)"))
        await one.db.fetch_all(names)
        stranger = Process(other, server.url())
        assert await stranger.db.fetch_all(names) == []
        await stranger.client.aclose()


@pytest.mark.parametrize("seed", range(3))
async def test_no_process_reads_what_is_older_than_a_commit_of_another(
    stocked: Database,
    server: PrivateServer,
    client: Any,
    seed: int,
) -> None:
    made = [Process(stocked, server.url()) for _ in range(3)]
    world = World(seed, *[each.db for each in made])
    await world.run()
    assert sum(each.cache.stats.hits for each in made) > 10
    for query in READS.values():
        for each in made:
            assert await each.db.fetch_all(query) == await stocked.fetch_all(query)
    for each in made:
        await each.client.aclose()


# -- bytes ----------------------------------------------------------------------------------------------------------


def test_values_come_back_from_bytes_as_they_were() -> None:
    zone = dt.timezone(dt.timedelta(hours=5, minutes=30))
    values = [
        *(None, True, 0, -(2**63), 2**64 - 1, 2**70, -(2**70), 0.1, -0.0, math.inf, 5e-324, "", "\0é𝄞", b"", b"\xff"),
        *(Decimal("1.10"), Decimal("NaN"), Decimal("-0E-10"), uuid.UUID(int=7), bytearray(b"a")),
        *(dt.date(1, 1, 1), dt.time(1, 2, 3, 4), dt.time(1, tzinfo=zone, fold=1), dt.timedelta(days=-1, microseconds=1)),
        *(dt.datetime(9999, 12, 31, 23, 59, 59, 999999), dt.datetime(2024, 1, 1, tzinfo=dt.UTC), dt.datetime(2024, 1, 1, fold=1)),
        *([], [1, [None, Decimal("1.0")]]),
    ]  # fmt: skip
    data = packed(DriverResult([values], ["a"], [3]))
    assert data is not None
    result = unpacked(data)
    assert (result.names, result.json_columns) == (["a"], [3])
    (row,) = result.rows
    for value, read in zip(values, row, strict=True):
        assert type(read) is type(value)
        assert repr(read) == repr(value)
        assert getattr(read, "fold", None) == getattr(value, "fold", None)
    assert math.isnan(unpacked(packed(DriverResult([[math.nan]])) or b"").rows[0][0])  # type: ignore[arg-type]


def test_what_could_not_be_read_back_is_not_packed() -> None:
    class Text(str):
        __slots__ = ()

    for each in (Text("a"), object(), {"a": 1}, (1,), [object()], 1j):
        assert packed(DriverResult([[1, each]])) is None


@pytest.mark.databases("postgres")
async def test_values_of_the_driver_survive_redis(processes: list[Process]) -> None:
    texts = (
        "SELECT 1.10::numeric AS a, now()::timestamptz(0) AS b, '2024-01-01'::date AS c, interval '1 day 2.5 s' AS d, "
        "gen_random_uuid() AS e, ARRAY[1.5, NULL]::numeric[] AS f, '\\x00ff'::bytea AS g, '[1]'::json AS h"
    )
    one, other = processes
    query = sql.raw(texts).returns_rows(**dict.fromkeys("abcdefgh", Any)).with_plugin(ReadsOnly())
    first = await one.db.fetch_all(query)
    assert await other.db.fetch_all(query) == first
    assert other.through.take() == 0
    ranges = sql("SELECT int4range(1, 5) AS r").returns_rows(r=Any).with_plugin(ReadsOnly())
    for _ in range(2):
        await one.db.fetch_all(ranges)
    assert one.through.take() == 3  # a range is not read back from bytes


async def test_many_rows_of_every_table_go_through_redis(processes: list[Process]) -> None:
    one, other = processes
    await one.db.execute(
        insert_into(table("toy")).values([{"id": 1000 + n, "name": "x" * 40, "pet_id": 1} for n in range(5000)])
    )
    toy = table("toy")
    for query in (select_from(toy).select_all(), select_from(toy).select(fn.count().as_("n"))):
        assert await other.db.fetch_all(query) == await one.db.fetch_all(query)
