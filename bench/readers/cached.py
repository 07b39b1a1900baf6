"""The same reads again and again, by querykit through a cache."""

from __future__ import annotations

from typing import Any

import msgspec

from bench.measure.work import Contenders, Work
from bench.readers.querykit import Human, one, page
from querykit import Database, param
from querykit.plugins import CachePlugin


def reads(db: Database, any_one: Any, any_page: Any) -> dict[str, Work]:
    async def one(key: int, _: int) -> Any:
        return await db.fetch_one(any_one, parameters={"key": key})

    async def page(key: int, count: int) -> Any:
        return await db.fetch_all(any_page, parameters={"key": key, "count": count})

    return {"one": Work(one, msgspec.to_builtins), "page": Work(page, msgspec.to_builtins)}


async def opened(url: str) -> Contenders:
    db = await Database(url, plugins=[CachePlugin(ttl=3600, max_ttl=3600)]).connect()
    any_one = one(param("key", int))
    any_page = page(param("key", int), param("count", int))
    return {
        "querykit, cached": reads(db, any_one, any_page),
        "querykit, cached, Structs": reads(db, any_one.rows_as(Human), any_page.rows_as(Human)),
    }
