"""Tables, their columns and their aliases."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from querykit import (
    Column,
    Table,
    WithSchemaPlugin,
    insert_into,
    json_object_from,
    rewrite,
    select,
    select_from,
    sql,
    table,
)
from querykit.builder.tables import ALIASES_KEPT
from querykit.errors import BuildError, UndefinedColumnError
from tests.expected import compiles_to
from tests.sample import PEOPLE, Person, person


async def test_a_declared_table_gives_its_columns(db):
    query = select_from(person).select(person.id, person.first_name).order_by(person.id)
    compiles_to(
        query,
        {
            "postgres": 'SELECT "person"."id", "person"."first_name" FROM "person" ORDER BY "person"."id"',
            "mysql": "SELECT `person`.`id`, `person`.`first_name` FROM `person` ORDER BY `person`.`id`",
            "mariadb": "SELECT `person`.`id`, `person`.`first_name` FROM `person` ORDER BY `person`.`id`",
            "sqlite": 'SELECT "person"."id", "person"."first_name" FROM "person" ORDER BY "person"."id"',
        },
    )
    assert await db.fetch_all(query) == [{"id": row["id"], "first_name": row["first_name"]} for row in PEOPLE]


async def test_an_undeclared_table_gives_any_column(db):
    people = table("person")
    query = select_from(people).select(people.first_name, people["nickname"]).where(people.id == 2)
    compiles_to(
        query,
        {
            "postgres": (
                'SELECT "person"."first_name", "person"."nickname" FROM "person" WHERE "person"."id" = $1',
                (2,),
            ),
            "mysql": ("SELECT `person`.`first_name`, `person`.`nickname` FROM `person` WHERE `person`.`id` = %s", (2,)),
            "mariadb": (
                "SELECT `person`.`first_name`, `person`.`nickname` FROM `person` WHERE `person`.`id` = %s",
                (2,),
            ),
            "sqlite": ('SELECT "person"."first_name", "person"."nickname" FROM "person" WHERE "person"."id" = ?', (2,)),
        },
    )
    assert await db.fetch_all(query) == [{"first_name": "Bea", "nickname": "Bee"}]


async def test_a_column_that_the_database_does_not_have_is_its_error_and_never_a_text(db):
    people = table("person")
    query = select_from(people).select(people.frist_name)
    with pytest.raises(UndefinedColumnError, match="frist_name"):
        await db.fetch_all(query)
    with pytest.raises(UndefinedColumnError, match="frist_name"):
        await db.fetch_all(select_from(people).select(people.id).where(people.frist_name == "Ada"))


async def test_an_alias_is_another_table_with_the_same_columns(db):
    mother = person.as_("mother")
    query = (
        select_from(person)
        .inner_join(mother, mother.id == person.mother_id)
        .select(person.first_name, mother.first_name.as_("mother"))
        .order_by(person.id)
    )
    compiles_to(
        query,
        {
            "postgres": (
                'SELECT "person"."first_name", "mother"."first_name" AS "mother" FROM "person" '
                'INNER JOIN "person" AS "mother" ON "mother"."id" = "person"."mother_id" ORDER BY "person"."id"'
            ),
            "mysql": (
                "SELECT `person`.`first_name`, `mother`.`first_name` AS `mother` FROM `person` "
                "INNER JOIN `person` AS `mother` ON `mother`.`id` = `person`.`mother_id` ORDER BY `person`.`id`"
            ),
            "mariadb": (
                "SELECT `person`.`first_name`, `mother`.`first_name` AS `mother` FROM `person` "
                "INNER JOIN `person` AS `mother` ON `mother`.`id` = `person`.`mother_id` ORDER BY `person`.`id`"
            ),
            "sqlite": (
                'SELECT "person"."first_name", "mother"."first_name" AS "mother" FROM "person" '
                'INNER JOIN "person" AS "mother" ON "mother"."id" = "person"."mother_id" ORDER BY "person"."id"'
            ),
        },
    )
    assert await db.fetch_all(query) == [
        {"first_name": "Bea", "mother": "Ada"},
        {"first_name": "Cem", "mother": "Ada"},
        {"first_name": "Dora", "mother": "Bea"},
    ]


def test_an_alias_keeps_the_class_and_the_types():
    mother = person.as_("mother")
    assert type(mother) is Person
    assert mother.birth_year is not person.birth_year
    with pytest.raises(BuildError, match=r"mother\.birth_year takes int"):
        mother.birth_year == "1950"  # noqa: B015 - building it is what fails
    with pytest.raises(BuildError, match="did you mean 'nickname'"):
        mother["nickame"]


async def test_a_schema_stands_before_the_name(db, database_name):
    schema = {"postgres": "public", "sqlite": "main"}.get(database_name)
    if schema is None:
        schema = await db.fetch_value(select(sql("DATABASE()").as_("name")))
    query = select_from(table("person", schema="main")).select_all()
    compiles_to(
        query,
        {
            "postgres": 'SELECT * FROM "main"."person"',
            "mysql": "SELECT * FROM `main`.`person`",
            "mariadb": "SELECT * FROM `main`.`person`",
            "sqlite": 'SELECT * FROM "main"."person"',
        },
    )
    people = table("person", schema=schema)
    assert await db.fetch_value(select_from(people).select(people.first_name).where(people.id == 1)) == "Ada"


def test_a_dot_in_a_name_is_part_of_the_name():
    compiles_to(
        select_from(table("public.person")).select_all(),
        {
            "postgres": 'SELECT * FROM "public.person"',
            "mysql": "SELECT * FROM `public.person`",
            "mariadb": "SELECT * FROM `public.person`",
            "sqlite": 'SELECT * FROM "public.person"',
        },
    )


def test_a_column_is_one_object_however_it_is_reached():
    assert person.id is person.id is person["id"]
    people = table("person")
    assert people.anything is people["anything"]


def test_an_unknown_column_of_a_declared_table_is_refused_with_the_nearest_name():
    with pytest.raises(BuildError, match=r"'person' has no column 'frist_name', did you mean 'first_name'\?"):
        _ = person.frist_name  # type: ignore[attr-defined]
    with pytest.raises(BuildError, match="'person' has no column 'frist_name'"):
        person["frist_name"]
    assert not hasattr(person, "frist_name")


@pytest.mark.parametrize(
    "name", ["as_", "select", "alias", "table", "name", "get_sql", "field", "star", "insert", "_name", "isin"]
)
async def test_columns_may_be_named_as_attributes_are(db, name):
    odd = table("odd")
    await db.execute(sql("DROP TABLE IF EXISTS odd"))
    await db.execute(sql("CREATE TABLE odd ({} INTEGER)", sql.id(name)))
    await db.execute(insert_into(odd).values({name: 7}))
    assert await db.fetch_all(select_from(odd).select(odd[name]).where(odd[name] == 7)) == [{name: 7}]
    assert await db.fetch_all(
        select_from(odd).select(json_object_from(select_from(odd.as_("o")).select(odd.as_("o")[name])).as_(name))
    ) == [{name: {name: 7}}]
    await db.execute(sql("DROP TABLE odd"))


def test_declared_columns_may_be_named_as_attributes_are():
    class Odd(Table, name="odd"):
        as_: Column[int]  # type: ignore[assignment]
        select: Column[int]
        alias: Column[int]
        name: Column[int]
        table: Column[int]

    odd = Odd()
    query = select_from(odd).select_all()
    compiles_to(
        query,
        {
            "postgres": 'SELECT "odd"."as_", "odd"."select", "odd"."alias", "odd"."name", "odd"."table" FROM "odd"',
            "mysql": "SELECT `odd`.`as_`, `odd`.`select`, `odd`.`alias`, `odd`.`name`, `odd`.`table` FROM `odd`",
            "mariadb": "SELECT `odd`.`as_`, `odd`.`select`, `odd`.`alias`, `odd`.`name`, `odd`.`table` FROM `odd`",
            "sqlite": 'SELECT "odd"."as_", "odd"."select", "odd"."alias", "odd"."name", "odd"."table" FROM "odd"',
        },
    )
    assert odd["as_"].name == "as_"
    assert callable(odd.as_)
    assert [odd.select.name, odd.alias.name, odd.name.name, odd.table.name] == ["select", "alias", "name", "table"]


def test_columns_are_inherited_and_a_class_without_a_name_is_a_base():
    class Stored(Table):
        id: Column[int]

    class Cat(Stored, name="cat"):
        name: Column[str]

    compiles_to(
        select_from(Cat()).select_all(),
        {
            "postgres": 'SELECT "cat"."id", "cat"."name" FROM "cat"',
            "mysql": "SELECT `cat`.`id`, `cat`.`name` FROM `cat`",
            "mariadb": "SELECT `cat`.`id`, `cat`.`name` FROM `cat`",
            "sqlite": 'SELECT "cat"."id", "cat"."name" FROM "cat"',
        },
    )
    with pytest.raises(BuildError, match="Stored has no table name"):
        Stored()


def test_a_declared_table_in_a_schema():
    class Invoice(Table, name="invoice", schema="billing"):
        id: Column[int]

    invoice = Invoice()
    compiles_to(
        select_from(invoice).select_all(),
        {
            "postgres": 'SELECT "invoice"."id" FROM "billing"."invoice"',
            "mysql": "SELECT `invoice`.`id` FROM `billing`.`invoice`",
            "mariadb": "SELECT `invoice`.`id` FROM `billing`.`invoice`",
            "sqlite": 'SELECT "invoice"."id" FROM "billing"."invoice"',
        },
    )
    compiles_to(
        select_from(invoice.as_("i")).select(invoice.as_("i").id),
        {
            "postgres": 'SELECT "i"."id" FROM "billing"."invoice" AS "i"',
            "mysql": "SELECT `i`.`id` FROM `billing`.`invoice` AS `i`",
            "mariadb": "SELECT `i`.`id` FROM `billing`.`invoice` AS `i`",
            "sqlite": 'SELECT "i"."id" FROM "billing"."invoice" AS "i"',
        },
    )


@pytest.mark.parametrize("name", ["", None, 7, b"person"])
def test_a_name_is_a_text_that_is_not_empty(name: Any):
    with pytest.raises(BuildError, match="the name of a table"):
        table(name)
    with pytest.raises(BuildError, match="the name of a schema"):
        table("person", schema=name or "")
    with pytest.raises(BuildError, match="the name of an alias"):
        person.as_(name)
    with pytest.raises(BuildError, match="alias"):
        person.id.as_(name)
    with pytest.raises(BuildError, match="the name of an alias"):
        select_from(person).select(person.id).as_(name)
    with pytest.raises(BuildError, match="name"):
        table("person")[name]


def test_a_type_that_no_column_can_have_is_refused_when_the_table_is_made():
    class Odd(Table, name="odd"):
        id: Column[int | str]

    with pytest.raises(BuildError, match=r"Odd\.id: .*names more than one type"):
        Odd()

    class Odder(Table, name="odder"):
        id: Column[object]

    with pytest.raises(BuildError, match=r"Odder\.id: .*is not a type that a column can have"):
        Odder()


def test_tables_are_copied_whole():
    copied = copy.copy(person)
    assert copied.id.name == "id"
    assert copy.deepcopy(person).as_("p").id.described() == "p.id"


def test_a_table_has_no_length_and_no_items():
    with pytest.raises(TypeError):
        len(table("person"))  # type: ignore[arg-type]
    with pytest.raises((TypeError, BuildError)):
        list(table("person"))  # type: ignore[call-overload]


def test_an_alias_is_made_once_for_a_table_and_a_schema():
    pet = table("pet")
    assert pet.as_("p") is pet.as_("p")
    assert pet.as_("p") is not table("pet").as_("p")
    assert type(person.as_("p")) is type(person)
    elsewhere = rewrite(select_from(pet).select(pet.id), WithSchemaPlugin("zoo")._qualified).sources[0]
    for each, name in ((elsewhere, "zoo"), (pet, None), (elsewhere, "zoo")):
        assert (each.as_("p")._schema, each.as_("p").id.reference) == (name, "p")
    for number in range(200):
        assert pet.as_(f"p{number}").id.reference == f"p{number}"
    assert len(pet._aliases) == ALIASES_KEPT
