"""People, their pets, the pets' toys: three levels in one query, with a filter, an order and a limit on each.

python recipes/three_levels.py [URL]     (without a URL: SQLite in memory)
"""

import asyncio
import pprint
import sys
from typing import Any

from schema import person, pet, toy, village

from querykit import Database, json_array_from, select_from

toys = select_from(toy).select(toy.id, toy.name).where(toy.pet_id == pet.id).order_by(toy.name.desc()).limit(1)

pets = (
    select_from(pet)
    .select(pet.name, json_array_from(toys).as_("toys"))
    .where(pet.owner_id == person.id, pet.species.is_in(["cat", "dog"]))
    .order_by(pet.name)
)


def people(db: Database) -> Any:
    """Each level is a query of its own; where it stands, it may use the columns of those around it."""
    return (
        db.select_from(person)
        .select(person.first_name, json_array_from(pets).as_("pets"))
        .where(person.id > 1)
        .order_by(person.id)
    )


async def main(url: str = "sqlite:///:memory:") -> list[dict[str, Any]]:
    async with village(url) as db:
        rows: list[dict[str, Any]] = await people(db).fetch_all()
    pprint.pp(rows, width=110)
    return rows


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
