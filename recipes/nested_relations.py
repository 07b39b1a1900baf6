"""People with their pets, each pet's toys, and their mother: one query, on every database, written three ways.

python recipes/nested_relations.py [URL]     (without a URL: SQLite in memory)
"""

import asyncio
import pprint
import sys
import textwrap
from typing import Any

from schema import create, drop, person, pet, toy

from querykit import Database, Expression, Json, json_array_from, json_object_from, select_from, sql

mother_of = person.as_("mother")
toys = json_array_from(select_from(toy).select(toy.name).where(toy.pet_id == pet.id).order_by(toy.name)).as_("toys")


def inline(db: Database) -> Any:
    """The helpers where they are used: read it as the SQL it is."""
    return (
        db.select_from(person)
        .select(
            person.first_name,
            json_array_from(
                select_from(pet).select(pet.name, pet.species, toys).where(pet.owner_id == person.id).order_by(pet.name)
            ).as_("pets"),
            json_object_from(
                select_from(mother_of).select(mother_of.first_name).where(mother_of.id == person.mother_id)
            ).as_("mother"),
        )
        .order_by(person.id)
    )


def pets(owner_id: Expression[int]) -> Expression[list[Any]]:
    """A relation as a function of the key it hangs on: use it in any query that has such a key."""
    found = select_from(pet).select(pet.name, pet.species, toys).where(pet.owner_id == owner_id)
    return json_array_from(found.order_by(pet.name))


def mother(mother_id: Expression[int | None]) -> Expression[dict[str, Any] | None]:
    return json_object_from(select_from(mother_of).select(mother_of.first_name).where(mother_of.id == mother_id))


def reusable(db: Database, *, include_pets: bool = True, include_mother: bool = True) -> Any:
    """The relations as functions, switched on and off."""
    query = db.select_from(person).select(person.first_name).order_by(person.id)
    query = query.if_(include_pets, lambda q: q.select(pets(person.id).as_("pets")))
    return query.if_(include_mother, lambda q: q.select(mother(person.mother_id).as_("mother")))


def raw(_: Database) -> Any:
    """SQL as it is typed, with the same relations put in; the columns are described, so they decode the same."""
    statement = sql(
        "SELECT p.first_name, {pets} AS pets, {mother} AS mother FROM person AS p ORDER BY p.id",
        pets=pets(sql.ref("p.id")),
        mother=mother(sql.ref("p.mother_id")),
    )
    return statement.returns_rows(first_name=str, pets=Json, mother=Json)


async def main(url: str = "sqlite:///:memory:") -> list[dict[str, Any]]:
    async with Database(url) as db:
        await create(db)
        rows: list[dict[str, Any]] = await inline(db).fetch_all()
        print(textwrap.fill(inline(db).compile(db.dialect).sql, 110), end="\n\n")
        pprint.pp(rows, width=110)
        assert await reusable(db).fetch_all() == await db.fetch_all(raw(db)) == rows
        without_pets = await reusable(db, include_pets=False).fetch_all()
        print("\nwithout pets:", without_pets[1])
        await drop(db)
    return rows


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
