"""The first three pets of each person with their total beside them: an aggregate next to a nested list, in one query.

python recipes/top_children.py [URL]     (without a URL: SQLite in memory)
"""

import asyncio
import pprint
import sys
from typing import Any

from schema import create, drop, person, pet, toy

from querykit import Database, Expression, fn, json_array_from, json_build_object, json_object_from, select_from, value

FIRST = 3
MORE = [
    {"id": 10 + n, "name": name, "species": "hen", "owner_id": 2} for n, name in enumerate(["Ada", "Berta", "Cilly"])
]
owned = pet.as_("owned")


def first_pets(owner_id: Expression[int]) -> Expression[list[Any]]:
    """The limit is per person: it stands in the sub-query."""
    found = select_from(pet).select(pet.name, pet.species).where(pet.owner_id == owner_id)
    return json_array_from(found.order_by(pet.name).limit(FIRST))


def pet_count(owner_id: Expression[int]) -> Any:
    """A query of one column is a value."""
    return select_from(owned).select(fn.count()).where(owned.owner_id == owner_id)


def beside(db: Database) -> Any:
    """List and total as two columns."""
    return (
        db.select_from(person)
        .select(person.first_name, first_pets(person.id).as_("pets"), pet_count(person.id).as_("pet_count"))
        .order_by(person.id)
    )


def as_page(db: Database) -> Any:
    """List and total as one object, which a client takes for a page."""
    page = json_build_object(items=first_pets(person.id), total=pet_count(person.id), limit=value(FIRST))
    return db.select_from(person).select(person.first_name, page.as_("pets")).order_by(person.id)


def with_statistics(db: Database) -> Any:
    """Several aggregates of the same rows: one object, of the one row that they make."""
    numbers = (
        select_from(owned)
        .left_join(toy, toy.pet_id == owned.id)
        .select(fn.count(owned.id).distinct().as_("pets"), fn.count(toy.id).as_("toys"))
        .where(owned.owner_id == person.id)
    )
    return (
        db.select_from(person)
        .select(person.first_name, first_pets(person.id).as_("pets"), json_object_from(numbers).as_("numbers"))
        .order_by(person.id)
    )


async def main(url: str = "sqlite:///:memory:") -> list[dict[str, Any]]:
    async with Database(url) as db:
        await create(db)
        await db.insert_into(pet).values(MORE).execute()
        rows: list[dict[str, Any]] = await beside(db).fetch_all()
        pages = await as_page(db).fetch_all()
        numbers = await with_statistics(db).fetch_all()
        await drop(db)
    pprint.pp(rows, width=110)
    pprint.pp(pages[1], width=110)
    pprint.pp(numbers[1], width=110)
    assert [page["pets"]["total"] for page in pages] == [row["pet_count"] for row in rows]
    return rows


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
