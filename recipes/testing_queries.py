"""Testing your own queries: what they say, without a database, and what they find, in one that forgets all of it.

python recipes/testing_queries.py [URL]     (without a URL: SQLite in memory)
"""

import asyncio
import sys
from typing import Any

from schema import person, pet, village

from querykit import Database, Runner, exists, select_from


def owners_of(species: str) -> Any:
    """The query under test. It is bound to no database, so it can be looked at as well as run."""
    pets = select_from(pet).select(pet.id).where(pet.owner_id == person.id, pet.species == species)
    return select_from(person).select(person.first_name).where(exists(pets)).order_by(person.id)


def test_what_it_says() -> None:
    """Without a server: the SQL of each dialect, and the values beside it."""
    compiled = owners_of("cat").compile("postgres")
    assert compiled.sql == (
        'SELECT "person"."first_name" FROM "person" WHERE EXISTS (SELECT "pet"."id" FROM "pet" '
        'WHERE "pet"."owner_id" = "person"."id" AND "pet"."species" = $1) ORDER BY "person"."id"'
    )
    assert compiled.parameters == ("cat",)


async def check_what_it_finds(db: Runner) -> list[str]:
    """With a database: rows of the test's own, in a transaction that is rolled back."""
    await db.insert_into(pet).values(id=9, name="Theo", species="parrot", owner_id=3).execute()
    found: list[str] = await db.fetch_column(owners_of("parrot"))
    assert found == ["Casimir"]
    return found


async def rolled_back(db: Database) -> list[str]:
    """What a fixture does around each test."""
    trx = await db.begin()
    try:
        return await check_what_it_finds(trx)
    finally:
        await trx.rollback()


async def main(url: str = "sqlite:///:memory:") -> dict[str, list[str]]:
    test_what_it_says()
    async with village(url) as db:
        found = {"inside": await rolled_back(db), "afterwards": await db.fetch_column(owners_of("parrot"))}
    print(found)
    return found


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
