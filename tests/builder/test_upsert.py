"""ON CONFLICT: one way to say it, and the rows that it leaves on every database."""

import pytest

from querykit import (
    case,
    cast,
    cte,
    excluded,
    fn,
    insert_into,
    replace_into,
    select,
    select_from,
    sql,
    table,
    value,
    with_,
)
from querykit.errors import BuildError, CompileError, UnsupportedError
from tests.builder.stock import item
from tests.expected import compiles_to, spelled
from tests.sample import pet

NEW = [{"id": 2, "name": "nut", "amount": 5}, {"id": 8, "name": "screw", "amount": 6}]


async def amounts(db):
    rows = await db.fetch_all(select_from(item).select(item.name, item.amount).order_by(item.id))
    return {row["name"]: row["amount"] for row in rows}


async def test_do_nothing(stock):
    query = insert_into(item).values(NEW).on_conflict(item.id).do_nothing()
    mysql = (
        "INSERT INTO `item` (`id`, `name`, `amount`) VALUES (%s, %s, %s), (%s, %s, %s) "
        "ON DUPLICATE KEY UPDATE `id` = `item`.`id`",
        (2, "nut", 5, 8, "screw", 6),
    )
    compiles_to(
        query,
        spelled(
            'INSERT INTO "item" ("id", "name", "amount") VALUES ($1, $2, $3), ($4, $5, $6) '
            'ON CONFLICT ("id") DO NOTHING',
            (2, "nut", 5, 8, "screw", 6),
            mysql=mysql,
            mariadb=mysql,
        ),
    )
    count = (await stock.execute(query)).rows_affected
    assert count == (2 if stock.dialect.name in ("mysql", "mariadb") else 1)
    assert await amounts(stock) == {"bolt": 10, "nut": 20, "washer": 30, "screw": 6}


async def test_do_nothing_about_any_key(stock):
    query = insert_into(item).values({"name": "bolt"}, {"name": "screw"}).on_conflict().do_nothing()
    mysql = "INSERT INTO `item` (`name`) VALUES (%s), (%s) ON DUPLICATE KEY UPDATE `name` = `item`.`name`"
    compiles_to(
        query,
        spelled(
            'INSERT INTO "item" ("name") VALUES ($1), ($2) ON CONFLICT DO NOTHING',
            ("bolt", "screw"),
            mysql=(mysql, ("bolt", "screw")),
            mariadb=(mysql, ("bolt", "screw")),
        ),
    )
    await stock.execute(query)
    assert await amounts(stock) == {"bolt": 10, "nut": 20, "washer": 30, "screw": 7}


async def test_do_update(stock):
    query = (
        insert_into(item)
        .values(NEW)
        .on_conflict(item.id)
        .do_update({item.amount: item.amount + excluded.amount, "note": fn.upper(excluded.name)})
    )
    text = (
        'INSERT INTO "item" ("id", "name", "amount") VALUES ($1, $2, $3), ($4, $5, $6) ON '
        'CONFLICT ("id") DO UPDATE SET '
        '"amount" = "item"."amount" + "excluded"."amount", "note" = UPPER("excluded"."name")'
    )
    rows = "INSERT INTO `item` (`id`, `name`, `amount`) VALUES (%s, %s, %s), (%s, %s, %s)"
    parameters = (2, "nut", 5, 8, "screw", 6)
    compiles_to(
        query,
        {
            "postgres": (text, parameters),
            "mysql": (
                f"{rows} AS `new` ON DUPLICATE KEY UPDATE `amount` = `item`.`amount` + `new`.`amount`, "
                "`note` = UPPER(`new`.`name`)",
                parameters,
            ),
            "mariadb": (
                f"{rows} ON DUPLICATE KEY UPDATE `amount` = `item`.`amount` + VALUES(`amount`), "
                "`note` = UPPER(VALUES(`name`))",
                parameters,
            ),
            "sqlite": (
                'INSERT INTO "item" ("id", "name", "amount") VALUES (?, ?, ?), (?, ?, ?) ON CONFLICT '
                '("id") DO UPDATE SET '
                '"amount" = "item"."amount" + "excluded"."amount", "note" = UPPER("excluded"."name")',
                parameters,
            ),
        },
    )
    count = (await stock.execute(query)).rows_affected
    assert count == (3 if stock.dialect.name in ("mysql", "mariadb") else 2)  # these count two for an update
    assert await amounts(stock) == {"bolt": 10, "nut": 25, "washer": 30, "screw": 6}
    assert await stock.fetch_value(select_from(item).select(item.note).where(item.id == 2)) == "NUT"


async def test_columns_by_themselves_take_what_was_to_be_inserted(stock):
    query = insert_into(item).values(NEW).on_conflict("id").do_update(item.name, "amount", note=None)
    typed = (
        insert_into(item)
        .values(NEW)
        .on_conflict("id")
        .do_update(name=excluded(item).name, amount=excluded(item).amount, note=None)
    )
    assert query.compile("sqlite").sql == typed.compile("sqlite").sql
    await stock.execute(query)
    assert await amounts(stock) == {"bolt": 10, "nut": 5, "washer": 30, "screw": 6}
    with pytest.raises(BuildError, match="did you mean 'name'"):
        excluded(item)["nam"]


async def test_a_key_of_several_columns(db):
    pair = table("pair")
    await db.execute(sql("DROP TABLE IF EXISTS pair"))
    await db.execute(sql("CREATE TABLE pair (a INTEGER, b INTEGER, n INTEGER, PRIMARY KEY (a, b))"))
    try:
        query = insert_into(pair).values(a=1, b=2, n=1).on_conflict(pair.a, pair.b).do_update(n=pair.n + excluded.n)
        assert '("a", "b") DO UPDATE' in query.compile("postgres").sql
        for _ in range(3):
            await db.execute(query)
        assert await db.fetch_all(select_from(pair).select(pair.a, pair.b, pair.n)) == [{"a": 1, "b": 2, "n": 3}]
    finally:
        await db.execute(sql("DROP TABLE pair"))


async def test_an_update_under_a_condition(stock):
    query = (
        insert_into(item).values(NEW).on_conflict(item.id).do_update(item.amount, where=item.amount < excluded.amount)
    )
    compiles_to(
        query,
        spelled(
            'INSERT INTO "item" ("id", "name", "amount") VALUES ($1, $2, $3), ($4, $5, $6) ON '
            'CONFLICT ("id") DO UPDATE SET '
            '"amount" = "excluded"."amount" WHERE "item"."amount" < "excluded"."amount"',
            (2, "nut", 5, 8, "screw", 6),
            mysql=(UnsupportedError, "case()"),
            mariadb=(UnsupportedError, "case()"),
        ),
    )
    if stock.dialect.name in ("mysql", "mariadb"):
        larger = case().when(item.amount < excluded.amount, excluded.amount).else_(item.amount)
        query = insert_into(item).values(NEW).on_conflict(item.id).do_update(amount=larger)
    await stock.execute(query)
    assert await amounts(stock) == {"bolt": 10, "nut": 20, "washer": 30, "screw": 6}


async def test_a_partial_index_and_an_index_on_an_expression(stock):
    if stock.dialect.name in ("postgres", "sqlite"):
        await stock.execute(sql("CREATE UNIQUE INDEX few ON item (note) WHERE amount > 15"))
        await stock.execute(sql("CREATE UNIQUE INDEX lowered ON item (lower(name))"))
    partial = (
        insert_into(item).values(name="x", amount=16, note="M8").on_conflict(item.note, where=item.amount > sql.lit(15))
    )
    compiles_to(
        partial.do_update(amount=1),
        spelled(
            'INSERT INTO "item" ("name", "amount", "note") VALUES ($1, $2, $3) '
            'ON CONFLICT ("note") WHERE "amount" > (15) DO UPDATE SET "amount" = $4',
            ("x", 16, "M8", 1),
            mysql=(UnsupportedError, "partial"),
            mariadb=(UnsupportedError, "partial"),
        ),
    )
    lowered = insert_into(item).values(name="BOLT").on_conflict(fn.lower(item.name)).do_update(amount=2)
    compiles_to(
        lowered,
        spelled(
            'INSERT INTO "item" ("name") VALUES ($1) ON CONFLICT ((LOWER("name"))) DO UPDATE SET "amount" = $2',
            ("BOLT", 2),
            mysql=(UnsupportedError, "expression"),
            mariadb=(UnsupportedError, "expression"),
        ),
    )
    with pytest.raises(CompileError, match=r"sql\.lit"):
        insert_into(item).values(name="x").on_conflict(item.note, where=item.amount > 15).do_nothing().compile(
            "postgres"
        )
    if stock.dialect.name in ("postgres", "sqlite"):
        await stock.execute(partial.do_update(amount=1))
        await stock.execute(lowered)
        assert await amounts(stock) == {"bolt": 2, "nut": 1, "washer": 30}


async def test_a_constraint_by_its_name(stock):
    query = insert_into(item).values(NEW).on_conflict(constraint="item_pkey").do_update(item.amount)
    compiles_to(
        query,
        {
            "postgres": (
                'INSERT INTO "item" ("id", "name", "amount") VALUES ($1, $2, $3), ($4, $5, $6) '
                'ON CONFLICT ON CONSTRAINT "item_pkey" DO UPDATE SET "amount" = "excluded"."amount"',
                (2, "nut", 5, 8, "screw", 6),
            ),
            "mysql": (UnsupportedError, "name the columns"),
            "mariadb": (UnsupportedError, "name the columns"),
            "sqlite": (UnsupportedError, "name the columns"),
        },
    )
    if stock.dialect.name == "postgres":
        await stock.execute(query)
        assert await amounts(stock) == {"bolt": 10, "nut": 5, "washer": 30, "screw": 6}


async def test_an_update_about_any_key(stock):
    query = insert_into(item).values(name="bolt", amount=1).on_conflict().do_update(item.amount)
    with pytest.raises(CompileError, match="know the key"):
        query.compile("postgres")
    if stock.dialect.name != "postgres":
        await stock.execute(query)
        assert await amounts(stock) == {"bolt": 1, "nut": 20, "washer": 30}


async def test_the_rows_of_a_query(stock):
    found = select_from(item).select(item.id, fn.lower(item.name).as_("name"), value(1).as_("amount"))
    query = insert_into(item).from_select(found).on_conflict(item.id).do_update(amount=item.amount + excluded.amount)
    compiles_to(
        query,
        {
            "postgres": (
                'INSERT INTO "item" ("id", "name", "amount") SELECT "item"."id", LOWER("item"."name") AS "name", '
                '$1::bigint AS "amount" FROM "item" ON CONFLICT ("id") DO UPDATE SET '
                '"amount" = "item"."amount" + "excluded"."amount"',
                (1,),
            ),
            "mysql": (
                "INSERT INTO `item` (`id`, `name`, `amount`) SELECT * FROM (SELECT `item`.`id`, "
                "LOWER(`item`.`name`) AS "
                "`name`, %s AS `amount` FROM `item`) AS `new` (`id`, `name`, `amount`) "
                "ON DUPLICATE KEY UPDATE `amount` = `item`.`amount` + `new`.`amount`",
                (1,),
            ),
            "mariadb": (
                "INSERT INTO `item` (`id`, `name`, `amount`) SELECT * FROM (SELECT `item`.`id`, "
                "LOWER(`item`.`name`) AS "
                "`name`, %s AS `amount` FROM `item`) AS `new` "
                "ON DUPLICATE KEY UPDATE `amount` = `item`.`amount` + VALUES(`amount`)",
                (1,),
            ),
            "sqlite": (
                'INSERT INTO "item" ("id", "name", "amount") SELECT "item"."id", LOWER("item"."name") AS "name", '
                '? AS "amount" FROM "item" WHERE TRUE ON CONFLICT ("id") DO UPDATE SET '
                '"amount" = "item"."amount" + "excluded"."amount"',
                (1,),
            ),
        },
    )
    await stock.execute(query)
    assert await amounts(stock) == {"bolt": 11, "nut": 21, "washer": 31}


async def test_other_queries_before_on_conflict(stock):
    one = select_from(item).select(item.id, item.name)
    cats = cte("cats", select_from(pet).select(pet.id, pet.name).where(pet.species == "cat"))
    queries = [
        one.where(item.id == 1),
        one.order_by(item.id).limit(1),
        one.union_all(one),
        select(value(1).as_("id"), value("bolt").as_("name")),
        with_(cats).select_from(cats).select(cats.id, cats.name).where(cats.id == 11),
    ]
    for query in queries:
        await stock.execute(insert_into(item).from_select(query).on_conflict(item.id).do_nothing())
        if query is not queries[2]:
            await stock.execute(insert_into(item).from_select(query).on_conflict(item.id).do_update(item.name))
    assert await amounts(stock) == {"bolt": 10, "nut": 20, "washer": 30, "Felix": 7}


async def test_returning_after_a_conflict(stock):
    update = insert_into(item).values(NEW).on_conflict(item.id).do_update(item.amount).returning(item.id, item.amount)
    nothing = insert_into(item).values(NEW).on_conflict(item.id).do_nothing().returning(item.id)
    compiles_to(
        nothing,
        spelled(
            'INSERT INTO "item" ("id", "name", "amount") VALUES ($1, $2, $3), ($4, $5, $6) '
            'ON CONFLICT ("id") DO NOTHING RETURNING "item"."id"',
            (2, "nut", 5, 8, "screw", 6),
            mysql=UnsupportedError,
            mariadb=(UnsupportedError, "DO NOTHING … RETURNING"),
        ),
    )
    if stock.dialect.name != "mysql":
        assert await stock.fetch_all(update) == [{"id": 2, "amount": 5}, {"id": 8, "amount": 6}]
    if stock.dialect.name in ("postgres", "sqlite"):
        assert await stock.fetch_all(nothing) == []


async def test_values_that_read_one_another_see_the_row_as_it_was(stock):
    query = (
        insert_into(item)
        .values(id=2, name="nut", amount=5)
        .on_conflict(item.id)
        .do_update(amount=item.amount + 1, note=cast(item.amount, str))
    )
    assert query.compile("mysql").sql.endswith(
        "ON DUPLICATE KEY UPDATE `note` = CAST(`item`.`amount` AS CHAR), `amount` = `item`.`amount` + %s"
    )
    assert query.compile("mysql").parameters == (2, "nut", 5, 1)
    await stock.execute(query)
    row = await stock.fetch_one(select_from(item).select(item.amount, item.note).where(item.id == 2))
    assert row == {"amount": 21, "note": "20"}


@pytest.mark.databases("mysql", "mariadb")
async def test_the_server_has_nothing_to_warn_of(stock):
    query = insert_into(item).values(NEW).on_conflict(item.id).do_update(item.amount)
    async with stock.connection() as connection:
        await connection.execute(query)
        assert await connection.fetch_all(sql("SHOW WARNINGS")) == []


async def test_a_table_that_is_called_new(db):
    new = table("new")
    await db.execute(sql("DROP TABLE IF EXISTS {}", sql.id("new")))
    await db.execute(sql("CREATE TABLE {} (id INTEGER PRIMARY KEY, n INTEGER)", sql.id("new")))
    try:
        query = insert_into(new).values(id=1, n=1).on_conflict(new.id).do_update(n=new.n + excluded.n)
        await db.execute(query)
        await db.execute(query)
        assert await db.fetch_value(select_from(new).select(new.n)) == 2
    finally:
        await db.execute(sql("DROP TABLE {}", sql.id("new")))


def test_what_means_nothing_is_refused():
    query = insert_into(item).values(name="a")
    with pytest.raises(BuildError, match="not both"):
        query.on_conflict(item.id, constraint="item_pkey")
    with pytest.raises(BuildError, match="partial index"):
        query.on_conflict(where=item.amount > 1)
    with pytest.raises(BuildError, match="one answer"):
        query.on_conflict().do_nothing().on_conflict()
    with pytest.raises(BuildError, match="one answer"):
        replace_into(item).values(name="a").on_conflict()
    with pytest.raises(BuildError, match="at least one column"):
        query.on_conflict(item.id).do_update()
    with pytest.raises(BuildError, match="twice"):
        query.on_conflict(item.id).do_update(item.name, name="b")
    with pytest.raises(BuildError, match="takes int"):
        query.on_conflict(item.id).do_update(amount="5")
    with pytest.raises(BuildError, match="no column of 'item'"):
        query.on_conflict(pet.id)
    for dialect in ("postgres", "mysql", "mariadb", "sqlite"):
        with pytest.raises(CompileError, match="did you mean 'amount'"):
            query.on_conflict(item.id).do_update(amount=excluded.amout + 1).compile(dialect)
        with pytest.raises(CompileError, match="do_update"):
            select_from(item).select(excluded.amount).compile(dialect)
