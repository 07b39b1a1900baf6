"""Deleted rows are not there, wherever their table is read."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pypika import Query as PypikaQuery
from pypika import Table as PypikaTable
from pypika import functions as pypika_functions

from querykit import (
    CompileError,
    Database,
    UnsupportedError,
    cte,
    exists,
    fn,
    json_array_from,
    json_map_from,
    json_object_from,
    recursive_cte,
    select_from,
    with_,
)
from tests.expected import spelled
from tests.plugins.filtered import filtered_to
from tests.plugins.soft_delete.conftest import mother, of_first, soft
from tests.plugins.tenants import person, pet, species, toy


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
