"""Nested rows: their SQL in each dialect, and that rows come back whole, in order and of the right shape."""

from __future__ import annotations

from typing import Any

import pytest

from querykit import (
    case,
    exists,
    fn,
    json_array_from,
    json_build_object,
    json_object_from,
    select,
    select_from,
    table,
    value,
)
from querykit.errors import BuildError, CompileError, MultipleResultsError, UnsupportedError
from tests.expected import compiles_to
from tests.sample import PEOPLE, PETS, TOYS, person, pet, toy

mother, child = person.as_("mother"), person.as_("child")

toys = select_from(toy).select(toy.name, toy.price).where(toy.pet_id == pet.id).order_by(toy.name)
pets = select_from(pet).select(pet.id, pet.name).where(pet.owner_id == person.id).order_by(pet.name)
people = select_from(person).select(person.first_name).order_by(person.id)
own = pet.as_("own")
pets_of_owner = select_from(own).select(own.id, own.name).where(own.owner_id == person.id).order_by(own.name)


def pets_of(owner: int) -> list[dict[str, Any]]:
    return sorted(
        [{"id": each["id"], "name": each["name"]} for each in PETS if each["owner_id"] == owner],
        key=lambda it: it["name"],
    )


# -- json_array_from ----------------------------------------------------------------------------------------------


async def test_rows_are_nested_in_order_and_none_is_an_empty_list(db):
    query = people.select(json_array_from(pets).as_("pets"))
    compiles_to(
        query,
        {
            "postgres": (
                'SELECT "person"."first_name", ARRAY_TO_JSON(ARRAY(SELECT ("nested".*)::record FROM (SELECT '
                '"pet"."id", "pet"."name" FROM "pet" WHERE "pet"."owner_id" = "person"."id" ORDER BY '
                '"pet"."name") AS "nested")) AS "pets" FROM "person" ORDER BY "person"."id"'
            ),
            "mysql": (
                "SELECT `person`.`first_name`, (SELECT CASE WHEN COUNT(*) = 0 THEN '[]' ELSE CONCAT('[', "
                "GROUP_CONCAT(CONCAT('{\"id\":', IFNULL(CAST(`pet`.`id` AS JSON), 'null'), ',\"name\":', "
                "IFNULL(JSON_QUOTE(CONVERT(`pet`.`name` USING utf8mb4)), 'null'), '}') ORDER BY `pet`.`name` "
                "SEPARATOR ','), ']') END FROM `pet` WHERE `pet`.`owner_id` = `person`.`id`) AS `pets` FROM "
                "`person` ORDER BY `person`.`id`"
            ),
            "mariadb": (
                "SELECT `person`.`first_name`, (SELECT CASE WHEN COUNT(*) = 0 THEN '[]' ELSE CONCAT('[', "
                "GROUP_CONCAT(CONCAT('{\"id\":', COALESCE(JSON_QUOTE(`pet`.`id`), `pet`.`id`, 'null'), "
                "',\"name\":', IFNULL(JSON_QUOTE(CONVERT(`pet`.`name` USING utf8mb4)), 'null'), '}') ORDER BY "
                "`pet`.`name` SEPARATOR ','), ']') END FROM `pet` WHERE `pet`.`owner_id` = `person`.`id`) AS "
                "`pets` FROM `person` ORDER BY `person`.`id`"
            ),
            "sqlite": (
                'SELECT "person"."first_name", (SELECT JSON_GROUP_ARRAY(JSON_OBJECT(\'id\', "nested"."id", '
                '\'name\', "nested"."name")) FROM (SELECT "pet"."id", "pet"."name" FROM "pet" '
                'WHERE "pet"."owner_id" = "person"."id" ORDER BY "pet"."name") AS "nested") AS "pets" '
                'FROM "person" ORDER BY "person"."id"'
            ),
        },
    )
    assert await db.fetch_all(query) == [
        {"first_name": each["first_name"], "pets": pets_of(each["id"])} for each in PEOPLE
    ]


async def test_the_columns_of_nested_rows_come_in_the_order_of_the_select(db):
    wide = select_from(toy).select(toy.price, toy.pet_id, toy.id, toy.name).where(toy.pet_id == pet.id)
    rows = await db.fetch_all(
        select_from(pet).select(pet.weight, pet.id, json_array_from(wide).as_("b"), pet.name.as_("a"))
    )
    assert [list(each) for each in rows] == [["weight", "id", "b", "a"]] * 5
    assert [list(each) for row in rows for each in row["b"]] == [["price", "pet_id", "id", "name"]] * 5


async def test_a_list_of_values(db):
    names = select_from(pet).select(pet.name).where(pet.owner_id == person.id).order_by(pet.name.desc()).scalars()
    query = people.select(json_array_from(names).as_("pets"))
    compiles_to(
        query,
        {
            "postgres": (
                'SELECT "person"."first_name", (SELECT COALESCE(JSON_AGG("nested"."name"), \'[]\') '
                'FROM (SELECT "pet"."name" FROM "pet" WHERE "pet"."owner_id" = "person"."id" '
                'ORDER BY "pet"."name" DESC) AS "nested") AS "pets" FROM "person" ORDER BY "person"."id"'
            ),
            "mysql": (
                "SELECT `person`.`first_name`, (SELECT CASE WHEN COUNT(*) = 0 THEN '[]' ELSE CONCAT('[', "
                "GROUP_CONCAT(IFNULL(JSON_QUOTE(CONVERT(`pet`.`name` USING utf8mb4)), 'null') ORDER BY "
                "`pet`.`name` DESC SEPARATOR ','), ']') END FROM `pet` WHERE `pet`.`owner_id` = "
                "`person`.`id`) AS `pets` FROM `person` ORDER BY `person`.`id`"
            ),
            "mariadb": (
                "SELECT `person`.`first_name`, (SELECT CASE WHEN COUNT(*) = 0 THEN '[]' ELSE CONCAT('[', "
                "GROUP_CONCAT(IFNULL(JSON_QUOTE(CONVERT(`pet`.`name` USING utf8mb4)), 'null') ORDER BY "
                "`pet`.`name` DESC SEPARATOR ','), ']') END FROM `pet` WHERE `pet`.`owner_id` = "
                "`person`.`id`) AS `pets` FROM `person` ORDER BY `person`.`id`"
            ),
            "sqlite": (
                'SELECT "person"."first_name", (SELECT JSON_GROUP_ARRAY("nested"."name") '
                'FROM (SELECT "pet"."name" FROM "pet" WHERE "pet"."owner_id" = "person"."id" '
                'ORDER BY "pet"."name" DESC) AS "nested") AS "pets" FROM "person" ORDER BY "person"."id"'
            ),
        },
    )
    assert [row["pets"] for row in await db.fetch_all(query)] == [[], ["Rex", "Felix", "Amy"], ["Minka"], ["Bella"], []]
    doubled = select_from(pet).select(pet.id * 2).where(pet.owner_id == person.id).order_by(pet.id).scalars()
    assert [row["ids"] for row in await db.fetch_all(people.select(json_array_from(doubled).as_("ids")))][1] == [
        20,
        22,
        28,
    ]
    weights = select_from(pet).select(pet.weight).where(pet.owner_id == person.id).order_by(pet.id).scalars()
    assert [row["w"] for row in await db.fetch_all(people.select(json_array_from(weights).as_("w")))][1:3] == [
        [31.5, 4.25, 3.75],
        [None],
    ]


async def test_a_list_of_lists(db):
    prices = select_from(toy).select(toy.price).where(toy.pet_id == pet.id).order_by(toy.id).scalars()
    lists = select_from(pet).select(json_array_from(prices)).where(pet.owner_id == person.id).order_by(pet.id).scalars()
    query = people.select(json_array_from(lists).as_("prices"))
    assert [row["prices"] for row in await db.fetch_all(query)] == [[], [[5, None], [3], []], [[2]], [[6]], []]


async def test_a_list_of_objects_of_another_table(db):
    owners = (
        select_from(pet)
        .select(json_object_from(select_from(person).select(person.first_name).where(person.id == pet.owner_id)))
        .order_by(pet.id)
        .scalars()
    )
    assert await db.fetch_value(select(json_array_from(owners).as_("owners"))) == [
        {"first_name": name} for name in ("Bea", "Bea", "Cem", "Dora", "Bea")
    ]


# -- json_object_from ---------------------------------------------------------------------------------------------


async def test_the_only_row_is_an_object_and_no_row_is_none(db):
    mothers = select_from(mother).select(mother.id, mother.first_name).where(mother.id == person.mother_id)
    query = people.select(json_object_from(mothers).as_("mother"))
    compiles_to(
        query,
        {
            "postgres": (
                'SELECT "person"."first_name", (SELECT ROW_TO_JSON("nested".*) '
                'FROM (SELECT "mother"."id", "mother"."first_name" FROM "person" AS "mother" '
                'WHERE "mother"."id" = "person"."mother_id") AS "nested") AS "mother" FROM "person" '
                'ORDER BY "person"."id"'
            ),
            "mysql": (
                "SELECT `person`.`first_name`, (SELECT CONCAT('{\"id\":', IFNULL(CAST(`mother`.`id` AS JSON), "
                "'null'), ',\"first_name\":', IFNULL(JSON_QUOTE(CONVERT(`mother`.`first_name` USING utf8mb4)), "
                "'null'), '}') FROM `person` AS `mother` WHERE `mother`.`id` = `person`.`mother_id`) AS "
                "`mother` FROM `person` ORDER BY `person`.`id`"
            ),
            "mariadb": (
                "SELECT `person`.`first_name`, (SELECT CONCAT('{\"id\":', COALESCE(JSON_QUOTE(`mother`.`id`), "
                "`mother`.`id`, 'null'), ',\"first_name\":', IFNULL(JSON_QUOTE(CONVERT(`mother`.`first_name` "
                "USING utf8mb4)), 'null'), '}') FROM `person` AS `mother` WHERE `mother`.`id` = "
                "`person`.`mother_id`) AS `mother` FROM `person` ORDER BY `person`.`id`"
            ),
            "sqlite": (
                'SELECT "person"."first_name", (SELECT CASE WHEN COUNT(*) > 1 THEN QUERYKIT_MANY() '
                'WHEN COUNT(*) = 1 THEN JSON_OBJECT(\'id\', "nested"."id", \'first_name\', "nested"."first_name") '
                'END FROM (SELECT "mother"."id", "mother"."first_name" FROM "person" AS "mother" '
                'WHERE "mother"."id" = "person"."mother_id") AS "nested") AS "mother" FROM "person" '
                'ORDER BY "person"."id"'
            ),
        },
    )
    ada, bea = {"id": 1, "first_name": "Ada"}, {"id": 2, "first_name": "Bea"}
    assert [row["mother"] for row in await db.fetch_all(query)] == [None, ada, ada, bea, None]


async def test_a_row_of_nulls_is_an_object_of_nones(db):
    nothing = select_from(mother).select(mother.nickname, mother.birth_year).where(mother.id == person.id)
    query = people.select(json_object_from(nothing).as_("mother")).where(person.id.is_in([4, 5]))
    assert [row["mother"] for row in await db.fetch_all(query)] == [
        {"nickname": "Dodo", "birth_year": 2001},
        {"nickname": None, "birth_year": None},
    ]
    only = people.select(json_array_from(nothing).as_("all")).where(person.id == 5)
    assert await db.fetch_one(only) == {"first_name": "Otto", "all": [{"nickname": None, "birth_year": None}]}


async def test_a_second_row_of_an_object_is_an_error_on_every_database(db):
    query = people.select(json_object_from(pets).as_("pet"))
    with pytest.raises(MultipleResultsError):
        await db.fetch_all(query)
    assert await db.fetch_one(query.where(person.id == 3)) == {"first_name": "Cem", "pet": {"id": 12, "name": "Minka"}}
    nested = select_from(child).select(json_object_from(pets.clear_where().where(pet.owner_id == child.id)).as_("pet"))
    with pytest.raises(MultipleResultsError):
        await db.fetch_all(people.select(json_array_from(nested.where(child.mother_id == person.id)).as_("children")))
    assert await db.fetch_value(select(value(1).as_("still"))) == 1


async def test_an_object_of_a_limited_query_is_its_first_row(db):
    query = people.select(
        json_object_from(pets.limit(1)).as_("first"), json_object_from(pets.limit(1).offset(1)).as_("second")
    )
    compiles_to(
        query,
        {
            "postgres": (
                'SELECT "person"."first_name", (SELECT ROW_TO_JSON("nested".*) '
                'FROM (SELECT "pet"."id", "pet"."name" FROM "pet" WHERE "pet"."owner_id" = "person"."id" '
                'ORDER BY "pet"."name" LIMIT $1) AS "nested") AS "first", (SELECT ROW_TO_JSON("nested".*) '
                'FROM (SELECT "pet"."id", "pet"."name" FROM "pet" WHERE "pet"."owner_id" = "person"."id" '
                'ORDER BY "pet"."name" LIMIT $2 OFFSET $3) AS "nested") AS "second" FROM "person" '
                'ORDER BY "person"."id"',
                (1, 1, 1),
            ),
            "mysql": (
                "SELECT `person`.`first_name`, (SELECT CONCAT('{\"id\":', IFNULL(CAST(`pet`.`id` AS JSON), "
                "'null'), ',\"name\":', IFNULL(JSON_QUOTE(CONVERT(`pet`.`name` USING utf8mb4)), 'null'), '}') "
                "FROM `pet` WHERE `pet`.`owner_id` = `person`.`id` ORDER BY `pet`.`name` LIMIT %s) AS "
                "`first`, (SELECT CONCAT('{\"id\":', IFNULL(CAST(`pet`.`id` AS JSON), 'null'), ',\"name\":', "
                "IFNULL(JSON_QUOTE(CONVERT(`pet`.`name` USING utf8mb4)), 'null'), '}') FROM `pet` WHERE "
                "`pet`.`owner_id` = `person`.`id` ORDER BY `pet`.`name` LIMIT %s OFFSET %s) AS `second` FROM "
                "`person` ORDER BY `person`.`id`",
                (1, 1, 1),
            ),
            "mariadb": (
                "SELECT `person`.`first_name`, (SELECT CONCAT('{\"id\":', COALESCE(JSON_QUOTE(`pet`.`id`), "
                "`pet`.`id`, 'null'), ',\"name\":', IFNULL(JSON_QUOTE(CONVERT(`pet`.`name` USING utf8mb4)), "
                "'null'), '}') FROM `pet` WHERE `pet`.`owner_id` = `person`.`id` ORDER BY `pet`.`name` LIMIT "
                "%s) AS `first`, (SELECT CONCAT('{\"id\":', COALESCE(JSON_QUOTE(`pet`.`id`), `pet`.`id`, "
                "'null'), ',\"name\":', IFNULL(JSON_QUOTE(CONVERT(`pet`.`name` USING utf8mb4)), 'null'), '}') "
                "FROM `pet` WHERE `pet`.`owner_id` = `person`.`id` ORDER BY `pet`.`name` LIMIT %s OFFSET %s) "
                "AS `second` FROM `person` ORDER BY `person`.`id`",
                (1, 1, 1),
            ),
            "sqlite": (
                'SELECT "person"."first_name", (SELECT CASE WHEN COUNT(*) > 1 THEN QUERYKIT_MANY() '
                'WHEN COUNT(*) = 1 THEN JSON_OBJECT(\'id\', "nested"."id", \'name\', "nested"."name") END '
                'FROM (SELECT "pet"."id", "pet"."name" FROM "pet" WHERE "pet"."owner_id" = "person"."id" '
                'ORDER BY "pet"."name" LIMIT ?) AS "nested") AS "first", (SELECT CASE '
                "WHEN COUNT(*) > 1 THEN QUERYKIT_MANY() WHEN COUNT(*) = 1 THEN JSON_OBJECT('id', "
                '"nested"."id", \'name\', "nested"."name") END FROM (SELECT "pet"."id", "pet"."name" FROM "pet" '
                'WHERE "pet"."owner_id" = "person"."id" ORDER BY "pet"."name" LIMIT ? OFFSET ?) AS "nested") '
                'AS "second" FROM "person" ORDER BY "person"."id"',
                (1, 1, 1),
            ),
        },
    )
    rows = await db.fetch_all(query)
    assert [row["first"] for row in rows] == [(pets_of(each["id"]) or [None])[0] for each in PEOPLE]
    assert [row["second"] for row in rows] == [None, {"id": 11, "name": "Felix"}, None, None, None]


# -- json_build_object --------------------------------------------------------------------------------------------


async def test_an_object_of_expressions(db):
    query = (
        select_from(pet)
        .select(
            json_build_object(
                name=pet.name,
                heavy=pet.weight > 10,
                owner=json_build_object(id=pet.owner_id),
                mark="x",
                nothing=None,
                weight=pet.weight,
            ).as_("pet")
        )
        .order_by(pet.id)
        .limit(3)
    )
    compiles_to(
        query,
        {
            "postgres": (
                'SELECT JSON_BUILD_OBJECT(\'name\', "pet"."name", \'heavy\', "pet"."weight" > $1, \'owner\', '
                "JSON_BUILD_OBJECT('id', \"pet\".\"owner_id\"), 'mark', $2::text, 'nothing', NULL, 'weight', "
                'ENCODE(FLOAT8SEND("pet"."weight"::float8), \'base64\')) AS "pet" FROM "pet" '
                'ORDER BY "pet"."id" LIMIT $3',
                (10, "x", 3),
            ),
            "mysql": (
                "SELECT JSON_OBJECT('name', `pet`.`name`, 'heavy', `pet`.`weight` > %s, 'owner', "
                "JSON_OBJECT('id', `pet`.`owner_id`), 'mark', %s, 'nothing', NULL, 'weight', "
                "CONCAT(`pet`.`weight`, '')) AS `pet` FROM `pet` ORDER BY `pet`.`id` LIMIT %s",
                (10, "x", 3),
            ),
            "mariadb": (
                "SELECT JSON_OBJECT('name', CONVERT(`pet`.`name` USING utf8mb4), 'heavy', `pet`.`weight` > %s, "
                "'owner', JSON_OBJECT('id', `pet`.`owner_id`), 'mark', CONVERT(%s USING utf8mb4), 'nothing', "
                "NULL, 'weight', `pet`.`weight`) AS `pet` FROM `pet` ORDER BY `pet`.`id` LIMIT %s",
                (10, "x", 3),
            ),
            "sqlite": (
                'SELECT JSON_OBJECT(\'name\', "pet"."name", \'heavy\', "pet"."weight" > ?, \'owner\', '
                "JSON(JSON_OBJECT('id', \"pet\".\"owner_id\")), 'mark', ?, 'nothing', NULL, 'weight', CASE "
                'WHEN "pet"."weight" IS NOT NULL THEN PRINTF(\'%!.20e\', "pet"."weight") END) AS "pet" '
                'FROM "pet" ORDER BY "pet"."id" LIMIT ?',
                (10, "x", 3),
            ),
        },
    )
    assert await db.fetch_column(query) == [
        {"name": "Rex", "heavy": True, "owner": {"id": 2}, "mark": "x", "nothing": None, "weight": 31.5},
        {"name": "Felix", "heavy": False, "owner": {"id": 2}, "mark": "x", "nothing": None, "weight": 4.25},
        {"name": "Minka", "heavy": None, "owner": {"id": 3}, "mark": "x", "nothing": None, "weight": None},
    ]
    assert next(list(each) for each in await db.fetch_column(query)) == [
        "name",
        "heavy",
        "owner",
        "mark",
        "nothing",
        "weight",
    ]


async def test_an_object_of_expressions_holds_nested_rows(db):
    query = people.select(
        json_build_object(pets=json_array_from(pets), count=fn.coalesce(person.mother_id, 0)).as_("more")
    ).where(person.id.is_in([1, 3]))
    compiles_to(
        query,
        {
            "postgres": (
                'SELECT "person"."first_name", JSON_BUILD_OBJECT(\'pets\', ARRAY_TO_JSON(ARRAY(SELECT '
                '("nested".*)::record FROM (SELECT "pet"."id", "pet"."name" FROM "pet" WHERE "pet"."owner_id" = '
                '"person"."id" ORDER BY "pet"."name") AS "nested")), \'count\', COALESCE("person"."mother_id", $1)) '
                'AS "more" FROM "person" WHERE "person"."id" = ANY($2) ORDER BY "person"."id"',
                (0, [1, 3]),
            ),
            "mysql": (
                "SELECT `person`.`first_name`, JSON_OBJECT('pets', (SELECT CASE "
                "WHEN COUNT(*) = 0 THEN JSON_ARRAY() ELSE JSON_ARRAYAGG(JSON_OBJECT('id', `nested`.`id`, "
                "'name', `nested`.`name`)) END FROM (SELECT `pet`.`id`, `pet`.`name` FROM `pet` "
                "WHERE `pet`.`owner_id` = `person`.`id` ORDER BY `pet`.`name` LIMIT 18446744073709551615) "
                "AS `nested`), 'count', COALESCE(`person`.`mother_id`, %s)) AS `more` FROM `person` "
                "WHERE `person`.`id` IN (%s, %s) ORDER BY `person`.`id`",
                (0, 1, 3),
            ),
            "mariadb": (
                "SELECT `person`.`first_name`, JSON_OBJECT('pets', (SELECT CASE "
                "WHEN COUNT(*) = 0 THEN JSON_ARRAY() ELSE JSON_ARRAYAGG(JSON_OBJECT('id', `pet`.`id`, 'name', "
                "CONVERT(`pet`.`name` USING utf8mb4)) ORDER BY `pet`.`name`) END FROM `pet` "
                "WHERE `pet`.`owner_id` = `person`.`id`), 'count', COALESCE(`person`.`mother_id`, %s)) "
                "AS `more` FROM `person` WHERE `person`.`id` IN (%s, %s) ORDER BY `person`.`id`",
                (0, 1, 3),
            ),
            "sqlite": (
                'SELECT "person"."first_name", JSON_OBJECT(\'pets\', '
                'JSON((SELECT JSON_GROUP_ARRAY(JSON_OBJECT(\'id\', "nested"."id", \'name\', "nested"."name")) '
                'FROM (SELECT "pet"."id", "pet"."name" FROM "pet" WHERE "pet"."owner_id" = "person"."id" '
                'ORDER BY "pet"."name") AS "nested")), \'count\', COALESCE("person"."mother_id", ?)) AS "more" '
                'FROM "person" WHERE "person"."id" IN (?, ?) ORDER BY "person"."id"',
                (0, 1, 3),
            ),
        },
    )
    assert [row["more"] for row in await db.fetch_all(query)] == [
        {"pets": [], "count": 0},
        {"pets": [{"id": 12, "name": "Minka"}], "count": 1},
    ]


async def test_an_object_of_aggregates(db):
    made = json_build_object(count=fn.count(), heaviest=fn.max(pet.weight), sum=fn.sum(pet.weight * 2))
    query = select_from(pet).select(pet.species, made.as_("made")).group_by(pet.species).order_by(pet.species)
    compiles_to(
        query,
        {
            "postgres": (
                "SELECT \"pet\".\"species\", JSON_BUILD_OBJECT('count', COUNT(*), 'heaviest', "
                "ENCODE(FLOAT8SEND(MAX(\"pet\".\"weight\")::float8), 'base64'), 'sum', "
                'ENCODE(FLOAT8SEND(SUM("pet"."weight" * $1)::float8), \'base64\')) AS "made" FROM "pet" '
                'GROUP BY "pet"."species" ORDER BY "pet"."species"',
                (2,),
            ),
            "mysql": (
                "SELECT `pet`.`species`, JSON_OBJECT('count', COUNT(*), 'heaviest', "
                "CONCAT(MAX(`pet`.`weight`), ''), 'sum', CONCAT(SUM(`pet`.`weight` * %s), '')) AS `made` "
                "FROM `pet` GROUP BY `pet`.`species` ORDER BY `pet`.`species`",
                (2,),
            ),
            "mariadb": (
                "SELECT `pet`.`species`, JSON_OBJECT('count', COUNT(*), 'heaviest', MAX(`pet`.`weight`), "
                "'sum', SUM(`pet`.`weight` * %s)) AS `made` FROM `pet` GROUP BY `pet`.`species` "
                "ORDER BY `pet`.`species`",
                (2,),
            ),
            "sqlite": (
                "SELECT \"pet\".\"species\", JSON_OBJECT('count', COUNT(*), 'heaviest', CASE "
                'WHEN MAX("pet"."weight") IS NOT NULL THEN PRINTF(\'%!.20e\', MAX("pet"."weight")) END, \'sum\', '
                'CASE WHEN SUM("pet"."weight" * ?) IS NOT NULL THEN PRINTF(\'%!.20e\', '
                'SUM("pet"."weight" * ?)) END) AS "made" FROM "pet" GROUP BY "pet"."species" '
                'ORDER BY "pet"."species"',
                (2, 2),
            ),
        },
    )
    assert await db.fetch_all(query) == [
        {"species": "cat", "made": {"count": 3, "heaviest": 4.25, "sum": 16.0}},
        {"species": "dog", "made": {"count": 2, "heaviest": 31.5, "sum": 87.0}},
    ]
    many = json_build_object(**{f"c{n}": fn.count() if n % 2 else fn.min(pet.weight) for n in range(130)})
    assert await db.fetch_value(select_from(pet).select(many.as_("many"))) == {
        f"c{n}": 5 if n % 2 else 3.75 for n in range(130)
    }


async def test_nested_rows_of_a_query_that_has_no_row_are_none(db):
    first = select_from(pet).select(json_array_from(toys)).where(pet.owner_id == person.id).order_by(pet.id).limit(1)
    query = people.select(first.as_("toys_of_the_first"))
    assert [row["toys_of_the_first"] for row in await db.fetch_all(query)] == [
        None,
        [{"name": "ball", "price": 5}, {"name": "bone", "price": None}],
        [{"name": "feather", "price": 2}],
        [{"name": "ball", "price": 6}],
        None,
    ]


# -- depth --------------------------------------------------------------------------------------------------------


async def test_three_levels(db):
    children = (
        select_from(child)
        .select(
            child.first_name,
            json_array_from(
                pets.clear_where().where(pet.owner_id == child.id).select(json_array_from(toys).as_("toys"))
            ).as_("pets"),
        )
        .where(child.mother_id == person.id)
        .order_by(child.id)
    )
    query = people.select(json_array_from(children).as_("children")).where(person.id.is_in([1, 4]))
    compiles_to(
        query,
        {
            "postgres": (
                'SELECT "person"."first_name", ARRAY_TO_JSON(ARRAY(SELECT ("nested".*)::record FROM (SELECT '
                '"child"."first_name", ARRAY(SELECT ("nested".*)::record FROM (SELECT "pet"."id", "pet"."name", '
                'ARRAY(SELECT ("nested".*)::record FROM (SELECT "toy"."name", "toy"."price" FROM "toy" WHERE '
                '"toy"."pet_id" = "pet"."id" ORDER BY "toy"."name") AS "nested") AS "toys" FROM "pet" WHERE '
                '"pet"."owner_id" = "child"."id" ORDER BY "pet"."name") AS "nested") AS "pets" FROM "person" AS '
                '"child" WHERE "child"."mother_id" = "person"."id" ORDER BY "child"."id") AS "nested")) AS '
                '"children" FROM "person" WHERE "person"."id" = ANY($1) ORDER BY "person"."id"',
                ([1, 4],),
            ),
            "mysql": (
                "SELECT `person`.`first_name`, (SELECT CASE WHEN COUNT(*) = 0 THEN '[]' ELSE CONCAT('[', "
                "GROUP_CONCAT(CONCAT('{\"first_name\":', IFNULL(JSON_QUOTE(CONVERT(`child`.`first_name` USING "
                "utf8mb4)), 'null'), ',\"pets\":', (SELECT CASE WHEN COUNT(*) = 0 THEN '[]' ELSE CONCAT('[', "
                "GROUP_CONCAT(CONCAT('{\"id\":', IFNULL(CAST(`pet`.`id` AS JSON), 'null'), ',\"name\":', "
                "IFNULL(JSON_QUOTE(CONVERT(`pet`.`name` USING utf8mb4)), 'null'), ',\"toys\":', (SELECT CASE "
                "WHEN COUNT(*) = 0 THEN '[]' ELSE CONCAT('[', GROUP_CONCAT(CONCAT('{\"name\":', "
                "IFNULL(JSON_QUOTE(CONVERT(`toy`.`name` USING utf8mb4)), 'null'), ',\"price\":', "
                "IFNULL(CAST(`toy`.`price` AS JSON), 'null'), '}') ORDER BY `toy`.`name` SEPARATOR ','), ']') "
                "END FROM `toy` WHERE `toy`.`pet_id` = `pet`.`id`), '}') ORDER BY `pet`.`name` SEPARATOR "
                "','), ']') END FROM `pet` WHERE `pet`.`owner_id` = `child`.`id`), '}') ORDER BY `child`.`id` "
                "SEPARATOR ','), ']') END FROM `person` AS `child` WHERE `child`.`mother_id` = `person`.`id`) "
                "AS `children` FROM `person` WHERE `person`.`id` IN (%s, %s) ORDER BY `person`.`id`",
                (1, 4),
            ),
            "mariadb": (
                "SELECT `person`.`first_name`, (SELECT CASE WHEN COUNT(*) = 0 THEN '[]' ELSE CONCAT('[', "
                "GROUP_CONCAT(CONCAT('{\"first_name\":', IFNULL(JSON_QUOTE(CONVERT(`child`.`first_name` USING "
                "utf8mb4)), 'null'), ',\"pets\":', (SELECT CASE WHEN COUNT(*) = 0 THEN '[]' ELSE CONCAT('[', "
                "GROUP_CONCAT(CONCAT('{\"id\":', COALESCE(JSON_QUOTE(`pet`.`id`), `pet`.`id`, 'null'), "
                "',\"name\":', IFNULL(JSON_QUOTE(CONVERT(`pet`.`name` USING utf8mb4)), 'null'), ',\"toys\":', "
                "(SELECT CASE WHEN COUNT(*) = 0 THEN '[]' ELSE CONCAT('[', GROUP_CONCAT(CONCAT('{\"name\":', "
                "IFNULL(JSON_QUOTE(CONVERT(`toy`.`name` USING utf8mb4)), 'null'), ',\"price\":', "
                "COALESCE(JSON_QUOTE(`toy`.`price`), `toy`.`price`, 'null'), '}') ORDER BY `toy`.`name` "
                "SEPARATOR ','), ']') END FROM `toy` WHERE `toy`.`pet_id` = `pet`.`id`), '}') ORDER BY "
                "`pet`.`name` SEPARATOR ','), ']') END FROM `pet` WHERE `pet`.`owner_id` = `child`.`id`), "
                "'}') ORDER BY `child`.`id` SEPARATOR ','), ']') END FROM `person` AS `child` WHERE "
                "`child`.`mother_id` = `person`.`id`) AS `children` FROM `person` WHERE `person`.`id` IN (%s, "
                "%s) ORDER BY `person`.`id`",
                (1, 4),
            ),
            "sqlite": (
                'SELECT "person"."first_name", (SELECT JSON_GROUP_ARRAY(JSON_OBJECT(\'first_name\', '
                '"child"."first_name", \'pets\', (SELECT JSON_GROUP_ARRAY(JSON_OBJECT(\'id\', "pet"."id", \'name\', '
                '"pet"."name", \'toys\', (SELECT JSON_GROUP_ARRAY(JSON_OBJECT(\'name\', "nested"."name", \'price\', '
                '"nested"."price")) FROM (SELECT "toy"."name", "toy"."price" FROM "toy" WHERE "toy"."pet_id" = '
                '"pet"."id" ORDER BY "toy"."name") AS "nested"))) FROM (SELECT "pet"."id", "pet"."name" FROM '
                '"pet" WHERE "pet"."owner_id" = "child"."id" ORDER BY "pet"."name") AS "pet"))) FROM (SELECT '
                '"child"."first_name", "child"."id" FROM "person" AS "child" WHERE "child"."mother_id" = '
                '"person"."id" ORDER BY "child"."id") AS "child") AS "children" FROM "person" WHERE "person"."id" '
                'IN (?, ?) ORDER BY "person"."id"',
                (1, 4),
            ),
        },
    )
    assert await db.fetch_all(query) == [
        {
            "first_name": "Ada",
            "children": [
                {
                    "first_name": "Bea",
                    "pets": [
                        {"id": 14, "name": "Amy", "toys": []},
                        {"id": 11, "name": "Felix", "toys": [{"name": "mouse", "price": 3}]},
                        {
                            "id": 10,
                            "name": "Rex",
                            "toys": [{"name": "ball", "price": 5}, {"name": "bone", "price": None}],
                        },
                    ],
                },
                {"first_name": "Cem", "pets": [{"id": 12, "name": "Minka", "toys": [{"name": "feather", "price": 2}]}]},
            ],
        },
        {"first_name": "Dora", "children": []},
    ]


async def test_the_third_level_refers_to_the_outermost_table(db):
    same = (
        select_from(toy)
        .select(toy.name, person.first_name.as_("who"))
        .where(toy.pet_id == pet.id, person.id == pet.owner_id)
    )
    query = people.select(
        json_array_from(pets.select(json_array_from(same.order_by(toy.id)).as_("toys"))).as_("pets")
    ).where(person.id == 2)
    compiles_to(
        query,
        {
            "postgres": (
                'SELECT "person"."first_name", ARRAY_TO_JSON(ARRAY(SELECT ("nested".*)::record FROM (SELECT '
                '"pet"."id", "pet"."name", ARRAY(SELECT ("nested".*)::record FROM (SELECT "toy"."name", '
                '"person"."first_name" AS "who" FROM "toy" WHERE "toy"."pet_id" = "pet"."id" AND "person"."id" = '
                '"pet"."owner_id" ORDER BY "toy"."id") AS "nested") AS "toys" FROM "pet" WHERE "pet"."owner_id" = '
                '"person"."id" ORDER BY "pet"."name") AS "nested")) AS "pets" FROM "person" WHERE "person"."id" = '
                '$1 ORDER BY "person"."id"',
                (2,),
            ),
            "mysql": (
                "SELECT `person`.`first_name`, (SELECT CASE WHEN COUNT(*) = 0 THEN '[]' ELSE CONCAT('[', "
                "GROUP_CONCAT(CONCAT('{\"id\":', IFNULL(CAST(`pet`.`id` AS JSON), 'null'), ',\"name\":', "
                "IFNULL(JSON_QUOTE(CONVERT(`pet`.`name` USING utf8mb4)), 'null'), ',\"toys\":', (SELECT CASE "
                "WHEN COUNT(*) = 0 THEN '[]' ELSE CONCAT('[', GROUP_CONCAT(CONCAT('{\"name\":', "
                "IFNULL(JSON_QUOTE(CONVERT(`toy`.`name` USING utf8mb4)), 'null'), ',\"who\":', "
                "IFNULL(JSON_QUOTE(CONVERT(`person`.`first_name` USING utf8mb4)), 'null'), '}') ORDER BY "
                "`toy`.`id` SEPARATOR ','), ']') END FROM `toy` WHERE `toy`.`pet_id` = `pet`.`id` AND "
                "`person`.`id` = `pet`.`owner_id`), '}') ORDER BY `pet`.`name` SEPARATOR ','), ']') END FROM "
                "`pet` WHERE `pet`.`owner_id` = `person`.`id`) AS `pets` FROM `person` WHERE `person`.`id` = "
                "%s ORDER BY `person`.`id`",
                (2,),
            ),
            "mariadb": (
                "SELECT `person`.`first_name`, (SELECT CASE WHEN COUNT(*) = 0 THEN '[]' ELSE CONCAT('[', "
                "GROUP_CONCAT(CONCAT('{\"id\":', COALESCE(JSON_QUOTE(`pet`.`id`), `pet`.`id`, 'null'), "
                "',\"name\":', IFNULL(JSON_QUOTE(CONVERT(`pet`.`name` USING utf8mb4)), 'null'), ',\"toys\":', "
                "(SELECT CASE WHEN COUNT(*) = 0 THEN '[]' ELSE CONCAT('[', GROUP_CONCAT(CONCAT('{\"name\":', "
                "IFNULL(JSON_QUOTE(CONVERT(`toy`.`name` USING utf8mb4)), 'null'), ',\"who\":', "
                "IFNULL(JSON_QUOTE(CONVERT(`person`.`first_name` USING utf8mb4)), 'null'), '}') ORDER BY "
                "`toy`.`id` SEPARATOR ','), ']') END FROM `toy` WHERE `toy`.`pet_id` = `pet`.`id` AND "
                "`person`.`id` = `pet`.`owner_id`), '}') ORDER BY `pet`.`name` SEPARATOR ','), ']') END FROM "
                "`pet` WHERE `pet`.`owner_id` = `person`.`id`) AS `pets` FROM `person` WHERE `person`.`id` = "
                "%s ORDER BY `person`.`id`",
                (2,),
            ),
            "sqlite": (
                'SELECT "person"."first_name", (SELECT JSON_GROUP_ARRAY(JSON_OBJECT(\'id\', "pet"."id", \'name\', '
                '"pet"."name", \'toys\', (SELECT JSON_GROUP_ARRAY(JSON_OBJECT(\'name\', "nested"."name", \'who\', '
                '"nested"."who")) FROM (SELECT "toy"."name", "person"."first_name" AS "who" FROM "toy" WHERE '
                '"toy"."pet_id" = "pet"."id" AND "person"."id" = "pet"."owner_id" ORDER BY "toy"."id") AS '
                '"nested"))) FROM (SELECT "pet"."id", "pet"."name", "pet"."owner_id" FROM "pet" WHERE '
                '"pet"."owner_id" = "person"."id" ORDER BY "pet"."name") AS "pet") AS "pets" FROM "person" WHERE '
                '"person"."id" = ? ORDER BY "person"."id"',
                (2,),
            ),
        },
    )
    assert (await db.fetch_one(query))["pets"] == [
        {"id": 14, "name": "Amy", "toys": []},
        {"id": 11, "name": "Felix", "toys": [{"name": "mouse", "who": "Bea"}]},
        {"id": 10, "name": "Rex", "toys": [{"name": "ball", "who": "Bea"}, {"name": "bone", "who": "Bea"}]},
    ]


async def test_objects_in_objects_and_lists_in_objects(db):
    grandmother = person.as_("grandmother")
    mothers = (
        select_from(mother)
        .select(
            mother.first_name,
            json_object_from(
                select_from(grandmother).select(grandmother.first_name).where(grandmother.id == mother.mother_id)
            ).as_("mother"),
            json_array_from(pets.clear_where().where(pet.owner_id == mother.id)).as_("pets"),
        )
        .where(mother.id == person.mother_id)
    )
    query = people.select(json_object_from(mothers).as_("mother")).where(person.id.is_in([1, 2, 4]))
    assert [row["mother"] for row in await db.fetch_all(query)] == [
        None,
        {"first_name": "Ada", "mother": None, "pets": []},
        {"first_name": "Bea", "mother": {"first_name": "Ada"}, "pets": pets_of(2)},
    ]


async def test_a_table_nested_in_itself_three_levels_deep(db):
    grandchild, great = person.as_("grandchild"), person.as_("great")
    third = select_from(great).select(great.first_name).where(great.mother_id == grandchild.id)
    second = (
        select_from(grandchild)
        .select(grandchild.first_name, json_array_from(third).as_("children"))
        .where(grandchild.mother_id == child.id)
    )
    first = (
        select_from(child)
        .select(child.first_name, json_array_from(second).as_("children"))
        .where(child.mother_id == person.id)
        .order_by(child.id)
    )
    query = people.select(json_array_from(first).as_("children")).where(person.id == 1)
    assert await db.fetch_all(query) == [
        {
            "first_name": "Ada",
            "children": [
                {"first_name": "Bea", "children": [{"first_name": "Dora", "children": []}]},
                {"first_name": "Cem", "children": []},
            ],
        }
    ]


def nested(levels: int) -> Any:
    query = select(value(1).as_("leaf"))
    for level in range(levels):
        query = select(value(level).as_("level"), json_array_from(query).as_("inner"))
    return query


@pytest.mark.parametrize("levels", [5, 6, 7])
async def test_as_deep_as_every_database_goes(db, levels):
    row = await db.fetch_one(nested(levels))
    for level in reversed(range(levels)):
        assert row["level"] == level
        (row,) = row["inner"]
    assert row == {"leaf": 1}


@pytest.mark.databases("postgres", "mysql", "mariadb")
async def test_ten_levels_on_the_servers(db):
    row = await db.fetch_one(nested(10))
    for _ in range(10):
        (row,) = row["inner"]
    assert row == {"leaf": 1}


async def test_the_deepest_that_is_not_refused_runs(db):
    deepest = db.dialect.features.max_nesting
    with pytest.raises(UnsupportedError, match=f"more than {deepest} levels of nested rows"):
        nested(deepest + 1).compile(db.dialect)
    row = await db.fetch_one(nested(deepest))
    for _ in range(deepest):
        (row,) = row["inner"]
    assert row == {"leaf": 1}


# -- names and numbers of columns ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["agg", "obj", "data", "nested", "plain", "single", "key", "value", "t", "a", "order", "select", "NESTED"]
)
async def test_a_column_may_have_any_name(db, name):
    rows = (
        select_from(pet)
        .select(pet.name.as_(name), (pet.weight > 10).as_(f"{name}2"), pet.weight.as_("w"))
        .where(pet.owner_id == person.id)
    )
    expected = [
        [
            {name: each["name"], f"{name}2": each["weight"] and each["weight"] > 10, "w": each["weight"]}
            for each in PETS
            if each["owner_id"] == owner["id"]
        ]
        for owner in PEOPLE
    ]
    query = people.select(json_array_from(rows.order_by(pet.id)).as_(name))
    assert [row[name] for row in await db.fetch_all(query)] == expected
    one = people.select(json_object_from(rows.order_by(pet.id).limit(1)).as_(name))
    assert [row[name] for row in await db.fetch_all(one)] == [each[0] if each else None for each in expected]
    scalar = people.select(
        json_array_from(rows.clear_select().select(pet.name.as_(name)).order_by(pet.id).scalars()).as_(name)
    )
    assert [row[name] for row in await db.fetch_all(scalar)] == [[row[name] for row in each] for each in expected]


@pytest.mark.parametrize("name", ["nested", "plain", "single", "NESTED", "value"])
async def test_a_table_may_have_any_name(db, name):
    outer, inner = person.as_(name), pet.as_(f"{name}s")
    rows = select_from(inner).select(inner.name, inner.weight).where(inner.owner_id == outer.id).order_by(inner.name)
    query = (
        select_from(outer)
        .select(outer.id, json_array_from(rows).as_("pets"), json_object_from(rows.limit(1)).as_("pet"))
        .order_by(outer.id)
    )
    assert [[each["name"] for each in row["pets"]] for row in await db.fetch_all(query)] == [
        [],
        ["Amy", "Felix", "Rex"],
        ["Minka"],
        ["Bella"],
        [],
    ]
    swapped = pet.as_(name)
    rows = (
        select_from(swapped)
        .select(swapped.name, swapped.weight)
        .where(swapped.owner_id == person.id)
        .order_by(swapped.name)
    )
    query = people.select(json_array_from(rows).as_("pets"), json_object_from(rows.limit(1)).as_("pet"))
    assert [row["pet"] and row["pet"]["name"] for row in await db.fetch_all(query)] == [
        None,
        "Amy",
        "Minka",
        "Bella",
        None,
    ]


@pytest.mark.parametrize("count", [49, 50, 51, 63, 64, 100, 101, 127, 200, 500])
async def test_any_number_of_columns(db, count):
    columns = [(pet.id * value(n)).as_(f"c{n}") if n % 5 else value(None).as_(f"c{n}") for n in range(count)]
    rows = select_from(pet).select(*columns).where(pet.owner_id == person.id).order_by(pet.id)
    expected = [
        [
            {f"c{n}": each["id"] * n if n % 5 else None for n in range(count)}
            for each in PETS
            if each["owner_id"] == owner["id"]
        ]
        for owner in PEOPLE
    ]
    result = await db.fetch_all(
        people.select(json_array_from(rows).as_("rows"), json_object_from(rows.limit(1)).as_("row"))
    )
    assert [row["rows"] for row in result] == expected
    assert [row["row"] for row in result] == [each[0] if each else None for each in expected]
    assert [list(row) for row in result[1]["rows"]] == [[f"c{n}" for n in range(count)]] * 3


@pytest.mark.parametrize("count", [49, 50, 51, 63, 64, 101, 300])
async def test_an_object_of_any_number_of_expressions(db, count):
    made = json_build_object(**{f"c{n}": pet.id + n if n % 2 else None for n in range(count)})
    row = await db.fetch_value(select_from(pet).select(made.as_("made")).where(pet.id == 10))
    assert row == {f"c{n}": 10 + n if n % 2 else None for n in range(count)}


# -- siblings -----------------------------------------------------------------------------------------------------


async def test_siblings_have_orders_of_their_own(db):
    by_name = json_array_from(pets).as_("by_name")
    by_id = json_array_from(pets.clear_order_by().order_by(pet.id.desc())).as_("by_id")
    row = await db.fetch_one(people.select(by_name, by_id).where(person.id == 2))
    assert [each["id"] for each in row["by_name"]] == [14, 11, 10]
    assert [each["id"] for each in row["by_id"]] == [14, 11, 10]
    by_weight = json_array_from(pets.clear_order_by().order_by(pet.weight.desc())).as_("by_weight")
    row = await db.fetch_one(people.select(by_name, by_weight).where(person.id == 2))
    assert [each["name"] for each in row["by_weight"]] == ["Rex", "Felix", "Amy"]


async def test_the_same_query_twice_in_one(db):
    nested_pets = json_array_from(pets)
    query = people.select(nested_pets.as_("one"), nested_pets.as_("two"), json_array_from(pets).as_("three")).where(
        exists(pets)
    )
    rows = await db.fetch_all(query)
    assert (
        [row["one"] for row in rows]
        == [row["two"] for row in rows]
        == [row["three"] for row in rows]
        == [pets_of(2), pets_of(3), pets_of(4)]
    )


async def test_values_beside_and_inside_nested_rows_stand_in_order(db):
    inner = (
        select_from(pet)
        .select(pet.name, value("inner").as_("mark"))
        .where(pet.owner_id == person.id, pet.species == "dog")
    )
    query = (
        select_from(person)
        .select(value("before").as_("before"), json_array_from(inner.limit(5)).as_("dogs"), value("after").as_("after"))
        .where(person.first_name == "Bea")
        .limit(7)
    )
    compiles_to(
        query,
        {
            "postgres": (
                'SELECT $1::text AS "before", ARRAY_TO_JSON(ARRAY(SELECT ("nested".*)::record FROM (SELECT '
                '"pet"."name", $2::text AS "mark" FROM "pet" WHERE "pet"."owner_id" = "person"."id" AND '
                '"pet"."species" = $3 LIMIT $4) AS "nested")) AS "dogs", $5::text AS "after" FROM "person" WHERE '
                '"person"."first_name" = $6 LIMIT $7',
                ("before", "inner", "dog", 5, "after", "Bea", 7),
            ),
            "mysql": (
                "SELECT %s AS `before`, (SELECT CASE WHEN COUNT(*) = 0 THEN JSON_ARRAY() "
                "ELSE JSON_ARRAYAGG(JSON_OBJECT('name', `nested`.`name`, 'mark', `nested`.`mark`)) END "
                "FROM (SELECT `pet`.`name`, %s AS `mark` FROM `pet` WHERE `pet`.`owner_id` = `person`.`id` "
                "AND `pet`.`species` = %s LIMIT %s) AS `nested`) AS `dogs`, %s AS `after` FROM `person` "
                "WHERE `person`.`first_name` = %s LIMIT %s",
                ("before", "inner", "dog", 5, "after", "Bea", 7),
            ),
            "mariadb": (
                "SELECT %s AS `before`, (SELECT CASE WHEN COUNT(*) = 0 OR %s = 0 THEN JSON_ARRAY() "
                "ELSE JSON_ARRAYAGG(JSON_OBJECT('name', CONVERT(`pet`.`name` USING utf8mb4), 'mark', "
                "CONVERT(%s USING utf8mb4)) LIMIT %s) END FROM `pet` WHERE `pet`.`owner_id` = `person`.`id` "
                "AND `pet`.`species` = %s) AS `dogs`, %s AS `after` FROM `person` "
                "WHERE `person`.`first_name` = %s LIMIT %s",
                ("before", 5, "inner", 5, "dog", "after", "Bea", 7),
            ),
            "sqlite": (
                'SELECT ? AS "before", (SELECT JSON_GROUP_ARRAY(JSON_OBJECT(\'name\', "nested"."name", \'mark\', '
                '"nested"."mark")) FROM (SELECT "pet"."name", ? AS "mark" FROM "pet" '
                'WHERE "pet"."owner_id" = "person"."id" AND "pet"."species" = ? LIMIT ?) AS "nested") '
                'AS "dogs", ? AS "after" FROM "person" WHERE "person"."first_name" = ? LIMIT ?',
                ("before", "inner", "dog", 5, "after", "Bea", 7),
            ),
        },
    )
    assert await db.fetch_all(query) == [
        {"before": "before", "dogs": [{"name": "Rex", "mark": "inner"}], "after": "after"}
    ]


# -- limits -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("limit", "offset"),
    [
        (0, None),
        (1, None),
        (2, None),
        (9, None),
        (None, 0),
        (None, 1),
        (None, 9),
        (1, 1),
        (2, 1),
        (0, 1),
        (2, 3),
        (2, 9),
    ],
)
async def test_limits_are_per_parent_at_every_level(db, limit, offset):
    def cut(query):
        return query.if_(limit is not None, lambda it: it.limit(limit)).if_(
            offset is not None, lambda it: it.offset(offset)
        )

    window = slice(offset or 0, None if limit is None else (offset or 0) + limit)
    rows = await db.fetch_all(people.select(json_array_from(cut(pets)).as_("pets")))
    assert [row["pets"] for row in rows] == [pets_of(each["id"])[window] for each in PEOPLE]
    all_toys = select_from(toy).select(toy.id).where(toy.pet_id <= pet.id).order_by(toy.id.desc())
    level2 = select_from(pet).select(pet.id, json_array_from(cut(all_toys)).as_("toys")).order_by(pet.id)
    rows = await db.fetch_one(select(json_array_from(cut(level2)).as_("pets")))
    assert (
        rows["pets"]
        == [
            {
                "id": each["id"],
                "toys": [{"id": it["id"]} for it in reversed(TOYS) if it["pet_id"] <= each["id"]][window],
            }
            for each in PETS
        ][window]
    )


async def test_a_limit_without_an_order_and_with_a_join(db):
    joined = (
        select_from(pet)
        .left_join(toy, toy.pet_id == pet.id)
        .select(pet.name, toy.name.as_("toy"))
        .where(pet.owner_id == person.id)
        .order_by(pet.name.desc(), toy.name.desc(nulls="last"))
        .limit(2)
    )
    query = people.select(json_array_from(joined).as_("pairs")).where(person.id == 2)
    compiles_to(
        query,
        {
            "postgres": (
                'SELECT "person"."first_name", ARRAY_TO_JSON(ARRAY(SELECT ("nested".*)::record FROM (SELECT '
                '"pet"."name", "toy"."name" AS "toy" FROM "pet" LEFT JOIN "toy" ON "toy"."pet_id" = "pet"."id" '
                'WHERE "pet"."owner_id" = "person"."id" ORDER BY "pet"."name" DESC, "toy"."name" DESC NULLS LAST '
                'LIMIT $1) AS "nested")) AS "pairs" FROM "person" WHERE "person"."id" = $2 ORDER BY "person"."id"',
                (2, 2),
            ),
            "mysql": (
                "SELECT `person`.`first_name`, (SELECT CASE WHEN COUNT(*) = 0 THEN JSON_ARRAY() "
                "ELSE JSON_ARRAYAGG(JSON_OBJECT('name', `nested`.`name`, 'toy', `nested`.`toy`)) END "
                "FROM (SELECT `pet`.`name`, `toy`.`name` AS `toy` FROM `pet` LEFT JOIN `toy` "
                "ON `toy`.`pet_id` = `pet`.`id` WHERE `pet`.`owner_id` = `person`.`id` "
                "ORDER BY `pet`.`name` DESC, `toy`.`name` IS NULL, `toy`.`name` DESC LIMIT %s) AS `nested`) "
                "AS `pairs` FROM `person` WHERE `person`.`id` = %s ORDER BY `person`.`id`",
                (2, 2),
            ),
            "mariadb": (
                "SELECT `person`.`first_name`, (SELECT CASE WHEN COUNT(*) = 0 OR %s = 0 THEN JSON_ARRAY() "
                "ELSE JSON_ARRAYAGG(JSON_OBJECT('name', CONVERT(`pet`.`name` USING utf8mb4), 'toy', "
                "CONVERT(`toy`.`name` USING utf8mb4)) ORDER BY `pet`.`name` DESC, `toy`.`name` IS NULL, "
                "`toy`.`name` DESC LIMIT %s) END FROM `pet` LEFT JOIN `toy` ON `toy`.`pet_id` = `pet`.`id` "
                "WHERE `pet`.`owner_id` = `person`.`id`) AS `pairs` FROM `person` WHERE `person`.`id` = %s "
                "ORDER BY `person`.`id`",
                (2, 2, 2),
            ),
            "sqlite": (
                'SELECT "person"."first_name", (SELECT JSON_GROUP_ARRAY(JSON_OBJECT(\'name\', "nested"."name", '
                '\'toy\', "nested"."toy")) FROM (SELECT "pet"."name", "toy"."name" AS "toy" FROM "pet" '
                'LEFT JOIN "toy" ON "toy"."pet_id" = "pet"."id" WHERE "pet"."owner_id" = "person"."id" '
                'ORDER BY "pet"."name" DESC, "toy"."name" DESC NULLS LAST LIMIT ?) AS "nested") AS "pairs" '
                'FROM "person" WHERE "person"."id" = ? ORDER BY "person"."id"',
                (2, 2),
            ),
        },
    )
    assert (await db.fetch_one(query))["pairs"] == [{"name": "Rex", "toy": "bone"}, {"name": "Rex", "toy": "ball"}]
    unordered = select_from(pet).select(pet.id).where(pet.owner_id == person.id).limit(2)
    assert (
        len((await db.fetch_one(people.select(json_array_from(unordered).as_("pets")).where(person.id == 2)))["pets"])
        == 2
    )


async def test_nested_order_with_nulls_directions_and_columns_that_are_not_selected(db):
    all_pets = select_from(pet).select(pet.name)

    async def names(*order: Any) -> list[str]:
        return [
            each["name"]
            for each in await db.fetch_value(select(json_array_from(all_pets.order_by(*order)).as_("pets")))
        ]

    assert await names(pet.weight.asc(nulls="first")) == ["Minka", "Amy", "Felix", "Bella", "Rex"]
    assert await names(pet.weight.desc(nulls="last")) == ["Rex", "Bella", "Felix", "Amy", "Minka"]
    assert await names(pet.species.desc(), pet.weight.asc(nulls="last")) == ["Bella", "Rex", "Amy", "Felix", "Minka"]
    assert await names(case().when(pet.name == "Minka", 0).else_(1), pet.id.desc()) == [
        "Minka",
        "Amy",
        "Bella",
        "Felix",
        "Rex",
    ]
    assert await names(fn.length(pet.name), fn.lower(pet.name)) == ["Amy", "Rex", "Bella", "Felix", "Minka"]


async def test_nested_order_by_what_is_selected_under_another_name(db):
    label = fn.upper(pet.name).as_("label")
    rows = select_from(pet).select(label, pet.id.as_("name")).order_by(label.desc(nulls="last"))
    compiles_to(
        select(json_array_from(rows).as_("pets")),
        {
            "postgres": (
                'SELECT ARRAY_TO_JSON(ARRAY(SELECT ("nested".*)::record FROM (SELECT UPPER("pet"."name") AS '
                '"label", "pet"."id" AS "name" FROM "pet" ORDER BY "label" DESC NULLS LAST) AS "nested")) AS '
                '"pets"'
            ),
            "mysql": (
                "SELECT (SELECT CASE WHEN COUNT(*) = 0 THEN JSON_ARRAY() "
                "ELSE JSON_ARRAYAGG(JSON_OBJECT('label', `nested`.`label`, 'name', `nested`.`name`)) END "
                "FROM (SELECT UPPER(`pet`.`name`) AS `label`, `pet`.`id` AS `name` FROM `pet` "
                "ORDER BY `label` IS NULL, `label` DESC LIMIT 18446744073709551615) AS `nested`) AS `pets`"
            ),
            "mariadb": (
                "SELECT (SELECT CASE WHEN COUNT(*) = 0 THEN JSON_ARRAY() "
                "ELSE JSON_ARRAYAGG(JSON_OBJECT('label', CONVERT(UPPER(`pet`.`name`) USING utf8mb4), 'name', "
                "`pet`.`id`) ORDER BY UPPER(`pet`.`name`) IS NULL, UPPER(`pet`.`name`) DESC) END "
                "FROM `pet`) AS `pets`"
            ),
            "sqlite": (
                "SELECT (SELECT JSON_GROUP_ARRAY(JSON_OBJECT('label', \"nested\".\"label\", 'name', "
                '"nested"."name")) FROM (SELECT UPPER("pet"."name") AS "label", "pet"."id" AS "name" '
                'FROM "pet" ORDER BY "label" DESC NULLS LAST) AS "nested") AS "pets"'
            ),
        },
    )
    assert [each["label"] for each in await db.fetch_value(select(json_array_from(rows).as_("pets")))] == [
        "REX",
        "MINKA",
        "FELIX",
        "BELLA",
        "AMY",
    ]
    rows = select_from(pet).select((pet.id * -1).as_("id"), pet.name).order_by(pet.id).limit(2)
    found = await db.fetch_value(select(json_array_from(rows).as_("pets")))
    assert [each["name"] for each in found] == ["Rex", "Felix"]


# -- where nested rows can stand ------------------------------------------------------------------------------------


async def test_in_a_case(db):
    branch = (
        case().when(person.id == 2, json_array_from(pets)).else_(json_array_from(pets.where(pet.id < 0))).as_("pets")
    )
    query = people.select(branch)
    compiles_to(
        query,
        {
            "postgres": (
                'SELECT "person"."first_name", CASE WHEN "person"."id" = $1 THEN ARRAY_TO_JSON(ARRAY(SELECT '
                '("nested".*)::record FROM (SELECT "pet"."id", "pet"."name" FROM "pet" WHERE "pet"."owner_id" = '
                '"person"."id" ORDER BY "pet"."name") AS "nested")) ELSE ARRAY_TO_JSON(ARRAY(SELECT '
                '("nested".*)::record FROM (SELECT "pet"."id", "pet"."name" FROM "pet" WHERE "pet"."owner_id" = '
                '"person"."id" AND "pet"."id" < $2 ORDER BY "pet"."name") AS "nested")) END AS "pets" FROM '
                '"person" ORDER BY "person"."id"',
                (2, 0),
            ),
            "mysql": (
                "SELECT `person`.`first_name`, CASE WHEN `person`.`id` = %s THEN (SELECT CASE "
                "WHEN COUNT(*) = 0 THEN JSON_ARRAY() ELSE JSON_ARRAYAGG(JSON_OBJECT('id', `nested`.`id`, "
                "'name', `nested`.`name`)) END FROM (SELECT `pet`.`id`, `pet`.`name` FROM `pet` "
                "WHERE `pet`.`owner_id` = `person`.`id` ORDER BY `pet`.`name` LIMIT 18446744073709551615) "
                "AS `nested`) ELSE (SELECT CASE WHEN COUNT(*) = 0 THEN JSON_ARRAY() "
                "ELSE JSON_ARRAYAGG(JSON_OBJECT('id', `nested`.`id`, 'name', `nested`.`name`)) END "
                "FROM (SELECT `pet`.`id`, `pet`.`name` FROM `pet` WHERE `pet`.`owner_id` = `person`.`id` "
                "AND `pet`.`id` < %s ORDER BY `pet`.`name` LIMIT 18446744073709551615) AS `nested`) END "
                "AS `pets` FROM `person` ORDER BY `person`.`id`",
                (2, 0),
            ),
            "mariadb": (
                "SELECT `person`.`first_name`, CASE WHEN `person`.`id` = %s THEN (SELECT CASE "
                "WHEN COUNT(*) = 0 THEN JSON_ARRAY() ELSE JSON_ARRAYAGG(JSON_OBJECT('id', `pet`.`id`, 'name', "
                "CONVERT(`pet`.`name` USING utf8mb4)) ORDER BY `pet`.`name`) END FROM `pet` "
                "WHERE `pet`.`owner_id` = `person`.`id`) ELSE (SELECT CASE WHEN COUNT(*) = 0 THEN JSON_ARRAY() "
                "ELSE JSON_ARRAYAGG(JSON_OBJECT('id', `pet`.`id`, 'name', "
                "CONVERT(`pet`.`name` USING utf8mb4)) ORDER BY `pet`.`name`) END FROM `pet` "
                "WHERE `pet`.`owner_id` = `person`.`id` AND `pet`.`id` < %s) END AS `pets` FROM `person` "
                "ORDER BY `person`.`id`",
                (2, 0),
            ),
            "sqlite": (
                'SELECT "person"."first_name", CASE '
                'WHEN "person"."id" = ? THEN (SELECT JSON_GROUP_ARRAY(JSON_OBJECT(\'id\', "nested"."id", \'name\', '
                '"nested"."name")) FROM (SELECT "pet"."id", "pet"."name" FROM "pet" '
                'WHERE "pet"."owner_id" = "person"."id" ORDER BY "pet"."name") AS "nested") '
                'ELSE (SELECT JSON_GROUP_ARRAY(JSON_OBJECT(\'id\', "nested"."id", \'name\', "nested"."name")) '
                'FROM (SELECT "pet"."id", "pet"."name" FROM "pet" WHERE "pet"."owner_id" = "person"."id" '
                'AND "pet"."id" < ? ORDER BY "pet"."name") AS "nested") END AS "pets" FROM "person" '
                'ORDER BY "person"."id"',
                (2, 0),
            ),
        },
    )
    assert [row["pets"] for row in await db.fetch_all(query)] == [[], pets_of(2), [], [], []]


async def test_in_a_case_without_else_it_may_be_null(db):
    query = people.select(case().when(person.id == 2, json_array_from(pets)).as_("pets"))
    assert [row["pets"] for row in await db.fetch_all(query)] == [None, pets_of(2), None, None, None]


async def test_in_a_sub_query_of_from(db):
    inner = people.select(person.id, json_array_from(pets).as_("pets")).clear_order_by().as_("inner_people")
    query = select_from(inner).select(inner.pets, inner.first_name).order_by(inner.id)
    compiles_to(
        query,
        {
            "postgres": (
                'SELECT "inner_people"."pets", "inner_people"."first_name" FROM (SELECT "person"."first_name", '
                '"person"."id", ARRAY_TO_JSON(ARRAY(SELECT ("nested".*)::record FROM (SELECT "pet"."id", '
                '"pet"."name" FROM "pet" WHERE "pet"."owner_id" = "person"."id" ORDER BY "pet"."name") AS '
                '"nested")) AS "pets" FROM "person") AS "inner_people" ORDER BY "inner_people"."id"'
            ),
            "mysql": (
                "SELECT `inner_people`.`pets`, `inner_people`.`first_name` FROM (SELECT `person`.`first_name`, "
                "`person`.`id`, (SELECT CASE WHEN COUNT(*) = 0 THEN JSON_ARRAY() "
                "ELSE JSON_ARRAYAGG(JSON_OBJECT('id', `nested`.`id`, 'name', `nested`.`name`)) END "
                "FROM (SELECT `pet`.`id`, `pet`.`name` FROM `pet` WHERE `pet`.`owner_id` = `person`.`id` "
                "ORDER BY `pet`.`name` LIMIT 18446744073709551615) AS `nested`) AS `pets` "
                "FROM `person`) AS `inner_people` ORDER BY `inner_people`.`id`"
            ),
            "mariadb": (
                "SELECT `inner_people`.`pets`, `inner_people`.`first_name` FROM (SELECT `person`.`first_name`, "
                "`person`.`id`, (SELECT CASE WHEN COUNT(*) = 0 THEN JSON_ARRAY() "
                "ELSE JSON_ARRAYAGG(JSON_OBJECT('id', `pet`.`id`, 'name', "
                "CONVERT(`pet`.`name` USING utf8mb4)) ORDER BY `pet`.`name`) END FROM `pet` "
                "WHERE `pet`.`owner_id` = `person`.`id`) AS `pets` FROM `person`) AS `inner_people` "
                "ORDER BY `inner_people`.`id`"
            ),
            "sqlite": (
                'SELECT "inner_people"."pets", "inner_people"."first_name" FROM (SELECT "person"."first_name", '
                '"person"."id", (SELECT JSON_GROUP_ARRAY(JSON_OBJECT(\'id\', "nested"."id", \'name\', '
                '"nested"."name")) FROM (SELECT "pet"."id", "pet"."name" FROM "pet" '
                'WHERE "pet"."owner_id" = "person"."id" ORDER BY "pet"."name") AS "nested") AS "pets" '
                'FROM "person") AS "inner_people" ORDER BY "inner_people"."id"'
            ),
        },
    )
    assert [row["pets"] for row in await db.fetch_all(query)] == [pets_of(each["id"]) for each in PEOPLE]
    everything = select_from(inner).select_all().where(inner.id == 2)
    assert (await db.fetch_one(everything))["pets"] == pets_of(2)
    again = select(
        json_array_from(select_from(inner).select(inner.first_name, inner.pets).order_by(inner.id)).as_("people")
    )
    assert [each["pets"] for each in await db.fetch_value(again)] == [pets_of(each["id"]) for each in PEOPLE]


async def test_as_the_only_value(db):
    assert await db.fetch_column(select_from(person).select(json_array_from(pets).as_("pets")).order_by(person.id)) == [
        pets_of(each["id"]) for each in PEOPLE
    ]
    assert (
        await db.fetch_value(select(json_array_from(select_from(pet).select(pet.id).where(pet.id < 0)).as_("none")))
        == []
    )
    assert (
        await db.fetch_value(select(json_object_from(select_from(pet).select(pet.id).where(pet.id < 0)).as_("none")))
        is None
    )


async def test_beside_groups(db):
    owned = select_from(pet).select(pet.name).where(pet.owner_id == person.id).order_by(pet.name)
    query = (
        select_from(person)
        .inner_join(toy, toy.price > 0)
        .select(person.id, fn.count(toy.id).as_("count"), json_array_from(owned).as_("pets"))
        .group_by(person.id)
        .order_by(person.id)
    )
    rows = await db.fetch_all(query)
    assert [row["count"] for row in rows] == [4] * 5
    assert rows[2]["pets"] == [{"name": "Minka"}]


async def test_beside_distinct(db):
    query = (
        select_from(pet)
        .inner_join(person, person.id == pet.owner_id)
        .select(person.first_name, json_array_from(pets_of_owner).as_("pets"))
    )
    query = query.distinct().order_by(person.first_name)
    compiles_to(
        query,
        {
            "postgres": (
                'SELECT DISTINCT "person"."first_name", CAST(ARRAY_TO_JSON(ARRAY(SELECT ("nested".*)::record FROM '
                '(SELECT "own"."id", "own"."name" FROM "pet" AS "own" WHERE "own"."owner_id" = "person"."id" '
                'ORDER BY "own"."name") AS "nested")) AS text) AS "pets" FROM "pet" INNER JOIN "person" ON '
                '"person"."id" = "pet"."owner_id" ORDER BY "person"."first_name"'
            ),
            "mysql": (
                "SELECT DISTINCT `person`.`first_name`, (SELECT CASE WHEN COUNT(*) = 0 THEN JSON_ARRAY() "
                "ELSE JSON_ARRAYAGG(JSON_OBJECT('id', `nested`.`id`, 'name', `nested`.`name`)) END "
                "FROM (SELECT `own`.`id`, `own`.`name` FROM `pet` AS `own` "
                "WHERE `own`.`owner_id` = `person`.`id` ORDER BY `own`.`name` LIMIT 18446744073709551615) "
                "AS `nested`) AS `pets` FROM `pet` INNER JOIN `person` ON `person`.`id` = `pet`.`owner_id` "
                "ORDER BY `person`.`first_name`"
            ),
            "mariadb": (
                "SELECT DISTINCT `person`.`first_name`, (SELECT CASE WHEN COUNT(*) = 0 THEN JSON_ARRAY() "
                "ELSE JSON_ARRAYAGG(JSON_OBJECT('id', `own`.`id`, 'name', "
                "CONVERT(`own`.`name` USING utf8mb4)) ORDER BY `own`.`name`) END FROM `pet` AS `own` "
                "WHERE `own`.`owner_id` = `person`.`id`) AS `pets` FROM `pet` "
                "INNER JOIN `person` ON `person`.`id` = `pet`.`owner_id` ORDER BY `person`.`first_name`"
            ),
            "sqlite": (
                'SELECT DISTINCT "person"."first_name", (SELECT JSON_GROUP_ARRAY(JSON_OBJECT(\'id\', '
                '"nested"."id", \'name\', "nested"."name")) FROM (SELECT "own"."id", "own"."name" '
                'FROM "pet" AS "own" WHERE "own"."owner_id" = "person"."id" ORDER BY "own"."name") '
                'AS "nested") AS "pets" FROM "pet" INNER JOIN "person" ON "person"."id" = "pet"."owner_id" '
                'ORDER BY "person"."first_name"'
            ),
        },
    )
    expected = [{"first_name": name, "pets": pets_of(owner)} for owner, name in ((2, "Bea"), (3, "Cem"), (4, "Dora"))]
    assert await db.fetch_all(query) == expected
    found = query.clear_order_by().as_("found")
    assert (
        await db.fetch_all(select_from(found).select(found.first_name, found.pets).order_by(found.first_name))
        == expected
    )
    again = select_from(found).select(found.first_name, found.pets).order_by(found.first_name)
    assert await db.fetch_value(select(json_array_from(again).as_("all"))) == expected


@pytest.mark.databases("sqlite", "postgres", "mysql")
async def test_distinct_rows_with_nested_rows_nested(db):
    rows = select_from(pet).select(
        pet.species, json_object_from(select_from(person).select(person.first_name).where(person.id == 1)).as_("ada")
    )
    nested_rows = json_array_from(rows.distinct().order_by(pet.species)).as_("rows")
    ada = {"first_name": "Ada"}
    assert await db.fetch_value(select(nested_rows)) == [{"species": "cat", "ada": ada}, {"species": "dog", "ada": ada}]
    only = rows.clear_select().select(
        json_object_from(select_from(person).select(person.first_name).where(person.id == 1)).as_("ada")
    )
    assert await db.fetch_value(select(json_array_from(only.distinct().scalars()).as_("rows"))) == [ada]


async def test_in_a_union(db):
    one = people.clear_order_by().select(json_array_from(pets).as_("pets")).where(person.id < 3)
    two = people.clear_order_by().select(json_array_from(pets).as_("pets")).where(person.id.between(2, 3))
    expected = [{"first_name": each["first_name"], "pets": pets_of(each["id"])} for each in PEOPLE[:3]]
    query = one.union(two)
    compiles_to(
        query,
        {
            "postgres": (
                'SELECT "person"."first_name", CAST(ARRAY_TO_JSON(ARRAY(SELECT ("nested".*)::record FROM (SELECT '
                '"pet"."id", "pet"."name" FROM "pet" WHERE "pet"."owner_id" = "person"."id" ORDER BY '
                '"pet"."name") AS "nested")) AS text) AS "pets" FROM "person" WHERE "person"."id" < $1 UNION '
                'SELECT "person"."first_name", CAST(ARRAY_TO_JSON(ARRAY(SELECT ("nested".*)::record FROM (SELECT '
                '"pet"."id", "pet"."name" FROM "pet" WHERE "pet"."owner_id" = "person"."id" ORDER BY '
                '"pet"."name") AS "nested")) AS text) AS "pets" FROM "person" WHERE "person"."id" BETWEEN $2 AND '
                "$3",
                (3, 2, 3),
            ),
            "mysql": (
                "SELECT `person`.`first_name`, (SELECT CASE WHEN COUNT(*) = 0 THEN JSON_ARRAY() "
                "ELSE JSON_ARRAYAGG(JSON_OBJECT('id', `nested`.`id`, 'name', `nested`.`name`)) END "
                "FROM (SELECT `pet`.`id`, `pet`.`name` FROM `pet` WHERE `pet`.`owner_id` = `person`.`id` "
                "ORDER BY `pet`.`name` LIMIT 18446744073709551615) AS `nested`) AS `pets` FROM `person` "
                "WHERE `person`.`id` < %s UNION SELECT `person`.`first_name`, (SELECT CASE "
                "WHEN COUNT(*) = 0 THEN JSON_ARRAY() ELSE JSON_ARRAYAGG(JSON_OBJECT('id', `nested`.`id`, "
                "'name', `nested`.`name`)) END FROM (SELECT `pet`.`id`, `pet`.`name` FROM `pet` "
                "WHERE `pet`.`owner_id` = `person`.`id` ORDER BY `pet`.`name` LIMIT 18446744073709551615) "
                "AS `nested`) AS `pets` FROM `person` WHERE `person`.`id` BETWEEN %s AND %s",
                (3, 2, 3),
            ),
            "mariadb": (
                "SELECT `person`.`first_name`, (SELECT CASE WHEN COUNT(*) = 0 THEN JSON_ARRAY() "
                "ELSE JSON_ARRAYAGG(JSON_OBJECT('id', `pet`.`id`, 'name', "
                "CONVERT(`pet`.`name` USING utf8mb4)) ORDER BY `pet`.`name`) END FROM `pet` "
                "WHERE `pet`.`owner_id` = `person`.`id`) AS `pets` FROM `person` "
                "WHERE `person`.`id` < %s UNION SELECT `person`.`first_name`, (SELECT CASE "
                "WHEN COUNT(*) = 0 THEN JSON_ARRAY() ELSE JSON_ARRAYAGG(JSON_OBJECT('id', `pet`.`id`, 'name', "
                "CONVERT(`pet`.`name` USING utf8mb4)) ORDER BY `pet`.`name`) END FROM `pet` "
                "WHERE `pet`.`owner_id` = `person`.`id`) AS `pets` FROM `person` "
                "WHERE `person`.`id` BETWEEN %s AND %s",
                (3, 2, 3),
            ),
            "sqlite": (
                'SELECT "person"."first_name", (SELECT JSON_GROUP_ARRAY(JSON_OBJECT(\'id\', "nested"."id", '
                '\'name\', "nested"."name")) FROM (SELECT "pet"."id", "pet"."name" FROM "pet" '
                'WHERE "pet"."owner_id" = "person"."id" ORDER BY "pet"."name") AS "nested") AS "pets" '
                'FROM "person" WHERE "person"."id" < ? UNION SELECT "person"."first_name", '
                '(SELECT JSON_GROUP_ARRAY(JSON_OBJECT(\'id\', "nested"."id", \'name\', "nested"."name")) '
                'FROM (SELECT "pet"."id", "pet"."name" FROM "pet" WHERE "pet"."owner_id" = "person"."id" '
                'ORDER BY "pet"."name") AS "nested") AS "pets" FROM "person" WHERE "person"."id" BETWEEN ? '
                "AND ?",
                (3, 2, 3),
            ),
        },
    )
    assert sorted(await db.fetch_all(query), key=lambda it: it["first_name"]) == expected
    assert len(await db.fetch_all(one.union_all(two))) == 4
    assert [row["first_name"] for row in await db.fetch_all(one.intersect(two))] == ["Bea"]
    found = query.as_("found")
    rows = await db.fetch_all(select_from(found).select(found.pets, found.first_name).order_by(found.first_name))
    assert rows == expected


async def test_in_groups(db):
    made = json_build_object(species=pet.species).as_("made")
    query = select_from(pet).select(made, fn.count().as_("count")).group_by(made).order_by(fn.count())
    compiles_to(
        query,
        {
            "postgres": (
                'SELECT CAST(JSON_BUILD_OBJECT(\'species\', "pet"."species") AS text) AS "made", COUNT(*) '
                'AS "count" FROM "pet" GROUP BY 1 ORDER BY COUNT(*)'
            ),
            "mysql": (
                "SELECT JSON_OBJECT('species', `pet`.`species`) AS `made`, COUNT(*) AS `count` FROM `pet` "
                "GROUP BY JSON_OBJECT('species', `pet`.`species`) ORDER BY COUNT(*)"
            ),
            "mariadb": (
                "SELECT JSON_OBJECT('species', CONVERT(`pet`.`species` USING utf8mb4)) AS `made`, COUNT(*) "
                "AS `count` FROM `pet` GROUP BY JSON_OBJECT('species', "
                "CONVERT(`pet`.`species` USING utf8mb4)) ORDER BY COUNT(*)"
            ),
            "sqlite": (
                'SELECT JSON_OBJECT(\'species\', "pet"."species") AS "made", COUNT(*) AS "count" FROM "pet" '
                'GROUP BY JSON_OBJECT(\'species\', "pet"."species") ORDER BY COUNT(*)'
            ),
        },
    )
    assert await db.fetch_all(query) == [
        {"made": {"species": "dog"}, "count": 2},
        {"made": {"species": "cat"}, "count": 3},
    ]


async def test_aggregates_nested(db):
    counted = (
        select_from(pet)
        .select(fn.count().as_("count"), fn.max(pet.weight).as_("heaviest"))
        .where(pet.owner_id == person.id)
    )
    query = people.select(json_object_from(counted).as_("pets"), json_array_from(counted).as_("list"))
    compiles_to(
        query,
        {
            "postgres": (
                'SELECT "person"."first_name", (SELECT ROW_TO_JSON("nested".*) FROM (SELECT "plain"."count", '
                'ENCODE(FLOAT8SEND("plain"."heaviest"::float8), \'base64\') AS "heaviest" FROM (SELECT COUNT(*) AS '
                '"count", MAX("pet"."weight") AS "heaviest" FROM "pet" WHERE "pet"."owner_id" = "person"."id") AS '
                '"plain") AS "nested") AS "pets", ARRAY_TO_JSON(ARRAY(SELECT ("nested".*)::record FROM (SELECT '
                '"plain"."count", ENCODE(FLOAT8SEND("plain"."heaviest"::float8), \'base64\') AS "heaviest" FROM '
                '(SELECT COUNT(*) AS "count", MAX("pet"."weight") AS "heaviest" FROM "pet" WHERE "pet"."owner_id" '
                '= "person"."id") AS "plain") AS "nested")) AS "list" FROM "person" ORDER BY "person"."id"'
            ),
            "mysql": (
                "SELECT `person`.`first_name`, (SELECT JSON_OBJECT('count', `nested`.`count`, 'heaviest', "
                "CONCAT(`nested`.`heaviest`, '')) FROM (SELECT COUNT(*) AS `count`, MAX(`pet`.`weight`) "
                "AS `heaviest` FROM `pet` WHERE `pet`.`owner_id` = `person`.`id`) AS `nested`) AS `pets`, "
                "(SELECT CASE WHEN COUNT(*) = 0 THEN JSON_ARRAY() ELSE JSON_ARRAYAGG(JSON_OBJECT('count', "
                "`nested`.`count`, 'heaviest', CONCAT(`nested`.`heaviest`, ''))) END "
                "FROM (SELECT COUNT(*) AS `count`, MAX(`pet`.`weight`) AS `heaviest` FROM `pet` "
                "WHERE `pet`.`owner_id` = `person`.`id`) AS `nested`) AS `list` FROM `person` "
                "ORDER BY `person`.`id`"
            ),
            "mariadb": (
                "SELECT `person`.`first_name`, (SELECT JSON_OBJECT('count', COUNT(*), 'heaviest', "
                "MAX(`pet`.`weight`)) FROM `pet` WHERE `pet`.`owner_id` = `person`.`id`) AS `pets`, "
                "JSON_ARRAY((SELECT JSON_OBJECT('count', COUNT(*), 'heaviest', MAX(`pet`.`weight`)) FROM `pet` "
                "WHERE `pet`.`owner_id` = `person`.`id`)) AS `list` FROM `person` ORDER BY `person`.`id`"
            ),
            "sqlite": (
                'SELECT "person"."first_name", (SELECT CASE WHEN COUNT(*) > 1 THEN QUERYKIT_MANY() '
                "WHEN COUNT(*) = 1 THEN JSON_OBJECT('count', \"nested\".\"count\", 'heaviest', CASE "
                'WHEN "nested"."heaviest" IS NOT NULL THEN PRINTF(\'%!.20e\', "nested"."heaviest") END) END '
                'FROM (SELECT COUNT(*) AS "count", MAX("pet"."weight") AS "heaviest" FROM "pet" '
                'WHERE "pet"."owner_id" = "person"."id") AS "nested") AS "pets", '
                "(SELECT JSON_GROUP_ARRAY(JSON_OBJECT('count', \"nested\".\"count\", 'heaviest', CASE "
                'WHEN "nested"."heaviest" IS NOT NULL THEN PRINTF(\'%!.20e\', "nested"."heaviest") END)) '
                'FROM (SELECT COUNT(*) AS "count", MAX("pet"."weight") AS "heaviest" FROM "pet" '
                'WHERE "pet"."owner_id" = "person"."id") AS "nested") AS "list" FROM "person" '
                'ORDER BY "person"."id"'
            ),
        },
    )
    rows = await db.fetch_all(query)
    assert [row["pets"] for row in rows] == [
        {"count": 0, "heaviest": None},
        {"count": 3, "heaviest": 31.5},
        {"count": 1, "heaviest": None},
        {"count": 1, "heaviest": 12.0},
        {"count": 0, "heaviest": None},
    ]
    assert [row["list"] for row in rows] == [[row["pets"]] for row in rows]


async def test_aggregates_in_expressions_nested(db):
    own_pets = select_from(pet).where(pet.owner_id == person.id)
    query = select_from(person).select(
        json_array_from(own_pets.select(fn.coalesce(fn.sum(pet.id), 0).as_("sum"), (fn.count() > 1).as_("many"))).as_(
            "all"
        ),
        json_array_from(own_pets.select(fn.count()).scalars()).as_("count"),
        json_array_from(own_pets.select(fn.count().as_("count")).limit(0)).as_("none"),
        json_array_from(own_pets.select(fn.count().as_("count")).limit(5).offset(1)).as_("second"),
    )
    compiles_to(
        query,
        {
            "postgres": (
                'SELECT ARRAY_TO_JSON(ARRAY(SELECT ("nested".*)::record FROM (SELECT COALESCE(SUM("pet"."id"), '
                '$1) AS "sum", COUNT(*) > $2 AS "many" FROM "pet" WHERE "pet"."owner_id" = "person"."id") AS '
                '"nested")) AS "all", (SELECT COALESCE(JSON_AGG("nested"."value"), \'[]\') FROM (SELECT COUNT(*) AS '
                '"value" FROM "pet" WHERE "pet"."owner_id" = "person"."id") AS "nested") AS "count", '
                'ARRAY_TO_JSON(ARRAY(SELECT ("nested".*)::record FROM (SELECT COUNT(*) AS "count" FROM "pet" '
                'WHERE "pet"."owner_id" = "person"."id" LIMIT $3) AS "nested")) AS "none", '
                'ARRAY_TO_JSON(ARRAY(SELECT ("nested".*)::record FROM (SELECT COUNT(*) AS "count" FROM "pet" '
                'WHERE "pet"."owner_id" = "person"."id" LIMIT $4 OFFSET $5) AS "nested")) AS "second" FROM '
                '"person"',
                (0, 1, 0, 5, 1),
            ),
            "mysql": (
                "SELECT (SELECT CASE WHEN COUNT(*) = 0 THEN JSON_ARRAY() ELSE JSON_ARRAYAGG(JSON_OBJECT('sum', "
                "`nested`.`sum`, 'many', `nested`.`many`)) END FROM (SELECT COALESCE(SUM(`pet`.`id`), %s) "
                "AS `sum`, COUNT(*) > %s AS `many` FROM `pet` WHERE `pet`.`owner_id` = `person`.`id`) "
                "AS `nested`) AS `all`, (SELECT CASE WHEN COUNT(*) = 0 THEN JSON_ARRAY() "
                "ELSE JSON_ARRAYAGG(`nested`.`value`) END FROM (SELECT COUNT(*) AS `value` FROM `pet` "
                "WHERE `pet`.`owner_id` = `person`.`id`) AS `nested`) AS `count`, (SELECT CASE "
                "WHEN COUNT(*) = 0 THEN JSON_ARRAY() ELSE JSON_ARRAYAGG(JSON_OBJECT('count', "
                "`nested`.`count`)) END FROM (SELECT COUNT(*) AS `count` FROM `pet` "
                "WHERE `pet`.`owner_id` = `person`.`id` LIMIT %s) AS `nested`) AS `none`, (SELECT CASE "
                "WHEN COUNT(*) = 0 THEN JSON_ARRAY() ELSE JSON_ARRAYAGG(JSON_OBJECT('count', "
                "`nested`.`count`)) END FROM (SELECT COUNT(*) AS `count` FROM `pet` "
                "WHERE `pet`.`owner_id` = `person`.`id` LIMIT %s OFFSET %s) AS `nested`) AS `second` "
                "FROM `person`",
                (0, 1, 0, 5, 1),
            ),
            "mariadb": (
                "SELECT JSON_ARRAY((SELECT JSON_OBJECT('sum', COALESCE(SUM(`pet`.`id`), %s), 'many', "
                "COUNT(*) > %s) FROM `pet` WHERE `pet`.`owner_id` = `person`.`id`)) AS `all`, "
                "JSON_ARRAY((SELECT COUNT(*) FROM `pet` WHERE `pet`.`owner_id` = `person`.`id`)) AS `count`, "
                "CASE WHEN %s = 0 THEN JSON_ARRAY() ELSE JSON_ARRAY((SELECT JSON_OBJECT('count', COUNT(*)) "
                "FROM `pet` WHERE `pet`.`owner_id` = `person`.`id`)) END AS `none`, CASE WHEN %s > 0 "
                "OR %s = 0 THEN JSON_ARRAY() ELSE JSON_ARRAY((SELECT JSON_OBJECT('count', COUNT(*)) FROM `pet` "
                "WHERE `pet`.`owner_id` = `person`.`id`)) END AS `second` FROM `person`",
                (0, 1, 0, 1, 5),
            ),
            "sqlite": (
                'SELECT (SELECT JSON_GROUP_ARRAY(JSON_OBJECT(\'sum\', "nested"."sum", \'many\', "nested"."many")) '
                'FROM (SELECT COALESCE(SUM("pet"."id"), ?) AS "sum", COUNT(*) > ? AS "many" FROM "pet" '
                'WHERE "pet"."owner_id" = "person"."id") AS "nested") AS "all", '
                '(SELECT JSON_GROUP_ARRAY("nested"."value") FROM (SELECT COUNT(*) AS "value" FROM "pet" '
                'WHERE "pet"."owner_id" = "person"."id") AS "nested") AS "count", '
                '(SELECT JSON_GROUP_ARRAY(JSON_OBJECT(\'count\', "nested"."count")) '
                'FROM (SELECT COUNT(*) AS "count" FROM "pet" WHERE "pet"."owner_id" = "person"."id" LIMIT ?) '
                'AS "nested") AS "none", (SELECT JSON_GROUP_ARRAY(JSON_OBJECT(\'count\', "nested"."count")) '
                'FROM (SELECT COUNT(*) AS "count" FROM "pet" WHERE "pet"."owner_id" = "person"."id" LIMIT ? '
                'OFFSET ?) AS "nested") AS "second" FROM "person"',
                (0, 1, 0, 5, 1),
            ),
        },
    )
    assert await db.fetch_all(query.where(person.id.is_in([1, 2])).order_by(person.id)) == [
        {"all": [{"sum": 0, "many": False}], "count": [0], "none": [], "second": []},
        {"all": [{"sum": 35, "many": True}], "count": [3], "none": [], "second": []},
    ]


async def test_queries_without_from_nested(db):
    row = select(person.first_name.as_("name"), value(1).as_("one"))
    query = select_from(person).select(
        json_array_from(row).as_("all"),
        json_array_from(row.where(person.id > 1, person.nickname == "Bee")).as_("some"),
        json_array_from(row.limit(0)).as_("none"),
        json_object_from(row.where(person.id > 1)).as_("object"),
        json_array_from(select(person.id * 2).scalars()).as_("values"),
    )
    compiles_to(
        query,
        {
            "postgres": (
                'SELECT ARRAY_TO_JSON(ARRAY(SELECT ("nested".*)::record FROM (SELECT "person"."first_name" AS '
                '"name", $1::bigint AS "one") AS "nested")) AS "all", ARRAY_TO_JSON(ARRAY(SELECT '
                '("nested".*)::record FROM (SELECT "person"."first_name" AS "name", $2::bigint AS "one" WHERE '
                '"person"."id" > $3 AND "person"."nickname" = $4) AS "nested")) AS "some", '
                'ARRAY_TO_JSON(ARRAY(SELECT ("nested".*)::record FROM (SELECT "person"."first_name" AS "name", '
                '$5::bigint AS "one" LIMIT $6) AS "nested")) AS "none", (SELECT ROW_TO_JSON("nested".*) FROM '
                '(SELECT "person"."first_name" AS "name", $7::bigint AS "one" WHERE "person"."id" > $8) AS '
                '"nested") AS "object", (SELECT COALESCE(JSON_AGG("nested"."value"), \'[]\') FROM (SELECT '
                '"person"."id" * $9 AS "value") AS "nested") AS "values" FROM "person"',
                (1, 1, 1, "Bee", 1, 0, 1, 1, 2),
            ),
            "mysql": (
                "SELECT (SELECT CASE WHEN COUNT(*) = 0 THEN JSON_ARRAY() "
                "ELSE JSON_ARRAYAGG(JSON_OBJECT('name', `nested`.`name`, 'one', `nested`.`one`)) END "
                "FROM (SELECT `person`.`first_name` AS `name`, %s AS `one`) AS `nested`) AS `all`, "
                "(SELECT CASE WHEN COUNT(*) = 0 THEN JSON_ARRAY() ELSE JSON_ARRAYAGG(JSON_OBJECT('name', "
                "`nested`.`name`, 'one', `nested`.`one`)) END FROM (SELECT `person`.`first_name` AS `name`, %s "
                "AS `one` WHERE `person`.`id` > %s AND `person`.`nickname` = %s) AS `nested`) AS `some`, "
                "(SELECT CASE WHEN COUNT(*) = 0 THEN JSON_ARRAY() ELSE JSON_ARRAYAGG(JSON_OBJECT('name', "
                "`nested`.`name`, 'one', `nested`.`one`)) END FROM (SELECT `person`.`first_name` AS `name`, %s "
                "AS `one` LIMIT %s) AS `nested`) AS `none`, (SELECT JSON_OBJECT('name', `nested`.`name`, "
                "'one', `nested`.`one`) FROM (SELECT `person`.`first_name` AS `name`, %s AS `one` "
                "WHERE `person`.`id` > %s) AS `nested`) AS `object`, (SELECT CASE "
                "WHEN COUNT(*) = 0 THEN JSON_ARRAY() ELSE JSON_ARRAYAGG(`nested`.`value`) END "
                "FROM (SELECT `person`.`id` * %s AS `value`) AS `nested`) AS `values` FROM `person`",
                (1, 1, 1, "Bee", 1, 0, 1, 1, 2),
            ),
            "mariadb": (
                "SELECT JSON_ARRAY((SELECT JSON_OBJECT('name', CONVERT(`person`.`first_name` USING utf8mb4), "
                "'one', %s))) AS `all`, CASE WHEN (`person`.`id` > %s AND `person`.`nickname` = %s) IS "
                "NOT TRUE THEN JSON_ARRAY() ELSE JSON_ARRAY((SELECT JSON_OBJECT('name', "
                "CONVERT(`person`.`first_name` USING utf8mb4), 'one', %s))) END AS `some`, CASE "
                "WHEN %s = 0 THEN JSON_ARRAY() ELSE JSON_ARRAY((SELECT JSON_OBJECT('name', "
                "CONVERT(`person`.`first_name` USING utf8mb4), 'one', %s))) END AS `none`, "
                "(SELECT JSON_OBJECT('name', CONVERT(`person`.`first_name` USING utf8mb4), 'one', %s) "
                "WHERE `person`.`id` > %s) AS `object`, JSON_ARRAY((SELECT `person`.`id` * %s)) AS `values` "
                "FROM `person`",
                (1, 1, "Bee", 1, 0, 1, 1, 1, 2),
            ),
            "sqlite": (
                'SELECT (SELECT JSON_GROUP_ARRAY(JSON_OBJECT(\'name\', "nested"."name", \'one\', "nested"."one")) '
                'FROM (SELECT "person"."first_name" AS "name", ? AS "one") AS "nested") AS "all", '
                '(SELECT JSON_GROUP_ARRAY(JSON_OBJECT(\'name\', "nested"."name", \'one\', "nested"."one")) '
                'FROM (SELECT "person"."first_name" AS "name", ? AS "one" WHERE "person"."id" > ? '
                'AND "person"."nickname" = ?) AS "nested") AS "some", '
                '(SELECT JSON_GROUP_ARRAY(JSON_OBJECT(\'name\', "nested"."name", \'one\', "nested"."one")) '
                'FROM (SELECT "person"."first_name" AS "name", ? AS "one" LIMIT ?) AS "nested") AS "none", '
                "(SELECT CASE WHEN COUNT(*) > 1 THEN QUERYKIT_MANY() "
                'WHEN COUNT(*) = 1 THEN JSON_OBJECT(\'name\', "nested"."name", \'one\', "nested"."one") END '
                'FROM (SELECT "person"."first_name" AS "name", ? AS "one" WHERE "person"."id" > ?) '
                'AS "nested") AS "object", (SELECT JSON_GROUP_ARRAY("nested"."value") '
                'FROM (SELECT "person"."id" * ? AS "value") AS "nested") AS "values" FROM "person"',
                (1, 1, 1, "Bee", 1, 0, 1, 1, 2),
            ),
        },
    )
    ada, bea = {"name": "Ada", "one": 1}, {"name": "Bea", "one": 1}
    assert await db.fetch_all(query.where(person.id.is_in([1, 2])).order_by(person.id)) == [
        {"all": [ada], "some": [], "none": [], "object": None, "values": [2]},
        {"all": [bea], "some": [bea], "none": [], "object": bea, "values": [4]},
    ]


@pytest.mark.databases("sqlite", "postgres", "mysql")
async def test_groups_and_distinct_rows_nested(db):
    grouped = (
        select_from(pet)
        .select(pet.species, fn.count().as_("count"))
        .where(pet.owner_id == person.id)
        .group_by(pet.species)
        .order_by(pet.species)
    )
    row = await db.fetch_one(people.select(json_array_from(grouped).as_("species")).where(person.id == 2))
    assert row["species"] == [{"species": "cat", "count": 2}, {"species": "dog", "count": 1}]
    distinct = select_from(pet).select(pet.species).where(pet.owner_id == person.id).distinct().order_by(pet.species)
    row = await db.fetch_one(people.select(json_array_from(distinct).as_("species")).where(person.id == 2))
    assert row["species"] == [{"species": "cat"}, {"species": "dog"}]


def test_groups_and_distinct_rows_are_refused_where_they_cannot_be_flattened():
    grouped = (
        select_from(pet)
        .select(pet.species, fn.count().as_("count"))
        .where(pet.owner_id == person.id)
        .group_by(pet.species)
    )
    compiles_to(
        people.select(json_array_from(grouped).as_("species")),
        {
            "postgres": (
                'SELECT "person"."first_name", ARRAY_TO_JSON(ARRAY(SELECT ("nested".*)::record FROM (SELECT '
                '"pet"."species", COUNT(*) AS "count" FROM "pet" WHERE "pet"."owner_id" = "person"."id" GROUP BY '
                '"pet"."species") AS "nested")) AS "species" FROM "person" ORDER BY "person"."id"'
            ),
            "mysql": (
                "SELECT `person`.`first_name`, (SELECT CASE WHEN COUNT(*) = 0 THEN JSON_ARRAY() "
                "ELSE JSON_ARRAYAGG(JSON_OBJECT('species', `nested`.`species`, 'count', `nested`.`count`)) END "
                "FROM (SELECT `pet`.`species`, COUNT(*) AS `count` FROM `pet` "
                "WHERE `pet`.`owner_id` = `person`.`id` GROUP BY `pet`.`species`) AS `nested`) AS `species` "
                "FROM `person` ORDER BY `person`.`id`"
            ),
            "mariadb": (
                UnsupportedError,
                "mariadb has no json_array_from of a query with DISTINCT, "
                "GROUP BY or HAVING; nest a query over an aliased sub-query that is not correlated, "
                "or group in a CTE",
            ),
            "sqlite": (
                'SELECT "person"."first_name", (SELECT JSON_GROUP_ARRAY(JSON_OBJECT(\'species\', '
                '"nested"."species", \'count\', "nested"."count")) FROM (SELECT "pet"."species", COUNT(*) '
                'AS "count" FROM "pet" WHERE "pet"."owner_id" = "person"."id" '
                'GROUP BY "pet"."species") AS "nested") AS "species" FROM "person" ORDER BY "person"."id"'
            ),
        },
    )
    distinct = select_from(pet).select(pet.species).where(pet.owner_id == person.id).distinct()
    compiles_to(
        people.select(json_array_from(distinct).as_("species")),
        {
            "postgres": (
                'SELECT "person"."first_name", ARRAY_TO_JSON(ARRAY(SELECT ("nested".*)::record FROM (SELECT '
                'DISTINCT "pet"."species" FROM "pet" WHERE "pet"."owner_id" = "person"."id") AS "nested")) AS '
                '"species" FROM "person" ORDER BY "person"."id"'
            ),
            "mysql": (
                "SELECT `person`.`first_name`, (SELECT CASE WHEN COUNT(*) = 0 THEN JSON_ARRAY() "
                "ELSE JSON_ARRAYAGG(JSON_OBJECT('species', `nested`.`species`)) END "
                "FROM (SELECT DISTINCT `pet`.`species` FROM `pet` WHERE `pet`.`owner_id` = `person`.`id`) "
                "AS `nested`) AS `species` FROM `person` ORDER BY `person`.`id`"
            ),
            "mariadb": (
                UnsupportedError,
                "mariadb has no json_array_from of a query with DISTINCT, "
                "GROUP BY or HAVING; nest a query over an aliased sub-query that is not correlated, "
                "or group in a CTE",
            ),
            "sqlite": (
                'SELECT "person"."first_name", (SELECT JSON_GROUP_ARRAY(JSON_OBJECT(\'species\', '
                '"nested"."species")) FROM (SELECT DISTINCT "pet"."species" FROM "pet" '
                'WHERE "pet"."owner_id" = "person"."id") AS "nested") AS "species" FROM "person" '
                'ORDER BY "person"."id"'
            ),
        },
    )


async def test_a_derived_table_inside_nested_rows(db):
    heavy = select_from(pet).select(pet.id, pet.owner_id, pet.name, pet.weight).where(pet.weight > 4).as_("heavy")
    rows = select_from(heavy).select(heavy.name, heavy.weight).where(heavy.owner_id == person.id).order_by(heavy.name)
    query = people.select(json_array_from(rows).as_("heavy"))
    compiles_to(
        query,
        {
            "postgres": (
                'SELECT "person"."first_name", ARRAY_TO_JSON(ARRAY(SELECT ("nested".*)::record FROM (SELECT '
                '"plain"."name", ENCODE(FLOAT8SEND("plain"."weight"::float8), \'base64\') AS "weight" FROM (SELECT '
                '"heavy"."name", "heavy"."weight" FROM (SELECT "pet"."id", "pet"."owner_id", "pet"."name", '
                '"pet"."weight" FROM "pet" WHERE "pet"."weight" > $1) AS "heavy" WHERE "heavy"."owner_id" = '
                '"person"."id" ORDER BY "heavy"."name") AS "plain") AS "nested")) AS "heavy" FROM "person" ORDER '
                'BY "person"."id"',
                (4,),
            ),
            "mysql": (
                "SELECT `person`.`first_name`, (SELECT CASE WHEN COUNT(*) = 0 THEN '[]' ELSE CONCAT('[', "
                "GROUP_CONCAT(CONCAT('{\"name\":', IFNULL(JSON_QUOTE(CONVERT(`heavy`.`name` USING utf8mb4)), "
                "'null'), ',\"weight\":', IFNULL(JSON_QUOTE(CONCAT(`heavy`.`weight`, '')), 'null'), '}') ORDER "
                "BY `heavy`.`name` SEPARATOR ','), ']') END FROM (SELECT `pet`.`id`, `pet`.`owner_id`, "
                "`pet`.`name`, `pet`.`weight` FROM `pet` WHERE `pet`.`weight` > %s) AS `heavy` WHERE "
                "`heavy`.`owner_id` = `person`.`id`) AS `heavy` FROM `person` ORDER BY `person`.`id`",
                (4,),
            ),
            "mariadb": (
                "SELECT `person`.`first_name`, (SELECT CASE WHEN COUNT(*) = 0 THEN '[]' ELSE CONCAT('[', "
                "GROUP_CONCAT(CONCAT('{\"name\":', IFNULL(JSON_QUOTE(CONVERT(`heavy`.`name` USING utf8mb4)), "
                "'null'), ',\"weight\":', COALESCE(JSON_QUOTE(`heavy`.`weight`), `heavy`.`weight`, 'null'), "
                "'}') ORDER BY `heavy`.`name` SEPARATOR ','), ']') END FROM (SELECT `pet`.`id`, "
                "`pet`.`owner_id`, `pet`.`name`, `pet`.`weight` FROM `pet` WHERE `pet`.`weight` > %s) AS "
                "`heavy` WHERE `heavy`.`owner_id` = `person`.`id`) AS `heavy` FROM `person` ORDER BY "
                "`person`.`id`",
                (4,),
            ),
            "sqlite": (
                'SELECT "person"."first_name", (SELECT JSON_GROUP_ARRAY(JSON_OBJECT(\'name\', "nested"."name", '
                "'weight', CASE WHEN \"nested\".\"weight\" IS NOT NULL THEN PRINTF('%!.20e', "
                '"nested"."weight") END)) FROM (SELECT "heavy"."name", "heavy"."weight" '
                'FROM (SELECT "pet"."id", "pet"."owner_id", "pet"."name", "pet"."weight" FROM "pet" '
                'WHERE "pet"."weight" > ?) AS "heavy" WHERE "heavy"."owner_id" = "person"."id" '
                'ORDER BY "heavy"."name") AS "nested") AS "heavy" FROM "person" ORDER BY "person"."id"',
                (4,),
            ),
        },
    )
    assert (await db.fetch_all(query))[1]["heavy"] == [
        {"name": "Felix", "weight": 4.25},
        {"name": "Rex", "weight": 31.5},
    ]


@pytest.mark.databases("mariadb")
def test_mariadb_refuses_a_derived_table_that_looks_outside(database_name):
    own = select_from(pet).select(pet.name).where(pet.owner_id == person.id).as_("own")
    query = people.select(json_array_from(select_from(own).select(own.name)).as_("pets"))
    with pytest.raises(CompileError, match="'person' is not in scope"):
        query.compile(database_name)


async def test_a_query_that_does_not_refer_to_what_is_around_it(db):
    query = people.select(
        json_array_from(select_from(toy).select(toy.id).where(toy.price > 4).order_by(toy.id)).as_("toys")
    ).limit(2)
    assert [row["toys"] for row in await db.fetch_all(query)] == [[{"id": 100}, {"id": 104}]] * 2


async def test_undeclared_tables_nest_too(db):
    owners, animals = table("person"), table("pet")
    rows = (
        select_from(animals)
        .select(animals.id, animals.name)
        .where(animals.owner_id == owners.id)
        .order_by(animals.name)
    )
    query = select_from(owners).select(owners.id, json_array_from(rows).as_("pets")).order_by(owners.id)
    assert await db.fetch_all(query) == [{"id": each["id"], "pets": pets_of(each["id"])} for each in PEOPLE]


async def test_declared_tables_nest_whole(db):
    rows = select_from(pet).select_all().where(pet.owner_id == person.id).order_by(pet.id)
    query = people.select(json_array_from(rows).as_("pets"), json_object_from(rows.limit(1)).as_("pet")).where(
        person.id == 2
    )
    row = await db.fetch_one(query)
    assert row["pets"] == [each for each in PETS if each["owner_id"] == 2]
    assert row["pet"] == PETS[0]


# -- text and JSON ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["[1]", '{"a": 1}', '"x"', "null", "true", "123", "NaN", "", " ", "[]"])
async def test_a_text_that_looks_like_json_stays_a_text(db, text):
    inner = select(value(text).as_("text"))
    middle = select(json_array_from(inner).as_("rows"), json_object_from(inner).as_("row"), value(text).as_("text"))
    query = select(json_array_from(middle).as_("rows"), value(text).as_("text"))
    assert await db.fetch_one(query) == {
        "rows": [{"rows": [{"text": text}], "row": {"text": text}, "text": text}],
        "text": text,
    }


async def test_keys_may_be_any_text(db):
    names = [
        "a'b",
        'a"b',
        "a.b",
        "a[0]",
        "*",
        "\\'",
        "first' as x from y; --",
        "{}",
        "%s",
        "?",
        "$1",
        ":x",
        "ä",
        "中",
        "a b",
        "a\nb",
    ]
    inner = select(*[value(n).as_(name) for n, name in enumerate(names)])
    query = select(
        json_array_from(inner).as_("rows"),
        json_object_from(inner).as_("row"),
        json_build_object(**{name: n for n, name in enumerate(names)}).as_("made"),
    )
    expected = {name: n for n, name in enumerate(names)}
    row = await db.fetch_one(query)
    assert row == {"rows": [expected], "row": expected, "made": expected}
    assert list(row["rows"][0]) == list(row["made"]) == names


# -- what cannot be nested ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("helper", [json_array_from, json_object_from])
def test_columns_of_nested_rows_need_names_of_their_own(helper):
    name = helper.__name__
    with pytest.raises(BuildError, match=f"{name}: column 2 of the nested query has no name; give it one with .as_"):
        helper(select_from(pet).select(pet.id, fn.count()))
    with pytest.raises(BuildError, match="column 1 of the nested query has no name"):
        helper(select(value(1)))
    with pytest.raises(BuildError, match="column 1 of the nested query has no name"):
        helper(select(json_array_from(select_from(pet).select(pet.id))))
    with pytest.raises(BuildError, match=f"{name}: the nested query has two columns named 'id'; rename one"):
        helper(select_from(pet).inner_join(toy, toy.pet_id == pet.id).select(pet.id, toy.id))
    with pytest.raises(BuildError, match="two columns named 'id'"):
        helper(select_from(pet).inner_join(toy, toy.pet_id == pet.id).select_all())
    with pytest.raises(BuildError, match=f"{name}: the query selects nothing"):
        helper(select_from(pet))


@pytest.mark.parametrize("helper", [json_array_from, json_object_from])
@pytest.mark.parametrize("given", [None, "SELECT 1", pet, pet.id, [], value(1)])
def test_a_helper_takes_a_query(helper, given):
    with pytest.raises(BuildError, match=f"{helper.__name__} takes a"):
        helper(given)


def test_every_column_of_an_undeclared_table_is_refused_where_names_are_needed():
    animals = table("pet")
    rows = select_from(animals).select_all().where(animals.owner_id == person.id)
    compiles_to(
        people.select(json_array_from(rows).as_("pets")),
        {
            "postgres": (
                'SELECT "person"."first_name", ARRAY_TO_JSON(ARRAY(SELECT ("nested".*)::record FROM (SELECT * '
                'FROM "pet" WHERE "pet"."owner_id" = "person"."id") AS "nested")) AS "pets" FROM "person" ORDER '
                'BY "person"."id"'
            ),
            "mysql": (
                UnsupportedError,
                "mysql has no json_array_from of a query with *, "
                "whose columns are not known; name the columns in select(…), or declare the table",
            ),
            "mariadb": (
                UnsupportedError,
                "mariadb has no json_array_from of a query with *, "
                "whose columns are not known; name the columns in select(…), or declare the table",
            ),
            "sqlite": (
                UnsupportedError,
                "sqlite has no json_array_from of a query with *, "
                "whose columns are not known; name the columns in select(…), or declare the table",
            ),
        },
    )


def test_a_nested_table_that_repeats_one_around_it_is_refused():
    again = select_from(person).select(person.first_name).where(person.mother_id == person.id)
    compiles_to(
        people.select(json_array_from(again).as_("children")),
        {
            "postgres": (
                CompileError,
                "'person' stands in the FROM of a query and of one around it, "
                "so that its columns would silently mean the inner one: give one of them another name with "
                ".as_(…)",
            ),
            "mysql": (
                CompileError,
                "'person' stands in the FROM of a query and of one around it, "
                "so that its columns would silently mean the inner one: give one of them another name with "
                ".as_(…)",
            ),
            "mariadb": (
                CompileError,
                "'person' stands in the FROM of a query and of one around it, "
                "so that its columns would silently mean the inner one: give one of them another name with "
                ".as_(…)",
            ),
            "sqlite": (
                CompileError,
                "'person' stands in the FROM of a query and of one around it, "
                "so that its columns would silently mean the inner one: give one of them another name with "
                ".as_(…)",
            ),
        },
    )


def test_a_table_that_stands_nowhere_is_refused():
    rows = select_from(pet).select(pet.name).where(pet.owner_id == mother.id)
    compiles_to(
        people.select(json_array_from(rows).as_("pets")),
        {
            "postgres": (
                CompileError,
                "mother.id is used where 'mother' is not in scope (there is person, pet): add the table to the "
                "FROM or the joins of this query or of one around it",
            ),
            "mysql": (
                CompileError,
                "mother.id is used where 'mother' is not in scope (there is person, pet): add the table to the "
                "FROM or the joins of this query or of one around it",
            ),
            "mariadb": (
                CompileError,
                "mother.id is used where 'mother' is not in scope (there is person, pet): add the table to the "
                "FROM or the joins of this query or of one around it",
            ),
            "sqlite": (
                CompileError,
                "mother.id is used where 'mother' is not in scope (there is person, pet): add the table to the "
                "FROM or the joins of this query or of one around it",
            ),
        },
    )


def test_two_columns_of_the_result_with_one_name_are_refused():
    compiles_to(
        people.select(json_array_from(pets).as_("first_name")),
        {
            "postgres": (CompileError, "two columns of the result are named 'first_name'; rename one with .as_(…)"),
            "mysql": (CompileError, "two columns of the result are named 'first_name'; rename one with .as_(…)"),
            "mariadb": (CompileError, "two columns of the result are named 'first_name'; rename one with .as_(…)"),
            "sqlite": (CompileError, "two columns of the result are named 'first_name'; rename one with .as_(…)"),
        },
    )


def test_an_object_needs_a_value():
    with pytest.raises(BuildError, match="at least one value"):
        json_build_object()


def test_scalars_are_of_one_column():
    with pytest.raises(BuildError, match="one column, not of 2"):
        json_array_from(pets.scalars())


async def test_columns_of_the_query_around_alone(db):
    """By the standard an aggregate of them belongs to that query; ours is of the nested one, or refused."""
    pets = select_from(pet).where(pet.owner_id == person.id)
    query = select_from(person).where(person.id == 3).select(json_array_from(pets.select(person.id)).as_("pets"))
    if db.dialect.name == "mariadb":
        with pytest.raises(UnsupportedError, match="one of its own"):
            query.compile("mariadb")
    else:
        assert set(map(repr, (await db.fetch_one(query))["pets"])) == {"{'id': 3}"}
    ordered = pets.select(person.id).order_by(pet.id)
    query = select_from(person).where(person.id == 3).select(json_array_from(ordered).as_("pets"))
    assert set(map(repr, (await db.fetch_one(query))["pets"])) == {"{'id': 3}"}
