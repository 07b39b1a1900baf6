"""Statements by SQLGlot's builder, out of its expression objects: the SQL that it also takes would be parsed each time.

It has no bound values of its own: their places are written here, and their values kept beside.
"""

from __future__ import annotations

from typing import Any

from sqlglot import exp
from sqlglot.expressions import Expression, case, column, func, insert, select, values

from bench.measure.work import Contenders, Work
from bench.shop import ROWS

Written = tuple[str, list[object]]


class Parameters:
    """The values of a statement."""

    def __init__(self) -> None:
        self.values: list[object] = []

    def __call__(self, value: object) -> Expression:
        self.values.append(value)
        return exp.Parameter(this=exp.Literal.number(len(self.values)))

    def written(self, query: Expression) -> Written:
        return query.sql("postgres"), self.values


def simple(key: int, _: int) -> Written:
    bound = Parameters()
    found = select(column("id", "person"), column("first_name", "person"), column("birth_year", "person"))
    return bound.written(found.from_("person").where(column("id", "person").eq(bound(key))))


def joined(key: int, count: int) -> Written:
    bound = Parameters()
    person_id, first_name = column("id", "person"), column("first_name", "person")
    pets = func("COUNT", column("id", "pet"))
    return bound.written(
        select(person_id, first_name, pets.as_("pets"), func("MAX", column("name", "pet")).as_("last"))
        .from_("person")
        .join("pet", on=column("owner_id", "pet").eq(person_id), join_type="left")
        .where(person_id > bound(key))
        .group_by(person_id, first_name)
        .having(pets > bound(1))
        .order_by(person_id)
        .limit(bound(count))
    )


def nested(key: int, _: int) -> Written:
    bound = Parameters()
    person_id = column("id", "person")
    pets = (
        select(column("id", "pet"), column("name", "pet"))
        .from_("pet")
        .where(column("owner_id", "pet").eq(person_id))
        .order_by(column("name", "pet"))
    )
    mothers = (
        select(column("id", "mother"), column("first_name", "mother"))
        .from_(exp.to_table("person", alias="mother"))
        .where(column("id", "mother").eq(column("mother_id", "person")))
    )
    row = func("ROW_TO_JSON", column("nested"))
    listed = func("COALESCE", func("JSON_AGG", row), exp.Literal.string("[]"))
    return bound.written(
        select(
            person_id,
            column("first_name", "person"),
            select(listed).from_(pets.subquery("nested")).subquery("pets"),
            select(row).from_(mothers.subquery("nested")).subquery("mother"),
        )
        .from_("person")
        .where(person_id > bound(key))
        .order_by(person_id)
    )


def wide(key: int, _: int) -> Written:
    bound = Parameters()
    customer_id, amount = column("id", "customer"), column("amount", "order", quoted=True)
    total = column("total", "spent")
    orders = exp.to_table('"order"')
    spent = (
        select(column("customer_id", "order", quoted=True), func("SUM", amount).as_("total"))
        .from_(orders)
        .where(column("state", "order", quoted=True).eq(bound("paid")), amount > bound(key))
        .group_by(column("customer_id", "order", quoted=True))
    )
    rank = exp.Window(
        this=exp.Rank(),
        partition_by=[column("city", "customer")],
        order=exp.Order(expressions=[total.desc()]),
    )
    size = case().when(amount > bound(100), bound("large")).when(amount > bound(10), bound("middle"))
    return bound.written(
        select(
            customer_id,
            column("name", "customer"),
            column("title", "product"),
            amount,
            total,
            size.else_(bound("small")).as_("size"),
            rank.as_("rank"),
        )
        .with_("spent", as_=spent)
        .from_("customer")
        .join("spent", on=column("customer_id", "spent").eq(customer_id))
        .join(orders, on=column("customer_id", "order", quoted=True).eq(customer_id))
        .join(
            "product",
            on=column("id", "product").eq(column("product_id", "order", quoted=True)),
            join_type="left",
        )
        .where(column("age", "customer").between(bound(18), bound(65)), column("price", "product") < bound(1000))
        .order_by(customer_id, column("id", "order", quoted=True).desc())
    )


COLUMNS = tuple(ROWS[0])


def inserting(rows: list[dict[str, Any]], bound: Parameters) -> exp.Insert:
    listed = values([tuple([bound(value) for value in row.values()]) for row in rows])
    return insert(listed, "customer", columns=COLUMNS)


def insert_one(key: int, _: int) -> Written:
    bound = Parameters()
    return bound.written(inserting([ROWS[key]], bound))


def insert_hundred(_: int, __: int) -> Written:
    bound = Parameters()
    return bound.written(inserting(ROWS, bound))


def upsert_hundred(_: int, __: int) -> Written:
    bound = Parameters()
    query = inserting(ROWS, bound)
    new = [column(name).eq(column(name, "excluded")) for name in ("name", "age", "score")]
    query.set(
        "conflict",
        exp.OnConflict(conflict_keys=[exp.to_identifier("id")], action=exp.var("DO UPDATE"), expressions=new),
    )
    return bound.written(query)


async def opened(_: str) -> Contenders:
    made = (simple, joined, nested, wide, insert_one, insert_hundred, upsert_hundred)
    return {"SQLGlot": {each.__name__: Work(each) for each in made}}
