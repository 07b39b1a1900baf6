"""What PostgreSQL has since versions 16, 17 and 18, shown on the newest; older servers refuse it themselves."""

from collections.abc import AsyncIterator

import pytest

from querykit import Column, Database, Table, cte, fn, merge_into, select, select_from, sql, update, with_
from querykit.errors import SQLSyntaxError, UnsupportedError
from tests.builder.stock import item, stocked
from tests.expected import compiles_to
from tests.sample import create_sample, drop_sample, pet

ELSEWHERE = dict.fromkeys(("mysql", "mariadb", "sqlite"), (UnsupportedError, "on_conflict"))


@pytest.fixture
async def newest(newest_postgres: str) -> AsyncIterator[Database]:
    """The newest PostgreSQL, with the rows of `tests.sample` and of `tests.builder.stock`."""
    async with Database(newest_postgres) as db:
        await create_sample(db)
        async with stocked(db):
            yield db
        await drop_sample(db)


def delivery() -> object:
    """Deliveries named as what is in stock, or not; one row in stock is delivered no more."""
    return select_from(pet).select(
        sql("CASE {} WHEN 10 THEN 'bolt' WHEN 11 THEN 'nut' ELSE {} END", pet.id, pet.name).returns(str).as_("name"),
        pet.id.as_("amount"),
    )


async def test_merge_returns_rows_of_both_sides_and_what_was_done(newest):
    delivered = delivery().where(pet.id < 13).as_("delivered")
    query = (
        merge_into(item)
        .using(delivered, delivered.name == item.name)
        .when_matched(delivered.amount > 10)
        .do_update(amount=item.amount + delivered.amount)
        .when_matched()
        .do_delete()
        .when_not_matched()
        .do_insert(id=90, name=delivered.name, amount=delivered.amount)
        .when_not_matched_by_source(item.amount == 30)
        .do_update(note="delivered no more")
        .returning(fn.call("merge_action").as_("action"), item.name, item.amount, item.note, delivered.amount.as_("n"))
    )
    compiles_to(
        query,
        {
            "postgres": (
                'MERGE INTO "item" USING (SELECT CASE "pet"."id" WHEN 10 THEN \'bolt\' WHEN 11 THEN \'nut\' '
                'ELSE "pet"."name" END AS "name", "pet"."id" AS "amount" FROM "pet" WHERE "pet"."id" < $1) AS "delivered" '
                'ON "delivered"."name" = "item"."name" '
                'WHEN MATCHED AND "delivered"."amount" > $2 '
                'THEN UPDATE SET "amount" = "item"."amount" + "delivered"."amount" '
                "WHEN MATCHED THEN DELETE "
                'WHEN NOT MATCHED THEN INSERT ("id", "name", "amount") '
                'VALUES ($3, "delivered"."name", "delivered"."amount") '
                'WHEN NOT MATCHED BY SOURCE AND "item"."amount" = $4 THEN UPDATE SET "note" = $5 '
                'RETURNING merge_action() AS "action", "item"."name", "item"."amount", "item"."note", '
                '"delivered"."amount" AS "n"',
                (13, 10, 90, 30, "delivered no more"),
            ),
            **ELSEWHERE,
        },
    )
    rows = sorted(await newest.fetch_all(query), key=lambda row: row["name"])
    assert rows == [
        {"action": "INSERT", "name": "Minka", "amount": 12, "note": "none", "n": 12},
        {"action": "DELETE", "name": "bolt", "amount": 10, "note": None, "n": 10},
        {"action": "UPDATE", "name": "nut", "amount": 31, "note": "M8", "n": 11},
        {"action": "UPDATE", "name": "washer", "amount": 30, "note": "delivered no more", "n": None},
    ]
    assert await newest.fetch_column(select_from(item).select(item.name).order_by(item.id)) == [
        "nut",
        "washer",
        "Minka",
    ]


async def test_rows_without_a_partner_in_the_source_can_be_deleted(newest):
    query = (
        merge_into(item)
        .using(pet, pet.id == item.id + 9)
        .when_not_matched_by_source()
        .do_delete()
        .when_matched(pet.species == "cat")
        .do_nothing()
        .when_matched()
        .do_delete()
    )
    assert (await newest.execute(query)).rows_affected == 1
    assert await newest.fetch_column(select_from(item).select(item.name).order_by(item.id)) == ["nut", "washer"]


async def test_a_cte_can_be_a_merge(newest):
    merged = cte(
        "merged",
        merge_into(item)
        .using(pet, pet.id == item.id + 9)
        .when_matched(pet.species == "cat")
        .do_update(note=pet.name)
        .returning(item.id, item.note),
    )
    query = with_(merged).select_from(merged).select(merged.id, merged.note).order_by(merged.id)
    assert await newest.fetch_all(query) == [{"id": 2, "note": "Felix"}, {"id": 3, "note": "Minka"}]


async def test_returning_can_name_the_row_before_and_behind(newest):
    query = (
        update(item)
        .set(amount=item.amount + 1)
        .where(item.id == 1)
        .returning(sql.ref("old.amount").returns(int).as_("before"), sql.ref("new.amount").returns(int).as_("behind"))
    )
    assert query.compile("postgres").sql.endswith('RETURNING "old"."amount" AS "before", "new"."amount" AS "behind"')
    assert await newest.fetch_all(query) == [{"before": 10, "behind": 11}]


async def test_json_table_stands_in_from(newest):
    numbers = sql("JSON_TABLE({}::jsonb, '$[*]' COLUMNS (n INT PATH '$'))", "[1, 2, 3]").as_table("numbers", {"n": int})
    assert await newest.fetch_column(select_from(numbers).select(numbers.n).where(numbers.n > 1)) == [2, 3]


async def test_a_column_can_be_generated_when_it_is_read(newest):
    class Box(Table, name="box"):
        side: Column[int]
        volume: Column[int]

    box = Box()
    await newest.execute(
        sql("CREATE TABLE box (side INT, volume INT GENERATED ALWAYS AS (side * side * side) VIRTUAL)")
    )
    try:
        made = newest.insert_into(box).values(side=3).returning(box.volume)
        assert await made.fetch_value() == 27
    finally:
        await newest.execute(sql("DROP TABLE box"))


async def test_any_value_and_the_newest_uuid(newest):
    query = select_from(pet).select(pet.owner_id, fn.call("any_value", pet.species).as_("one")).group_by(pet.owner_id)
    assert {row["owner_id"]: row["one"] for row in await newest.fetch_all(query)}[4] == "dog"
    assert (await newest.fetch_value(select(fn.call("uuidv7").as_("id")))).version == 7


@pytest.mark.databases("postgres")
async def test_an_older_server_says_what_it_does_not_know(stock):
    (version,) = (await stock.fetch_one(sql("SHOW server_version_num"))).values()
    query = merge_into(item).using(pet, pet.id == item.id + 9).when_matched().do_delete().returning(item.id)
    if int(version) >= 170_000:
        assert sorted(await stock.fetch_column(query)) == [1, 2, 3]
        return
    with pytest.raises(SQLSyntaxError, match='at or near "RETURNING"'):
        await stock.fetch_column(query)
