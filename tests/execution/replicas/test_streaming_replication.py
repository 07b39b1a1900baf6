"""PostgreSQL with two hot standbys, by streaming replication: what is known where, and when one is not there."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from querykit import Database, fn, param, select, select_from, sql
from querykit.errors import ConnectError, ConnectionLostError, QueryTimeoutError, ReadOnlyError, SerializationError
from querykit.execution.replicated import ReplicatedDatabase
from tests.execution.conftest import item
from tests.execution.replicas.conftest import Watched, until
from tests.proxy import Proxy, proxy_to
from tests.servers import PrivateServer
from tests.servers.process import free_port

pytestmark = pytest.mark.databases("postgres")

READ = select_from(item).select(item.id).order_by(item.id)


@pytest.fixture(autouse=True)
def impatient(database_name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Give up the silent sooner than programs do. These tests run where those of PostgreSQL do, on servers of their own."""
    monkeypatch.setattr("querykit.dialects.postgres.asyncpg_driver.SETTLE_TIMEOUT", 0.5)


async def on_standbys(streaming: list[PrivateServer], text: str) -> None:
    for each in streaming[1:]:
        async with Database(each.url()) as standby:
            await standby.fetch_value(sql.raw(text))


async def by_execute(db: ReplicatedDatabase, number: int) -> None:
    await db.insert_into(item).values(id=number).execute()


async def by_returning(db: ReplicatedDatabase, number: int) -> None:
    assert await db.insert_into(item).values(id=number).returning(item.id).fetch_value() == number


async def by_raw(db: ReplicatedDatabase, number: int) -> None:
    await db.execute(sql("INSERT INTO item VALUES ({})", number))


async def in_a_transaction(db: ReplicatedDatabase, number: int) -> None:
    async with db.transaction() as trx:
        await trx.insert_into(item).values(id=number).execute()


async def on_a_connection(db: ReplicatedDatabase, number: int) -> None:
    async with db.connection() as connection:
        await connection.insert_into(item).values(id=number).execute()
        assert {"id": number} in await db.fetch_all(READ)  # it is kept already


async def many(db: ReplicatedDatabase, number: int) -> None:
    await db.execute_many(db.insert_into(item).values(id=param("id", int)), [{"id": number}])


async def by_copy(db: ReplicatedDatabase, number: int) -> None:
    await db.copy_into(item, [{"id": number}])


async def for_another_request(db: ReplicatedDatabase, number: int) -> None:
    await db.with_context(tenant=1).insert_into(item).values(id=number).execute()


WRITES: list[Callable[[ReplicatedDatabase, int], Awaitable[None]]] = [
    *(by_execute, by_returning, by_raw, in_a_transaction, on_a_connection, many, by_copy, for_another_request)
]


async def test_reads_see_what_was_written_before(streamed: Watched, streaming: list[PrivateServer]) -> None:
    await on_standbys(streaming, "SELECT pg_wal_replay_pause()")
    try:
        async with streamed.database() as db:
            assert await streamed.places(db.fetch_all(READ)) != ["primary"]
            for number, write in enumerate(WRITES):
                await write(db, number)
                streamed.seen.clear()
                assert await db.fetch_all(READ) == [{"id": each} for each in range(number + 1)], write.__name__
                assert await streamed.places(db.fetch_all(READ)) == ["primary"], write.__name__
            async with Database(streaming[1].url()) as standby:
                assert await standby.fetch_all(READ) == []  # it is behind indeed
            await on_standbys(streaming, "SELECT pg_wal_replay_resume()")

            async def is_read_from_a_replica() -> bool:
                places = await streamed.places(db.fetch_all(READ))
                return places != ["primary"]

            await until(is_read_from_a_replica)
            assert await db.fetch_all(READ) == [{"id": each} for each in range(len(WRITES))]
    finally:
        await on_standbys(streaming, "SELECT pg_wal_replay_resume()")


async def test_reads_may_be_behind_where_that_is_said(streamed: Watched, streaming: list[PrivateServer]) -> None:
    await on_standbys(streaming, "SELECT pg_wal_replay_pause()")
    try:
        async with streamed.database(read_your_writes=False) as db:
            await by_execute(db, 1)
            assert await db.fetch_all(READ) == []
    finally:
        await on_standbys(streaming, "SELECT pg_wal_replay_resume()")


async def test_how_far_a_replica_is_is_asked_once_for_a_write(streamed: Watched) -> None:
    async with streamed.database() as db:
        await by_execute(db, 1)
        streamed.seen.clear()
        await asyncio.gather(*[db.fetch_all(READ) for _ in range(20)])
        assert len([text for _, text in streamed.seen if "current_wal" in text]) == 1

        async def is_known_everywhere() -> bool:
            await db.fetch_all(READ)
            streamed.seen.clear()
            await asyncio.gather(*[db.fetch_all(READ) for _ in range(20)])
            return not any("wal" in text for _, text in streamed.seen)

        await until(is_known_everywhere)
        assert {name for name, _ in streamed.seen} == {"replica 1", "replica 2"}


async def test_standbys_refuse_writes(streamed: Watched) -> None:
    async with streamed.database() as db:
        with pytest.raises(ReadOnlyError):
            await db.on_replicas().execute(sql("INSERT INTO item VALUES (1)"))


async def test_no_read_fails_while_standbys_go_and_come_back(streamed: Watched, streaming: list[PrivateServer]) -> None:
    async with streamed.database(check_every=0.1) as db:
        await db.insert_into(item).values([{"id": each} for each in range(10)]).execute()
        is_over, reads = False, 0

        async def read_on() -> None:
            nonlocal reads
            while not is_over:
                assert len(await db.fetch_all(READ)) == 10
                reads += 1

        async with asyncio.TaskGroup() as tasks:
            for _ in range(5):
                tasks.create_task(read_on())
            for each in streaming[1:]:
                await asyncio.sleep(0.1)
                await asyncio.to_thread(each.restart)
            await until(lambda: all_healthy(db))
            is_over = True
        assert reads > 50
        assert any(state.error for state in db.replicas)  # one was missed at least


async def all_healthy(db: ReplicatedDatabase) -> bool:
    return all(state.is_healthy for state in db.replicas)


async def test_a_primary_that_is_gone_takes_only_writes_along(
    streamed: Watched, streaming: list[PrivateServer]
) -> None:
    primary, *standbys = [each.url() for each in streaming]
    async with proxy_to(primary) as proxy, Watched(proxy.url, standbys).database() as db:
        server = vanish(proxy)
        assert await db.fetch_all(READ) == []
        with pytest.raises((ConnectError, ConnectionLostError)):
            await by_execute(db, 1)
        proxy.server = server
        await by_execute(db, 2)
        assert await db.fetch_all(READ) == [{"id": 2}]


async def test_replicas_that_are_gone_leave_the_primary(streamed: Watched, streaming: list[PrivateServer]) -> None:
    primary, first, second = [each.url() for each in streaming]
    async with proxy_to(first) as one, proxy_to(second) as two:
        server = vanish(one)  # before it was ever connected
        watched = Watched(primary, [one.url, two.url])
        async with watched.database(check_every=0.1) as db:
            assert [state.is_healthy for state in db.replicas] == [False, True]
            assert isinstance(db.replicas[0].error, ConnectError)
            assert await watched.places(db.fetch_all(READ)) == ["replica 2"]
            vanish(two)
            assert (await watched.places(db.fetch_all(READ)))[-1] == "primary"
            assert await watched.places(db.fetch_all(READ)) == ["primary"]
            one.server = server
            await until(lambda: is_healthy(db, 0))
            assert await watched.places(db.fetch_all(READ)) == ["replica 1"]


async def is_healthy(db: ReplicatedDatabase, number: int) -> bool:
    return db.replicas[number].is_healthy


async def test_one_that_says_nothing_is_left_out(streamed: Watched, streaming: list[PrivateServer]) -> None:
    primary, first, _ = [each.url() for each in streaming]
    async with proxy_to(first) as proxy:
        watched = Watched(primary, [proxy.url])
        async with watched.database(check_every=0.2) as db:
            proxy.stall()

            async def is_left_out() -> bool:
                return not db.replicas[0].is_healthy

            await until(is_left_out)
            assert await watched.places(db.fetch_all(READ)) == ["primary"]
            proxy.go_on()
            await until(lambda: is_healthy(db, 0))


async def test_a_stream_that_breaks_is_not_begun_again(streamed: Watched, streaming: list[PrivateServer]) -> None:
    primary, first, _ = [each.url() for each in streaming]
    async with proxy_to(first) as proxy:
        watched = Watched(primary, [proxy.url])
        async with watched.database(read_your_writes=False, check_every=0.1) as db:
            await db.insert_into(item).values([{"id": each} for each in range(5000)]).execute()
            await until(lambda: has_rows(db, 5000))
            seen = 0
            with pytest.raises(ConnectionLostError):
                async for _ in db.stream(READ, chunk_size=10):
                    seen += 1
                    if seen == 20:
                        server = vanish(proxy)
            assert 20 <= seen < 5000
            proxy.server = server
            await until(lambda: is_healthy(db, 0))
            assert [row["id"] async for row in db.stream(READ, chunk_size=1000)] == list(range(5000))
            async for row in db.stream(READ, chunk_size=10):
                if row["id"] == 30:
                    break
            assert db.pool.idle == db.pool.size


async def has_rows(db: ReplicatedDatabase, count: int) -> bool:
    return len(await db.on_replicas().fetch_all(READ)) == count


async def test_rows_that_replay_takes_away_come_from_the_primary(
    streamed: Watched, streaming: list[PrivateServer]
) -> None:
    """A long query on a standby is canceled when replay needs what it reads: "conflict with recovery"."""
    await by_setting(streaming[1], "max_standby_streaming_delay", "'10ms'")
    watched = Watched(streaming[0].url(), [streaming[1].url()])
    async with watched.database(read_your_writes=False) as db:
        await db.insert_into(item).values([{"id": each} for each in range(100)]).execute()
        await until(lambda: has_rows(db, 100))
        rows = select_from(item).select(item.id, fn.call("pg_sleep", 0.01).as_("slept"))
        reading = asyncio.create_task(db.on_replicas().fetch_all(rows))
        await asyncio.sleep(0.2)
        await db.delete_from(item).where(item.id > 49).execute()
        await db.execute(sql("VACUUM item"))
        assert len(await reading) == 50
        assert type(db.replicas[0].error) is SerializationError
        assert db.replicas[0].is_healthy
    await by_setting(streaming[1], "max_standby_streaming_delay", "DEFAULT")


async def by_setting(server: PrivateServer, name: str, setting: str) -> None:
    async with Database(server.url()) as db:
        await db.execute(sql.raw(f"ALTER SYSTEM SET {name} = {setting}"))
        await db.fetch_value(sql("SELECT pg_reload_conf()"))


def vanish(proxy: Proxy) -> tuple[str, int]:
    """Lose a server, with what is under way; gives where it was."""
    server, proxy.server = proxy.server, ("127.0.0.1", free_port())
    proxy.cut()
    return server


async def test_cancelled_reads_leave_their_replica_as_it_was(streamed: Watched) -> None:
    async with streamed.database(read_your_writes=False) as db:
        slow = select(fn.call("pg_sleep", 30))
        for limit in (0.05, 0.1):
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(db.on_replicas().fetch_all(slow), limit)
        with pytest.raises(QueryTimeoutError):
            await db.on_replicas().fetch_all(slow, timeout=0.05)
        assert [state.is_healthy for state in db.replicas] == [True, True]
        assert await streamed.places(db.fetch_all(READ)) in (["replica 1"], ["replica 2"])
