"""Statements by Piccolo. It has neither lists of rows nested in one query, nor CTEs and windows."""

from __future__ import annotations

from typing import Any

from piccolo.columns import ForeignKey, Integer, Text
from piccolo.engine.postgres import PostgresEngine
from piccolo.query.functions.aggregate import Count, Max
from piccolo.table import Table

from bench.measure.work import Contenders, Work
from bench.shop import ROWS


class Person(Table):
    id = Integer(primary_key=True)
    first_name = Text()
    birth_year = Integer()


class Pet(Table):
    id = Integer(primary_key=True)
    name = Text()
    owner_id = ForeignKey(Person)


class Customer(Table):
    id = Integer(primary_key=True)
    name = Text()
    age = Integer()
    city = Text()
    score = Integer()


for each in (Person, Pet, Customer):
    each._meta._db = PostgresEngine({})  # connects to nothing


def written(query: Any) -> Any:
    return query.querystrings[0].compile_string()


def simple(key: int, _: int) -> Any:
    return written(Person.select(Person.id, Person.first_name, Person.birth_year).where(Person.id == key))


def joined(key: int, count: int) -> Any:
    """From the other side, as joins follow foreign keys: the rows are the same where everybody has pets."""
    owner, pets = Pet.owner_id, Count(Pet.id)
    return written(
        Pet.select(owner.id, owner.first_name, pets, Max(Pet.name))
        .where(owner.id > key)
        .group_by(owner.id, owner.first_name)
        .having(pets > 1)
        .order_by(owner.id)
        .limit(count)
    )


def insert_one(key: int, _: int) -> Any:
    return written(Customer.insert(Customer(ROWS[key])))


def insert_hundred(_: int, __: int) -> Any:
    return written(Customer.insert(*[Customer(row) for row in ROWS]))


def upsert_hundred(_: int, __: int) -> Any:
    new = [Customer.name, Customer.age, Customer.score]
    insert = Customer.insert(*[Customer(row) for row in ROWS])
    return written(insert.on_conflict(target=Customer.id, action="DO UPDATE", values=new))


async def opened(_: str) -> Contenders:
    made = (simple, joined, insert_one, insert_hundred, upsert_hundred)
    return {"Piccolo": {each.__name__: Work(each) for each in made}}
