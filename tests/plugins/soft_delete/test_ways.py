"""The ways to see deleted rows and to mend them, and every way to the database."""

from __future__ import annotations

from typing import Any

import pytest

from querykit import (
    BuildError,
    CompileError,
    Database,
    PluginError,
    SoftDeletePlugin,
    delete_from,
    json_array_from,
    select_from,
    sql,
    update,
)
from tests.plugins.soft_delete.conftest import NOW, ids, mother, of_first
from tests.plugins.tenants import GONE, person, pet, species


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
