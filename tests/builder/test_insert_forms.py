"""INSERT: rows of all kinds, from queries and of defaults, however many, and what a database lacks."""

import datetime as dt
from decimal import Decimal

import pytest

from querykit import (
    DEFAULT,
    Column,
    Table,
    cast,
    cte,
    fn,
    insert_into,
    json_array_from,
    param,
    replace_into,
    select_from,
    sql,
    table,
    value,
    with_,
)
from querykit.errors import BuildError, CompileError, NotNullViolationError, UniqueViolationError, UnsupportedError
from tests.builder.stock import ITEMS, item
from tests.expected import compiles_to, spelled
from tests.sample import person, pet


async def names(db):
    return await db.fetch_column(select_from(item).select(item.name).order_by(item.id))


async def test_one_row(stock):
    query = insert_into(item).values(name="rivet", amount=5)
    compiles_to(query, spelled('INSERT INTO "item" ("name", "amount") VALUES ($1, $2)', ("rivet", 5)))
    result = await stock.execute(query)
    assert result.rows_affected == 1
    assert result.insert_id == {"postgres": None}.get(stock.dialect.name, 4)
    row = await stock.fetch_one(select_from(item).select_all().where(item.name == "rivet"))
    assert row == {"id": row["id"], "name": "rivet", "amount": 5, "note": "none"}


async def test_several_rows_as_mappings_iterables_and_tuples(stock):
    one = insert_into(item).values({"name": "a", "amount": 1}, {item.name: "b", item.amount: 2})
    two = one.values([{"amount": 3, "name": "c"}], ({"name": n, "amount": 4} for n in "d"))
    three = two.values(("e", 5))
    compiles_to(
        three,
        spelled(
            'INSERT INTO "item" ("name", "amount") VALUES ($1, $2), ($3, $4), ($5, $6), ($7, $8), ($9, $10)',
            ("a", 1, "b", 2, "c", 3, "d", 4, "e", 5),
        ),
    )
    assert len(one.rows) == 2
    await stock.execute(three)
    assert await names(stock) == ["bolt", "nut", "washer", "a", "b", "c", "d", "e"]


async def test_rows_of_different_columns_get_their_defaults(stock):
    query = insert_into(item).values({"name": "a"}, {"name": "b", "amount": 1}, {"name": "c", "note": None})
    compiles_to(
        query,
        spelled(
            'INSERT INTO "item" ("name", "amount", "note") '
            "VALUES ($1, DEFAULT, DEFAULT), ($2, $3, DEFAULT), ($4, DEFAULT, $5)",
            ("a", "b", 1, "c", None),
            sqlite=(UnsupportedError, "run the statement, which splits it"),
        ),
    )
    assert (await stock.execute(query)).rows_affected == 3
    added = select_from(item).select(item.name, item.amount, item.note).where(item.id > 3).order_by(item.id)
    assert await stock.fetch_all(added) == [
        {"name": "a", "amount": 7, "note": "none"},
        {"name": "b", "amount": 1, "note": "none"},
        {"name": "c", "amount": 7, "note": None},
    ]


async def test_a_default_is_a_value(stock):
    query = insert_into(item).values({"name": "a", "amount": DEFAULT}, {"name": "b", "amount": DEFAULT})
    compiles_to(
        query,
        spelled(
            'INSERT INTO "item" ("name", "amount") VALUES ($1, DEFAULT), ($2, DEFAULT)',
            ("a", "b"),
            sqlite=('INSERT INTO "item" ("name") VALUES (?), (?)', ("a", "b")),
        ),
    )
    await stock.execute(query)
    assert await stock.fetch_column(select_from(item).select(item.amount).where(item.name.is_in(["a", "b"]))) == [7, 7]


@pytest.mark.databases("sqlite")
async def test_a_split_insert_is_kept_whole_or_not_at_all(stock):
    query = insert_into(item).values({"name": "a"}, {"name": "b", "amount": 1}, {"name": "bolt"})
    with pytest.raises(UniqueViolationError):
        await stock.execute(query)
    assert await names(stock) == ["bolt", "nut", "washer"]
    async with stock.transaction() as trx:
        await trx.execute(insert_into(item).values(name="before"))
        with pytest.raises(UniqueViolationError):
            await trx.execute(query)
    assert await names(stock) == ["bolt", "nut", "washer", "before"]


async def test_a_row_of_defaults(stock):
    query = insert_into(table("item")).default_values()
    compiles_to(
        query,
        {
            "postgres": 'INSERT INTO "item" DEFAULT VALUES',
            "mysql": "INSERT INTO `item` () VALUES ()",
            "mariadb": "INSERT INTO `item` () VALUES ()",
            "sqlite": 'INSERT INTO "item" DEFAULT VALUES',
        },
    )
    with pytest.raises(Exception) as caught:
        await stock.execute(query)
    assert stock.dialect.name in ("mysql", "mariadb") or isinstance(caught.value, NotNullViolationError)


async def test_expressions_and_queries_as_values(stock):
    largest = select_from(item).select(fn.max(item.amount))
    query = insert_into(item).values(name=fn.lower("RIVET"), amount=largest, note=fn.upper("m4"))
    compiles_to(
        query,
        spelled(
            'INSERT INTO "item" ("name", "amount", "note") '
            'VALUES (LOWER($1::text), (SELECT MAX("item"."amount") FROM "item"), UPPER($2::text))',
            ("RIVET", "m4"),
            mysql=(
                "INSERT INTO `item` (`name`, `amount`, `note`) VALUES (LOWER(%s), (SELECT * FROM (SELECT "
                "MAX(`item`.`amount`) FROM `item` LIMIT 18446744073709551615) AS `read`), UPPER(%s))",
                ("RIVET", "m4"),
            ),
        ),
    )
    await stock.execute(query)
    row = await stock.fetch_one(select_from(item).select(item.amount, item.note).where(item.name == "rivet"))
    assert row == {"amount": 30, "note": "M4"}


async def test_the_rows_of_a_query(stock):
    found = select_from(pet).select(pet.name, pet.id.as_("amount")).where(pet.species == "cat").order_by(pet.id)
    query = insert_into(item).from_select(found)
    compiles_to(
        query,
        spelled(
            'INSERT INTO "item" ("name", "amount") SELECT "pet"."name", "pet"."id" AS "amount" FROM "pet" '
            'WHERE "pet"."species" = $1 ORDER BY "pet"."id"',
            ("cat",),
        ),
    )
    assert (await stock.execute(query)).rows_affected == 3
    assert await names(stock) == ["bolt", "nut", "washer", "Felix", "Minka", "Amy"]
    named = insert_into(item).columns("name", item.note).from_select(found.clear_select().select(pet.species, pet.name))
    assert named.compile("sqlite").sql.startswith('INSERT INTO "item" ("name", "note") SELECT')


async def test_the_table_itself_can_be_read(stock):
    copies = select_from(item).select(cast(item.id, str).as_("name"), (item.amount + 1).as_("amount"))
    await stock.execute(insert_into(item).from_select(copies))
    assert (await names(stock))[3:] == ["1", "2", "3"]


async def test_with_before_an_insert(stock):
    cats = cte("cats", select_from(pet).select(pet.name).where(pet.species == "cat"))
    query = with_(cats).insert_into(item).from_select(select_from(cats).select(cats.name).where(cats.name == "Amy"))
    ansi = (
        'WITH "cats" AS (SELECT "pet"."name" FROM "pet" WHERE "pet"."species" = $1) INSERT INTO "item" ("name") '
        'SELECT "cats"."name" FROM "cats" WHERE "cats"."name" = $2'
    )
    mysql = (
        "INSERT INTO `item` (`name`) WITH `cats` AS (SELECT `pet`.`name` FROM `pet` WHERE `pet`.`species` = %s) "
        "SELECT `cats`.`name` FROM `cats` WHERE `cats`.`name` = %s"
    )
    compiles_to(query, spelled(ansi, ("cat", "Amy"), mysql=(mysql, ("cat", "Amy")), mariadb=(mysql, ("cat", "Amy"))))
    assert (await stock.execute(query)).rows_affected == 1
    values = with_(cats).insert_into(item).values(name=select_from(cats).select(fn.max(cats.name)))
    compiles_to(
        values,
        spelled(
            'WITH "cats" AS (SELECT "pet"."name" FROM "pet" WHERE "pet"."species" = $1) INSERT INTO "item" ("name") '
            'VALUES ((SELECT MAX("cats"."name") FROM "cats"))',
            ("cat",),
            mysql=(UnsupportedError, "WITH before INSERT … VALUES"),
            mariadb=(UnsupportedError, "WITH before INSERT … VALUES"),
        ),
    )


async def test_returning(stock):
    query = insert_into(item).values({"name": "a", "amount": 1}, {"name": "b", "amount": 2})
    compiles_to(
        query.returning(item.name, (item.amount + 1).as_("more")),
        spelled(
            'INSERT INTO "item" ("name", "amount") VALUES ($1, $2), ($3, $4) '
            'RETURNING "item"."name", "item"."amount" + $5 AS "more"',
            ("a", 1, "b", 2, 1),
            mysql=(UnsupportedError, "RETURNING"),
        ),
    )
    if stock.dialect.name == "mysql":
        return
    assert await stock.fetch_all(query.returning(item.name, (item.amount + 1).as_("more"))) == [
        {"name": "a", "more": 2},
        {"name": "b", "more": 3},
    ]
    added = await stock.fetch_one(insert_into(item).values(name="c").returning())
    assert added == {"id": added["id"], "name": "c", "amount": 7, "note": "none"}
    undeclared = table("item")
    for columns in ((), ("all",)):
        everything = [select_from(undeclared).select_all(undeclared).columns[0]] if columns else []
        row = await stock.fetch_one(insert_into(undeclared).values(name=f"d{len(columns)}").returning(*everything))
        assert row["amount"] == 7


@pytest.mark.databases("postgres", "sqlite")
async def test_nested_rows_are_returned(stock):
    owned = select_from(pet).select(pet.name).where(pet.owner_id == item.amount).order_by(pet.name)
    query = insert_into(item).values(name="a", amount=3).returning(item.name, json_array_from(owned).as_("pets"))
    assert await stock.fetch_all(query) == [{"name": "a", "pets": [{"name": "Minka"}]}]


async def test_ten_thousand_rows(stock):
    rows = [{"name": f"n{i}", "amount": i, "note": None, "id": 1000 + i} for i in range(10_000)]
    query = insert_into(item).values(rows)
    if stock.dialect.features.max_parameters is not None:
        with pytest.raises(UnsupportedError, match="40000 parameters"):
            query.compile(stock.dialect)
    assert (await stock.execute(query)).rows_affected == 10_000
    found = await stock.fetch_one(
        select_from(item).select(fn.count().as_("n"), fn.sum(item.amount).as_("total")).where(item.id >= 1000)
    )
    assert found == {"n": 10_000, "total": 49_995_000}
    with pytest.raises(UniqueViolationError):
        await stock.execute(insert_into(item).values([{**row, "id": row["id"] + 20_000} for row in reversed(rows)]))
    assert await stock.fetch_value(select_from(item).select(fn.count())) == 10_003


@pytest.mark.databases("postgres", "sqlite")
async def test_ten_thousand_rows_with_expressions_that_come_back(stock):
    rows = [{"name": fn.lower(f"N{i}"), "amount": value(i) + 1, "note": str(i)} for i in range(10_000)]
    query = insert_into(item).values(rows)
    with pytest.raises(UnsupportedError, match="run it, which splits it"):
        query.compile(stock.dialect)
    added = await stock.fetch_all(query.returning(item.name, item.amount))
    assert sorted(added, key=lambda row: row["amount"]) == [{"name": f"n{i}", "amount": i + 1} for i in range(10_000)]
    more = [{"name": f"m{i}", "amount": i, "note": None} for i in range(20_000)]
    assert len(await stock.fetch_column(insert_into(item).values(more).returning(item.id))) == 20_000


@pytest.mark.databases("postgres", "sqlite")
async def test_named_parameters_in_a_split_insert(stock):
    rows = [{"name": f"n{i}", "amount": param("amount", int) if i in (0, 19_999) else i} for i in range(20_000)]
    await stock.execute(insert_into(item).values(rows), parameters={"amount": 77})
    assert await stock.fetch_column(select_from(item).select(item.name).where(item.amount == 77).order_by(item.id)) == [
        "n0",
        "n77",
        "n19999",
    ]


async def test_values_are_checked_against_their_columns():
    for wrong in ({"amount": "5"}, {"amount": 5.0}, {"amount": True}, {"name": 5}, {"note": b"x"}):
        with pytest.raises(BuildError, match="takes"):
            insert_into(item).values({"name": "a", **wrong})
        with pytest.raises(BuildError, match="takes"):
            insert_into(item).values(
                [{"name": "a", "amount": 1, "note": None}, {"name": "b", "amount": 2, "note": "", **wrong}]
            )
    with pytest.raises(BuildError, match="did you mean 'amount'"):
        insert_into(item).values(amout=1)
    with pytest.raises(BuildError, match="no column of 'item'"):
        insert_into(item).values({person.first_name: "Ada"})


def test_what_is_no_row_is_refused():
    query = insert_into(item)
    for rows in ((), ([],), ({},), ([{"name": "a"}, {}],), ("name",), (5,), ([5],), (("a", 1),)):
        with pytest.raises(BuildError):
            query.values(*rows)
    with pytest.raises(BuildError, match="each of the 2"):
        query.columns("name", "amount").values(("a",))
    with pytest.raises(BuildError, match="twice"):
        query.values({"name": "a", item.name: "b"})
    with pytest.raises(BuildError, match="each once"):
        query.columns("name", item.name)
    with pytest.raises(BuildError, match="known already"):
        query.values(name="a").columns("amount")
    found = select_from(pet).select(pet.name)
    for method in (
        lambda: query.values(name="a").from_select(found),
        lambda: query.from_select(found).default_values(),
    ):
        with pytest.raises(BuildError, match="one source"):
            method()
    with pytest.raises(BuildError, match="1 columns for the 2"):
        query.columns("name", "amount").from_select(found)
    with pytest.raises(BuildError, match="no name"):
        query.from_select(select_from(pet).select(fn.lower(pet.name)))
    with pytest.raises(CompileError, match="nothing is inserted"):
        query.compile("postgres")
    with pytest.raises(CompileError, match="no table"):
        query.values(name=item.note).compile("postgres")


async def test_ignored_and_replaced_rows(stock):
    ignored = insert_into(item).values({"id": 1, "name": "x"}, {"id": 9, "name": "y"}).ignore()
    compiles_to(
        ignored,
        {
            "postgres": (UnsupportedError, "on_conflict(…).do_nothing()"),
            "mysql": ("INSERT IGNORE INTO `item` (`id`, `name`) VALUES (%s, %s), (%s, %s)", (1, "x", 9, "y")),
            "mariadb": ("INSERT IGNORE INTO `item` (`id`, `name`) VALUES (%s, %s), (%s, %s)", (1, "x", 9, "y")),
            "sqlite": ('INSERT OR IGNORE INTO "item" ("id", "name") VALUES (?, ?), (?, ?)', (1, "x", 9, "y")),
        },
    )
    replaced = replace_into(item).values(id=2, name="screw")
    compiles_to(
        replaced,
        {
            "postgres": (UnsupportedError, "INSERT OR REPLACE"),
            "mysql": ("REPLACE INTO `item` (`id`, `name`) VALUES (%s, %s)", (2, "screw")),
            "mariadb": ("REPLACE INTO `item` (`id`, `name`) VALUES (%s, %s)", (2, "screw")),
            "sqlite": ('INSERT OR REPLACE INTO "item" ("id", "name") VALUES (?, ?)', (2, "screw")),
        },
    )
    if stock.dialect.name == "postgres":
        return
    assert (await stock.execute(ignored)).rows_affected == 1
    await stock.execute(replaced)
    assert await names(stock) == ["bolt", "screw", "washer", "y"]
    assert await stock.fetch_value(select_from(item).select(item.note).where(item.id == 2)) == "none"


async def test_other_answers_of_sqlite(stock):
    for method, word in (("or_abort", "ABORT"), ("or_fail", "FAIL"), ("or_rollback", "ROLLBACK")):
        query = getattr(insert_into(item).values({"name": "x"}, {"name": "bolt"}), method)()
        compiles_to(
            query,
            {
                "postgres": UnsupportedError,
                "mysql": UnsupportedError,
                "mariadb": UnsupportedError,
                "sqlite": (f'INSERT OR {word} INTO "item" ("name") VALUES (?), (?)', ("x", "bolt")),
            },
        )
        if stock.dialect.name == "sqlite":
            with pytest.raises(UniqueViolationError):
                await stock.execute(query)
    if stock.dialect.name == "sqlite":
        assert (await names(stock))[3:] == ["x"]
    with pytest.raises(BuildError, match="one answer"):
        insert_into(item).ignore().or_fail()


async def test_an_alias_of_the_table(stock):
    other = item.as_("i")
    compiles_to(
        insert_into(other).values(name="a"),
        spelled(
            'INSERT INTO "item" AS "i" ("name") VALUES ($1)', ("a",), mysql=UnsupportedError, mariadb=UnsupportedError
        ),
    )
    if stock.dialect.name in ("postgres", "sqlite"):
        await stock.execute(insert_into(other).values(name="a"))


class Kinds(Table, name="kinds"):
    amount: Column[Decimal]
    day: Column[dt.date]
    at: Column[dt.datetime]


async def test_every_value_is_adapted_in_its_column(db):
    rows = [
        {"amount": Decimal("1.10"), "day": dt.date(2020, 1, 2), "at": dt.datetime(2020, 1, 2, 3, 4, 5)},
        {"amount": None, "day": None, "at": None},
        {"amount": 3, "day": dt.date(2021, 1, 2), "at": dt.datetime(2021, 1, 2, 3, 4, 5)},
    ]
    kinds = Kinds()
    await db.execute(sql("DROP TABLE IF EXISTS kinds"))
    text = "TEXT" if db.dialect.name == "sqlite" else "DECIMAL(8, 2)"
    stamp = "TIMESTAMP" if db.dialect.name == "postgres" else "DATETIME"
    await db.execute(sql("CREATE TABLE kinds (amount {}, day DATE, at {})", sql.raw(text), sql.raw(stamp)))
    try:
        for target in (kinds, table("kinds")):
            await db.execute(insert_into(target).values(rows))
            await db.execute(insert_into(target).values([{**rows[0], "day": value(dt.date(2020, 1, 2))}]))
        query = select_from(kinds).select_all()
        expected = [*rows[:2], {**rows[2], "amount": Decimal("3.00")}, rows[0]]
        found = await db.fetch_all(query)
        assert [(row["amount"], row["day"], row["at"]) for row in found] == [
            tuple(row.values()) for row in expected * 2
        ]
    finally:
        await db.execute(sql("DROP TABLE kinds"))


async def test_a_fraction_is_never_cut_where_the_column_is_not_known(stock):
    undeclared = table("item")
    await stock.execute(insert_into(undeclared).values([{"name": "a", "amount": 17.9}, {"name": "b", "amount": 1}]))
    amount = await stock.fetch_value(select_from(item).select(item.amount.returns(float)).where(item.name == "a"))
    assert amount == (17.9 if stock.dialect.name == "sqlite" else 18)
    assert len(ITEMS) == 3
