"""A village to play with: its people, their pets and the pets' toys, as in the recipes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from querykit import Column, Database, Table, column, insert_into, references
from querykit.schema import Varchar, create_tables

if TYPE_CHECKING:
    from pathlib import Path


class Person(Table, name="person"):
    """People."""

    id: Column[int] = column(primary_key=True)
    first_name: Column[str] = column(type=Varchar(40))
    mother_id: Column[int | None] = column(references=references("person"))


class Pet(Table, name="pet"):
    """Their pets."""

    id: Column[int] = column(primary_key=True)
    name: Column[str] = column(type=Varchar(40))
    species: Column[str] = column(type=Varchar(40))
    owner_id: Column[int] = column(references=references("person"))


class Toy(Table, name="toy"):
    """The pets' toys."""

    id: Column[int] = column(primary_key=True)
    name: Column[str] = column(type=Varchar(40))
    pet_id: Column[int] = column(references=references("pet"))


person, pet, toy = Person(), Pet(), Toy()

PEOPLE: Final = ((1, "Agnes", None), (2, "Beatrice", 1), (3, "Casimir", 1), (4, "Delphine", 2))
PETS: Final = ((1, "Mischa", "cat", 2), (2, "Bello", "dog", 2), (3, "Arthur", "tortoise", 4))
TOYS: Final = ((1, "felt mouse", 1), (2, "cork on a string", 1), (3, "tennis ball", 2))


async def create_demo(folder: Path) -> str:
    """Make the village in a SQLite file of a folder, which is empty; the URL of the file."""
    url = f"sqlite:///{folder / 'village.db'}"
    # in a file that is only read afterwards, a journal in memory leaves nothing beside it
    async with Database(f"{url}?journal_mode=memory") as db:
        await fill(db)
    return url


async def fill(db: Database) -> None:
    """Make the village's tables and rows in a database that has none of them."""
    await create_tables(person, pet, toy).run(db)
    for table, rows in ((person, PEOPLE), (pet, PETS), (toy, TOYS)):
        names = list(table._columns)
        await db.execute(insert_into(table).values(*[dict(zip(names, row, strict=True)) for row in rows]))
