"""A SQLite file: one writer, readers beside it, other processes, and its pragmas."""

import asyncio
import sqlite3
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from querykit import Column, Table, fn, sql
from querykit.errors import (
    ConnectError,
    ForeignKeyViolationError,
    LockTimeoutError,
    ReadOnlyError,
    SerializationError,
)
from querykit.execution.database import Database
from querykit.execution.runner import Runner


class Entry(Table, name="entry"):
    id: Column[int]


entry = Entry()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "shop.db"


@pytest.fixture
async def shop(path: Path) -> AsyncIterator[Database]:
    async with Database(f"sqlite:///{path}") as shop:
        await shop.execute(sql("CREATE TABLE entry (id INTEGER PRIMARY KEY)"))
        yield shop


async def add(runner: Runner, number: int) -> None:
    await runner.insert_into(entry).values(id=number).execute()


async def ids(runner: Runner) -> list[int]:
    return await runner.select_from(entry).select(entry.id).order_by(entry.id).fetch_column()


async def pragma(runner: Runner, name: str) -> object:
    return await runner.fetch_value(sql("SELECT {} FROM {}", sql.id(name), sql.id(f"pragma_{name}")))


async def test_the_pragmas(path: Path) -> None:
    async with Database(f"sqlite:///{path}") as db:
        async with db.connection() as connection:
            for name, expected in (("journal_mode", "wal"), ("foreign_keys", 1), ("synchronous", 1)):
                assert await pragma(connection, name) == expected
        assert await pragma(db, "foreign_keys") == 1  # on a reader too
        assert await pragma(db, "query_only") == 1
    options = "journal_mode=delete&foreign_keys=off&synchronous=extra"
    async with Database(f"sqlite:///{path}?{options}") as db, db.connection() as connection:
        for name, expected in (("journal_mode", "delete"), ("foreign_keys", 0), ("synchronous", 3)):
            assert await pragma(connection, name) == expected


async def test_foreign_keys_hold(shop: Database) -> None:
    await shop.execute(sql("CREATE TABLE note (entry_id INTEGER REFERENCES entry (id))"))
    with pytest.raises(ForeignKeyViolationError):
        await shop.execute(sql("INSERT INTO note VALUES (1)"))


async def test_readers_do_not_wait_for_the_writer(shop: Database) -> None:
    await add(shop, 1)
    began = time.monotonic()
    async with shop.transaction() as trx:
        await add(trx, 2)
        assert await asyncio.gather(*[ids(shop.outside()) for _ in range(20)]) == [[1]] * 20
    assert time.monotonic() - began < 2
    assert await ids(shop) == [1, 2]


async def test_a_reader_sees_one_state_while_others_write(shop: Database) -> None:
    await add(shop, 1)
    async with shop.transaction(read_only=True) as trx:
        assert await ids(trx) == [1]
        await asyncio.create_task(add(shop, 2))
        assert await ids(trx) == [1]
    assert await ids(shop) == [1, 2]


async def test_writers_take_turns(shop: Database) -> None:
    async def write(number: int) -> None:
        async with shop.transaction() as trx:
            count = await trx.select_from(entry).select(fn.count()).fetch_value()
            await asyncio.sleep(0.001)
            await add(trx, count)  # read, then written: nobody came between

    await asyncio.gather(*[write(number) for number in range(50)])
    assert await ids(shop) == list(range(50))


async def test_writers_of_two_databases_wait_for_each_other(shop: Database, path: Path) -> None:
    async def write(db: Database, numbers: range) -> None:
        for number in numbers:
            async with db.transaction() as trx:
                await add(trx, number)

    async with Database(f"sqlite:///{path}") as other:
        await asyncio.gather(write(shop, range(100)), write(other, range(100, 200)))
    assert await ids(shop) == list(range(200))


_HOLDING = """
import sqlite3, sys, time
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN IMMEDIATE")
print("held", flush=True)
sys.stdin.readline()
connection.execute("COMMIT")
"""


async def test_another_process_that_holds_the_lock_is_waited_for(path: Path, shop: Database) -> None:
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", _HOLDING, path, stdin=pipe, stdout=pipe)
    assert process.stdout is not None
    await process.stdout.readline()
    async with Database(f"sqlite:///{path}?busy_timeout=0.3") as impatient:
        began = time.monotonic()
        with pytest.raises(LockTimeoutError):
            await add(impatient, 1)
        with pytest.raises(LockTimeoutError):
            await impatient.begin()
        assert 0.5 < time.monotonic() - began < 3
        assert await ids(impatient) == []
    waiting = asyncio.create_task(add(shop, 2))
    await asyncio.sleep(0.4)
    assert not waiting.done()
    await process.communicate(b"\n")
    await waiting
    assert await ids(shop) == [2]


async def test_a_deferred_transaction_whose_rows_are_out_of_date_is_told(shop: Database) -> None:
    async with shop.connection() as connection:
        await connection.execute(sql("BEGIN"))
        assert await ids(connection) == []
        other = sqlite3.connect(str(await _file_of(shop)))
        other.execute("INSERT INTO entry VALUES (1)")
        other.commit()
        other.close()
        with pytest.raises(SerializationError):
            await add(connection, 2)
        await connection.execute(sql("ROLLBACK"))
    assert await ids(shop) == [1]


async def _file_of(db: Database) -> object:
    return await db.fetch_value(sql("SELECT file FROM pragma_database_list WHERE name = 'main'"))


async def test_a_file_that_is_opened_for_reading_only_refuses_writes(shop: Database, path: Path) -> None:
    await add(shop, 1)
    async with Database(f"sqlite:///{path}?mode=ro") as db:
        assert await ids(db) == [1]
        with pytest.raises(ReadOnlyError):
            await add(db, 2)
        with pytest.raises(ReadOnlyError):
            async with db.transaction() as trx:
                await add(trx, 3)
    with pytest.raises(ConnectError, match="unable to open"):
        await Database(f"sqlite:///{path}.missing?mode=rw").connect()


async def test_a_database_in_memory_is_one_connection_for_all_tasks() -> None:
    async with Database("sqlite://", pool_size=10) as db:
        await db.execute(sql("CREATE TABLE entry (id INTEGER PRIMARY KEY)"))
        await asyncio.gather(*[add(db, number) for number in range(50)])
        assert db.pool.size == 1
        assert await ids(db) == list(range(50))
