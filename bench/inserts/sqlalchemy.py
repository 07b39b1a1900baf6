"""A hundred thousand rows by SQLAlchemy Core: executemany, and insertmanyvalues, which it takes for RETURNING."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import create_async_engine

from bench.inserts.rows import DICTS
from bench.measure.work import Contenders, Work
from bench.readers.sqlalchemy import DRIVERS

bulk = sa.Table(
    "bulk",
    sa.MetaData(),
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("name", sa.String(50)),
    sa.Column("age", sa.Integer),
    sa.Column("score", sa.Double),
)


async def opened(url: str) -> Contenders:
    scheme, rest = url.split(":", 1)
    engine = create_async_engine(f"{DRIVERS[scheme]}:{rest}")

    async def executemany(_: int, __: int) -> None:
        async with engine.begin() as connection:
            await connection.execute(sa.insert(bulk), DICTS)

    async def insertmanyvalues(_: int, __: int) -> None:
        async with engine.begin() as connection:
            await connection.execute(sa.insert(bulk).returning(bulk.c.id), DICTS)

    found = {"SQLAlchemy, executemany": {"insert": Work(executemany)}}
    if engine.dialect.insert_executemany_returning:
        found["SQLAlchemy, insertmanyvalues"] = {"insert": Work(insertmanyvalues)}
    return found
