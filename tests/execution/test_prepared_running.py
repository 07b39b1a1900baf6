"""Prepared queries in every way of running: compiled once, whatever the names of their parameters."""

import asyncio
import json
from collections import Counter
from typing import NamedTuple

import pytest

from querykit import Database, PreparedQuery, fn, insert_into, param, select, select_from, sql, value
from querykit.dialects.base import Dialect
from querykit.errors import BuildError, MultipleResultsError, NoResultError, QueryTimeoutError, UsageError
from tests.execution.conftest import Item, Slow


class Named(NamedTuple):
    id: int
    name: str | None


@pytest.fixture
async def three(db: Database, items: Item) -> Item:
    await db.insert_into(items).values([{"id": n, "name": f"item {n}"} for n in (1, 2, 3)]).execute()
    return items


async def test_values_are_given_by_name_in_every_way_of_reading(db: Database, three: Item) -> None:
    find = db.select_from(three).select(three.id, three.name).where(three.id >= param("least", int)).prepare()
    assert await find.fetch_all(least=2) == [{"id": 2, "name": "item 2"}, {"id": 3, "name": "item 3"}]
    assert await find.fetch_one(least=3) == {"id": 3, "name": "item 3"}
    assert await find.fetch_one_or_none(least=4) is None
    assert await find.fetch_first(least=4) is None
    assert (await find.fetch_first(least=1) or {})["id"] in {1, 2, 3}
    assert json.loads(await find.fetch_json(least=3)) == [{"id": 3, "name": "item 3"}]
    assert [row["id"] async for row in find.stream(least=2)] == [2, 3]
    with pytest.raises(NoResultError):
        await find.fetch_one(least=4)
    with pytest.raises(MultipleResultsError):
        await find.fetch_one(least=1)


async def test_one_column_and_classes_too(db: Database, three: Item) -> None:
    names = db.select_from(three).select(three.name).where(three.id == param("id", int)).prepare()
    assert await names.fetch_value(id=2) == "item 2"
    assert await names.fetch_column(id=2) == ["item 2"]
    rows = db.select_from(three).select_all().where(three.id == param("id", int)).rows_as(Named).prepare()
    assert await rows.fetch_all(id=1) == [Named(1, "item 1")]


async def test_writes_are_prepared_alike(db: Database, three: Item) -> None:
    rename = db.update(three).set(name=param("name", str)).where(three.id == param("id", int)).prepare()
    assert (await rename.execute(id=1, name="it's")).rows_affected == 1
    add = db.prepare(insert_into(three).values(id=param("id", int), name=param("name", str)))
    await add.execute(id=9, name=None)
    assert await db.select_from(three).select(three.name).order_by(three.id).fetch_column() == [
        *("it's", "item 2", "item 3", None)
    ]


async def test_it_runs_in_a_transaction_and_sees_what_was_written_there(db: Database, three: Item) -> None:
    count = db.prepare(select_from(three).select(fn.count()).where(three.id > param("above", int)))
    async with db.transaction() as trx:
        await trx.insert_into(three).values(id=4).execute()
        assert await count.using(trx).fetch_value(above=1) == 3
        assert await trx.prepare(count.statement).fetch_value(above=1) == 3
        with pytest.raises(UsageError, match="in a transaction"):
            await count.fetch_value(above=1)
    assert await count.fetch_value(above=1) == 3


async def test_missing_extra_and_wrong_values_are_refused(db: Database, three: Item) -> None:
    find = db.select_from(three).select(three.id).where(three.id == param("id", int)).prepare()
    with pytest.raises(BuildError, match="no value for the parameter 'id'"):
        await find.fetch_all()
    with pytest.raises(BuildError, match="no parameter 'idd', did you mean 'id'"):
        await find.fetch_all(id=1, idd=2)
    for wrong in ("1", 1.0, True):
        with pytest.raises(BuildError, match="the parameter 'id' takes int"):
            await find.fetch_all(id=wrong)


async def test_parameters_may_have_any_name(db: Database) -> None:
    names = ("self", "values", "statement", "timeout", "parameters", "query")
    query = db.select(*[param(name, str).as_(name) for name in names])
    row = {name: f"the {name}" for name in names}
    assert await query.prepare().fetch_one(**row) == row


async def test_one_name_in_two_places_is_given_once(db: Database, three: Item) -> None:
    twice = select_from(three).select(three.id, param("n", int).as_("n")).where(three.id == param("n", int))
    assert await db.prepare(twice).fetch_all(n=2) == [{"id": 2, "n": 2}]


async def test_raw_sql_is_prepared(db: Database, three: Item) -> None:
    raw = db.prepare(sql("SELECT id FROM item WHERE id > {} ORDER BY id", param("above", int)))
    assert await raw.fetch_column(above=1) == [2, 3]


async def test_it_is_compiled_once_for_all_runs(db: Database, three: Item, monkeypatch: pytest.MonkeyPatch) -> None:
    compiled: Counter[str] = Counter()
    compile_it = Dialect.compile

    def counting(self: Dialect, statement: object) -> object:
        compiled[type(statement).__name__] += 1
        return compile_it(self, statement)  # type: ignore[arg-type]

    monkeypatch.setattr(Dialect, "compile", counting)
    find = db.select_from(three).select(three.id).where(three.id == param("id", int)).prepare()
    for n in (1, 2, 3):
        assert await find.fetch_one(id=n) == {"id": n}
    assert compiled == {"Select": 1}
    assert await asyncio.gather(*[find.fetch_first(id=n) for n in (1, 2, 3)]) == [{"id": 1}, {"id": 2}, {"id": 3}]
    assert compiled == {"Select": 2}  # with LIMIT 1
    for _ in range(2):
        await find.fetch_json(id=1)
    assert compiled == {"Select": 2, "JsonResult": 1}


async def test_it_can_be_made_before_the_database_is_connected(urls: dict[str, str], database_name: str) -> None:
    db = Database(urls[database_name])
    plus = db.select((param("n", int) + 1).as_("n")).prepare()
    for _ in range(2):
        async with Database(urls[database_name]) as other:
            assert await plus.using(other).fetch_value(n=1) == 2
    async with db:
        assert await plus.fetch_value(n=1) == 2


async def test_each_run_has_the_time_that_was_said(db: Database, slow: Slow) -> None:
    with pytest.raises(QueryTimeoutError):
        await db.prepare(slow.read, timeout=0.2).fetch_all()


async def test_a_statement_of_no_database_is_prepared_on_one() -> None:
    with pytest.raises(UsageError, match="belongs to no database"):
        select(value(1)).prepare()
    assert repr(PreparedQuery(select(value(1)), Database("sqlite:///:memory:"), None)) == "<PreparedQuery of a Select>"
