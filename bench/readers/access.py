"""Nested reads by data: querykit's `find`, with columns and relations to include, as requests ask for them."""

from __future__ import annotations

from typing import Any

from bench.measure.work import Contenders, Work
from querykit import Column, Database, Table, column, references
from querykit.access import Repository, belongs_to, has_many


class Person(Table, name="person"):
    id: Column[int] = column(primary_key=True)
    first_name: Column[str]
    birth_year: Column[int]
    mother_id: Column[int | None] = column(references=references("person"))

    pets = has_many("Pet", order_by=lambda pet: pet.id)
    mother = belongs_to(lambda: Person)


class Pet(Table, name="pet"):
    id: Column[int] = column(primary_key=True)
    name: Column[str]
    species: Column[str]
    owner_id: Column[int] = column(references=references("person"))

    toys = has_many("Toy", order_by=lambda toy: toy.id)


class Toy(Table, name="toy"):
    id: Column[int] = column(primary_key=True)
    name: Column[str]
    price: Column[int]
    pet_id: Column[int] = column(references=references("pet"))


COLUMNS = ["id", "first_name", "birth_year"]
TOYS = {"columns": ["id", "name", "price"]}
INCLUDE = {
    "pets": {"columns": ["id", "name", "species"], "include": {"toys": TOYS}},
    "mother": {"columns": ["id", "first_name"]},
}


person = Person()


def found(db: Database) -> dict[str, Work]:
    people = Repository(db, person)

    async def one(key: int, _: int) -> Any:
        return await people.find_by_id(key, columns=COLUMNS, include=INCLUDE)

    async def page(key: int, count: int) -> Any:
        return await people.find(
            where={"id": {"gt": key}}, order_by=["id"], limit=count, columns=COLUMNS, include=INCLUDE
        )

    return {"one": Work(one), "page": Work(page)}


async def opened(url: str) -> Contenders:
    return {"querykit, find()": found(await Database(url).connect())}
