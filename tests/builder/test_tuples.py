"""Tuples, ANY and ALL, arrays and ranges, full-text search."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from querykit import all_, and_, any_, fn, select, select_from, sql, table, tuple_, value
from querykit.errors import BuildError, UnsupportedError
from tests.expected import compiles_to
from tests.sample import person, pet

pets = select_from(pet).select(pet.id).order_by(pet.id)


async def test_tuples_compare_by_the_first_items_that_differ(db):
    query = pets.where(tuple_(pet.species, pet.id) > ("cat", 12))
    compiles_to(
        query,
        {
            "postgres": (
                'SELECT "pet"."id" FROM "pet" WHERE ("pet"."species", "pet"."id") > ($1, $2) ORDER BY "pet"."id"',
                ("cat", 12),
            ),
            "mysql": (
                "SELECT `pet`.`id` FROM `pet` WHERE (`pet`.`species`, `pet`.`id`) > (%s, %s) ORDER BY `pet`.`id`",
                ("cat", 12),
            ),
            "mariadb": (
                "SELECT `pet`.`id` FROM `pet` WHERE (`pet`.`species`, `pet`.`id`) > (%s, %s) ORDER BY `pet`.`id`",
                ("cat", 12),
            ),
            "sqlite": (
                'SELECT "pet"."id" FROM "pet" WHERE ("pet"."species", "pet"."id") > (?, ?) ORDER BY "pet"."id"',
                ("cat", 12),
            ),
        },
    )
    assert await db.fetch_column(query) == [10, 13, 14]
    assert await db.fetch_column(pets.where(tuple_(pet.species, pet.id) == ("cat", 12))) == [12]
    assert await db.fetch_column(pets.where(tuple_(pet.species, pet.id) != ("cat", 12))) == [10, 11, 13, 14]
    assert await db.fetch_column(pets.where(~(tuple_(pet.species, pet.id) == ("cat", 12)))) == [10, 11, 13, 14]
    assert await db.fetch_column(pets.where(tuple_(pet.species, pet.id) == tuple_("dog", pet.id))) == [10, 13]
    assert await db.fetch_value(select((tuple_(value(1), 2.5) < (1, 3.5)).as_("v"))) is True


async def test_a_list_of_tuples(db):
    query = pets.where(tuple_(pet.id, pet.species).is_in([(10, "dog"), (11, "cat"), (13, "cat")]))
    compiles_to(
        query,
        {
            "postgres": (
                'SELECT "pet"."id" FROM "pet" WHERE ("pet"."id", "pet"."species") IN '
                '(SELECT * FROM UNNEST($1::bigint[], $2::text[])) ORDER BY "pet"."id"',
                ([10, 11, 13], ["dog", "cat", "cat"]),
            ),
            "mysql": (
                "SELECT `pet`.`id` FROM `pet` WHERE (`pet`.`id`, `pet`.`species`) IN "
                "((%s, %s), (%s, %s), (%s, %s), (%s, %s)) ORDER BY `pet`.`id`",
                (10, "dog", 11, "cat", 13, "cat", 13, "cat"),
            ),
            "mariadb": (
                "SELECT `pet`.`id` FROM `pet` WHERE (`pet`.`id`, `pet`.`species`) IN "
                "((%s, %s), (%s, %s), (%s, %s), (%s, %s)) ORDER BY `pet`.`id`",
                (10, "dog", 11, "cat", 13, "cat", 13, "cat"),
            ),
            "sqlite": (
                'SELECT "pet"."id" FROM "pet" WHERE ("pet"."id", "pet"."species") IN '
                '(VALUES (?, ?), (?, ?), (?, ?), (?, ?)) ORDER BY "pet"."id"',
                (10, "dog", 11, "cat", 13, "cat", 13, "cat"),
            ),
        },
    )
    assert await db.fetch_column(query) == [10, 11]
    assert await db.fetch_column(pets.where(tuple_(pet.id, pet.species).not_in([(10, "dog"), (11, "cat")]))) == [
        12,
        13,
        14,
    ]
    assert await db.fetch_column(pets.where(tuple_(pet.id, pet.species).is_in([]))) == []
    assert len(await db.fetch_column(pets.where(tuple_(pet.id, pet.species).not_in([])))) == 5
    assert await db.fetch_column(pets.where(tuple_(pet.id, pet.weight).is_in([(12, None), (11, 4.25), (10, 1)]))) == [
        11,
        12,
    ]
    assert await db.fetch_column(pets.where(tuple_(pet.id, pet.weight).not_in([(12, None), (11, 4.25)]))) == [
        10,
        13,
        14,
    ]
    assert await db.fetch_column(pets.where(tuple_(pet.id, pet.owner_id).is_in([(10, pet.owner_id), (11, 3)]))) == [10]


async def test_tuples_of_untyped_columns(db):
    pets = table("pet")
    query = select_from(pets).select(pets.id).where(tuple_(pets.id, pets.species).is_in([(10, "dog"), (11, "dog")]))
    assert await db.fetch_column(query) == [10]


async def test_tuples_in_the_rows_of_a_query(db):
    other = pet.as_("other")
    heaviest = select_from(other).select(other.species, fn.max(other.weight).as_("weight")).group_by(other.species)
    query = pets.where(tuple_(pet.species, pet.weight).is_in(heaviest))
    assert await db.fetch_column(query) == [10, 11]
    first = select_from(other).select(other.species, other.id).order_by(other.id).limit(1)
    assert await db.fetch_column(pets.where(tuple_(pet.species, pet.id).is_in(first))) == [10]
    assert await db.fetch_column(pets.where(tuple_(pet.species, pet.id) == first)) == [10]


@pytest.mark.parametrize("count", [1, 2, 1000])
async def test_lists_of_tuples_of_any_length(db, count):
    rows = [(number, "dog") for number in range(10, 10 + count)]
    assert (
        await db.fetch_column(pets.where(tuple_(pet.id, pet.species).is_in(rows))) == [10, 13][: 1 if count < 4 else 2]
    )


def test_tuples_are_checked_when_they_are_built():
    both = tuple_(pet.id, pet.species)
    for build in (
        lambda: tuple_(pet.id),
        lambda: both == (1,),
        lambda: both == ("1", "cat"),
        lambda: both < (1, None),
        lambda: both.is_in(["ab"]),
        lambda: both.is_in("ab"),
        lambda: both.is_in([(1, 2, 3)]),
        lambda: both.is_in(select_from(person).select(person.id)),
        both.is_null,
    ):
        with pytest.raises(BuildError):
            build()


async def test_any_and_all_of_a_query(db):
    other = pet.as_("other")
    dogs = select_from(other).select(other.weight).where(other.species == "dog")
    query = pets.where(pet.weight < all_(dogs))
    compiles_to(
        query,
        {
            "postgres": (
                'SELECT "pet"."id" FROM "pet" WHERE "pet"."weight" < ALL (SELECT "other"."weight" FROM "pet" AS "other" '
                'WHERE "other"."species" = $1) ORDER BY "pet"."id"',
                ("dog",),
            ),
            "mysql": (
                "SELECT `pet`.`id` FROM `pet` WHERE `pet`.`weight` < ALL (SELECT `other`.`weight` FROM `pet` AS `other` "
                "WHERE `other`.`species` = %s) ORDER BY `pet`.`id`",
                ("dog",),
            ),
            "mariadb": (
                "SELECT `pet`.`id` FROM `pet` WHERE `pet`.`weight` < ALL (SELECT `other`.`weight` FROM `pet` AS `other` "
                "WHERE `other`.`species` = %s) ORDER BY `pet`.`id`",
                ("dog",),
            ),
            "sqlite": (UnsupportedError, "ALL"),
        },
    )
    if db.dialect.name != "sqlite":
        assert await db.fetch_column(query) == [11, 14]
        assert await db.fetch_column(pets.where(pet.weight == any_(dogs))) == [10, 13]
        assert await db.fetch_column(pets.where(pet.weight == any_(dogs.order_by(other.id).limit(1)))) == [10]


@pytest.mark.databases("postgres")
async def test_any_of_an_array(db):
    assert await db.fetch_column(pets.where(pet.id == any_([10, 12]))) == [10, 12]
    assert await db.fetch_column(pets.where(pet.id > all_((10, 12)))) == [13, 14]
    with pytest.raises(UnsupportedError, match="is_in takes lists"):
        pets.where(pet.id == any_([10])).compile("mysql")


@pytest.mark.databases("postgres")
async def test_arrays_and_ranges_on_postgres(db):
    found = await db.fetch_one(
        select(
            fn.contains(value([1, 2, 3]), [1, 2]).as_("contains"),
            fn.contained_by([1, 9], value([1, 2, 3])).as_("contained"),
            fn.overlaps(value([1, 9]), [9]).as_("overlaps"),
            fn.element(value(["a", "b"]), 2).as_("second"),
            fn.cardinality(value([1, 2])).as_("count"),
            fn.contains(fn.range_of("int4range", 1, 5), 4).as_("in_range"),
            fn.contains(fn.range_of("daterange", dt.date(2024, 1, 1), None), dt.date(2025, 1, 1)).as_("in_dates"),
            fn.overlaps(
                fn.range_of("numrange", Decimal(1), Decimal(5), "[]"), fn.range_of("numrange", Decimal(5), None)
            ).as_("touch"),
        )
    )
    assert found == {
        "contains": True, "contained": False, "overlaps": True, "second": "b", "count": 2, "in_range": True,
        "in_dates": True, "touch": True,
    }  # fmt: skip
    both = (
        select_from(pet)
        .select(fn.array(pet.name, pet.species).as_("words"), fn.array("x", "y").as_("given"))
        .where(pet.id == 10)
    )
    assert await db.fetch_one(both) == {"words": ["Rex", "dog"], "given": ["x", "y"]}
    names = (
        select_from(pet)
        .select(fn.array_agg(pet.name).order_by(pet.name.desc()).as_("names"))
        .where(pet.species == "cat")
    )
    assert await db.fetch_value(names) == ["Minka", "Felix", "Amy"]


def test_arrays_and_ranges_are_refused_elsewhere():
    for dialect in ("mysql", "mariadb", "sqlite"):
        for term in (
            fn.contains(pet.name, ["a"]),
            fn.element(pet.name, 1),
            fn.cardinality(pet.name),
            fn.array(pet.name),
            fn.array_agg(pet.name),
            fn.range_of("int4range", 1, 2),
        ):
            with pytest.raises(UnsupportedError):
                select_from(pet).select(term.as_("x")).compile(dialect)


async def test_full_text(db):
    note = table("note_for_search")
    name = db.dialect.name
    create = {
        "sqlite": "CREATE VIRTUAL TABLE note_for_search USING fts5 (id UNINDEXED, body)",
        "postgres": "CREATE TABLE note_for_search (id integer, body text)",
    }.get(name, "CREATE TABLE note_for_search (id integer, body text, FULLTEXT (body)) ENGINE InnoDB")
    await db.execute(sql.raw(create))  # type: ignore[arg-type]
    try:
        for id_, text in ((1, "the big dog barks"), (2, "a small dog"), (3, "big cats, small cats")):
            await db.execute(sql("INSERT INTO note_for_search VALUES ({}, {})", id_, text))
        query = select_from(note).select(note.id).order_by(note.id)
        assert [int(each) for each in await db.fetch_column(query.where(fn.match(note.body, against="dog big")))] == [1]
        hostile = "dog* +-\"(' OR big"
        assert await db.fetch_column(query.where(fn.match(note.body, against=hostile + " nowhere"))) == []
        native = {"postgres": "big & !dog", "sqlite": "big NOT dog"}.get(name, "+big -dog")
        found = await db.fetch_column(query.where(fn.match(note.body, against=native, mode="native")))
        assert [int(each) for each in found] == [3]
        both = and_(fn.match(note.body, against="small"), note.id > 2)
        assert [int(each) for each in await db.fetch_column(query.where(both))] == [3]
    finally:
        await db.execute(sql("DROP TABLE note_for_search"))
