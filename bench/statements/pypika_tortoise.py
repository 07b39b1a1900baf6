"""Statements by pypika-tortoise, the fork of PyPika that Tortoise ORM runs on, with its parameters."""

from __future__ import annotations

from typing import Any

from pypika_tortoise import Case, CustomFunction, PostgreSQLQuery, Table
from pypika_tortoise import Order as Direction
from pypika_tortoise import functions as pf
from pypika_tortoise.analytics import Rank
from pypika_tortoise.queries import AliasedQuery
from pypika_tortoise.terms import PseudoColumn

from bench.measure.work import Contenders, Work
from bench.shop import ROWS

person, pet = Table("person"), Table("pet")
mother = person.as_("mother")
customer, order, product = Table("customer"), Table("order"), Table("product")
spent_rows = AliasedQuery("spent")
json_agg, row_to_json = CustomFunction("JSON_AGG", ["rows"]), CustomFunction("ROW_TO_JSON", ["row"])
coalesce = CustomFunction("COALESCE", ["value", "otherwise"])
NESTED, EMPTY = PseudoColumn("nested"), PseudoColumn("'[]'")

Written = tuple[str, list[object]]
Query = PostgreSQLQuery


def written(query: Any) -> Written:
    found: Written = query.get_parameterized_sql()
    return found


def simple(key: int, _: int) -> Written:
    return written(Query.from_(person).select(person.id, person.first_name, person.birth_year).where(person.id == key))


def joined(key: int, count: int) -> Written:
    pets = pf.Count(pet.id)
    return written(
        Query.from_(person)
        .left_join(pet)
        .on(pet.owner_id == person.id)
        .select(person.id, person.first_name, pets.as_("pets"), pf.Max(pet.name).as_("last"))
        .where(person.id > key)
        .groupby(person.id, person.first_name)
        .having(pets > 1)
        .orderby(person.id)
        .limit(count)
    )


def nested(key: int, _: int) -> Written:
    pets = Query.from_(pet).select(pet.id, pet.name).where(pet.owner_id == person.id).orderby(pet.name).as_("nested")
    mothers = (
        Query.from_(mother).select(mother.id, mother.first_name).where(mother.id == person.mother_id).as_("nested")
    )
    return written(
        Query.from_(person)
        .select(
            person.id,
            person.first_name,
            Query.from_(pets).select(coalesce(json_agg(row_to_json(NESTED)), EMPTY)).as_("pets"),
            Query.from_(mothers).select(row_to_json(NESTED)).as_("mother"),
        )
        .where(person.id > key)
        .orderby(person.id)
    )


def wide(key: int, _: int) -> Written:
    spent = (
        Query.from_(order)
        .select(order.customer_id, pf.Sum(order.amount).as_("total"))
        .where((order.state == "paid") & (order.amount > key))
        .groupby(order.customer_id)
    )
    rank = Rank().over(customer.city).orderby(spent_rows.total, order=Direction.desc).as_("rank")
    size = Case(alias="size").when(order.amount > 100, "large").when(order.amount > 10, "middle").else_("small")
    return written(
        Query.with_(spent, "spent")
        .from_(customer)
        .join(spent_rows)
        .on(spent_rows.customer_id == customer.id)
        .join(order)
        .on(order.customer_id == customer.id)
        .left_join(product)
        .on(product.id == order.product_id)
        .select(customer.id, customer.name, product.title, order.amount, spent_rows.total, size, rank)
        .where(customer.age.between(18, 65) & (product.price < 1000))
        .orderby(customer.id)
        .orderby(order.id, order=Direction.desc)
    )


COLUMNS = tuple(ROWS[0])
VALUES = [tuple(row.values()) for row in ROWS]


def insert_one(key: int, _: int) -> Written:
    return written(Query.into(customer).columns(*COLUMNS).insert(*VALUES[key]))


def insert_hundred(_: int, __: int) -> Written:
    return written(Query.into(customer).columns(*COLUMNS).insert(*VALUES))


def upsert_hundred(_: int, __: int) -> Written:
    query = Query.into(customer).columns(*COLUMNS).insert(*VALUES).on_conflict("id")
    return written(query.do_update("name").do_update("age").do_update("score"))


async def opened(_: str) -> Contenders:
    made = (simple, joined, nested, wide, insert_one, insert_hundred, upsert_hundred)
    return {"pypika-tortoise": {each.__name__: Work(each) for each in made}}
