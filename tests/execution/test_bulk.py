"""Many rows at once."""

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest

from querykit import Column, Json, Table, fn, param, sql, table
from querykit.errors import BuildError, UniqueViolationError, UnsupportedError, UsageError
from querykit.execution.database import Database
from tests.execution.conftest import Item

MANY = 100_000


async def count(db: Database, items: Item) -> int:
    return await db.select_from(items).select(fn.count()).fetch_value()


# -- INSERT -------------------------------------------------------------------------------------------------------


async def test_a_hundred_thousand_rows_are_inserted_by_one_statement(db: Database, items: Item) -> None:
    result = await db.insert_into(items).values([{"id": n, "name": f"item {n}"} for n in range(MANY)]).execute()
    assert result.rows_affected == MANY
    assert await count(db, items) == MANY


async def test_rows_that_are_more_text_than_the_server_takes_at_once_are_inserted(
    db: Database, database_name: str
) -> None:
    await db.execute(sql("DROP TABLE IF EXISTS item_text"))
    await db.execute(sql("CREATE TABLE item_text (id INTEGER PRIMARY KEY, body TEXT)"))
    long = table("item_text")
    try:
        rows = [{"id": n, "body": "'\\x" * 10_000} for n in range(2_500)]  # 75 MB, and more once escaped
        assert (await db.insert_into(long).values(rows).execute()).rows_affected == 2_500
        assert await db.fetch_value(sql("SELECT SUM(LENGTH(body)) FROM item_text")) == 75_000_000
    finally:
        await db.execute(sql("DROP TABLE item_text"))


# -- execute_many -------------------------------------------------------------------------------------------------


@pytest.fixture
async def hundred(db: Database, items: Item) -> Item:
    await db.insert_into(items).values([{"id": n, "name": f"item {n}"} for n in range(100)]).execute()
    return items


async def test_execute_many_runs_a_write_for_each_set(db: Database, hundred: Item) -> None:
    query = db.update(hundred).set(name=param("name", str)).where(hundred.id == param("id", int))
    result = await db.execute_many(query, [{"id": n, "name": f"new {n}%s'"} for n in range(0, 200, 2)])
    assert result.rows_affected in {50, None}
    names = await db.select_from(hundred).select(hundred.name).order_by(hundred.id).fetch_column()
    assert names == [f"new {n}%s'" if n % 2 == 0 else f"item {n}" for n in range(100)]


async def test_execute_many_inserts_a_hundred_thousand_rows(db: Database, items: Item, database_name: str) -> None:
    query = db.insert_into(items).values(id=param("id", int), name=param("name", str))
    wanted = MANY if database_name in {"postgres", "sqlite"} else 10_000  # one by one on the others
    await db.execute_many(query, ({"id": n, "name": f"item {n}"} for n in range(wanted)))
    assert await count(db, items) == wanted


async def test_execute_many_does_all_or_nothing(db: Database, items: Item) -> None:
    query = db.insert_into(items).values(id=param("id", int))
    with pytest.raises(UniqueViolationError):
        await db.execute_many(query, [{"id": n} for n in (*range(1500), 3)])
    assert await count(db, items) == 0
    async with db.transaction() as trx:
        with pytest.raises(UniqueViolationError):
            await trx.execute_many(query, [{"id": 1}, {"id": 1}])
        await trx.execute_many(query, [{"id": 1}, {"id": 2}])
    assert await count(db, items) == 2
    assert (await db.execute_many(query, [])).rows_affected == 0


async def test_execute_many_checks_every_set(db: Database, items: Item) -> None:
    query = db.insert_into(items).values(id=param("id", int))
    for wrong in ({"id": "1"}, {}, {"id": 1, "nam": 2}):
        with pytest.raises(BuildError):
            await db.execute_many(query, [{"id": 1}, wrong])
    assert await count(db, items) == 0
    with pytest.raises(BuildError):
        await db.execute_many(query, {"id": 1})
    with pytest.raises(UsageError):
        await db.execute_many(db.select_from(items).select(items.id), [])


async def test_execute_many_can_be_cancelled(db: Database, items: Item) -> None:
    query = db.insert_into(items).values(id=param("id", int), name=param("name", str))

    async def endless() -> AsyncIterator[dict[str, Any]]:
        n = 0
        while True:
            yield {"id": n, "name": str(n)}
            n += 1

    with pytest.raises(TimeoutError):
        await asyncio.wait_for(db.execute_many(query, endless()), 0.5)
    assert await count(db, items) == 0


# -- COPY ---------------------------------------------------------------------------------------------------------


class Copied(Table, name="copied"):
    id: Column[int]
    price: Column[Decimal | None]
    at: Column[datetime | None]
    data: Column[Json | None]
    tags: Column[list[str] | None]


copied = Copied()


@pytest.fixture
async def target(db: Database) -> AsyncIterator[Copied]:
    await db.execute(sql("DROP TABLE IF EXISTS copied"))
    await db.execute(
        sql("CREATE TABLE copied (id INTEGER PRIMARY KEY, price NUMERIC, at TIMESTAMP, data JSONB, tags TEXT[])")
    )
    yield copied
    await db.execute(sql("DROP TABLE copied"))


@pytest.mark.databases("postgres")
async def test_copy_writes_what_insert_writes(db: Database, target: Copied) -> None:
    rows = [
        {"id": 1, "price": Decimal("1.50"), "at": datetime(2024, 5, 1, 12, 30), "data": {"a": [1]}, "tags": ["x", "y"]},
        {"id": 2, "price": None, "at": None, "data": None, "tags": []},
        {"id": 3, "price": 4, "at": None, "data": [1.5, "é"], "tags": None},
    ]
    assert (await db.copy_into(target, rows)).rows_affected == 3
    by_copy = await db.select_from(target).select_all().order_by(target.id).fetch_all()
    await db.delete_from(target).all_rows().execute()
    await db.insert_into(target).values(rows).execute()
    assert by_copy == await db.select_from(target).select_all().order_by(target.id).fetch_all()
    assert by_copy[0]["data"] == {"a": [1]}


@pytest.mark.databases("postgres")
async def test_copy_takes_any_number_of_rows_from_any_source(db: Database, items: Item) -> None:
    async def source() -> AsyncIterator[tuple[int, str]]:
        for n in range(MANY):
            yield n, f"item {n}"

    began = time.monotonic()
    result = await db.copy_into(items, source(), columns=[items.id, items.name])
    assert time.monotonic() - began < 20
    assert result.rows_affected == MANY == await count(db, items)
    assert (await db.copy_into(items, [])).rows_affected == 0


@pytest.mark.databases("postgres")
async def test_copy_does_all_or_nothing(db: Database, items: Item) -> None:
    with pytest.raises(UniqueViolationError):
        await db.copy_into(items, ({"id": n % 15_000} for n in range(16_000)))
    assert await count(db, items) == 0
    async with db.transaction() as trx:
        with pytest.raises(UniqueViolationError):
            await trx.copy_into(items, [{"id": 1}, {"id": 1}])
        await trx.copy_into(items, [{"id": 1}])
    assert await count(db, items) == 1


@pytest.mark.databases("postgres")
async def test_copy_checks_rows_as_insert_does(db: Database, items: Item) -> None:
    for wrong in ([{"id": "1"}], [{"nam": "x"}], [{"id": 1}, {"id": 2, "name": "x"}], [{"id": items.id + 1}], [7], {}):
        with pytest.raises(BuildError):
            await db.copy_into(items, wrong)
    later = [{"id": n} for n in range(10_000)] + [{"id": 10_001, "name": "x"}]
    with pytest.raises(BuildError):
        await db.copy_into(items, later)
    assert await count(db, items) == 0


@pytest.mark.databases("postgres")
async def test_copy_can_be_cancelled(db: Database, items: Item) -> None:
    async def endless() -> AsyncIterator[dict[str, Any]]:
        n = 0
        while True:
            yield {"id": n, "name": str(n)}
            n += 1

    with pytest.raises(TimeoutError):
        await asyncio.wait_for(db.copy_into(items, endless()), 0.5)
    assert await count(db, items) == 0


@pytest.mark.databases("sqlite", "mysql", "mariadb")
async def test_copy_is_refused_elsewhere(db: Database, items: Item) -> None:
    with pytest.raises(UnsupportedError, match="COPY; insert_into"):
        await db.copy_into(items, [{"id": 1}])
    assert await count(db, items) == 0
