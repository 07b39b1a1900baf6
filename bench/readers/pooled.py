"""The hand-written reads on asyncpg's own pool, as it is and without the reset of every connection that comes back.

And the same with the SQL that querykit writes, so that nothing but the client tells them apart.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import asyncpg
import orjson

from bench.measure.work import Contenders
from bench.readers import querykit
from bench.readers.by_hand import Bare, as_dicts, reads
from bench.readers.sql import SQL, Texts
from querykit import param

CONNECTIONS = 10
"""As many as querykit's pool has."""


async def no_reset(_: Any) -> None:
    """Leave a connection as it is."""


async def on_pool(url: str, texts: Texts = SQL["postgres"], **options: Any) -> Bare:
    pool = await asyncpg.create_pool(url, min_size=CONNECTIONS, max_size=CONNECTIONS, **options)
    return Bare(pool.fetch, texts)


def written() -> Texts:
    """What querykit writes; its parameters come in the same order."""
    key, count = param("key", int), param("count", int)
    queries = (querykit.one(key), querykit.page(key, count), querykit.every())
    one, page, every = (query.compile("postgres").sql for query in queries)
    return Texts(one, page, every, {})


async def opened(url: str) -> Contenders:
    decoded = partial(as_dicts, orjson.loads)
    same = await on_pool(url, written(), reset=no_reset)
    return {
        "by hand, pool without reset": reads(await on_pool(url, reset=no_reset), decoded),
        "by hand, pool": reads(await on_pool(url), decoded),
        "querykit's SQL, pool without reset": reads(same, decoded),
    }
