"""What the network can do to a connection, by a proxy that does it."""

import asyncio
import time
from collections.abc import AsyncIterator

import pytest

from querykit import select, value
from querykit.errors import (
    ClosedError,
    CommitOutcomeUnknownError,
    ConnectError,
    ConnectionLostError,
    DatabaseError,
    QueryTimeoutError,
)
from querykit.execution.database import Database
from tests.execution.conftest import Item, Slow
from tests.proxy import NEVER, Proxy, proxy_to

pytestmark = pytest.mark.databases("postgres", "mysql", "mariadb")


@pytest.fixture
async def proxy(urls: dict[str, str], database_name: str) -> AsyncIterator[Proxy]:
    async with proxy_to(urls[database_name]) as proxy:
        yield proxy


@pytest.fixture
async def far(proxy: Proxy) -> AsyncIterator[Database]:
    """The database behind the proxy."""
    async with Database(proxy.url, connect_timeout=1, commit_timeout=0.5, close_timeout=1) as far:
        yield far


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give up the silent sooner than programs do."""
    monkeypatch.setattr("querykit.execution.transaction.ROLLBACK_TIMEOUT", 0.5)
    monkeypatch.setattr("querykit.dialects.postgres.asyncpg_driver.SETTLE_TIMEOUT", 0.5)
    monkeypatch.setattr("querykit.dialects.mysql.driver.MySQLDriver.stop_timeout", 0.5)


async def one(db: Database) -> int:
    return await db.fetch_value(select(value(1).as_("one")))


async def test_answers_that_trickle_are_whole(far: Database, proxy: Proxy) -> None:
    proxy.delay = 0.01
    text = "x" * 300_000
    assert await far.fetch_value(select(value(text).as_("v"))) == text


async def test_a_statement_that_arrives_after_its_cancellation_is_stopped_too(
    far: Database, proxy: Proxy, slow: Slow, db: Database
) -> None:
    await one(far)
    proxy.late = slow.name.encode()
    reading = asyncio.create_task(far.fetch_all(slow.read))
    await asyncio.sleep(0.1)
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    await asyncio.sleep(0.6)  # by then it is there
    assert await db.fetch_value(slow.running) == 0
    proxy.late = NEVER
    assert await one(far) == 1


async def test_a_cut_while_idle_costs_nothing(far: Database, proxy: Proxy) -> None:
    for _ in range(5):
        assert await one(far) == 1
        proxy.cut()
        await asyncio.sleep(0.02)


async def test_a_cut_in_a_query_is_told(far: Database, proxy: Proxy, slow: Slow) -> None:
    task = asyncio.create_task(far.fetch_all(slow.read))
    await asyncio.sleep(0.1)
    proxy.cut()
    with pytest.raises(ConnectionLostError):
        await task
    assert await one(far) == 1


async def test_a_cut_in_a_transaction_undoes_it(far: Database, proxy: Proxy, db: Database, items: Item) -> None:
    with pytest.raises(ConnectionLostError):
        async with far.transaction() as trx:
            await trx.insert_into(items).values(id=1).execute()
            proxy.cut()
            await asyncio.sleep(0.02)
            await trx.insert_into(items).values(id=2).execute()
    assert await one(far) == 1
    await asyncio.sleep(0.1)
    assert await db.select_from(items).select(items.id).fetch_all() == []


@pytest.mark.parametrize("reaches_the_server", [True, False])
async def test_a_cut_in_a_commit_leaves_its_outcome_unknown(
    far: Database, proxy: Proxy, db: Database, items: Item, reaches_the_server: bool
) -> None:
    with pytest.raises(CommitOutcomeUnknownError):
        async with far.transaction() as trx:
            await trx.insert_into(items).values(id=1).execute()
            if reaches_the_server:
                proxy.cut_after = b"COMMIT"
            else:
                proxy.cut_before = b"COMMIT"
    await asyncio.sleep(0.1)
    kept = await db.select_from(items).select(items.id).fetch_column()
    assert kept == ([1] if reaches_the_server else [])
    proxy.cut_after = proxy.cut_before = NEVER
    assert await one(far) == 1


async def test_a_commit_on_a_connection_that_had_ended_before_is_no_doubt(
    far: Database, proxy: Proxy, db: Database, items: Item
) -> None:
    trx = await far.begin()
    await trx.insert_into(items).values(id=1).execute()
    proxy.cut()
    await asyncio.sleep(0.05)
    with pytest.raises(ConnectionLostError, match="before COMMIT: nothing of this transaction was kept") as caught:
        await trx.commit()
    assert not isinstance(caught.value, CommitOutcomeUnknownError)
    with pytest.raises(ClosedError):
        await trx.rollback()
    await asyncio.sleep(0.1)
    assert await db.select_from(items).select(items.id).fetch_column() == []
    assert await one(far) == 1


async def test_a_commit_that_is_not_answered_is_given_up(far: Database, proxy: Proxy, items: Item) -> None:
    began = time.monotonic()
    with pytest.raises(CommitOutcomeUnknownError):
        async with far.transaction() as trx:
            await trx.insert_into(items).values(id=1).execute()
            proxy.lose_answer_to = b"COMMIT"
    assert time.monotonic() - began < 2
    assert await one(far) == 1


async def test_a_cancelled_commit_tells_its_outcome(far: Database, proxy: Proxy, db: Database, items: Item) -> None:
    async def work() -> None:
        async with far.transaction() as trx:
            await trx.insert_into(items).values(id=1).execute()
            proxy.delay = 0.1

    task = asyncio.create_task(work())
    await asyncio.sleep(0.05)
    task.cancel()
    await asyncio.sleep(0.05)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await db.select_from(items).select(items.id).fetch_column() == [1]


async def test_unknown_outcomes_are_not_tried_again(far: Database, proxy: Proxy, items: Item) -> None:
    calls = 0

    async def work(trx: object) -> None:
        nonlocal calls
        calls += 1
        proxy.cut_before = b"COMMIT"

    with pytest.raises(CommitOutcomeUnknownError):
        await far.run_in_transaction(work, attempts=5)
    assert calls == 1


async def test_a_rollback_that_fails_keeps_the_first_error(
    far: Database, proxy: Proxy, db: Database, items: Item
) -> None:
    for mark in ("cut_before", "lose_answer_to"):
        with pytest.raises(ZeroDivisionError):
            async with far.transaction() as trx:
                await trx.insert_into(items).values(id=1).execute()
                setattr(proxy, mark, b"ROLLBACK")
                raise ZeroDivisionError
        proxy.cut_before = proxy.lose_answer_to = NEVER
        assert await one(far) == 1
    await asyncio.sleep(0.1)
    assert await db.select_from(items).select(items.id).fetch_all() == []
    assert far.pool.size == far.pool.idle


@pytest.mark.parametrize("mark", ["cut_before", "cut_after", "lose_answer_to"])
async def test_a_beginning_that_fails_keeps_no_connection(far: Database, proxy: Proxy, mark: str) -> None:
    setattr(proxy, mark, b"BEGIN" if far.dialect.name == "postgres" else b"START TRANSACTION")
    for _ in range(15):  # more often than there are connections
        with pytest.raises((ConnectionLostError, TimeoutError)):
            async with asyncio.timeout(0.05 if mark == "lose_answer_to" else None):
                await far.begin()
    setattr(proxy, mark, NEVER)
    assert await asyncio.gather(*[one(far) for _ in range(20)]) == [1] * 20
    await one(far)  # no task is left in a transaction
    await asyncio.sleep(0.1)
    assert far.pool.size == far.pool.idle


async def test_health_of_a_server_that_is_silent_or_gone(far: Database, proxy: Proxy) -> None:
    proxy.stall()
    began = time.monotonic()
    with pytest.raises(QueryTimeoutError, match="whether the server is there"):
        await far.health(timeout=0.2)
    proxy.go_on()
    assert (await far.health()).latency < 1
    good, proxy.server = proxy.server, ("127.0.0.1", 1)
    proxy.cut()
    await asyncio.sleep(0.02)
    with pytest.raises((ConnectError, ConnectionLostError)):
        await far.health()
    assert time.monotonic() - began < 4
    proxy.server = good
    await far.health()


async def test_a_server_that_falls_silent_is_given_up_in_time(far: Database, proxy: Proxy) -> None:
    proxy.stall()
    began = time.monotonic()
    with pytest.raises(QueryTimeoutError):
        await far.fetch_all(select(value(1).as_("one")), timeout=0.2)
    assert time.monotonic() - began < 2
    proxy.go_on()
    assert await one(far) == 1


async def test_a_silent_server_does_not_keep_close_waiting(proxy: Proxy) -> None:
    db = await Database(proxy.url, close_timeout=0.5).connect()
    proxy.stall()
    began = time.monotonic()
    await db.close()
    assert time.monotonic() - began < 2


async def test_a_server_that_comes_back_is_found(far: Database, proxy: Proxy) -> None:
    good, proxy.server = proxy.server, ("127.0.0.1", 1)
    proxy.cut()
    await asyncio.sleep(0.02)
    for _ in range(3):
        with pytest.raises((ConnectError, ConnectionLostError)):
            await one(far)
    proxy.server = good
    assert await asyncio.gather(*[one(far) for _ in range(20)]) == [1] * 20


async def test_cuts_under_load_leave_right_answers(far: Database, proxy: Proxy) -> None:
    lost = answered = 0

    async def worker() -> None:
        nonlocal lost, answered
        for number in range(60):
            try:
                assert await far.fetch_value(select(value(number).as_("n"))) == number
                answered += 1
            except DatabaseError:
                lost += 1

    async def cutter() -> None:
        for _ in range(10):
            await asyncio.sleep(0.02)
            proxy.cut()

    await asyncio.gather(cutter(), *[worker() for _ in range(10)])
    await asyncio.sleep(0.02)
    assert lost + answered == 600
    assert answered > 300
    assert await one(far) == 1
    assert far.pool.size <= 10
