"""Random queries under policies give what they give on a database that holds the tenant's rows alone.

`QUERYKIT_EXAMPLES=3000 make test ARGS="tests/plugins/row_level_security/test_property.py"` looks longer.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from querykit import (
    CompileError,
    Database,
    PolicyViolationError,
    RowLevelSecurityPlugin,
    cte,
    exists,
    fn,
    insert_into,
    select_from,
    sql,
)
from tests.plugins.row_level_security.random_queries import TABLES, Queries, kind, person, pet, toy

EXAMPLES = int(os.environ.get("QUERYKIT_EXAMPLES", "60"))
OF_TENANT = pet.as_("of_tenant")
POLICIES: dict[str, Any] = {
    "prop_person": lambda table, ctx: table.tenant_id == ctx.tenant,
    "prop_pet": lambda table, ctx: table.tenant == ctx.name,
    "prop_toy": lambda table, ctx: table.pet_id.is_in(
        select_from(OF_TENANT).select(OF_TENANT.id).where(OF_TENANT.tenant == ctx.name)
    ),
}
SCHEMA = "querykit_alone"
COLUMNS = {
    "prop_person": "id INT, tenant_id INT, name VARCHAR(10), mother_id INT",
    "prop_pet": "id INT, tenant VARCHAR(10){ci}, name VARCHAR(10), owner_id INT",
    "prop_toy": "id INT, name VARCHAR(10), pet_id INT",
    "prop_kind": "id INT, name VARCHAR(10)",
}
CI = {"sqlite": " COLLATE NOCASE"}
"""The names of the tenants differ by case alone, which the column does not see; so it is on MySQL and MariaDB anyway."""


class Pair(NamedTuple):
    """One database that holds two tenants' rows, seen under policies as one of them, and one that holds only those."""

    both: Database
    guarded: Database
    alone: Database


@pytest.fixture
async def pair(database_name: str, urls: dict[str, str], tmp_path: Path) -> AsyncIterator[Pair]:
    attached = tmp_path / "alone.db"

    async def attach(session: Any) -> None:
        await session.execute(sql("ATTACH DATABASE {} AS {}", str(attached), sql.id(SCHEMA)))

    on_connect = attach if database_name == "sqlite" else None
    async with Database(urls[database_name], on_connect=on_connect) as db:
        if database_name != "sqlite":
            await db.execute(
                sql(
                    "DROP SCHEMA IF EXISTS {}{}", sql.id(SCHEMA), sql(" CASCADE" if database_name == "postgres" else "")
                )
            )
            await db.execute(sql("CREATE SCHEMA {}", sql.id(SCHEMA)))
        for table in TABLES:
            text: Any = COLUMNS[table._name].format(ci=CI.get(database_name, ""))
            await db.execute(sql("DROP TABLE IF EXISTS {}", sql.id(table._name)))
            await db.execute(sql("CREATE TABLE {} ({})", sql.id(table._name), sql.raw(text)))
            await db.execute(sql("CREATE TABLE {} ({})", sql.id(SCHEMA, table._name), sql.raw(text)))
        guarded = db.with_plugin(RowLevelSecurityPlugin(POLICIES, shared=["prop_kind"])).with_context(
            tenant=1, name="acme"
        )
        yield Pair(db, guarded, db.with_schema(SCHEMA))
        for table in TABLES:
            await db.execute(sql("DROP TABLE {}", sql.id(table._name)))
        if database_name != "sqlite":
            await db.execute(
                sql("DROP SCHEMA {}{}", sql.id(SCHEMA), sql(" CASCADE" if database_name == "postgres" else ""))
            )


def visible(rows: dict[str, list[dict[str, Any]]]) -> dict[str, list[dict[str, Any]]]:
    """The rows that the policies show to the first tenant."""
    pets = [row for row in rows["prop_pet"] if row["tenant"] == "acme"]
    own = {row["id"] for row in pets}
    return {
        "prop_person": [row for row in rows["prop_person"] if row["tenant_id"] == 1],
        "prop_pet": pets,
        "prop_toy": [row for row in rows["prop_toy"] if row["pet_id"] in own],
        "prop_kind": rows["prop_kind"],
    }


def some_rows(random: Random) -> dict[str, list[dict[str, Any]]]:
    """Rows of both tenants, which share ids."""

    def number() -> int:
        return random.randrange(1, 5)

    def perhaps() -> int | None:
        return random.choice((None, 1, 2, 3, 4))

    def name() -> str:
        return random.choice("abc")

    return {
        "prop_person": [
            {"id": number(), "tenant_id": random.choice((1, 2)), "name": name(), "mother_id": perhaps()}
            for _ in range(6)
        ],
        "prop_pet": [
            {"id": number(), "tenant": random.choice(("acme", "ACME")), "name": name(), "owner_id": perhaps()}
            for _ in range(6)
        ],
        "prop_toy": [{"id": number(), "name": name(), "pet_id": perhaps()} for _ in range(6)],
        "prop_kind": [{"id": number(), "name": name()} for _ in range(3)],
    }


async def fill(db: Any, rows: dict[str, list[dict[str, Any]]], schema: str | None = None) -> None:
    async with db.transaction() as trx:
        for table in TABLES:
            names = (table._name,) if schema is None else (schema, table._name)
            await trx.execute(sql("DELETE FROM {}", sql.id(*names)))
            if rows[table._name]:
                view = trx if schema is None else trx.with_schema(schema)
                await view.execute(insert_into(table).values(rows[table._name]))


async def outcome(db: Any, query: Any) -> Any:
    """The rows of a query, without their order, or why it cannot be written."""
    try:
        rows = await db.fetch_all(query)
    except CompileError as error:
        return type(error), str(error)
    return sorted([repr(row) for row in rows])


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(random=st.randoms(use_true_random=False))
async def test_a_random_query_sees_the_rows_of_one_tenant(pair: Pair, random: Random) -> None:
    rows = some_rows(random)
    await fill(pair.both, rows)
    await fill(pair.both, visible(rows), SCHEMA)
    for _ in range(4):
        query = Queries(random, has_full_joins=pair.both.dialect.name in ("postgres", "sqlite")).read()
        assert await outcome(pair.guarded, query) == await outcome(pair.alone, query)


BY_EXISTS = POLICIES | {
    "prop_toy": lambda table, ctx: exists(
        select_from(OF_TENANT).select(OF_TENANT.id).where(OF_TENANT.id == table.pet_id, OF_TENANT.tenant == ctx.name)
    )
}
T0, T1, LAST = toy.as_("t0"), person.as_("t1"), toy.as_("last")


def outer_joins() -> list[Any]:
    """Sub-queries on the side of an outer join that may be NULL, where MySQL drops conditions of those it joins."""
    owned = select_from(pet).select(pet.id)
    derived = select_from(toy).select(toy.id, toy.pet_id).as_("derived")
    named = cte("named", select_from(toy).select(toy.id, toy.pet_id))
    counts = (fn.count().as_("n"), fn.sum(person.id).as_("s"))
    found: list[Any] = []
    for source in (T0, derived, named):
        joined = select_from(source).inner_join(person, person.id == source.id, source.id >= 0)
        query = joined.right_join(LAST, LAST.id == source.pet_id).cross_join(T1).select(*counts)
        found.append(query.replaced(ctes=(named,)) if source is named else query)
    for test in (T0.pet_id.is_in(owned), exists(owned.where(pet.id == T0.pet_id)), T0.pet_id.is_in(owned.distinct())):
        joined = select_from(kind).inner_join(T0, T0.id == kind.id, test).inner_join(person, person.id == T0.id)
        found += [joined.right_join(LAST, LAST.id == T0.pet_id).select(*counts), joined.select(*counts)]
    found.append(select_from(kind).left_join(person, person.id.is_in(owned), person.id == kind.id).select(*counts))
    return found


@pytest.mark.parametrize("policies", [POLICIES, BY_EXISTS], ids=["in", "exists"])
async def test_sub_queries_keep_their_conditions_within_outer_joins(pair: Pair, policies: dict[str, Any]) -> None:
    toys = [{"id": 1, "pet_id": None}] * 4 + [{"id": 2, "pet_id": 1}, {"id": 1, "pet_id": 2}]
    rows = {
        "prop_person": [{"id": 1, "tenant_id": 1, "name": "a"}] * 6,
        "prop_pet": [{"id": 1, "tenant": "acme"}] * 5 + [{"id": 2, "tenant": "ACME"}],
        "prop_toy": toys,
        "prop_kind": [{"id": 1, "name": "a"}] * 3,
    }
    await fill(pair.both, rows)
    await fill(pair.both, visible(rows), SCHEMA)
    plugin = RowLevelSecurityPlugin(policies, shared=["prop_kind"])
    guarded = pair.both.with_plugin(plugin).with_context(tenant=1, name="acme")
    for query in outer_joins():
        assert await outcome(guarded, query) == await outcome(pair.alone, query), str(query)


async def contents(db: Any, table: Any) -> list[str]:
    return sorted([repr(row) for row in await db.fetch_all(select_from(table).select_all())])


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(random=st.randoms(use_true_random=False))
async def test_a_random_write_changes_the_rows_of_one_tenant(pair: Pair, random: Random) -> None:
    rows = some_rows(random)
    own = visible(rows)
    await fill(pair.both, rows)
    await fill(pair.both, own, SCHEMA)
    others = {
        table._name: sorted([repr(row) for row in _without(rows[table._name], own[table._name])]) for table in TABLES
    }
    query = Queries(random, has_full_joins=pair.both.dialect.name in ("postgres", "sqlite")).write()
    try:
        affected = (await pair.guarded.execute(query)).rows_affected
    except CompileError as error:
        with pytest.raises(type(error)):
            await pair.alone.execute(query)
        return
    except PolicyViolationError:
        assert query.table is toy  # a pet of that id that is not there
        assert not any(row["id"] == 1 for row in own["prop_pet"])
        return
    assert (await pair.alone.execute(query)).rows_affected == affected
    for table in (person, pet, toy, kind):
        mine = await contents(pair.alone, table)
        assert await contents(pair.both, table) == sorted([*mine, *others[table._name]])


def _without(rows: list[dict[str, Any]], own: list[dict[str, Any]]) -> list[dict[str, Any]]:
    left = list(rows)
    for row in own:
        left.remove(row)
    return left
