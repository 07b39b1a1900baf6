"""SELECT: its clauses, its joins, its sub-queries, and that it never changes."""

from __future__ import annotations

from typing import Any

import pytest

from querykit import case, fn, select, select_from, table, value
from querykit.builder.select import Select
from querykit.errors import BuildError, CompileError, UnsupportedError
from tests.expected import compiles_to
from tests.sample import PEOPLE, person, pet, toy


async def test_a_select_without_from(db):
    query = select(value(1).as_("one"))
    compiles_to(
        query,
        {
            "postgres": ('SELECT $1::bigint AS "one"', (1,)),
            "mysql": ("SELECT %s AS `one`", (1,)),
            "mariadb": ("SELECT %s AS `one`", (1,)),
            "sqlite": ('SELECT ? AS "one"', (1,)),
        },
    )
    assert await db.fetch_all(query) == [{"one": 1}]


async def test_every_column_of_declared_tables(db):
    query = select_from(person).select_all().order_by(person.id)
    compiles_to(
        query,
        {
            "postgres": (
                'SELECT "person"."id", "person"."first_name", "person"."nickname", "person"."birth_year", '
                '"person"."mother_id" FROM "person" ORDER BY "person"."id"'
            ),
            "mysql": (
                "SELECT `person`.`id`, `person`.`first_name`, `person`.`nickname`, `person`.`birth_year`, "
                "`person`.`mother_id` FROM `person` ORDER BY `person`.`id`"
            ),
            "mariadb": (
                "SELECT `person`.`id`, `person`.`first_name`, `person`.`nickname`, `person`.`birth_year`, "
                "`person`.`mother_id` FROM `person` ORDER BY `person`.`id`"
            ),
            "sqlite": (
                'SELECT "person"."id", "person"."first_name", "person"."nickname", "person"."birth_year", '
                '"person"."mother_id" FROM "person" ORDER BY "person"."id"'
            ),
        },
    )
    assert await db.fetch_all(query) == PEOPLE


async def test_every_column_of_undeclared_tables(db):
    query = select_from(table("person")).select_all().where(table("person").id == 1)
    compiles_to(
        query,
        {
            "postgres": ('SELECT * FROM "person" WHERE "person"."id" = $1', (1,)),
            "mysql": ("SELECT * FROM `person` WHERE `person`.`id` = %s", (1,)),
            "mariadb": ("SELECT * FROM `person` WHERE `person`.`id` = %s", (1,)),
            "sqlite": ('SELECT * FROM "person" WHERE "person"."id" = ?', (1,)),
        },
    )
    assert await db.fetch_all(query) == PEOPLE[:1]


async def test_every_column_of_one_table_of_a_join(db):
    cats = table("pet").as_("cats")
    query = select_from(person).inner_join(cats, cats.owner_id == person.id).select_all(cats).where(cats.id == 11)
    compiles_to(
        query,
        {
            "postgres": (
                'SELECT "cats".* FROM "person" INNER JOIN "pet" AS "cats" ON "cats"."owner_id" = "person"."id" '
                'WHERE "cats"."id" = $1',
                (11,),
            ),
            "mysql": (
                "SELECT `cats`.* FROM `person` INNER JOIN `pet` AS `cats` ON `cats`.`owner_id` = `person`.`id` "
                "WHERE `cats`.`id` = %s",
                (11,),
            ),
            "mariadb": (
                "SELECT `cats`.* FROM `person` INNER JOIN `pet` AS `cats` ON `cats`.`owner_id` = `person`.`id` "
                "WHERE `cats`.`id` = %s",
                (11,),
            ),
            "sqlite": (
                'SELECT "cats".* FROM "person" INNER JOIN "pet" AS "cats" ON "cats"."owner_id" = "person"."id" '
                'WHERE "cats"."id" = ?',
                (11,),
            ),
        },
    )
    assert await db.fetch_one(query) == {"id": 11, "name": "Felix", "species": "cat", "weight": 4.25, "owner_id": 2}


async def test_conditions_are_anded_however_they_are_given(db):
    query = select_from(pet).select(pet.id).where(pet.species == "cat", pet.owner_id == 2).where(pet.id > 11)
    compiles_to(
        query,
        {
            "postgres": (
                'SELECT "pet"."id" FROM "pet" WHERE "pet"."species" = $1 AND "pet"."owner_id" = $2 AND "pet"."id" > $3',
                ("cat", 2, 11),
            ),
            "mysql": (
                "SELECT `pet`.`id` FROM `pet` WHERE `pet`.`species` = %s AND `pet`.`owner_id` = %s AND `pet`.`id` > %s",
                ("cat", 2, 11),
            ),
            "mariadb": (
                "SELECT `pet`.`id` FROM `pet` WHERE `pet`.`species` = %s AND `pet`.`owner_id` = %s AND `pet`.`id` > %s",
                ("cat", 2, 11),
            ),
            "sqlite": (
                'SELECT "pet"."id" FROM "pet" WHERE "pet"."species" = ? AND "pet"."owner_id" = ? AND "pet"."id" > ?',
                ("cat", 2, 11),
            ),
        },
    )
    assert await db.fetch_all(query) == [{"id": 14}]
    assert await db.fetch_all(query.where((pet.id == 14) | (pet.id == 1))) == [{"id": 14}]


async def test_order_with_directions_and_nulls(db):
    query = select_from(pet).select(pet.name).order_by(pet.species.desc(), pet.weight.asc(nulls="last"), pet.name)
    compiles_to(
        query,
        {
            "postgres": (
                'SELECT "pet"."name" FROM "pet" ORDER BY "pet"."species" DESC, "pet"."weight" NULLS LAST, "pet"."name"'
            ),
            "mysql": (
                "SELECT `pet`.`name` FROM `pet` ORDER BY `pet`.`species` DESC, `pet`.`weight` IS NULL, "
                "`pet`.`weight`, `pet`.`name`"
            ),
            "mariadb": (
                "SELECT `pet`.`name` FROM `pet` ORDER BY `pet`.`species` DESC, `pet`.`weight` IS NULL, "
                "`pet`.`weight`, `pet`.`name`"
            ),
            "sqlite": (
                'SELECT "pet"."name" FROM "pet" ORDER BY "pet"."species" DESC, "pet"."weight" NULLS LAST, "pet"."name"'
            ),
        },
    )
    assert await db.fetch_column(query) == ["Bella", "Rex", "Amy", "Felix", "Minka"]
    by = select_from(pet).select(pet.name)
    assert await db.fetch_column(by.order_by(pet.weight.asc(nulls="first"))) == [
        "Minka",
        "Amy",
        "Felix",
        "Bella",
        "Rex",
    ]
    assert await db.fetch_column(by.order_by(pet.weight.desc(nulls="first"))) == [
        "Minka",
        "Rex",
        "Bella",
        "Felix",
        "Amy",
    ]
    assert await db.fetch_column(by.order_by(pet.weight.desc(nulls="last"))) == [
        "Rex",
        "Bella",
        "Felix",
        "Amy",
        "Minka",
    ]
    assert await db.fetch_column(by.order_by(pet.species).order_by(pet.id.desc())) == [
        "Amy",
        "Minka",
        "Felix",
        "Bella",
        "Rex",
    ]
    assert (await db.fetch_column(by.order_by(pet.id).clear_order_by().order_by(pet.name)))[0] == "Amy"


async def test_order_by_an_expression_with_values(db):
    cats_first = case().when(pet.species == "cat", 0).else_(1)
    query = select_from(pet).select(pet.name).order_by(cats_first, pet.id)
    compiles_to(
        query,
        {
            "postgres": (
                'SELECT "pet"."name" FROM "pet" ORDER BY CASE WHEN "pet"."species" = $1 THEN $2::bigint '
                'ELSE $3::bigint END, "pet"."id"',
                ("cat", 0, 1),
            ),
            "mysql": (
                "SELECT `pet`.`name` FROM `pet` ORDER BY CASE WHEN `pet`.`species` = %s THEN %s ELSE %s END, "
                "`pet`.`id`",
                ("cat", 0, 1),
            ),
            "mariadb": (
                "SELECT `pet`.`name` FROM `pet` ORDER BY CASE WHEN `pet`.`species` = %s THEN %s ELSE %s END, "
                "`pet`.`id`",
                ("cat", 0, 1),
            ),
            "sqlite": (
                'SELECT "pet"."name" FROM "pet" ORDER BY CASE WHEN "pet"."species" = ? THEN ? ELSE ? END, "pet"."id"',
                ("cat", 0, 1),
            ),
        },
    )
    assert await db.fetch_column(query) == ["Felix", "Minka", "Amy", "Rex", "Bella"]
    nulls = cats_first.desc(nulls="last")
    assert await db.fetch_column(query.clear_order_by().order_by(nulls, pet.id)) == [
        "Rex",
        "Bella",
        "Felix",
        "Minka",
        "Amy",
    ]


async def test_order_by_a_selected_expression_names_it(db):
    label = fn.lower(pet.name).as_("label")
    query = select_from(pet).select(label).order_by(label.desc(nulls="last")).limit(2)
    compiles_to(
        query,
        {
            "postgres": (
                'SELECT LOWER("pet"."name") AS "label" FROM "pet" ORDER BY "label" DESC NULLS LAST LIMIT $1',
                (2,),
            ),
            "mysql": (
                "SELECT LOWER(`pet`.`name`) AS `label` FROM `pet` ORDER BY `label` IS NULL, `label` DESC LIMIT %s",
                (2,),
            ),
            "mariadb": (
                "SELECT LOWER(`pet`.`name`) AS `label` FROM `pet` ORDER BY `label` IS NULL, `label` DESC LIMIT %s",
                (2,),
            ),
            "sqlite": (
                'SELECT LOWER("pet"."name") AS "label" FROM "pet" ORDER BY "label" DESC NULLS LAST LIMIT ?',
                (2,),
            ),
        },
    )
    assert await db.fetch_column(query) == ["rex", "minka"]


async def test_limit_and_offset_are_bound(db):
    query = select_from(pet).select(pet.id).order_by(pet.id)
    compiles_to(
        query.limit(2).offset(1),
        {
            "postgres": ('SELECT "pet"."id" FROM "pet" ORDER BY "pet"."id" LIMIT $1 OFFSET $2', (2, 1)),
            "mysql": ("SELECT `pet`.`id` FROM `pet` ORDER BY `pet`.`id` LIMIT %s OFFSET %s", (2, 1)),
            "mariadb": ("SELECT `pet`.`id` FROM `pet` ORDER BY `pet`.`id` LIMIT %s OFFSET %s", (2, 1)),
            "sqlite": ('SELECT "pet"."id" FROM "pet" ORDER BY "pet"."id" LIMIT ? OFFSET ?', (2, 1)),
        },
    )
    compiles_to(
        query.offset(3),
        {
            "postgres": ('SELECT "pet"."id" FROM "pet" ORDER BY "pet"."id" OFFSET $1', (3,)),
            "mysql": ("SELECT `pet`.`id` FROM `pet` ORDER BY `pet`.`id` LIMIT 18446744073709551615 OFFSET %s", (3,)),
            "mariadb": ("SELECT `pet`.`id` FROM `pet` ORDER BY `pet`.`id` LIMIT 18446744073709551615 OFFSET %s", (3,)),
            "sqlite": ('SELECT "pet"."id" FROM "pet" ORDER BY "pet"."id" LIMIT -1 OFFSET ?', (3,)),
        },
    )
    assert await db.fetch_column(query.limit(2)) == [10, 11]
    assert await db.fetch_column(query.limit(2).offset(1)) == [11, 12]
    assert await db.fetch_column(query.offset(3)) == [13, 14]
    assert await db.fetch_column(query.limit(0)) == []
    assert await db.fetch_column(query.offset(99)) == []
    assert await db.fetch_column(query.limit(1).limit(3).offset(4).offset(1)) == [11, 12, 13]
    assert await db.fetch_column(query.limit(1).offset(1).clear_limit().clear_offset()) == [10, 11, 12, 13, 14]


async def test_distinct(db):
    query = select_from(pet).select(pet.species).distinct().order_by(pet.species)
    compiles_to(
        query,
        {
            "postgres": 'SELECT DISTINCT "pet"."species" FROM "pet" ORDER BY "pet"."species"',
            "mysql": "SELECT DISTINCT `pet`.`species` FROM `pet` ORDER BY `pet`.`species`",
            "mariadb": "SELECT DISTINCT `pet`.`species` FROM `pet` ORDER BY `pet`.`species`",
            "sqlite": 'SELECT DISTINCT "pet"."species" FROM "pet" ORDER BY "pet"."species"',
        },
    )
    assert await db.fetch_column(query) == ["cat", "dog"]


async def test_groups(db):
    count = fn.count().as_("count")
    query = (
        select_from(pet)
        .select(pet.species, count, fn.max(pet.weight).as_("heaviest"))
        .group_by(pet.species)
        .having(fn.count() > 1, fn.min(pet.id) > 0)
        .order_by(count.desc())
    )
    compiles_to(
        query,
        {
            "postgres": (
                'SELECT "pet"."species", COUNT(*) AS "count", MAX("pet"."weight") AS "heaviest" FROM "pet" '
                'GROUP BY "pet"."species" HAVING COUNT(*) > $1 AND MIN("pet"."id") > $2 ORDER BY "count" DESC',
                (1, 0),
            ),
            "mysql": (
                "SELECT `pet`.`species`, COUNT(*) AS `count`, MAX(`pet`.`weight`) AS `heaviest` FROM `pet` "
                "GROUP BY `pet`.`species` HAVING COUNT(*) > %s AND MIN(`pet`.`id`) > %s ORDER BY `count` DESC",
                (1, 0),
            ),
            "mariadb": (
                "SELECT `pet`.`species`, COUNT(*) AS `count`, MAX(`pet`.`weight`) AS `heaviest` FROM `pet` "
                "GROUP BY `pet`.`species` HAVING COUNT(*) > %s AND MIN(`pet`.`id`) > %s ORDER BY `count` DESC",
                (1, 0),
            ),
            "sqlite": (
                'SELECT "pet"."species", COUNT(*) AS "count", MAX("pet"."weight") AS "heaviest" FROM "pet" '
                'GROUP BY "pet"."species" HAVING COUNT(*) > ? AND MIN("pet"."id") > ? ORDER BY "count" DESC',
                (1, 0),
            ),
        },
    )
    assert await db.fetch_all(query) == [
        {"species": "cat", "count": 3, "heaviest": 4.25},
        {"species": "dog", "count": 2, "heaviest": 31.5},
    ]
    assert await db.fetch_all(query.having(fn.count() > 2)) == [{"species": "cat", "count": 3, "heaviest": 4.25}]
    assert await db.fetch_all(select_from(pet).select(count).having(fn.count() > 99)) == []


async def test_groups_by_a_selected_expression_with_values(db):
    size = case().when(pet.weight > 10, "large").else_("small").as_("size")
    query = select_from(pet).select(size, fn.count().as_("count")).group_by(size).order_by(size)
    compiles_to(
        query,
        {
            "postgres": (
                'SELECT CASE WHEN "pet"."weight" > $1 THEN $2::text ELSE $3::text END AS "size", COUNT(*) AS "count" '
                'FROM "pet" GROUP BY 1 ORDER BY "size"',
                (10, "large", "small"),
            ),
            "mysql": (
                "SELECT CASE WHEN `pet`.`weight` > %s THEN %s ELSE %s END AS `size`, COUNT(*) AS `count` FROM `pet` "
                "GROUP BY 1 ORDER BY `size`",
                (10, "large", "small"),
            ),
            "mariadb": (
                "SELECT CASE WHEN `pet`.`weight` > %s THEN %s ELSE %s END AS `size`, COUNT(*) AS `count` FROM `pet` "
                "GROUP BY 1 ORDER BY `size`",
                (10, "large", "small"),
            ),
            "sqlite": (
                'SELECT CASE WHEN "pet"."weight" > ? THEN ? ELSE ? END AS "size", COUNT(*) AS "count" FROM "pet" '
                'GROUP BY 1 ORDER BY "size"',
                (10, "large", "small"),
            ),
        },
    )
    assert await db.fetch_all(query) == [{"size": "large", "count": 2}, {"size": "small", "count": 3}]


# -- joins ---------------------------------------------------------------------------------------------------------


async def test_inner_join(db):
    query = (
        select_from(person)
        .inner_join(pet, pet.owner_id == person.id, pet.species == "dog")
        .inner_join(toy, toy.pet_id == pet.id)
        .select(person.first_name, pet.name, toy.name.as_("toy"))
        .order_by(toy.id)
    )
    compiles_to(
        query,
        {
            "postgres": (
                'SELECT "person"."first_name", "pet"."name", "toy"."name" AS "toy" FROM "person" '
                'INNER JOIN "pet" ON "pet"."owner_id" = "person"."id" AND "pet"."species" = $1 '
                'INNER JOIN "toy" ON "toy"."pet_id" = "pet"."id" ORDER BY "toy"."id"',
                ("dog",),
            ),
            "mysql": (
                "SELECT `person`.`first_name`, `pet`.`name`, `toy`.`name` AS `toy` FROM `person` "
                "INNER JOIN `pet` ON `pet`.`owner_id` = `person`.`id` AND `pet`.`species` = %s "
                "INNER JOIN `toy` ON `toy`.`pet_id` = `pet`.`id` ORDER BY `toy`.`id`",
                ("dog",),
            ),
            "mariadb": (
                "SELECT `person`.`first_name`, `pet`.`name`, `toy`.`name` AS `toy` FROM `person` "
                "INNER JOIN `pet` ON `pet`.`owner_id` = `person`.`id` AND `pet`.`species` = %s "
                "INNER JOIN `toy` ON `toy`.`pet_id` = `pet`.`id` ORDER BY `toy`.`id`",
                ("dog",),
            ),
            "sqlite": (
                'SELECT "person"."first_name", "pet"."name", "toy"."name" AS "toy" FROM "person" '
                'INNER JOIN "pet" ON "pet"."owner_id" = "person"."id" AND "pet"."species" = ? '
                'INNER JOIN "toy" ON "toy"."pet_id" = "pet"."id" ORDER BY "toy"."id"',
                ("dog",),
            ),
        },
    )
    assert await db.fetch_all(query) == [
        {"first_name": "Bea", "name": "Rex", "toy": "ball"},
        {"first_name": "Bea", "name": "Rex", "toy": "bone"},
        {"first_name": "Dora", "name": "Bella", "toy": "ball"},
    ]


async def test_left_join_keeps_rows_without_a_match(db):
    query = (
        select_from(person)
        .left_join(pet, pet.owner_id == person.id)
        .select(person.first_name)
        .where(pet.id.is_null())
        .order_by(person.id)
    )
    compiles_to(
        query,
        {
            "postgres": (
                'SELECT "person"."first_name" FROM "person" LEFT JOIN "pet" ON "pet"."owner_id" = "person"."id" '
                'WHERE "pet"."id" IS NULL ORDER BY "person"."id"'
            ),
            "mysql": (
                "SELECT `person`.`first_name` FROM `person` LEFT JOIN `pet` ON `pet`.`owner_id` = `person`.`id` "
                "WHERE `pet`.`id` IS NULL ORDER BY `person`.`id`"
            ),
            "mariadb": (
                "SELECT `person`.`first_name` FROM `person` LEFT JOIN `pet` ON `pet`.`owner_id` = `person`.`id` "
                "WHERE `pet`.`id` IS NULL ORDER BY `person`.`id`"
            ),
            "sqlite": (
                'SELECT "person"."first_name" FROM "person" LEFT JOIN "pet" ON "pet"."owner_id" = "person"."id" '
                'WHERE "pet"."id" IS NULL ORDER BY "person"."id"'
            ),
        },
    )
    assert await db.fetch_column(query) == ["Ada", "Otto"]


async def test_right_join(db):
    query = select_from(toy).right_join(pet, toy.pet_id == pet.id).select(pet.name).where(toy.id.is_null())
    compiles_to(
        query,
        {
            "postgres": (
                'SELECT "pet"."name" FROM "toy" RIGHT JOIN "pet" ON "toy"."pet_id" = "pet"."id" '
                'WHERE "toy"."id" IS NULL'
            ),
            "mysql": (
                "SELECT `pet`.`name` FROM `toy` RIGHT JOIN `pet` ON `toy`.`pet_id` = `pet`.`id` "
                "WHERE `toy`.`id` IS NULL"
            ),
            "mariadb": (
                "SELECT `pet`.`name` FROM `toy` RIGHT JOIN `pet` ON `toy`.`pet_id` = `pet`.`id` "
                "WHERE `toy`.`id` IS NULL"
            ),
            "sqlite": (
                'SELECT "pet"."name" FROM "toy" RIGHT JOIN "pet" ON "toy"."pet_id" = "pet"."id" '
                'WHERE "toy"."id" IS NULL'
            ),
        },
    )
    assert await db.fetch_column(query) == ["Amy"]


@pytest.mark.databases("sqlite", "postgres")
async def test_full_join(db):
    query = select_from(toy).full_join(pet, toy.pet_id == pet.id).select(fn.count().as_("count"))
    assert await db.fetch_value(query) == 6


def test_full_join_is_refused_where_there_is_none():
    query = select_from(toy).full_join(pet, toy.pet_id == pet.id).select(fn.count().as_("count"))
    compiles_to(
        query,
        {
            "postgres": 'SELECT COUNT(*) AS "count" FROM "toy" FULL JOIN "pet" ON "toy"."pet_id" = "pet"."id"',
            "mysql": (
                UnsupportedError,
                "mysql has no FULL JOIN; unite a LEFT JOIN with the rows that only the right side has",
            ),
            "mariadb": (
                UnsupportedError,
                "mariadb has no FULL JOIN; unite a LEFT JOIN with the rows that only the right side has",
            ),
            "sqlite": 'SELECT COUNT(*) AS "count" FROM "toy" FULL JOIN "pet" ON "toy"."pet_id" = "pet"."id"',
        },
    )


async def test_cross_join(db):
    query = select_from(pet).cross_join(toy).select(fn.count().as_("count"))
    compiles_to(
        query,
        {
            "postgres": 'SELECT COUNT(*) AS "count" FROM "pet" CROSS JOIN "toy"',
            "mysql": "SELECT COUNT(*) AS `count` FROM `pet` CROSS JOIN `toy`",
            "mariadb": "SELECT COUNT(*) AS `count` FROM `pet` CROSS JOIN `toy`",
            "sqlite": 'SELECT COUNT(*) AS "count" FROM "pet" CROSS JOIN "toy"',
        },
    )
    assert await db.fetch_value(query) == 25


async def test_several_tables_in_from(db):
    query = select_from(person, pet).select(pet.name).where(pet.owner_id == person.id, person.id == 3)
    compiles_to(
        query,
        {
            "postgres": (
                'SELECT "pet"."name" FROM "person", "pet" WHERE "pet"."owner_id" = "person"."id" '
                'AND "person"."id" = $1',
                (3,),
            ),
            "mysql": (
                "SELECT `pet`.`name` FROM `person`, `pet` WHERE `pet`.`owner_id` = `person`.`id` "
                "AND `person`.`id` = %s",
                (3,),
            ),
            "mariadb": (
                "SELECT `pet`.`name` FROM `person`, `pet` WHERE `pet`.`owner_id` = `person`.`id` "
                "AND `person`.`id` = %s",
                (3,),
            ),
            "sqlite": (
                'SELECT "pet"."name" FROM "person", "pet" WHERE "pet"."owner_id" = "person"."id" AND "person"."id" = ?',
                (3,),
            ),
        },
    )
    assert await db.fetch_column(query) == ["Minka"]
    assert await db.fetch_column(
        select_from(person).from_(pet).select(pet.name).where(pet.owner_id == person.id, person.id == 3)
    ) == ["Minka"]


async def test_a_join_after_several_tables_sees_them_all(db):
    query = (
        select_from(person, pet)
        .inner_join(toy, (toy.pet_id == pet.id) & (person.id == pet.owner_id))
        .select(person.first_name)
        .where(toy.name == "mouse")
    )
    compiles_to(
        query,
        {
            "postgres": (
                'SELECT "person"."first_name" FROM "person" INNER JOIN "pet" ON TRUE '
                'INNER JOIN "toy" ON "toy"."pet_id" = "pet"."id" AND "person"."id" = "pet"."owner_id" '
                'WHERE "toy"."name" = $1',
                ("mouse",),
            ),
            "mysql": (
                "SELECT `person`.`first_name` FROM `person` INNER JOIN `pet` ON TRUE "
                "INNER JOIN `toy` ON `toy`.`pet_id` = `pet`.`id` AND `person`.`id` = `pet`.`owner_id` "
                "WHERE `toy`.`name` = %s",
                ("mouse",),
            ),
            "mariadb": (
                "SELECT `person`.`first_name` FROM `person` INNER JOIN `pet` ON TRUE "
                "INNER JOIN `toy` ON `toy`.`pet_id` = `pet`.`id` AND `person`.`id` = `pet`.`owner_id` "
                "WHERE `toy`.`name` = %s",
                ("mouse",),
            ),
            "sqlite": (
                'SELECT "person"."first_name" FROM "person" INNER JOIN "pet" ON TRUE '
                'INNER JOIN "toy" ON "toy"."pet_id" = "pet"."id" AND "person"."id" = "pet"."owner_id" '
                'WHERE "toy"."name" = ?',
                ("mouse",),
            ),
        },
    )
    assert await db.fetch_column(query) == ["Bea"]


# -- sub-queries ---------------------------------------------------------------------------------------------------


async def test_a_query_in_from(db):
    owned = select_from(pet).select(pet.owner_id, fn.count().as_("count")).group_by(pet.owner_id).as_("owned")
    query = (
        select_from(person)
        .inner_join(owned, owned.owner_id == person.id)
        .select(person.first_name, owned["count"])
        .where(owned["count"] > 1)
    )
    compiles_to(
        query,
        {
            "postgres": (
                'SELECT "person"."first_name", "owned"."count" FROM "person" INNER JOIN (SELECT "pet"."owner_id", '
                'COUNT(*) AS "count" FROM "pet" GROUP BY "pet"."owner_id") AS "owned" '
                'ON "owned"."owner_id" = "person"."id" WHERE "owned"."count" > $1',
                (1,),
            ),
            "mysql": (
                "SELECT `person`.`first_name`, `owned`.`count` FROM `person` INNER JOIN (SELECT `pet`.`owner_id`, "
                "COUNT(*) AS `count` FROM `pet` GROUP BY `pet`.`owner_id`) AS `owned` "
                "ON `owned`.`owner_id` = `person`.`id` WHERE `owned`.`count` > %s",
                (1,),
            ),
            "mariadb": (
                "SELECT `person`.`first_name`, `owned`.`count` FROM `person` INNER JOIN (SELECT `pet`.`owner_id`, "
                "COUNT(*) AS `count` FROM `pet` GROUP BY `pet`.`owner_id`) AS `owned` "
                "ON `owned`.`owner_id` = `person`.`id` WHERE `owned`.`count` > %s",
                (1,),
            ),
            "sqlite": (
                'SELECT "person"."first_name", "owned"."count" FROM "person" INNER JOIN (SELECT "pet"."owner_id", '
                'COUNT(*) AS "count" FROM "pet" GROUP BY "pet"."owner_id") AS "owned" '
                'ON "owned"."owner_id" = "person"."id" WHERE "owned"."count" > ?',
                (1,),
            ),
        },
    )
    assert await db.fetch_all(query) == [{"first_name": "Bea", "count": 3}]
    with pytest.raises(BuildError, match="'owned' has no column 'cuont', did you mean 'count'"):
        owned["cuont"]


async def test_a_query_in_from_keeps_the_types_of_its_columns(db):
    heavy = select_from(pet).select(pet.id, (pet.weight > 10).as_("is_heavy")).as_("heavy")
    query = select_from(heavy).select_all().where(heavy.is_heavy == True).order_by(heavy.id)  # noqa: E712
    compiles_to(
        query,
        {
            "postgres": (
                'SELECT "heavy"."id", "heavy"."is_heavy" FROM (SELECT "pet"."id", "pet"."weight" > $1 AS "is_heavy" '
                'FROM "pet") AS "heavy" WHERE "heavy"."is_heavy" = $2 ORDER BY "heavy"."id"',
                (10, True),
            ),
            "mysql": (
                "SELECT `heavy`.`id`, `heavy`.`is_heavy` FROM (SELECT `pet`.`id`, `pet`.`weight` > %s AS `is_heavy` "
                "FROM `pet`) AS `heavy` WHERE `heavy`.`is_heavy` = %s ORDER BY `heavy`.`id`",
                (10, True),
            ),
            "mariadb": (
                "SELECT `heavy`.`id`, `heavy`.`is_heavy` FROM (SELECT `pet`.`id`, `pet`.`weight` > %s AS `is_heavy` "
                "FROM `pet`) AS `heavy` WHERE `heavy`.`is_heavy` = %s ORDER BY `heavy`.`id`",
                (10, True),
            ),
            "sqlite": (
                'SELECT "heavy"."id", "heavy"."is_heavy" FROM (SELECT "pet"."id", "pet"."weight" > ? AS "is_heavy" '
                'FROM "pet") AS "heavy" WHERE "heavy"."is_heavy" = ? ORDER BY "heavy"."id"',
                (10, True),
            ),
        },
    )
    assert await db.fetch_all(query) == [{"id": 10, "is_heavy": True}, {"id": 13, "is_heavy": True}]
    with pytest.raises(BuildError, match="takes bool"):
        heavy.is_heavy == 1  # noqa: B015


async def test_values_in_a_query_in_from_stand_in_order(db):
    a = select_from(pet).select(pet.id, value("a").as_("mark")).where(pet.species == "dog").as_("a")
    query = select_from(a).select(a.id, a.mark, value("b").as_("other")).where(a.mark == "a", a.id > 10)
    compiles_to(
        query,
        {
            "postgres": (
                'SELECT "a"."id", "a"."mark", $1::text AS "other" FROM (SELECT "pet"."id", $2::text AS "mark" '
                'FROM "pet" WHERE "pet"."species" = $3) AS "a" WHERE "a"."mark" = $4 AND "a"."id" > $5',
                ("b", "a", "dog", "a", 10),
            ),
            "mysql": (
                "SELECT `a`.`id`, `a`.`mark`, %s AS `other` FROM (SELECT `pet`.`id`, %s AS `mark` FROM `pet` "
                "WHERE `pet`.`species` = %s) AS `a` WHERE `a`.`mark` = %s AND `a`.`id` > %s",
                ("b", "a", "dog", "a", 10),
            ),
            "mariadb": (
                "SELECT `a`.`id`, `a`.`mark`, %s AS `other` FROM (SELECT `pet`.`id`, %s AS `mark` FROM `pet` "
                "WHERE `pet`.`species` = %s) AS `a` WHERE `a`.`mark` = %s AND `a`.`id` > %s",
                ("b", "a", "dog", "a", 10),
            ),
            "sqlite": (
                'SELECT "a"."id", "a"."mark", ? AS "other" FROM (SELECT "pet"."id", ? AS "mark" FROM "pet" '
                'WHERE "pet"."species" = ?) AS "a" WHERE "a"."mark" = ? AND "a"."id" > ?',
                ("b", "a", "dog", "a", 10),
            ),
        },
    )
    assert await db.fetch_all(query) == [{"id": 13, "mark": "a", "other": "b"}]


async def test_the_same_query_twice_under_two_names(db):
    dogs = select_from(pet).select(pet.id).where(pet.species == "dog")
    one, two = dogs.as_("one"), dogs.as_("two")
    query = select_from(one).cross_join(two).select(fn.count().as_("count")).where(one.id < two.id)
    compiles_to(
        query,
        {
            "postgres": (
                'SELECT COUNT(*) AS "count" FROM (SELECT "pet"."id" FROM "pet" '
                'WHERE "pet"."species" = $1) AS "one" CROSS JOIN (SELECT "pet"."id" FROM "pet" '
                'WHERE "pet"."species" = $2) AS "two" WHERE "one"."id" < "two"."id"',
                ("dog", "dog"),
            ),
            "mysql": (
                "SELECT COUNT(*) AS `count` FROM (SELECT `pet`.`id` FROM `pet` "
                "WHERE `pet`.`species` = %s) AS `one` CROSS JOIN (SELECT `pet`.`id` FROM `pet` "
                "WHERE `pet`.`species` = %s) AS `two` WHERE `one`.`id` < `two`.`id`",
                ("dog", "dog"),
            ),
            "mariadb": (
                "SELECT COUNT(*) AS `count` FROM (SELECT `pet`.`id` FROM `pet` "
                "WHERE `pet`.`species` = %s) AS `one` CROSS JOIN (SELECT `pet`.`id` FROM `pet` "
                "WHERE `pet`.`species` = %s) AS `two` WHERE `one`.`id` < `two`.`id`",
                ("dog", "dog"),
            ),
            "sqlite": (
                'SELECT COUNT(*) AS "count" FROM (SELECT "pet"."id" FROM "pet" '
                'WHERE "pet"."species" = ?) AS "one" CROSS JOIN (SELECT "pet"."id" FROM "pet" '
                'WHERE "pet"."species" = ?) AS "two" WHERE "one"."id" < "two"."id"',
                ("dog", "dog"),
            ),
        },
    )
    assert await db.fetch_value(query) == 1


async def test_a_limited_query_in_from(db):
    last = select_from(pet).select(pet.id).order_by(pet.id.desc()).limit(2).as_("last")
    assert await db.fetch_column(select_from(last).select(last.id).order_by(last.id)) == [13, 14]


async def test_a_correlated_query_as_a_value(db):
    lightest = select_from(pet).select(fn.min(pet.weight)).where(pet.owner_id == person.id).as_("lightest")
    query = select_from(person).select(person.first_name, lightest).order_by(person.id)
    compiles_to(
        query,
        {
            "postgres": (
                'SELECT "person"."first_name", (SELECT MIN("pet"."weight") FROM "pet" '
                'WHERE "pet"."owner_id" = "person"."id") AS "lightest" FROM "person" ORDER BY "person"."id"'
            ),
            "mysql": (
                "SELECT `person`.`first_name`, (SELECT MIN(`pet`.`weight`) FROM `pet` "
                "WHERE `pet`.`owner_id` = `person`.`id`) AS `lightest` FROM `person` ORDER BY `person`.`id`"
            ),
            "mariadb": (
                "SELECT `person`.`first_name`, (SELECT MIN(`pet`.`weight`) FROM `pet` "
                "WHERE `pet`.`owner_id` = `person`.`id`) AS `lightest` FROM `person` ORDER BY `person`.`id`"
            ),
            "sqlite": (
                'SELECT "person"."first_name", (SELECT MIN("pet"."weight") FROM "pet" '
                'WHERE "pet"."owner_id" = "person"."id") AS "lightest" FROM "person" ORDER BY "person"."id"'
            ),
        },
    )
    assert [row["lightest"] for row in await db.fetch_all(query)] == [None, 3.75, None, 12.0, None]


# -- it never changes ----------------------------------------------------------------------------------------------


def test_every_method_gives_another_query():
    base = select_from(person).select(person.id)
    before = dict(base.__dict__)
    base.compile("postgres")
    grown = [
        base.select(person.first_name),
        base.select_all(person),
        base.clear_select(),
        base.distinct(),
        base.scalars(),
        base.from_(pet),
        base.inner_join(pet, pet.id == person.id),
        base.cross_join(pet),
        base.where(person.id == 1),
        base.clear_where(),
        base.group_by(person.id),
        base.clear_group_by(),
        base.having(person.id == 1),
        base.clear_having(),
        base.order_by(person.id),
        base.clear_order_by(),
        base.limit(1),
        base.clear_limit(),
        base.offset(1),
        base.clear_offset(),
    ]
    assert all(each is not base for each in grown)
    assert {key: part for key, part in base.__dict__.items() if key != "_compiled"} == before
    with pytest.raises(AttributeError, match="does not change"):
        base.row_limit = None  # type: ignore[misc]


async def test_a_query_extended_after_it_was_compiled_is_compiled_anew(db):
    base = select_from(pet).select(pet.id).order_by(pet.id)
    assert await db.fetch_column(base) == [10, 11, 12, 13, 14]
    cats, dogs = base.where(pet.species == "cat"), base.where(pet.species == "dog")
    assert await db.fetch_column(dogs) == [10, 13]
    assert await db.fetch_column(cats) == [11, 12, 14]
    assert await db.fetch_column(base) == [10, 11, 12, 13, 14]


def test_a_query_compiles_for_every_dialect_in_any_order():
    query = select_from(pet).select(pet.id).where(pet.species == "cat")
    first = {name: query.compile(name) for name in ("mysql", "postgres", "sqlite", "mariadb")}
    for name in ("sqlite", "mariadb", "postgres", "mysql"):
        assert query.compile(name) is first[name]
    assert first["postgres"].sql != first["mysql"].sql != first["sqlite"].sql


async def test_if_and_pipe(db):
    def of_species(query: Select[Any, Any], species: str) -> Select[Any, Any]:
        return query.where(pet.species == species)

    base = select_from(pet).select(pet.id).order_by(pet.id)
    assert await db.fetch_column(base.pipe(of_species, "dog")) == [10, 13]
    assert await db.fetch_column(base.if_(True, lambda it: it.limit(1))) == [10]
    assert base.if_(False, lambda it: it.limit(1)) is base
    for condition in (pet.id == 1, None, 1, "yes"):
        with pytest.raises(BuildError, match="if_ takes a Python bool"):
            base.if_(condition, lambda it: it)  # type: ignore[arg-type]


def test_str_shows_readable_sql():
    assert str(select_from(pet).select(pet.id)) == 'SELECT "pet"."id"\nFROM "pet"'
    assert "selects nothing" in str(select_from(pet))
    assert "'" not in repr(select_from(pet).select(pet.id).where(pet.name == "it's"))


# -- what is no query ----------------------------------------------------------------------------------------------


anything: Any = select_from(person)
anything_of_person: Any = person.id


@pytest.mark.parametrize(
    ("build", "says"),
    [
        (select_from, "at least one table"),
        (lambda: select_from("person"), r"use table\('person'\)"),
        (lambda: select_from(type(person)), "is the class of a table"),
        (lambda: select_from(select_from(pet).select(pet.id)), "needs a name"),
        (lambda: select_from(None), "FROM takes tables"),
        (lambda: select_from(person).select(), "at least one column"),
        (lambda: select_from(person).select("id"), "table\\['name'\\]"),
        (lambda: select_from(person).select(None), "not NoneType"),
        (lambda: select_from(person).select(person), "select_all"),
        (lambda: select_from(person).where(), "at least one condition"),
        (lambda: select_from(person).having(), "at least one condition"),
        (lambda: select_from(person).group_by(), "at least one term"),
        (lambda: select_from(person).order_by(), "at least one term"),
        (lambda: anything.order_by("id"), "takes expressions, not str"),
        (lambda: anything.group_by("id"), "takes expressions, not str"),
        (lambda: select_from(person).inner_join(pet), "needs either conditions or using"),
        (lambda: select_from(person).left_join(pet, True), "not a condition"),
        (lambda: anything_of_person.asc(nulls="middle"), "first.*last"),
        (lambda: anything.limit("1; drop table x"), "limit\\(\\) takes an int, not str"),
        (lambda: anything.limit(True), "takes an int, not bool"),
        (lambda: anything.limit(1.0), "takes an int, not float"),
        (lambda: anything.limit(None), "takes an int, not NoneType"),
        (lambda: anything.limit(-1), "not negative"),
        (lambda: anything.offset("0 or 1=1"), "offset\\(\\) takes an int, not str"),
        (lambda: anything.offset(-1), "not negative"),
    ],
)
def test_bad_input_is_refused_when_it_is_given(build, says):
    with pytest.raises(BuildError, match=says):
        build()


def test_what_is_no_query_yet_is_refused_when_compiled():
    compiles_to(
        select_from(person),
        {
            "postgres": (CompileError, "the query selects nothing: add select(…) or select_all()"),
            "mysql": (CompileError, "the query selects nothing: add select(…) or select_all()"),
            "mariadb": (CompileError, "the query selects nothing: add select(…) or select_all()"),
            "sqlite": (CompileError, "the query selects nothing: add select(…) or select_all()"),
        },
    )
    compiles_to(
        select(person.id),
        {
            "postgres": (
                CompileError,
                "person.id is used where 'person' is not in scope (there is no table): add the table to the "
                "FROM or the joins of this query or of one around it",
            ),
            "mysql": (
                CompileError,
                "person.id is used where 'person' is not in scope (there is no table): add the table to the "
                "FROM or the joins of this query or of one around it",
            ),
            "mariadb": (
                CompileError,
                "person.id is used where 'person' is not in scope (there is no table): add the table to the "
                "FROM or the joins of this query or of one around it",
            ),
            "sqlite": (
                CompileError,
                "person.id is used where 'person' is not in scope (there is no table): add the table to the "
                "FROM or the joins of this query or of one around it",
            ),
        },
    )
    compiles_to(
        select_from(person).select(person.id, pet.owner_id),
        {
            "postgres": (
                CompileError,
                "pet.owner_id is used where 'pet' is not in scope (there is person): add the table to the "
                "FROM or the joins of this query or of one around it",
            ),
            "mysql": (
                CompileError,
                "pet.owner_id is used where 'pet' is not in scope (there is person): add the table to the "
                "FROM or the joins of this query or of one around it",
            ),
            "mariadb": (
                CompileError,
                "pet.owner_id is used where 'pet' is not in scope (there is person): add the table to the "
                "FROM or the joins of this query or of one around it",
            ),
            "sqlite": (
                CompileError,
                "pet.owner_id is used where 'pet' is not in scope (there is person): add the table to the "
                "FROM or the joins of this query or of one around it",
            ),
        },
    )
    compiles_to(
        select_from(person).select(person.id).where(pet.id == 1),
        {
            "postgres": (
                CompileError,
                "pet.id is used where 'pet' is not in scope (there is person): add the table to the "
                "FROM or the joins of this query or of one around it",
            ),
            "mysql": (
                CompileError,
                "pet.id is used where 'pet' is not in scope (there is person): add the table to the "
                "FROM or the joins of this query or of one around it",
            ),
            "mariadb": (
                CompileError,
                "pet.id is used where 'pet' is not in scope (there is person): add the table to the "
                "FROM or the joins of this query or of one around it",
            ),
            "sqlite": (
                CompileError,
                "pet.id is used where 'pet' is not in scope (there is person): add the table to the "
                "FROM or the joins of this query or of one around it",
            ),
        },
    )
    compiles_to(
        select_from(person).select(person.id).order_by(pet.id),
        {
            "postgres": (
                CompileError,
                "pet.id is used where 'pet' is not in scope (there is person): add the table to the "
                "FROM or the joins of this query or of one around it",
            ),
            "mysql": (
                CompileError,
                "pet.id is used where 'pet' is not in scope (there is person): add the table to the "
                "FROM or the joins of this query or of one around it",
            ),
            "mariadb": (
                CompileError,
                "pet.id is used where 'pet' is not in scope (there is person): add the table to the "
                "FROM or the joins of this query or of one around it",
            ),
            "sqlite": (
                CompileError,
                "pet.id is used where 'pet' is not in scope (there is person): add the table to the "
                "FROM or the joins of this query or of one around it",
            ),
        },
    )
    compiles_to(
        select_from(person, person).select(person.id),
        {
            "postgres": (CompileError, "'person' stands twice in FROM: give one of them another name with .as_(…)"),
            "mysql": (CompileError, "'person' stands twice in FROM: give one of them another name with .as_(…)"),
            "mariadb": (CompileError, "'person' stands twice in FROM: give one of them another name with .as_(…)"),
            "sqlite": (CompileError, "'person' stands twice in FROM: give one of them another name with .as_(…)"),
        },
    )
    compiles_to(
        select_from(person).inner_join(pet, toy.id == pet.id).select(person.id),
        {
            "postgres": (
                CompileError,
                "toy.id is used where 'toy' is not in scope (there is person, pet): add the table to the "
                "FROM or the joins of this query or of one around it",
            ),
            "mysql": (
                CompileError,
                "toy.id is used where 'toy' is not in scope (there is person, pet): add the table to the "
                "FROM or the joins of this query or of one around it",
            ),
            "mariadb": (
                CompileError,
                "toy.id is used where 'toy' is not in scope (there is person, pet): add the table to the "
                "FROM or the joins of this query or of one around it",
            ),
            "sqlite": (
                CompileError,
                "toy.id is used where 'toy' is not in scope (there is person, pet): add the table to the "
                "FROM or the joins of this query or of one around it",
            ),
        },
    )
    compiles_to(
        select_from(person).inner_join(pet, pet.owner_id == person.id).select(person.id, pet.id),
        {
            "postgres": (CompileError, "two columns of the result are named 'id'; rename one with .as_(…)"),
            "mysql": (CompileError, "two columns of the result are named 'id'; rename one with .as_(…)"),
            "mariadb": (CompileError, "two columns of the result are named 'id'; rename one with .as_(…)"),
            "sqlite": (CompileError, "two columns of the result are named 'id'; rename one with .as_(…)"),
        },
    )
    compiles_to(
        select(value(1).as_("n")).inner_join(pet, pet.id == 1),
        {
            "postgres": (CompileError, "a join needs a table before it: add from_(…)"),
            "mysql": (CompileError, "a join needs a table before it: add from_(…)"),
            "mariadb": (CompileError, "a join needs a table before it: add from_(…)"),
            "sqlite": (CompileError, "a join needs a table before it: add from_(…)"),
        },
    )


@pytest.mark.parametrize("alias", [" one", "\tone", "\none", " "])
async def test_an_alias_that_begins_with_a_blank_is_kept_or_refused(db, alias):
    query = select(value(1).as_(alias))
    refused = (UnsupportedError, f"alias {alias!r}, which begins with a blank; the server would drop the blank")
    compiles_to(
        query,
        {
            "postgres": (f'SELECT $1::bigint AS "{alias}"', (1,)),
            "mysql": refused,
            "mariadb": refused,
            "sqlite": (f'SELECT ? AS "{alias}"', (1,)),
        },
    )
    derived = query.as_("s")
    if db.dialect.name in {"postgres", "sqlite"}:
        assert await db.fetch_all(select_from(derived).select(derived[alias])) == [{alias: 1}]
    else:
        with pytest.raises(UnsupportedError):
            await db.fetch_all(select_from(derived).select(derived[alias]))


async def test_other_blanks_of_an_alias_are_kept(db):
    for alias in ("one ", "o\tne", "\u00a0one"):
        derived = select(value(1).as_(alias)).as_("s")
        assert await db.fetch_all(select_from(derived).select(derived[alias])) == [{alias: 1}]
