"""Rows as objects: the same query into dataclasses, msgspec Structs and TypedDicts, nested rows too.

python recipes/typed_rows.py [URL]     (without a URL: SQLite in memory)
"""

import asyncio
import sys
from dataclasses import asdict, dataclass, field
from typing import Any, TypedDict

import msgspec
from schema import create, drop, person, pet

from querykit import Database, json_array_from, json_object_from, select_from
from querykit.errors import BuildError

mother = person.as_("mother")


@dataclass
class PetOut:
    name: str
    species: str


@dataclass
class PersonOut:
    id: int
    first_name: str
    pets: list[PetOut]
    tags: list[str] = field(default_factory=list)  # no column fills it: its default stays


class Ref(msgspec.Struct):
    id: int
    first_name: str


class Child(msgspec.Struct):
    """A Struct is made straight from the JSON: no dict in between."""

    first_name: str
    mother: Ref | None


class Name(TypedDict):
    first_name: str


def people(db: Database) -> Any:
    pets = select_from(pet).select(pet.name, pet.species).where(pet.owner_id == person.id).order_by(pet.name)
    return db.select_from(person).select(person.id, person.first_name, json_array_from(pets).as_("pets"))


async def main(url: str = "sqlite:///:memory:") -> list[dict[str, Any]]:
    async with Database(url) as db:
        await create(db)
        found: list[PersonOut] = await people(db).order_by(person.id).rows_as(PersonOut).fetch_all()
        of = json_object_from(
            select_from(mother).select(mother.id, mother.first_name).where(mother.id == person.mother_id)
        )
        children = db.select_from(person).select(person.first_name, of.as_("mother")).order_by(person.id)
        structs = await children.rows_as(Child).fetch_all()
        names = await db.select_from(person).select(person.first_name).rows_as(Name).where(person.id == 1).fetch_one()
        await drop(db)
        try:  # the query is held against the class when it is built, not when data comes
            people(db).rows_as(Child)
        except BuildError as error:
            print("refused:", error)
    print(found[1], structs[1], names["first_name"], sep="\n")
    assert structs[1].mother == Ref(1, "Agnes")
    return [asdict(each) for each in found]


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
