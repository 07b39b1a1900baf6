"""Reads are done again after failures that pass, and nothing else is; the proxy makes the failures."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest

from querykit import (
    AccessDeniedError,
    Column,
    CommitOutcomeUnknownError,
    ConfigurationError,
    ConnectError,
    ConnectionLostError,
    Database,
    DatabaseError,
    Plugin,
    PoolTimeoutError,
    QueryTimeoutError,
    RetryPlugin,
    Table,
    cte,
    fn,
    insert_into,
    select,
    sql,
    value,
    with_,
)
from querykit.plugins.retry import LASTING, PASSING, retried
from tests.proxy import NEVER, Proxy, proxy_to

far_away = pytest.mark.databases("postgres", "mysql", "mariadb")
MARK = "querykit_again"


class Cutting(Plugin):
    """Cuts the connection in the first so many attempts to say MARK."""

    priority = -1000
    sees_all = False

    def __init__(self, proxy: Proxy, cuts: int = 1) -> None:
        self.proxy = proxy
        self.cuts = cuts
        self.attempts = 0

    def attempt(self, mark: bytes) -> None:
        self.attempts += 1
        self.proxy.cut_before = mark if self.attempts <= self.cuts else NEVER

    async def around_execute(self, call: Any, query: Any, context: Any) -> Any:
        if "DROP" not in call.compiled.sql and "CREATE" not in call.compiled.sql:
            self.attempt(MARK.encode())
        return await call.proceed()

    async def around_begin(self, begin: Any) -> Any:
        return await begin()


class Task(Table, name="retried_task"):
    id: Column[int]


task = Task()


@pytest.fixture
async def proxy(urls: dict[str, str], database_name: str) -> AsyncIterator[Proxy]:
    async with proxy_to(urls[database_name]) as proxy:
        yield proxy


@pytest.fixture
async def tasks(db: Database) -> AsyncIterator[Table]:
    await db.execute(sql("DROP TABLE IF EXISTS retried_task"))
    await db.execute(sql("CREATE TABLE retried_task (id INTEGER PRIMARY KEY)"))
    yield task
    await db.execute(sql("DROP TABLE IF EXISTS retried_task"))


def again(**options: Any) -> RetryPlugin:
    return RetryPlugin(**{"first_delay": 0.01, **options})


READ = select(value(1).as_(MARK))


@far_away
async def test_a_read_is_done_again(proxy: Proxy) -> None:
    cutting = Cutting(proxy, 2)
    async with Database(proxy.url, plugins=[again(), cutting]) as db:
        assert await db.fetch_value(READ) == 1
        assert cutting.attempts == 3
        cutting.attempts = 0
        assert json.loads(await db.fetch_json(READ)) == [{MARK: 1}]
        assert cutting.attempts == 3


@far_away
async def test_no_more_attempts_are_made_than_said(proxy: Proxy) -> None:
    cutting = Cutting(proxy, 100)
    async with Database(proxy.url, plugins=[again(attempts=4), cutting]) as db:
        with pytest.raises(ConnectionLostError):
            await db.fetch_value(READ)
        assert cutting.attempts == 4
        cutting.cuts = 0
        assert await db.fetch_value(READ) == 1


@far_away
async def test_what_may_have_an_effect_is_not_done_again(proxy: Proxy, tasks: Task) -> None:
    cutting = Cutting(proxy, 100)
    writes = [
        insert_into(tasks).columns("id").from_select(select(value(1).as_(MARK))),
        sql.raw(f"SELECT 1 AS {MARK}"),
        select(fn.call("abs", value(1)).as_(MARK)),
    ]
    async with Database(proxy.url, plugins=[again(), cutting]) as db:
        if db.dialect.name == "postgres":
            added = cte("added", insert_into(tasks).values(id=1).returning(tasks.id))
            writes.append(with_(added).select_from(added).select(added.id.as_(MARK)))
        for write in writes:
            cutting.attempts = 0
            with pytest.raises(ConnectionLostError):
                await db.execute(write)  # type: ignore[arg-type]
            assert cutting.attempts == 1
        with pytest.raises(ConnectionLostError):
            await anext(aiter(db.stream(READ)))


@far_away
async def test_nothing_is_done_again_on_a_connection_of_its_own(proxy: Proxy, tasks: Task) -> None:
    cutting = Cutting(proxy, 100)
    async with Database(proxy.url, plugins=[again(), cutting]) as db:
        for held in (db.transaction(), db.connection()):
            cutting.attempts = 0
            with pytest.raises(ConnectionLostError):
                async with held as runner:
                    await runner.fetch_value(READ)
            assert cutting.attempts == 1
        cutting.cuts = 0

        async def work(trx: Any) -> None:
            proxy.cut_before = b"COMMIT"

        with pytest.raises(CommitOutcomeUnknownError):
            await db.run_in_transaction(work)


class CuttingBegin(Cutting):
    """Cuts the connection in the first so many attempts to begin a transaction."""

    async def around_begin(self, begin: Any) -> Any:
        self.attempt(b"BEGIN" if b"postgres" in self.proxy.url.encode() else b"START TRANSACTION")
        return await begin()

    async def around_execute(self, call: Any, query: Any, context: Any) -> Any:
        return await call.proceed()


@far_away
async def test_the_beginning_of_a_transaction_is_done_again(proxy: Proxy, tasks: Task) -> None:
    cutting = CuttingBegin(proxy, 0)
    async with Database(proxy.url, plugins=[again(), cutting]) as db:
        cutting.attempts, cutting.cuts = 0, 2
        async with db.transaction() as trx:
            await trx.insert_into(tasks).values(id=1).execute()
        assert cutting.attempts == 3
        assert await db.select_from(tasks).select(tasks.id).fetch_column() == [1]
        cutting.attempts = 0
        trx = await db.begin()
        await trx.rollback()
        assert cutting.attempts == 3
        cutting.attempts, cutting.cuts = 0, 100
        with pytest.raises(ConnectionLostError):
            await db.begin()
        assert cutting.attempts == 3
        cutting.cuts = 0
        await asyncio.sleep(0.05)  # the last connection is being dropped
        assert db.pool.size == db.pool.idle


@far_away
async def test_a_server_that_comes_back_is_waited_for(proxy: Proxy) -> None:
    good, proxy.server = proxy.server, ("127.0.0.1", 1)

    def come_back() -> None:
        proxy.server = good

    loop = asyncio.get_running_loop()
    loop.call_later(0.15, come_back)
    async with Database(proxy.url, plugins=[again(attempts=100, longest_delay=0.05)]) as db:
        proxy.server = ("127.0.0.1", 1)
        proxy.cut()
        await asyncio.sleep(0.02)
        loop.call_later(0.15, come_back)
        assert await asyncio.gather(*[db.fetch_value(READ) for _ in range(20)]) == [1] * 20


@far_away
async def test_cuts_under_load_cost_no_read(proxy: Proxy) -> None:
    async def reader(db: Database) -> None:
        for number in range(40):
            assert await db.fetch_value(select(value(number).as_("n"))) == number

    async def cutter() -> None:
        for _ in range(10):
            await asyncio.sleep(0.02)
            proxy.cut()

    async with Database(proxy.url, pool_size=5, plugins=[again(attempts=20)]) as db:
        await asyncio.gather(cutter(), *[reader(db) for _ in range(10)])
        assert db.pool.size <= 5
        assert db.pool.waiting == 0


@far_away
async def test_attempts_end_with_the_time(proxy: Proxy) -> None:
    async with Database(proxy.url, plugins=[again(attempts=1000, longest_delay=0.05, within=0.3)]) as db:
        proxy.server = ("127.0.0.1", 1)
        proxy.cut()
        began = time.monotonic()
        with pytest.raises((ConnectError, ConnectionLostError)):
            await db.fetch_value(READ)
        assert 0.1 < time.monotonic() - began < 2


@far_away
async def test_a_refused_password_is_not_tried_again(urls: dict[str, str], database_name: str) -> None:
    attempts = 0

    class Counting(Plugin):
        async def around_begin(self, begin: Any) -> Any:
            nonlocal attempts
            attempts += 1
            return await begin()

    Counting.priority = -1000
    with pytest.raises(AccessDeniedError, match="no_such_user"):
        await Database(urls[database_name], user="no_such_user", password="x", plugins=[again(), Counting()]).connect()
    with pytest.raises(AccessDeniedError, match="no_such_db"):
        await Database(urls[database_name], database="no_such_db", plugins=[again(), Counting()]).connect()
    assert attempts == 2


@far_away
async def test_a_pause_can_be_cancelled(proxy: Proxy) -> None:
    cutting = Cutting(proxy, 1)
    async with Database(
        proxy.url, plugins=[again(first_delay=3600.0, longest_delay=3600.0, within=None), cutting]
    ) as db:
        reading = asyncio.create_task(db.fetch_value(READ))
        await asyncio.sleep(0.2)
        reading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reading
        assert cutting.attempts == 1
        assert await db.fetch_value(READ) == 1


async def test_what_ran_out_of_time_is_not_tried_again(db: Database) -> None:
    counting = 0

    class Counting(Plugin):
        priority = -1000

        async def around_execute(self, call: Any, query: Any, context: Any) -> Any:
            nonlocal counting
            counting += 1
            return await call.proceed()

    with pytest.raises(QueryTimeoutError):
        await db.with_plugin(again()).with_plugin(Counting()).fetch_all(READ, timeout=0)
    assert counting == 1


async def test_a_busy_pool_is_tried_again(urls: dict[str, str], database_name: str) -> None:
    plugins = [again(attempts=50, longest_delay=0.05)]
    async with Database(urls[database_name], pool_size=1, acquire_timeout=0.02, plugins=plugins) as db:
        async with db.connection():
            waiting = asyncio.create_task(_begun(db))
            await asyncio.sleep(0.1)
        await waiting
        async with db.without_plugins().connection():
            with pytest.raises(PoolTimeoutError):
                await asyncio.create_task(_begun(db.without_plugins()))


async def _begun(db: Database) -> None:
    async with db.transaction():
        pass


async def test_raw_sql_and_writes_are_still_streamed(db: Database) -> None:
    async with db.with_plugin(again()).stream(sql("SELECT 1 AS one")) as rows:
        assert [row async for row in rows] == [{"one": 1}]


async def test_the_limit_of_the_pauses_doubles() -> None:
    """Seen from outside: with pauses of 10, 20 and 40 ms at most, four attempts take 70 ms at most, and some time."""
    took = []
    for _ in range(20):
        began = time.monotonic()
        calls = 0

        async def fail() -> None:
            nonlocal calls
            calls += 1
            raise ConnectError("no")

        with pytest.raises(ConnectError):
            await retried(fail, attempts=4, again=lambda _: True, first_delay=0.01, longest_delay=1.0)
        assert calls == 4
        took.append(time.monotonic() - began)
    assert 0.015 < sum(took) / 20 < 0.06  # 35 ms in the mean
    assert max(took) - min(took) > 0.005  # no two tasks keep step


def test_unknown_outcomes_and_refusals_never_pass() -> None:
    assert CommitOutcomeUnknownError in LASTING
    assert AccessDeniedError in LASTING
    assert not set(PASSING) & set(LASTING)
    assert all(issubclass(kind, DatabaseError) for kind in PASSING + LASTING)


@pytest.mark.parametrize(
    ("option", "wrong"),
    [
        ("attempts", 0),
        ("attempts", "3"),
        ("attempts", True),
        ("first_delay", -1),
        ("longest_delay", None),
        ("within", "soon"),
        ("on", [ValueError]),
        ("on", ["ConnectError"]),
    ],
)
def test_a_wrong_argument_is_told(option: str, wrong: Any) -> None:
    with pytest.raises(ConfigurationError, match=rf"^{option} "):
        RetryPlugin(**{option: wrong})
