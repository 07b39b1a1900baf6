"""Rows that are marked instead of deleted: gone from every read, brought back, and deleted for good in the end.

python recipes/soft_delete.py [URL]     (without a URL: SQLite in memory)
"""

import asyncio
import datetime as dt
import pprint
import sys
from typing import Any

from schema import create, drop, person, pet

from querykit import (
    Database,
    SoftDeletePlugin,
    TimestampsPlugin,
    delete_from,
    json_array_from,
    select_from,
    sql,
    update,
)

NOON = dt.datetime(2026, 1, 1, 12, tzinfo=dt.UTC)  # without clock=…, the database says the time
soft = SoftDeletePlugin(column="deleted_at", tables=["pet"], clock=lambda: NOON)
times = TimestampsPlugin(["pet"], created_at=None, clock=lambda: NOON)

pets = json_array_from(select_from(pet).select(pet.name).where(pet.owner_id == person.id).order_by(pet.name))
owners = select_from(person).select(person.first_name, pets.as_("pets")).where(person.id.is_in([2, 4]))
owners = owners.order_by(person.id)
first_pet = (
    select_from(person)
    .left_join(pet, pet.owner_id == person.id, pet.id > 1)
    .select(person.first_name, pet.name.as_("pet"))
    .where(person.id.is_in([2, 4]))
    .order_by(person.id)
)


async def prepare(db: Database) -> None:
    """The village, whose pets get two more columns."""
    await create(db)
    moment: Any = {"postgres": "TIMESTAMPTZ", "sqlite": "TEXT"}.get(db.dialect.name, "DATETIME(6)")
    for name in ("deleted_at", "updated_at"):
        await db.execute(sql("ALTER TABLE pet ADD {} {} NULL", sql.id(name), sql.raw(moment)))


async def main(url: str = "sqlite:///:memory:") -> list[Any]:
    async with Database(url, plugins=[soft, times]) as db:
        await prepare(db.without_plugins())

        # It is an UPDATE, and writes updated_at as well.
        await db.execute(delete_from(pet).where(pet.name == "Bello"))

        # Nested lists leave the row out; a left join keeps the person.
        found: list[Any] = [await db.fetch_all(owners), await db.fetch_all(first_pet)]

        # The trash: what there is in it, and all of it taken together.
        names = select_from(pet).select(pet.name).order_by(pet.id)
        found.append(await db.fetch_column(names.only_deleted()))
        found.append(await db.fetch_column(names.with_deleted()))

        # Back again, for one; and another for good.
        await db.execute(update(pet).restore().where(pet.id == 2))
        await db.execute(delete_from(pet).where(pet.id == 1).hard_delete())
        found.append(await db.fetch_column(names.with_deleted()))
        await drop(db.without_plugins())
    pprint.pp(found, width=110)
    return found


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
