"""Tables of two tenants, in which some rows are deleted: what plugins about tables are tested with.

Of each tenant's three people the last is deleted, and so is one pet of each of the others. Ids of the second tenant are
those of the first and 100.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from querykit import AwareDatetime, Column, Database, Table, insert_into, sql

GONE = dt.datetime(2024, 1, 1, tzinfo=dt.UTC)


class Person(Table, name="person"):
    id: Column[int]
    tenant_id: Column[int]
    name: Column[str]
    mother_id: Column[int | None]
    visits: Column[int]
    deleted_at: Column[AwareDatetime | None]


class Pet(Table, name="pet"):
    id: Column[int]
    tenant_id: Column[int]
    name: Column[str]
    species: Column[str]
    owner_id: Column[int | None]
    deleted_at: Column[AwareDatetime | None]


class Toy(Table, name="toy"):
    id: Column[int]
    tenant_id: Column[int]
    name: Column[str]
    pet_id: Column[int]
    deleted_at: Column[AwareDatetime | None]


class Species(Table, name="species"):
    name: Column[str]
    legs: Column[int]


person, pet, toy, species = Person(), Pet(), Toy(), Species()
TABLES = (person, pet, toy, species)


def rows_of(tenant: int) -> dict[str, list[dict[str, Any]]]:
    """The rows of a tenant, by table."""
    base = (tenant - 1) * 100

    def row(number: int, name: str, *, gone: bool = False, **columns: Any) -> dict[str, Any]:
        return {
            "id": base + number,
            "tenant_id": tenant,
            "name": name,
            **columns,
            "deleted_at": GONE if gone else None,
        }

    return {
        "person": [
            row(1, "Ada", mother_id=None, visits=1),
            row(2, "Bea", mother_id=base + 1, visits=2),
            row(3, "Cem", mother_id=base + 1, visits=3, gone=True),
        ],
        "pet": [
            row(10, "Rex", species="dog", owner_id=base + 1),
            row(11, "Tom", species="cat", owner_id=base + 1, gone=True),
            row(12, "Amy", species="cat", owner_id=base + 2),
            row(13, "Bo", species="dog", owner_id=base + 2, gone=True),
            row(14, "Uno", species="dog", owner_id=None),
            row(15, "Kim", species="cat", owner_id=base + 3),
        ],
        "toy": [
            row(20, "ball", pet_id=base + 10),
            row(21, "bone", pet_id=base + 10, gone=True),
            row(22, "mouse", pet_id=base + 12),
            row(23, "feather", pet_id=base + 11),
        ],
    }


SPECIES = [{"name": "cat", "legs": 4}, {"name": "dog", "legs": 4}, {"name": "hen", "legs": 2}]

_MOMENT = {"postgres": "TIMESTAMPTZ", "sqlite": "TEXT"}
_COLUMNS = {
    "person": "id INTEGER PRIMARY KEY, tenant_id INTEGER NOT NULL, name VARCHAR(40) NOT NULL, mother_id INTEGER,"
    " visits INTEGER NOT NULL, deleted_at {moment}, UNIQUE (tenant_id, name)",
    "pet": "id INTEGER PRIMARY KEY, tenant_id INTEGER NOT NULL, name VARCHAR(40) NOT NULL, species VARCHAR(10) NOT NULL,"
    " owner_id INTEGER, deleted_at {moment}",
    "toy": "id INTEGER PRIMARY KEY, tenant_id INTEGER NOT NULL, name VARCHAR(40) NOT NULL, pet_id INTEGER NOT NULL,"
    " deleted_at {moment}",
    "species": "name VARCHAR(10) PRIMARY KEY, legs INTEGER NOT NULL",
}


async def create(db: Database, tenants: tuple[int, ...] = (1, 2), *, schema: str | None = None) -> None:
    """Make the tables anew with the rows of some tenants."""
    await drop(db, schema=schema)
    moment = _MOMENT.get(db.dialect.name, "DATETIME(6)")
    for table in TABLES:
        columns: Any = _COLUMNS[table._name].format(moment=moment)
        await db.execute(sql("CREATE TABLE {} ({})", _named(table, schema), sql.raw(columns)))
    await fill(db, tenants, schema=schema)


async def fill(db: Database, tenants: tuple[int, ...] = (1, 2), *, schema: str | None = None) -> None:
    """Put the rows in place of those that are there."""
    async with db.transaction() as trx:
        view: Any = trx if schema is None else trx.with_schema(schema)
        for table in TABLES:
            await trx.execute(sql("DELETE FROM {}", _named(table, schema)))
        await view.execute(insert_into(species).values(SPECIES))
        for tenant in tenants:
            for table in (person, pet, toy):
                await view.execute(insert_into(table).values(rows_of(tenant)[table._name]))


async def drop(db: Database, *, schema: str | None = None) -> None:
    """Remove the tables."""
    for table in TABLES:
        await db.execute(sql("DROP TABLE IF EXISTS {}", _named(table, schema)))


def _named(table: Table, schema: str | None) -> Any:
    return sql.id(table._name) if schema is None else sql.id(schema, table._name)
