"""Pools and connections that the program brings."""

import asyncio
import datetime as dt
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiomysql
import aiosqlite
import asyncpg
import pytest
from pymysql.constants import CLIENT

from querykit import select, sql, value
from querykit.errors import ConfigurationError, DataError, DecodeError, UniqueViolationError
from querykit.execution.database import Database
from tests.databases import mysql_arguments
from tests.execution.conftest import Item, Slow

pytestmark = pytest.mark.own_session


@asynccontextmanager
async def brought_to(name: str, url: str) -> AsyncIterator[Any]:
    """An open pool or connection of the driver's own."""
    if name == "postgres":
        async with asyncpg.create_pool(url, min_size=1, max_size=3) as pool:
            yield pool
    elif name == "sqlite":
        async with aiosqlite.connect(url.removeprefix("sqlite:///")) as connection:
            yield connection
    else:
        async with aiomysql.create_pool(
            **mysql_arguments(url),
            charset="utf8mb4",
            autocommit=True,
            init_command="SET time_zone = '+00:00'",
            client_flag=CLIENT.FOUND_ROWS,
            maxsize=3,
        ) as pool:
            yield pool


@pytest.fixture
async def brought(database_name: str, urls: dict[str, str]) -> AsyncIterator[Any]:
    async with brought_to(database_name, urls[database_name]) as brought:
        yield brought


async def test_what_the_program_brings_is_used_and_stays_open(brought: Any, items: Item, database_name: str) -> None:
    for _ in range(2):
        async with Database(brought) as db:
            assert db.dialect.name == database_name
            await db.delete_from(items).where(items.id > 0).execute()
            await db.insert_into(items).values(id=1).execute()
            with pytest.raises(UniqueViolationError):
                async with db.transaction() as trx:
                    await trx.insert_into(items).values(id=2).execute()
                    await trx.insert_into(items).values(id=1).execute()
            assert await db.select_from(items).select(items.id).fetch_column() == [1]
            ones = [db.fetch_value(select(value(n).as_("n"))) for n in range(20)]
            assert await asyncio.gather(*ones) == list(range(20))
    async with Database(brought) as db:
        assert await db.fetch_value(sql("SELECT count(*) FROM item")) == 1


@pytest.mark.databases("postgres", "mysql", "mariadb")
async def test_a_pool_gets_its_connections_back(brought: Any, items: Item, slow: Slow) -> None:
    async with Database(brought) as db:
        task = asyncio.create_task(db.fetch_all(slow.read))
        await asyncio.sleep(0.1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        async with db.connection() as connection:
            await connection.execute(sql("SELECT 1"))
        await asyncio.sleep(0.05)
        async with asyncio.timeout(2):
            taken = [await brought.acquire() for _ in range(3)]
        for each in taken:
            await brought.release(each)


@pytest.mark.databases("mysql", "mariadb")
async def test_a_pool_with_unsafe_settings_is_refused(urls: dict[str, str], database_name: str) -> None:
    async with aiomysql.create_pool(**mysql_arguments(urls[database_name])) as pool:
        with pytest.raises(ConfigurationError, match="autocommit=True"):
            await Database(pool).connect()


@pytest.mark.databases("postgres")
async def test_a_pool_with_codecs_for_our_types_is_refused(urls: dict[str, str], database_name: str) -> None:
    async def decode_json(connection: Any) -> None:
        await connection.set_type_codec("jsonb", schema="pg_catalog", encoder=json.dumps, decoder=json.loads)

    async with asyncpg.create_pool(urls[database_name], min_size=1, max_size=1, init=decode_json) as pool:
        with pytest.raises(ConfigurationError, match="codecs of their own for jsonb"):
            await Database(pool).connect()
        async with asyncio.timeout(2), pool.acquire() as connection:  # it was given back
            assert await connection.fetchval("SELECT '[1]'::jsonb") == [1]


@pytest.mark.databases("postgres")
async def test_a_pool_never_sends_or_reads_infinity_for_the_ends_of_the_calendar(brought: Any) -> None:
    async with Database(brought) as db:
        for end in (dt.date.max, dt.date.min, dt.datetime.max, dt.datetime.max.replace(tzinfo=dt.UTC)):
            with pytest.raises(DataError, match="sends as infinity on the connections of a pool of yours"):
                await db.fetch_value(select(value(end).as_("v")))
        for text, kind in (("DATE 'infinity'", dt.date), ("DATE '9999-12-31'", dt.date)):
            with pytest.raises(DecodeError):
                await db.fetch_all(sql.raw(f"SELECT {text} AS v").returns_rows(v=kind))  # type: ignore[arg-type]


def test_other_things_are_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"not builtins\.int"):
        Database(5)  # type: ignore[arg-type]


async def test_parts_of_a_url_do_not_go_with_what_is_connected_already(brought: Any) -> None:
    with pytest.raises(ConfigurationError, match=r"^user goes with a URL; what is brought is connected already$"):
        Database(brought, user="me")
