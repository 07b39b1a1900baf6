"""The pool: limits, order, liveness, and sessions that do not leak."""

import asyncio
import gc
import time
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from querykit import fn, select, sql, value
from querykit.errors import ClosedError, ConnectError, ConnectionLostError, DatabaseError, PoolTimeoutError
from querykit.execution.connection import Connection
from querykit.execution.database import Database
from tests.execution.conftest import Item, Slow, raw

Opener = Callable[..., Database]
Identity = Callable[..., Awaitable[int]]


@pytest.fixture
def opened(urls: dict[str, str], database_name: str) -> Opener:
    """A Database with options, on the database of the test."""
    return lambda **options: Database(urls[database_name], **options)


async def one(db: Database) -> int:
    return await db.fetch_value(select(value(1).as_("one")))


async def test_more_tasks_than_connections_take_turns(opened: Opener) -> None:
    async with opened(pool_size=3) as db:
        assert await asyncio.gather(*[one(db) for _ in range(100)]) == [1] * 100
        assert db.pool.size <= 3
        assert db.pool.waiting == 0


async def test_a_busy_pool_times_out(opened: Opener) -> None:
    async with opened(pool_size=1, acquire_timeout=0.1) as db, db.connection():
        began = time.monotonic()
        with pytest.raises(PoolTimeoutError, match=r"the only connection stayed busy for 0\.1 s"):
            await asyncio.create_task(_pinned(db))
        assert 0.05 < time.monotonic() - began < 1
    async with opened(pool_size=1) as db:
        assert await one(db) == 1


async def _pinned(db: Database) -> None:
    async with db.connection():
        pass


async def test_who_comes_first_is_served_first(opened: Opener) -> None:
    order: list[int] = []

    async def use(db: Database, number: int) -> None:
        async with db.connection():
            order.append(number)

    async with opened(pool_size=1) as db:
        async with db.connection():
            tasks = []
            for number in range(10):
                tasks.append(asyncio.create_task(use(db, number)))
                await asyncio.sleep(0)
        await asyncio.gather(*tasks)
    assert order == list(range(10))


async def test_a_busy_pool_does_not_starve_who_waits(opened: Opener) -> None:
    async with opened(pool_size=1) as db:

        async def hog(until: asyncio.Event) -> None:
            while not until.is_set():
                await one(db)

        done = asyncio.Event()
        hogs = [asyncio.create_task(hog(done)) for _ in range(3)]
        await asyncio.sleep(0.02)
        async with asyncio.timeout(2):
            await _pinned(db)
        done.set()
        await asyncio.gather(*hogs)


@pytest.mark.own_session
async def test_an_old_connection_is_replaced(opened: Opener, identity: Identity) -> None:
    async with opened(pool_size=1, max_lifetime=0.05) as db:
        first = await identity(db)
        assert await identity(db) == first
        await asyncio.sleep(0.1)
        assert await identity(db) != first


async def test_an_idle_connection_is_checked_and_kept(opened: Opener, identity: Identity) -> None:
    async with opened(pool_size=1, check_after=0) as db:
        first = await identity(db)
        await asyncio.sleep(0.01)
        assert await identity(db) == first


@pytest.mark.databases("sqlite", "postgres")
async def test_a_cancelled_statement_does_not_cost_its_connection(
    opened: Opener, identity: Identity, slow: Slow, items: Item
) -> None:
    async with opened(pool_size=1) as db:
        first = await identity(db)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await db.execute(slow.write)
        assert await identity(db) == first


async def test_a_database_in_memory_is_never_replaced() -> None:
    async with Database("sqlite://", max_lifetime=0.01, check_after=0.01) as db:
        await db.execute(sql("CREATE TABLE item (id INTEGER)"))
        await asyncio.sleep(0.05)
        assert await db.fetch_value(sql("SELECT count(*) FROM item")) == 0


async def test_close_waits_for_borrowers(opened: Opener) -> None:
    db = await opened(pool_size=1).connect()
    ended: list[str] = []

    async def work() -> None:
        async with db.connection() as connection:
            await asyncio.sleep(0.1)
            await connection.fetch_all(select(value(1).as_("one")))
            ended.append("work")

    async def wait() -> None:
        with pytest.raises(ClosedError):
            await _pinned(db)

    worker = asyncio.create_task(work())
    await asyncio.sleep(0.02)
    waiter = asyncio.create_task(wait())
    await asyncio.sleep(0.02)
    await db.close()
    ended.append("close")
    assert ended == ["work", "close"]
    await asyncio.gather(worker, waiter)


async def test_close_does_not_wait_for_ever(opened: Opener, slow: Slow) -> None:
    async with opened() as db:
        before = 0 if slow.running is None else await db.fetch_value(slow.running)
    db = await opened(close_timeout=0.2).connect()
    task = asyncio.create_task(db.fetch_all(slow.read))
    await asyncio.sleep(0.1)
    began = time.monotonic()
    await db.close()
    assert time.monotonic() - began < 2
    with pytest.raises(ClosedError, match="Database was closed"):
        await task
    async with opened() as db:
        if slow.running is not None:
            assert await db.fetch_value(slow.running) == before


@pytest.mark.own_session
async def test_what_close_ended_by_force_says_so(opened: Opener, slow: Slow, items: Item) -> None:
    query = select(value(1).as_("one"))
    db = await opened(close_timeout=0.1, pool_size=4).connect()
    trx = await db.begin()
    await trx.insert_into(items).values(id=1).execute()
    running = asyncio.create_task(db.fetch_all(slow.read))
    rows = db.outside().stream(sql("SELECT 1 AS one UNION ALL SELECT 2"), chunk_size=1)
    assert await anext(rows) == {"one": 1}
    await asyncio.sleep(0.1)
    await db.close()
    for use in (lambda: running, lambda: trx.fetch_all(query), lambda: anext(rows)):
        with pytest.raises(ClosedError, match="atabase was closed"):
            await use()
    with pytest.raises(DatabaseError, match="nothing of this transaction was kept"):
        await trx.commit()
    await rows.aclose()
    async with opened() as again:
        assert await again.select_from(items).select(items.id).fetch_column() == []


async def test_a_forgotten_pinned_connection_is_dropped(opened: Opener) -> None:
    async with opened(pool_size=1) as db:
        connection = db.connection()
        await connection.__aenter__()
        with pytest.warns(ResourceWarning, match="entered and not left"):  # noqa: PT031
            del connection
            gc.collect()
        assert await one(db) == 1


@pytest.mark.databases("postgres", "mysql", "mariadb")
async def test_a_connection_killed_while_idle_is_replaced(opened: Opener, identity: Identity, db: Database) -> None:
    async with opened(pool_size=2) as killed:
        victims = set(await asyncio.gather(identity(killed), identity(killed)))
        for victim in victims:
            await kill(db, victim)
        await asyncio.sleep(0.05)
        for _ in range(20):
            assert await one(killed) == 1
        assert not {await identity(killed)} & victims


@pytest.mark.databases("postgres", "mysql", "mariadb")
async def test_a_connection_killed_in_use_is_one_clear_error(
    opened: Opener, identity: Identity, db: Database, slow: Slow, items: Item
) -> None:
    async with opened(pool_size=1) as killed:
        victim = await identity(killed)
        task = asyncio.create_task(killed.fetch_all(slow.read))
        await asyncio.sleep(0.1)
        await kill(db, victim)
        with pytest.raises(ConnectionLostError) as caught:
            await task
        assert caught.value.driver_error is not None
        assert await one(killed) == 1
        with pytest.raises(ConnectionLostError):
            async with killed.transaction() as trx:
                await trx.insert_into(items).values(id=1).execute()
                await kill(db, await identity(trx))
                await asyncio.sleep(0.05)
                await trx.insert_into(items).values(id=2).execute()
        assert await killed.select_from(items).select(fn.count()).fetch_value() == 0


@pytest.mark.own_session
@pytest.mark.databases("postgres", "mysql", "mariadb")
async def test_a_connection_that_the_server_ends_for_idleness_is_replaced(opened: Opener, database_name: str) -> None:
    limit = "SET idle_session_timeout = '300ms'" if database_name == "postgres" else "SET SESSION wait_timeout = 1"

    async def set_up(session: Any) -> None:
        await session.execute(raw(limit))

    async with opened(on_connect=set_up, pool_size=2) as db:
        assert await asyncio.gather(one(db), one(db)) == [1, 1]
        await asyncio.sleep(0.6 if database_name == "postgres" else 2.2)
        assert await asyncio.gather(*[one(db) for _ in range(10)]) == [1] * 10
        async with db.transaction() as trx:
            assert await trx.fetch_value(select(value(1).as_("one"))) == 1


@pytest.mark.databases("postgres", "mysql", "mariadb")
async def test_no_connection_to_be_had_leaves_the_pool_usable(opened: Opener, identity: Identity, db: Database) -> None:
    async with opened(pool_size=2, acquire_timeout=1) as limited:
        driver = limited._life.driver
        good, driver.target = driver.target, driver.target.__class__(**{**vars(driver.target), "port": 1})  # type: ignore[misc]
        async with limited.connection():
            for _ in range(5):
                with pytest.raises(ConnectError):
                    await one(limited)
        driver.target = good  # type: ignore[misc]
        assert await asyncio.gather(*[one(limited) for _ in range(20)]) == [1] * 20


# -- sessions ---------------------------------------------------------------------------------------------------------

_IDENTITY = {
    "postgres": sql("SELECT pg_backend_pid() AS id"),
    "mysql": sql("SELECT CONNECTION_ID() AS id"),
    "mariadb": sql("SELECT CONNECTION_ID() AS id"),
}


@pytest.fixture
def identity(database_name: str) -> Identity:
    """What tells one connection from another."""

    async def of(runner: Database | Connection) -> int:
        if database_name == "sqlite":
            assert isinstance(runner, Database)
            async with runner.connection() as connection:
                return id(connection._held.slot.connection)  # type: ignore[union-attr]
        return int(await runner.fetch_value(_IDENTITY[database_name]))

    return of


async def kill(db: Database, victim: int) -> None:
    """End a connection from the server's side."""
    if db.dialect.name == "postgres":
        await db.fetch_all(sql("SELECT pg_terminate_backend({})", victim))
    else:
        await db.execute(sql("KILL {}", sql.lit(victim)))


_LEAKS = {
    "sqlite": [
        ("PRAGMA foreign_keys = OFF", "SELECT foreign_keys FROM pragma_foreign_keys"),
        ("PRAGMA case_sensitive_like = ON", "SELECT 'a' LIKE 'A'"),
        ("CREATE TEMP TABLE leak (id INTEGER)", "SELECT count(*) FROM sqlite_temp_master"),
        ("ATTACH ':memory:' AS leak", "SELECT count(*) FROM pragma_database_list WHERE name = 'leak'"),
        ("BEGIN", "SELECT 1"),
    ],
    "postgres": [
        ("SET TIME ZONE 'Asia/Tokyo'", "SELECT current_setting('TimeZone')"),
        ("SET search_path TO nowhere", "SELECT current_setting('search_path')"),
        ("SELECT set_config('my.tenant', '7', false)", "SELECT nullif(current_setting('my.tenant', true), '')"),
        ("CREATE TEMP TABLE leak (id INTEGER)", "SELECT count(*) FROM pg_class WHERE relname = 'leak'"),
        ("SELECT pg_advisory_lock(77)", "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"),
        ("BEGIN", "SELECT now() = statement_timestamp()"),
        ("SET ROLE pg_monitor", "SELECT current_user"),
        ("LISTEN leak", "SELECT count(*) FROM pg_listening_channels()"),
        ("SET default_transaction_isolation = 'serializable'", "SELECT current_setting('transaction_isolation')"),
    ],
    "mysql": [
        ("SET time_zone = '+09:00'", "SELECT @@time_zone"),
        ("SET sql_mode = ''", "SELECT @@sql_mode"),
        ("SET @tenant = 7", "SELECT @tenant"),
        ("SET NAMES latin1", "SELECT CONCAT(@@character_set_client, @@character_set_results, @@collation_connection)"),
        ("SET autocommit = 0", "SELECT @@autocommit"),
        ("SET group_concat_max_len = 5", "SELECT @@group_concat_max_len"),
        ("SELECT GET_LOCK('leak', 1)", "SELECT IS_USED_LOCK('leak')"),
        ("SELECT LAST_INSERT_ID(77)", "SELECT LAST_INSERT_ID()"),
        ("START TRANSACTION", "SELECT 1"),
    ],
}  # fmt: skip
_LEAKS["mariadb"] = [*_LEAKS["mysql"], ("SET SESSION tx_isolation = 'SERIALIZABLE'", "SELECT @@tx_isolation")]
_LEAKS["mysql"] += [("SET SESSION transaction_isolation = 'SERIALIZABLE'", "SELECT @@transaction_isolation")]


@pytest.mark.own_session
async def test_what_one_borrower_does_to_the_session_the_next_does_not_see(opened: Opener, database_name: str) -> None:
    for change, probe in _LEAKS[database_name]:
        async with opened(pool_size=1) as db:
            before = await db.fetch_all(raw(probe))
            await db.execute(raw(change))
            assert await db.fetch_all(raw(probe)) == before, change
            async with db.connection() as connection:
                await connection.execute(raw(change))
            assert await db.fetch_all(raw(probe)) == before, change


async def test_an_ordinary_query_pays_no_reset(opened: Opener, items: Item, monkeypatch: pytest.MonkeyPatch) -> None:
    async with opened() as db:
        resets: list[str] = []
        await db.select_from(items).select(items.id).fetch_all()
        kind = type(db._life.pools.writers._idle[0].connection)
        monkeypatch.setattr(kind, "reset", lambda _: resets.append("reset"))
        for number in range(10):
            await db.insert_into(items).values(id=number).execute()
            await db.select_from(items).select(items.id).where(items.id == number).fetch_one()
            async with db.transaction() as trx:
                await trx.update(items).set(name=f"{number}").where(items.id == number).execute()
        assert resets == []


@pytest.mark.databases("mysql", "mariadb")
async def test_a_changed_character_set_does_not_open_a_text(db: Database, items: Item) -> None:
    await db.insert_into(items).values([{"id": 1, "name": "a"}, {"id": 2, "name": "b"}]).execute()
    for change in ("SET NAMES gbk", "SET NAMES sjis", "SET NAMES big5", "SET sql_mode = 'NO_BACKSLASH_ESCAPES'"):
        async with db.connection() as connection:
            await connection.execute(raw(change))
            for text in ("中' or 1=1 -- ", "表' or 1=1 -- ", "\\' or 1=1 -- ", "\u4e5c' or 1=1 -- "):
                assert await connection.select_from(items).select(items.id).where(items.name == text).fetch_all() == []
