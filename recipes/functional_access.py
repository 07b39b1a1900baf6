"""Data access without a class: functions that take `db`, whatever it is, and put each other together.

python recipes/functional_access.py [URL]     (without a URL: SQLite in memory)
"""

import asyncio
import sys
from functools import partial
from typing import Any

from schema import person, pet, village

from querykit import Connection, Database, Transaction, select_from

AnyDatabase = Database | Connection | Transaction


def pets_of(name: str) -> Any:
    """A query is a value: functions make them, and other functions change them."""
    query = select_from(pet).select(pet.id, pet.name).inner_join(person, person.id == pet.owner_id)
    return query.where(person.first_name == name).order_by(pet.id)


def of_species(query: Any, species: str | None) -> Any:
    """A condition that the caller may leave out."""
    return query if species is None else query.where(pet.species == species)


async def names_of_pets(db: AnyDatabase, owner: str, *, species: str | None = None) -> list[str]:
    rows = await db.fetch_all(pets_of(owner).pipe(of_species, species))
    return [row["name"] for row in rows]


async def give(trx: Transaction, key: int, owner: int) -> int:
    """A function that must not be half done takes a transaction, which the type checker sees to."""
    done = await trx.update(pet).set(owner_id=owner).where(pet.id == key).execute()
    return done.rows_affected or 0


async def give_all(trx: Transaction, keys: list[int], owner: int) -> int:
    return sum([await give(trx, key, owner) for key in keys])


async def main(url: str = "sqlite:///:memory:") -> list[Any]:
    async with village(url) as db:
        before = await asyncio.gather(  # at the same time, on connections of their own
            names_of_pets(db, "Beatrice"), names_of_pets(db, "Beatrice", species="dog")
        )
        of_beatrice = partial(names_of_pets, owner="Beatrice")
        async with db.transaction() as trx:
            given = await give_all(trx, [1, 2], 4)
            inside = await of_beatrice(trx)
        print(before, given, inside)
        return [*before, given, inside, await names_of_pets(db, "Delphine")]


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
