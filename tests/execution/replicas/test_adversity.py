"""What one could lose sight of: a life before this one, a pool that is all in use, a server that is another one."""

import asyncio
import time
from typing import Any

import pytest

from querykit import Database, fn, select, select_from, sql
from querykit.errors import ConnectError
from querykit.execution.replicated import ReplicatedDatabase
from tests.execution.conftest import item
from tests.execution.replicas.conftest import Watched, until
from tests.proxy import proxy_to
from tests.servers import PrivateServer
from tests.servers.process import free_port

pytestmark = pytest.mark.databases("postgres")

READ = select_from(item).select(item.id).order_by(item.id)


@pytest.fixture(autouse=True)
def impatient(database_name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Give up the silent sooner than programs do."""
    monkeypatch.setattr("querykit.dialects.postgres.asyncpg_driver.SETTLE_TIMEOUT", 0.5)


async def replay(verb: str, *standbys: PrivateServer) -> None:
    for each in standbys:
        async with Database(each.url()) as standby:
            await standby.fetch_value(sql.raw(f"SELECT pg_wal_replay_{verb}()"))


async def write(db: Database, *numbers: int) -> None:
    for number in numbers:
        await db.insert_into(item).values(id=number).execute()


async def wait_for_replicas(watched: Watched, db: ReplicatedDatabase, count: int) -> None:
    """Wait until as many reads in a row are from replicas."""

    async def are_read() -> bool:
        return "primary" not in [(await watched.places(db.fetch_all(READ)))[-1] for _ in range(count)]

    await until(are_read)


async def test_writes_of_a_life_before_count_too(streamed: Watched, streaming: list[PrivateServer]) -> None:
    db = streamed.database()
    async with db:
        await write(db, 1, 2, 3)
        await wait_for_replicas(streamed, db, 2)
    await replay("pause", *streaming[1:])
    try:
        async with db:
            await write(db, 4)
            assert await db.fetch_all(READ) == [{"id": 1}, {"id": 2}, {"id": 3}, {"id": 4}]
        async with db:
            assert len(await db.fetch_all(READ)) == 4
    finally:
        await replay("resume", *streaming[1:])


async def test_a_write_that_close_waits_for_is_told_as_done(streamed: Watched) -> None:
    db = await streamed.database().connect()
    slow = (
        db.insert_into(item)
        .columns(item.id)
        .from_select(select(sql("1").as_("id")).where(sql("pg_sleep(0.3) IS NOT NULL")))
    )
    writing = asyncio.create_task(slow.execute())
    await asyncio.sleep(0.1)
    await db.close()
    assert (await writing).rows_affected == 1


async def test_a_sequence_is_asked_of_the_primary(streamed: Watched, streaming: list[PrivateServer]) -> None:
    async with streamed.database() as db:
        await db.execute(sql("CREATE SEQUENCE IF NOT EXISTS tickets"))
        number = select(fn.nextval("tickets").as_("number"))
        await wait_for_replicas(streamed, db, 2)
        first = await db.fetch_value(number)
        assert await db.fetch_value(number) == first + 1
        await db.execute(sql("DROP SEQUENCE tickets"))


async def test_writes_that_were_never_sent_keep_no_read_from_replicas(
    streamed: Watched, streaming: list[PrivateServer]
) -> None:
    primary, *standbys = [each.url() for each in streaming]
    async with proxy_to(primary) as proxy, Watched(proxy.url, standbys).database() as db:
        proxy.server = ("127.0.0.1", free_port())
        proxy.cut()
        await asyncio.sleep(0.05)  # the pool hears of it
        for _ in range(3):
            with pytest.raises(ConnectError):
                await write(db, 1)
            assert await db.fetch_all(READ) == []


async def test_one_whose_connections_all_hang_is_left_out(streamed: Watched, streaming: list[PrivateServer]) -> None:
    primary, first, _ = [each.url() for each in streaming]
    async with proxy_to(first) as proxy:
        silent = Database(proxy.url, pool_size=2, connect_timeout=1, close_timeout=0)
        async with Database.replicated(primary, [silent], check_every=0.2) as db:
            await asyncio.gather(*[db.fetch_all(READ) for _ in range(2)])
            assert silent.pool.idle == 2
            proxy.stall()
            stuck = [asyncio.create_task(db.fetch_all(READ)) for _ in range(5)]
            await until(lambda: is_left_out(db))
            assert await db.fetch_all(READ) == []
            proxy.go_on()
            assert await asyncio.gather(*stuck) == [[]] * 5


async def is_left_out(db: ReplicatedDatabase) -> bool:
    return not db.replicas[0].is_healthy


async def is_back(db: ReplicatedDatabase) -> bool:
    return db.replicas[0].is_healthy


async def test_one_whose_connections_are_all_in_use_is_not(streamed: Watched, streaming: list[PrivateServer]) -> None:
    primary, first, _ = [each.url() for each in streaming]
    busy = Database(first, pool_size=1)
    async with Database.replicated(primary, [busy], check_every=0.1) as db:
        slow = asyncio.create_task(db.on_replicas().fetch_value(sql("SELECT pg_sleep(1)")))
        while not slow.done():
            await asyncio.sleep(0.02)
            assert db.replicas[0].is_healthy


async def test_another_server_at_the_same_address_is_asked_anew(
    streamed: Watched, streaming: list[PrivateServer]
) -> None:
    """As a load balancer or a name has it; or the same one, after it went down and came back with less."""
    primary, first, second = [each.url() for each in streaming]
    async with proxy_to(first) as proxy, proxy_to(second) as other:
        watched = Watched(primary, [proxy.url])
        async with watched.database() as db:
            await write(db, 1)
            await wait_for_replicas(watched, db, 1)
            await replay("pause", streaming[2])
            try:
                await write(db, 2)
                await wait_for_replicas(watched, db, 1)
                proxy.server = other.server
                proxy.cut()
                await asyncio.sleep(0.05)
                assert await db.fetch_all(READ) == [{"id": 1}, {"id": 2}]
                assert [row async for row in db.stream(READ)] == [{"id": 1}, {"id": 2}]
            finally:
                await replay("resume", streaming[2])
            await wait_for_replicas(watched, db, 1)


async def test_a_read_does_not_wait_for_how_far_the_silent_are(
    streamed: Watched, streaming: list[PrivateServer]
) -> None:
    primary, first, _ = [each.url() for each in streaming]
    async with proxy_to(first) as proxy:
        silent = Database(proxy.url, close_timeout=0)
        async with Database.replicated(primary, [silent], check_every=0.5) as db:
            proxy.stall()
            await write(db, 1)
            began = time.monotonic()
            assert await db.fetch_all(READ) == [{"id": 1}]
            assert time.monotonic() - began < 4
            proxy.go_on()


async def test_checks_go_on_whatever_a_program_raises(streamed: Watched, streaming: list[PrivateServer]) -> None:
    primary, first, _ = [each.url() for each in streaming]
    tries = 0

    async def fail_thrice(session: Any) -> None:
        nonlocal tries
        tries += 1
        if tries <= 3:
            raise LookupError("no such secret")

    replica = Database(first, on_connect=fail_thrice)
    async with Database.replicated(primary, [replica], check_every=0.05) as db:
        assert type(db.replicas[0].error) is LookupError
        assert await db.fetch_all(READ) == []
        await until(lambda: is_back(db))


async def test_a_cancelled_close_closes_all_the_same(streamed: Watched) -> None:
    db = await streamed.database().connect()
    closing = asyncio.create_task(db.close())
    await asyncio.sleep(0)
    closing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await closing
    assert not any(each.is_connected for each in streamed.parts)
    assert len(asyncio.all_tasks()) == 1


async def test_reads_leave_no_task_behind(streamed: Watched) -> None:
    async with streamed.database() as db:
        await db.fetch_all(READ)
        tasks = asyncio.all_tasks()
        for _ in range(5):
            await db.fetch_all(READ)
            await asyncio.sleep(0)
            assert asyncio.all_tasks() == tasks


async def test_cancelled_reads_let_others_ask_how_far_replicas_are(streamed: Watched) -> None:
    async with streamed.database() as db:
        for number in range(20):
            await write(db, number)
            reads = [asyncio.create_task(db.fetch_all(READ)) for _ in range(6)]
            await asyncio.sleep(0.0005 * number)
            for each in reads[::2]:
                each.cancel()
            gone = await asyncio.gather(*reads, return_exceptions=True)
            assert all(len(rows) == number + 1 for rows in gone if not isinstance(rows, BaseException))
            assert not [each for each in gone[1::2] if isinstance(each, BaseException)]
        for part in streamed.parts:
            await until(lambda part=part: is_all_idle(part))


async def is_all_idle(part: Database) -> bool:
    return part.pool.idle == part.pool.size
