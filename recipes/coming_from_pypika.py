"""Coming from PyPika: the same things, side by side. The comments are what you would write there.

python recipes/coming_from_pypika.py [URL]     (without a URL: SQLite in memory)
"""

import asyncio
import pprint
import sys
from typing import Any

from schema import person, pet, village

from querykit import case, cte, fn, select_from, table


async def main(url: str = "sqlite:///:memory:") -> dict[str, Any]:
    async with village(url) as db:
        # There: pet = Table("pet"), Query.from_(pet).select(pet.name).where(pet.species == "cat").get_sql()
        anything = table("pet")  # any column goes, as there; a declared table knows its columns and their types
        query = select_from(anything).select(anything.name).where(anything.species == "cat")
        compiled = query.compile("sqlite")  # a query has no dialect of its own, and its values are never in the text

        # Query.from_(person).left_join(pet).on(…).groupby(person.id).select(person.first_name, Count(pet.id))
        counted = (
            db.select_from(person)
            .left_join(pet, pet.owner_id == person.id)
            .group_by(person.id, person.first_name)
            .select(person.first_name, fn.count(pet.id).as_("pets"))
            .order_by(person.id)
        )

        # There: Case().when(pet.species == "cat", "purrs").else_("does not"), the same word
        noises = case().when(pet.species == "cat", "purrs").else_("does not").as_("noise")

        # Query.with_(sub, "dogs").from_(AliasedQuery("dogs")).select("*")
        dogs = cte("dogs", select_from(pet).select(pet.name, pet.owner_id).where(pet.species == "dog"))

        # There: Query.into(pet).columns("id", "name", …).insert(…), Query.update(pet).set(pet.name, "x").where(…)
        await (
            db.insert_into(pet).columns("id", "name", "species", "owner_id").values((4, "Theo", "parrot", 3)).execute()
        )
        await db.update(pet).set(name="Thea").where(pet.id == 4).execute()

        found = {
            "compiled": [compiled.sql, *compiled.parameters],
            "counted": await counted.fetch_all(),
            "noises": await db.select_from(pet).select(pet.name, noises).order_by(pet.id).fetch_all(),
            "with": await db.with_(dogs).select_from(dogs).select(dogs.name).fetch_column(),
        }
    pprint.pp(found, width=110)
    return found


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
