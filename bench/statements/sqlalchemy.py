"""Statements by SQLAlchemy Core as an Engine runs them: built, found by their key in its cache of compiled statements.

Prebuilt ones are built once, with named parameters, and only looked up.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert as insert_or_update

from bench.measure.work import Contenders, Work
from bench.shop import ROWS

metadata = sa.MetaData()


def table(name: str, /, **columns: Any) -> sa.Table:
    return sa.Table(
        name, metadata, *[sa.Column(each, kind, primary_key=each == "id") for each, kind in columns.items()]
    )


person = table("person", id=sa.Integer, first_name=sa.Text, birth_year=sa.Integer, mother_id=sa.Integer)
pet = table("pet", id=sa.Integer, name=sa.Text, species=sa.Text, owner_id=sa.Integer)
mother = person.alias("mother")
customer = table("customer", id=sa.Integer, name=sa.Text, age=sa.Integer, city=sa.Text, score=sa.Integer)
order = table("order", id=sa.Integer, customer_id=sa.Integer, product_id=sa.Integer, amount=sa.Integer, state=sa.Text)
product = table("product", id=sa.Integer, title=sa.Text, price=sa.Integer)
engine = sa.create_engine("postgresql+asyncpg://")  # connects to nothing until it is asked to

Written = tuple[str, list[object]]


def written(query: Any, values: dict[str, Any] | None = None) -> Written:
    """What a Connection does to get at the text and its parameters; see `Connection._execute_clauseelement`."""
    compiled, extracted, collected, _ = query._compile_w_cache(
        dialect=engine.dialect,
        compiled_cache=engine._compiled_cache,
        column_keys=sorted(values or ()),
        linting=engine.dialect.compiler_linting,
    )
    found = compiled.construct_params(
        values, extracted_parameters=extracted, escape_names=False, _collected_params=collected
    )
    return compiled.string, [found[name] for name in compiled.positiontup]


def written_many(query: Any, rows: Sequence[dict[str, Any]]) -> tuple[str, list[list[object]]]:
    """The same for executemany: one text, and the parameters of each row."""
    compiled, extracted, collected, _ = query._compile_w_cache(
        dialect=engine.dialect,
        compiled_cache=engine._compiled_cache,
        column_keys=sorted(rows[0]),
        for_executemany=True,
        linting=engine.dialect.compiler_linting,
    )
    found = [
        compiled.construct_params(row, extracted_parameters=extracted, escape_names=False, _collected_params=collected)
        for row in rows
    ]
    return compiled.string, [[each[name] for name in compiled.positiontup] for each in found]


def simple(key: int, _: int) -> Written:
    return written(sa.select(person.c.id, person.c.first_name, person.c.birth_year).where(person.c.id == key))


def joined(key: int, count: int) -> Written:
    pets = sa.func.count(pet.c.id)
    return written(
        sa.select(person.c.id, person.c.first_name, pets.label("pets"), sa.func.max(pet.c.name).label("last"))
        .select_from(person.outerjoin(pet, pet.c.owner_id == person.c.id))
        .where(person.c.id > key)
        .group_by(person.c.id, person.c.first_name)
        .having(pets > 1)
        .order_by(person.c.id)
        .limit(count)
    )


def nested_query(above: Any) -> sa.Select[Any]:
    pets = (
        sa.select(pet.c.id, pet.c.name)
        .where(pet.c.owner_id == person.c.id)
        .order_by(pet.c.name)
        .correlate(person)
        .subquery("nested_pets")
    )
    mothers = (
        sa.select(mother.c.id, mother.c.first_name)
        .where(mother.c.id == person.c.mother_id)
        .correlate(person)
        .subquery("nested_mother")
    )
    return (
        sa.select(
            person.c.id,
            person.c.first_name,
            sa.select(sa.func.coalesce(sa.func.json_agg(sa.func.row_to_json(pets.table_valued())), sa.text("'[]'")))
            .scalar_subquery()
            .label("pets"),
            sa.select(sa.func.row_to_json(mothers.table_valued())).scalar_subquery().label("mother"),
        )
        .where(person.c.id > above)
        .order_by(person.c.id)
    )


def nested(key: int, _: int) -> Written:
    return written(nested_query(key))


prebuilt_nested = nested_query(sa.bindparam("key", type_=sa.Integer))


def nested_again(key: int, _: int) -> Written:
    return written(prebuilt_nested, {"key": key})


def wide(key: int, _: int) -> Written:
    o, c, p = order.c, customer.c, product.c
    spent = (
        sa.select(o.customer_id, sa.func.sum(o.amount).label("total"))
        .where(o.state == "paid", o.amount > key)
        .group_by(o.customer_id)
        .cte("spent")
    )
    rank = sa.func.rank().over(partition_by=c.city, order_by=spent.c.total.desc()).label("rank")
    size = sa.case((o.amount > 100, "large"), (o.amount > 10, "middle"), else_="small").label("size")
    return written(
        sa.select(c.id, c.name, p.title, o.amount, spent.c.total, size, rank)
        .select_from(
            customer.join(spent, spent.c.customer_id == c.id)
            .join(order, o.customer_id == c.id)
            .outerjoin(product, p.id == o.product_id)
        )
        .where(c.age.between(18, 65), p.price < 1000)
        .order_by(c.id, o.id.desc())
    )


def insert_one(key: int, _: int) -> Written:
    return written(sa.insert(customer), ROWS[key])


def insert_hundred(_: int, __: int) -> tuple[str, list[list[object]]]:
    return written_many(sa.insert(customer), ROWS)


def insert_values(_: int, __: int) -> Written:
    return written(sa.insert(customer).values(ROWS))


def upserting(insert: Any) -> Any:
    new = insert.excluded
    return insert.on_conflict_do_update(
        index_elements=["id"], set_={"name": new.name, "age": new.age, "score": new.score}
    )


def upsert_hundred(_: int, __: int) -> tuple[str, list[list[object]]]:
    return written_many(upserting(insert_or_update(customer)), ROWS)


def upsert_values(_: int, __: int) -> Written:
    return written(upserting(insert_or_update(customer).values(ROWS)))


async def opened(_: str) -> Contenders:
    made: Sequence[Any] = (simple, joined, nested, wide, insert_one, insert_hundred, upsert_hundred)
    return {
        "SQLAlchemy Core": {each.__name__: Work(each) for each in made},
        "SQLAlchemy Core, prebuilt": {"nested": Work(nested_again)},
        "SQLAlchemy Core, values()": {"insert_hundred": Work(insert_values), "upsert_hundred": Work(upsert_values)},
    }
