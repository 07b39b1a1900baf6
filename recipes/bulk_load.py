"""Many rows at once: one INSERT of any size, one statement for many sets of values, and PostgreSQL's COPY.

python recipes/bulk_load.py [URL]     (without a URL: SQLite in memory)
"""

import asyncio
import sys
from collections.abc import Iterator
from typing import Any

from schema import pet, village

from querykit import UnsupportedError, fn, param

COUNT = 20_000


def hens(first_id: int) -> Iterator[dict[str, Any]]:
    return ({"id": first_id + n, "name": f"hen {n}", "species": "hen", "owner_id": 3} for n in range(COUNT))


async def main(url: str = "sqlite:///:memory:") -> dict[str, Any]:
    async with village(url) as db:
        # One call, however many rows: split where a server takes no more parameters, and all or nothing even so.
        inserted = await db.insert_into(pet).values(hens(100)).execute()

        # One statement, run once for each set of its parameters, in one transaction.
        rename = db.update(pet).set(name=param("name", str)).where(pet.id == param("id", int))
        await db.execute_many(rename, [{"id": 100 + n, "name": f"Berta {n}"} for n in range(500)])

        try:  # COPY: the fastest way into PostgreSQL
            copied = await db.copy_into(pet, hens(100_000))
        except UnsupportedError:
            copied = await db.insert_into(pet).values(hens(100_000)).execute()

        numbers = {
            "inserted": inserted.rows_affected,
            "renamed": await db.select_from(pet).select(fn.count()).where(pet.name.starts_with("Berta")).fetch_value(),
            "copied": copied.rows_affected,
            "hens": await db.select_from(pet).select(fn.count()).where(pet.species == "hen").fetch_value(),
        }
    print(numbers)
    return numbers


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
