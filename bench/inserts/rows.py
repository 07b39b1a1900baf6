"""The rows that are inserted, and their table."""

from __future__ import annotations

from querykit import Column, Database, Table, fn, select_from, sql

COUNT = 100_000


class Bulk(Table, name="bulk"):
    id: Column[int]
    name: Column[str]
    age: Column[int]
    score: Column[float]


bulk = Bulk()

CREATE = """\
CREATE TABLE bulk (id INTEGER PRIMARY KEY, name VARCHAR(50) NOT NULL, age INTEGER NOT NULL,
score DOUBLE PRECISION NOT NULL)"""
COLUMNS = ("id", "name", "age", "score")
TUPLES = [(n, f"the name of row {n}", n % 90, n / 2) for n in range(1, COUNT + 1)]
DICTS = [dict(zip(COLUMNS, row, strict=True)) for row in TUPLES]


async def create(url: str) -> None:
    async with Database(url) as db:
        await db.execute(sql(CREATE))


async def empty(url: str) -> None:
    async with Database(url) as db:
        await db.delete_from(bulk).all_rows().execute()
        if db.dialect.name == "postgres":
            await db.execute(sql("VACUUM bulk"))


async def content(url: str) -> dict[str, object]:
    """What tells whether all rows are there, and are right."""
    every = select_from(bulk).select(
        fn.count().as_("count"),
        fn.sum(bulk.id).as_("ids"),
        fn.sum(bulk.age).as_("ages"),
        fn.sum(bulk.score).as_("scores"),
        fn.min(bulk.name).as_("first"),
        fn.max(bulk.name).as_("last"),
    )
    async with Database(url) as db:
        return await db.fetch_one(every)
