"""Insert or update in one atomic statement: ON CONFLICT and ON DUPLICATE KEY UPDATE, said once.

python recipes/upsert.py [URL]     (without a URL: SQLite in memory)
"""

import asyncio
import pprint
import sys
from typing import Any

from schema import pet, village

from querykit import Database, excluded

new = excluded(pet)
"""The row that was to be inserted."""


def keep(db: Database, *rows: dict[str, Any]) -> Any:
    """Insert the rows; where the id is taken, take over the new name."""
    return db.insert_into(pet).values(*rows).on_conflict(pet.id).do_update(name=new.name)


def add_missing(db: Database, *rows: dict[str, Any]) -> Any:
    """Insert the rows whose id is free; leave the others as they are."""
    return db.insert_into(pet).values(*rows).on_conflict(pet.id).do_nothing()


async def main(url: str = "sqlite:///:memory:") -> list[dict[str, Any]]:
    async with village(url) as db:
        await keep(
            db,
            {"id": 1, "name": "Mischa II", "species": "cat", "owner_id": 9},
            {"id": 4, "name": "Gustav", "species": "goose", "owner_id": 3},
        ).execute()
        await add_missing(
            db,
            {"id": 4, "name": "Nobody", "species": "none", "owner_id": 9},
            {"id": 5, "name": "Hilde", "species": "hen", "owner_id": 3},
        ).execute()
        rows: list[dict[str, Any]] = await (
            db.select_from(pet).select(pet.id, pet.name, pet.owner_id).order_by(pet.id).fetch_all()
        )
    pprint.pp(rows, width=110)
    return rows


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
