"""The PyPika code you have: run as it is, with its values bound, and mixed with querykit's.

python recipes/pypika_queries.py [URL]     (without a URL: SQLite in memory)
"""

import asyncio
import pprint
import sys
from typing import Any

import pypika
from pypika import functions
from schema import person, pet, village

from querykit import json_array_from, select_from

people, pets = pypika.Tables("person", "pet")


def owners_of(species: str) -> Any:
    """A query of PyPika's: it prints its values into the SQL; run here, they are bound."""
    return (
        pypika.Query.from_(people)
        .join(pets)
        .on(pets.owner_id == people.id)
        .where(pets.species == species)
        .groupby(people.first_name)
        .orderby(people.first_name)
        .select(people.first_name, functions.Count(pets.id).as_("pets"))
    )


async def main(url: str = "sqlite:///:memory:") -> dict[str, Any]:
    async with village(url) as db:
        # a PyPika query nested by a helper, in a query of ours
        cats = pypika.Query.from_(pets).select(pets.name).where((pets.owner_id == people.id) & (pets.species == "cat"))
        nested = (
            db.select_from(person).select(person.first_name, json_array_from(cats).as_("cats")).where(person.id == 2)
        )

        # PyPika's terms and functions in a query of ours
        upper = functions.Upper(pets.name)
        mixed = (
            db.select_from(pet).select(upper.as_("shouted")).where(pets.species.isin(["dog", "cat"])).order_by(pet.id)
        )

        found = {
            "as it is": await db.fetch_all(owners_of("cat")),
            "hostile": await db.fetch_all(owners_of("cat' OR '1' = '1")),
            "nested": await nested.fetch_all(),
            "mixed": await mixed.fetch_column(),
            "as an expression": await select_from(pet)
            .select(pet.name)
            .where(
                pet.owner_id == (pypika.Query.from_(people).select(people.id).where(people.first_name == "Delphine"))
            )
            .pipe(db.fetch_column),
        }
    pprint.pp(found, width=110)
    return found


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
