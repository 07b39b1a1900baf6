"""Coming from SQLAlchemy: the same things, side by side. The comments are what you would write there.

python recipes/coming_from_sqlalchemy.py [URL]     (without a URL: SQLite in memory)
"""

import asyncio
import pprint
import sys
from typing import Any

from schema import person, pet, village

from querykit import case, fn, json_array_from, or_, select_from


async def main(url: str = "sqlite:///:memory:") -> dict[str, Any]:
    # There: create_async_engine(url), and a session or a connection of it
    async with village(url) as db:
        # (await session.scalars(select(Person.first_name).where(Person.mother_id == 1))).all()
        names = await db.select_from(person).select(person.first_name).where(person.mother_id == 1).fetch_column()

        # (await session.execute(select(Person).where(Person.id == 2))).scalar_one(); here it is a dict, with no session
        one = await db.select_from(person).select_all().where(person.id == 2).fetch_one()

        # select(Person).options(selectinload(Person.pets))         - one statement instead of one for each relation
        pets = select_from(pet).select(pet.name).where(pet.owner_id == person.id).order_by(pet.name)
        nested = (
            await db.select_from(person)
            .select(person.first_name, json_array_from(pets).as_("pets"))
            .where(or_(person.id == 2, person.first_name.starts_with("D")))
            .order_by(person.id)
            .fetch_all()
        )

        # There: select(Pet.species, func.count()).join(Person).group_by(Pet.species).having(func.count() > 0)
        grouped = (
            await db.select_from(pet)
            .inner_join(person, person.id == pet.owner_id)
            .select(pet.species, fn.count().as_("n"), case().when(fn.count() > 1, "many").else_("one").as_("how_many"))
            .group_by(pet.species)
            .having(fn.count() > 0)
            .order_by(pet.species)
            .fetch_all()
        )

        # There: session.begin(), and await session.execute(update(Pet).where(Pet.id == 1).values(name="Minka"))
        async with db.transaction() as trx:
            changed = await trx.update(pet).set(name="Minka").where(pet.id == 1).execute()

        found = {"names": names, "one": one, "nested": nested, "grouped": grouped, "changed": changed.rows_affected}
    pprint.pp(found, width=110)
    return found


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
