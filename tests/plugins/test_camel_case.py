"""`CamelCasePlugin`: the keys of rows and nested rows, never those of documents."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest
from pypika import Query
from pypika import Table as PypikaTable

from querykit import (
    CamelCasePlugin,
    Column,
    Database,
    Json,
    ParseJSONResultsPlugin,
    ResultError,
    Table,
    UsageError,
    delete_from,
    insert_into,
    json_array_from,
    json_build_object,
    json_map_from,
    json_object_agg,
    json_object_from,
    select,
    select_from,
    sql,
    table,
    value,
)
from tests.sample import Person, person, pet, toy

NAMES = {
    "first_name": "firstName",
    "id": "id",
    "home_address_line": "homeAddressLine",
    "row_1": "row1",
    "a_1_b": "a1B",
    "_id": "_id",
    "id_": "id_",
    "a__b": "a__b",
    "_first_name": "_firstName",
    "camelCase": "camelCase",
    "FIRST_NAME": "FIRST_NAME",
    "straße_nr": "straßeNr",
    "x_ä": "x_ä",
    "": "",
    "with space_s": "with spaceS",
}


def test_names() -> None:
    assert {name: CamelCasePlugin().camel(name) for name in NAMES} == NAMES
    apart = CamelCasePlugin(underscore_before_digits=True)
    assert [apart.camel(name) for name in ("row_1", "a_1_b", "home_address_2_b")] == ["row_1", "a_1B", "homeAddress_2B"]
    upper = CamelCasePlugin(upper_case=True)
    assert [upper.camel(name) for name in ("FIRST_NAME", "ID", "ROW_1", "first_name", "Mixed_Case")] == [
        *("firstName", "id", "row1", "firstName", "Mixed_Case"),
    ]


toys = json_array_from(select_from(toy).select(toy.name.as_("toy_name")).where(toy.pet_id == pet.id).order_by(toy.id))
pets = json_array_from(
    select_from(pet)
    .select(pet.name.as_("pet_name"), pet.owner_id, toys.as_("toy_box"))
    .where(pet.owner_id == person.id)
    .order_by(pet.id)
)
mother = person.as_("mother")
of_mother = json_object_from(select_from(mother).select(mother.first_name).where(mother.id == person.mother_id))
nested = (
    select_from(person)
    .select(person.first_name, person.birth_year, pets.as_("all_pets"), of_mother.as_("own_mother"))
    .where(person.id.is_in([2, 5]))
    .order_by(person.id)
)
NESTED = [
    {
        "firstName": "Bea",
        "birthYear": 1975,
        "allPets": [
            {"petName": "Rex", "ownerId": 2, "toyBox": [{"toyName": "ball"}, {"toyName": "bone"}]},
            {"petName": "Felix", "ownerId": 2, "toyBox": [{"toyName": "mouse"}]},
            {"petName": "Amy", "ownerId": 2, "toyBox": []},
        ],
        "ownMother": {"firstName": "Ada"},
    },
    {"firstName": "Otto", "birthYear": None, "allPets": [], "ownMother": None},
]


@pytest.fixture
def camel(db: Database) -> Database:
    return db.with_plugin(CamelCasePlugin())


async def test_keys_of_rows_and_nested_rows_are_renamed(camel: Database) -> None:
    assert await camel.fetch_all(nested) == NESTED
    assert [list(row) for row in await camel.fetch_all(nested)] == [list(row) for row in NESTED]
    assert [row async for row in camel.stream(nested, chunk_size=1)] == NESTED
    async with camel.transaction() as trx:
        assert await trx.fetch_all(nested) == NESTED
        assert [row async for row in trx.stream(nested)] == NESTED
    assert await camel.fetch_first(nested) == NESTED[0]
    assert await camel.prepare(nested).fetch_all() == NESTED
    assert (await camel.without_plugins().fetch_all(nested))[0]["first_name"] == "Bea"


async def test_every_kind_of_query_is_renamed(camel: Database) -> None:
    old = PypikaTable("person")
    first = {"firstName": "Ada"}
    assert await camel.fetch_all(Query.from_(old).select(old.first_name).where(old.id == 1)) == [first]
    assert await camel.fetch_all(sql("SELECT first_name FROM person WHERE id = 1")) == [first]
    row = {"id": 1, "firstName": "Ada", "nickname": None, "birthYear": 1950, "motherId": None}
    assert await camel.fetch_all(select_from(table("person")).select_all().where(person.id == 1)) == [row]
    one = select_from(person).select(person.first_name).where(person.id == 1)
    assert await camel.fetch_all(one.union(one)) == [first]
    assert await camel.fetch_value(one) == "Ada"
    assert await camel.fetch_column(one) == ["Ada"]


@pytest.mark.databases("postgres", "sqlite", "mariadb")
async def test_returned_rows_are_renamed(restored_db: Database) -> None:
    camel = restored_db.with_plugin(CamelCasePlugin())
    new = insert_into(person).values(id=9, first_name="Zoe").returning(person.first_name, person.birth_year)
    assert await camel.fetch_all(new) == [{"firstName": "Zoe", "birthYear": None}]
    gone = delete_from(person).where(person.id == 9).returning(person.mother_id)
    assert await camel.fetch_all(gone) == [{"motherId": None}]


class Note(Table, name="camel_note"):
    id: Column[int]
    the_body: Column[Json]


note = Note()


@pytest.fixture
async def notes(db: Database) -> AsyncIterator[Database]:
    await db.execute(sql("DROP TABLE IF EXISTS camel_note"))
    await db.execute(sql("CREATE TABLE camel_note (id INT, the_body {})", sql.raw("JSON")))
    await db.execute(insert_into(note).values(id=1, the_body={"snake_key": [{"other_key": 1}]}))
    yield db.with_plugin(CamelCasePlugin())
    await db.execute(sql("DROP TABLE camel_note"))


BODY = {"snake_key": [{"other_key": 1}]}


async def test_keys_inside_documents_are_data(notes: Database) -> None:
    query = select_from(note).select(note.the_body)
    assert await notes.fetch_all(query) == [{"theBody": BODY}]
    deep = select(json_array_from(select_from(note).select(note.the_body)).as_("all_notes"))
    assert await notes.fetch_all(select(json_object_from(deep).as_("the_one"))) == [
        {"theOne": {"allNotes": [{"theBody": BODY}]}}
    ]
    undeclared = select_from(table("camel_note")).select_all()
    parsed = notes.with_plugin(ParseJSONResultsPlugin(["the_body"]))
    assert await parsed.fetch_all(undeclared) == [{"id": 1, "theBody": BODY}]


async def test_keys_that_are_values_are_data(camel: Database) -> None:
    by_name = json_map_from(
        select_from(person).select(person.first_name, person.birth_year).where(person.id == 1), key="first_name"
    )
    assert await camel.fetch_value(select(by_name.as_("by_name"))) == {"Ada": {"firstName": "Ada", "birthYear": 1950}}
    years = json_map_from(
        select_from(person).select(person.first_name, person.birth_year).where(person.id == 1).scalars(),
        key="first_name",
    )
    assert await camel.fetch_value(select(years.as_("the_years"))) == {"Ada": 1950}
    members = select_from(pet).select(json_object_agg(pet.name, pet.owner_id).as_("by_name")).where(pet.id == 10)
    assert await camel.fetch_all(members) == [{"byName": {"Rex": 2}}]
    built = select(json_build_object(first_key=1, inner_one=select(json_build_object(a_b=2))).as_("built_one"))
    assert await camel.fetch_all(built) == [{"builtOne": {"firstKey": 1, "innerOne": {"aB": 2}}}]


async def test_nested_keys_can_be_kept(db: Database) -> None:
    view = db.with_plugin(CamelCasePlugin(nested=False))
    row = (await view.fetch_all(nested))[0]
    assert list(row) == ["firstName", "birthYear", "allPets", "ownMother"]
    assert row["ownMother"] == {"first_name": "Ada"}
    assert row["allPets"][1] == {"pet_name": "Felix", "owner_id": 2, "toy_box": [{"toy_name": "mouse"}]}


async def test_a_clash_is_an_error_before_the_query_runs(camel: Database) -> None:
    query = select_from(person).select(person.first_name, person.nickname.as_("firstName"))
    with pytest.raises(
        ResultError, match="the columns 'first_name' and 'firstName' would both be 'firstName'"
    ) as caught:
        await camel.fetch_all(query.where(sql("no_such_column = 1")))
    assert caught.value.__notes__ == ["in the plugin CamelCasePlugin"]
    inner = select(json_array_from(query).as_("people"))
    with pytest.raises(ResultError, match="'first_name' and 'firstName' of 'people' would both be 'firstName'"):
        await camel.fetch_all(inner)
    digits = select_from(person).select(person.id.as_("row_1"), person.birth_year.as_("row1"))
    with pytest.raises(ResultError, match="'row_1' and 'row1' would both be 'row1'"):
        await camel.fetch_all(digits)
    apart = camel.without_plugins().with_plugin(CamelCasePlugin(underscore_before_digits=True))
    assert await apart.fetch_all(digits.where(person.id == 1)) == [{"row_1": 1, "row1": 1950}]


async def test_a_clash_of_columns_that_only_the_database_knows_is_an_error(camel: Database) -> None:
    with pytest.raises(ResultError, match="'a_b' and 'aB' would both be 'aB'"):
        await camel.fetch_all(sql("SELECT 1 AS a_b, 2 AS {}", sql.id("aB")))


@pytest.mark.databases("postgres")
async def test_nested_rows_of_unknown_columns_are_renamed(camel: Database) -> None:
    query = select(json_array_from(select_from(table("person")).select_all().where(person.id == 1)).as_("all_people"))
    (row,) = await camel.fetch_value(query)
    assert row == {"id": 1, "firstName": "Ada", "nickname": None, "birthYear": 1950, "motherId": None}
    clash = sql('SELECT 1 AS a_b, 2 AS "aB"').as_table("t")
    with pytest.raises(ResultError, match="'a_b' and 'aB' would both be 'aB'"):
        await camel.fetch_all(
            select(
                json_array_from(select_from(sql('(SELECT 1 AS a_b, 2 AS "aB")').as_table("t")).select_all()).as_("x")
            )
        )
    assert clash is not None


@dataclass
class PersonOut:
    first_name: str
    all_pets: list[dict[str, Any]]


async def test_objects_keep_the_fields_of_their_class(camel: Database) -> None:
    query = select_from(person).select(person.first_name, pets.as_("all_pets")).where(person.id == 3)
    wanted = [PersonOut("Cem", [{"pet_name": "Minka", "owner_id": 3, "toy_box": [{"toy_name": "feather"}]}])]
    assert await camel.fetch_all(query.rows_as(PersonOut)) == wanted
    assert [row async for row in camel.stream(query.rows_as(PersonOut))] == wanted


async def test_json_composed_by_the_database_is_refused(camel: Database) -> None:
    with pytest.raises(UsageError, match=r"fetch_json\(\) composes its JSON in the database"):
        await camel.fetch_json(nested)


async def test_rules_of_ones_own(db: Database) -> None:
    class Loud(CamelCasePlugin):
        def camel(self, name: str) -> str:
            return name.upper()

    assert (await db.with_plugin(Loud()).fetch_all(nested))[1] == {
        "FIRST_NAME": "Otto",
        "BIRTH_YEAR": None,
        "ALL_PETS": [],
        "OWN_MOTHER": None,
    }


async def test_rows_whose_names_stay_are_not_touched(camel: Database) -> None:
    plugin = CamelCasePlugin()
    query = select_from(pet).select(pet.id, pet.name)
    columns = query.output_columns()
    assert columns is not None
    assert plugin._renaming(columns).rename is None
    assert await camel.fetch_first(query.order_by(pet.id)) == {"id": 10, "name": "Rex"}


async def test_values_stay_exact(camel: Database) -> None:
    moment = dt.datetime(2020, 1, 2, 3, 4, 5)
    row = await camel.fetch_one(select(value(moment).as_("the_moment"), value(b"\x00").as_("the_bytes")))
    assert row == {"theMoment": moment, "theBytes": b"\x00"}


def test_the_sample_is_what_is_renamed_here() -> None:
    assert "first_name" in Person()._columns
