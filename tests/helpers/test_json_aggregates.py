"""json_array_agg and json_object_agg: values of a group, of the same types as at top level."""

from __future__ import annotations

import dataclasses
import datetime as dt

import pytest

from querykit import (
    json_array_agg,
    json_array_from,
    json_object_agg,
    select,
    select_from,
    sql,
    value,
)
from querykit.errors import UnsupportedError
from tests.expected import compiles_to
from tests.sample import PETS, person, pet


async def test_the_values_of_a_group_are_a_list(db):
    names = json_array_agg(pet.name).as_("names")
    query = select_from(pet).select(pet.species, names).group_by(pet.species).order_by(pet.species)
    list_of_names = (
        "CASE WHEN COUNT(*) = 0 THEN JSON_ARRAY() ELSE JSON_ARRAYAGG({}) END AS `names` FROM `pet` "
        "GROUP BY `pet`.`species` ORDER BY `pet`.`species`"
    )
    compiles_to(
        query,
        {
            "postgres": (
                'SELECT "pet"."species", COALESCE(JSON_AGG("pet"."name"), \'[]\') AS "names" FROM "pet" '
                'GROUP BY "pet"."species" ORDER BY "pet"."species"'
            ),
            "mysql": f"SELECT `pet`.`species`, {list_of_names.format('`pet`.`name`')}",
            "mariadb": f"SELECT `pet`.`species`, {list_of_names.format('CONVERT(`pet`.`name` USING utf8mb4)')}",
            "sqlite": (
                'SELECT "pet"."species", JSON_GROUP_ARRAY("pet"."name") AS "names" FROM "pet" '
                'GROUP BY "pet"."species" ORDER BY "pet"."species"'
            ),
        },
    )
    rows = await db.fetch_all(query)
    assert [(row["species"], sorted(row["names"])) for row in rows] == [
        ("cat", ["Amy", "Felix", "Minka"]),
        ("dog", ["Bella", "Rex"]),
    ]


async def test_the_order_of_a_list(db):
    names = json_array_agg(pet.name, order_by=[pet.weight.desc(nulls="last"), pet.id]).as_("names")
    query = select_from(pet).select(names)
    if db.dialect.name in ("mysql", "sqlite"):
        with pytest.raises(UnsupportedError, match="json_array_from"):
            query.compile(db.dialect.name)
    else:
        assert await db.fetch_value(query) == ["Rex", "Bella", "Felix", "Amy", "Minka"]


async def test_no_rows_are_an_empty_list_and_an_empty_object(db):
    query = select_from(pet).select(json_array_agg(pet.name).as_("a"), json_object_agg(pet.name, pet.id).as_("o"))
    assert await db.fetch_one(query.where(pet.id < 0)) == {"a": [], "o": {}}


async def test_values_keep_their_types(db):
    query = select_from(pet).select(
        json_array_agg(pet.weight).as_("weights"), json_object_agg(pet.name, pet.weight).as_("by_name")
    )
    row = await db.fetch_one(query)
    weights = {each["name"]: each["weight"] for each in PETS}
    assert sorted(row["weights"], key=str) == sorted(weights.values(), key=str)
    assert row["by_name"] == weights
    assert all(each is None or type(each) is float for each in row["weights"])
    day = value(dt.date(2024, 2, 29))
    dated = select_from(pet).select(json_object_agg(pet.name, day).as_("days")).where(pet.id == 10)
    assert await db.fetch_value(dated) == {"Rex": dt.date(2024, 2, 29)}
    truths = select_from(pet).select(json_array_agg(pet.weight > 10).as_("heavy")).where(pet.id.is_in([10, 11]))
    assert sorted(await db.fetch_value(truths)) == [False, True]


async def test_aggregates_in_nested_rows_and_sub_queries(db):
    owned = select_from(pet).where(pet.owner_id == person.id)
    names = json_array_from(owned.select(json_object_agg(pet.name, pet.id).as_("pets")))
    query = (
        select_from(person).select(person.id, names.as_("nested")).where(person.id.is_in([1, 3])).order_by(person.id)
    )
    assert await db.fetch_all(query) == [
        {"id": 1, "nested": [{"pets": {}}]},
        {"id": 3, "nested": [{"pets": {"Minka": 12}}]},
    ]
    derived = select_from(pet).select(json_array_agg(pet.id).as_("ids")).where(pet.id == 12).as_("derived")
    assert await db.fetch_all(select_from(derived).select(derived.ids)) == [{"ids": [12]}]


@dataclasses.dataclass
class Kept:
    names: list[str]
    weights: dict[str, float | None]


async def test_rows_with_aggregates_are_mapped(db):
    query = select_from(pet).select(
        json_array_agg(pet.name).as_("names"), json_object_agg(pet.name, pet.weight).as_("weights")
    )
    assert await db.fetch_all(query.where(pet.id == 12).rows_as(Kept)) == [Kept(["Minka"], {"Minka": None})]


async def test_aggregates_of_aggregates(db):
    counted = json_array_agg(sql("1").returns(int)).as_("ones")
    assert await db.fetch_value(select_from(pet).select(counted).where(pet.id < 12)) == [1, 1]
    assert await db.fetch_value(select(json_array_agg(value("x")).as_("it"))) == ["x"]
