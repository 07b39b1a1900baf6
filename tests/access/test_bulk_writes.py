"""Many rows by data: each by its key, all or none; and what versions make of it."""

from __future__ import annotations

import pytest

from querykit import Column, StaleRowError, Table, column, sql
from querykit.access import Repository, parse_filter
from querykit.errors import BuildError, InputError, NoResultError


class Job(Table, name="job"):
    id: Column[int] = column(primary_key=True)
    title: Column[str]
    state: Column[str]
    version: Column[int]


class Seat(Table, name="seat"):
    row: Column[int] = column(primary_key=True)
    place: Column[int] = column(primary_key=True)
    guest: Column[str | None]


job, seat = Job(), Seat()
THREE = [{"id": number, "title": f"t{number}", "state": "open", "version": 1} for number in (1, 2, 3)]


@pytest.fixture
async def jobs(db):
    await db.execute(sql("DROP TABLE IF EXISTS job"))
    await db.execute(
        sql(
            "CREATE TABLE job (id INT PRIMARY KEY, title VARCHAR(20) NOT NULL,"
            " state VARCHAR(20) DEFAULT 'open' NOT NULL, version INT DEFAULT 1 NOT NULL)"
        )
    )
    jobs = Repository(db, job)
    await jobs.insert_many(THREE)
    yield jobs
    await db.execute(sql("DROP TABLE job"))


async def everything(jobs):
    return [tuple(each.values()) for each in await jobs.find(order_by="id")]


async def test_rows_are_changed_each_in_its_own_way(jobs):
    changed = await jobs.update_many([{"id": 3, "title": "c"}, {"id": 1, "state": "done", "version": 7}])
    assert [tuple(each.values()) for each in changed] == [(3, "c", "open", 1), (1, "t1", "done", 7)]
    assert await jobs.update_many([]) == []


async def test_rows_are_changed_all_or_none(jobs):
    before = await everything(jobs)
    for rows, error in [
        ([{"id": 1, "title": "x"}, {"id": 9, "title": "x"}], NoResultError),
        ([{"id": 1, "title": "x"}, {"title": "x"}], InputError),
        ([{"id": 1, "title": "x"}, {"id": None, "title": "x"}], InputError),
        ([{"id": 1, "title": "x"}, {"id": 2}], InputError),
        ([{"id": 1, "title": "x"}, 2], InputError),
    ]:
        with pytest.raises(error):
            await jobs.update_many(rows)
        assert await everything(jobs) == before


async def test_rows_are_removed_by_their_keys(jobs):
    assert await jobs.delete_by_ids([1, 3, 9]) == 2
    assert await jobs.delete_by_ids([]) == 0
    assert [each[0] for each in await everything(jobs)] == [2]
    for ids in (None, "2", {"id": 2}, [None], ["2"], [{}], [2] * 1001):
        with pytest.raises(InputError):
            await jobs.delete_by_ids(ids)
    assert await jobs.count() == 1


async def test_no_more_keys_are_taken_than_a_repository_allows(jobs):
    few = Repository(jobs.db, job, max_limit=2)
    assert len(await few.find_by_ids([1, 2])) == 2
    with pytest.raises(InputError, match="ids: takes no more than 2"):
        await few.find_by_ids([1, 2, 3])


async def test_many_rows_are_upserted_by_one_statement(jobs):
    rows = [{"id": 3, "title": "c", "state": "done"}, {"id": 4, "title": "d", "state": "new"}]
    assert await jobs.upsert_many(rows) == 2
    assert (await everything(jobs))[2:] == [(3, "c", "done", 1), (4, "d", "new", 1)]
    assert await jobs.upsert_many([{"id": 4, "title": "x", "state": "y"}], change=["title"]) == 1
    assert (await everything(jobs))[3] == (4, "x", "new", 1)
    assert await jobs.upsert_many([]) == 0


async def test_upserts_that_are_not_plain_are_refused(jobs):
    for rows, message in [
        ([{"id": 1, "title": "x"}, {"id": 1, "title": "y"}], "two rows have one key"),
        ([{"id": 1, "title": "x"}, {"id": 2, "state": "y"}], "name the same columns"),
        ([{"id": 1, "title": "x"}, {"title": "y"}], r"\[1\]\.id: an upsert names its whole key"),
    ]:
        with pytest.raises(InputError, match=message):
            await jobs.upsert_many(rows)
    with pytest.raises(BuildError, match="filter"):
        await Repository(jobs.db, job, where=lambda job: job.state == "open").upsert_many([{"id": 1, "title": "x"}])


async def test_versions_are_counted_by_every_write(jobs):
    counted = Repository(jobs.db, job, version="version")
    await counted.upsert({"id": 1, "title": "a"})
    await counted.upsert_many([{"id": 1, "title": "b"}, {"id": 5, "title": "e"}])
    assert await counted.update_many([{"id": 1, "title": "c", "version": 3}]) == [
        {"id": 1, "title": "c", "state": "open", "version": 4}
    ]
    with pytest.raises(StaleRowError):
        await counted.update_many([{"id": 2, "title": "x", "version": 1}, {"id": 1, "title": "d", "version": 3}])
    with pytest.raises(StaleRowError):
        await counted.delete_by_id(1, version=3)
    with pytest.raises(InputError, match="version: is needed"):
        await counted.delete_by_id(1)
    assert await counted.delete_by_id(9, version=1) is False
    assert await counted.delete_by_id(1, version=4) is True
    assert [(each[0], each[3]) for each in await everything(jobs)] == [(2, 1), (3, 1), (5, 1)]


async def test_searches_for_nothing_write_nothing(jobs):
    for where in (
        {"title": {"contains": ""}},
        {"title": {"starts_with": ""}},
        {"id": {"is_null": False}},
        parse_filter(job, {}),
        parse_filter(job, {"and": [{}, {}]}),
        parse_filter(job, {"title": {"ends_with": ""}}),
        job.id == job.id,
    ):
        for own in (None, lambda job: job.state == "open"):
            with pytest.raises(InputError, match="where"):
                await Repository(jobs.db, job, where=own).delete(where)
    assert await jobs.count() == 3


async def test_rows_of_a_key_of_several_columns(db):
    await db.execute(sql("DROP TABLE IF EXISTS seat"))
    column = sql.id("row")
    await db.execute(
        sql("CREATE TABLE seat ({} INT, place INT, guest VARCHAR(9), PRIMARY KEY ({}, place))", column, column)
    )
    seats = Repository(db, seat)
    rows = [{"row": row, "place": place, "guest": None} for row in (1, 2) for place in (1, 2)]
    assert await seats.insert_many(rows) == rows
    assert await seats.update_by_id({"row": 1, "place": 2}, {"guest": "Ada"}) == {"row": 1, "place": 2, "guest": "Ada"}
    assert await seats.update_many([{"row": 2, "place": 2, "guest": "Bea"}]) == [{"row": 2, "place": 2, "guest": "Bea"}]
    assert await seats.upsert({"row": 1, "place": 2, "guest": "Cem"}) == {"row": 1, "place": 2, "guest": "Cem"}
    for part in ({}, {"row": 1}, {"row": 1, "place": None}, 1):
        with pytest.raises(InputError):
            await seats.delete_by_id(part)
        with pytest.raises(InputError):
            await seats.delete_by_ids([part])
    assert await seats.delete_by_ids([{"row": 1, "place": 1}, {"row": 2, "place": 2}]) == 2
    assert await seats.find_by_ids([{"row": 2, "place": 2}, {"row": 2, "place": 1}]) == [rows[2]]
    await db.execute(sql("DROP TABLE seat"))
