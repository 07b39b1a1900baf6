"""Statements by querykit: built and compiled each time."""

from __future__ import annotations

from typing import Any

from bench.measure.work import Contenders, Work
from bench.shop import ROWS, customer, order, product
from bench.village import person, pet
from querykit import (
    CompiledQuery,
    case,
    cte,
    excluded,
    fn,
    insert_into,
    json_array_from,
    json_object_from,
    select_from,
    with_,
)

mother = person.as_("mother")


def simple(key: int, _: int) -> CompiledQuery:
    query = select_from(person).select(person.id, person.first_name, person.birth_year)
    return query.where(person.id == key).compile("postgres")


def joined(key: int, count: int) -> CompiledQuery:
    pets = fn.count(pet.id)
    return (
        select_from(person)
        .left_join(pet, pet.owner_id == person.id)
        .select(person.id, person.first_name, pets.as_("pets"), fn.max(pet.name).as_("last"))
        .where(person.id > key)
        .group_by(person.id, person.first_name)
        .having(pets > 1)
        .order_by(person.id)
        .limit(count)
        .compile("postgres")
    )


def nested_query(above: int) -> Any:
    return (
        select_from(person)
        .select(
            person.id,
            person.first_name,
            json_array_from(
                select_from(pet).select(pet.id, pet.name).where(pet.owner_id == person.id).order_by(pet.name)
            ).as_("pets"),
            json_object_from(
                select_from(mother).select(mother.id, mother.first_name).where(mother.id == person.mother_id)
            ).as_("mother"),
        )
        .where(person.id > above)
        .order_by(person.id)
    )


def nested(key: int, _: int) -> CompiledQuery:
    compiled: CompiledQuery = nested_query(key).compile("postgres")
    return compiled


kept = nested_query(50)


def once_more(_: int, __: int) -> CompiledQuery:
    compiled: CompiledQuery = kept.compile("postgres")
    return compiled


def wide(key: int, _: int) -> CompiledQuery:
    spent = cte(
        "spent",
        select_from(order)
        .select(order.customer_id, fn.sum(order.amount).as_("total"))
        .where(order.state == "paid", order.amount > key)
        .group_by(order.customer_id),
    )
    rank = fn.rank().over(partition_by=[customer.city], order_by=[spent.total.desc()])
    size = case().when(order.amount > 100, "large").when(order.amount > 10, "middle").else_("small")
    return (
        with_(spent)
        .select_from(customer)
        .inner_join(spent, spent.customer_id == customer.id)
        .inner_join(order, order.customer_id == customer.id)
        .left_join(product, product.id == order.product_id)
        .select(
            customer.id, customer.name, product.title, order.amount, spent.total, size.as_("size"), rank.as_("rank")
        )
        .where(customer.age.between(18, 65), product.price < 1000)
        .order_by(customer.id, order.id.desc())
        .compile("postgres")
    )


def insert_one(key: int, _: int) -> CompiledQuery:
    return insert_into(customer).values(ROWS[key]).compile("postgres")


def insert_hundred(_: int, __: int) -> CompiledQuery:
    return insert_into(customer).values(ROWS).compile("postgres")


def upsert_hundred(_: int, __: int) -> CompiledQuery:
    upsert = insert_into(customer).values(ROWS).on_conflict(customer.id)
    return upsert.do_update(name=excluded.name, age=excluded.age, score=excluded.score).compile("postgres")


def plain(compiled: CompiledQuery) -> tuple[str, list[object]]:
    return compiled.sql, list(compiled.arguments())


async def opened(_: str) -> Contenders:
    made = (simple, joined, nested, wide, insert_one, insert_hundred, upsert_hundred)
    return {
        "querykit": {each.__name__: Work(each, plain) for each in made},
        "querykit, the same object again": {"nested": Work(once_more, plain)},
    }
