"""VALUES as a table: joined, selected from, in WITH, run by itself."""

import datetime as dt
from decimal import Decimal

import pytest

from querykit import cte, fn, select_from, update, value, values, with_
from querykit.errors import BuildError
from tests.builder.stock import item
from tests.expected import compiles_to
from tests.sample import pet

prices = values({"name": "Rex", "price": 5}, {"name": "Amy", "price": None}).as_("prices")


async def test_rows_are_joined(db):
    query = (
        select_from(pet)
        .inner_join(prices, prices.name == pet.name)
        .select(pet.id, prices.price)
        .where(pet.id > 0)
        .order_by(pet.id)
    )
    parameters = ("Rex", 5, "Amy", None, 0)
    compiles_to(
        query,
        {
            "postgres": (
                'SELECT "pet"."id", "prices"."price" FROM "pet" INNER JOIN (VALUES ($1::text, $2::bigint), ($3, $4)) '
                'AS "prices" ("name", "price") ON "prices"."name" = "pet"."name" WHERE "pet"."id" > '
                '$5 ORDER BY "pet"."id"',
                parameters,
            ),
            "mysql": (
                "SELECT `pet`.`id`, `prices`.`price` FROM `pet` INNER JOIN (VALUES ROW(%s, %s), ROW(%s, %s)) "
                "AS `prices` (`name`, `price`) ON `prices`.`name` = `pet`.`name` WHERE `pet`.`id` > "
                "%s ORDER BY `pet`.`id`",
                parameters,
            ),
            "mariadb": (
                "SELECT `pet`.`id`, `prices`.`price` FROM `pet` INNER JOIN (WITH `prices` (`name`, `price`) AS "
                "(VALUES (%s, %s), (%s, %s)) SELECT * FROM `prices`) AS `prices` ON `prices`.`name` = `pet`.`name` "
                "WHERE `pet`.`id` > %s ORDER BY `pet`.`id`",
                parameters,
            ),
            "sqlite": (
                'SELECT "pet"."id", "prices"."price" FROM "pet" INNER JOIN (SELECT column1 AS "name", '
                'column2 AS "price" '
                'FROM (VALUES (?, ?), (?, ?))) AS "prices" ON "prices"."name" = "pet"."name" '
                'WHERE "pet"."id" > ? ORDER BY "pet"."id"',
                parameters,
            ),
        },
    )
    assert await db.fetch_all(query) == [{"id": 10, "price": 5}, {"id": 14, "price": None}]


async def test_rows_are_run_by_themselves(db):
    query = db.values(("a", 1), ("b", 2), columns=["na`me", "n"])
    assert await query.fetch_all() == [{"na`me": "a", "n": 1}, {"na`me": "b", "n": 2}]
    common = cte("v", query)
    assert await db.fetch_value(with_(common).select_from(common).select(fn.sum(common.n))) == 3


async def test_values_keep_their_types(db):
    row = {
        "d": Decimal("1.10"),
        "day": dt.date(2020, 1, 2),
        "at": dt.datetime(2020, 1, 2, 3, 4, 5, 600),
        "on": True,
        "f": 0.1,
        "b": b"\x00\xff",
        "t": "x",
    }
    rows = [row, {**dict.fromkeys(row), "on": False, "f": 2}]
    found = await db.fetch_all(values(rows))
    assert found == rows
    assert [type(each) for each in found[0].values()] == [type(each) for each in row.values()]


async def test_expressions_as_values(db):
    v = values({"n": value(1) + 1, "name": fn.upper("a")}, {"n": 3, "name": "b"}).as_("v")
    assert await db.fetch_all(select_from(v).select(v.n, v.name).order_by(v.n)) == [
        {"n": 2, "name": "A"},
        {"n": 3, "name": "b"},
    ]


async def test_rows_of_different_values_are_written_at_once(stock):
    changes = values({"id": 1, "amount": 11}, {"id": 3, "amount": 33}).as_("changes")
    query = update(item).from_(changes).set(amount=changes.amount).where(changes.id == item.id)
    assert (await stock.execute(query)).rows_affected == 2
    assert await stock.fetch_column(select_from(item).select(item.amount).order_by(item.id)) == [11, 20, 33]


def test_what_means_nothing_is_refused():
    for rows in ((), ({},), ({"a": 1}, {"b": 1}), ({"a": 1}, {"a": 1, "b": 2}), ((1, 2),), ({"a": 1}, (1, 2))):
        with pytest.raises(BuildError):
            values(*rows)
    with pytest.raises(BuildError, match="several types"):
        values({"a": 1}, {"a": "x"})
    with pytest.raises(BuildError, match="one name"):
        values((1, 2), columns=["a", "a"])
    with pytest.raises(BuildError, match="has no column"):
        prices["nam"]
