"""Transactions: all or nothing, on the connection they hold, until they end."""

import asyncio
import contextlib
import gc
from typing import Any

import pytest

from querykit import param, sql
from querykit.errors import (
    BuildError,
    ClosedError,
    ConcurrentUseError,
    DatabaseError,
    DeadlockError,
    ForeignKeyViolationError,
    PoolTimeoutError,
    ReadOnlyError,
    SerializationError,
    UniqueViolationError,
    UnsupportedError,
    UsageError,
)
from querykit.execution.database import Database
from querykit.execution.runner import Runner
from querykit.execution.transaction import Transaction
from tests.execution.conftest import Item, Slow


async def add(runner: Runner, items: Item, number: int) -> None:
    await runner.insert_into(items).values(id=number).execute()


async def ids(runner: Runner, items: Item) -> list[int]:
    return await runner.select_from(items).select(items.id).order_by(items.id).fetch_column()


async def test_a_clean_exit_keeps(db: Database, items: Item) -> None:
    async with db.transaction() as trx:
        await add(trx, items, 1)
        assert await ids(trx, items) == [1]
    assert await ids(db, items) == [1]


async def test_an_exception_undoes_and_goes_on(db: Database, items: Item) -> None:
    with pytest.raises(ZeroDivisionError):
        async with db.transaction() as trx:
            await add(trx, items, 1)
            raise ZeroDivisionError
    assert await ids(db, items) == []


async def test_an_inner_transaction_is_a_savepoint(db: Database, items: Item) -> None:
    async with db.transaction() as trx:
        await add(trx, items, 1)
        async with trx.transaction() as inner:
            await add(inner, items, 2)
            with pytest.raises(ZeroDivisionError):
                async with inner.transaction() as innermost:
                    await add(innermost, items, 3)
                    raise ZeroDivisionError
            await add(inner, items, 4)
        with pytest.raises(UniqueViolationError):
            async with trx.transaction() as inner:
                await add(inner, items, 1)
        await add(trx, items, 5)
    assert await ids(db, items) == [1, 2, 4, 5]


async def test_the_outer_one_rests_while_an_inner_one_is_open(db: Database, items: Item) -> None:
    async with db.transaction() as trx:
        async with trx.transaction():
            with pytest.raises(UsageError, match="inside this one"):
                await add(trx, items, 1)
            with pytest.raises(UsageError, match="inside this one"):
                trx.transaction()
        await add(trx, items, 2)
    assert await ids(db, items) == [2]


async def test_nothing_runs_after_the_end(db: Database, items: Item) -> None:
    async with db.transaction() as trx:
        query = trx.select_from(items).select(items.id)
        async with trx.transaction() as inner:
            pass
        with pytest.raises(ClosedError, match="ended"):
            await add(inner, items, 1)
    for use in (query.fetch_all, trx.commit, trx.rollback, trx.start):
        with pytest.raises(UsageError):
            await use()
    with pytest.raises(ClosedError, match="ended"):
        trx.transaction()
    assert await ids(db, items) == []


async def test_no_handle_made_of_a_transaction_outlives_it(db: Database, items: Item) -> None:
    """Its connection may be another task's by then."""
    trx = await db.begin()
    inner = await trx.transaction().start()
    handles: list[Any] = [
        trx,
        inner,
        *[seen for each in (trx, inner) for seen in (each.with_context(a=1), each.with_schema("s"))],
    ]
    queries = [each.select_from(items).select(items.id) for each in handles]
    streams = [query.stream() for query in queries if query.executor not in {trx, handles[2], handles[3]}]
    await inner.commit()
    await trx.savepoint("a")
    await trx.commit()
    async with db.transaction() as other:
        await add(other, items, 1)
        for query in queries:
            with pytest.raises(ClosedError, match="ended"):
                await query.fetch_all()
        for stream in streams:
            with pytest.raises(ClosedError, match="ended"):
                await anext(stream)
        for handle in handles:
            with pytest.raises(ClosedError, match="ended"):
                handle.transaction()
        for use in (trx.commit, trx.rollback, inner.commit, inner.rollback):
            with pytest.raises(ClosedError, match="ended"):
                await use()
        for name in (trx.savepoint, trx.rollback_to, trx.release):
            with pytest.raises(ClosedError, match="ended"):
                await name("a")
        with pytest.raises(ClosedError, match="ended"):
            trx.after_commit(print)
        assert await ids(other, items) == [1]
    assert await ids(db, items) == [1]


async def test_a_connection_given_back_serves_no_handle_made_of_it(db: Database, items: Item) -> None:
    async with db.connection() as connection:
        seen = connection.with_context(a=1)
        query, stream = connection.select_from(items).select(items.id), seen.stream(sql("SELECT 1 AS one"))
        trx = connection.transaction()
    for use in (query.fetch_all, lambda: anext(stream), lambda: seen.fetch_all(query), trx.start):
        with pytest.raises(ClosedError, match="given back"):
            await use()
    with pytest.raises(ClosedError, match="given back"):
        connection.transaction()
    with pytest.raises(UsageError, match="entered once"):
        await connection.__aenter__()


async def test_transactions_of_many_tasks_are_each_their_own(db: Database, items: Item) -> None:
    async def work(number: int) -> None:
        with contextlib.suppress(ZeroDivisionError):
            async with db.transaction() as trx:
                await add(trx, items, number)
                await asyncio.sleep(0.001)
                assert await trx.select_from(items).select(items.id).where(items.id == number).fetch_value() == number
                assert number / (1 - number % 2) >= 0

    await asyncio.gather(*[work(number) for number in range(60)])
    assert await ids(db, items) == list(range(0, 60, 2))


async def test_names_of_savepoints_are_free_again(db: Database, items: Item) -> None:
    async with db.transaction() as trx:
        for number in (1, 2, 3):
            await trx.savepoint("same")
            await add(trx, items, number)
            if number == 2:
                await trx.rollback_to("same")
            await trx.release("same")
            async with trx.transaction() as inner:
                await inner.savepoint("same")
                await add(inner, items, number * 10)
                async with inner.transaction() as innermost:
                    await innermost.savepoint("same")
                    await add(innermost, items, number * 100)
                    await innermost.rollback_to("same")
        with pytest.raises(UsageError, match="no savepoint 'same'"):
            await trx.rollback_to("same")
    assert await ids(db, items) == [1, 3, 10, 20, 30]


async def test_a_task_cancelled_between_two_savepoints_undoes_all(db: Database, items: Item) -> None:
    reached = asyncio.Event()

    async def work() -> None:
        async with db.transaction() as trx:
            async with trx.transaction() as inner:
                await add(inner, items, 1)
            reached.set()
            await asyncio.sleep(60)
            async with trx.transaction() as inner:
                await add(inner, items, 2)

    task = asyncio.create_task(work())
    await reached.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await ids(db, items) == []


async def test_nothing_runs_before_the_beginning(db: Database, items: Item) -> None:
    trx = db.transaction()
    with pytest.raises(ClosedError, match="has not begun"):
        await add(trx, items, 1)


async def test_the_task_that_holds_a_transaction_does_not_run_beside_it(db: Database, items: Item) -> None:
    async with db.transaction() as trx:
        query = db.select_from(items).select(items.id)
        with pytest.raises(UsageError, match=r"db\.outside\(\)"):
            await query.fetch_all()
        with pytest.raises(UsageError, match=r"db\.outside\(\)"):
            await anext(aiter(query.stream()))
        await add(trx, items, 1)
        assert await trx.fetch_all(query) == [{"id": 1}]
        assert await db.outside().fetch_all(query) == []
    assert await query.fetch_all() == [{"id": 1}]


async def test_a_second_transaction_of_one_task_is_refused(db: Database, items: Item) -> None:
    async def work(inner: Transaction) -> None:
        await add(inner, items, 2)

    async with db.transaction() as trx:
        with pytest.raises(UsageError, match=r"trx\.transaction\(\) for a savepoint.*db\.outside\(\)\.transaction\(\)"):
            await db.transaction().start()
        with pytest.raises(UsageError, match=r"db\.outside\(\)\.transaction\(\) on purpose"):
            await db.begin()
        with pytest.raises(UsageError, match=r"db\.outside\(\)\.transaction\(\) on purpose"):
            await db.run_in_transaction(work)
        with pytest.raises(UsageError, match=r"db\.outside\(\)\.connection\(\) on purpose"):
            await db.connection().__aenter__()
        with pytest.raises(UsageError, match=r"db\.outside\(\) on purpose"):
            await db.execute_many(db.insert_into(items).values(id=param("id", int)), [{"id": 3}])
        await add(trx, items, 1)
    await db.run_in_transaction(work)
    assert await ids(db, items) == [1, 2]


@pytest.mark.databases("postgres", "mysql", "mariadb")
async def test_a_second_transaction_can_be_had_on_purpose(db: Database, items: Item) -> None:
    async def work(apart: Transaction) -> None:
        await add(apart, items, 3)

    async with db.transaction() as trx:
        await add(trx, items, 1)
        async with db.outside().transaction() as apart:
            assert await ids(apart, items) == []
            await add(apart, items, 2)
        await db.outside().run_in_transaction(work)
        async with db.outside().connection() as connection:
            await add(connection, items, 4)
        await trx.rollback()
    assert await ids(db, items) == [2, 3, 4]


async def test_the_only_connection_does_not_wait_for_itself(urls: dict[str, str], database_name: str) -> None:
    async with Database(urls[database_name], pool_size=1) as db:
        async with db.transaction():
            for use in (db.outside().begin, db.outside().connection().__aenter__):
                with pytest.raises(UsageError, match="would wait for itself"):
                    await use()
        assert await db.fetch_value(sql("SELECT 1 AS one")) == 1


async def test_a_child_task_that_needs_the_connection_of_its_parent_is_told_who_holds_it(
    urls: dict[str, str], database_name: str
) -> None:
    async with Database(urls[database_name], pool_size=1, acquire_timeout=0.1) as db, db.transaction() as trx:
        child = asyncio.create_task(db.begin())
        asyncio.current_task().set_name("the parent")  # type: ignore[union-attr]
        with pytest.raises(PoolTimeoutError, match=r"1 held for a transaction.* by the parent: .*same transaction"):
            await child
        assert await asyncio.create_task(trx.fetch_value(sql("SELECT 1 AS one"))) == 1


async def test_an_inner_transaction_left_open_keeps_nothing(db: Database, items: Item) -> None:
    with pytest.raises(UsageError, match="inside this one is open"):
        async with db.transaction() as trx:
            await add(trx, items, 1)
            await trx.transaction().start()
    assert await ids(db, items) == []


@pytest.mark.parametrize("by_hand", [True, False])
async def test_the_outer_one_ends_all_that_are_open_inside_it(db: Database, items: Item, by_hand: bool) -> None:
    with contextlib.suppress(ZeroDivisionError):
        async with db.transaction() as trx:
            inner = await trx.transaction().start()
            innermost = await inner.transaction().start()
            await add(innermost, items, 1)
            if by_hand:
                await trx.rollback()
            else:
                raise ZeroDivisionError
    async with db.transaction() as other:  # most likely on the same connection
        for ended in (trx, inner, innermost):
            assert not ended.is_open
            with pytest.raises(ClosedError, match="ended"):
                await add(ended, items, 2)
        assert await ids(other, items) == []


async def test_a_transaction_left_open_inside_one_on_a_pinned_connection_is_undone(db: Database, items: Item) -> None:
    async with db.connection() as connection:
        trx = await connection.transaction().start()
        inner = await trx.transaction().start()
        await add(inner, items, 1)
    with pytest.raises(ClosedError, match="ended"):
        await add(inner, items, 2)
    assert await ids(db, items) == []


async def test_two_tasks_do_not_begin_one_transaction(db: Database, items: Item) -> None:
    trx = db.transaction()
    one, other = await asyncio.gather(trx.start(), trx.start(), return_exceptions=True)
    assert one is trx
    assert isinstance(other, UsageError)
    await trx.rollback()
    connection = db.connection()
    one, other = await asyncio.gather(connection.__aenter__(), connection.__aenter__(), return_exceptions=True)
    assert one is connection
    assert isinstance(other, UsageError)
    await connection.__aexit__(None, None, None)
    await asyncio.sleep(0.05)  # the other transaction's connections may be on their way back
    assert db.pool.size == db.pool.idle
    await add(db, items, 1)


async def test_two_tasks_that_end_a_transaction_end_it_once(db: Database, items: Item) -> None:
    for number, (ends, is_kept) in enumerate([("commit", True), ("rollback", False)]):
        trx = await db.begin()
        await add(trx, items, number)
        results = await asyncio.gather(getattr(trx, ends)(), trx.commit(), return_exceptions=True)
        assert sum(result is None for result in results) == 1
        assert sum(isinstance(result, UsageError) for result in results) == 1
        assert (number in await ids(db, items)) == is_kept


async def test_a_forgotten_transaction_gives_its_connection_up(
    urls: dict[str, str], database_name: str, db: Database, items: Item
) -> None:
    async with Database(urls[database_name], pool_size=1) as forgetful:
        trx = await forgetful.begin()
        await add(trx, items, 1)
        with pytest.warns(ResourceWarning, match="neither committed nor rolled back"):  # noqa: PT031
            del trx
            gc.collect()
        assert await ids(forgetful, items) == []


async def test_a_controlled_transaction_is_ended_by_hand(db: Database, items: Item) -> None:
    trx = await db.begin()
    await add(trx, items, 1)
    await trx.savepoint("here")
    await add(trx, items, 2)
    await trx.rollback_to("here")
    await add(trx, items, 3)
    await trx.savepoint("there")
    await trx.release("here")
    with pytest.raises(UsageError, match="no savepoint 'there'"):
        await trx.rollback_to("there")
    await trx.commit()
    assert await ids(db, items) == [1, 3]
    async with await db.begin() as trx:
        await add(trx, items, 4)
        await trx.rollback()
    assert await ids(db, items) == [1, 3]


async def test_the_name_of_a_savepoint_is_a_word(db: Database) -> None:
    async with db.transaction() as trx:
        for name in ("", "a b", 'a"', "a;", "1a", "é"):
            with pytest.raises(BuildError, match="letters"):
                await trx.savepoint(name)


async def test_two_tasks_do_not_share_a_connection(db: Database, items: Item, slow: Slow) -> None:
    trx = await db.begin()
    await add(trx, items, 1)
    first = asyncio.create_task(trx.fetch_all(slow.read))
    await asyncio.sleep(0.1)
    with pytest.raises(ConcurrentUseError, match="two tasks"):
        await ids(trx, items)
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    await trx.rollback()
    assert await ids(db, items) == []


async def test_gathered_statements_of_one_transaction_are_refused(db: Database, items: Item) -> None:
    with pytest.raises(ConcurrentUseError):
        async with db.transaction() as trx:
            await asyncio.gather(*[add(trx, items, number) for number in range(5)])
    assert await ids(db, items) == []


async def test_a_read_only_transaction_refuses_writes(db: Database, items: Item) -> None:
    with pytest.raises(ReadOnlyError):
        async with db.transaction(read_only=True) as trx:
            assert await ids(trx, items) == []
            await add(trx, items, 1)
    await add(db, items, 2)
    assert await ids(db, items) == [2]


async def test_a_database_in_memory_writes_again_after_a_read_only_transaction() -> None:
    async with Database("sqlite://") as db:
        await db.execute(sql("CREATE TABLE item (id INTEGER)"))
        async with db.transaction(read_only=True) as trx:
            with pytest.raises(ReadOnlyError):
                await trx.execute(sql("INSERT INTO item VALUES (1)"))
        assert (await db.execute(sql("INSERT INTO item VALUES (1)"))).rows_affected == 1


_LEVEL = {
    "postgres": sql("SELECT current_setting('transaction_isolation') AS level"),
    "mysql": sql(
        "SELECT trx_isolation_level FROM information_schema.innodb_trx WHERE trx_mysql_thread_id = CONNECTION_ID()"
    ),
}
_LEVEL["mariadb"] = _LEVEL["mysql"]


@pytest.mark.databases("postgres", "mysql", "mariadb")
async def test_the_isolation_level_is_that_of_this_transaction_only(
    db: Database, items: Item, database_name: str
) -> None:
    for level in ("serializable", "read committed", "REPEATABLE_READ"):
        async with db.transaction(isolation_level=level) as trx:  # type: ignore[arg-type]
            await add(trx, items, 1)
            await asyncio.sleep(0.15)  # innodb_trx is a tenth of a second old
            assert (await trx.fetch_value(_LEVEL[database_name])).lower() == level.lower().replace("_", " ")
            await trx.rollback()
    async with db.transaction() as trx:
        await add(trx, items, 1)
        await asyncio.sleep(0.15)
        default = "read committed" if database_name == "postgres" else "repeatable read"
        assert (await trx.fetch_value(_LEVEL[database_name])).lower() == default


async def test_what_a_database_has_not_is_refused_before_any_query(db: Database, database_name: str) -> None:
    with pytest.raises(BuildError, match="isolation_level is one of"):
        db.transaction(isolation_level="snapshot")  # type: ignore[arg-type]
    with pytest.raises(UnsupportedError, match="DEFERRABLE"):
        db.transaction(deferrable=True)
    if database_name == "sqlite":
        with pytest.raises(UnsupportedError, match="always serializable"):
            db.transaction(isolation_level="read committed")


@pytest.mark.databases("postgres")
async def test_a_deferrable_transaction(db: Database) -> None:
    async with db.transaction(isolation_level="serializable", read_only=True, deferrable=True) as trx:
        assert await trx.fetch_value(sql("SELECT current_setting('transaction_deferrable')")) == "on"


@pytest.mark.databases("postgres")
async def test_a_swallowed_error_is_told_at_the_commit(db: Database, items: Item) -> None:
    await add(db, items, 1)
    with pytest.raises(DatabaseError, match="nothing of this transaction was kept"):
        async with db.transaction() as trx:
            await add(trx, items, 2)
            with pytest.raises(UniqueViolationError):
                await add(trx, items, 1)
    assert await ids(db, items) == [1]


@pytest.mark.databases("postgres")
async def test_what_comes_after_a_swallowed_error_is_told_about_savepoints(db: Database, items: Item) -> None:
    trx = await db.begin()
    await add(trx, items, 1)
    with pytest.raises(UniqueViolationError):
        await add(trx, items, 1)
    with pytest.raises(
        DatabaseError, match=r"transaction is aborted.*; .*in a savepoint, `async with trx\.transaction"
    ) as caught:
        await add(trx, items, 2)
    assert caught.value.sqlstate == "25P02"
    await trx.rollback()


@pytest.mark.databases("sqlite", "postgres")
async def test_a_commit_that_fails_undoes(db: Database, database_name: str) -> None:
    await db.execute(sql("DROP TABLE IF EXISTS child"))
    await db.execute(sql("DROP TABLE IF EXISTS parent"))
    await db.execute(sql("CREATE TABLE parent (id INTEGER PRIMARY KEY)"))
    await db.execute(sql("CREATE TABLE child (id INTEGER REFERENCES parent (id) DEFERRABLE INITIALLY DEFERRED)"))
    trx = await db.begin()
    await trx.execute(sql("INSERT INTO child VALUES (1)"))
    with pytest.raises(ForeignKeyViolationError):
        await trx.commit()
    assert not trx.is_open
    assert await db.fetch_value(sql("SELECT count(*) FROM child")) == 0
    assert (await db.execute(sql("INSERT INTO parent VALUES (1)"))).rows_affected == 1
    assert await db.fetch_value(sql("SELECT count(*) FROM parent")) == 1


async def test_raw_sql_that_ends_the_transaction_is_noticed(db: Database, items: Item) -> None:
    with pytest.raises(ClosedError, match="a statement ended it"):
        async with db.transaction() as trx:
            await add(trx, items, 1)
            await trx.execute(sql("ROLLBACK"))
            await add(trx, items, 2)
    assert await ids(db, items) == []


@pytest.mark.databases("mysql", "mariadb")
async def test_ddl_that_commits_is_noticed(db: Database, items: Item) -> None:
    with pytest.raises(ClosedError, match="DDL"):
        async with db.transaction() as trx:
            await add(trx, items, 1)
            await trx.execute(sql("CREATE TABLE made_inside (id INTEGER)"))
            await add(trx, items, 2)
    await db.execute(sql("DROP TABLE made_inside"))
    assert await ids(db, items) == [1]


@pytest.mark.databases("postgres", "mysql", "mariadb")
async def test_a_deadlock_has_one_victim_which_can_run_again(db: Database, items: Item) -> None:
    await db.insert_into(items).values([{"id": 1, "name": "0"}, {"id": 2, "name": "00"}]).execute()
    meet, calls = asyncio.Barrier(2), 0

    async def change(first: int, second: int) -> None:
        async def work(trx: Transaction) -> None:
            nonlocal calls
            calls += 1
            await trx.execute(sql("UPDATE item SET name = concat(name, 'x') WHERE id = {}", first))
            if calls <= 2:
                await meet.wait()
            await trx.execute(sql("UPDATE item SET name = concat(name, 'x') WHERE id = {}", second))

        await db.run_in_transaction(work, attempts=5)

    await asyncio.gather(change(1, 2), change(2, 1))
    assert calls == 3
    assert await db.select_from(items).select(items.name).order_by(items.id).fetch_column() == ["0xx", "00xx"]


@pytest.mark.databases("mysql", "mariadb")
async def test_nothing_is_kept_one_by_one_after_a_deadlock(db: Database, items: Item) -> None:
    await db.insert_into(items).values([{"id": 1}, {"id": 2}]).execute()
    meet = asyncio.Barrier(2)

    async def change(first: int, second: int) -> str:
        try:
            async with db.transaction() as trx:
                await trx.update(items).set(name=f"{first}").where(items.id == first).execute()
                await meet.wait()
                try:
                    await trx.update(items).set(name=f"{first}{second}").where(items.id == second).execute()
                except DeadlockError:
                    with pytest.raises(ClosedError, match="over"):
                        await add(trx, items, 99)
                    return "the victim"
        except DatabaseError:
            return "the victim was told"
        return "kept"

    assert sorted(await asyncio.gather(change(1, 2), change(2, 1))) == ["kept", "the victim was told"]
    assert await ids(db, items) == [1, 2]


@pytest.mark.databases("postgres")
async def test_what_cannot_be_serialized_is_run_again(db: Database, items: Item) -> None:
    await db.insert_into(items).values([{"id": 1}, {"id": 2}]).execute()
    calls = 0

    async def work(trx: Transaction) -> int:
        nonlocal calls
        calls += 1
        count: int = await trx.fetch_value(sql("SELECT count(*) FROM item"))
        if calls == 1:
            await asyncio.create_task(_change_beside(db, items))
        await trx.update(items).set(name="mine").where(items.id == 1).execute()
        return count

    assert await db.run_in_transaction(work, isolation_level="repeatable read") == 2
    assert calls == 2
    with pytest.raises(SerializationError):
        calls = 0
        await db.run_in_transaction(work, isolation_level="repeatable read", attempts=1)


async def _change_beside(db: Database, items: Item) -> None:
    await db.update(items).set(name="theirs").where(items.id == 1).execute()


async def test_a_pinned_connection_keeps_its_session_to_itself(db: Database, items: Item) -> None:
    async with db.connection() as connection:
        await add(connection, items, 1)
        async with connection.transaction() as trx:
            with pytest.raises(UsageError, match="transaction on this connection"):
                await add(connection, items, 2)
            with pytest.raises(UsageError, match=r"db\.outside\(\)"):
                await ids(db, items)
            await add(trx, items, 3)
        assert await ids(connection, items) == [1, 3]
        assert await ids(db, items) == [1, 3]
    with pytest.raises(ClosedError, match="given back"):
        await add(connection, items, 4)


async def test_a_transaction_left_open_on_a_pinned_connection_is_undone(db: Database, items: Item) -> None:
    async with db.connection() as connection:
        trx = await connection.transaction().start()
        await add(trx, items, 1)
    assert not trx.is_open
    assert await ids(db, items) == []
