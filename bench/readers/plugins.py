"""One person with relations, by a prepared query: with plugins about tables, and without."""

from __future__ import annotations

from typing import Any

from bench.measure.work import Contenders, Work
from bench.tenants import PLUGINS, SECURED, TENANT, WITHOUT, WRITTEN, conditions, nested_query
from querykit import Database, param


def read(db: Any, query: Any, **named: int) -> dict[str, Work]:
    prepared = db.prepare(query.limit(1))

    async def one(key: int, _: int) -> Any:
        return await prepared.fetch_one(key=key, **named)

    return {"one": Work(one)}


async def opened(url: str) -> Contenders:
    db = await Database(url).connect()
    secured = db.with_plugin(PLUGINS[0]).with_plugin(PLUGINS[1])  # on the same connection
    key = param("key", int)
    return {
        "querykit": read(db, nested_query(key)),
        WITHOUT: read(db.without_plugins(), nested_query(key)),
        WRITTEN: read(db, nested_query(key, conditions), tenant=TENANT),
        SECURED: read(secured.with_context(tenant=TENANT), nested_query(key)),
    }
