"""Operators, predicates and values: what they write, and which rows they find."""

from __future__ import annotations

import datetime as dt
import decimal
import enum
import uuid
from typing import Any

import pytest

from querykit import (
    Column,
    Table,
    and_,
    case,
    cast,
    exists,
    fn,
    not_,
    or_,
    param,
    select,
    select_from,
    table,
    value,
)
from querykit.errors import BuildError, CompileError, UnsupportedError
from tests.expected import compiles_to
from tests.sample import PEOPLE, person, pet, toy

people = select_from(person).select(person.id).order_by(person.id)
pets = select_from(pet).select(pet.name).order_by(pet.id)


# -- comparisons ---------------------------------------------------------------------------------------------------


async def test_every_comparison_binds_its_value(db):
    query = people.where(
        person.id == 2,
        person.id != 3,
        person.id < 4,
        person.id <= 5,
        person.id > 0,
        person.id >= 1,
    )
    compiles_to(
        query,
        {
            "postgres": (
                'SELECT "person"."id" FROM "person" WHERE "person"."id" = $1 AND "person"."id" <> $2 '
                'AND "person"."id" < $3 AND "person"."id" <= $4 AND "person"."id" > $5 AND "person"."id" >= $6 '
                'ORDER BY "person"."id"',
                (2, 3, 4, 5, 0, 1),
            ),
            "mysql": (
                "SELECT `person`.`id` FROM `person` WHERE `person`.`id` = %s AND `person`.`id` <> %s "
                "AND `person`.`id` < %s AND `person`.`id` <= %s AND `person`.`id` > %s AND `person`.`id` >= %s "
                "ORDER BY `person`.`id`",
                (2, 3, 4, 5, 0, 1),
            ),
            "mariadb": (
                "SELECT `person`.`id` FROM `person` WHERE `person`.`id` = %s AND `person`.`id` <> %s "
                "AND `person`.`id` < %s AND `person`.`id` <= %s AND `person`.`id` > %s AND `person`.`id` >= %s "
                "ORDER BY `person`.`id`",
                (2, 3, 4, 5, 0, 1),
            ),
            "sqlite": (
                'SELECT "person"."id" FROM "person" WHERE "person"."id" = ? AND "person"."id" <> ? '
                'AND "person"."id" < ? AND "person"."id" <= ? AND "person"."id" > ? AND "person"."id" >= ? '
                'ORDER BY "person"."id"',
                (2, 3, 4, 5, 0, 1),
            ),
        },
    )
    assert await db.fetch_column(query) == [2]


async def test_comparing_with_none_asks_for_null(db):
    query = people.where(person.nickname == None, person.birth_year != None)  # noqa: E711 - the point
    compiles_to(
        query,
        {
            "postgres": (
                'SELECT "person"."id" FROM "person" WHERE "person"."nickname" IS NULL AND "person"."birth_year" IS '
                'NOT NULL ORDER BY "person"."id"'
            ),
            "mysql": (
                "SELECT `person`.`id` FROM `person` WHERE `person`.`nickname` IS NULL AND `person`.`birth_year` IS "
                "NOT NULL ORDER BY `person`.`id`"
            ),
            "mariadb": (
                "SELECT `person`.`id` FROM `person` WHERE `person`.`nickname` IS NULL AND `person`.`birth_year` IS "
                "NOT NULL ORDER BY `person`.`id`"
            ),
            "sqlite": (
                'SELECT "person"."id" FROM "person" WHERE "person"."nickname" IS NULL AND "person"."birth_year" IS '
                'NOT NULL ORDER BY "person"."id"'
            ),
        },
    )
    assert await db.fetch_column(query) == [1, 3]
    assert await db.fetch_column(people.where(person.nickname == None)) == [1, 3, 5]  # noqa: E711
    assert await db.fetch_column(people.where(person.nickname != None)) == [2, 4]  # noqa: E711
    assert await db.fetch_column(people.where(person.nickname.is_null())) == [1, 3, 5]
    assert await db.fetch_column(people.where(person.nickname.is_not_null())) == [2, 4]
    assert await db.fetch_column(people.where(~person.nickname.is_null())) == [2, 4]


async def test_null_of_a_value_is_typed_where_the_database_cannot_tell(db):
    query = select(value("x").is_null().as_("no"), value(1).is_not_null().as_("yes"))
    compiles_to(
        query,
        {
            "postgres": ('SELECT $1::text IS NULL AS "no", $2::bigint IS NOT NULL AS "yes"', ("x", 1)),
            "mysql": ("SELECT %s IS NULL AS `no`, %s IS NOT NULL AS `yes`", ("x", 1)),
            "mariadb": ("SELECT %s IS NULL AS `no`, %s IS NOT NULL AS `yes`", ("x", 1)),
            "sqlite": ('SELECT ? IS NULL AS "no", ? IS NOT NULL AS "yes"', ("x", 1)),
        },
    )
    assert await db.fetch_one(query) == {"no": False, "yes": True}


@pytest.mark.parametrize(("nickname", "ids"), [("Bee", [1, 3, 4, 5]), (None, [2, 4])])
async def test_distinct_from_takes_null_for_a_value(db, nickname, ids):
    assert await db.fetch_column(people.where(person.nickname.is_distinct_from(nickname))) == ids
    others = [row["id"] for row in PEOPLE if row["id"] not in ids]
    assert await db.fetch_column(people.where(person.nickname.is_not_distinct_from(nickname))) == others
    assert await db.fetch_column(people.where(~person.nickname.is_distinct_from(nickname))) == others


def test_distinct_from_in_each_dialect():
    compiles_to(
        people.where(person.nickname.is_distinct_from("Bee")),
        {
            "postgres": (
                'SELECT "person"."id" FROM "person" WHERE "person"."nickname" IS DISTINCT FROM $1 '
                'ORDER BY "person"."id"',
                ("Bee",),
            ),
            "mysql": (
                "SELECT `person`.`id` FROM `person` WHERE NOT (`person`.`nickname` <=> %s) ORDER BY `person`.`id`",
                ("Bee",),
            ),
            "mariadb": (
                "SELECT `person`.`id` FROM `person` WHERE NOT (`person`.`nickname` <=> %s) ORDER BY `person`.`id`",
                ("Bee",),
            ),
            "sqlite": (
                'SELECT "person"."id" FROM "person" WHERE "person"."nickname" IS NOT ? ORDER BY "person"."id"',
                ("Bee",),
            ),
        },
    )
    compiles_to(
        people.where(person.nickname.is_not_distinct_from(None)),
        {
            "postgres": (
                'SELECT "person"."id" FROM "person" WHERE "person"."nickname" IS NOT DISTINCT FROM NULL '
                'ORDER BY "person"."id"'
            ),
            "mysql": "SELECT `person`.`id` FROM `person` WHERE `person`.`nickname` <=> NULL ORDER BY `person`.`id`",
            "mariadb": "SELECT `person`.`id` FROM `person` WHERE `person`.`nickname` <=> NULL ORDER BY `person`.`id`",
            "sqlite": 'SELECT "person"."id" FROM "person" WHERE "person"."nickname" IS NULL ORDER BY "person"."id"',
        },
    )


async def test_between_includes_both_ends(db):
    query = people.where(person.birth_year.between(1975, 2001))
    compiles_to(
        query,
        {
            "postgres": (
                'SELECT "person"."id" FROM "person" WHERE "person"."birth_year" BETWEEN $1 AND $2 '
                'ORDER BY "person"."id"',
                (1975, 2001),
            ),
            "mysql": (
                "SELECT `person`.`id` FROM `person` WHERE `person`.`birth_year` BETWEEN %s AND %s "
                "ORDER BY `person`.`id`",
                (1975, 2001),
            ),
            "mariadb": (
                "SELECT `person`.`id` FROM `person` WHERE `person`.`birth_year` BETWEEN %s AND %s "
                "ORDER BY `person`.`id`",
                (1975, 2001),
            ),
            "sqlite": (
                'SELECT "person"."id" FROM "person" WHERE "person"."birth_year" BETWEEN ? AND ? ORDER BY "person"."id"',
                (1975, 2001),
            ),
        },
    )
    assert await db.fetch_column(query) == [2, 3, 4]
    assert await db.fetch_column(people.where(~person.birth_year.between(1975, 1978))) == [1, 4]


async def test_a_value_on_the_left_is_as_good(db):
    assert await db.fetch_column(people.where(2 < person.id)) == [3, 4, 5]  # noqa: SIM300 - the point
    assert await db.fetch_column(people.where(2 == person.id)) == [2]  # noqa: SIM300
    assert await db.fetch_column(people.where(value("Ada") == person.first_name)) == [1]


# -- lists ---------------------------------------------------------------------------------------------------------


async def test_a_list_is_one_array_on_postgres_and_padded_elsewhere(db):
    query = people.where(person.id.is_in([1, 3, 5]))
    compiles_to(
        query,
        {
            "postgres": (
                'SELECT "person"."id" FROM "person" WHERE "person"."id" = ANY($1) ORDER BY "person"."id"',
                ([1, 3, 5],),
            ),
            "mysql": (
                "SELECT `person`.`id` FROM `person` WHERE `person`.`id` IN (%s, %s, %s, %s) ORDER BY `person`.`id`",
                (1, 3, 5, 5),
            ),
            "mariadb": (
                "SELECT `person`.`id` FROM `person` WHERE `person`.`id` IN (%s, %s, %s, %s) ORDER BY `person`.`id`",
                (1, 3, 5, 5),
            ),
            "sqlite": (
                'SELECT "person"."id" FROM "person" WHERE "person"."id" IN (?, ?, ?, ?) ORDER BY "person"."id"',
                (1, 3, 5, 5),
            ),
        },
    )
    assert await db.fetch_column(query) == [1, 3, 5]
    assert await db.fetch_column(people.where(person.id.not_in([1, 3, 5]))) == [2, 4]
    assert await db.fetch_column(people.where(~person.id.is_in([1, 3, 5]))) == [2, 4]


async def test_an_empty_list_holds_nothing(db):
    compiles_to(
        people.where(person.id.is_in([])),
        {
            "postgres": 'SELECT "person"."id" FROM "person" WHERE FALSE ORDER BY "person"."id"',
            "mysql": "SELECT `person`.`id` FROM `person` WHERE FALSE ORDER BY `person`.`id`",
            "mariadb": "SELECT `person`.`id` FROM `person` WHERE FALSE ORDER BY `person`.`id`",
            "sqlite": 'SELECT "person"."id" FROM "person" WHERE FALSE ORDER BY "person"."id"',
        },
    )
    compiles_to(
        people.where(person.id.not_in([])),
        {
            "postgres": 'SELECT "person"."id" FROM "person" WHERE TRUE ORDER BY "person"."id"',
            "mysql": "SELECT `person`.`id` FROM `person` WHERE TRUE ORDER BY `person`.`id`",
            "mariadb": "SELECT `person`.`id` FROM `person` WHERE TRUE ORDER BY `person`.`id`",
            "sqlite": 'SELECT "person"."id" FROM "person" WHERE TRUE ORDER BY "person"."id"',
        },
    )
    assert await db.fetch_column(people.where(person.id.is_in([]))) == []
    assert await db.fetch_column(people.where(person.id.not_in([]))) == [1, 2, 3, 4, 5]
    assert await db.fetch_column(people.where(~person.nickname.is_in([]))) == [1, 2, 3, 4, 5]
    assert await db.fetch_column(people.where(person.nickname.not_in(()))) == [1, 2, 3, 4, 5]


async def test_none_in_a_list_means_null(db):
    compiles_to(
        people.where(person.nickname.is_in(["Bee", None])),
        {
            "postgres": (
                'SELECT "person"."id" FROM "person" WHERE "person"."nickname" = ANY($1) OR "person"."nickname" '
                'IS NULL ORDER BY "person"."id"',
                (["Bee"],),
            ),
            "mysql": (
                "SELECT `person`.`id` FROM `person` WHERE `person`.`nickname` IN (%s) OR `person`.`nickname` "
                "IS NULL ORDER BY `person`.`id`",
                ("Bee",),
            ),
            "mariadb": (
                "SELECT `person`.`id` FROM `person` WHERE `person`.`nickname` IN (%s) OR `person`.`nickname` "
                "IS NULL ORDER BY `person`.`id`",
                ("Bee",),
            ),
            "sqlite": (
                'SELECT "person"."id" FROM "person" WHERE "person"."nickname" IN (?) OR "person"."nickname" IS NULL '
                'ORDER BY "person"."id"',
                ("Bee",),
            ),
        },
    )
    compiles_to(
        people.where(person.nickname.not_in([None, "Bee"])),
        {
            "postgres": (
                'SELECT "person"."id" FROM "person" WHERE "person"."nickname" <> ALL($1) AND "person"."nickname" IS '
                'NOT NULL ORDER BY "person"."id"',
                (["Bee"],),
            ),
            "mysql": (
                "SELECT `person`.`id` FROM `person` WHERE `person`.`nickname` NOT IN (%s) AND `person`.`nickname` IS "
                "NOT NULL ORDER BY `person`.`id`",
                ("Bee",),
            ),
            "mariadb": (
                "SELECT `person`.`id` FROM `person` WHERE `person`.`nickname` NOT IN (%s) AND `person`.`nickname` IS "
                "NOT NULL ORDER BY `person`.`id`",
                ("Bee",),
            ),
            "sqlite": (
                'SELECT "person"."id" FROM "person" WHERE "person"."nickname" NOT IN (?) AND "person"."nickname" IS '
                'NOT NULL ORDER BY "person"."id"',
                ("Bee",),
            ),
        },
    )
    assert await db.fetch_column(people.where(person.nickname.is_in(["Bee", None]))) == [1, 2, 3, 5]
    assert await db.fetch_column(people.where(person.nickname.not_in([None, "Bee"]))) == [4]
    assert await db.fetch_column(people.where(person.nickname.is_in([None]))) == [1, 3, 5]
    assert await db.fetch_column(people.where(person.nickname.not_in([None]))) == [2, 4]
    assert await db.fetch_column(people.where(person.id == 1, person.nickname.is_in(["Bee", None]))) == [1]


@pytest.mark.parametrize(
    "values", [{1, 2}, (1, 2), iter([1, 2]), (n for n in (1, 2)), range(1, 3), {1: "a", 2: "b"}.keys()]
)
def test_any_iterable_is_a_list(values: Any):
    assert people.where(person.id.is_in(values)).compile("postgres").parameters == ([1, 2],)


@pytest.mark.parametrize("values", ["Bee", b"Bee", 7, None, person.id])
def test_one_value_is_no_list(values: Any):
    with pytest.raises(BuildError, match="one value goes into a list"):
        person.first_name.is_in(values)


async def test_expressions_stand_in_lists(db):
    query = people.where(person.id.is_in([person.mother_id + 1, 5]))
    compiles_to(
        query,
        {
            "postgres": (
                'SELECT "person"."id" FROM "person" WHERE "person"."id" IN ("person"."mother_id" + $1, $2) '
                'ORDER BY "person"."id"',
                (1, 5),
            ),
            "mysql": (
                "SELECT `person`.`id` FROM `person` WHERE `person`.`id` IN (`person`.`mother_id` + %s, %s) "
                "ORDER BY `person`.`id`",
                (1, 5),
            ),
            "mariadb": (
                "SELECT `person`.`id` FROM `person` WHERE `person`.`id` IN (`person`.`mother_id` + %s, %s) "
                "ORDER BY `person`.`id`",
                (1, 5),
            ),
            "sqlite": (
                'SELECT "person"."id" FROM "person" WHERE "person"."id" IN ("person"."mother_id" + ?, ?) '
                'ORDER BY "person"."id"',
                (1, 5),
            ),
        },
    )
    assert await db.fetch_column(query) == [2, 5]


@pytest.mark.parametrize("count", [1, 2, 3, 1_000, 1_025, 40_000])
async def test_lists_of_any_length(db, count):
    ids = [*range(100_000, 100_000 + count - 1), 3]
    assert await db.fetch_column(people.where(person.id.is_in(ids))) == [3]
    assert await db.fetch_column(people.where(person.id.not_in(ids))) == [1, 2, 4, 5]
    names = [*(f"n{number}" for number in range(count - 1)), "Cem"]
    assert await db.fetch_column(people.where(person.first_name.is_in(names))) == [3]


@pytest.mark.parametrize("item", [1.5, decimal.Decimal("1.5"), uuid.UUID(int=7), dt.date(2020, 2, 29), True, b"x"])
async def test_long_lists_of_other_types(db, item):
    known = value(item)
    assert await db.fetch_value(select(known.is_in([item] * 2_000).as_("found"))) is True


async def test_the_text_of_a_long_list_does_not_change_with_its_length():
    for dialect in ("postgres", "mysql", "mariadb", "sqlite"):
        texts = {people.where(person.id.is_in(list(range(count)))).compile(dialect).sql for count in range(513, 1025)}
        assert len(texts) == 1


async def test_a_query_of_one_column_is_a_list(db):
    query = people.where(person.id.is_in(select_from(pet).select(pet.owner_id).where(pet.species == "cat")))
    compiles_to(
        query,
        {
            "postgres": (
                'SELECT "person"."id" FROM "person" WHERE "person"."id" IN (SELECT "pet"."owner_id" FROM "pet" '
                'WHERE "pet"."species" = $1) ORDER BY "person"."id"',
                ("cat",),
            ),
            "mysql": (
                "SELECT `person`.`id` FROM `person` WHERE `person`.`id` IN (SELECT `pet`.`owner_id` FROM `pet` "
                "WHERE `pet`.`species` = %s) ORDER BY `person`.`id`",
                ("cat",),
            ),
            "mariadb": (
                "SELECT `person`.`id` FROM `person` WHERE `person`.`id` IN (SELECT `pet`.`owner_id` FROM `pet` "
                "WHERE `pet`.`species` = %s) ORDER BY `person`.`id`",
                ("cat",),
            ),
            "sqlite": (
                'SELECT "person"."id" FROM "person" WHERE "person"."id" IN (SELECT "pet"."owner_id" FROM "pet" '
                'WHERE "pet"."species" = ?) ORDER BY "person"."id"',
                ("cat",),
            ),
        },
    )
    assert await db.fetch_column(query) == [2, 3]
    owners = select_from(pet).select(pet.owner_id)
    assert await db.fetch_column(people.where(person.id.not_in(owners))) == [1, 5]
    assert await db.fetch_column(people.where(~person.id.is_in(owners))) == [1, 5]


# -- texts ---------------------------------------------------------------------------------------------------------


async def test_like_takes_wildcards(db):
    query = pets.where(pet.name.like("%e%"))
    compiles_to(
        query,
        {
            "postgres": ('SELECT "pet"."name" FROM "pet" WHERE "pet"."name" LIKE $1 ORDER BY "pet"."id"', ("%e%",)),
            "mysql": ("SELECT `pet`.`name` FROM `pet` WHERE `pet`.`name` LIKE %s ORDER BY `pet`.`id`", ("%e%",)),
            "mariadb": ("SELECT `pet`.`name` FROM `pet` WHERE `pet`.`name` LIKE %s ORDER BY `pet`.`id`", ("%e%",)),
            "sqlite": ('SELECT "pet"."name" FROM "pet" WHERE "pet"."name" LIKE ? ORDER BY "pet"."id"', ("%e%",)),
        },
    )
    assert await db.fetch_column(query) == ["Rex", "Felix", "Bella"]
    assert await db.fetch_column(pets.where(pet.name.not_like("%e%"))) == ["Minka", "Amy"]
    assert await db.fetch_column(pets.where(~pet.name.like("%e%"))) == ["Minka", "Amy"]


async def test_ilike_does_not_mind_case(db):
    query = pets.where(pet.name.ilike("%EX"))
    compiles_to(
        query,
        {
            "postgres": ('SELECT "pet"."name" FROM "pet" WHERE "pet"."name" ILIKE $1 ORDER BY "pet"."id"', ("%EX",)),
            "mysql": (
                "SELECT `pet`.`name` FROM `pet` WHERE LOWER(`pet`.`name`) LIKE LOWER(%s) ORDER BY `pet`.`id`",
                ("%EX",),
            ),
            "mariadb": (
                "SELECT `pet`.`name` FROM `pet` WHERE LOWER(`pet`.`name`) LIKE LOWER(%s) ORDER BY `pet`.`id`",
                ("%EX",),
            ),
            "sqlite": (
                'SELECT "pet"."name" FROM "pet" WHERE LOWER("pet"."name") LIKE LOWER(?) ORDER BY "pet"."id"',
                ("%EX",),
            ),
        },
    )
    assert await db.fetch_column(query) == ["Rex"]
    assert await db.fetch_column(pets.where(pet.name.not_ilike("%A"))) == ["Rex", "Felix", "Amy"]


@pytest.mark.parametrize("text", ["%", "_", "\\", "!", "100%", "a_b", "!%", "\\%", "!!", "'", "%s", "["])
async def test_wildcards_in_a_text_of_the_user_mean_themselves(db, text):
    word = value(f"<{text}>")
    query = select(
        word.starts_with("<" + text).as_("starts"),
        word.ends_with(text + ">").as_("ends"),
        word.has_substring(text).as_("has"),
        value("<x>").has_substring(text).as_("other"),
        value(f"<{text}y").starts_with(f"<{text}z").as_("unequal"),
    )
    assert await db.fetch_one(query) == {"starts": True, "ends": True, "has": True, "other": False, "unequal": False}


def test_escapes_in_each_dialect():
    compiles_to(
        pets.where(pet.name.starts_with("50%_!")),
        {
            "postgres": (
                'SELECT "pet"."name" FROM "pet" WHERE "pet"."name" LIKE $1 ESCAPE \'!\' ORDER BY "pet"."id"',
                ("50!%!_!!%",),
            ),
            "mysql": (
                "SELECT `pet`.`name` FROM `pet` WHERE `pet`.`name` LIKE %s ESCAPE '!' ORDER BY `pet`.`id`",
                ("50!%!_!!%",),
            ),
            "mariadb": (
                "SELECT `pet`.`name` FROM `pet` WHERE `pet`.`name` LIKE %s ESCAPE '!' ORDER BY `pet`.`id`",
                ("50!%!_!!%",),
            ),
            "sqlite": (
                'SELECT "pet"."name" FROM "pet" WHERE "pet"."name" LIKE ? ESCAPE \'!\' ORDER BY "pet"."id"',
                ("50!%!_!!%",),
            ),
        },
    )
    with pytest.raises(BuildError, match="take a str or an expression, not int"):
        pet.name.starts_with(5)  # type: ignore[arg-type]


# -- logic ---------------------------------------------------------------------------------------------------------


async def test_parentheses_follow_from_the_operators(db):
    one, two, three = person.id == 1, person.id == 2, person.id == 3
    both = (one | two) & ~(two | three)
    compiles_to(
        people.where(both),
        {
            "postgres": (
                'SELECT "person"."id" FROM "person" WHERE ("person"."id" = $1 OR "person"."id" = $2) AND '
                'NOT ("person"."id" = $3 OR "person"."id" = $4) ORDER BY "person"."id"',
                (1, 2, 2, 3),
            ),
            "mysql": (
                "SELECT `person`.`id` FROM `person` WHERE (`person`.`id` = %s OR `person`.`id` = %s) AND "
                "NOT (`person`.`id` = %s OR `person`.`id` = %s) ORDER BY `person`.`id`",
                (1, 2, 2, 3),
            ),
            "mariadb": (
                "SELECT `person`.`id` FROM `person` WHERE (`person`.`id` = %s OR `person`.`id` = %s) AND "
                "NOT (`person`.`id` = %s OR `person`.`id` = %s) ORDER BY `person`.`id`",
                (1, 2, 2, 3),
            ),
            "sqlite": (
                'SELECT "person"."id" FROM "person" WHERE ("person"."id" = ? OR "person"."id" = ?) AND '
                'NOT ("person"."id" = ? OR "person"."id" = ?) ORDER BY "person"."id"',
                (1, 2, 2, 3),
            ),
        },
    )
    assert await db.fetch_column(people.where(both)) == [1]
    compiles_to(
        people.where(one | two & three),
        {
            "postgres": (
                'SELECT "person"."id" FROM "person" WHERE "person"."id" = $1 OR "person"."id" = $2 '
                'AND "person"."id" = $3 ORDER BY "person"."id"',
                (1, 2, 3),
            ),
            "mysql": (
                "SELECT `person`.`id` FROM `person` WHERE `person`.`id` = %s OR `person`.`id` = %s "
                "AND `person`.`id` = %s ORDER BY `person`.`id`",
                (1, 2, 3),
            ),
            "mariadb": (
                "SELECT `person`.`id` FROM `person` WHERE `person`.`id` = %s OR `person`.`id` = %s "
                "AND `person`.`id` = %s ORDER BY `person`.`id`",
                (1, 2, 3),
            ),
            "sqlite": (
                'SELECT "person"."id" FROM "person" WHERE "person"."id" = ? OR "person"."id" = ? '
                'AND "person"."id" = ? ORDER BY "person"."id"',
                (1, 2, 3),
            ),
        },
    )
    assert await db.fetch_column(people.where(one | two & three)) == [1]
    assert await db.fetch_column(people.where(one | two, two | three)) == [2]
    assert await db.fetch_column(people.where((one | two) == (two | three))) == [2, 4, 5]
    assert await db.fetch_column(people.where(~(~one & ~two))) == [1, 2]


async def test_and_or_not_as_functions(db):
    compiles_to(
        people.where(and_(person.id > 1, or_(person.id < 3, person.id == 5), not_(person.id == 4))),
        {
            "postgres": (
                'SELECT "person"."id" FROM "person" WHERE "person"."id" > $1 AND ("person"."id" < $2 '
                'OR "person"."id" = $3) AND NOT ("person"."id" = $4) ORDER BY "person"."id"',
                (1, 3, 5, 4),
            ),
            "mysql": (
                "SELECT `person`.`id` FROM `person` WHERE `person`.`id` > %s AND (`person`.`id` < %s "
                "OR `person`.`id` = %s) AND NOT (`person`.`id` = %s) ORDER BY `person`.`id`",
                (1, 3, 5, 4),
            ),
            "mariadb": (
                "SELECT `person`.`id` FROM `person` WHERE `person`.`id` > %s AND (`person`.`id` < %s "
                "OR `person`.`id` = %s) AND NOT (`person`.`id` = %s) ORDER BY `person`.`id`",
                (1, 3, 5, 4),
            ),
            "sqlite": (
                'SELECT "person"."id" FROM "person" WHERE "person"."id" > ? AND ("person"."id" < ? '
                'OR "person"."id" = ?) AND NOT ("person"."id" = ?) ORDER BY "person"."id"',
                (1, 3, 5, 4),
            ),
        },
    )
    assert await db.fetch_column(people.where(and_(person.id > 1, or_(person.id < 3, person.id == 5)))) == [2, 5]
    assert await db.fetch_column(people.where(and_())) == [1, 2, 3, 4, 5]
    assert await db.fetch_column(people.where(or_())) == []
    assert await db.fetch_column(people.where(and_(or_(), and_()))) == []
    assert await db.fetch_column(people.where(not_(or_(person.nickname == "Bee")))) == [4]


async def test_conditions_are_values_too(db):
    query = select_from(person).select((person.birth_year > 1976).as_("young")).order_by(person.id)
    compiles_to(
        query,
        {
            "postgres": ('SELECT "person"."birth_year" > $1 AS "young" FROM "person" ORDER BY "person"."id"', (1976,)),
            "mysql": ("SELECT `person`.`birth_year` > %s AS `young` FROM `person` ORDER BY `person`.`id`", (1976,)),
            "mariadb": ("SELECT `person`.`birth_year` > %s AS `young` FROM `person` ORDER BY `person`.`id`", (1976,)),
            "sqlite": ('SELECT "person"."birth_year" > ? AS "young" FROM "person" ORDER BY "person"."id"', (1976,)),
        },
    )
    assert await db.fetch_column(query) == [False, False, True, True, None]


def test_python_cannot_lose_a_condition():
    a: Any = person.id == 1
    b: Any = person.id == 2
    with pytest.raises(TypeError, match="combine conditions with"):
        a and b  # noqa: B018
    with pytest.raises(TypeError, match="combine conditions with"):
        not a  # noqa: B018
    with pytest.raises(TypeError):
        1 < person.id < 5  # noqa: B015
    with pytest.raises(TypeError):
        7 in person.id  # type: ignore[operator]  # noqa: B015
    with pytest.raises(TypeError):
        list(person.id)  # type: ignore[call-overload]
    with pytest.raises(TypeError):
        person.id in [person.mother_id, person.id]  # noqa: B015
    with pytest.raises(TypeError):
        bool(people)


@pytest.mark.parametrize("given", [True, False, None, 1, "id = 1", people])
def test_a_condition_is_a_condition(given: Any):
    for build in (
        people.where,
        people.having,
        and_,
        or_,
        not_,
        lambda it: people.inner_join(pet, it),
        fn.count().filter_where,
    ):
        with pytest.raises(BuildError, match="condition"):
            build(given)


# -- arithmetic ----------------------------------------------------------------------------------------------------


async def test_arithmetic_keeps_its_order(db):
    n = person.id
    query = select_from(person).select(
        (n + 2 * n).as_("a"),
        ((n + 2) * n).as_("b"),
        (n - (n - 1)).as_("c"),
        (10 - n - 1).as_("d"),
        (-n).as_("e"),
        (-(-n)).as_("f"),  # noqa: B002
        (-(n + 1)).as_("g"),
        (7 % (n + 2)).as_("h"),
        (n * (6 % n)).as_("i"),
    ).where(n == 3)  # fmt: skip
    compiles_to(
        query,
        {
            "postgres": (
                'SELECT "person"."id" + $1 * "person"."id" AS "a", ("person"."id" + $2) * "person"."id" AS "b", '
                '"person"."id" - ("person"."id" - $3) AS "c", $4 - "person"."id" - $5 AS "d", -"person"."id" AS "e", '
                '-(-"person"."id") AS "f", -("person"."id" + $6) AS "g", $7 % ("person"."id" + $8) AS "h", '
                '"person"."id" * ($9 % "person"."id") AS "i" FROM "person" WHERE "person"."id" = $10',
                (2, 2, 1, 10, 1, 1, 7, 2, 6, 3),
            ),
            "mysql": (
                "SELECT `person`.`id` + %s * `person`.`id` AS `a`, (`person`.`id` + %s) * `person`.`id` AS `b`, "
                "`person`.`id` - (`person`.`id` - %s) AS `c`, %s - `person`.`id` - %s AS `d`, -`person`.`id` AS `e`, "
                "-(-`person`.`id`) AS `f`, -(`person`.`id` + %s) AS `g`, %s %% (`person`.`id` + %s) AS `h`, "
                "`person`.`id` * (%s %% `person`.`id`) AS `i` FROM `person` WHERE `person`.`id` = %s",
                (2, 2, 1, 10, 1, 1, 7, 2, 6, 3),
            ),
            "mariadb": (
                "SELECT `person`.`id` + %s * `person`.`id` AS `a`, (`person`.`id` + %s) * `person`.`id` AS `b`, "
                "`person`.`id` - (`person`.`id` - %s) AS `c`, %s - `person`.`id` - %s AS `d`, -`person`.`id` AS `e`, "
                "-(-`person`.`id`) AS `f`, -(`person`.`id` + %s) AS `g`, %s %% (`person`.`id` + %s) AS `h`, "
                "`person`.`id` * (%s %% `person`.`id`) AS `i` FROM `person` WHERE `person`.`id` = %s",
                (2, 2, 1, 10, 1, 1, 7, 2, 6, 3),
            ),
            "sqlite": (
                'SELECT "person"."id" + ? * "person"."id" AS "a", ("person"."id" + ?) * "person"."id" AS "b", '
                '"person"."id" - ("person"."id" - ?) AS "c", ? - "person"."id" - ? AS "d", -"person"."id" AS "e", '
                '-(-"person"."id") AS "f", -("person"."id" + ?) AS "g", ? % ("person"."id" + ?) AS "h", '
                '"person"."id" * (? % "person"."id") AS "i" FROM "person" WHERE "person"."id" = ?',
                (2, 2, 1, 10, 1, 1, 7, 2, 6, 3),
            ),
        },
    )
    assert await db.fetch_one(query) == {"a": 9, "b": 15, "c": 1, "d": 6, "e": -3, "f": 3, "g": -4, "h": 2, "i": 0}


async def test_negative_values_stay_values(db):
    query = select(
        (-value(-1)).as_("a"), (value(1) - -1).as_("b"), (2 * value(-3)).as_("c"), (-(value(-1) - 1)).as_("d")
    )
    assert await db.fetch_one(query) == {"a": 1, "b": 2, "c": -6, "d": 2}


async def test_division(db):
    query = (
        select_from(pet)
        .select((pet.weight / 3).as_("third"), (pet.weight / (pet.weight / 2)).as_("two"))
        .where(pet.id == 10)
    )
    compiles_to(
        query,
        {
            "postgres": (
                'SELECT "pet"."weight" / $1 AS "third", "pet"."weight" / ("pet"."weight" / $2) AS "two" FROM "pet" '
                'WHERE "pet"."id" = $3',
                (3, 2, 10),
            ),
            "mysql": (
                "SELECT `pet`.`weight` / %s AS `third`, `pet`.`weight` / (`pet`.`weight` / %s) AS `two` FROM `pet` "
                "WHERE `pet`.`id` = %s",
                (3, 2, 10),
            ),
            "mariadb": (
                "SELECT `pet`.`weight` / %s AS `third`, `pet`.`weight` / (`pet`.`weight` / %s) AS `two` FROM `pet` "
                "WHERE `pet`.`id` = %s",
                (3, 2, 10),
            ),
            "sqlite": (
                'SELECT "pet"."weight" / ? AS "third", "pet"."weight" / ("pet"."weight" / ?) AS "two" FROM "pet" '
                'WHERE "pet"."id" = ?',
                (3, 2, 10),
            ),
        },
    )
    assert await db.fetch_one(query) == {"third": 10.5, "two": 2.0}


async def test_a_float_beside_an_integer_is_not_cut(db):
    ids = table("pet")
    found = select_from(ids).select(ids.id).where(ids.id > 12.9, ids.id < 13.5)
    compiles_to(
        found,
        {
            "postgres": (
                'SELECT "pet"."id" FROM "pet" WHERE "pet"."id" > $1::double precision '
                'AND "pet"."id" < $2::double precision',
                (12.9, 13.5),
            ),
            "mysql": ("SELECT `pet`.`id` FROM `pet` WHERE `pet`.`id` > %s AND `pet`.`id` < %s", (12.9, 13.5)),
            "mariadb": ("SELECT `pet`.`id` FROM `pet` WHERE `pet`.`id` > %s AND `pet`.`id` < %s", (12.9, 13.5)),
            "sqlite": ('SELECT "pet"."id" FROM "pet" WHERE "pet"."id" > ? AND "pet"."id" < ?', (12.9, 13.5)),
        },
    )
    assert await db.fetch_column(found) == [13]
    assert await db.fetch_column(select_from(ids).select(ids.id).where(ids.id == 13.5)) == []
    assert await db.fetch_column(select_from(ids).select(ids.id).where(ids.id.is_in([13.5, 13.9]))) == []
    assert await db.fetch_column(
        select_from(ids).select(ids.id).where(ids.id.between(12.9, decimal.Decimal("13.5")))
    ) == [13]
    assert await db.fetch_value(select_from(ids).select((ids.id + 0.5).as_("n")).where(ids.id == 13)) == 13.5
    assert await db.fetch_column(
        select_from(ids).select(ids.id).where(ids.id >= case().when(ids.id > 0, 13.5).else_(1.5))
    ) == [14]


# -- types ---------------------------------------------------------------------------------------------------------


class Colour(enum.Enum):
    RED = "red"


class Typed(Table, name="typed"):
    truth: Column[bool]
    count: Column[int]
    ratio: Column[float]
    amount: Column[decimal.Decimal]
    word: Column[str]
    blob: Column[bytes]
    day: Column[dt.date]
    local: Column[dt.datetime]
    key: Column[uuid.UUID]
    colour: Column[Colour]


typed = Typed()


@pytest.mark.parametrize(
    ("column", "wrong"),
    [
        ("truth", 1),
        ("count", True),
        ("count", "1"),
        ("count", 1.0),
        ("ratio", "1.5"),
        ("ratio", True),
        ("amount", 1.5),
        ("word", 7),
        ("word", b"x"),
        ("blob", "x"),
        ("day", dt.datetime(2020, 1, 1)),
        ("local", dt.datetime(2020, 1, 1, tzinfo=dt.UTC)),
        ("local", dt.date(2020, 1, 1)),
        ("key", "00000000-0000-0000-0000-000000000007"),
        ("colour", "red"),
        ("word", ["a"]),
    ],
)
def test_a_value_of_another_type_is_refused_when_it_is_built(column, wrong):
    known = typed[column]
    for build in (
        lambda: known == wrong,
        lambda: known != wrong,
        lambda: known < wrong,
        lambda: known.between(wrong, wrong),
        lambda: known.is_in([wrong]),
        lambda: known.is_in([None, wrong]),
        lambda: known.is_distinct_from(wrong),
        lambda: fn.coalesce(known, wrong),
    ):
        with pytest.raises(BuildError, match=rf"typed\.{column} takes") as caught:
            build()
        assert repr(wrong) not in str(caught.value)


@pytest.mark.parametrize(
    ("column", "right"),
    [
        ("truth", True),
        ("count", 2**62),
        ("ratio", 1),
        ("amount", 3),
        ("amount", decimal.Decimal("1.10")),
        ("word", ""),
        ("blob", bytearray(b"x")),
        ("day", dt.date(2020, 1, 1)),
        ("local", dt.datetime(2020, 1, 1)),
        ("key", uuid.UUID(int=7)),
        ("colour", Colour.RED),
    ],
)
def test_a_value_of_the_type_is_bound_as_it_is(column, right):
    query = select_from(typed).select(typed.count).where(typed[column] == right)
    for dialect in ("postgres", "mysql", "mariadb", "sqlite"):
        assert query.compile(dialect).parameters == (right,)
        assert query.compile(dialect).parameters[0] is right


async def test_values_select_as_what_they_are(db):
    query = select(
        value(1).as_("one"),
        value(True).as_("yes"),
        value("it's").as_("word"),
        value(None).as_("nothing"),
        value(0.5).as_("half"),
    )
    compiles_to(
        query,
        {
            "postgres": (
                'SELECT $1::bigint AS "one", $2::boolean AS "yes", $3::text AS "word", NULL AS "nothing", '
                '$4::double precision AS "half"',
                (1, True, "it's", 0.5),
            ),
            "mysql": (
                "SELECT %s AS `one`, %s AS `yes`, %s AS `word`, NULL AS `nothing`, %s AS `half`",
                (1, True, "it's", 0.5),
            ),
            "mariadb": (
                "SELECT %s AS `one`, %s AS `yes`, %s AS `word`, NULL AS `nothing`, %s AS `half`",
                (1, True, "it's", 0.5),
            ),
            "sqlite": (
                'SELECT ? AS "one", ? AS "yes", ? AS "word", NULL AS "nothing", ? AS "half"',
                (1, True, "it's", 0.5),
            ),
        },
    )
    assert await db.fetch_one(query) == {"one": 1, "yes": True, "word": "it's", "nothing": None, "half": 0.5}


async def test_casts(db):
    query = select_from(person).select(
        cast(person.id, str).as_("text"),
        cast("12", int).as_("number"),
        cast(person.id, float).as_("ratio"),
    ).where(person.id == 1)  # fmt: skip
    compiles_to(
        query,
        {
            "postgres": (
                'SELECT CAST("person"."id" AS text) AS "text", CAST($1::text AS bigint) AS "number", '
                'CAST("person"."id" AS double precision) AS "ratio" FROM "person" WHERE "person"."id" = $2',
                ("12", 1),
            ),
            "mysql": (
                "SELECT CAST(`person`.`id` AS CHAR) AS `text`, CAST(%s AS SIGNED) AS `number`, CAST(`person`.`id` "
                "AS DOUBLE) AS `ratio` FROM `person` WHERE `person`.`id` = %s",
                ("12", 1),
            ),
            "mariadb": (
                "SELECT CAST(`person`.`id` AS CHAR) AS `text`, CAST(%s AS SIGNED) AS `number`, CAST(`person`.`id` "
                "AS DOUBLE) AS `ratio` FROM `person` WHERE `person`.`id` = %s",
                ("12", 1),
            ),
            "sqlite": (
                'SELECT CAST("person"."id" AS TEXT) AS "text", CAST(? AS INTEGER) AS "number", CAST("person"."id" '
                'AS REAL) AS "ratio" FROM "person" WHERE "person"."id" = ?',
                ("12", 1),
            ),
        },
    )
    assert await db.fetch_one(query) == {"text": "1", "number": 12, "ratio": 1.0}


def test_a_cast_that_a_database_lacks_is_refused():
    compiles_to(
        select(cast("x", uuid.UUID).as_("id")),
        {
            "postgres": ('SELECT CAST($1::text AS uuid) AS "id"', ("x",)),
            "mysql": (UnsupportedError, "mysql has no CAST to UUID"),
            "mariadb": (UnsupportedError, "mariadb has no CAST to UUID"),
            "sqlite": (UnsupportedError, "sqlite has no CAST to UUID"),
        },
    )
    with pytest.raises(BuildError, match="not Any"):
        cast("x", Any)  # type: ignore[arg-type]


async def test_case_takes_the_first_branch_that_holds(db):
    size = case().when(pet.weight > 30, "large").when(pet.weight > 10, "medium").else_("small").as_("size")
    query = select_from(pet).select(pet.name, size).order_by(pet.id)
    compiles_to(
        query,
        {
            "postgres": (
                'SELECT "pet"."name", CASE WHEN "pet"."weight" > $1 THEN $2::text '
                'WHEN "pet"."weight" > $3 THEN $4::text ELSE $5::text END AS "size" FROM "pet" ORDER BY "pet"."id"',
                (30, "large", 10, "medium", "small"),
            ),
            "mysql": (
                "SELECT `pet`.`name`, CASE WHEN `pet`.`weight` > %s THEN %s WHEN `pet`.`weight` > %s THEN %s ELSE %s "
                "END AS `size` FROM `pet` ORDER BY `pet`.`id`",
                (30, "large", 10, "medium", "small"),
            ),
            "mariadb": (
                "SELECT `pet`.`name`, CASE WHEN `pet`.`weight` > %s THEN %s WHEN `pet`.`weight` > %s THEN %s ELSE %s "
                "END AS `size` FROM `pet` ORDER BY `pet`.`id`",
                (30, "large", 10, "medium", "small"),
            ),
            "sqlite": (
                'SELECT "pet"."name", CASE WHEN "pet"."weight" > ? THEN ? WHEN "pet"."weight" > ? THEN ? ELSE ? END '
                'AS "size" FROM "pet" ORDER BY "pet"."id"',
                (30, "large", 10, "medium", "small"),
            ),
        },
    )
    assert [row["size"] for row in await db.fetch_all(query)] == ["large", "small", "small", "medium", "small"]
    bare = select_from(pet).select(case().when(pet.weight > 30, pet.weight).as_("weight")).order_by(pet.id)
    assert await db.fetch_column(bare) == [31.5, None, None, None, None]


def test_case_branches_without_changing_what_it_came_from():
    base = case().when(pet.weight > 30, "large")
    first, second = base.else_("small"), base.when(pet.weight > 10, "medium")
    assert len(base.branches) == 1
    assert base.otherwise is None
    assert len(second.branches) == 2
    assert second.otherwise is None
    assert first.otherwise is not None
    compiles_to(
        select(case().as_("x")),
        {
            "postgres": (CompileError, "a CASE needs at least one .when(condition, value)"),
            "mysql": (CompileError, "a CASE needs at least one .when(condition, value)"),
            "mariadb": (CompileError, "a CASE needs at least one .when(condition, value)"),
            "sqlite": (CompileError, "a CASE needs at least one .when(condition, value)"),
        },
    )


async def test_exists(db):
    cats = select_from(pet).select(pet.id).where(pet.owner_id == person.id, pet.species == "cat")
    compiles_to(
        people.where(exists(cats)),
        {
            "postgres": (
                'SELECT "person"."id" FROM "person" WHERE EXISTS (SELECT "pet"."id" FROM "pet" '
                'WHERE "pet"."owner_id" = "person"."id" AND "pet"."species" = $1) ORDER BY "person"."id"',
                ("cat",),
            ),
            "mysql": (
                "SELECT `person`.`id` FROM `person` WHERE EXISTS (SELECT `pet`.`id` FROM `pet` "
                "WHERE `pet`.`owner_id` = `person`.`id` AND `pet`.`species` = %s) ORDER BY `person`.`id`",
                ("cat",),
            ),
            "mariadb": (
                "SELECT `person`.`id` FROM `person` WHERE EXISTS (SELECT `pet`.`id` FROM `pet` "
                "WHERE `pet`.`owner_id` = `person`.`id` AND `pet`.`species` = %s) ORDER BY `person`.`id`",
                ("cat",),
            ),
            "sqlite": (
                'SELECT "person"."id" FROM "person" WHERE EXISTS (SELECT "pet"."id" FROM "pet" '
                'WHERE "pet"."owner_id" = "person"."id" AND "pet"."species" = ?) ORDER BY "person"."id"',
                ("cat",),
            ),
        },
    )
    assert await db.fetch_column(people.where(exists(cats))) == [2, 3]
    assert await db.fetch_column(people.where(~exists(cats))) == [1, 4, 5]
    assert await db.fetch_column(people.where(not_(exists(cats)))) == [1, 4, 5]
    assert await db.fetch_value(select(exists(select_from(toy).select(toy.id)).as_("any"))) is True
    with pytest.raises(BuildError, match="exists takes a query"):
        exists("SELECT 1")


# -- aliases, parameters, types ------------------------------------------------------------------------------------


def test_naming_an_expression_makes_another():
    plain = person.id + 1
    named = plain.as_("next")
    assert plain.alias is None
    assert named.alias == "next"
    assert plain is not named


async def test_an_alias_is_the_name_of_the_column_and_not_of_the_operand(db):
    born = person.birth_year.as_("born")
    query = select_from(person).select(born).where(born > 1976).order_by(born.desc())
    compiles_to(
        query,
        {
            "postgres": (
                'SELECT "person"."birth_year" AS "born" FROM "person" WHERE "person"."birth_year" > $1 '
                'ORDER BY "born" DESC',
                (1976,),
            ),
            "mysql": (
                "SELECT `person`.`birth_year` AS `born` FROM `person` WHERE `person`.`birth_year` > %s "
                "ORDER BY `born` DESC",
                (1976,),
            ),
            "mariadb": (
                "SELECT `person`.`birth_year` AS `born` FROM `person` WHERE `person`.`birth_year` > %s "
                "ORDER BY `born` DESC",
                (1976,),
            ),
            "sqlite": (
                'SELECT "person"."birth_year" AS "born" FROM "person" WHERE "person"."birth_year" > ? '
                'ORDER BY "born" DESC',
                (1976,),
            ),
        },
    )
    assert await db.fetch_all(query) == [{"born": 2001}, {"born": 1978}]


async def test_named_parameters_are_given_when_the_query_runs(db):
    query = select_from(person).select(person.first_name).where(person.id == param("id", int))
    compiled = query.compile("postgres")
    assert compiled.sql == 'SELECT "person"."first_name" FROM "person" WHERE "person"."id" = $1'
    assert await db.fetch_value(query, parameters={"id": 2}) == "Bea"
    assert await db.fetch_value(query, parameters={"id": 3}) == "Cem"
    with pytest.raises(BuildError, match="no value for the parameter 'id'"):
        await db.fetch_value(query)
    with pytest.raises(BuildError, match="has no parameter 'idd', did you mean 'id'"):
        await db.fetch_value(query, parameters={"id": 2, "idd": 2})
    with pytest.raises(BuildError, match="the parameter 'id' takes int"):
        await db.fetch_value(query, parameters={"id": "2"})
    with pytest.raises(BuildError, match="identifier"):
        param("a b", int)


async def test_a_scalar_query_is_a_value(db):
    count = select_from(pet).select(fn.count()).where(pet.owner_id == person.id)
    query = select_from(person).select(person.id, count.as_("pets")).where(value(1) < count)
    compiles_to(
        query,
        {
            "postgres": (
                'SELECT "person"."id", (SELECT COUNT(*) FROM "pet" WHERE "pet"."owner_id" = "person"."id") AS "pets" '
                'FROM "person" WHERE $1 < (SELECT COUNT(*) FROM "pet" WHERE "pet"."owner_id" = "person"."id")',
                (1,),
            ),
            "mysql": (
                "SELECT `person`.`id`, (SELECT COUNT(*) FROM `pet` WHERE `pet`.`owner_id` = `person`.`id`) AS `pets` "
                "FROM `person` WHERE %s < (SELECT COUNT(*) FROM `pet` WHERE `pet`.`owner_id` = `person`.`id`)",
                (1,),
            ),
            "mariadb": (
                "SELECT `person`.`id`, (SELECT COUNT(*) FROM `pet` WHERE `pet`.`owner_id` = `person`.`id`) AS `pets` "
                "FROM `person` WHERE %s < (SELECT COUNT(*) FROM `pet` WHERE `pet`.`owner_id` = `person`.`id`)",
                (1,),
            ),
            "sqlite": (
                'SELECT "person"."id", (SELECT COUNT(*) FROM "pet" WHERE "pet"."owner_id" = "person"."id") AS "pets" '
                'FROM "person" WHERE ? < (SELECT COUNT(*) FROM "pet" WHERE "pet"."owner_id" = "person"."id")',
                (1,),
            ),
        },
    )
    assert await db.fetch_all(query) == [{"id": 2, "pets": 3}]
