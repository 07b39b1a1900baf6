"""Nested reads by Piccolo: it nests what a foreign key points to; lists are read level by level, and joined here."""

from __future__ import annotations

from collections import defaultdict
from typing import Any
from urllib.parse import unquote, urlsplit

from piccolo.columns import ForeignKey, Integer, Varchar
from piccolo.engine.postgres import PostgresEngine
from piccolo.engine.sqlite import SQLiteEngine
from piccolo.table import Table

from bench.measure.work import Contenders, Work


class Person(Table):
    id = Integer(primary_key=True)
    first_name = Varchar(length=50)
    birth_year = Integer()
    mother_id: Any = ForeignKey("self")


class Pet(Table):
    id = Integer(primary_key=True)
    name = Varchar(length=50)
    species = Varchar(length=20)
    owner_id = ForeignKey(Person)


class Toy(Table):
    id = Integer(primary_key=True)
    name = Varchar(length=50)
    price = Integer()
    pet_id = ForeignKey(Pet)


def people() -> Any:
    return Person.select(
        Person.id, Person.first_name, Person.birth_year, Person.mother_id.id, Person.mother_id.first_name
    ).output(nested=True)


async def with_pets(found: list[dict[str, Any]], *, are_all: bool = False) -> list[dict[str, Any]]:
    """Read the pets and toys of people; of a whole table without a list of keys."""
    pets = Pet.select(Pet.id, Pet.name, Pet.species, Pet.owner_id).order_by(Pet.id)
    toys = Toy.select(Toy.id, Toy.name, Toy.price, Toy.pet_id).order_by(Toy.id)
    if not are_all:
        pets = pets.where(Pet.owner_id.is_in([person["id"] for person in found]))
    of_person = defaultdict(list)
    found_pets = await pets
    if not are_all:
        toys = toys.where(Toy.pet_id.is_in([pet["id"] for pet in found_pets]))
    of_pet = defaultdict(list)
    for toy in await toys:
        of_pet[toy.pop("pet_id")].append(toy)
    for pet in found_pets:
        pet["toys"] = of_pet[pet["id"]]
        of_person[pet.pop("owner_id")].append(pet)
    for person in found:
        person["pets"] = of_person[person["id"]]
        mother = person.pop("mother_id")
        person["mother"] = None if mother["id"] is None else mother
    return found


async def one(key: int, _: int) -> Any:
    return (await with_pets(await people().where(Person.id == key)))[0]


async def page(key: int, count: int) -> Any:
    return await with_pets(await people().where(Person.id > key).order_by(Person.id).limit(count))


async def every(_: int, __: int) -> Any:
    return await with_pets(await people().order_by(Person.id), are_all=True)


async def opened(url: str) -> Contenders:
    parts = urlsplit(url)
    engine: PostgresEngine | SQLiteEngine
    if parts.scheme == "sqlite":
        engine = SQLiteEngine(path=parts.path.removeprefix("/"))
    else:
        config = {
            "host": parts.hostname,
            "port": parts.port,
            "user": unquote(parts.username or ""),
            "password": unquote(parts.password or ""),
            "database": parts.path.removeprefix("/"),
        }
        engine = PostgresEngine(config, log_queries=False)
        await engine.start_connection_pool(min_size=1, max_size=10)
    for each in (Person, Pet, Toy):
        each._meta._db = engine
    return {"Piccolo": {"one": Work(one), "page": Work(page), "every": Work(every)}}
