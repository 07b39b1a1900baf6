"""Parents chosen and ordered by their children: who has a dog, whose pets all have toys, who has the most.

python recipes/filter_by_children.py [URL]     (without a URL: SQLite in memory)
"""

import asyncio
import pprint
import sys
from typing import Any

from schema import person, pet, toy, village

from querykit import Database, exists, fn, json_array_from, not_, scalar_subquery, select_from

pets = select_from(pet).where(pet.owner_id == person.id)
"""The children without columns yet: a base for all that is asked of them."""
toys = select_from(toy).where(toy.pet_id == pet.id)

has_a_dog = exists(pets.select(pet.id).where(pet.species == "dog"))
has_a_pet_without_toys = exists(pets.select(pet.id).where(not_(exists(toys.select(toy.id)))))
number_of_pets = scalar_subquery(pets.select(fn.count()))


def people(db: Database) -> Any:
    return db.select_from(person).select(
        person.first_name, json_array_from(pets.select(pet.name).order_by(pet.name).scalars()).as_("pets")
    )


async def main(url: str = "sqlite:///:memory:") -> dict[str, list[dict[str, Any]]]:
    async with village(url) as db:
        found = {
            "has a dog": await people(db).where(has_a_dog).fetch_all(),
            "all pets have toys": await people(db).where(number_of_pets > 0, ~has_a_pet_without_toys).fetch_all(),
            "most pets first": await people(db).order_by(number_of_pets.desc(), person.id).limit(2).fetch_all(),
        }
    pprint.pp(found, width=110)
    return found


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
