"""Cancelled and timed-out calls: they stop at the server, leave no doubt and no trace."""

import asyncio
import contextlib
import random
import time
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from querykit import CircuitBreakerPlugin, RetryPlugin, param, select, select_from, sql, value
from querykit.errors import ClosedError, DatabaseError, QueryTimeoutError
from querykit.execution.database import Database
from querykit.execution.runner import Runner
from querykit.execution.transaction import Transaction
from tests.execution.conftest import Item, Slow


async def gone(db: Database, slow: Slow) -> bool:
    """Whether nothing slow runs at the server any more, or stops within a second."""
    if slow.running is None:
        return True
    deadline = time.monotonic() + 1
    while await db.fetch_value(slow.running):
        if time.monotonic() > deadline:
            return False
    return True


async def works(runner: Runner) -> None:
    """A hundred queries get their own answers."""
    for number in range(100):
        assert await runner.fetch_value(select(value(number).as_("n"))) == number


async def start(task: asyncio.Task[object]) -> None:
    """Let a statement reach the server."""
    await asyncio.sleep(0.2)
    assert not task.done()


async def cancelled(task: asyncio.Task[object]) -> float:
    """Cancel a task; how long it took to end."""
    began = time.monotonic()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    return time.monotonic() - began


async def test_a_cancelled_read_stops_at_the_server(db: Database, slow: Slow) -> None:
    task: asyncio.Task[object] = asyncio.create_task(db.fetch_all(slow.read))
    await start(task)
    while slow.running is not None and not await db.fetch_value(slow.running):
        assert not task.done()
    assert await cancelled(task) < 1
    assert await gone(db, slow)
    await works(db)


async def test_a_cancelled_write_has_landed_or_never_will(db: Database, items: Item, slow: Slow) -> None:
    task: asyncio.Task[object] = asyncio.create_task(db.execute(slow.write))
    await start(task)
    assert await cancelled(task) < 1
    assert await gone(db, slow)
    assert await db.select_from(items).select(items.id).fetch_all() == []
    await works(db)


async def test_a_timeout_stops_the_statement(db: Database, slow: Slow) -> None:
    began = time.monotonic()
    with pytest.raises(QueryTimeoutError, match=r"within 0\.2 s") as caught:
        await db.fetch_all(slow.read, timeout=0.2)
    assert time.monotonic() - began < 1.2
    assert caught.value.sql is not None
    assert await gone(db, slow)
    await works(db)


async def test_the_default_timeout_can_be_overridden(urls: dict[str, str], database_name: str, slow: Slow) -> None:
    async with Database(urls[database_name], timeout=0.2) as db:
        for runs in (db.fetch_all, db.fetch_one, db.execute):
            with pytest.raises(QueryTimeoutError):
                await runs(slow.read)
        async with db.connection() as connection:
            with pytest.raises(QueryTimeoutError):
                await connection.fetch_all(slow.read)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.5):
                await db.fetch_all(slow.read, timeout=20)
        assert await gone(db, slow)


async def test_a_cancelled_transaction_is_undone(db: Database, items: Item, slow: Slow) -> None:
    async def work() -> None:
        async with db.transaction() as trx:
            await trx.insert_into(items).values(id=1).execute()
            async with trx.transaction() as inner:
                await inner.insert_into(items).values(id=2).execute()
                await inner.fetch_all(slow.read)

    task: asyncio.Task[object] = asyncio.create_task(work())
    await start(task)
    assert await cancelled(task) < 1
    assert await gone(db, slow)
    assert await db.select_from(items).select(items.id).fetch_all() == []
    await works(db)


async def test_a_timeout_in_a_transaction_leaves_nothing(db: Database, items: Item, slow: Slow) -> None:
    with pytest.raises(QueryTimeoutError):
        async with db.transaction() as trx:
            await trx.insert_into(items).values(id=1).execute()
            await trx.fetch_all(slow.read, timeout=0.2)
    assert await db.select_from(items).select(items.id).fetch_all() == []
    await works(db)


@pytest.mark.databases("postgres", "mysql", "mariadb")
async def test_a_swallowed_timeout_does_not_let_the_rest_be_kept_one_by_one(
    db: Database, items: Item, slow: Slow
) -> None:
    with pytest.raises((DatabaseError, ClosedError)):
        async with db.transaction() as trx:
            await trx.insert_into(items).values(id=1).execute()
            with pytest.raises(QueryTimeoutError):
                await trx.fetch_all(slow.read, timeout=0.2)
            await trx.insert_into(items).values(id=2).execute()
    assert await db.select_from(items).select(items.id).fetch_all() == []


async def test_a_cancelled_pinned_connection_is_clean_for_the_next(db: Database, slow: Slow) -> None:
    async def work() -> None:
        async with db.connection() as connection:
            await connection.fetch_all(slow.read)

    task: asyncio.Task[object] = asyncio.create_task(work())
    await start(task)
    assert await cancelled(task) < 1
    await works(db)


async def test_a_cancelled_stream_is_clean_for_the_next(db: Database, items: Item) -> None:
    await db.insert_into(items).values([{"id": n} for n in range(50)]).execute()

    async def work() -> None:
        async for _ in db.select_from(items).select(items.id).stream(chunk_size=1):
            await asyncio.sleep(0.01)

    task: asyncio.Task[object] = asyncio.create_task(work())
    await start(task)
    assert await cancelled(task) < 1
    await works(db)


async def test_who_waits_for_a_connection_can_be_cancelled(urls: dict[str, str], database_name: str) -> None:
    async with Database(urls[database_name], pool_size=1) as db:
        async with db.connection():
            waiting: list[asyncio.Task[object]] = [asyncio.create_task(_pinned(db)) for _ in range(5)]
            await asyncio.sleep(0.05)
            for task in waiting[::2]:
                await cancelled(task)
        await asyncio.gather(*waiting[1::2])
        assert [task.cancelled() for task in waiting] == [True, False, True, False, True]
        assert (db.pool.size, db.pool.idle, db.pool.waiting) == (1, 1, 0)
        await works(db)


async def _pinned(db: Database) -> None:
    async with db.connection() as connection:
        await connection.fetch_value(select(value(1).as_("n")))


async def test_a_commit_under_way_is_not_torn(db: Database, items: Item) -> None:
    """Cancelled anywhere around COMMIT, a transaction is kept whole or not at all, and is by then."""

    async def work(number: int) -> None:
        async with db.transaction() as trx:
            await trx.insert_into(items).values([{"id": number}, {"id": -number}]).execute()

    for number in range(1, 60):
        task = asyncio.create_task(work(number))
        await asyncio.sleep(random.uniform(0, 0.004))
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        kept = await db.select_from(items).select(items.id).where(items.id.is_in([number, -number])).fetch_column()
        assert len(kept) in {0, 2}
    await works(db)


async def test_random_cancellations_leave_right_rows_and_right_answers(db: Database, items: Item) -> None:
    """What a cancelled call left is there, whole or not at all, when its CancelledError arrives, and stays so."""
    seen: set[int] = set()

    async def write(number: int) -> None:
        await db.insert_into(items).values(id=number).execute()

    async def write_twice(number: int) -> None:
        async with db.transaction() as trx:
            await trx.insert_into(items).values(id=number).execute()
            async with trx.transaction() as inner:
                await inner.insert_into(items).values(id=-number).execute()

    async def read(number: int) -> None:
        assert await db.fetch_value(select(value(number).as_("n"))) == number

    async def stream(_: int) -> None:
        async for _row in db.stream(db.select_from(items).select(items.id), chunk_size=7):
            pass

    async def pin(number: int) -> None:
        async with db.connection() as connection:
            assert await connection.fetch_value(sql("SELECT {} + 0", number)) == number

    numbers = iter(range(1, 1000))

    async def worker() -> None:
        for number in numbers:
            work = random.choice([write, write_twice, read, stream, pin])
            task = asyncio.create_task(work(number))
            await asyncio.sleep(random.choice([0, 0.0003, 0.001, 0.003, 0.01, 0.02]))
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
            left = await db.select_from(items).select(items.id).where(items.id.is_in([number, -number])).fetch_column()
            assert len(left) in ({0, 2} if work is write_twice else {0, 1})
            seen.update(left)

    await asyncio.gather(*[worker() for _ in range(8)])
    assert set(await db.select_from(items).select(items.id).fetch_column()) == seen
    await works(db)
    await asyncio.sleep(0.05)
    assert db.pool.size == db.pool.idle


async def _in_savepoints(db: Database, items: Item, number: int) -> None:
    async with db.transaction() as trx:
        await trx.insert_into(items).values(id=number).execute()
        async with trx.transaction() as inner:
            await inner.insert_into(items).values(id=-number).execute()


async def _on_a_connection(db: Database, items: Item, number: int) -> None:
    async with db.connection() as connection:
        await connection.fetch_value(select(value(1).as_("n")))
        async with connection.transaction() as trx:
            await trx.insert_into(items).values([{"id": number}, {"id": -number}]).execute()


async def _many(db: Database, items: Item, number: int) -> None:
    query = db.insert_into(items).values(id=param("id", int))
    await db.execute_many(query, [{"id": number}, {"id": -number}])


async def _again(db: Database, items: Item, number: int) -> None:
    async def work(trx: Transaction) -> None:
        await trx.insert_into(items).values([{"id": number}, {"id": -number}]).execute()

    await db.with_plugin(RetryPlugin()).with_plugin(CircuitBreakerPlugin()).run_in_transaction(work)


async def _streamed(db: Database, items: Item, number: int) -> None:
    async with db.transaction() as trx:
        async for _ in trx.stream(select_from(items).select(items.id), chunk_size=1):
            pass
        await trx.insert_into(items).values([{"id": number}, {"id": -number}]).execute()


async def _asked_for_health(db: Database, items: Item, number: int) -> None:
    await db.health()


@pytest.mark.parametrize("work", [_in_savepoints, _on_a_connection, _many, _again, _streamed, _asked_for_health])
async def test_cancelled_at_each_of_its_steps_it_leaves_nothing_behind(
    urls: dict[str, str], database_name: str, db: Database, items: Item, work: Callable[..., Coroutine[Any, Any, None]]
) -> None:
    """Once in each turn of the loop, and some milliseconds into each: all is kept, or nothing, and no connection lost."""
    async with Database(urls[database_name], pool_size=3) as used:
        for number in range(1, 45):
            task = asyncio.create_task(work(used, items, number))
            for _ in range(number):
                await asyncio.sleep(0)
            await asyncio.sleep(0 if number % 3 else number / 10_000)
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
            kept = await db.select_from(items).select(items.id).where(items.id.is_in([number, -number])).fetch_column()
            assert len(kept) in {0, 2}
        assert await asyncio.gather(*[used.fetch_value(select(value(1).as_("n"))) for _ in range(30)]) == [1] * 30
        for _ in range(100):
            await asyncio.sleep(0.01)  # for connections that are on their way back
            if used.pool.size == used.pool.idle:
                break
        assert used.pool.size == used.pool.idle


async def test_a_cancelled_connect_or_close_leaves_nothing_open(urls: dict[str, str], database_name: str) -> None:
    for steps in range(20):
        db = Database(urls[database_name])
        for use in (db.connect, db.close):
            task: asyncio.Task[object] = asyncio.create_task(use())
            for _ in range(steps):
                await asyncio.sleep(0)
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
            if use == db.connect and not db.is_connected:
                await db.connect()
        assert not db.is_connected or not await db.close()


@pytest.mark.databases("sqlite")
async def test_waiting_for_the_lock_of_another_process_can_be_cancelled(urls: dict[str, str], items: Item) -> None:
    async with Database(urls["sqlite"]) as other, Database(urls["sqlite"]) as db, other.transaction():
        write = db.insert_into(items).values(id=1)
        task: asyncio.Task[object] = asyncio.create_task(write.execute())
        await start(task)
        assert await cancelled(task) < 0.5
        task = asyncio.create_task(_transaction(db))
        await start(task)
        assert await cancelled(task) < 0.5
    async with Database(urls["sqlite"]) as db:
        assert await db.select_from(items).select(items.id).fetch_all() == []


async def _transaction(db: Database) -> None:
    async with db.transaction():
        await db.fetch_all(sql("SELECT 1 AS one"))
