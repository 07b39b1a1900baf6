"""One person with relations, by a prepared query: with plugins about tables, and without."""

from __future__ import annotations

from typing import Any

from bench.measure.work import Contenders, Work
from bench.statements.plugins import by_hand_query
from bench.statements.querykit import nested_query
from bench.tenants import BY_HAND, PLUGINS, SECURED, TENANT, WITHOUT
from querykit import Database, param


def read(db: Any, query: Any, **named: int) -> dict[str, Work]:
    prepared = db.prepare(query.limit(1))

    async def one(key: int, _: int) -> Any:
        return await prepared.fetch_one(key=key, **named)

    return {"one": Work(one)}


async def opened(url: str) -> Contenders:
    db = await Database(url).connect()
    secured = await Database(url, plugins=PLUGINS).connect()
    key = param("key", int)
    return {
        "querykit": read(db, nested_query(key)),
        WITHOUT: read(db.without_plugins(), nested_query(key)),
        BY_HAND: read(db, by_hand_query(key), tenant=TENANT),
        SECURED: read(secured.with_context(tenant=TENANT), nested_query(key)),
    }
