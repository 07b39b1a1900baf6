"""Nested reads by peewee: prefetch for lists, a join for the mother. It is synchronous, as most use it."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote, urlsplit

import peewee
from peewee import CharField, DatabaseProxy, ForeignKeyField, IntegerField, Model, prefetch

from bench.measure.work import Contenders, Work
from bench.readers.objects import plain_people, plain_person
from tests.databases import mysql_arguments

database = DatabaseProxy()


class Base(Model):
    class Meta:
        database = database


class Person(Base):
    first_name = CharField()
    birth_year = IntegerField()
    mother = ForeignKeyField("self", null=True, backref="children")
    pets: Any

    class Meta:
        table_name = "person"


class Pet(Base):
    name = CharField()
    species = CharField()
    owner = ForeignKeyField(Person, backref="pets")
    toys: Any

    class Meta:
        table_name = "pet"


class Toy(Base):
    name = CharField()
    price = IntegerField()
    pet = ForeignKeyField(Pet, backref="toys")

    class Meta:
        table_name = "toy"


def people() -> Any:
    mother = Person.alias()
    return Person.select(Person, mother).join(mother, peewee.JOIN.LEFT_OUTER, on=(Person.mother == mother.id))


def with_pets(found: Any) -> list[Any]:
    return list(prefetch(found, Pet.select().order_by(Pet.id), Toy.select().order_by(Toy.id)))


def one(key: int, _: int) -> Any:
    return with_pets(people().where(Person.id == key))[0]


def page(key: int, count: int) -> list[Any]:
    return with_pets(people().where(Person.id > key).order_by(Person.id).limit(count))


def every(_: int, __: int) -> list[Any]:
    return with_pets(people().order_by(Person.id))


async def opened(url: str) -> Contenders:
    parts = urlsplit(url)
    if parts.scheme == "sqlite":
        found: Any = peewee.SqliteDatabase(parts.path.removeprefix("/"))
    elif parts.scheme == "postgresql":
        found = peewee.PostgresqlDatabase(
            parts.path.removeprefix("/"),
            host=parts.hostname,
            port=parts.port,
            user=unquote(parts.username or ""),
            password=unquote(parts.password or ""),
            prefer_psycopg3=True,
        )
    else:
        arguments = mysql_arguments(url)
        found = peewee.MySQLDatabase(arguments.pop("db"), **arguments)
    database.initialize(found)
    found.connect()
    works = {"one": Work(one, plain_person), "page": Work(page, plain_people), "every": Work(every, plain_people)}
    return {"peewee": works}
