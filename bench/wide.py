"""Building and compiling more: a wide query, and an upsert of a hundred rows, against PyPika and SQLAlchemy Core.

The wide query has three joins, a CTE, a window, a CASE and ten bound values. All three write it for PostgreSQL.

    python -m bench.wide          the figures
    python -m bench.wide --sql    and what each of them wrote
"""

from __future__ import annotations

import platform
import sys
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import pypika.functions as pf
import sqlalchemy as sa
from pypika import Case, PostgreSQLQuery
from pypika import Table as PyPikaTable
from pypika.analytics import RowNumber
from pypika.queries import AliasedQuery
from pypika.terms import ListParameter
from sqlalchemy.dialects.postgresql import insert as sa_insert

from bench.timing import side_by_side
from querykit import Column, CompiledQuery, Table, case, cte, excluded, fn, insert_into, select_from, with_

ROWS = [{"id": n, "name": f"person {n}", "age": n % 90, "city": "Ulm", "score": n * 2} for n in range(100)]

if TYPE_CHECKING:
    from collections.abc import Callable

# -- querykit ----------------------------------------------------------------------------------------------------------


class Customer(Table, name="customer"):
    id: Column[int]
    name: Column[str]
    age: Column[int]
    city: Column[str]
    score: Column[int]


class Order(Table, name="order"):
    id: Column[int]
    customer_id: Column[int]
    product_id: Column[int]
    amount: Column[int]
    state: Column[str]


class Product(Table, name="product"):
    id: Column[int]
    title: Column[str]
    price: Column[int]


customer, order, product = Customer(), Order(), Product()


def querykit_wide(least: int = 5) -> CompiledQuery:
    spent = cte(
        "spent",
        select_from(order)
        .select(order.customer_id, fn.sum(order.amount).as_("total"))
        .where(order.state == "paid", order.amount > least)
        .group_by(order.customer_id),
    )
    rank = fn.row_number().over(partition_by=[customer.city], order_by=[spent.total.desc()])
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


def querykit_upsert() -> CompiledQuery:
    upsert = insert_into(customer).values(ROWS).on_conflict(customer.id)
    return upsert.do_update(name=excluded.name, age=excluded.age, score=excluded.score).compile("postgres")


# -- PyPika ------------------------------------------------------------------------------------------------------------

p_customer, p_order, p_product = PyPikaTable("customer"), PyPikaTable("order"), PyPikaTable("product")
p_spent = AliasedQuery("spent")


def pypika_wide(least: int = 5) -> tuple[str, list[object]]:
    spent = (
        PostgreSQLQuery.from_(p_order)
        .select(p_order.customer_id, pf.Sum(p_order.amount).as_("total"))
        .where((p_order.state == "paid") & (p_order.amount > least))
        .groupby(p_order.customer_id)
    )
    rank = RowNumber(alias="rank").over(p_customer.city).orderby(p_spent.total)  # type: ignore[no-untyped-call]
    size = Case(alias="size").when(p_order.amount > 100, "large").when(p_order.amount > 10, "middle").else_("small")
    query = (
        PostgreSQLQuery.with_(spent, "spent")
        .from_(p_customer)
        .join(p_spent)
        .on(p_spent.customer_id == p_customer.id)
        .join(p_order)
        .on(p_order.customer_id == p_customer.id)
        .left_join(p_product)
        .on(p_product.id == p_order.product_id)
        .select(p_customer.id, p_customer.name, p_product.title, p_order.amount, p_spent.total, size, rank)
        .where(p_customer.age.between(18, 65) & (p_product.price < 1000))
        .orderby(p_customer.id, p_order.id)
    )
    return _pypika_sql(query)


def pypika_upsert() -> tuple[str, list[object]]:
    query = PostgreSQLQuery.into(p_customer).columns("id", "name", "age", "city", "score")
    query = query.insert(*[tuple(row.values()) for row in ROWS]).on_conflict("id")  # type: ignore[operator]
    return _pypika_sql(query.do_update("name").do_update("age").do_update("score"))


def _pypika_sql(query: Any) -> tuple[str, list[object]]:
    parameters = ListParameter(lambda position: f"${position + 1}")
    return query.get_sql(parameter=parameters), parameters.get_parameters()  # type: ignore[no-untyped-call]


# -- SQLAlchemy Core ---------------------------------------------------------------------------------------------------

metadata = sa.MetaData()


def _table(name: str, /, **columns: Any) -> sa.Table:
    return sa.Table(
        name, metadata, *[sa.Column(each, kind, primary_key=each == "id") for each, kind in columns.items()]
    )


s_customer = _table("customer", id=sa.Integer, name=sa.Text, age=sa.Integer, city=sa.Text, score=sa.Integer)
s_order = _table(
    "order", id=sa.Integer, customer_id=sa.Integer, product_id=sa.Integer, amount=sa.Integer, state=sa.Text
)
s_product = _table("product", id=sa.Integer, title=sa.Text, price=sa.Integer)
engine = sa.create_engine("postgresql+asyncpg://")  # connects to nothing until it is asked to


def sqlalchemy_wide(least: int = 5) -> str:
    o, c, p = s_order.c, s_customer.c, s_product.c
    spent = (
        sa.select(o.customer_id, sa.func.sum(o.amount).label("total"))
        .where(o.state == "paid", o.amount > least)
        .group_by(o.customer_id)
        .cte("spent")
    )
    rank = sa.func.row_number().over(partition_by=c.city, order_by=spent.c.total.desc()).label("rank")
    size = sa.case((o.amount > 100, "large"), (o.amount > 10, "middle"), else_="small").label("size")
    query = (
        sa.select(c.id, c.name, p.title, o.amount, spent.c.total, size, rank)
        .select_from(
            s_customer.join(spent, spent.c.customer_id == c.id)
            .join(s_order, o.customer_id == c.id)
            .outerjoin(s_product, p.id == o.product_id)
        )
        .where(c.age.between(18, 65), p.price < 1000)
        .order_by(c.id, o.id.desc())
    )
    return _sqlalchemy_sql(query)


def sqlalchemy_upsert() -> str:
    insert = sa_insert(s_customer).values(ROWS)
    new = insert.excluded
    return _sqlalchemy_sql(
        insert.on_conflict_do_update(index_elements=["id"], set_={"name": new.name, "age": new.age, "score": new.score})
    )


def _sqlalchemy_sql(query: Any) -> str:
    compiled, *_ = query._compile_w_cache(
        dialect=engine.dialect,
        compiled_cache=engine._compiled_cache,
        column_keys=[],
        linting=engine.dialect.compiler_linting,
    )
    return str(compiled)


# -- the figures -------------------------------------------------------------------------------------------------------

CASES: dict[str, dict[str, Callable[[], object]]] = {
    "the wide query": {"querykit": querykit_wide, "PyPika": pypika_wide, "SQLAlchemy": sqlalchemy_wide},
    "an upsert of 100 rows": {"querykit": querykit_upsert, "PyPika": pypika_upsert, "SQLAlchemy": sqlalchemy_upsert},
}


def main() -> bool:
    """Print the figures; there is no goal for these."""
    for title, functions in CASES.items():
        if "--sql" in sys.argv:
            print(*[functions[name]() for name in functions], sep="\n\n", end="\n\n")
        found = side_by_side(functions)
        print(f"Building and compiling {title}, Python {platform.python_version()}, medians side by side:")
        for name, time in found.times.items():
            print(f"  {name:<20} {time.median * 1e6:8.2f} µs ± {time.noise:.1%}")
        for name in ("PyPika", "SQLAlchemy"):
            ratio = found.ratios[name]
            print(f"querykit is {ratio.median:.1f} times faster than {name} {version(name)}")
    return True


if __name__ == "__main__":
    sys.exit(not main())
