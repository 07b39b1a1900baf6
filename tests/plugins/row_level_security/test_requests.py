"""One statement for all requests: the context on every way to the database, prepared, interleaved, missing."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from typing import Any

import pytest

from querykit import (
    BuildError,
    RowLevelSecurityPlugin,
    UsageError,
    delete_from,
    fn,
    insert_into,
    json_array_from,
    param,
    select_from,
    update,
)
from querykit.plugins import CachePlugin
from tests.plugins.row_level_security.world import POLICIES, World, policed
from tests.plugins.tenants import person, pet, toy

TASKS = 1000
ids = select_from(person).select(person.id).order_by(person.id)
pets = select_from(pet).select(pet.id, pet.tenant_id).where(pet.owner_id == person.id).order_by(pet.id)
nested = (
    select_from(person).select(person.id, json_array_from(pets).as_("pets")).where(person.visits >= param("n", int))
)


@pytest.mark.parametrize("is_cached", [False, True], ids=["", "cached"])
async def test_two_tenants_share_a_statement_and_a_prepared_query(world: World, is_cached: bool) -> None:
    guarded = policed(world.plain, POLICIES)
    if is_cached:
        guarded = guarded.with_plugin(CachePlugin())
    views = [guarded.with_context(tenant=tenant) for tenant in (1, 2)]
    prepared = guarded.prepare(nested.order_by(person.id))
    seen: Counter[int] = Counter()

    async def task(number: int) -> None:
        tenant = number % 2 + 1
        view, base = views[tenant - 1], 100 * (tenant - 1)
        if number % 4 < 2:
            assert await view.fetch_column(ids) == [base + 1, base + 2, base + 3]
        else:
            rows = await prepared.using(view).fetch_all(n=2)
            assert [row["id"] for row in rows] == [base + 2, base + 3]
            assert {each["tenant_id"] for row in rows for each in row["pets"]} == {tenant}
        seen[tenant] += 1

    limit = asyncio.Semaphore(50)

    async def limited(number: int) -> None:
        async with limit:
            await task(number)

    async with asyncio.TaskGroup() as group:
        for number in range(2 * TASKS):
            group.create_task(limited(number))
    assert seen == {1: TASKS, 2: TASKS}


async def test_the_context_goes_along_every_way_to_the_database(world: World) -> None:
    first = world.first
    assert await first.fetch_column(ids) == [1, 2, 3]
    assert [row["id"] async for row in first.stream(ids, chunk_size=1)] == [1, 2, 3]
    assert json.loads(await first.fetch_json(ids)) == [{"id": 1}, {"id": 2}, {"id": 3}]
    assert json.loads(await first.fetch_json(ids)) == [{"id": 1}, {"id": 2}, {"id": 3}]
    assert await first.fetch_first(ids.order_by(person.name)) == {"id": 1}
    assert await first.fetch_value(select_from(person).select(fn.max(person.id))) == 3
    async with first.connection() as connection:
        assert await connection.fetch_column(ids) == [1, 2, 3]
        assert await connection.with_context(tenant=2).fetch_column(ids) == [101, 102, 103]
    async with first.transaction() as trx:
        assert await trx.fetch_column(ids) == [1, 2, 3]
        async with trx.transaction() as savepoint:
            assert await savepoint.fetch_column(ids) == [1, 2, 3]
            assert await savepoint.with_context(tenant=2).fetch_column(ids) == [101, 102, 103]
            assert [row["id"] async for row in savepoint.stream(ids)] == [1, 2, 3]
    assert await first.without_plugins().with_context(tenant=1).fetch_column(ids) == [1, 2, 3, 101, 102, 103]
    bound = first.select_from(person).select(person.id).order_by(person.id)
    assert await bound.fetch_column() == [1, 2, 3]
    renamed = update(toy).set(name="x").where(toy.id == param("id", int))
    await first.execute_many(renamed, [{"id": 20}, {"id": 120}])
    names = select_from(toy).select(toy.id).where(toy.name == "x")
    assert await world.plain.fetch_column(names) == [20]


async def test_a_query_that_was_prepared_first_asks_for_the_context_when_it_runs(world: World) -> None:
    guarded = policed(world.plain, POLICIES)
    prepared = guarded.prepare(ids)
    with pytest.raises(UsageError, match="needs 'tenant' of the request's context"):
        await prepared.fetch_column()
    assert await prepared.using(guarded.with_context(tenant=2)).fetch_column() == [101, 102, 103]
    assert await prepared.using(guarded.with_context(tenant=1)).fetch_column() == [1, 2, 3]
    plugin = RowLevelSecurityPlugin(POLICIES)
    assert await world.plain.with_context(tenant=2).fetch_column(ids.with_plugin(plugin)) == [101, 102, 103]


async def test_nothing_runs_without_a_context(world: World) -> None:
    guarded = policed(world.plain, POLICIES).with_context(user=1)
    before = await world.contents(1), await world.contents(2)
    for statement in (
        update(person).set(visits=0).all_rows(),
        delete_from(toy).all_rows(),
        insert_into(person).values(id=50, tenant_id=1, name="Dan", visits=1),
    ):
        with pytest.raises(UsageError, match="tenant"):
            await guarded.execute(statement)
    for run in (guarded.fetch_all, guarded.fetch_json, guarded.fetch_first):
        with pytest.raises(UsageError, match="tenant"):
            await run(ids)
    with pytest.raises(UsageError, match="tenant"):
        _ = [row async for row in guarded.stream(ids)]
    assert (await world.contents(1), await world.contents(2)) == before


async def test_the_context_is_no_parameter_that_a_caller_can_set(world: World) -> None:
    for name in ("context.tenant", "tenant"):
        try:
            found = await world.first.fetch_column(ids, parameters={name: 2})
        except BuildError:
            continue
        assert found == [1, 2, 3]
    with pytest.raises(BuildError):
        param("context.tenant", int)


async def test_the_sql_holds_no_value_of_a_request(world: World) -> None:
    seen: list[str] = []
    text = ids.compile(world.plain.dialect).sql
    for tenant in (1, 2):
        view: Any = world.first.with_context(tenant=tenant)
        seen.append(view._prepared(ids)[0].compile(world.plain.dialect).sql)
    assert seen[0] == seen[1] != text
