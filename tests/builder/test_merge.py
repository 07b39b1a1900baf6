"""MERGE: every branch, on PostgreSQL, and the refusal elsewhere."""

import pytest

from querykit import cte, fn, merge_into, select_from, with_
from querykit.errors import BuildError, CompileError, UnsupportedError
from tests.builder.stock import item
from tests.expected import compiles_to
from tests.sample import person, pet

elsewhere = dict.fromkeys(("mysql", "mariadb", "sqlite"), (UnsupportedError, "on_conflict"))


async def rows(db):
    return await db.fetch_all(select_from(item).select(item.name, item.amount).order_by(item.id))


async def test_all_branches(stock):
    query = (
        merge_into(item)
        .using(pet, pet.id == item.id + 9)
        .when_matched(pet.species == "dog", item.amount > 0)
        .do_update({item.amount: item.amount + pet.id}, note=pet.name)
        .when_matched(pet.name == "Felix")
        .do_delete()
        .when_matched()
        .do_nothing()
        .when_not_matched((pet.species == "cat") | (pet.species == "fish"))
        .do_insert(id=pet.id, name=pet.name, amount=5)
        .when_not_matched()
        .do_nothing()
    )
    compiles_to(
        query,
        {
            "postgres": (
                'MERGE INTO "item" USING "pet" ON "pet"."id" = "item"."id" + $1 '
                'WHEN MATCHED AND "pet"."species" = $2 AND "item"."amount" > $3 '
                'THEN UPDATE SET "amount" = "item"."amount" + "pet"."id", "note" = "pet"."name" '
                'WHEN MATCHED AND "pet"."name" = $4 THEN DELETE WHEN MATCHED THEN DO NOTHING '
                'WHEN NOT MATCHED AND ("pet"."species" = $5 OR "pet"."species" = $6) '
                'THEN INSERT ("id", "name", "amount") VALUES ("pet"."id", "pet"."name", $7) '
                "WHEN NOT MATCHED THEN DO NOTHING",
                (9, "dog", 0, "Felix", "cat", "fish", 5),
            ),
            **elsewhere,
        },
    )
    if stock.dialect.name == "postgres":
        assert (await stock.execute(query)).rows_affected == 3
        assert await rows(stock) == [
            {"name": "bolt", "amount": 20},
            {"name": "washer", "amount": 30},
            {"name": "Amy", "amount": 5},
        ]


@pytest.mark.databases("postgres")
async def test_queries_and_ctes_as_the_source(stock):
    counted = select_from(pet).select(pet.owner_id, fn.count().as_("n")).group_by(pet.owner_id)
    derived = counted.as_("counted")
    await stock.execute(
        merge_into(item).using(derived, derived.owner_id == item.id).when_matched().do_update(amount=derived.n)
    )
    assert [row["amount"] for row in await rows(stock)] == [10, 3, 1]
    common = cte("counted", counted)
    other = item.as_("i")
    query = with_(common).merge_into(other).using(common, common.owner_id == other.id).when_matched().do_delete()
    assert query.compile("postgres").sql.endswith(
        'MERGE INTO "item" AS "i" USING "counted" ON "counted"."owner_id" = "i"."id" WHEN MATCHED THEN DELETE'
    )
    await stock.execute(query)
    assert [row["name"] for row in await rows(stock)] == ["bolt"]


def test_what_means_nothing_is_refused():
    query = merge_into(item).using(pet, pet.id == item.id)
    with pytest.raises(CompileError, match="using"):
        merge_into(item).compile("postgres")
    with pytest.raises(CompileError, match="when_matched"):
        query.compile("postgres")
    with pytest.raises(BuildError, match="one source"):
        query.using(person, person.id == item.id)
    with pytest.raises(BuildError, match="at least one condition"):
        merge_into(item).using(pet)
    with pytest.raises(BuildError, match="takes int"):
        query.when_matched().do_update(amount="5")
    with pytest.raises(BuildError, match="at least one column"):
        query.when_not_matched().do_insert()
    with pytest.raises(CompileError, match="not in scope"):
        query.when_not_matched().do_insert(amount=item.amount + 1).compile("postgres")
    with pytest.raises(CompileError, match="not in scope"):
        query.when_not_matched_by_source().do_update(note=pet.name).compile("postgres")
