"""Nested rows as text on MySQL and MariaDB: where they are, where documents stand, and that both mean the same."""

from typing import Any

import msgspec
import pytest

from querykit import (
    Column,
    SoftDeletePlugin,
    Table,
    case,
    cte,
    fn,
    insert_into,
    json_array_from,
    json_build_object,
    json_object_from,
    param,
    select_from,
    sql,
    table,
    value,
    with_,
)
from querykit.builder.explain import explained
from querykit.errors import DatabaseError, DecodeError
from tests.sample import person, pet, toy

again = person.as_("again")
pets = select_from(pet).select(pet.id, pet.name).where(pet.owner_id == person.id).order_by(pet.name)
toys = select_from(toy).select(toy.id, toy.price).where(toy.pet_id == pet.id).order_by(toy.id)
owner = select_from(again).select(again.first_name).where(again.id == pet.owner_id)
people = select_from(person).select(person.id).order_by(person.id)
of_pets = select_from(pet).select(pet.id).order_by(pet.id)
AS_PETS = json_array_from(pets).as_("pets")
IN_CTE, IN_FROM = cte("c", people.select(AS_PETS)), people.select(AS_PETS).as_("c")


def toys_with(*columns: Any) -> Any:
    query = select_from(toy).select(*columns).where(toy.pet_id == pet.id)
    return of_pets.select(json_array_from(query).as_("toys"))


def pets_with(*columns: Any) -> Any:
    return people.select(json_array_from(pets.select(*columns)).as_("pets"))


untyped = table("toy")
QUERIES: dict[str, tuple[Any, int, int]] = {
    "a list": (people.select(AS_PETS), 1, 0),
    "of values": (people.select(json_array_from(pets.clear_select().select(pet.name).scalars()).as_("names")), 1, 0),
    "an object": (of_pets.select(json_object_from(owner).as_("owner")), 1, 0),
    "lists in a list": (pets_with(json_array_from(toys).as_("t"), json_array_from(toys).as_("u")), 3, 0),
    "an object in a list": (pets_with(json_object_from(owner).as_("owner")), 2, 0),
    "of a join": (
        people.select(
            json_array_from(
                select_from(pet)
                .inner_join(toy, toy.pet_id == pet.id)
                .select(pet.id, toy.price)
                .where(pet.owner_id == person.id)
                .order_by(toy.id.desc())
            ).as_("toys")
        ),
        1,
        0,
    ),
    "values and parameters": (toys_with(toy.id, value("it's 5% \\ \"").as_("v"), param("p", str).as_("p%")), 1, 0),
    "a limited list": (of_pets.select(json_array_from(toys.limit(1)).as_("toys")), 0, 1),
    "a limited list in a list": (pets_with(json_array_from(toys.limit(1)).as_("toys")), 1, 1),
    "a limited object": (of_pets.select(json_object_from(toys.limit(1)).as_("toy")), 1, 0),
    "an aggregate": (toys_with(fn.count().as_("n")), 0, 1),
    "a function": (toys_with(toy.id, fn.lower(toy.name).as_("name")), 0, 1),
    "columns of unknown types": (toys_with(untyped.name), 0, 1),
    "in a CTE": (with_(IN_CTE).select_from(IN_CTE).select(IN_CTE.id, IN_CTE.pets), 0, 1),
    "in FROM": (select_from(IN_FROM).select(IN_FROM.id, IN_FROM.pets), 0, 1),
    "in a CASE": (people.select(case().when(person.id > 1, json_array_from(pets)).as_("pets")), 0, 1),
    "in an object": (people.select(json_build_object(pets=json_array_from(pets)).as_("o")), 0, 1),
    "in distinct rows": (people.select(AS_PETS).distinct(), 0, 1),
}


@pytest.mark.databases("mysql", "mariadb")
@pytest.mark.parametrize(("query", "texts", "documents"), QUERIES.values(), ids=QUERIES)
async def test_what_is_text_is_what_documents_say(db, sample_tables, query, texts, documents):
    written = query.compile(db.dialect.name).sql
    assert written.count("GROUP_CONCAT(") + written.count("(SELECT CONCAT('{") == texts
    assert written.count("ARRAYAGG(") + written.count("JSON_ARRAY((SELECT") == documents
    parameters = {"p": 'a"\\\n\u2028'} if query is QUERIES["values and parameters"][0] else None
    found = await db.fetch_all(query, parameters=parameters)
    assert len(found) == 5
    assert found == msgspec.json.decode(await db.fetch_json(query, parameters=parameters))


@pytest.mark.databases("mysql", "mariadb")
async def test_a_write_and_a_plan(db, sample_tables):
    """A write keeps documents, as columns of the type JSON do; a plan is that of the text."""
    query = people.select(AS_PETS)
    assert "GROUP_CONCAT" in explained(query, analyze=False, form=None).compile(db.dialect.name).sql
    assert await db.explain(query)
    kept = table("kept")
    write = insert_into(kept).columns(kept.id, kept.pets).from_select(query)
    assert "GROUP_CONCAT" not in write.compile(db.dialect.name).sql
    async with db.connection() as connection:
        await connection.execute(sql("CREATE TEMPORARY TABLE kept (id INT, pets JSON)"))
        await connection.execute(write)
        length = fn.call("JSON_LENGTH", kept.pets).returns(int).as_("n")
        assert await connection.fetch_column(select_from(kept).select(length).order_by(kept.id)) == [0, 3, 1, 1, 0]


@pytest.mark.databases("mysql", "mariadb")
async def test_a_column_of_another_type_than_declared_breaks_nothing(db, sample_tables):
    class Thing(Table, name="misdeclared"):
        id: Column[int]
        number: Column[int]
        is_admin: Column[bool]

    thing = Thing()
    await db.execute(sql("DROP TABLE IF EXISTS misdeclared"))
    await db.execute(sql("CREATE TABLE misdeclared (id INT, number VARCHAR(50), is_admin INT)"))
    rows = select_from(thing).select(thing.id, thing.is_admin, thing.number).where(thing.id == person.id)
    query = select_from(person).select(json_array_from(rows).as_("things")).where(person.id == 1)
    for text in ('1,"is_admin":1', '1}],"x":[{"id":1', '"', "x", ""):
        await db.execute(sql("DELETE FROM misdeclared"))
        await db.execute(sql("INSERT INTO misdeclared VALUES (1, {}, 0)", text))
        with pytest.raises((DecodeError, DatabaseError)):
            await db.fetch_all(query)
    await db.execute(sql("DROP TABLE misdeclared"))


@pytest.mark.databases("mysql", "mariadb")
async def test_plugins_conditions_hold_in_text(db, sample_tables):
    """Rows that a plugin leaves out, in text as in documents."""
    hidden = db.with_plugin(SoftDeletePlugin(column="nickname", tables=["person"]))
    kin = select_from(again).select(again.id).where(again.id == person.mother_id)
    query = people.select(json_array_from(kin).as_("mothers"))
    assert "GROUP_CONCAT" in query.compile(db.dialect.name).sql
    assert await hidden.fetch_all(query) == [
        {"id": 1, "mothers": []},
        {"id": 3, "mothers": [{"id": 1}]},
        {"id": 5, "mothers": []},
    ]


@pytest.mark.databases("mysql")
async def test_an_aggregate_of_columns_of_the_query_around_stays_in_a_table_of_its_own(db, sample_tables):
    """Without a column of its own query in it, an aggregate is one of the query around."""
    query = toys_with(pet.id.as_("pet_id"))
    assert "JSON_ARRAYAGG" in query.compile("mysql").sql
    assert [len(row["toys"]) for row in await db.fetch_all(query)] == [2, 1, 1, 1, 0]
