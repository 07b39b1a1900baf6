"""The hand-written reads on other drivers than those that querykit runs on."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Sequence
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import apsw
import apsw.aio
import asyncmy
import orjson
import psqlpy
import psycopg

from bench.measure.work import Contenders, Work
from bench.readers.by_hand import Bare, Rows, as_dicts, reads
from bench.readers.sql import SQL, Texts
from tests.databases import mysql_arguments

decoded = partial(as_dicts, orjson.loads)


async def on_psycopg(url: str) -> dict[str, Work]:
    """Statements are prepared after five runs, and values come in binary."""
    connection = await psycopg.AsyncConnection.connect(url, autocommit=True)
    cursor = connection.cursor(binary=True)
    texts = _with_placeholders(SQL["postgres"])

    async def fetch(text: str, *values: object) -> Rows:
        await cursor.execute(text, values)
        return await cursor.fetchall()

    # its JSON comes decoded: by orjson, as its documentation shows
    psycopg.types.json.set_json_loads(orjson.loads)
    return reads(Bare(fetch, texts), partial(as_dicts, lambda value: value))


def _with_placeholders(texts: Texts) -> Texts:
    return texts._replace(one=texts.one.replace("$1", "%s"), page=texts.page.replace("$1", "%s").replace("$2", "%s"))


async def on_psqlpy(url: str) -> dict[str, Work]:
    """Written in Rust; its JSON comes decoded."""
    connection = await psqlpy.connect(url.replace("postgresql://", "postgres://"))

    async def fetch(text: str, *values: object) -> Rows:
        found: Sequence[Any] = (await connection.fetch(text, list(values))).row_factory(tuple_row)
        return found

    return reads(Bare(fetch, SQL["postgres"]), partial(as_dicts, lambda value: value))


def tuple_row(row: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(row.values())


async def on_asyncmy(url: str) -> dict[str, Work]:
    """A fork of aiomysql, compiled by Cython."""
    connection = await asyncmy.connect(**mysql_arguments(url), autocommit=True)

    async def fetch(text: str, *values: object) -> Rows:
        async with connection.cursor() as cursor:
            await cursor.execute(text, values)
            found: Rows = await cursor.fetchall()
            return found

    return reads(Bare(fetch, SQL["mysql"]), decoded)


def _blocking(url: str) -> sqlite3.Connection:
    return sqlite3.connect(url.removeprefix("sqlite:///"), check_same_thread=False)


async def on_sqlite3(url: str) -> dict[str, Work]:
    """In the event loop's own thread, which stands still meanwhile: what the hop to another thread costs."""
    connection = _blocking(url)

    async def fetch(text: str, *values: object) -> Rows:
        return connection.execute(text, values).fetchall()

    return reads(Bare(fetch, SQL["sqlite"]), decoded)


async def on_executor(url: str) -> dict[str, Work]:
    """On threads of asyncio's pool."""
    connection = _blocking(url)

    async def fetch(text: str, *values: object) -> Rows:
        return await asyncio.to_thread(lambda: connection.execute(text, values).fetchall())

    return reads(Bare(fetch, SQL["sqlite"]), decoded)


async def on_apsw(url: str) -> dict[str, Work]:
    """APSW's asynchronous connection, with SQLite's newest version in it."""
    apsw.async_controller.set(apsw.aio.AsyncIO)
    connection = await apsw.Connection.as_async(url.removeprefix("sqlite:///"))

    async def fetch(text: str, *values: object) -> Rows:
        return await (await connection.execute(text, values)).fetchall()

    return reads(Bare(fetch, SQL["sqlite"]), decoded)


async def opened(url: str) -> Contenders:
    match urlsplit(url).scheme:
        case "postgresql":
            return {"psycopg": await on_psycopg(url), "psqlpy": await on_psqlpy(url)}
        case "mysql":
            return {"asyncmy": await on_asyncmy(url)}
        case _:
            return {
                "sqlite3, in the loop's thread": await on_sqlite3(url),
                "sqlite3, asyncio.to_thread()": await on_executor(url),
                "APSW": await on_apsw(url),
            }
