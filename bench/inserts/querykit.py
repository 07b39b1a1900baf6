"""A hundred thousand rows by querykit: one INSERT, split as the database needs it, and COPY."""

from __future__ import annotations

from bench.inserts.rows import COLUMNS, DICTS, TUPLES, bulk
from bench.measure.work import Contenders, Work
from querykit import Database


async def opened(url: str) -> Contenders:
    db = await Database(url).connect()

    async def insert(_: int, __: int) -> None:
        await db.insert_into(bulk).values(DICTS).execute()

    async def copy(_: int, __: int) -> None:
        await db.copy_into(bulk, TUPLES, columns=COLUMNS)

    found = {"querykit": {"insert": Work(insert)}}
    if db.dialect.name == "postgres":
        found["querykit, copy_into()"] = {"insert": Work(copy)}
    return found
