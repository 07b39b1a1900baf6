"""Raw SQL in all its forms: whole statements, fragments in builders, builders in fragments, tables, names; never text.

python recipes/raw_sql.py [URL]     (without a URL: SQLite in memory)
"""

import asyncio
import pprint
import sys
from typing import Any

from schema import person, pet, village

from querykit import Database, Json, json_array_from, select_from, sql


async def statement(db: Database, name: str) -> list[dict[str, Any]]:
    """Every {} is a value that is bound, an expression or a query; named fields say more."""
    return await db.fetch_all(sql("SELECT id, species FROM pet WHERE lower(name) = {name}", name=name.lower()))


async def fragment(db: Database, letter: str) -> list[str]:
    """An expression like any other, of a type that it says."""
    initial = sql("substr({}, 1, 1)", person.first_name).returns(str)
    return await db.select_from(person).select(person.first_name).where(initial == letter).fetch_column()


async def helpers_inside(db: Database) -> list[dict[str, Any]]:
    """Nested rows in SQL of one's own: the columns are described, so that they decode the same."""
    pets = select_from(pet).select(pet.name).where(pet.owner_id == sql.ref("person.id")).order_by(pet.name)
    query = sql("SELECT first_name, {} AS pets FROM person WHERE id IN ({})", json_array_from(pets), sql.join([2, 4]))
    return await db.fetch_all(query.returns_rows(first_name=str, pets=Json))


async def as_a_table(db: Database) -> list[dict[str, Any]]:
    """What the builder has no word for, joined as a table with typed columns."""
    counted = sql("(SELECT owner_id, COUNT(*) AS pets FROM pet GROUP BY owner_id)").as_table(
        "counted", {"owner_id": int, "pets": int}
    )
    query = db.select_from(person).inner_join(counted, counted.owner_id == person.id)
    return await query.select(person.first_name, counted.pets).order_by(person.id).fetch_all()


async def names(db: Database, column: str, *, descending: bool) -> list[str]:
    """Names come as names, quoted for the database; what is chosen by the program is a fragment too."""
    order = sql("DESC") if descending else sql("ASC")
    query = sql(
        "SELECT {} FROM {} ORDER BY {} {}", sql.id(column), sql.table(person), sql.ref(f"person.{column}"), order
    )
    return await db.fetch_column(query)


async def main(url: str = "sqlite:///:memory:") -> dict[str, Any]:
    async with village(url) as db:
        found = {
            "statement": await statement(db, "Mischa"),
            "hostile": await statement(db, "x' OR 1 = 1; --"),
            "fragment": await fragment(db, "A"),
            "helpers inside": await helpers_inside(db),
            "as a table": await as_a_table(db),
            "names": await names(db, "first_name", descending=True),
        }
    pprint.pp(found, width=110)
    return found


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
