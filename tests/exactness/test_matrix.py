"""Every type, on every database, at depth 0, 1 and 3, with NULL and values at the edges: the same value everywhere."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from querykit import (
    Column,
    Database,
    Json,
    Table,
    insert_into,
    json_array_from,
    json_build_object,
    json_object_from,
    select,
    select_from,
    sql,
)
from tests.exactness.cases import CASES, Case, Size
from tests.exactness.same import as_mysql_keeps, exact

UNEQUAL = ("list", "json", "float", "bit")
"""Columns that are not compared with values: documents, and numbers that the server rounds or takes for others."""


@pytest.fixture(params=CASES, ids=lambda case: case.name)
async def case(request: pytest.FixtureRequest, db: Database, database_name: str) -> AsyncIterator[Case]:
    """A type of column that the database has, with a table `exact_thing` that holds its values."""
    case: Case = request.param
    column = case.columns[database_name]
    await db.execute(sql("DROP TABLE IF EXISTS exact_thing"))
    if column == "size":
        await db.execute(sql("DROP TYPE IF EXISTS size"))
        labels = ", ".join([f"'{member.value}'" for member in Size])
        await db.execute(sql.raw(f"CREATE TYPE size AS ENUM ({labels})"))
    await db.execute(sql.raw(f"CREATE TABLE exact_thing (id INT PRIMARY KEY, v {column})"))
    thing = declared(case)
    rows = [{"id": number, "v": each} for number, each in enumerate([*case.values, None])]
    await db.execute(insert_into(thing).values(rows))
    yield case
    await db.execute(sql("DROP TABLE exact_thing"))


def declared(case: Case) -> Any:
    """The table as the case declares it."""

    class Thing(Table, name="exact_thing"):
        id: Column[int]
        v: Column[case.annotation | None]  # type: ignore[name-defined]

    return Thing()


def expected(case: Case, db: Database) -> list[Any]:
    values = [case.reads(each) for each in case.values] + [None]
    return as_mysql_keeps(values) if case.annotation is Json and db.dialect.name == "mysql" else values


async def test_top_level(db: Database, case: Case) -> None:
    thing = declared(case)
    query = select_from(thing).select(thing.v).order_by(thing.id)
    assert exact(await db.fetch_column(query)) == exact(expected(case, db))
    assert exact(await db.fetch_all(query)) == exact([{"v": each} for each in expected(case, db)])


async def test_nested_once(db: Database, case: Case) -> None:
    thing = declared(case)
    rows = select_from(thing).select(thing.id, thing.v).order_by(thing.id)
    query = select(
        json_array_from(rows).as_("rows"), json_array_from(rows.clear_select().select(thing.v).scalars()).as_("values")
    )
    row = await db.fetch_one(query)
    assert exact(row["rows"]) == exact([{"id": number, "v": each} for number, each in enumerate(expected(case, db))])
    assert exact(row["values"]) == exact(expected(case, db))


async def test_nested_three_deep(db: Database, case: Case) -> None:
    thing = declared(case)
    one, two, three = thing.as_("one"), thing.as_("two"), thing.as_("three")
    deepest = (
        select_from(three)
        .select(three.v.as_("deepest"), json_build_object(v=three.v).as_("built"))
        .where(three.id == two.id)
    )
    middle = select_from(two).select(json_array_from(deepest).as_("middle"), two.v).where(two.id == one.id)
    query = select(
        json_array_from(select_from(one).select(one.id, json_object_from(middle).as_("inner")).order_by(one.id)).as_(
            "outer"
        )
    )
    assert exact(await db.fetch_value(query)) == exact(
        [
            {"id": number, "inner": {"middle": [{"deepest": each, "built": {"v": each}}], "v": each}}
            for number, each in enumerate(expected(case, db))
        ]
    )


async def test_as_a_parameter(db: Database, case: Case) -> None:
    """What is written is found again by equality, but where equality itself says no."""
    thing = declared(case)
    for number, each in enumerate(case.values):
        if each != each or case.name.startswith(UNEQUAL):  # noqa: PLR0124 - NaN alone differs from itself
            continue
        found = await db.fetch_column(select_from(thing).select(thing.id).where(thing.v == each))
        assert number in found, each
