"""Prepared queries take the values of their parameters by name, and check them each time."""

import json

import pytest

from querykit import BuildError, NoResultError, UsageError, json_array_from, param, select_from
from tests.sample import person, pet

pytestmark = pytest.mark.usefixtures("sample_tables")

pets = json_array_from(select_from(pet).select(pet.name).where(pet.owner_id == person.id).order_by(pet.name))
by_id = person.id == param("id", int)


async def test_a_prepared_query_is_run_by_the_values_of_its_parameters(db):
    find = db.select_from(person).select(person.first_name, pets.as_("pets")).where(by_id).prepare()
    assert await find.fetch_one(id=3) == {"first_name": "Cem", "pets": [{"name": "Minka"}]}
    assert await find.fetch_one_or_none(id=9) is None
    assert await find.fetch_all(id=1) == [{"first_name": "Ada", "pets": []}]
    assert json.loads(await find.fetch_json(id=1)) == [{"first_name": "Ada", "pets": []}]
    assert [row["first_name"] async for row in find.stream(id=2)] == ["Bea"]
    with pytest.raises(NoResultError):
        await find.fetch_one(id=9)


async def test_values_and_columns_of_one_column(db):
    names = db.select_from(person).select(person.first_name).where(person.id >= param("id", int)).order_by(person.id)
    assert await names.prepare().fetch_column(id=4) == ["Dora", "Otto"]
    assert await names.prepare().fetch_value(id=5) == "Otto"


@pytest.mark.usefixtures("restored_db")
async def test_a_prepared_write_runs_in_a_transaction_too(db):
    rename = db.update(person).set(first_name=param("name", str)).where(by_id).prepare(timeout=10)
    assert (await rename.execute(id=1, name="Adele")).rows_affected == 1
    with pytest.raises(ZeroDivisionError):
        async with db.transaction() as trx:
            await rename.using(trx).execute(id=2, name="Beate")
            raise ZeroDivisionError
    names = db.select_from(person).select(person.first_name).where(person.id <= 2).order_by(person.id)
    assert await names.fetch_column() == ["Adele", "Bea"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "no value for the parameter 'id'"),
        ({"id": 1, "name": "x"}, "no parameter 'name'"),
        ({"id": "1"}, "takes int, not str"),
        ({"id": True}, "takes int, not bool"),
    ],
)
async def test_missing_superfluous_and_wrongly_typed_values_raise(db, arguments, message):
    find = db.select_from(person).select(person.id).where(by_id).prepare()
    with pytest.raises(BuildError, match=message):
        await find.fetch_all(**arguments)


def test_a_query_of_no_database_cannot_be_prepared():
    with pytest.raises(UsageError, match="no database"):
        select_from(person).select(person.id).prepare()
