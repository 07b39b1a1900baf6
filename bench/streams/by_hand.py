"""A stream on the bare driver: a cursor of asyncpg, aiosqlite or aiomysql, as its documentation has it."""

from __future__ import annotations

from urllib.parse import urlsplit

import aiomysql
import aiosqlite
import asyncpg

from bench.measure.work import Contenders, Work
from bench.streams.rows import AT_ONCE
from tests.databases import mysql_arguments

TEXT = "SELECT id, name, score FROM streamed ORDER BY id LIMIT"


async def on_postgres(url: str) -> Work:
    connection = await asyncpg.connect(url)

    async def stream(_: int, count: int) -> tuple[int, float]:
        rows, total = 0, 0.0
        async with connection.transaction():
            async for row in connection.cursor(f"{TEXT} $1", count, prefetch=AT_ONCE):
                rows += row["id"] > 0
                total += row["score"]
        return rows, total

    return Work(stream)


async def on_sqlite(url: str) -> Work:
    connection = await aiosqlite.connect(url.removeprefix("sqlite:///"), iter_chunk_size=AT_ONCE)

    async def stream(_: int, count: int) -> tuple[int, float]:
        rows, total = 0, 0.0
        async with connection.execute(f"{TEXT} ?", (count,)) as cursor:
            async for key, _name, score in cursor:
                rows += key > 0
                total += score
        return rows, total

    return Work(stream)


async def on_mysql(url: str) -> Work:
    connection = await aiomysql.connect(**mysql_arguments(url), autocommit=True)

    async def stream(_: int, count: int) -> tuple[int, float]:
        rows, total = 0, 0.0
        async with connection.cursor(aiomysql.SSCursor) as cursor:
            await cursor.execute(f"{TEXT} %s", (count,))
            while chunk := await cursor.fetchmany(AT_ONCE):
                for key, _name, score in chunk:
                    rows += key > 0
                    total += score
        return rows, total

    return Work(stream)


OPENING = {"postgresql": on_postgres, "sqlite": on_sqlite, "mysql": on_mysql, "mariadb": on_mysql}


async def opened(url: str) -> Contenders:
    return {"by hand": {"stream": await OPENING[urlsplit(url).scheme](url)}}
