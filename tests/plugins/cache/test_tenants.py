"""A cache beside policies and texts of equal shape: each request has its own results, and each connection anew."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from querykit import Database, RowLevelSecurityPlugin, fn, insert_into, json_array_from, param, select_from, sql, update
from querykit.plugins import CachePlugin
from querykit.plugins.cache import plugin
from tests.plugins.cache.conftest import Cached
from tests.plugins.tenants import create, drop, fill, person, pet, species, toy

owned = pet.as_("owned")
POLICIES: dict[str, Any] = {
    "person": lambda table, ctx: table.tenant_id == ctx.tenant,
    "pet": lambda table, ctx: table.tenant_id == ctx.tenant,
    "toy": lambda table, ctx: table.pet_id.is_in(
        select_from(owned).select(owned.id).where(owned.tenant_id == ctx.tenant)
    ),
}
toys = select_from(toy).select(toy.id).order_by(toy.id)
pets = select_from(pet).select(pet.id).where(pet.owner_id == person.id).order_by(pet.id)
nested = select_from(person).select(person.id, json_array_from(pets).as_("pets")).order_by(person.id)


@pytest.fixture
async def tenants(database_name: str, urls: dict[str, str]) -> AsyncIterator[Database]:
    async with Database(urls[database_name]) as db:
        await create(db)
        await fill(db)
        yield db
        await drop(db)


@pytest.mark.parametrize("is_first", [False, True])
async def test_tenants_share_no_entry_and_forget_what_a_policy_reads(tenants: Database, is_first: bool) -> None:
    cached = Cached(tenants)
    policies = RowLevelSecurityPlugin(POLICIES, shared=["species"])
    guarded: Any = tenants.with_plugin(policies) if is_first else cached.db.with_plugin(policies)
    if is_first:
        guarded = guarded.with_plugin(cached.cache).with_plugin(cached.through)
    first, second = [guarded.with_context(tenant=tenant) for tenant in (1, 2)]
    prepared = guarded.prepare(toys.where(toy.id > param("least", int)))
    for _ in range(2):
        assert await first.fetch_column(toys) == [20, 21, 22, 23]
        assert await second.fetch_column(toys) == [120, 121, 122, 123]
        assert await prepared.using(first).fetch_column(least=21) == [22, 23]
        assert await prepared.using(second).fetch_column(least=21) == [120, 121, 122, 123]
        assert len(json.loads(await first.fetch_json(nested))) == 3
        assert [row["id"] for row in await second.fetch_all(nested)] == [101, 102, 103]
    assert cached.through.take() == 6
    await second.update(person).set(visits=9).all_rows().execute()  # which no toy depends on
    cached.through.take()
    assert await first.fetch_column(toys) == [20, 21, 22, 23]
    assert cached.through.take() == 0
    await guarded.without_plugins().with_plugin(cached.cache).execute(update(pet).set(tenant_id=2).where(pet.id == 10))
    assert await first.fetch_column(toys) == [22, 23]
    assert await second.fetch_column(toys) == [20, 21, 120, 121, 122, 123]
    assert [len(row["pets"]) for row in await first.fetch_all(nested)] == [1, 2, 1]


async def test_a_tenant_that_lacks_a_context_is_given_nothing_that_is_kept(tenants: Database) -> None:
    guarded = tenants.with_plugin(CachePlugin()).with_plugin(RowLevelSecurityPlugin(POLICIES))
    assert await guarded.with_context(tenant=1).fetch_column(toys) == [20, 21, 22, 23]
    for tenant in (None, 3):
        assert await guarded.with_context(tenant=tenant).fetch_column(toys) == []
    with pytest.raises(Exception, match="needs 'tenant' of the request's context"):
        await guarded.fetch_column(toys)


async def test_what_a_text_touches_is_found_out_once(tenants: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[Any] = []
    original = plugin.footprint
    monkeypatch.setattr(plugin, "footprint", lambda *given: looked.append(given) or original(*given))
    cached = Cached(tenants)
    for number in range(5):
        await cached.db.fetch_all(select_from(person).select(person.name).where(person.id == number))
    assert len(looked) == 1
    await cached.db.execute(insert_into(species).values(name="cow", legs=4))
    assert await cached.asks(select_from(species).select(fn.count()))
    assert len(looked) == 3


async def test_a_database_that_is_connected_again_gives_nothing_that_was_kept() -> None:
    db = Database("sqlite:///:memory:", plugins=[CachePlugin()])
    for number in (1, 2):
        async with db:
            await db.without_plugins().execute(sql("CREATE TABLE species (name TEXT, legs INTEGER)"))
            await db.without_plugins().execute(insert_into(species).values(name="cat", legs=number))
            for _ in range(2):
                assert await db.fetch_column(select_from(species).select(species.legs)) == [number]
