"""SoftDeletePlugin: deleted rows are not there, wherever their table is read; and the ways to see and mend them."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from pypika import Query as PypikaQuery
from pypika import Table as PypikaTable
from pypika import functions as pypika_functions

from querykit import (
    BuildError,
    CompileError,
    ConfigurationError,
    Database,
    PluginError,
    SoftDeletePlugin,
    UnsupportedError,
    cte,
    delete_from,
    exists,
    fn,
    insert_into,
    json_array_from,
    json_map_from,
    json_object_from,
    merge_into,
    param,
    recursive_cte,
    replace_into,
    select_from,
    sql,
    table,
    update,
    with_,
)
from tests.expected import spelled
from tests.plugins.filtered import filtered_to
from tests.plugins.tenants import GONE, create, drop, fill, person, pet, species, toy

NOW = dt.datetime(2025, 5, 5, 12, tzinfo=dt.UTC)
soft = SoftDeletePlugin("deleted_at", ["person", "pet", "toy"], clock=lambda: NOW)
mother = person.as_("mother")
of_first = person.tenant_id == 1


@pytest.fixture(scope="module")
async def tenant_tables(database_name: str, urls: dict[str, str]) -> AsyncIterator[None]:
    async with Database(urls[database_name]) as database:
        await create(database)
        yield
        await drop(database)


@pytest.fixture
async def db(database_name: str, urls: dict[str, str], tenant_tables: None) -> AsyncIterator[Database]:
    """A database with the plugin, and with the rows as they were."""
    async with Database(urls[database_name], plugins=[soft]) as database:
        await fill(database.without_plugins())
        yield database


async def ids(db: Any, source: Any) -> list[int]:
    """The ids of all rows, deleted or not."""
    found: list[int] = await db.without_plugins().fetch_column(
        select_from(source).select(source.id).order_by(source.id)
    )
    return found


# -- reads ------------------------------------------------------------------------------------------------------------


async def test_a_select_skips_deleted_rows(db: Database) -> None:
    query = select_from(person).select(person.name).where(of_first).order_by(person.id)
    filtered_to(
        soft,
        query,
        spelled(
            'SELECT "person"."name" FROM "person" WHERE "person"."deleted_at" IS NULL AND "person"."tenant_id" = $1 '
            'ORDER BY "person"."id"',
            (1,),
        ),
    )
    assert await db.fetch_column(query) == ["Ada", "Bea"]
    assert await db.fetch_value(select_from(person).select(fn.count())) == 4


async def test_a_condition_with_or_stays_together(db: Database) -> None:
    query = select_from(person).select(person.id).where((person.id == 3) | (person.id == 1)).order_by(person.id)
    assert await db.fetch_column(query) == [1]


async def test_an_alias_is_the_table_and_a_table_under_its_alias_is_not(db: Database) -> None:
    query = select_from(mother).select(mother.id).where(mother.tenant_id == 1).order_by(mother.id)
    assert await db.fetch_column(query) == [1, 2]
    as_person = species.as_("person")
    assert await db.fetch_value(select_from(as_person).select(fn.count())) == 3


async def test_left_joins_keep_their_rows(db: Database) -> None:
    query = (
        select_from(person)
        .left_join(pet, pet.owner_id == person.id, pet.species == "cat")
        .select(person.name, pet.name.as_("pet"))
        .where(of_first)
        .order_by(person.id)
    )
    filtered_to(
        soft,
        query,
        spelled(
            'SELECT "person"."name", "pet"."name" AS "pet" FROM "person" LEFT JOIN "pet" ON "pet"."deleted_at" IS NULL '
            'AND "pet"."owner_id" = "person"."id" AND "pet"."species" = $1 WHERE "person"."deleted_at" IS NULL AND '
            '"person"."tenant_id" = $2 ORDER BY "person"."id"',
            ("cat", 1),
        ),
    )
    assert await db.fetch_all(query) == [{"name": "Ada", "pet": None}, {"name": "Bea", "pet": "Amy"}]


JOINED = [
    ("inner_join", [("Ada", "Rex"), ("Bea", "Amy")]),
    ("left_join", [("Ada", "Rex"), ("Bea", "Amy")]),
    ("right_join", [(None, "Kim"), (None, "Uno"), ("Ada", "Rex"), ("Bea", "Amy")]),
    ("full_join", [(None, "Kim"), (None, "Uno"), ("Ada", "Rex"), ("Bea", "Amy")]),
]


def pairs(rows: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    return sorted([tuple(row.values()) for row in rows], key=lambda row: [str(each or "") for each in row])


@pytest.mark.parametrize(("join", "expected"), JOINED)
async def test_joins_of_every_kind_skip_deleted_rows_of_both_sides(db: Database, join: str, expected: Any) -> None:
    if join == "full_join" and db.dialect.name in ("mysql", "mariadb"):
        with pytest.raises(UnsupportedError):
            await db.fetch_all(select_from(person).full_join(pet, pet.owner_id == person.id).select(pet.name))
        return
    one, other = person.as_("one"), pet.as_("other")
    joined = getattr(select_from(one), join)(other, other.owner_id == one.id, other.tenant_id == 1)
    query = joined.select(one.name, other.name.as_("pet")).where((other.tenant_id == 1) | (one.tenant_id == 1))
    assert pairs(await db.fetch_all(query)) == expected


async def test_a_right_join_reads_a_derived_table_of_the_same_name() -> None:
    query = select_from(person).right_join(pet, pet.owner_id == person.id).select(person.name, pet.id)
    filtered_to(
        soft,
        query,
        spelled(
            'SELECT "person"."name", "pet"."id" FROM (SELECT * FROM "person" WHERE "person"."deleted_at" IS NULL) AS '
            '"person" RIGHT JOIN "pet" ON "pet"."owner_id" = "person"."id" WHERE "pet"."deleted_at" IS NULL'
        ),
    )


async def test_a_table_before_a_later_right_join_is_filtered_before_it(db: Database) -> None:
    query = (
        select_from(person)
        .inner_join(pet, pet.owner_id == person.id)
        .right_join(species, species.name == pet.species)
        .select(species.name, fn.count(pet.id).as_("n"))
        .group_by(species.name)
        .order_by(species.name)
    )
    assert await db.fetch_all(query) == [{"name": "cat", "n": 2}, {"name": "dog", "n": 2}, {"name": "hen", "n": 0}]


@pytest.mark.parametrize("join", ["inner_join", "left_join", "right_join", "full_join"])
async def test_joins_by_using_skip_deleted_rows(db: Database, join: str) -> None:
    if join == "full_join" and db.dialect.name in ("mysql", "mariadb"):
        return
    owned = select_from(pet).select(pet.owner_id.as_("id"), pet.name.as_("pet")).as_("owned")
    joined = getattr(select_from(owned), join)(person, using=["id"])
    query = joined.select(owned.pet, person.name)
    rows = pairs(await db.fetch_all(query))
    assert ("Rex", "Ada") in rows
    assert not any("Cem" in row or "Tom" in row for row in rows)
    unmatched = sum(row[1] is None for row in rows)
    assert unmatched == (4 if join in ("left_join", "full_join") else 0)


async def test_cross_joins_and_several_sources_skip_deleted_rows(db: Database) -> None:
    both = person.tenant_id == 1, pet.tenant_id == 1
    crossed = select_from(person).cross_join(pet).select(fn.count().as_("n")).where(*both)
    assert await db.fetch_value(crossed) == 2 * 4
    assert await db.fetch_value(select_from(person, pet).select(fn.count().as_("n")).where(*both)) == 2 * 4


async def test_sub_queries_skip_deleted_rows_in_every_position(db: Database) -> None:
    owners = select_from(pet).select(pet.owner_id).where(pet.species == "cat")
    by_in = select_from(person).select(person.name).where(person.id.is_in(owners), of_first)
    assert await db.fetch_column(by_in) == ["Bea"]
    by_exists = exists(select_from(pet).select(pet.id).where(pet.owner_id == person.id, pet.species == "cat"))
    assert await db.fetch_column(select_from(person).select(person.name).where(by_exists, of_first)) == ["Bea"]
    without = select_from(person).select(person.name).where(~by_exists, of_first)
    assert await db.fetch_column(without) == ["Ada"]
    counted = select_from(pet).select(fn.count()).where(pet.owner_id == person.id)
    in_list = select_from(person).select(person.name, counted.as_("pets")).where(of_first).order_by(person.id)
    assert await db.fetch_all(in_list) == [{"name": "Ada", "pets": 1}, {"name": "Bea", "pets": 1}]
    derived = select_from(pet).select(pet.name, pet.tenant_id).as_("derived")
    in_from = select_from(derived).select(fn.count()).where(derived.tenant_id == 1)
    assert await db.fetch_value(in_from) == 4
    dogs = counted.where(pet.species == "dog")
    ordered = select_from(person).select(person.name).where(of_first).order_by(dogs, person.id)
    assert await db.fetch_column(ordered) == ["Bea", "Ada"]
    having = select_from(person).select(person.tenant_id).group_by(person.tenant_id)
    assert await db.fetch_column(having.having(fn.count() > 2).order_by(person.tenant_id)) == []


async def test_ctes_and_set_operations_skip_deleted_rows(db: Database) -> None:
    cats = cte("cats", select_from(pet).select(pet.owner_id, pet.name).where(pet.species == "cat", pet.tenant_id == 1))
    query = with_(cats).select_from(cats).select(cats.name).order_by(cats.name)
    assert await db.fetch_column(query) == ["Amy", "Kim"]
    names = select_from(person).select(person.name).where(of_first)
    united = names.union(select_from(pet).select(pet.name).where(pet.tenant_id == 1)).order_by(person.name)
    assert await db.fetch_column(united) == ["Ada", "Amy", "Bea", "Kim", "Rex", "Uno"]
    tree = recursive_cte(
        "tree",
        select_from(person).select(person.id, person.name).where(person.id == 1),
        lambda tree: select_from(person).select(person.id, person.name).inner_join(tree, tree.id == person.mother_id),
    )
    assert await db.fetch_column(with_(tree).select_from(tree).select(tree.name).order_by(tree.id)) == ["Ada", "Bea"]


async def test_a_cte_of_the_tables_name_is_not_the_table(db: Database) -> None:
    everyone = cte("person", select_from(species).select(species.name, species.legs))
    query = with_(everyone).select_from(everyone).select(everyone.name).order_by(everyone.name)
    assert await db.fetch_column(query) == ["cat", "dog", "hen"]
    hidden = with_(everyone).select_from(person).select(person.name)
    with pytest.raises(CompileError, match="'person' is a table here and the name of a CTE, which hides it"):
        await db.fetch_all(hidden)


async def test_nested_rows_skip_deleted_rows_three_levels_deep(db: Database) -> None:
    toys = select_from(toy).select(toy.name).where(toy.pet_id == pet.id).order_by(toy.id)
    pets = select_from(pet).select(pet.name, json_array_from(toys).as_("toys")).where(pet.owner_id == person.id)
    first = select_from(mother).select(mother.name).where(mother.id == person.mother_id)
    query = (
        select_from(person)
        .select(
            person.name,
            json_array_from(pets.order_by(pet.id)).as_("pets"),
            json_object_from(first).as_("mother"),
        )
        .where(of_first)
        .order_by(person.id)
    )
    expected = [
        {"name": "Ada", "pets": [{"name": "Rex", "toys": [{"name": "ball"}]}], "mother": None},
        {"name": "Bea", "pets": [{"name": "Amy", "toys": [{"name": "mouse"}]}], "mother": {"name": "Ada"}},
    ]
    assert await db.fetch_all(query) == expected
    assert [row async for row in db.stream(query, chunk_size=1)] == expected
    assert json.loads(await db.fetch_json(query)) == expected
    async with db.transaction() as trx:
        assert await trx.fetch_all(query) == expected
        async with trx.transaction() as inner:
            assert await inner.fetch_all(query) == expected
    by_name = json_map_from(select_from(pet).select(pet.name, pet.species).where(pet.owner_id == person.id), key="name")
    mapped = select_from(person).select(by_name.as_("pets")).where(person.id == 1)
    assert await db.fetch_value(mapped) == {"Rex": {"name": "Rex", "species": "dog"}}


async def test_a_query_of_pypika_skips_deleted_rows(db: Database) -> None:
    people, pets = PypikaTable("person"), PypikaTable("pet")
    query = (
        PypikaQuery.from_(people)
        .left_join(pets)
        .on((pets.owner_id == people.id) & (pets.species == "cat"))
        .select(people.name, pets.name.as_("pet"))
        .where(people.tenant_id == 1)
        .orderby(people.id)
    )
    assert await db.fetch_all(query) == [{"name": "Ada", "pet": None}, {"name": "Bea", "pet": "Amy"}]
    counted = PypikaQuery.from_(people).select(pypika_functions.Count("*").as_("n"))
    assert await db.fetch_value(counted) == 4
    inner = PypikaQuery.from_(pets).select(pets.owner_id).where(pets.species == "cat")
    assert await db.fetch_column(select_from(person).select(person.name).where(person.id.is_in(inner), of_first)) == [
        "Bea"
    ]


@pytest.mark.databases("postgres", "mysql")
async def test_lateral_joins_skip_deleted_rows(db: Database) -> None:
    last = (
        select_from(pet).select(pet.name).where(pet.owner_id == person.id).order_by(pet.id.desc()).limit(1).as_("last")
    )
    query = select_from(person).left_join_lateral(last).select(person.name, last.name.as_("pet")).where(of_first)
    assert await db.fetch_all(query.order_by(person.id)) == [
        {"name": "Ada", "pet": "Rex"},
        {"name": "Bea", "pet": "Amy"},
    ]


@pytest.mark.databases("postgres", "mysql", "mariadb")
async def test_locks_are_kept(db: Database) -> None:
    async with db.transaction() as trx:
        query = select_from(person).select(person.id).where(of_first).order_by(person.id).for_update()
        assert await trx.fetch_column(query) == [1, 2]


# -- how names are compared -------------------------------------------------------------------------------------------


async def test_names_are_compared_as_the_database_does(db: Database) -> None:
    shouted = table("PERSON")
    count = select_from(shouted).select(fn.count().as_("n")).where(shouted.tenant_id == 1)
    if db.dialect.name == "sqlite":
        assert await db.fetch_value(count) == 2
    filtered = spelled(
        'SELECT COUNT(*) AS "n" FROM "PERSON" WHERE "PERSON"."tenant_id" = $1',
        (1,),
        sqlite=(
            'SELECT COUNT(*) AS "n" FROM "PERSON" WHERE "PERSON"."deleted_at" IS NULL AND "PERSON"."tenant_id" = ?',
            (1,),
        ),
        mysql=(
            "SELECT COUNT(*) AS `n` FROM `PERSON` WHERE `PERSON`.`deleted_at` IS NULL AND `PERSON`.`tenant_id` = %s",
            (1,),
        ),
        mariadb=(
            "SELECT COUNT(*) AS `n` FROM `PERSON` WHERE `PERSON`.`deleted_at` IS NULL AND `PERSON`.`tenant_id` = %s",
            (1,),
        ),
    )
    filtered_to(soft, count, filtered)


def test_a_name_with_a_schema_is_that_table_alone() -> None:
    shop = SoftDeletePlugin("deleted_at", ["shop.person"])
    here, there = table("person", schema="shop"), table("person", schema="other")
    filtered_to(
        shop,
        select_from(here).select(here.id),
        spelled('SELECT "person"."id" FROM "shop"."person" WHERE "person"."deleted_at" IS NULL'),
    )
    filtered_to(shop, select_from(there).select(there.id), spelled('SELECT "person"."id" FROM "other"."person"'))
    message = "the table 'person' names no schema, and the tables of SoftDeletePlugin know it as shop.person"
    refused = (BuildError, message)
    filtered_to(
        shop, select_from(person).select(person.id), dict.fromkeys(("postgres", "mysql", "mariadb", "sqlite"), refused)
    )
    filtered_to(
        soft,
        select_from(here).select(here.id),
        spelled('SELECT "person"."id" FROM "shop"."person" WHERE "person"."deleted_at" IS NULL'),
    )


def test_names_that_cannot_be_meant_are_refused() -> None:
    for tables in (["a.b.c"], [""], ["a", "A"], "person", [3]):
        with pytest.raises(ConfigurationError):
            SoftDeletePlugin("deleted_at", tables)  # type: ignore[arg-type]


# -- deleting ---------------------------------------------------------------------------------------------------------


async def test_a_delete_becomes_an_update(db: Database) -> None:
    query = delete_from(person).where(person.id == 2)
    filtered_to(
        soft,
        query,
        spelled(
            'UPDATE "person" SET "deleted_at" = $1 WHERE "person"."deleted_at" IS NULL AND "person"."id" = $2',
            sqlite='UPDATE "person" SET "deleted_at" = ? WHERE "person"."deleted_at" IS NULL AND "person"."id" = ?',
            mysql="UPDATE `person` SET `deleted_at` = %s WHERE `person`.`deleted_at` IS NULL AND `person`.`id` = %s",
            mariadb="UPDATE `person` SET `deleted_at` = %s WHERE `person`.`deleted_at` IS NULL AND `person`.`id` = %s",
        ),
        parameters=False,
    )
    assert (await db.execute(query)).rows_affected == 1
    assert (await db.execute(query)).rows_affected == 0
    assert await ids(db, person) == [1, 2, 3, 101, 102, 103]
    deleted = select_from(person).select(person.deleted_at).where(person.id == 2).with_deleted()
    assert await db.fetch_value(deleted) == NOW
    assert await db.fetch_column(select_from(person).select(person.id).where(of_first)) == [1]


async def test_without_a_clock_the_database_says_the_time(db: Database) -> None:
    view = db.without_plugins().with_plugin(SoftDeletePlugin("deleted_at", ["person"]))
    await view.execute(delete_from(person).where(person.id == 2))
    when = await view.fetch_value(select_from(person).select(person.deleted_at).where(person.id == 2).with_deleted())
    assert when is not None
    assert abs(when - dt.datetime.now(dt.UTC)) < dt.timedelta(minutes=1)


async def test_the_clock_is_asked_each_time(db: Database) -> None:
    hours = iter(range(10))
    ticking = SoftDeletePlugin("deleted_at", ["person"], clock=lambda: NOW + dt.timedelta(hours=next(hours)))
    view = db.without_plugins().with_plugin(ticking)
    query = delete_from(person).where(person.id == param("id", int))
    for number in (1, 2):
        await view.execute(query, parameters={"id": number})
    await view.execute_many(query, [{"id": 101}, {"id": 102}])
    times = select_from(person).select(person.deleted_at).where(person.id.not_in([3, 103])).order_by(person.id)
    assert await view.fetch_column(times.with_deleted()) == [NOW + dt.timedelta(hours=each) for each in (0, 1, 2, 3)]


async def test_undeclared_tables_and_columns_will_do(db: Database) -> None:
    people = table("person")
    assert (await db.execute(delete_from(people).where(people.id == 2))).rows_affected == 1
    assert await db.fetch_column(select_from(people).select(people.id).where(people.tenant_id == 1)) == [1]


async def test_deletes_of_every_row_are_still_refused_unless_said(db: Database) -> None:
    for statement in (delete_from(person), update(person).set(visits=0)):
        with pytest.raises(CompileError, match="of every row of 'person'"):
            await db.execute(statement)
    assert (await db.execute(delete_from(person).all_rows())).rows_affected == 4
    assert await db.fetch_value(select_from(person).select(fn.count())) == 0


async def test_updates_leave_deleted_rows_as_they_are(db: Database) -> None:
    await db.execute(update(person).set(visits=person.visits + 10).where(of_first))
    query = select_from(person).select(person.visits).where(of_first).order_by(person.id).with_deleted()
    assert await db.fetch_column(query) == [11, 12, 3]


@pytest.mark.databases("postgres", "mysql", "mariadb")
async def test_deletes_with_joins_and_sub_queries_skip_deleted_rows(db: Database) -> None:
    query = delete_from(pet).using(person).where(person.id == pet.owner_id, of_first)
    assert (await db.execute(query)).rows_affected == 2  # Kim's owner is deleted
    joined = delete_from(toy).inner_join(pet, pet.id == toy.pet_id).where(toy.tenant_id == 2, pet.species == "cat")
    assert (await db.execute(joined)).rows_affected == 1
    assert len(await ids(db, toy)) == 8


async def test_deletes_by_a_query_skip_deleted_rows(db: Database) -> None:
    cats = select_from(pet).select(pet.owner_id).where(pet.species == "cat")
    assert (await db.execute(delete_from(person).where(person.id.is_in(cats), of_first))).rows_affected == 1
    assert await db.fetch_column(select_from(person).select(person.id).where(of_first)) == [1]


@pytest.mark.databases("mysql", "mariadb")
async def test_deletes_from_several_tables_mark_all_of_them(db: Database) -> None:
    query = delete_from(person, pet).inner_join(pet, pet.owner_id == person.id).where(of_first)
    await db.execute(query)
    assert await db.fetch_column(select_from(person).select(person.id).where(of_first)) == []
    assert await db.fetch_column(select_from(pet).select(pet.id).where(pet.tenant_id == 1).order_by(pet.id)) == [14, 15]
    mixed = delete_from(person, species).inner_join(species, species.legs == 4).where(of_first)
    with pytest.raises(
        BuildError, match="a DELETE of 'person', whose rows are kept, and of 'species', whose rows are not"
    ):
        await db.execute(mixed)


@pytest.mark.databases("postgres", "sqlite")
async def test_returning_gives_the_rows_that_were_deleted(db: Database) -> None:
    query = delete_from(person).where(of_first).returning(person.id, person.deleted_at)
    assert sorted(await db.fetch_all(query), key=lambda row: row["id"]) == [
        {"id": 1, "deleted_at": NOW},
        {"id": 2, "deleted_at": NOW},
    ]
    restored = update(person).restore().where(person.id == 1).returning(person.id)
    assert await db.fetch_column(restored) == [1]


@pytest.mark.databases("mariadb")
async def test_returning_of_a_delete_is_refused_where_update_has_none(db: Database) -> None:
    with pytest.raises(UnsupportedError, match="UPDATE … RETURNING"):
        await db.fetch_all(delete_from(person).where(of_first).returning(person.id))


@pytest.mark.databases("postgres")
async def test_deletes_in_ctes_and_of_merge_mark_rows(db: Database) -> None:
    gone = cte("gone", delete_from(pet).where(pet.tenant_id == 1, pet.species == "dog").returning(pet.id))
    assert await db.fetch_column(with_(gone).select_from(gone).select(gone.id).order_by(gone.id)) == [10, 14]
    assert len(await ids(db, pet)) == 12
    merge = (
        merge_into(person)
        .using(pet, pet.owner_id == person.id)
        .when_matched(pet.species == "cat")
        .do_delete()
        .when_not_matched()
        .do_nothing()
    )
    await db.execute(merge)
    assert await db.fetch_column(select_from(person).select(person.id).order_by(person.id)) == [1, 101]
    assert len(await ids(db, person)) == 6


# -- inserting --------------------------------------------------------------------------------------------------------


async def test_inserts_from_queries_skip_deleted_rows(db: Database) -> None:
    rows = select_from(person).select(person.id + 1000, person.tenant_id, person.name, person.visits).where(of_first)
    query = insert_into(toy).columns("id", "tenant_id", "name", "pet_id").from_select(rows)
    assert (await db.execute(query)).rows_affected == 2


async def test_upserts_leave_deleted_rows_as_they_are(db: Database) -> None:
    new = insert_into(person).values(
        {"id": 1001, "tenant_id": 1, "name": "Cem", "visits": 50},
        {"id": 1002, "tenant_id": 1, "name": "Bea", "visits": 60},
    )
    query = new.on_conflict(person.tenant_id, person.name).do_update(person.visits)
    await db.execute(query)
    visits = select_from(person).select(person.id, person.visits).where(of_first).order_by(person.id).with_deleted()
    assert await db.fetch_all(visits) == [{"id": 1, "visits": 1}, {"id": 2, "visits": 60}, {"id": 3, "visits": 3}]
    reviving = new.on_conflict(person.tenant_id, person.name).do_update(person.visits, deleted_at=None).with_deleted()
    await db.execute(reviving)
    assert await db.fetch_all(visits) == [{"id": 1, "visits": 1}, {"id": 2, "visits": 60}, {"id": 3, "visits": 50}]
    assert await db.fetch_column(select_from(person).select(person.id).where(of_first).order_by(person.id)) == [1, 2, 3]


@pytest.mark.databases("sqlite", "mysql", "mariadb")
async def test_replace_is_refused_unless_it_is_to_delete_for_good(db: Database) -> None:
    query = replace_into(person).values(id=2, tenant_id=1, name="Bob", visits=0)
    with pytest.raises(BuildError, match="REPLACE deletes rows of 'person' for good"):
        await db.execute(query)
    await db.execute(query.hard_delete())
    assert await db.fetch_value(select_from(person).select(person.name).where(person.id == 2)) == "Bob"


# -- what a query says ------------------------------------------------------------------------------------------------


async def test_with_deleted_and_only_deleted_reach_into_sub_queries(db: Database) -> None:
    pets = json_array_from(
        select_from(pet).select(pet.name).where(pet.owner_id == person.id).order_by(pet.id).scalars()
    )
    query = select_from(person).select(person.name, pets.as_("pets")).where(of_first).order_by(person.id)
    assert await db.fetch_all(query.with_deleted()) == [
        {"name": "Ada", "pets": ["Rex", "Tom"]},
        {"name": "Bea", "pets": ["Amy", "Bo"]},
        {"name": "Cem", "pets": ["Kim"]},
    ]
    assert await db.fetch_all(query.with_deleted(person)) == [
        {"name": "Ada", "pets": ["Rex"]},
        {"name": "Bea", "pets": ["Amy"]},
        {"name": "Cem", "pets": ["Kim"]},
    ]
    assert await db.fetch_all(query.only_deleted(pet)) == [
        {"name": "Ada", "pets": ["Tom"]},
        {"name": "Bea", "pets": ["Bo"]},
    ]
    assert await db.fetch_all(query.only_deleted()) == [{"name": "Cem", "pets": []}]
    assert await db.fetch_all(query) == [{"name": "Ada", "pets": ["Rex"]}, {"name": "Bea", "pets": ["Amy"]}]


async def test_a_sub_query_says_it_for_itself(db: Database) -> None:
    pets = select_from(pet).select(pet.name).where(pet.owner_id == person.id).order_by(pet.id).scalars()
    query = select_from(person).select(person.name, json_array_from(pets.with_deleted()).as_("pets")).where(of_first)
    assert await db.fetch_all(query.order_by(person.id)) == [
        {"name": "Ada", "pets": ["Rex", "Tom"]},
        {"name": "Bea", "pets": ["Amy", "Bo"]},
    ]
    inner = select_from(person).select(json_array_from(pets.only_deleted()).as_("pets")).where(person.id == 1)
    assert await db.fetch_value(inner.with_deleted()) == ["Tom"]


async def test_an_alias_is_meant_by_its_name(db: Database) -> None:
    query = (
        select_from(person)
        .inner_join(mother, mother.id == person.mother_id)
        .select(person.name, mother.name.as_("mother"))
        .where(of_first)
        .order_by(person.id)
    )
    assert await db.fetch_column(select_from(query.with_deleted(person).as_("q")).select(sql.ref("q.name"))) == [
        "Bea",
        "Cem",
    ]
    await db.execute(delete_from(person).where(person.id == 1))
    assert await db.fetch_all(query) == []
    assert await db.fetch_all(query.with_deleted(mother)) == [{"name": "Bea", "mother": "Ada"}]


async def test_restore_brings_rows_back(db: Database) -> None:
    assert (await db.execute(update(person).restore().where(of_first))).rows_affected == 1
    assert await db.fetch_column(select_from(person).select(person.id).where(of_first).order_by(person.id)) == [1, 2, 3]
    assert (await db.execute(update(pet).restore().set(name="Tim").where(pet.id == 11))).rows_affected == 1
    assert await db.fetch_value(select_from(pet).select(pet.name).where(pet.id == 11)) == "Tim"
    with pytest.raises(CompileError, match="UPDATE of every row of 'pet'"):
        await db.execute(update(pet).restore())
    with pytest.raises(BuildError, match=r"restore\(\) of 'species', which is none of the tables"):
        await db.execute(update(species).restore().where(species.name == "cat"))


async def test_hard_delete_deletes_for_good(db: Database) -> None:
    await db.execute(delete_from(person).where(person.tenant_id == 2).hard_delete())
    assert await ids(db, person) == [1, 2, 3]
    assert (await db.execute(delete_from(person).all_rows().only_deleted().hard_delete())).rows_affected == 1
    assert await ids(db, person) == [1, 2]
    kept = select_from(pet).select(pet.owner_id).where(pet.id == 12)
    await db.execute(delete_from(person).where(person.id.is_in(kept)).hard_delete())
    assert await ids(db, person) == [1]


async def test_updates_can_be_about_deleted_rows(db: Database) -> None:
    await db.execute(update(person).set(visits=0).where(of_first).with_deleted())
    await db.execute(update(person).set(visits=7).where(of_first).only_deleted())
    query = select_from(person).select(person.visits).where(of_first).order_by(person.id).with_deleted()
    assert await db.fetch_column(query) == [0, 0, 7]


def test_what_needs_the_plugin_is_refused_without_it() -> None:
    query = select_from(person).select(person.id)
    nested = select_from(pet).select(json_array_from(query.only_deleted()).as_("x"))
    statements = (query.only_deleted(), query.union(query).only_deleted(), nested, update(person).restore())
    for statement in statements:
        for dialect in ("postgres", "mysql", "mariadb", "sqlite"):
            with pytest.raises(CompileError, match=r"is said to SoftDeletePlugin, which this statement does not go"):
                statement.compile(dialect)
    assert "WHERE" not in query.with_deleted().compile("sqlite").sql
    assert delete_from(person).all_rows().hard_delete().compile("sqlite").sql == 'DELETE FROM "person"'


async def test_every_way_to_the_database_goes_through_it(db: Database) -> None:
    query = select_from(person).select(person.id).where(of_first).order_by(person.id)
    async with db.connection() as connection:
        assert await connection.fetch_column(query) == [1, 2]
        async with connection.transaction() as trx:
            assert await trx.fetch_column(query) == [1, 2]
    trx = await db.begin()
    try:
        assert await trx.fetch_column(query) == [1, 2]
        await trx.execute(delete_from(person).where(person.id == 2))
        assert await trx.fetch_column(query) == [1]
    finally:
        await trx.rollback()
    assert await db.fetch_column(query) == [1, 2]
    assert await db.without_plugins().fetch_column(query) == [1, 2, 3]


async def test_a_clock_that_fails_is_told_by_the_plugins_name(db: Database) -> None:
    def broken(*_: Any) -> Any:
        raise KeyError("time")

    class Broken(SoftDeletePlugin):
        condition = broken

    view = db.without_plugins().with_plugin(Broken("deleted_at", ["person"]))
    with pytest.raises(PluginError, match="the plugin Broken failed: KeyError"):
        await view.fetch_all(select_from(person).select(person.id))


def test_gone_is_what_the_rows_hold() -> None:
    assert GONE < NOW
