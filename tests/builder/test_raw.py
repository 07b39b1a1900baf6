"""Raw SQL: text as it is typed, with expressions and values put in."""

from __future__ import annotations

from typing import Any

import pytest

from querykit import exists, fn, json_array_from, select, select_from, sql, table, value
from querykit.errors import BuildError, CompileError, ResultError
from tests.expected import compiles_to
from tests.sample import person, pet, toy


async def test_expressions_and_values_stand_where_the_braces_are(db):
    query = (
        select_from(pet)
        .select(pet.name, sql("{} + {}", pet.id, 1).as_("next"))
        .where(sql("{name} LIKE {pattern}", name=pet.name, pattern="R%"))
    )
    compiles_to(
        query,
        {
            "postgres": (
                'SELECT "pet"."name", "pet"."id" + $1 AS "next" FROM "pet" WHERE "pet"."name" LIKE $2',
                (1, "R%"),
            ),
            "mysql": (
                "SELECT `pet`.`name`, `pet`.`id` + %s AS `next` FROM `pet` WHERE `pet`.`name` LIKE %s",
                (1, "R%"),
            ),
            "mariadb": (
                "SELECT `pet`.`name`, `pet`.`id` + %s AS `next` FROM `pet` WHERE `pet`.`name` LIKE %s",
                (1, "R%"),
            ),
            "sqlite": ('SELECT "pet"."name", "pet"."id" + ? AS "next" FROM "pet" WHERE "pet"."name" LIKE ?', (1, "R%")),
        },
    )
    assert await db.fetch_all(query) == [{"name": "Rex", "next": 11}]


async def test_a_named_field_can_stand_twice(db):
    query = select(sql("{x} || {y} || {x}", x="a", y="b").as_("text"))
    compiles_to(
        query,
        {
            "postgres": ('SELECT $1 || $2 || $3 AS "text"', ("a", "b", "a")),
            "mysql": ("SELECT %s || %s || %s AS `text`", ("a", "b", "a")),
            "mariadb": ("SELECT %s || %s || %s AS `text`", ("a", "b", "a")),
            "sqlite": ('SELECT ? || ? || ? AS "text"', ("a", "b", "a")),
        },
    )
    if db.dialect.name in ("postgres", "sqlite"):
        assert (
            await db.fetch_value(select(sql("CAST({x} AS VARCHAR(9)) || {y} || {x}", x="a", y="b").as_("text")))
            == "aba"
        )


async def test_fragments_in_fragments_keep_the_order_of_values(db):
    inner = sql("({} + {})", 1, person.id)
    middle = sql("({} * {})", inner, 10)
    query = select_from(person).select(sql("{} - {}", middle, 3).as_("n")).where(sql("{} = {}", person.id, 4))
    compiles_to(
        query,
        {
            "postgres": (
                'SELECT (($1 + "person"."id") * $2) - $3 AS "n" FROM "person" WHERE "person"."id" = $4',
                (1, 10, 3, 4),
            ),
            "mysql": (
                "SELECT ((%s + `person`.`id`) * %s) - %s AS `n` FROM `person` WHERE `person`.`id` = %s",
                (1, 10, 3, 4),
            ),
            "mariadb": (
                "SELECT ((%s + `person`.`id`) * %s) - %s AS `n` FROM `person` WHERE `person`.`id` = %s",
                (1, 10, 3, 4),
            ),
            "sqlite": (
                'SELECT ((? + "person"."id") * ?) - ? AS "n" FROM "person" WHERE "person"."id" = ?',
                (1, 10, 3, 4),
            ),
        },
    )
    assert await db.fetch_value(query) == 47


async def test_a_query_in_a_fragment_in_a_query(db):
    count = select_from(pet).select(fn.count()).where(pet.owner_id == person.id, pet.species == "cat")
    query = select_from(person).select(person.id).where(sql("{} >= {}", count, 2))
    compiles_to(
        query,
        {
            "postgres": (
                'SELECT "person"."id" FROM "person" WHERE (SELECT COUNT(*) FROM "pet" '
                'WHERE "pet"."owner_id" = "person"."id" AND "pet"."species" = $1) >= $2',
                ("cat", 2),
            ),
            "mysql": (
                "SELECT `person`.`id` FROM `person` WHERE (SELECT COUNT(*) FROM `pet` "
                "WHERE `pet`.`owner_id` = `person`.`id` AND `pet`.`species` = %s) >= %s",
                ("cat", 2),
            ),
            "mariadb": (
                "SELECT `person`.`id` FROM `person` WHERE (SELECT COUNT(*) FROM `pet` "
                "WHERE `pet`.`owner_id` = `person`.`id` AND `pet`.`species` = %s) >= %s",
                ("cat", 2),
            ),
            "sqlite": (
                'SELECT "person"."id" FROM "person" WHERE (SELECT COUNT(*) FROM "pet" '
                'WHERE "pet"."owner_id" = "person"."id" AND "pet"."species" = ?) >= ?',
                ("cat", 2),
            ),
        },
    )
    assert await db.fetch_column(query) == [2]


async def test_a_fragment_runs_as_a_statement(db):
    assert await db.fetch_all(sql("SELECT id, name FROM pet WHERE id = {}", 10)) == [{"id": 10, "name": "Rex"}]
    described = sql("SELECT COUNT(*) AS n, 1 = 1 AS yes FROM pet").returns_rows(n=int, yes=bool)
    assert await db.fetch_one(described) == {"n": 5, "yes": True}
    with pytest.raises(ResultError, match="two columns of the result are named 'id'"):
        await db.fetch_all(sql("SELECT p.id, t.id FROM pet p JOIN toy t ON t.pet_id = p.id"))


async def test_a_fragment_stands_where_a_sub_query_does(db):
    cats = sql("SELECT owner_id FROM pet WHERE species = {}", "cat")
    assert await db.fetch_column(
        select_from(person)
        .select(person.id)
        .where(exists(sql("SELECT 1 FROM pet WHERE owner_id = {}", person.id)))
        .order_by(person.id)
    ) == [2, 3, 4]
    assert await db.fetch_column(
        select_from(person).select(person.id).where(sql("{} IN ({})", person.id, cats)).order_by(person.id)
    ) == [2, 3]


async def test_names_are_quoted(db):
    query = (
        select(sql("{} + {}", sql.ref("pet.id"), sql.lit(1)).as_("n"))
        .from_(pet)
        .where(sql("{} = {}", sql.id("pet", "name"), "Rex"))
    )
    compiles_to(
        query,
        {
            "postgres": ('SELECT "pet"."id" + 1 AS "n" FROM "pet" WHERE "pet"."name" = $1', ("Rex",)),
            "mysql": ("SELECT `pet`.`id` + 1 AS `n` FROM `pet` WHERE `pet`.`name` = %s", ("Rex",)),
            "mariadb": ("SELECT `pet`.`id` + 1 AS `n` FROM `pet` WHERE `pet`.`name` = %s", ("Rex",)),
            "sqlite": ('SELECT "pet"."id" + 1 AS "n" FROM "pet" WHERE "pet"."name" = ?', ("Rex",)),
        },
    )
    assert await db.fetch_value(query) == 11
    assert await db.fetch_value(sql("SELECT COUNT(*) AS n FROM {}", sql.table("pet"))) == 5
    for given in ("", None, 1):
        with pytest.raises(BuildError, match="the name of an identifier"):
            sql.id(given)  # type: ignore[arg-type]


async def test_literals_are_numbers_and_truth(db):
    query = select(sql.lit(7).as_("n"), sql.lit(-3).as_("m"), sql.lit(None).as_("nothing"))
    compiles_to(
        query,
        {
            "postgres": 'SELECT 7 AS "n", -3 AS "m", NULL AS "nothing"',
            "mysql": "SELECT 7 AS `n`, -3 AS `m`, NULL AS `nothing`",
            "mariadb": "SELECT 7 AS `n`, -3 AS `m`, NULL AS `nothing`",
            "sqlite": 'SELECT 7 AS "n", -3 AS "m", NULL AS "nothing"',
        },
    )
    assert await db.fetch_one(query) == {"n": 7, "m": -3, "nothing": None}
    assert await db.fetch_value(select_from(pet).select(fn.count()).where(sql.lit(True))) == 5


async def test_joined_items(db):
    query = (
        select_from(pet).select(pet.id).where(sql("{} IN ({})", pet.name, sql.join(["Rex", "Amy"]))).order_by(pet.id)
    )
    compiles_to(
        query,
        {
            "postgres": (
                'SELECT "pet"."id" FROM "pet" WHERE "pet"."name" IN ($1, $2) ORDER BY "pet"."id"',
                ("Rex", "Amy"),
            ),
            "mysql": (
                "SELECT `pet`.`id` FROM `pet` WHERE `pet`.`name` IN (%s, %s) ORDER BY `pet`.`id`",
                ("Rex", "Amy"),
            ),
            "mariadb": (
                "SELECT `pet`.`id` FROM `pet` WHERE `pet`.`name` IN (%s, %s) ORDER BY `pet`.`id`",
                ("Rex", "Amy"),
            ),
            "sqlite": ('SELECT "pet"."id" FROM "pet" WHERE "pet"."name" IN (?, ?) ORDER BY "pet"."id"', ("Rex", "Amy")),
        },
    )
    assert await db.fetch_column(query) == [10, 14]
    either = sql.join([pet.id == 11, pet.id == 12], " OR ")
    assert await db.fetch_column(select_from(pet).select(pet.id).where(either, pet.weight.is_null())) == [12]
    with pytest.raises(BuildError, match="at least one item"):
        sql.join([])


async def test_a_fragment_is_kept_together(db):
    loose = sql("{} OR {}", person.id == 1, person.id == 2)
    query = select_from(person).select(person.id).where(loose & (person.id == 2))
    compiles_to(
        query,
        {
            "postgres": (
                'SELECT "person"."id" FROM "person" WHERE ("person"."id" = $1 OR "person"."id" = $2) '
                'AND "person"."id" = $3',
                (1, 2, 2),
            ),
            "mysql": (
                "SELECT `person`.`id` FROM `person` WHERE (`person`.`id` = %s OR `person`.`id` = %s) "
                "AND `person`.`id` = %s",
                (1, 2, 2),
            ),
            "mariadb": (
                "SELECT `person`.`id` FROM `person` WHERE (`person`.`id` = %s OR `person`.`id` = %s) "
                "AND `person`.`id` = %s",
                (1, 2, 2),
            ),
            "sqlite": (
                'SELECT "person"."id" FROM "person" WHERE ("person"."id" = ? OR "person"."id" = ?) '
                'AND "person"."id" = ?',
                (1, 2, 2),
            ),
        },
    )
    assert await db.fetch_column(query) == [2]
    assert await db.fetch_column(select_from(person).select(person.id).where(loose, person.id == 2)) == [2]
    assert await db.fetch_column(select_from(person).select(person.id).where(~loose).order_by(person.id)) == [3, 4, 5]
    assert (
        await db.fetch_value(select_from(person).select((sql("1 + 2") * person.id).as_("n")).where(person.id == 4))
        == 12
    )
    assert await db.fetch_value(select_from(person).select((-sql("1 + 2")).as_("n")).where(person.id == 4)) == -3


async def test_a_table_is_named(db):
    assert await db.fetch_all(sql("SELECT id FROM {} WHERE id = {}", sql.table(pet), 10)) == [{"id": 10}]
    assert sql.table(table("pet", schema="zoo")).parts[0].parts == ("zoo", "pet")  # type: ignore[union-attr]


async def test_a_statement_without_columns_has_no_rows(restored_db):
    for statement in (sql("UPDATE pet SET name = {} WHERE id = {}", "Max", 10), sql("/* nothing */ ")):
        assert await restored_db.fetch_all(statement) == []
        assert await restored_db.fetch_first(statement) is None
        await restored_db.execute(statement)
        with pytest.raises(ResultError, match="the result has 0"):
            await restored_db.fetch_value(statement)
    assert await restored_db.fetch_value(select_from(pet).select(pet.name).where(pet.id == 10)) == "Max"


async def test_a_fragment_nests(db):
    names = select_from(pet).select(sql("UPPER({})", pet.name).as_("name")).where(pet.owner_id == person.id)
    query = select_from(person).select(json_array_from(names.order_by(pet.name)).as_("pets")).where(person.id == 2)
    assert await db.fetch_value(query) == [{"name": "AMY"}, {"name": "FELIX"}, {"name": "REX"}]


@pytest.mark.parametrize(
    ("build", "says"),
    [
        (lambda: sql("{}"), "more {} than the 0 arguments"),
        (lambda: sql("{} {}", 1), "more {} than the 1 arguments"),
        (lambda: sql("1", 1), "1 arguments for 0 fields"),
        (lambda: sql("{name}", nmae=1), "no argument named 'name'"),
        (lambda: sql("1", name=1), "no field {name}"),
        (lambda: sql("{:>3}", 1), "without format"),
        (lambda: sql("{!r}", 1), "without format"),
        (lambda: sql("{"), "written twice"),
        (lambda: sql("}"), "written twice"),
        (lambda: sql("{a.b}", a=1), "no argument named 'a.b'"),
        (lambda: sql("{0}", 1), "no argument named '0'"),
        (lambda: sql(1), "not int"),  # type: ignore[arg-type]
        (lambda: sql.raw(value("x")), "sql.raw takes a str"),  # type: ignore[arg-type]
        (lambda: sql("SELECT * FROM {}", pet), "'pet' is a table, not a value"),
        (lambda: sql.table(pet.as_("animal")), "sql.table takes a table without an alias, not 'animal'"),
    ],
)
def test_fields_and_arguments_must_fit(build, says):
    with pytest.raises(BuildError) as caught:
        build()
    assert says in str(caught.value)


def test_a_fragment_holds_no_text_by_other_means():
    name: Any = "Rex'; DROP TABLE pet"
    assert sql("{}", name).as_("x").parts[0].value == name  # type: ignore[union-attr]
    with pytest.raises(CompileError, match="not in scope"):
        select(sql("{}", toy.id).as_("x")).compile("postgres")
