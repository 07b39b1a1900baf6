"""Relations as functions: written once, used in any query, switched on by the caller.

python recipes/relation_functions.py [URL]     (without a URL: SQLite in memory)
"""

import asyncio
import pprint
import sys
from collections.abc import Callable, Sequence
from typing import Any

from schema import person, pet, toy, village

from querykit import Database, Expression, json_array_from, json_object_from, select_from

mother = person.as_("mother")


def with_pets() -> Expression[list[Any]]:
    found = select_from(pet).select(pet.name, pet.species).where(pet.owner_id == person.id)
    return json_array_from(found.order_by(pet.name)).as_("pets")


def with_mother() -> Expression[dict[str, Any] | None]:
    found = select_from(mother).select(mother.first_name).where(mother.id == person.mother_id)
    return json_object_from(found).as_("mother")


def with_toys() -> Expression[list[Any]]:
    """Through the pets: the relation of a relation."""
    found = select_from(toy).inner_join(pet, pet.id == toy.pet_id).select(toy.name).where(pet.owner_id == person.id)
    return json_array_from(found.order_by(toy.name).scalars()).as_("toys")


RELATIONS: dict[str, Callable[[], Expression[Any]]] = {"pets": with_pets, "mother": with_mother, "toys": with_toys}


def people(db: Database, include: Sequence[str] = ()) -> Any:
    """What a web handler calls with the names from its query string; an unknown one is a KeyError, not SQL."""
    query = db.select_from(person).select(person.first_name).order_by(person.id)
    return query.select(*[RELATIONS[name]() for name in include]) if include else query


async def main(url: str = "sqlite:///:memory:") -> list[dict[str, Any]]:
    async with village(url) as db:
        query = people(db, ["mother", "toys"]).where(person.id == 2)
        # if_ calls a function with the query when a fact of the program holds
        rows: list[dict[str, Any]] = [
            row
            for wanted in (True, False)
            for row in await query.if_(wanted, lambda q: q.select(with_pets())).fetch_all()
        ]
    pprint.pp(rows, width=110)
    return rows


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
