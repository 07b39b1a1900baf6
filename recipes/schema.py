"""The tables and the data that the recipes share: a village, its people, their pets and the pets' toys."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from querykit import Column, Database, Table, insert_into, sql


class Person(Table, name="person"):
    id: Column[int]
    first_name: Column[str]
    mother_id: Column[int | None]


class Pet(Table, name="pet"):
    id: Column[int]
    name: Column[str]
    species: Column[str]
    owner_id: Column[int]


class Toy(Table, name="toy"):
    id: Column[int]
    name: Column[str]
    pet_id: Column[int]


person, pet, toy = Person(), Pet(), Toy()
tables = (toy, pet, person)

PEOPLE = [(1, "Agnes", None), (2, "Beatrice", 1), (3, "Casimir", 1), (4, "Delphine", 2)]
PETS = [(1, "Mischa", "cat", 2), (2, "Bello", "dog", 2), (3, "Arthur", "tortoise", 4)]
TOYS = [(1, "felt mouse", 1), (2, "cork on a string", 1), (3, "tennis ball", 2)]


async def create(db: Database) -> None:
    """Make the three tables anew and fill them."""
    await drop(db)
    await db.execute(sql("CREATE TABLE person (id INT PRIMARY KEY, first_name VARCHAR(40) NOT NULL, mother_id INT)"))
    await db.execute(sql("CREATE TABLE pet (id INT PRIMARY KEY, name VARCHAR(40), species VARCHAR(40), owner_id INT)"))
    await db.execute(sql("CREATE TABLE toy (id INT PRIMARY KEY, name VARCHAR(40), pet_id INT)"))
    for table, rows in ((person, PEOPLE), (pet, PETS), (toy, TOYS)):
        names = list(type(table).__annotations__)
        await db.execute(insert_into(table).values(dict(zip(names, row, strict=True)) for row in rows))


async def drop(db: Database) -> None:
    """Remove the three tables."""
    for name in ("toy", "pet", "person"):
        await db.execute(sql("DROP TABLE IF EXISTS {}", sql.id(name)))


@asynccontextmanager
async def village(url: str) -> AsyncIterator[Database]:
    """A database with the three tables, which go when it is left."""
    async with Database(url) as db:
        await create(db)
        try:
            yield db
        finally:
            await drop(db)
