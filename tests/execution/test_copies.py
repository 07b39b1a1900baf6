"""Rows of a result that is given again are copies: the same values of the same types, at every depth, for each reader."""

from __future__ import annotations

import datetime as dt
import enum
import uuid
from decimal import Decimal
from typing import Any

import pytest

from querykit import (
    AwareDatetime,
    Database,
    Json,
    Plugin,
    json_array_from,
    json_map_from,
    json_object_from,
    register_type,
    select,
    select_from,
    table,
    value,
)
from querykit.dialects.driver import Decoded
from querykit.execution import copies
from querykit.plugins import Call, PluginContext
from tests.sample import person, pet, toy


class Colour(enum.IntEnum):
    RED = 1


class Point:
    """A type of a user's own, whose objects may change."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Point) and other.text == self.text

    __hash__ = None  # type: ignore[assignment]


register_type(Point, str, encode=lambda point: point.text, decode=Point)


class Again(Plugin):
    """Gives the first result to all who ask for the same."""

    def __init__(self) -> None:
        self.results: dict[Any, Any] = {}

    async def around_execute(self, call: Call, query: Any, context: PluginContext) -> Any:
        key = call.compiled.sql, call.wanted
        if key not in self.results:
            self.results[key] = (await call.proceed())._replace(decoded=Decoded())
        return self.results[key]


@pytest.fixture
def again(db: Database, sample_tables: None) -> Database:
    return db.with_plugin(Again())


def typed(found: Any) -> Any:
    """A value with the types of all that is in it, and the order of keys."""
    if isinstance(found, dict):
        return dict, [(key, typed(each)) for key, each in found.items()]
    if isinstance(found, list):
        return list, [typed(each) for each in found]
    return type(found), found.text if isinstance(found, Point) else found


async def check(db: Database, again: Database, query: Any) -> list[Any]:
    """Whether copies are what is read without."""
    expected = typed(await db.fetch_all(query))
    copied = [await again.fetch_all(query) for _ in range(4)]
    assert [typed(rows) for rows in copied] == [expected] * 4
    return copied


VALUES: dict[str, Any] = {
    "flag": True,
    "count": 2**63 - 1,
    "ratio": 0.1,
    "price": Decimal("1.10"),
    "text": '{"a": 1}',
    "data": b"\x00\xff",
    "day": dt.date(2024, 2, 29),
    "hour": dt.time(12, 30, 0, 5),
    "at": dt.datetime(2024, 2, 29, 12, 30, 0, 5),
    "since": dt.datetime(2024, 2, 29, 12, 30, tzinfo=dt.UTC),
    "long": dt.timedelta(days=1, microseconds=5),
    "key": uuid.UUID(int=7),
    "a b": None,
    "class": 1,
    "f0": "first",
    "é'`": "x",
}
TYPES = {"since": AwareDatetime, "a b": str}


def every_kind() -> list[Any]:
    columns = []
    for name, each in VALUES.items():
        columns.append(value(each).returns(TYPES.get(name, type(each))).as_(name))
    return columns


async def test_values_of_every_kind_are_copied_exactly(db: Database, again: Database) -> None:
    deep = select(*every_kind())
    nested = select(*every_kind(), json_array_from(deep).as_("inner"), json_object_from(deep).as_("single"))
    query = select_from(pet).select(pet.id, *every_kind(), json_array_from(nested).as_("rows")).order_by(pet.id)
    found = await check(db, again, query)
    assert found[0][0]["rows"][0]["inner"][0]["price"] == Decimal("1.10")
    assert copies.can_be_copied(query.compile(db.dialect).columns or ())


async def test_each_reader_has_its_own_lists_and_dicts(db: Database, again: Database) -> None:
    document = value({"a": [1, {"b": 2.5}]}).returns(Json)
    toys = json_array_from(select_from(toy).select(toy.name).where(toy.pet_id == pet.id).order_by(toy.id))
    names = json_array_from(select_from(toy).select(toy.name).where(toy.pet_id == pet.id).order_by(toy.id).scalars())
    owner = json_object_from(select_from(person).select(person.id).where(person.id == pet.owner_id))
    query = (
        select_from(pet).select(pet.id, toys.as_("toys"), owner.as_("owner"), document.as_("document")).order_by(pet.id)
    )
    for each in (query, query.select(names.as_("names"))):
        expected = typed(await db.fetch_all(each))
        for _ in range(4):
            rows = await again.fetch_all(each)
            assert typed(rows) == expected
            rows[0]["toys"][0]["name"] = "changed"
            rows[1]["toys"].clear()
            rows[0]["owner"]["id"] = 0
            rows[0]["document"]["a"][1]["b"] = 0
            rows[0].clear()


async def test_names_of_every_kind_are_copied(db: Database, again: Database) -> None:
    names = ['a"b', "a\\b", "a\nb", "__class__", "__dict__", "__x", "items"]
    many = [f"column {number}" for number in range(40)]  # more than dicts share
    for some in (names[:3], names[3:6], names[6:], many):
        inner = json_array_from(select(*[value(place).as_(name) for place, name in enumerate(some)]))
        query = select_from(person).select(person.id, inner.as_("nested")).order_by(person.id)
        await check(db, again, query)
        assert copies.can_be_copied(query.compile(db.dialect).columns or ())


async def test_what_is_missing_stays_missing(db: Database, again: Database) -> None:
    mother = person.as_("mother")
    mothers = json_object_from(select_from(mother).select(mother.first_name).where(mother.id == person.mother_id))
    pets = json_array_from(select_from(pet).select(pet.name).where(pet.owner_id == person.id).order_by(pet.id))
    query = select_from(person).select(mothers.as_("mother"), pets.as_("pets")).order_by(person.id)
    (rows, *_) = await check(db, again, query)
    assert rows[0] == {"mother": None, "pets": []}


async def test_what_cannot_be_copied_in_this_way_is_decoded_again(db: Database, again: Database) -> None:
    colour, point = value(Colour.RED), value(Point("1 2"))
    undeclared = table("pet")
    for nested in (
        json_array_from(select(colour.as_("colour"))),
        json_array_from(select(point.as_("point"))),
        json_map_from(select_from(pet).select(pet.id, pet.name), key="id"),
        json_array_from(select_from(undeclared).select(undeclared.name).order_by(undeclared.id)),
    ):
        query = select_from(person).select(person.id, nested.as_("nested")).order_by(person.id)
        await check(db, again, query)
        assert not copies.can_be_copied(query.compile(db.dialect).columns or ())


async def test_rows_without_nested_ones_are_decoded_again(db: Database, again: Database) -> None:
    await check(db, again, select_from(pet).select(pet.id, pet.name, pet.weight).order_by(pet.id))


async def test_another_plan_of_the_same_sql_is_decoded_on_its_own(db: Database, again: Database) -> None:
    undeclared = table("person")
    pets = json_array_from(select_from(pet).select(pet.name).where(pet.owner_id == person.id).order_by(pet.id))
    one = select_from(person).select(person.id, pets.as_("pets")).order_by(person.id)
    bare = json_array_from(select_from(pet).select(pet.name).where(pet.owner_id == undeclared.id).order_by(pet.id))
    other = select_from(undeclared).select(undeclared.id, bare.as_("pets")).order_by(undeclared.id)
    assert one.compile(db.dialect).sql == other.compile(db.dialect).sql
    for _ in range(3):
        await check(db, again, one)
        await check(db, again, other)
