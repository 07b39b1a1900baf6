"""LISTEN and NOTIFY."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator

import asyncpg
import pytest

from querykit import Notification, sql
from querykit.errors import (
    BuildError,
    ClosedError,
    ConcurrentUseError,
    ConnectionLostError,
    DataError,
    NotificationsLostError,
    UsageError,
)
from querykit.execution.database import Database
from tests.execution.conftest import Item
from tests.proxy import proxy_to

pytestmark = [pytest.mark.databases("postgres"), pytest.mark.own_session]

CHANNELS = ["news", "News", "two words", 'quo"te', "select", "ünï😀", "x" * 63, "a'; DROP TABLE item; --", "%s $1 \\"]


async def soon(notifications: object) -> Notification:
    async with asyncio.timeout(5):
        return await anext(notifications)


async def is_idle(db: Database) -> bool:
    await asyncio.sleep(0.1)  # resets are done in the background
    return db.pool.size == db.pool.idle


@pytest.fixture
async def own(urls: dict[str, str], database_name: str) -> AsyncIterator[Database]:
    """A database, every connection of which comes back."""
    async with Database(urls[database_name], pool_size=3) as own:
        yield own
        assert await is_idle(own)


async def test_what_is_sent_arrives_in_order(own: Database, db: Database) -> None:
    async with own.listen("news") as notifications:
        for number in range(100):
            await db.notify("news", str(number))
        received = [await soon(notifications) for _ in range(100)]
    assert [each.payload for each in received] == [str(number) for number in range(100)]
    assert {each.channel for each in received} == {"news"}
    assert all(each.process_id > 0 for each in received)


@pytest.mark.parametrize("channel", CHANNELS)
async def test_a_channel_is_its_name_whatever_is_in_it(own: Database, items: Item, channel: str) -> None:
    async with own.listen(channel) as notifications:
        if channel.swapcase() != channel:
            await own.notify(channel.swapcase(), "not this one")
        await own.notify(channel, channel)
        received = await soon(notifications)
        assert (received.channel, received.payload) == (channel, channel)
    assert await own.select_from(items).select(items.id).fetch_all() == []


async def test_several_channels_are_heard_at_once(own: Database) -> None:
    async with own.listen("one", "two", "one") as notifications:
        await own.notify("two", "2")
        await own.notify("three", "3")
        await own.notify("one")
        assert [(each.channel, each.payload) for each in [await soon(notifications), await soon(notifications)]] == [
            ("two", "2"),
            ("one", ""),
        ]


@pytest.mark.parametrize("wrong", ["", "nu\0l", "x" * 64, "é" * 32, 5, None])
async def test_what_can_be_no_channel_is_refused(own: Database, wrong: object) -> None:
    with pytest.raises(BuildError, match="63 bytes"):
        own.listen(wrong)
    with pytest.raises(BuildError, match="at least one"):
        own.listen()


async def test_a_text_that_is_too_long_is_refused(own: Database) -> None:
    async with own.listen("news") as notifications:
        for channel, payload in (("news", "x" * 8000), ("x" * 64, "hello"), ("", "hello")):
            with pytest.raises(DataError):
                await own.notify(channel, payload)
        await own.notify("news", "x" * 7999)
        assert len((await soon(notifications)).payload) == 7999


@pytest.mark.parametrize("wrong", [0, -1, True, None, "10"])
async def test_wrong_options_are_refused(own: Database, wrong: object) -> None:
    with pytest.raises(UsageError, match="max_waiting"):
        own.listen("news", max_waiting=wrong)
    with pytest.raises(UsageError, match="check_after"):
        own.listen("news", check_after=wrong if wrong != "10" else float("nan"))


async def test_a_transaction_sends_when_it_commits(own: Database, db: Database) -> None:
    async with own.listen("news") as notifications:
        async with db.transaction() as trx:
            await trx.notify("news", "kept")
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.1):
                    await anext(notifications)
        with pytest.raises(ZeroDivisionError):
            async with db.transaction() as trx:
                await trx.notify("news", "undone")
                raise ZeroDivisionError
        await db.notify("news", "after")
        assert [(await soon(notifications)).payload for _ in range(2)] == ["kept", "after"]


async def test_nothing_is_missed_once_the_block_is_entered(own: Database, db: Database) -> None:
    """Not even what comes in one piece with the answer to LISTEN."""

    async def send() -> None:
        while not is_over:
            await db.notify("news", "x")

    for _ in range(20):
        is_over = False
        sender = asyncio.create_task(send())
        async with own.listen("news") as notifications:
            await db.notify("news", "marked")
            is_over = True
            await sender
            seen = [(await soon(notifications)).payload]
            while seen[-1] != "marked":
                seen.append((await soon(notifications)).payload)
            assert seen.count("marked") == 1
            assert set(seen) <= {"x", "marked"}


async def test_the_connection_is_given_back_and_hears_nothing_more(own: Database, db: Database) -> None:
    async with own.listen("news"):
        assert own.pool.size - own.pool.idle == 1
        await db.notify("news", "unread")
    assert await is_idle(own)
    for _ in range(2):
        assert await own.fetch_all(sql("SELECT * FROM pg_listening_channels()")) == []


async def test_leaving_early_leaves_nothing(own: Database, db: Database) -> None:
    for _ in range(5):
        async with own.listen("news") as notifications:
            await db.notify("news", "first")
            await db.notify("news", "second")
            async for each in notifications:
                assert each.payload == "first"
                break
    with pytest.raises(ZeroDivisionError):
        async with own.listen("news"):
            raise ZeroDivisionError
    assert await is_idle(own)


async def test_a_cancelled_reader_leaves_nothing_and_loses_nothing(own: Database, db: Database) -> None:
    async with own.listen("news") as notifications:
        for number in range(20):
            reader = asyncio.create_task(anext(notifications))
            await asyncio.sleep(0)
            reader.cancel()
            with pytest.raises(asyncio.CancelledError):
                await reader
            await db.notify("news", str(number))
            assert (await soon(notifications)).payload == str(number)

    async def listen() -> None:
        async with own.listen("news") as inner:
            async for _ in inner:
                pass

    for delay in (0, 0.0005, 0.001, 0.002, 0.005, 0.05):
        listener = asyncio.create_task(listen())
        await asyncio.sleep(delay)
        listener.cancel()
        with pytest.raises(asyncio.CancelledError):
            await listener
    assert await is_idle(own)
    assert await own.fetch_all(sql("SELECT * FROM pg_listening_channels()")) == []


async def test_what_nobody_reads_is_bounded_and_told(own: Database, db: Database) -> None:
    async with own.listen("news", max_waiting=3) as notifications:
        for number in range(10):
            await db.notify("news", str(number))
        await asyncio.sleep(0.1)
        assert [(await soon(notifications)).payload for _ in range(3)] == ["0", "1", "2"]
        for _ in range(2):
            with pytest.raises(NotificationsLostError, match="more than 3"):
                await soon(notifications)


async def test_a_lost_connection_is_told_after_what_came_before(own: Database, db: Database) -> None:
    async with own.listen("news") as notifications:
        await db.notify("news", "before")
        await asyncio.sleep(0.1)
        await db.fetch_all(
            sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%news%'")
        )
        assert (await soon(notifications)).payload == "before"
        for _ in range(2):
            with pytest.raises(ConnectionLostError):
                await soon(notifications)
    async with own.listen("news") as notifications:
        await db.notify("news", "again")
        assert (await soon(notifications)).payload == "again"


async def test_a_waiting_reader_hears_of_the_loss_at_once(urls: dict[str, str], database_name: str) -> None:
    async with (
        proxy_to(urls[database_name]) as proxy,
        Database(proxy.url, close_timeout=1) as far,
        far.listen("news") as notifications,
    ):
        reader = asyncio.create_task(anext(notifications))
        await asyncio.sleep(0.05)
        proxy.cut()
        with pytest.raises(ConnectionLostError):
            async with asyncio.timeout(1):
                await reader


async def test_a_connection_that_was_cut_without_a_word_is_found(
    urls: dict[str, str], database_name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("querykit.execution.notifications.CHECK_TIMEOUT", 0.2)
    monkeypatch.setattr("querykit.dialects.postgres.asyncpg_driver.SETTLE_TIMEOUT", 0.2)
    async with (
        proxy_to(urls[database_name]) as proxy,
        Database(proxy.url, close_timeout=1) as far,
        far.listen("news", check_after=0.05) as notifications,
    ):
        await asyncio.sleep(0.2)
        await far.notify("news", "a quiet connection is still there")
        await soon(notifications)
        proxy.stall()
        began = time.monotonic()
        with pytest.raises(ConnectionLostError):
            await anext(notifications)
        assert time.monotonic() - began < 2
        proxy.go_on()


async def test_checks_do_not_disturb(own: Database, db: Database) -> None:
    async with own.listen("news", check_after=0.01) as notifications:
        reader = asyncio.create_task(soon(notifications))
        await asyncio.sleep(0.2)
        await db.notify("news", "hello")
        assert (await reader).payload == "hello"


async def test_two_readers_are_refused(own: Database, db: Database) -> None:
    async with own.listen("news") as notifications:
        reader = asyncio.create_task(anext(notifications))
        await asyncio.sleep(0)
        with pytest.raises(ConcurrentUseError):
            await anext(notifications)
        await db.notify("news", "hello")
        assert (await reader).payload == "hello"


async def test_it_is_read_within_its_block_alone(own: Database) -> None:
    notifications = own.listen("news")
    with pytest.raises(ClosedError, match="async with"):
        await anext(notifications)
    async with notifications:
        reader = asyncio.create_task(anext(notifications))
        await asyncio.sleep(0)
    with pytest.raises(ClosedError):
        await reader
    with pytest.raises(ClosedError):
        await anext(notifications)
    with pytest.raises(UsageError, match="once"):
        await notifications.__aenter__()


async def test_a_task_in_a_transaction_listens_outside_of_it_on_purpose(own: Database) -> None:
    async with own.transaction() as trx:
        with pytest.raises(UsageError, match="outside"):
            async with own.listen("news"):
                pass
        async with own.outside().listen("news") as notifications:
            await trx.notify("news", "not yet")
            await own.outside().notify("news", "now")
            assert (await soon(notifications)).payload == "now"


async def test_closing_the_database_ends_it(urls: dict[str, str], database_name: str) -> None:
    db = await Database(urls[database_name], close_timeout=0.2).connect()

    async def listen() -> None:
        async with db.listen("news") as notifications:
            async for _ in notifications:
                pass

    listener = asyncio.create_task(listen())
    await asyncio.sleep(0.1)
    await db.close()
    with pytest.raises((ConnectionLostError, ClosedError)):
        await listener


async def test_the_log_is_told_of_it(urls: dict[str, str], database_name: str) -> None:
    told: list[str] = []
    async with (
        Database(urls[database_name], log=lambda entry: told.append(entry.sql), tags={"app": "shop"}) as db,
        db.listen("news") as notifications,
    ):
        await db.notify("news", "hello")
        assert (await soon(notifications)).payload == "hello"
    assert "LISTEN \"news\" /*app='shop'*/" in told
    assert "SELECT PG_NOTIFY($1::text, $2::text) /*app='shop'*/" in told


async def test_a_pool_that_the_program_brings_listens_too(
    urls: dict[str, str], database_name: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with asyncpg.create_pool(urls[database_name], min_size=1, max_size=2) as pool, Database(pool) as db:
        async with db.listen("news") as notifications:
            await db.notify("news", "hello")
            assert (await soon(notifications)).payload == "hello"
        await asyncio.sleep(0.1)
        assert await pool.fetch("SELECT * FROM pg_listening_channels()") == []
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


async def test_many_listeners_hear_everything(urls: dict[str, str], database_name: str) -> None:
    async with Database(urls[database_name], pool_size=12) as db:
        ready = asyncio.Barrier(11)

        async def listen() -> list[str]:
            async with db.listen("news") as notifications:
                await ready.wait()
                return [(await soon(notifications)).payload for _ in range(200)]

        listeners = [asyncio.create_task(listen()) for _ in range(10)]
        await ready.wait()
        for number in range(200):
            await db.notify("news", str(number))
        for listener in listeners:
            assert await listener == [str(number) for number in range(200)]
