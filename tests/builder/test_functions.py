"""Functions: what they write, what they give, and of which type."""

from __future__ import annotations

from decimal import Decimal

import pytest

from querykit import case, fn, select, select_from, table, value
from querykit.errors import BuildError
from tests.expected import compiles_to
from tests.sample import person, pet, toy


async def test_counts(db):
    query = select_from(person).select(
        fn.count().as_("rows"),
        fn.count(person.nickname).as_("nicknames"),
        fn.count(person.mother_id).distinct().as_("mothers"),
    )
    compiles_to(
        query,
        {
            "postgres": (
                'SELECT COUNT(*) AS "rows", COUNT("person"."nickname") AS "nicknames", '
                'COUNT(DISTINCT "person"."mother_id") AS "mothers" FROM "person"'
            ),
            "mysql": (
                "SELECT COUNT(*) AS `rows`, COUNT(`person`.`nickname`) AS `nicknames`, "
                "COUNT(DISTINCT `person`.`mother_id`) AS `mothers` FROM `person`"
            ),
            "mariadb": (
                "SELECT COUNT(*) AS `rows`, COUNT(`person`.`nickname`) AS `nicknames`, "
                "COUNT(DISTINCT `person`.`mother_id`) AS `mothers` FROM `person`"
            ),
            "sqlite": (
                'SELECT COUNT(*) AS "rows", COUNT("person"."nickname") AS "nicknames", '
                'COUNT(DISTINCT "person"."mother_id") AS "mothers" FROM "person"'
            ),
        },
    )
    assert await db.fetch_one(query) == {"rows": 5, "nicknames": 2, "mothers": 2}


async def test_aggregates_keep_the_type_of_what_they_take(db):
    query = select_from(pet).select(
        fn.sum(pet.id).as_("sum"),
        fn.min(pet.name).as_("first"),
        fn.max(pet.weight).as_("heaviest"),
        fn.sum(pet.weight).as_("weight"),
    )
    compiles_to(
        query,
        {
            "postgres": (
                'SELECT SUM("pet"."id") AS "sum", MIN("pet"."name") AS "first", MAX("pet"."weight") '
                'AS "heaviest", SUM("pet"."weight") AS "weight" FROM "pet"'
            ),
            "mysql": (
                "SELECT SUM(`pet`.`id`) AS `sum`, MIN(`pet`.`name`) AS `first`, MAX(`pet`.`weight`) "
                "AS `heaviest`, SUM(`pet`.`weight`) AS `weight` FROM `pet`"
            ),
            "mariadb": (
                "SELECT SUM(`pet`.`id`) AS `sum`, MIN(`pet`.`name`) AS `first`, MAX(`pet`.`weight`) "
                "AS `heaviest`, SUM(`pet`.`weight`) AS `weight` FROM `pet`"
            ),
            "sqlite": (
                'SELECT SUM("pet"."id") AS "sum", MIN("pet"."name") AS "first", MAX("pet"."weight") '
                'AS "heaviest", SUM("pet"."weight") AS "weight" FROM "pet"'
            ),
        },
    )
    row = await db.fetch_one(query)
    assert row == {"sum": 60, "first": "Amy", "heaviest": 31.5, "weight": 51.5}
    assert [type(each) for each in row.values()] == [int, str, float, float]
    assert await db.fetch_value(select_from(toy).select(fn.avg(toy.price))) == 4.0


async def test_aggregates_of_no_row(db):
    query = (
        select_from(pet)
        .select(fn.count().as_("n"), fn.sum(pet.id).as_("s"), fn.max(pet.name).as_("m"))
        .where(pet.id < 0)
    )
    assert await db.fetch_one(query) == {"n": 0, "s": None, "m": None}


async def test_a_filter_binds_its_values_where_it_stands(db):
    query = select_from(pet).select(
        value("before").as_("before"),
        fn.count().filter_where(pet.species == "cat").as_("cats"),
        fn.count().filter_where(pet.species == "dog", pet.weight > 20).filter_where(pet.id > 0).as_("dogs"),
        fn.sum(pet.id * 2).filter_where(pet.species == "dog").as_("sum"),
        fn.count(pet.owner_id).distinct().filter_where(pet.species == "cat").as_("owners"),
    ).where(pet.name != "Amy")  # fmt: skip
    compiles_to(
        query,
        {
            "postgres": (
                'SELECT $1::text AS "before", COUNT(*) FILTER (WHERE "pet"."species" = $2) AS "cats", '
                'COUNT(*) FILTER (WHERE "pet"."species" = $3 AND "pet"."weight" > $4 AND "pet"."id" > $5) '
                'AS "dogs", SUM("pet"."id" * $6) FILTER (WHERE "pet"."species" = $7) AS "sum", '
                'COUNT(DISTINCT "pet"."owner_id") FILTER (WHERE "pet"."species" = $8) AS "owners" FROM "pet" '
                'WHERE "pet"."name" <> $9',
                ("before", "cat", "dog", 20, 0, 2, "dog", "cat", "Amy"),
            ),
            "mysql": (
                "SELECT %s AS `before`, COUNT(CASE WHEN `pet`.`species` = %s THEN 1 END) AS `cats`, COUNT(CASE "
                "WHEN `pet`.`species` = %s AND `pet`.`weight` > %s AND `pet`.`id` > %s THEN 1 END) AS `dogs`, "
                "SUM(CASE WHEN `pet`.`species` = %s THEN `pet`.`id` * %s END) AS `sum`, COUNT(DISTINCT CASE "
                "WHEN `pet`.`species` = %s THEN `pet`.`owner_id` END) AS `owners` FROM `pet` "
                "WHERE `pet`.`name` <> %s",
                ("before", "cat", "dog", 20, 0, "dog", 2, "cat", "Amy"),
            ),
            "mariadb": (
                "SELECT %s AS `before`, COUNT(CASE WHEN `pet`.`species` = %s THEN 1 END) AS `cats`, COUNT(CASE "
                "WHEN `pet`.`species` = %s AND `pet`.`weight` > %s AND `pet`.`id` > %s THEN 1 END) AS `dogs`, "
                "SUM(CASE WHEN `pet`.`species` = %s THEN `pet`.`id` * %s END) AS `sum`, COUNT(DISTINCT CASE "
                "WHEN `pet`.`species` = %s THEN `pet`.`owner_id` END) AS `owners` FROM `pet` "
                "WHERE `pet`.`name` <> %s",
                ("before", "cat", "dog", 20, 0, "dog", 2, "cat", "Amy"),
            ),
            "sqlite": (
                'SELECT ? AS "before", COUNT(*) FILTER (WHERE "pet"."species" = ?) AS "cats", '
                'COUNT(*) FILTER (WHERE "pet"."species" = ? AND "pet"."weight" > ? AND "pet"."id" > ?) '
                'AS "dogs", SUM("pet"."id" * ?) FILTER (WHERE "pet"."species" = ?) AS "sum", '
                'COUNT(DISTINCT "pet"."owner_id") FILTER (WHERE "pet"."species" = ?) AS "owners" FROM "pet" '
                'WHERE "pet"."name" <> ?',
                ("before", "cat", "dog", 20, 0, 2, "dog", "cat", "Amy"),
            ),
        },
    )
    assert await db.fetch_one(query) == {"before": "before", "cats": 2, "dogs": 1, "sum": 46, "owners": 2}


def test_a_filter_leaves_the_function_as_it_was():
    count = fn.count()
    cats = count.filter_where(pet.species == "cat")
    assert count.filter_predicates == ()
    assert len(cats.filter_predicates) == 1
    assert len(cats.filter_where(pet.id > 1).filter_predicates) == 2
    assert len(cats.filter_predicates) == 1
    assert not count.is_distinct
    assert fn.count(pet.id).distinct().is_distinct
    with pytest.raises(BuildError, match="at least one condition"):
        count.filter_where()


async def test_texts(db):
    query = select_from(pet).select(
        fn.lower(pet.name).as_("lower"), fn.upper(pet.name).as_("upper"), fn.length(pet.name).as_("length")
    ).where(pet.id == 11)  # fmt: skip
    compiles_to(
        query,
        {
            "postgres": (
                'SELECT LOWER("pet"."name") AS "lower", UPPER("pet"."name") AS "upper", LENGTH("pet"."name") '
                'AS "length" FROM "pet" WHERE "pet"."id" = $1',
                (11,),
            ),
            "mysql": (
                "SELECT LOWER(`pet`.`name`) AS `lower`, UPPER(`pet`.`name`) AS `upper`, "
                "CHAR_LENGTH(`pet`.`name`) AS `length` FROM `pet` WHERE `pet`.`id` = %s",
                (11,),
            ),
            "mariadb": (
                "SELECT LOWER(`pet`.`name`) AS `lower`, UPPER(`pet`.`name`) AS `upper`, "
                "CHAR_LENGTH(`pet`.`name`) AS `length` FROM `pet` WHERE `pet`.`id` = %s",
                (11,),
            ),
            "sqlite": (
                'SELECT LOWER("pet"."name") AS "lower", UPPER("pet"."name") AS "upper", LENGTH("pet"."name") '
                'AS "length" FROM "pet" WHERE "pet"."id" = ?',
                (11,),
            ),
        },
    )
    assert await db.fetch_one(query) == {"lower": "felix", "upper": "FELIX", "length": 5}
    assert await db.fetch_value(select(fn.length("Käthe 🦊").as_("n"))) == 7


async def test_coalesce(db):
    query = (
        select_from(person)
        .select(fn.coalesce(person.nickname, person.first_name, "nobody").as_("name"))
        .order_by(person.id)
    )
    compiles_to(
        query,
        {
            "postgres": (
                'SELECT COALESCE("person"."nickname", "person"."first_name", $1) AS "name" FROM "person" '
                'ORDER BY "person"."id"',
                ("nobody",),
            ),
            "mysql": (
                "SELECT COALESCE(`person`.`nickname`, `person`.`first_name`, %s) AS `name` FROM `person` "
                "ORDER BY `person`.`id`",
                ("nobody",),
            ),
            "mariadb": (
                "SELECT COALESCE(`person`.`nickname`, `person`.`first_name`, %s) AS `name` FROM `person` "
                "ORDER BY `person`.`id`",
                ("nobody",),
            ),
            "sqlite": (
                'SELECT COALESCE("person"."nickname", "person"."first_name", ?) AS "name" FROM "person" '
                'ORDER BY "person"."id"',
                ("nobody",),
            ),
        },
    )
    assert await db.fetch_column(query) == ["Ada", "Bee", "Cem", "Dodo", "Otto"]
    with pytest.raises(BuildError, match=r"person\.nickname takes str"):
        fn.coalesce(person.nickname, 1)


async def test_a_function_by_its_name(db):
    query = select_from(pet).select(fn.call("nullif", pet.species, "dog").as_("other")).order_by(pet.id)
    compiles_to(
        query,
        {
            "postgres": ('SELECT nullif("pet"."species", $1) AS "other" FROM "pet" ORDER BY "pet"."id"', ("dog",)),
            "mysql": ("SELECT nullif(`pet`.`species`, %s) AS `other` FROM `pet` ORDER BY `pet`.`id`", ("dog",)),
            "mariadb": ("SELECT nullif(`pet`.`species`, %s) AS `other` FROM `pet` ORDER BY `pet`.`id`", ("dog",)),
            "sqlite": ('SELECT nullif("pet"."species", ?) AS "other" FROM "pet" ORDER BY "pet"."id"', ("dog",)),
        },
    )
    assert await db.fetch_column(query) == [None, "cat", "cat", None, "cat"]


async def test_functions_in_functions(db):
    query = (
        select_from(pet)
        .select(fn.upper(fn.coalesce(fn.call("nullif", fn.lower(pet.name), "rex"), "the king")).as_("n"))
        .where(pet.id == 10)
    )
    compiles_to(
        query,
        {
            "postgres": (
                'SELECT UPPER(COALESCE(nullif(LOWER("pet"."name"), $1), $2)) AS "n" FROM "pet" WHERE "pet"."id" = $3',
                ("rex", "the king", 10),
            ),
            "mysql": (
                "SELECT UPPER(COALESCE(nullif(LOWER(`pet`.`name`), %s), %s)) AS `n` FROM `pet` WHERE `pet`.`id` = %s",
                ("rex", "the king", 10),
            ),
            "mariadb": (
                "SELECT UPPER(COALESCE(nullif(LOWER(`pet`.`name`), %s), %s)) AS `n` FROM `pet` WHERE `pet`.`id` = %s",
                ("rex", "the king", 10),
            ),
            "sqlite": (
                'SELECT UPPER(COALESCE(nullif(LOWER("pet"."name"), ?), ?)) AS "n" FROM "pet" WHERE "pet"."id" = ?',
                ("rex", "the king", 10),
            ),
        },
    )
    assert await db.fetch_value(query) == "THE KING"


async def test_fractions_are_not_cut_beside_what_has_no_known_type(db):
    years = table("person")
    query = select_from(years).select(fn.coalesce(years.birth_year, 13.5).as_("year")).where(years.id == 5)
    compiles_to(
        query,
        {
            "postgres": (
                'SELECT COALESCE("person"."birth_year", $1::double precision) AS "year" FROM "person" '
                'WHERE "person"."id" = $2',
                (13.5, 5),
            ),
            "mysql": (
                "SELECT COALESCE(`person`.`birth_year`, %s) AS `year` FROM `person` WHERE `person`.`id` = %s",
                (13.5, 5),
            ),
            "mariadb": (
                "SELECT COALESCE(`person`.`birth_year`, %s) AS `year` FROM `person` WHERE `person`.`id` = %s",
                (13.5, 5),
            ),
            "sqlite": (
                'SELECT COALESCE("person"."birth_year", ?) AS "year" FROM "person" WHERE "person"."id" = ?',
                (13.5, 5),
            ),
        },
    )
    assert await db.fetch_value(query) == 13.5
    exact = select_from(years).select(fn.coalesce(years.birth_year, Decimal("13.75")).as_("year")).where(years.id == 5)
    assert float(await db.fetch_value(exact)) == 13.75
    assert await db.fetch_column(select_from(years).select(years.id).where(years.id.is_in([years.id + 9, 2.5]))) == []
    assert await db.fetch_value(select_from(years).select(fn.call("nullif", years.id, 2.5)).where(years.id == 2)) == 2


async def test_conditions_and_cases_are_arguments(db):
    heavy = fn.sum(case().when(pet.weight > 10, 1).else_(0)).as_("heavy")
    compiles_to(
        select_from(pet).select(heavy),
        {
            "postgres": (
                'SELECT SUM(CASE WHEN "pet"."weight" > $1 THEN $2::bigint ELSE $3::bigint END) AS "heavy" FROM "pet"',
                (10, 1, 0),
            ),
            "mysql": (
                "SELECT SUM(CASE WHEN `pet`.`weight` > %s THEN %s ELSE %s END) AS `heavy` FROM `pet`",
                (10, 1, 0),
            ),
            "mariadb": (
                "SELECT SUM(CASE WHEN `pet`.`weight` > %s THEN %s ELSE %s END) AS `heavy` FROM `pet`",
                (10, 1, 0),
            ),
            "sqlite": ('SELECT SUM(CASE WHEN "pet"."weight" > ? THEN ? ELSE ? END) AS "heavy" FROM "pet"', (10, 1, 0)),
        },
    )
    assert await db.fetch_value(select_from(pet).select(heavy)) == 2
