"""Schemas of the program's own: what comes in is checked always, what goes out when that is wanted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypedDict

import msgspec
import pydantic
import pytest

from querykit.access import ReadRepository, Repository
from querykit.access.schemas import check_row
from querykit.errors import BuildError, DecodeError
from tests.access.tables import person


class PersonStruct(msgspec.Struct):
    id: int
    first_name: str
    birth_year: int


@dataclass
class PersonData:
    id: int
    first_name: str
    birth_year: int


class PersonDict(TypedDict):
    id: int
    birth_year: int


class PersonModel(pydantic.BaseModel):
    id: int
    birth_year: int


def born(row):
    if row["birth_year"] is None:
        raise ValueError("born?")


SCHEMAS = [
    (PersonStruct, DecodeError),
    (PersonData, DecodeError),
    (PersonDict, DecodeError),
    (PersonModel, pydantic.ValidationError),
    (born, ValueError),
]


@pytest.mark.parametrize(("schema", "error"), SCHEMAS)
async def test_rows_that_are_not_as_they_are_to_be_are_an_error(db, sample_tables, schema, error):
    people = ReadRepository(db, person, output=schema)
    plain = ReadRepository(db, person)
    assert await people.find(where={"id": {"lt": 5}}) == await plain.find(where={"id": {"lt": 5}})
    assert await people.find_by_id(2, include=["pets"]) == await plain.find_by_id(2, include=["pets"])
    for read in (people.find(), people.find_by_id(5), people.find_first(order_by="-id"), people.find_by_ids([5])):
        with pytest.raises(error):
            await read
    assert await people.find_by_id(5, columns=["id"]) == {"id": 5}, "a part of a row is not checked"
    unchecked = ReadRepository(db, person, output=schema, validate_output=False)
    assert await unchecked.find_by_id(5) == await plain.find_by_id(5)


@pytest.mark.parametrize(("schema", "error"), SCHEMAS)
async def test_rows_that_are_written_are_checked_and_undone(restored_db, schema, error):
    people = Repository(restored_db, person, output=schema)
    assert (await people.update_by_id(1, {"birth_year": 1951}))["birth_year"] == 1951
    for write in (
        people.insert({"id": 8, "first_name": "Emil"}),
        people.insert_many([{"id": 9, "first_name": "Emil"}]),
        people.upsert({"id": 1, "first_name": "Ada", "birth_year": None}),
        people.update_by_id(1, {"birth_year": None}),
        people.update_many([{"id": 2, "birth_year": 1976}, {"id": 1, "birth_year": None}]),
    ):
        with pytest.raises(error):
            await write
    assert await Repository(restored_db, person).find(columns=["id", "birth_year"], order_by="id") == [
        {"id": number, "birth_year": year} for number, year in enumerate((1951, 1975, 1978, 2001, None), 1)
    ]


def test_a_message_names_the_table_and_the_place():
    with pytest.raises(DecodeError, match=r"a row of person is not as PersonStruct says: .*birth_year"):
        check_row(PersonStruct, {"id": 1, "first_name": "Ada", "birth_year": None}, "person")


class NewPerson(msgspec.Struct, forbid_unknown_fields=True):
    id: int
    first_name: str


class ChangedPerson(msgspec.Struct, forbid_unknown_fields=True):
    first_name: str | msgspec.UnsetType = msgspec.UNSET


async def test_no_change_passes_by_the_check_of_new_rows(restored_db):
    people = Repository(restored_db, person, create=NewPerson)
    for write in (
        people.update({"id": 1}, {"nickname": "x"}),
        people.update_by_id(1, {"nickname": "x"}),
        people.update_many([{"id": 1, "nickname": "x"}]),
    ):
        with pytest.raises(BuildError, match="say change="):
            await write
    changing = Repository(restored_db, person, create=NewPerson, change=ChangedPerson)
    assert (await changing.update_by_id(1, {"first_name": "Eve"}))["first_name"] == "Eve"
    assert (await changing.update_many([{"id": 1, "first_name": "Ada"}]))[0]["first_name"] == "Ada"
    with pytest.raises(ValueError, match="nickname"):
        await changing.update_many([{"id": 1, "nickname": "x"}])
