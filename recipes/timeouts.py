"""Time limits and cancellation: the statement stops on the server too, and the database goes on as if nothing were.

python recipes/timeouts.py [URL]     (without a URL: SQLite in memory)
"""

import asyncio
import sys
import time
from typing import Any

from schema import person, pet, village

from querykit import Database, QueryTimeoutError, fn

HENS = [{"id": 10 + n, "name": f"hen {n}", "species": "hen", "owner_id": 3} for n in range(3_000)]


def endless(db: Database) -> Any:
    """A query that counts to 27,000,000,000, one by one, for hours."""
    one, other, third = pet.as_("one"), pet.as_("other"), pet.as_("third")
    odd = (one.id + other.id + third.id) % 2 == 1
    return db.select_from(one).cross_join(other).cross_join(third).select(fn.count()).where(odd)


async def within_a_limit(db: Database) -> bool:
    """`timeout=` on any call, or `Database(url, timeout=5)` for all."""
    try:
        await db.fetch_value(endless(db), timeout=0.2)
    except QueryTimeoutError:
        return True
    return False


async def cancelled(db: Database) -> bool:
    """A task that is cancelled (a client that hangs up, a `TaskGroup` that fails) stops its query as well."""
    task = asyncio.create_task(db.fetch_value(endless(db)))
    await asyncio.sleep(0.2)
    task.cancel()
    return isinstance((await asyncio.gather(task, return_exceptions=True))[0], asyncio.CancelledError)


async def main(url: str = "sqlite:///:memory:") -> dict[str, object]:
    async with village(url) as db:
        await db.insert_into(pet).values(HENS).execute()
        start = time.monotonic()
        stopped = {"timed out": await within_a_limit(db), "cancelled": await cancelled(db)}
        stopped["in time"] = time.monotonic() - start < 60
        names = await db.select_from(person).select(person.first_name).order_by(person.id).fetch_column()
    found = {**stopped, "afterwards": names}
    print(found)
    return found


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
