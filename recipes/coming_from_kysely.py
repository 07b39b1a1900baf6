"""Coming from Kysely: the same things, side by side. The comments are what you would write there.

python recipes/coming_from_kysely.py [URL]     (without a URL: SQLite in memory)
"""

import asyncio
import pprint
import sys
from typing import Any

from schema import person, pet, village

from querykit import case, exists, fn, json_array_from, json_object_from, select_from, sql

mother = person.as_("mother")


async def main(url: str = "sqlite:///:memory:") -> dict[str, Any]:
    # const db = new Kysely<Database>({ dialect })
    async with village(url) as db:
        # db.selectFrom('person').select(['id', (eb) => jsonArrayFrom(…).as('pets'), …])
        pets = select_from(pet).select(pet.name).where(pet.owner_id == person.id).order_by(pet.name)
        nested = (
            await db.select_from(person)
            .select(
                person.id,
                json_array_from(pets).as_("pets"),
                json_object_from(
                    select_from(mother).select(mother.first_name).where(mother.id == person.mother_id)
                ).as_("mother"),
            )
            .where(person.id == 2)
            .fetch_one()  # .executeTakeFirstOrThrow()
        )

        # .where(({ eb, or, exists }) => or([eb('first_name', '=', 'Agnes'), exists(…)]))
        either = (person.first_name == "Agnes") | exists(pets.clear_order_by().where(pet.species == "tortoise"))
        names = await db.select_from(person).select(person.first_name).where(either).order_by(person.id).fetch_column()

        # .$if(withSpecies, (qb) => qb.select('species'))
        query = db.select_from(pet).select(pet.name).order_by(pet.id).limit(1)
        first = await query.if_(True, lambda q: q.select(pet.species)).fetch_all()

        # eb.case().when('species', '=', 'cat').then('purrs').else('no').end(), sql<string>`upper(${eb.ref('name')})`
        noise = case().when(pet.species == "cat", "purrs").else_("does not")
        loud = sql("upper({})", pet.name).returns(str)
        sounds = await db.select_from(pet).select(loud.as_("loud"), noise.as_("noise")).order_by(pet.id).fetch_all()

        # db.transaction().execute(async (trx) => { await trx.insertInto('pet').values({…}).executeTakeFirst() })
        async with db.transaction() as trx:
            await trx.insert_into(pet).values(id=4, name="Theo", species="parrot", owner_id=3).execute()

        # db.selectFrom('pet').select((eb) => eb.fn.countAll<number>().as('n')).executeTakeFirstOrThrow()
        count = await db.select_from(pet).select(fn.count()).fetch_value()

        found = {"nested": nested, "names": names, "first": first, "sounds": sounds, "count": count}
    pprint.pp(found, width=110)
    return found


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
