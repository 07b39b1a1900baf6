"""A stream holds a chunk in memory, not the result."""

import tracemalloc

from querykit import json_array_from
from querykit.execution.database import Database
from tests.execution.conftest import Item

ROWS = 100_000
LIMIT = 4 * 1024 * 1024
"""Of a result that is about 30 MB as a list of dicts."""


async def test_a_hundred_thousand_rows_are_streamed_in_little_memory(db: Database, items: Item) -> None:
    await db.insert_into(items).values([{"id": n, "name": f"item {n}"} for n in range(ROWS)]).execute()
    other = items.as_("other")
    nested = json_array_from(db.select_from(other).select(other.id, other.name).where(other.id == items.id)).as_("same")
    query = db.select_from(items).select(items.id, items.name, nested).order_by(items.id)
    await query.limit(10).fetch_all()
    count = total = 0
    tracemalloc.start()
    try:
        async with query.stream() as rows:
            async for row in rows:
                assert row["same"] == [{"id": row["id"], "name": row["name"]}]
                count += 1
                total += row["id"]
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert (count, total) == (ROWS, ROWS * (ROWS - 1) // 2)
    assert peak < LIMIT
