"""A hundred thousand rows on the bare driver: its executemany, and asyncpg's COPY."""

from __future__ import annotations

from urllib.parse import urlsplit

import aiomysql
import aiosqlite
import asyncpg

from bench.inserts.rows import COLUMNS, TUPLES
from bench.measure.work import Contenders, Work
from tests.databases import mysql_arguments

INSERT = f"INSERT INTO bulk ({', '.join(COLUMNS)}) VALUES"


async def on_postgres(url: str) -> Contenders:
    connection = await asyncpg.connect(url)

    async def executemany(_: int, __: int) -> None:
        await connection.executemany(f"{INSERT} ($1, $2, $3, $4)", TUPLES)

    async def copy(_: int, __: int) -> None:
        await connection.copy_records_to_table("bulk", records=TUPLES, columns=COLUMNS)

    return {
        "asyncpg, executemany()": {"insert": Work(executemany)},
        "asyncpg, copy_records_to_table()": {"insert": Work(copy)},
    }


async def on_sqlite(url: str) -> Contenders:
    connection = await aiosqlite.connect(url.removeprefix("sqlite:///"))

    async def executemany(_: int, __: int) -> None:
        await connection.executemany(f"{INSERT} (?, ?, ?, ?)", TUPLES)
        await connection.commit()

    return {"aiosqlite, executemany()": {"insert": Work(executemany)}}


async def on_mysql(url: str) -> Contenders:
    connection = await aiomysql.connect(**mysql_arguments(url))

    async def executemany(_: int, __: int) -> None:
        async with connection.cursor() as cursor:
            await cursor.executemany(f"{INSERT} (%s, %s, %s, %s)", TUPLES)
        await connection.commit()

    return {"aiomysql, executemany()": {"insert": Work(executemany)}}


OPENING = {"postgresql": on_postgres, "sqlite": on_sqlite, "mysql": on_mysql, "mariadb": on_mysql}


async def opened(url: str) -> Contenders:
    return await OPENING[urlsplit(url).scheme](url)
