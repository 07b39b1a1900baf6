"""Tables with rows in them: people, their pets, and the pets' toys.

Ada has children and no pets, Otto neither; of Bea's three pets, Amy has no toys.
"""

from __future__ import annotations

from typing import Any

from querykit import Column, Database, Table, sql


class Person(Table, name="person"):
    id: Column[int]
    first_name: Column[str]
    nickname: Column[str | None]
    birth_year: Column[int | None]
    mother_id: Column[int | None]


class Pet(Table, name="pet"):
    id: Column[int]
    name: Column[str]
    species: Column[str]
    weight: Column[float | None]
    owner_id: Column[int]


class Toy(Table, name="toy"):
    id: Column[int]
    name: Column[str]
    price: Column[int | None]
    pet_id: Column[int]


person, pet, toy = Person(), Pet(), Toy()

PEOPLE: list[dict[str, Any]] = [
    {"id": 1, "first_name": "Ada", "nickname": None, "birth_year": 1950, "mother_id": None},
    {"id": 2, "first_name": "Bea", "nickname": "Bee", "birth_year": 1975, "mother_id": 1},
    {"id": 3, "first_name": "Cem", "nickname": None, "birth_year": 1978, "mother_id": 1},
    {"id": 4, "first_name": "Dora", "nickname": "Dodo", "birth_year": 2001, "mother_id": 2},
    {"id": 5, "first_name": "Otto", "nickname": None, "birth_year": None, "mother_id": None},
]

PETS: list[dict[str, Any]] = [
    {"id": 10, "name": "Rex", "species": "dog", "weight": 31.5, "owner_id": 2},
    {"id": 11, "name": "Felix", "species": "cat", "weight": 4.25, "owner_id": 2},
    {"id": 12, "name": "Minka", "species": "cat", "weight": None, "owner_id": 3},
    {"id": 13, "name": "Bella", "species": "dog", "weight": 12.0, "owner_id": 4},
    {"id": 14, "name": "Amy", "species": "cat", "weight": 3.75, "owner_id": 2},
]

TOYS: list[dict[str, Any]] = [
    {"id": 100, "name": "ball", "price": 5, "pet_id": 10},
    {"id": 101, "name": "bone", "price": None, "pet_id": 10},
    {"id": 102, "name": "mouse", "price": 3, "pet_id": 11},
    {"id": 103, "name": "feather", "price": 2, "pet_id": 12},
    {"id": 104, "name": "ball", "price": 6, "pet_id": 13},
]

_FLOAT = {"postgres": "double precision", "mysql": "DOUBLE", "mariadb": "DOUBLE", "sqlite": "REAL"}

_TABLES = {
    "person": """
        id INTEGER PRIMARY KEY, first_name VARCHAR(50) NOT NULL, nickname VARCHAR(50), birth_year INTEGER,
        mother_id INTEGER
    """,
    "pet": """
        id INTEGER PRIMARY KEY, name VARCHAR(50) NOT NULL, species VARCHAR(20) NOT NULL, weight {float},
        owner_id INTEGER NOT NULL
    """,
    "toy": "id INTEGER PRIMARY KEY, name VARCHAR(50) NOT NULL, price INTEGER, pet_id INTEGER NOT NULL",
}
_ROWS = {"person": PEOPLE, "pet": PETS, "toy": TOYS}


async def create_sample(db: Database) -> None:
    """Make the tables anew, with their rows, by statements that owe nothing to the builder."""
    for name, columns in _TABLES.items():
        written = columns.format(float=_FLOAT[db.dialect.name])
        await db.execute(sql("DROP TABLE IF EXISTS {}", sql.id(name)))
        await db.execute(sql("CREATE TABLE {} ({})", sql.id(name), sql.raw(written)))  # type: ignore[arg-type]
        await fill(db, name)


async def restore_sample(db: Database) -> None:
    """Put the rows back as they were."""
    for name in _TABLES:
        await db.execute(sql("DELETE FROM {}", sql.id(name)))
        await fill(db, name)


async def drop_sample(db: Database) -> None:
    """Remove the tables."""
    for name in _TABLES:
        await db.execute(sql("DROP TABLE IF EXISTS {}", sql.id(name)))


async def fill(db: Database, name: str) -> None:
    """Insert the rows of a table."""
    rows = [sql("({})", sql.join(row.values())) for row in _ROWS[name]]
    await db.execute(sql("INSERT INTO {} VALUES {}", sql.id(name), sql.join(rows)))
