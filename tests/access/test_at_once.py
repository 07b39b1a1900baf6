"""Many tasks write the same rows at once: an upsert is one statement, and a version is good for one change."""

from __future__ import annotations

import asyncio

import pytest

from querykit import Column, Database, StaleRowError, Table, column
from querykit.access import Repository, filter_schema
from querykit.schema import Varchar, create_table, drop_table

TASKS = 8


class Visit(Table, name="visit_count"):
    id: Column[int] = column(primary_key=True)
    page: Column[str] = column(name="pageName", type=Varchar(40))
    seen_by: Column[str | None] = column(name="seenBy", type=Varchar(40), hidden=True)
    version: Column[int] = column(default=1)


visit = Visit()


@pytest.fixture
async def visits(database_name, urls):
    async with Database(urls[database_name]) as db:
        await drop_table(visit, if_exists=True).run(db)
        await create_table(visit).run(db)
        yield Repository(db, visit)
        await drop_table(visit).run(db)


async def test_upserts_at_once_make_one_row(visits):
    rows = [{"id": 1, "page": f"p{number}"} for number in range(TASKS)]
    found = await asyncio.gather(*[visits.upsert(row) for row in rows])
    assert {each["id"] for each in found} == {1}
    (kept,) = await visits.find()
    assert kept["page"] in {row["page"] for row in rows}
    counted = Repository(visits.db, visit, version="version")
    await asyncio.gather(*[counted.upsert_many([{"id": 1, "page": "x"}]) for _ in range(TASKS)])
    assert await visits.find() == [{"id": 1, "page": "x", "version": kept["version"] + TASKS}]


async def test_one_change_of_a_version_is_made_however_many_are_tried(visits):
    await visits.insert({"id": 1, "page": "home"})
    counted = Repository(visits.db, visit, version="version")
    tried = [counted.update_by_id(1, {"page": f"p{number}"}, version=1) for number in range(TASKS)]
    done = await asyncio.gather(*tried, return_exceptions=True)
    made = [each for each in done if isinstance(each, dict)]
    assert len(made) == 1
    assert [type(each) for each in done if each not in made] == [StaleRowError] * (TASKS - 1)
    assert await visits.find() == made == [{"id": 1, "page": made[0]["page"], "version": 2}]


async def test_columns_of_other_names_in_the_database_have_pythons_everywhere(visits):
    await visits.insert_many([{"id": 1, "page": "home", "seen_by": "Ada"}, {"id": 2, "page": "shop"}])
    assert await visits.find(where={"page": {"starts_with": "h"}}, order_by="-page", columns=["page"]) == [
        {"page": "home"}
    ]
    assert await visits.update_many([{"id": 2, "page": "stop"}]) == [{"id": 2, "page": "stop", "version": 1}]
    assert (await visits.upsert({"page": "stop", "id": 2, "version": 5}))["version"] == 5
    assert list(filter_schema(visit)["$defs"]["visit_count"]["properties"])[:3] == ["id", "page", "version"]
    assert await visits.delete({"page": {"in": ["stop", "home"]}}) == 2
