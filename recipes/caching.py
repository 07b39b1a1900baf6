"""Pages that are read all the time and written now and then: kept in the process, and never older than the last commit.

python recipes/caching.py [URL]     (without a URL: SQLite in memory)
"""

import asyncio
import pprint
import sys
from typing import Any

from schema import create, drop, person, pet

from querykit import Database, json_array_from, select_from
from querykit.plugins import CachePlugin

pets = json_array_from(
    select_from(pet).select(pet.name, pet.species).where(pet.owner_id == person.id).order_by(pet.name)
)
page = select_from(person).select(person.first_name, pets.as_("pets")).order_by(person.id)


async def main(url: str = "sqlite:///:memory:") -> list[dict[str, Any]]:
    cache = CachePlugin(ttl=30, max_ttl=600, max_entries=1000)
    async with Database(url, plugins=[cache]) as db:
        await create(db)

        # A hundred requests at once: one asks the database, the others wait for it.
        await asyncio.gather(*[db.fetch_all(page) for _ in range(100)])
        print(f"{cache.stats.misses} read, {cache.stats.shared} waited")

        # Then nobody asks. What a caller does with its rows is its own affair.
        rows = await db.fetch_all(page)
        rows.clear()
        assert len(await db.fetch_all(page)) == 4
        print(f"{cache.stats.hits} given without asking, {cache.stats.hit_rate:.0%} in all")

        # The page is forgotten when one of its tables is written: the nested one as well.
        misses = cache.stats.misses
        async with db.transaction() as trx:
            await trx.update(pet).set(name="Mischa the Great").where(pet.id == 1).execute()
            assert cache.stats.misses == misses
        rows = await db.fetch_all(page)
        assert cache.stats.misses == misses + 1
        await drop(db)
    pprint.pp(rows, width=110)
    return rows


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
