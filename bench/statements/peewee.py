"""Statements by peewee."""

from __future__ import annotations

from typing import Any

from peewee import EXCLUDED, JOIN, SQL, Case, IntegerField, Model, PostgresqlDatabase, TextField, fn

from bench.measure.work import Contenders, Work
from bench.shop import ROWS

database = PostgresqlDatabase(None)


class Base(Model):
    class Meta:
        database = database


class Person(Base):
    first_name = TextField()
    birth_year = IntegerField()
    mother_id = IntegerField(null=True)

    class Meta:
        table_name = "person"


class Pet(Base):
    name = TextField()
    owner_id = IntegerField()

    class Meta:
        table_name = "pet"


class Customer(Base):
    name = TextField()
    age = IntegerField()
    city = TextField()
    score = IntegerField()

    class Meta:
        table_name = "customer"


class Order(Base):
    customer_id = IntegerField()
    product_id = IntegerField()
    amount = IntegerField()
    state = TextField()

    class Meta:
        table_name = "order"


class Product(Base):
    title = TextField()
    price = IntegerField()

    class Meta:
        table_name = "product"


Mother = Person.alias("mother")
EMPTY = SQL("'[]'")

Written = tuple[str, list[object]]


def simple(key: int, _: int) -> Any:
    return Person.select(Person.id, Person.first_name, Person.birth_year).where(Person.id == key).sql()


def joined(key: int, count: int) -> Any:
    pets = fn.COUNT(Pet.id)
    return (
        Person.select(Person.id, Person.first_name, pets.alias("pets"), fn.MAX(Pet.name).alias("last"))
        .join(Pet, JOIN.LEFT_OUTER, on=(Pet.owner_id == Person.id))
        .where(Person.id > key)
        .group_by(Person.id, Person.first_name)
        .having(pets > 1)
        .order_by(Person.id)
        .limit(count)
        .sql()
    )


def nested(key: int, _: int) -> Any:
    pets = Pet.select(Pet.id, Pet.name).where(Pet.owner_id == Person.id).order_by(Pet.name).alias("nested_pets")
    mothers = Mother.select(Mother.id, Mother.first_name).where(Mother.id == Person.mother_id).alias("nested_mother")
    listed = fn.COALESCE(fn.JSON_AGG(fn.ROW_TO_JSON(SQL("nested_pets"))), EMPTY)
    return (
        Person.select(
            Person.id,
            Person.first_name,
            Pet.select(listed).from_(pets).alias("pets"),
            Mother.select(fn.ROW_TO_JSON(SQL("nested_mother"))).from_(mothers).alias("mother"),
        )
        .where(Person.id > key)
        .order_by(Person.id)
        .sql()
    )


def wide(key: int, _: int) -> Any:
    spent = (
        Order.select(Order.customer_id, fn.SUM(Order.amount).alias("total"))
        .where(Order.state == "paid", Order.amount > key)
        .group_by(Order.customer_id)
        .cte("spent")
    )
    rank = fn.RANK().over(partition_by=[Customer.city], order_by=[spent.c.total.desc()])
    size = Case(None, [(Order.amount > 100, "large"), (Order.amount > 10, "middle")], "small")
    return (
        Customer.select(
            Customer.id,
            Customer.name,
            Product.title,
            Order.amount,
            spent.c.total,
            size.alias("size"),
            rank.alias("rank"),
        )
        .join(spent, on=(spent.c.customer_id == Customer.id))
        .join(Order, on=(Order.customer_id == Customer.id))
        .join(Product, JOIN.LEFT_OUTER, on=(Product.id == Order.product_id))
        .where(Customer.age.between(18, 65), Product.price < 1000)
        .order_by(Customer.id, Order.id.desc())
        .with_cte(spent)
        .sql()
    )


def insert_one(key: int, _: int) -> Any:
    return Customer.insert(ROWS[key]).returning().sql()


def insert_hundred(_: int, __: int) -> Any:
    return Customer.insert_many(ROWS).returning().sql()


def upsert_hundred(_: int, __: int) -> Any:
    new = {each: getattr(EXCLUDED, each.name) for each in (Customer.name, Customer.age, Customer.score)}
    return Customer.insert_many(ROWS).on_conflict(conflict_target=[Customer.id], update=new).returning().sql()


async def opened(_: str) -> Contenders:
    made = (simple, joined, nested, wide, insert_one, insert_hundred, upsert_hundred)
    return {"peewee": {each.__name__: Work(each) for each in made}}
