"""PyPika's queries run as they are, nest, and stand where ours can; what cannot be converted is refused."""

# PyPika's annotations are narrower than what it takes, and what it answers to any name is no Field alone.
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportCallIssue=false, reportOperatorIssue=false

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pypika
import pytest
from pypika import AliasedQuery, Criterion, Field, Order, PostgreSQLQuery, Query, Schema, Table, Tables
from pypika import functions as fn
from pypika.dialects import MySQLQuery, SQLLiteQuery
from pypika.queries import QueryBuilder
from pypika.terms import ExistsCriterion, LiteralValue, Star, Values

from querykit import exists, json_array_from, json_object_from, select_from
from querykit.builder.statement import as_statement
from querykit.errors import BuildError, CompileError, UnsupportedError
from tests.expected import compiles_to, spelled
from tests.sample import PEOPLE, PETS, person, pet

PERSON, PET, TOY = Tables("person", "pet", "toy")
CATS = [row for row in PETS if row["species"] == "cat"]


def sql_of(query: Any) -> str:
    return as_statement(query).compile("postgres").sql


# -- SELECT -----------------------------------------------------------------------------------------------------------


async def test_a_select_runs_with_its_values_bound(db):
    query = Query.from_(PET).select(PET.id, PET.name).where(PET.species == "cat").orderby(PET.name)
    compiles_to(
        query,
        spelled(
            'SELECT "pet"."id", "pet"."name" FROM "pet" WHERE "pet"."species" = $1 ORDER BY "pet"."name"', ("cat",)
        ),
    )
    expected = sorted([{"id": row["id"], "name": row["name"]} for row in CATS], key=lambda row: row["name"])
    assert await db.fetch_all(query) == expected


async def test_every_clause_of_a_select_is_converted(db):
    count = fn.Count(PET.id).as_("pets")
    query = (
        Query.from_(PERSON)
        .join(PET)
        .on(PET.owner_id == PERSON.id)
        .select(PERSON.first_name, count)
        .where(PET.species.isin(["cat", "dog"]))
        .groupby(PERSON.first_name)
        .having(fn.Count(PET.id) >= 1)
        .orderby(count, order=Order.desc)
        .orderby(PERSON.first_name)
        .limit(2)
        .offset(1)
        .distinct()
    )
    sql = (
        'SELECT DISTINCT "person"."first_name", COUNT("pet"."id") AS "pets" FROM "person" '
        'INNER JOIN "pet" ON "pet"."owner_id" = "person"."id" WHERE "pet"."species" {} '
        'GROUP BY "person"."first_name" HAVING COUNT("pet"."id") >= {} '
        'ORDER BY "pets" DESC, "person"."first_name" LIMIT {} OFFSET {}'
    )
    listed = sql.format("IN (?, ?)", "?", "?", "?")
    backticks = listed.replace('"', "`").replace("?", "%s")
    compiles_to(
        query,
        {
            "postgres": (sql.format("= ANY($1)", "$2", "$3", "$4"), (["cat", "dog"], 1, 2, 1)),
            "mysql": (backticks, ("cat", "dog", 1, 2, 1)),
            "mariadb": (backticks, ("cat", "dog", 1, 2, 1)),
            "sqlite": (listed, ("cat", "dog", 1, 2, 1)),
        },
    )
    assert await db.fetch_all(query) == [{"first_name": "Cem", "pets": 1}, {"first_name": "Dora", "pets": 1}]


async def test_joins_are_those_that_were_asked_for(db):
    mother = PERSON.as_("mother")
    query = (
        Query.from_(PERSON)
        .left_join(mother)
        .on(mother.id == PERSON.mother_id)
        .select(PERSON.id, mother.first_name.as_("mother"))
        .orderby(PERSON.id)
    )
    compiles_to(
        query,
        spelled(
            'SELECT "person"."id", "mother"."first_name" AS "mother" FROM "person" '
            'LEFT JOIN "person" AS "mother" ON "mother"."id" = "person"."mother_id" ORDER BY "person"."id"'
        ),
    )
    names = {row["id"]: row["first_name"] for row in PEOPLE}
    assert await db.fetch_all(query) == [{"id": each["id"], "mother": names.get(each["mother_id"])} for each in PEOPLE]
    assert "CROSS JOIN" in sql_of(Query.from_(PERSON).cross_join(PET).cross().select(PET.id))
    assert "RIGHT JOIN" in sql_of(Query.from_(PERSON).right_join(PET).on(PET.owner_id == PERSON.id).select(PET.id))
    assert "FULL JOIN" in sql_of(Query.from_(PERSON).outer_join(PET).on(PET.owner_id == PERSON.id).select(PET.id))
    assert 'USING ("id", "name")' in sql_of(Query.from_(PET).join(TOY).using("id", "name").select(PET.species))


async def test_a_sub_query_stands_in_from_in_lists_in_exists_and_as_a_value(db):
    owners = Query.from_(PET).select(PET.owner_id).where(PET.species == "cat")
    query = (
        Query.from_(PERSON)
        .select(
            PERSON.id,
            Query.from_(PET).select(fn.Count("*")).where(PET.owner_id == PERSON.id).as_("pets"),
        )
        .where(PERSON.id.isin(owners))
        .where(ExistsCriterion(Query.from_(TOY).select(TOY.id).where(TOY.price > 1)))
        .orderby("pets", order=Order.desc)
    )
    compiles_to(
        query,
        spelled(
            'SELECT "person"."id", (SELECT COUNT(*) FROM "pet" WHERE "pet"."owner_id" = "person"."id") AS "pets" '
            'FROM "person" WHERE "person"."id" IN (SELECT "pet"."owner_id" FROM "pet" WHERE "pet"."species" = $1) '
            'AND EXISTS (SELECT "toy"."id" FROM "toy" WHERE "toy"."price" > $2) ORDER BY "pets" DESC',
            ("cat", 1),
        ),
    )
    assert await db.fetch_all(query) == [{"id": 2, "pets": 3}, {"id": 3, "pets": 1}]
    named = Query.from_(PET).select(PET.name.as_("word"), PET.id).as_("named")
    derived = Query.from_(named).select(named.word).where(named.id == 10)
    assert await db.fetch_all(derived) == [{"word": "Rex"}]
    assert await db.fetch_all(Query.from_(Query.from_(PET).select("name").where(PET.id == 10)).select("name")) == [
        {"name": "Rex"}
    ]


async def test_a_name_in_order_by_group_by_and_having_means_the_column_of_the_result(db):
    query = (
        Query.from_(PET)
        .select(fn.Upper(PET.species).as_("kind"), fn.Count("*").as_("pets"))
        .groupby("kind")
        .having(Field("pets") > 1)
        .orderby("pets", order=Order.desc)
    )
    compiles_to(
        query,
        spelled(
            'SELECT UPPER("pet"."species") AS "kind", COUNT(*) AS "pets" FROM "pet" GROUP BY "kind" '
            'HAVING COUNT(*) > $1 ORDER BY "pets" DESC',
            (1,),
        ),
    )
    assert await db.fetch_all(query) == [{"kind": "CAT", "pets": 3}, {"kind": "DOG", "pets": 2}]


async def test_a_number_in_order_by_and_group_by_is_a_position(db):
    query = Query.from_(PET).select(PET.species, fn.Count("*").as_("pets")).groupby(1).orderby(2)
    compiles_to(
        query,
        spelled('SELECT "pet"."species", COUNT(*) AS "pets" FROM "pet" GROUP BY "pet"."species" ORDER BY "pets"'),
    )
    assert await db.fetch_all(query) == [{"species": "dog", "pets": 2}, {"species": "cat", "pets": 3}]
    for position in (0, 3, "x"):
        with pytest.raises(BuildError, match="positions of columns"):
            as_statement(Query.from_(PET).select(PET.species, PET.id).groupby(pypika.terms.ValueWrapper(position)))


async def test_star_is_every_column(db):
    assert await db.fetch_all(Query.from_(PET).select("*").where(PET.id == 10)) == [PETS[0]]
    query = Query.from_(PET).join(PERSON).on(PET.owner_id == PERSON.id).select(PET.star).where(PET.id == 10)
    compiles_to(
        query,
        spelled(
            'SELECT "pet".* FROM "pet" INNER JOIN "person" ON "pet"."owner_id" = "person"."id" WHERE "pet"."id" = $1',
            (10,),
        ),
    )
    assert await db.fetch_all(query) == [PETS[0]]
    with pytest.raises(BuildError, match="'toy', which is not in its FROM"):
        as_statement(Query.from_(PET).select(Star(TOY)))


async def test_select_without_from(db):
    assert await db.fetch_value(Query.select(1)) == 1
    with pytest.raises(BuildError, match="without a table"):
        as_statement(Query.select(Field("name")))


async def test_a_column_without_a_table_is_of_the_only_one_there_is(db):
    query = Query.from_(PET).select("name").where(Field("id") == 10)
    compiles_to(query, spelled('SELECT "pet"."name" FROM "pet" WHERE "pet"."id" = $1', (10,)))
    assert await db.fetch_value(query) == "Rex"
    two = Query.from_(PET).join(PERSON).on(PET.owner_id == PERSON.id).select(PET.name)
    with pytest.raises(BuildError, match=r"'nickname' has no table, and the PyPika query has several \(pet, person\)"):
        as_statement(two.where(Field("nickname") == "x"))


def test_schemas_and_hostile_names_are_quoted():
    query = Query.from_(Table('t"; drop', schema=Schema("s`\\"))).select(Field('a"b', alias="x y"))
    compiles_to(
        query,
        {
            "postgres": 'SELECT "t""; drop"."a""b" AS "x y" FROM "s`\\"."t""; drop"',
            "mysql": 'SELECT `t"; drop`.`a"b` AS `x y` FROM `s``\\`.`t"; drop`',
            "mariadb": 'SELECT `t"; drop`.`a"b` AS `x y` FROM `s``\\`.`t"; drop`',
            "sqlite": 'SELECT "t""; drop"."a""b" AS "x y" FROM "s`\\"."t""; drop"',
        },
    )


@pytest.mark.parametrize("count", ["1; drop table pet", "1", 1.0, True, LiteralValue("1"), [1]])
def test_limit_and_offset_take_an_int(count):
    with pytest.raises(BuildError, match=r"limit\(\) takes an int"):
        as_statement(Query.from_(PET).select(PET.id).limit(count))
    with pytest.raises(BuildError, match=r"offset\(\) takes an int"):
        as_statement(Query.from_(PET).select(PET.id).offset(count))


def test_a_slice_is_an_offset_and_a_limit():
    compiles_to(
        Query.from_(PET).select(PET.id)[2:5],
        spelled('SELECT "pet"."id" FROM "pet" LIMIT $1 OFFSET $2', (5, 2)),
    )


async def test_rollups_are_converted(db):
    total = Query.from_(PET).select(PET.species, fn.Count("*").as_("pets"))
    for query in (total.rollup(PET.species), total.groupby(PET.species).rollup(vendor="mysql")):
        sql = "SELECT `pet`.`species`, COUNT(*) AS `pets` FROM `pet` GROUP BY `pet`.`species` WITH ROLLUP"
        compiles_to(
            query,
            {
                "postgres": 'SELECT "pet"."species", COUNT(*) AS "pets" FROM "pet" GROUP BY ROLLUP ("pet"."species")',
                "mysql": sql,
                "mariadb": sql,
                "sqlite": UnsupportedError,
            },
        )
        if db.dialect.name != "sqlite":
            assert {row["species"]: row["pets"] for row in await db.fetch_all(query)} == {"cat": 3, "dog": 2, None: 5}
    levels = Query.from_(PET).select(PET.species).rollup([PET.species, PET.owner_id], PET.name)
    assert sql_of(levels).endswith(' GROUP BY ROLLUP (("pet"."species", "pet"."owner_id"), "pet"."name")')


# -- set operations, WITH, locks --------------------------------------------------------------------------------------


async def test_set_operations_are_converted(db):
    names = Query.from_(PERSON).select(PERSON.first_name.as_("name")).where(PERSON.id <= 2)
    query = (
        names.union_all(Query.from_(PET).select(PET.name).where(PET.id == 10))
        .orderby("name", order=Order.desc)
        .limit(2)
    )
    compiles_to(
        query,
        spelled(
            'SELECT "person"."first_name" AS "name" FROM "person" WHERE "person"."id" <= $1 UNION ALL '
            'SELECT "pet"."name" FROM "pet" WHERE "pet"."id" = $2 ORDER BY "name" DESC LIMIT $3',
            (2, 10, 2),
        ),
    )
    assert await db.fetch_column(query) == ["Rex", "Bea"]
    one, other = Query.from_(PET).select(PET.species), Query.from_(PET).select(PET.species).where(PET.id == 10)
    assert sorted(await db.fetch_column(one.union(other))) == ["cat", "dog"]
    assert await db.fetch_column(one.intersect(other)) == ["dog"]
    assert await db.fetch_column(one.except_of(other)) == ["cat"]
    assert await db.fetch_column(one - other) == ["cat"]
    wrapped = (one + other).as_("kinds")
    assert await db.fetch_value(Query.from_(wrapped).select(fn.Count("*"))) == 2


def test_set_operations_on_which_databases_do_not_agree_are_refused():
    one = Query.from_(PET).select(PET.id)
    with pytest.raises(BuildError, match="INTERSECT after UNION"):
        as_statement(one.union(one).intersect(one))
    with pytest.raises(BuildError, match="as many columns"):
        as_statement(one.union(Query.from_(PET).select(PET.id, PET.name)))
    with pytest.raises(BuildError, match="by columns of its result"):
        as_statement(one.union(one).orderby(pypika.terms.ValueWrapper(1)))


async def test_common_tables_are_converted(db):
    cats = Query.from_(PET).select(PET.owner_id, PET.name).where(PET.species == "cat")
    query = (
        Query.with_(cats, "cats")
        .with_(Query.from_(AliasedQuery("cats")).select("name"), "names")
        .from_(AliasedQuery("cats"))
        .join(AliasedQuery("names"))
        .on(AliasedQuery("names").field("name") == AliasedQuery("cats").field("name"))
        .select(AliasedQuery("cats").field("name"))
        .orderby(AliasedQuery("cats").field("name"))
    )
    compiles_to(
        query,
        spelled(
            'WITH "cats" AS (SELECT "pet"."owner_id", "pet"."name" FROM "pet" WHERE "pet"."species" = $1), '
            '"names" AS (SELECT "cats"."name" FROM "cats") SELECT "cats"."name" FROM "cats" '
            'INNER JOIN "names" ON "names"."name" = "cats"."name" ORDER BY "cats"."name"',
            ("cat",),
        ),
    )
    assert await db.fetch_column(query) == sorted(row["name"] for row in CATS)
    hostile = Query.with_(cats, 'c"; drop').from_(AliasedQuery('c"; drop')).select("name")
    assert sql_of(hostile).startswith('WITH "c""; drop" AS (')
    with pytest.raises(BuildError, match="no CTE 'dogs' in WITH; there are cats"):
        as_statement(Query.with_(cats, "cats").from_(AliasedQuery("dogs")).select("name"))


def test_locks_are_converted():
    query = PostgreSQLQuery.from_(PET).select(PET.id).for_update(skip_locked=True, of=("pet",))
    compiles_to(
        query,
        {
            "postgres": 'SELECT "pet"."id" FROM "pet" FOR UPDATE OF "pet" SKIP LOCKED',
            "mysql": "SELECT `pet`.`id` FROM `pet` FOR UPDATE OF `pet` SKIP LOCKED",
            "mariadb": UnsupportedError,
            "sqlite": UnsupportedError,
        },
    )
    assert sql_of(Query.from_(PET).select(PET.id).for_update()).endswith(" FOR UPDATE")
    with pytest.raises(BuildError, match="'toy', which is not in its FROM"):
        as_statement(MySQLQuery.from_(PET).select(PET.id).for_update(of=("toy",)))


def test_distinct_on_is_postgres_own():
    query = PostgreSQLQuery.from_(PET).distinct_on(PET.species).select(PET.name).orderby(PET.species)
    compiles_to(
        query,
        {
            "postgres": 'SELECT DISTINCT ON ("pet"."species") "pet"."name" FROM "pet" ORDER BY "pet"."species"',
            "mysql": UnsupportedError,
            "mariadb": UnsupportedError,
            "sqlite": UnsupportedError,
        },
    )


# -- with ours --------------------------------------------------------------------------------------------------------


async def test_pypika_queries_nest(db):
    pets = Query.from_(PET).select(PET.name, PET.species).where(PET.owner_id == PERSON.id).orderby(PET.name)
    mother = PERSON.as_("mother")
    query = (
        select_from(PERSON)
        .select(
            PERSON.id,
            json_array_from(pets).as_("pets"),
            json_object_from(Query.from_(mother).select(mother.first_name).where(mother.id == PERSON.mother_id)).as_(
                "mother"
            ),
        )
        .where(PERSON.id.isin([3, 4]))
        .order_by(PERSON.id)
    )
    assert await db.fetch_all(query) == [
        {"id": 3, "pets": [{"name": "Minka", "species": "cat"}], "mother": {"first_name": "Ada"}},
        {"id": 4, "pets": [{"name": "Bella", "species": "dog"}], "mother": {"first_name": "Bea"}},
    ]


async def test_our_tables_and_pypikas_meet_by_their_names(db):
    ours_outside = select_from(person).select(
        person.id, json_array_from(Query.from_(PET).select(PET.id).where(PET.owner_id == person.id)).as_("pets")
    )
    theirs_outside = select_from(PERSON).select(
        PERSON.id, json_array_from(select_from(pet).select(pet.id).where(pet.owner_id == PERSON.id)).as_("pets")
    )
    mixed = select_from(person).select(PERSON.id, fn.Upper(person.first_name).as_("name")).where(PERSON.id == 1)
    ids = {each["id"]: [row["id"] for row in PETS if row["owner_id"] == each["id"]] for each in PEOPLE}
    for query in (ours_outside, theirs_outside):
        rows = await db.fetch_all(query)
        assert {row["id"]: sorted(each["id"] for each in row["pets"]) for row in rows} == ids
    assert await db.fetch_all(mixed) == [{"id": 1, "name": "ADA"}]


async def test_a_pypika_query_stands_wherever_one_of_ours_can(db):
    cats = Query.from_(PET).select(PET.owner_id).where(PET.species == "cat")
    assert await db.fetch_column(
        select_from(person).select(person.id).where(person.id.is_in(cats)).order_by(person.id)
    ) == [2, 3]
    ours = (
        select_from(person).select(person.id).where(exists(cats.where(PET.owner_id == person.id))).order_by(person.id)
    )
    assert await db.fetch_column(ours) == [2, 3]
    named = cats.as_("cats")
    assert await db.fetch_value(select_from(named).select(fn.Count("*").as_("n"))) == 3
    value = select_from(person).select(Query.from_(PET).select(fn.Count("*")).as_("pets")).where(person.id == 1)
    assert await db.fetch_all(value) == [{"pets": 5}]
    assert sorted(await db.fetch_column(select_from(pet).select(pet.owner_id).except_(cats))) == [4]


def test_our_columns_stand_in_pypikas_queries_where_its_builder_does_not_ask_for_their_truth():
    ours = PET.owner_id == person.id  # Python asks the right side first, so that this is a criterion of ours
    sql = 'SELECT "pet"."id" FROM "pet" WHERE "pet"."id" > $1 AND "person"."id" = "pet"."owner_id"'
    for query in (Query.from_(PET).select(PET.id).where(PET.id > 1).where(ours), SELECT.where((PET.id > 1) & ours)):
        assert sql in select_from(person).select(json_array_from(query).as_("pets")).compile("postgres").sql
    with pytest.raises(TypeError, match="has no truth value"):
        SELECT.where(ours).where(PET.id > 1)


def test_a_query_is_read_once_and_does_not_follow_pypika():
    case = pypika.Case().when(PET.id == 1, "x")
    query = select_from(pet).select(case.as_("c"))
    before = query.compile("sqlite").sql
    case.when(PET.id == 2, "y")  # which changes the first one too
    assert query.replaced().compile("sqlite").sql == before


def test_our_tables_in_pypikas_from_are_refused():
    with pytest.raises(BuildError, match="takes PyPika's tables only"):
        as_statement(Query.from_(person).select("id"))


# -- INSERT, UPDATE, DELETE -------------------------------------------------------------------------------------------


async def test_an_insert_runs_with_its_values_bound(restored_db):
    query = (
        Query.into(PERSON)
        .columns("id", PERSON.first_name, "birth_year")
        .insert((20, "Ünal", None), (21, "O'Hara", 1990))
    )
    compiles_to(
        query,
        spelled(
            'INSERT INTO "person" ("id", "first_name", "birth_year") VALUES ($1, $2, $3), ($4, $5, $6)',
            (20, "Ünal", None, 21, "O'Hara", 1990),
        ),
    )
    assert (await restored_db.execute(query)).rows_affected == 2
    assert await restored_db.fetch_column(
        Query.from_(PERSON).select(PERSON.first_name).where(PERSON.id >= 20).orderby(PERSON.id)
    ) == ["Ünal", "O'Hara"]


async def test_an_insert_by_position_names_no_columns(restored_db):
    query = Query.into(PERSON).insert(20, "Zoe", None, 1999, 2)
    compiles_to(
        query,
        spelled('INSERT INTO "person" VALUES ($1, $2, $3, $4, $5)', (20, "Zoe", None, 1999, 2)),
    )
    await restored_db.execute(query)
    assert await restored_db.fetch_value(Query.from_(PERSON).select("birth_year").where(PERSON.id == 20)) == 1999


async def test_an_insert_takes_the_rows_of_a_query(restored_db):
    query = Query.into(TOY).columns("id", TOY.name, "pet_id")
    query = query.from_(PET).select(PET.id + 1000, PET.name, PET.id).where(PET.species == "dog")
    compiles_to(
        query,
        spelled(
            'INSERT INTO "toy" ("id", "name", "pet_id") SELECT "pet"."id" + $1, "pet"."name", "pet"."id" FROM "pet" '
            'WHERE "pet"."species" = $2',
            (1000, "dog"),
        ),
    )
    assert (await restored_db.execute(query)).rows_affected == 2
    by_position = Query.into(TOY).from_(PET).select(PET.id + 2000, PET.name, None, PET.id).where(PET.species == "dog")
    assert sql_of(by_position).startswith('INSERT INTO "toy" SELECT ')
    assert (await restored_db.execute(by_position)).rows_affected == 2
    assert sorted(await restored_db.fetch_column(Query.from_(TOY).select("name").where(TOY.id > 1000))) == [
        "Bella",
        "Bella",
        "Rex",
        "Rex",
    ]


async def test_values_keep_their_types(db):
    values = (1, True, 1.5, Decimal("1.10"), "x", b"\x00", dt.date(2020, 1, 2), dt.datetime(2020, 1, 2, 3), None)
    query = Query.into(Table("t")).insert(*values)
    for name in ("postgres", "mysql", "mariadb", "sqlite"):
        parameters = as_statement(query).compile(name).parameters
        assert parameters == values
        assert [type(each) for each in parameters] == [type(each) for each in values]


async def test_upserts_are_converted(restored_db):
    new = PostgreSQLQuery.into(PERSON).columns("id", "first_name").insert(1, "Ada II")
    query = new.on_conflict("id").do_update("first_name").do_update("birth_year", PERSON.birth_year + 1)
    compiles_to(
        query,
        spelled(
            'INSERT INTO "person" ("id", "first_name") VALUES ($1, $2) ON CONFLICT ("id") DO UPDATE '
            'SET "first_name" = "excluded"."first_name", "birth_year" = "person"."birth_year" + $3',
            (1, "Ada II", 1),
            mysql=(
                "INSERT INTO `person` (`id`, `first_name`) VALUES (%s, %s) AS `new` ON DUPLICATE KEY UPDATE "
                "`first_name` = `new`.`first_name`, `birth_year` = `person`.`birth_year` + %s",
                (1, "Ada II", 1),
            ),
            mariadb=(
                "INSERT INTO `person` (`id`, `first_name`) VALUES (%s, %s) ON DUPLICATE KEY UPDATE "
                "`first_name` = VALUES(`first_name`), `birth_year` = `person`.`birth_year` + %s",
                (1, "Ada II", 1),
            ),
        ),
    )
    await restored_db.execute(query)
    await restored_db.execute(new.on_conflict("id").do_nothing())
    row = await restored_db.fetch_one(Query.from_(PERSON).select("first_name", "birth_year").where(PERSON.id == 1))
    assert row == {"first_name": "Ada II", "birth_year": 1951}


def test_conditions_of_upserts_are_those_of_the_update():
    new = PostgreSQLQuery.into(PERSON).columns("id").insert(1)
    query = new.on_conflict("id").do_update("id").where(PERSON.birth_year < 1990).returning("id", PERSON.first_name)
    compiles_to(
        query,
        {
            "postgres": (
                'INSERT INTO "person" ("id") VALUES ($1) ON CONFLICT ("id") DO UPDATE SET "id" = "excluded"."id" '
                'WHERE "person"."birth_year" < $2 RETURNING "person"."id", "person"."first_name"',
                (1, 1990),
            ),
            "mysql": UnsupportedError,
            "mariadb": UnsupportedError,
            "sqlite": (
                'INSERT INTO "person" ("id") VALUES (?) ON CONFLICT ("id") DO UPDATE SET "id" = "excluded"."id" '
                'WHERE "person"."birth_year" < ? RETURNING "person"."id", "person"."first_name"',
                (1, 1990),
            ),
        },
    )
    with pytest.raises(BuildError, match=r"on_conflict\(…\) without do_nothing"):
        as_statement(new.on_conflict("id"))


def test_mysqls_upserts_are_converted():
    new = MySQLQuery.into(PERSON).columns("id", "first_name").insert(1, "Ada")
    query = new.on_duplicate_key_update("first_name", Values("first_name")).on_duplicate_key_update("birth_year", 1)
    assert as_statement(query).compile("mariadb").sql == (
        "INSERT INTO `person` (`id`, `first_name`) VALUES (%s, %s) ON DUPLICATE KEY UPDATE "
        "`first_name` = VALUES(`first_name`), `birth_year` = %s"
    )
    with pytest.raises(CompileError, match="postgres has to know the key"):
        as_statement(query).compile("postgres")
    ignored = as_statement(new.on_duplicate_key_ignore()).compile("mysql").sql
    assert ignored.endswith("ON DUPLICATE KEY UPDATE `id` = `person`.`id`")
    assert as_statement(new.ignore()).compile("mysql").sql.startswith("INSERT IGNORE INTO `person`")
    replaced = Query.into(PERSON).columns("id").replace(1)
    assert as_statement(replaced).compile("mysql").sql == "REPLACE INTO `person` (`id`) VALUES (%s)"
    sqlite = SQLLiteQuery.into(PERSON).columns("id").insert_or_replace(1)
    assert as_statement(sqlite).compile("sqlite").sql == 'INSERT OR REPLACE INTO "person" ("id") VALUES (?)'
    with pytest.raises(CompileError, match="excluded"):
        select_from(person).select(Values("id")).compile("mysql")


async def test_an_update_runs_with_its_values_bound(restored_db):
    query = Query.update(PET).set(PET.weight, PET.weight + 1).set("name", "Rex II").where(PET.id == 10)
    query = query.where(PET.weight > 2)
    compiles_to(
        query,
        spelled(
            'UPDATE "pet" SET "weight" = "pet"."weight" + $1, "name" = $2 '
            'WHERE "pet"."id" = $3 AND "pet"."weight" > $4',
            (1, "Rex II", 10, 2),
        ),
    )
    assert (await restored_db.execute(query)).rows_affected == 1
    row = await restored_db.fetch_one(Query.from_(PET).select("name", "weight").where(PET.id == 10))
    assert row == {"name": "Rex II", "weight": 32.5}


async def test_an_update_joins_other_tables(restored_db):
    query = (
        Query.update(PET)
        .join(PERSON)
        .on(PERSON.id == PET.owner_id)
        .set(PET.name, PERSON.first_name)
        .where(PERSON.id == 4)
    )
    joined = (
        "UPDATE `pet` INNER JOIN `person` ON `person`.`id` = `pet`.`owner_id` SET `pet`.`name` = `person`.`first_name` "
        "WHERE `person`.`id` = %s"
    )
    other = (
        'UPDATE "pet" SET "name" = "person"."first_name" FROM "person" WHERE "person"."id" = "pet"."owner_id" '
        'AND "person"."id" = {}'
    )
    compiles_to(
        query,
        {
            "postgres": (other.format("$1"), (4,)),
            "mysql": (joined, (4,)),
            "mariadb": (joined, (4,)),
            "sqlite": (other.format("?"), (4,)),
        },
    )
    await restored_db.execute(query)
    assert await restored_db.fetch_value(Query.from_(PET).select("name").where(PET.owner_id == 4)) == "Dora"
    from_ = Query.update(PET).set(PET.name, PERSON.first_name).from_(PERSON).where(PERSON.id == PET.owner_id)
    assert ' FROM "person" WHERE ' in sql_of(from_)
    with pytest.raises(BuildError, match=r"toy\.name is no column of 'pet'"):
        as_statement(Query.update(PET).set(TOY.name, "x").where(PET.id == 1))


async def test_a_delete_runs(restored_db):
    query = Query.from_(TOY).delete().where(TOY.price.isnull())
    compiles_to(query, spelled('DELETE FROM "toy" WHERE "toy"."price" IS NULL'))
    assert (await restored_db.execute(query)).rows_affected == 1
    with_others = PostgreSQLQuery.from_(PET).using(PERSON).delete().where(PERSON.id == PET.owner_id).returning(PET.id)
    assert sql_of(with_others) == (
        'DELETE FROM "pet" USING "person" WHERE "person"."id" = "pet"."owner_id" RETURNING "pet"."id"'
    )


@pytest.mark.parametrize("query", [Query.update(PET).set("name", "x"), Query.from_(PET).delete()])
def test_a_write_of_every_row_is_refused_as_ours_is(query):
    compiles_to(query, dict.fromkeys(("postgres", "mysql", "mariadb", "sqlite"), (CompileError, "every row of 'pet'")))
    assert "every row" not in str(as_statement(query.where(PET.id == 1)))
    with pytest.raises(CompileError, match="every row"):
        as_statement(query.where(Criterion.all([]))).compile("sqlite")  # PyPika drops it


# -- refused ----------------------------------------------------------------------------------------------------------

SELECT = Query.from_(PET).select(PET.id)
REFUSED = {
    "SELECT … INTO": SELECT.into(TOY),
    "FORCE INDEX": SELECT.force_index("i"),
    "USE INDEX": SELECT.use_index("i"),
    "a modifier after SELECT": MySQLQuery.from_(PET).select(PET.id).modifier("SQL_CALC_FOUND_ROWS"),
    "PREWHERE": SELECT.prewhere(PET.id == 1),
    "QUALIFY": SELECT.qualify(PET.id == 1),
    "WITH TOTALS": SELECT.with_totals(),
    "HASH JOIN": Query.from_(PET).hash_join(TOY).on(TOY.pet_id == PET.id).select(PET.id),
    "JOIN … COLLATE": Query.from_(PET).join(TOY).on(TOY.name == PET.name, collate="x").select(PET.id),
    "CROSS JOIN and ON": Query.from_(PET).cross_join(TOY).on(TOY.pet_id == PET.id).select(PET.id),
    "ORDER BY in UPDATE": Query.update(PET).set("name", "x").orderby(PET.id),
    "GROUP BY in DELETE": Query.from_(PET).delete().groupby(PET.id),
    "OFFSET in DELETE": Query.from_(PET).delete().offset(1),
    "JOIN … USING": Query.update(PET).join(TOY).using("id").set("name", "x"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_converted_is_refused_by_name(name):
    with pytest.raises(BuildError, match=rf"a PyPika query with {name}.* cannot be converted"):
        as_statement(REFUSED[name])


def test_queries_that_are_not_complete_are_refused():
    for query in (Query.from_(PET), Query.into(PET), Query.into(PET).columns("id"), Query.update(PET), QueryBuilder()):
        with pytest.raises(BuildError, match="not complete"):
            as_statement(query)
    with pytest.raises(BuildError, match="another number of values"):
        as_statement(Query.into(PET).columns("id", "name").insert(1))
    with pytest.raises(BuildError, match="stands twice"):
        as_statement(Query.from_(PET).from_(PET).select(PET.id))


def test_what_is_no_table_of_this_database_is_refused():
    with pytest.raises(BuildError, match="another time"):
        as_statement(Query.from_(PET.for_(pypika.SYSTEM_TIME.between("a", "b"))).select("*"))
    with pytest.raises(BuildError, match="stands within another"):
        as_statement(Query.from_(pypika.Database("d").s.t).select("*"))

    class Written(Table):
        def get_sql(self, **_: Any) -> str:
            return "drop"

    with pytest.raises(BuildError, match="FROM takes tables and queries, not PyPika's Written"):
        as_statement(Query.from_(Written("x")).select("*"))


def test_a_builder_that_writes_sql_of_its_own_is_refused_and_a_plain_one_is_read():
    class Plain(QueryBuilder):
        """Adds nothing."""

    class Writes(QueryBuilder):
        def _limit_sql(self) -> str:
            return "; drop table pet"

    assert sql_of(Plain().from_(PET).select(PET.id)) == 'SELECT "pet"."id" FROM "pet"'
    with pytest.raises(BuildError, match="Writes is a builder of your own that writes SQL"):
        as_statement(Writes().from_(PET).select(PET.id))
