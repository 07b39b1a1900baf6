"""Deleting marks rows; updates and inserts leave marked rows as they are."""

from __future__ import annotations

import datetime as dt

import pytest

from querykit import (
    BuildError,
    CompileError,
    Database,
    SoftDeletePlugin,
    UnsupportedError,
    cte,
    delete_from,
    fn,
    insert_into,
    merge_into,
    param,
    replace_into,
    select_from,
    table,
    update,
    with_,
)
from tests.expected import spelled
from tests.plugins.filtered import filtered_to
from tests.plugins.soft_delete.conftest import NOW, ids, of_first, soft
from tests.plugins.tenants import person, pet, species, toy


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
