"""What programs test with: the SQL of each dialect, a database that records, and one that forgets."""

import pytest

from querykit import UnsupportedError, json_array_from, select_from
from querykit.testing import Recorded, RecordingDatabase, in_every_dialect, rolled_back
from tests.databases import DATABASES
from tests.sample import person, pet


def test_the_sql_of_each_dialect_or_its_refusal():
    found = in_every_dialect(select_from(pet).select(pet.id).where(pet.name == "x").for_update())
    assert set(found) == set(DATABASES)
    assert found["postgres"] == ('SELECT "pet"."id" FROM "pet" WHERE "pet"."name" = $1 FOR UPDATE', ("x",))
    assert isinstance(found["sqlite"], UnsupportedError)


async def test_a_recording_database_runs_nothing_and_answers_as_told():
    db = RecordingDatabase("mysql", answers=[[(1, "Ada"), (2, "Bea")], [()]])
    assert await db.select_from(person).select(person.id, person.first_name).fetch_all() == [
        {"id": 1, "first_name": "Ada"},
        {"id": 2, "first_name": "Bea"},
    ]
    async with db.transaction() as trx:
        assert (await trx.update(person).set(first_name="x").where(person.id == 1).execute()).rows_affected == 1
    with pytest.raises(ZeroDivisionError):
        async with db.transaction():
            raise ZeroDivisionError
    assert await db.fetch_one_or_none(select_from(pet).select(pet.id)) is None
    assert [each.sql.split(" ")[0] for each in db.statements] == [
        "SELECT",
        "BEGIN",
        "UPDATE",
        "COMMIT",
        "BEGIN",
        "ROLLBACK",
        "SELECT",
    ]
    assert db.statements[2] == Recorded("UPDATE `person` SET `first_name` = %s WHERE `person`.`id` = %s", ("x", 1))


async def test_a_recording_database_streams_and_sees_plugins():
    db = RecordingDatabase("sqlite", answers=[[(1,)]])
    assert [row async for row in db.stream(select_from(pet).select(pet.id))] == [{"id": 1}]
    await db.with_schema("zoo").fetch_all(select_from(pet).select(pet.id))
    assert db.statements[-1].sql == 'SELECT "pet"."id" FROM "zoo"."pet"'


@pytest.mark.usefixtures("sample_tables")
async def test_what_is_rolled_back_is_forgotten(db):
    async def add(handle, name):
        async with handle.transaction() as inner:
            await inner.insert_into(pet).values(id=99, name=name, species="cat", owner_id=1).execute()

    names = select_from(pet).select(pet.name).where(pet.id == 99)
    async with rolled_back(db) as trx:
        await add(trx, "Theo")
        assert await trx.fetch_column(names) == ["Theo"]
    with pytest.raises(ZeroDivisionError):
        async with rolled_back(db) as trx:
            await add(trx, "Theo")
            raise ZeroDivisionError
    assert await db.fetch_column(names) == []


async def test_nested_rows_are_answered_as_the_driver_gives_them():
    db = RecordingDatabase("sqlite", answers=[[('[{"name":"Rex"}]',)]])
    pets = json_array_from(select_from(pet).select(pet.name).where(pet.owner_id == person.id)).as_("pets")
    assert await db.select_from(person).select(pets).fetch_all() == [{"pets": [{"name": "Rex"}]}]
