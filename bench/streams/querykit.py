"""A stream of querykit's, into dicts."""

from __future__ import annotations

from bench.measure.work import Contenders, Work
from bench.streams.rows import AT_ONCE, streamed
from querykit import Database


async def opened(url: str) -> Contenders:
    db = await Database(url).connect()

    async def stream(_: int, count: int) -> tuple[int, float]:
        query = db.select_from(streamed).select_all().order_by(streamed.id).limit(count)
        rows, total = 0, 0.0
        async for row in query.stream(chunk_size=AT_ONCE):
            rows += row["id"] > 0
            total += row["score"]
        return rows, total

    return {"querykit": {"stream": Work(stream)}}
