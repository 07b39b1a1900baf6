"""What cannot be looked into is refused, in any position, unless somebody answers for it by `.trusted()`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from pypika import CustomFunction
from pypika import Query as PypikaQuery
from pypika import Table as PypikaTable

from querykit import (
    ConfigurationError,
    PolicyError,
    PolicyViolationError,
    RowLevelSecurityPlugin,
    case,
    cte,
    fn,
    insert_into,
    json_array_from,
    json_object_from,
    rows,
    select,
    select_from,
    sql,
    table,
    update,
    window,
    with_,
)
from querykit.builder.insert import Insert
from tests.plugins.row_level_security.world import POLICIES, World, policed
from tests.plugins.tenants import person, pet, species, toy

HIDDEN: dict[str, Callable[[], Any]] = {
    "raw SQL": lambda: sql("(SELECT max(id) FROM person)"),
    "an unknown function": lambda: fn.call("some_function", species.legs),
    "a function in a schema": lambda: fn.call("public.lower", species.name),
    "PyPika's own function": lambda: CustomFunction("some_function", ["x"])(PypikaTable("species").legs),
}
base = select_from(species).select(species.name)
POSITIONS: dict[str, Callable[[Any], Any]] = {
    "select": lambda x: base.select(x.as_("x")),
    "where": lambda x: base.where(species.legs == x),
    "an operand": lambda x: base.where(species.legs + x > 1),
    "having": lambda x: base.group_by(species.name).having(fn.max(x) > 1),
    "group by": lambda x: base.group_by(species.name, x),
    "order by": base.order_by,
    "limit": base.limit,
    "offset": lambda x: base.limit(1).offset(x),
    "on": lambda x: base.inner_join(person, person.id == x),
    "case": lambda x: base.select(case().when(species.legs == 1, x).else_(0).as_("x")),
    "in": lambda x: base.where(species.legs.is_in([1, x])),
    "between": lambda x: base.where(species.legs.between(1, x)),
    "an argument": lambda x: base.select(fn.coalesce(fn.abs(x), 0).as_("x")),
    "filter": lambda x: select_from(species).select(fn.count().filter_where(species.legs == x).as_("x")),
    "a window": lambda x: base.select(fn.count().over(partition_by=x).as_("x")),
    "a window's order": lambda x: base.select(fn.count().over(order_by=x).as_("x")),
    "a named window": lambda x: base.select(fn.count().over(w := window("w", partition_by=x)).as_("x")).window(w),
    "a frame": lambda x: base.select(fn.sum(x).over(order_by=species.legs, frame=rows(-1, 0)).as_("x")),
    "a sub-query": lambda x: base.where(
        species.legs.is_in(select_from(person).select(person.id).where(person.id == x))
    ),
    "a derived table": lambda x: select_from(select_from(species).select(x.as_("x")).as_("d")).select(fn.count()),
    "a cte": lambda x: with_(c := cte("c", select_from(species).select(x.as_("x")))).select_from(c).select(fn.count()),
    "a set operation": lambda x: base.union(select_from(species).select(x.as_("x"))),
    "nested rows": lambda x: base.select(
        json_array_from(
            select_from(pet)
            .select(
                json_object_from(select_from(toy).select(toy.id, x.as_("x")).where(toy.pet_id == pet.id)).as_("toy")
            )
            .where(pet.species == species.name)
        ).as_("pets")
    ),
    "an update": lambda x: update(species).set(legs=x).all_rows(),
    "a row": lambda x: insert_into(species).values(name="cow", legs=x),
    "an upsert": lambda x: insert_into(species).values(name="cow", legs=4).on_conflict(species.name).do_update(legs=x),
    "an insert's query": lambda x: (
        insert_into(species).columns("name", "legs").from_select(select_from(person).select(person.name, x))
    ),
}


@pytest.mark.parametrize("what", HIDDEN)
async def test_what_cannot_be_looked_into_is_refused_in_every_position(world: World, what: str) -> None:
    for name, place in POSITIONS.items():
        if what.startswith("PyPika") and name not in ("where", "order by", "an operand"):
            continue
        hidden = HIDDEN[what]()
        statement = place(hidden)
        run = world.first.execute if statement.is_write else world.first.fetch_all
        with pytest.raises(PolicyError, match="cannot be looked into"):
            await run(statement)
            pytest.fail(name)


async def test_raw_statements_and_what_stands_around_statements_are_refused(world: World) -> None:
    first = world.first
    some = sql("SELECT id FROM person")
    refused: list[Any] = [
        some,
        some.returns_rows(id=int),
        select_from(some.as_table("t")).select_all(),
        select_from(some.as_("t")).select_all(),
        select(sql("1").as_("x")),
        base.modify_end(sql("/* a */")),
        base.modify_front(sql("SQL_NO_CACHE")),
        base.where(species.legs.is_in(some.returns_rows(id=int))),
        with_(c := cte("c", some.returns_rows(id=int))).select_from(c).select(c.id),
        insert_into(species).columns("name", "legs").from_select(sql("SELECT name, id FROM person")),
        base.select(sql.id("species", "legs").as_("x")),
        PypikaQuery.from_(PypikaTable("species")).select(CustomFunction("f", [])()),
    ]
    for query in refused:
        with pytest.raises(PolicyError):
            await (first.execute if isinstance(query, Insert) else first.fetch_all)(query)
    for run in (first.explain, world.first.select_from(person).select(person.id).explain):
        with pytest.raises(PolicyError, match="EXPLAIN"):
            await (run(base) if run == first.explain else run())
    for text in ("DELETE FROM person", "DROP TABLE person", "CREATE TABLE other (id INT)"):
        with pytest.raises(PolicyError):
            await first.execute(sql.raw(text))  # type: ignore[arg-type]
    with pytest.raises(PolicyError):
        await first.execute_many(sql("DELETE FROM person WHERE id = 1"), [{}])
    with pytest.raises(PolicyError):
        _ = [row async for row in first.stream(some)]
    with pytest.raises(PolicyError):
        await first.fetch_json(some.returns_rows(id=int))
    async with first.transaction() as trx:
        with pytest.raises(PolicyError):
            await trx.fetch_all(some)


@pytest.mark.databases("postgres")
async def test_copy_goes_past_the_policies_and_is_refused(world: World) -> None:
    new = [{"id": 50, "tenant_id": 1, "name": "Dan", "visits": 1}]
    with pytest.raises(PolicyError, match="copy_into"):
        await world.first.copy_into(person, new)
    with pytest.raises(PolicyError, match="copy_into"):  # of shared tables too: it is no statement that is seen
        await world.first.copy_into(species, [{"name": "cow", "legs": 4}])


async def test_trusted_lets_one_thing_pass_and_no_other(world: World) -> None:
    first = world.first
    shout = sql("upper({})", person.name).trusted().as_("shout")
    names = select_from(person).select(shout).order_by(person.id)
    assert await first.fetch_column(names) == ["ADA", "BEA", "CEM"]
    with pytest.raises(PolicyError):
        await first.fetch_all(names.select(sql("lower({})", person.name).as_("whisper")))
    assert await first.fetch_value(select_from(person).select(fn.call("max", person.id).trusted())) == 3
    whole = select_from(person).select(sql("upper({})", person.name).as_("x"), sql("1").as_("y")).trusted()
    assert len(await first.fetch_all(whole)) == 3
    inner = select_from(person).select(sql("max({})", person.id)).trusted()
    assert await first.fetch_column(base.where(species.legs > inner).order_by(species.name)) == ["cat", "dog"]
    with pytest.raises(PolicyError):
        await first.fetch_column(base.where(species.legs > inner, sql("1 = 1")))
    assert await first.fetch_value(sql("SELECT max(id) FROM person").trusted()) == 103  # who says it, answers for it
    unlisted = select_from(table("information_schema")).select_all()
    with pytest.raises(PolicyError):
        await first.fetch_all(unlisted)
    assert len(await first.explain(select_from(person).select(person.id).trusted())) > 0


def test_policies_that_cannot_be_meant_are_refused() -> None:
    for policies, shared in (
        ({"person": True}, []),
        ({"a.b.c": POLICIES["person"]}, []),
        ({"": POLICIES["person"]}, []),
        ({"person": POLICIES["person"], "PERSON": POLICIES["person"]}, []),
        ({"person": POLICIES["person"]}, ["person"]),
        ({}, "person"),
    ):
        with pytest.raises(ConfigurationError):
            RowLevelSecurityPlugin(policies, shared=shared)  # type: ignore[arg-type]


async def test_a_policy_gives_a_condition_or_says_all_or_none(world: World) -> None:
    ids = select_from(person).select(person.id).order_by(person.id)
    new = insert_into(person).values(id=50, tenant_id=2, name="Dan", visits=1)
    nobody = policed(world.plain, {"person": lambda _, __: False})
    assert await nobody.fetch_column(ids) == []
    with pytest.raises(PolicyViolationError):
        await nobody.execute(new)
    assert (await nobody.execute(update(person).set(visits=0).all_rows())).rows_affected == 0
    everybody = policed(world.plain, {"person": lambda _, __: True})
    assert await everybody.fetch_column(ids) == [1, 2, 3, 101, 102, 103]
    await everybody.execute(new)
    for wrong in (None, "1 = 1", 1, person.name):
        with pytest.raises(ConfigurationError):
            await policed(world.plain, {"person": lambda _, __, wrong=wrong: wrong}).fetch_all(ids)
