"""Nested reads as one writes them by hand: SQL on the bare driver, and its JSON decoded by orjson or msgspec."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import aiomysql
import aiosqlite
import asyncpg
import msgspec
import orjson

from bench.measure.work import Contenders, Work
from bench.readers.querykit import Human, Mother, Pet
from bench.readers.sql import SQL, Texts
from tests.databases import mysql_arguments

Rows = Sequence[Sequence[Any]]


class Bare(NamedTuple):
    """A connection of a bare driver."""

    fetch: Callable[..., Awaitable[Rows]]
    texts: Texts


async def on_postgres(url: str) -> Bare:
    connection = await asyncpg.connect(url)

    async def fetch(text: str, *values: object) -> Rows:
        found: Rows = await connection.fetch(text, *values)
        return found

    return Bare(fetch, SQL["postgres"])


async def on_sqlite(url: str) -> Bare:
    connection = await aiosqlite.connect(url.removeprefix("sqlite:///"))

    async def fetch(text: str, *values: object) -> Rows:
        return list(await connection.execute_fetchall(text, values))  # one hop to its thread for both

    return Bare(fetch, SQL["sqlite"])


async def on_mysql(url: str) -> Bare:
    connection = await aiomysql.connect(**mysql_arguments(url), autocommit=True)

    async def fetch(text: str, *values: object) -> Rows:
        async with connection.cursor() as cursor:
            await cursor.execute(text, values)
            found: Rows = await cursor.fetchall()
            return found

    return Bare(fetch, SQL[urlsplit(url).scheme])


OPENING = {"postgresql": on_postgres, "sqlite": on_sqlite, "mysql": on_mysql, "mariadb": on_mysql}


def as_dicts(decode: Callable[[str | bytes], Any], rows: Rows) -> list[dict[str, Any]]:
    """What one writes around a bare driver."""
    return [
        {
            "id": key,
            "first_name": name,
            "birth_year": year,
            "pets": decode(pets),
            "mother": None if mother is None else decode(mother),
        }
        for key, name, year, pets, mother in rows
    ]


_decode_pets = msgspec.json.Decoder(list[Pet]).decode
_decode_mother = msgspec.json.Decoder(Mother).decode


def as_structs(rows: Rows) -> list[Human]:
    """The same into classes."""
    return [
        Human(key, name, year, _decode_pets(pets), None if mother is None else _decode_mother(mother))
        for key, name, year, pets, mother in rows
    ]


def reads(bare: Bare, read: Callable[[Rows], list[Any]]) -> dict[str, Work]:
    async def one(key: int, _: int) -> Any:
        return read(await bare.fetch(bare.texts.one, key))[0]

    async def page(key: int, count: int) -> Any:
        return read(await bare.fetch(bare.texts.page, key, count))

    async def every(_: int, __: int) -> Any:
        return read(await bare.fetch(bare.texts.every))

    return {name: Work(run, msgspec.to_builtins) for name, run in (("one", one), ("page", page), ("every", every))}


def trees(bare: Bare) -> dict[str, Work]:
    async def tree(_: int, depth: int) -> Any:
        rows = await bare.fetch(bare.texts.trees[depth])
        return [{"id": key, "name": name, "children": orjson.loads(found)} for key, name, found in rows]

    return {"tree": Work(tree)} if bare.texts.trees else {}


async def opened(url: str) -> Contenders:
    bare = await OPENING[urlsplit(url).scheme](url)
    return {
        "by hand, orjson": {**reads(bare, partial(as_dicts, orjson.loads)), **trees(bare)},
        "by hand, msgspec": reads(bare, partial(as_dicts, msgspec.json.decode)),
        "by hand, msgspec Structs": reads(bare, as_structs),
    }
