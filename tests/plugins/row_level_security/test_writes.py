"""Writes: they change what they would where one tenant's rows are alone, and no row becomes another tenant's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from pypika import Query as PypikaQuery
from pypika import Table as PypikaTable

from querykit import (
    CompileError,
    PolicyError,
    PolicyViolationError,
    QueryKitError,
    UndefinedColumnError,
    UnsupportedError,
    cte,
    delete_from,
    excluded,
    exists,
    insert_into,
    merge_into,
    param,
    replace_into,
    select_from,
    table,
    update,
    value,
    with_,
)
from querykit.builder.operands import DEFAULT
from querykit.builder.query import Query
from tests.plugins.row_level_security.world import World, contents
from tests.plugins.tenants import fill, person, pet, species, toy

anyone, old_person = table("person"), PypikaTable("person")
new_person = {"id": 50, "tenant_id": 1, "name": "Dan", "visits": 5}
new_toy = {"id": 60, "tenant_id": 1, "name": "rope", "pet_id": 10}


def copied_people(tenant: Any) -> Any:
    rows = select_from(pet).select(pet.id + 500, tenant, pet.name, pet.id)
    return insert_into(person).columns("id", "tenant_id", "name", "visits").from_select(rows)


WRITES: dict[str, Callable[[], Any]] = {
    "update": lambda: update(person).set(visits=person.visits + 10).all_rows(),
    "update of every row under an alias": lambda: update(person.as_("p")).set(visits=0).all_rows(),
    "update by a sub-query": lambda: (
        update(person).set(visits=9).where(exists(select_from(pet).select(pet.id).where(pet.owner_id == person.id)))
    ),
    "update to what a sub-query gives": lambda: (
        update(species)
        .set(legs=select_from(person).select(person.id + 0).order_by(person.id.desc()).limit(1))
        .all_rows()
    ),
    "update from": lambda: update(pet).from_(person).set(name=person.name).where(pet.owner_id == person.id),
    "update with a join": lambda: (
        update(pet).inner_join(person, person.id == pet.owner_id).set(name=person.name).where(pet.id > 0)
    ),
    "update of the tenant to itself": lambda: update(person).set(tenant_id=person.tenant_id, visits=1).all_rows(),
    "update of the tenant to the request's": lambda: update(person).set(tenant_id=1, visits=1).all_rows(),
    "update of the policy's column": lambda: update(toy).set(pet_id=10).all_rows(),
    "update of a shared table": lambda: update(species).set(legs=3).where(species.name == "cat"),
    "delete": lambda: delete_from(toy).all_rows(),
    "delete by a sub-query": lambda: delete_from(toy).where(
        toy.pet_id.not_in(select_from(pet).select(pet.id).where(pet.species == "dog"))
    ),
    "delete using": lambda: delete_from(toy).using(pet).where(toy.pet_id == pet.id, pet.species == "dog"),
    "delete with a join": lambda: delete_from(toy).inner_join(pet, pet.id == toy.pet_id).where(pet.species == "cat"),
    "delete of two tables": lambda: (
        delete_from(pet, toy).inner_join(toy, toy.pet_id == pet.id).where(pet.species == "dog")
    ),
    "delete with a limit": lambda: delete_from(toy).order_by(toy.id.desc()).limit(2).where(toy.id > 0),
    "insert": lambda: insert_into(person).values(new_person),
    "insert under a policy with a query": lambda: insert_into(toy).values(new_toy),
    "insert of many": lambda: insert_into(person).values([new_person, new_person | {"id": 51, "name": "Eva"}]),
    "insert of expressions": lambda: insert_into(person).values(new_person | {"visits": value(2) + 3}),
    "insert of a query": lambda: copied_people(pet.tenant_id),
    "insert of a query's constant": lambda: copied_people(value(1)),
    "insert of a query of a policy's column": lambda: (
        insert_into(toy)
        .columns("id", "tenant_id", "name", "pet_id")
        .from_select(select_from(pet).select(pet.id + 500, pet.tenant_id, pet.name, pet.id))
    ),
    "insert of a query that counts": lambda: (
        insert_into(species)
        .columns("name", "legs")
        .from_select(
            with_(found := cte("found", select_from(person).select(person.id)))
            .select_from(found)
            .select(value("man"), found.id)
            .order_by(found.id.desc())
            .limit(1)
        )
    ),
    "ignore": lambda: insert_into(person).values(new_person | {"id": 1}).ignore(),
    "upsert of what is there": lambda: (
        insert_into(person)
        .values(new_person | {"name": "Ada"})
        .on_conflict(person.tenant_id, person.name)
        .do_update(visits=excluded.visits)
    ),
    "upsert of what is new": lambda: (
        insert_into(person).values(new_person).on_conflict(person.tenant_id, person.name).do_update(person.visits)
    ),
    "upsert of the tenant": lambda: (
        insert_into(person)
        .values(new_person | {"name": "Ada"})
        .on_conflict(person.tenant_id, person.name)
        .do_update(tenant_id=excluded.tenant_id, visits=7)
    ),
    "upsert that does nothing": lambda: (
        insert_into(person).values(new_person | {"id": 1}).on_conflict(person.id).do_nothing()
    ),
    "merge": lambda: (
        merge_into(person)
        .using(pet, pet.owner_id == person.id, pet.species == "cat")
        .when_matched(pet.id > 11)
        .do_update(visits=pet.id)
        .when_matched()
        .do_delete()
        .when_not_matched(pet.id < 100)
        .do_insert(id=pet.id + 500, tenant_id=pet.tenant_id, name=pet.name, visits=0)
    ),
    "a write in a CTE": lambda: (
        with_(gone := cte("gone", delete_from(toy).all_rows().returning(toy.id))).select_from(gone).select(gone.id)
    ),
    "an insert in a CTE": lambda: (
        with_(cte("made", insert_into(toy).values(new_toy).returning(toy.id))).select_from(species).select(species.name)
    ),
    "PyPika's update": lambda: PypikaQuery.update(old_person).set(old_person.visits, 3).where(old_person.id > 0),
    "PyPika's delete": lambda: PypikaQuery.from_(PypikaTable("toy")).delete().where(PypikaTable("toy").id > 0),
    "PyPika's insert": lambda: (
        PypikaQuery.into(old_person).columns("id", "tenant_id", "name", "visits").insert(50, 1, "Dan", 5)
    ),
}

pretending = select_from(species).select(species.legs + 900, species.legs - 2, species.name, species.legs)
"""A tenant made by an expression: 2, or 0."""
INTO_OTHERS: dict[str, Callable[[], Any]] = {
    "insert": lambda: insert_into(person).values(new_person | {"tenant_id": 2}),
    "insert of one among many": lambda: insert_into(person).values(
        [new_person, new_person | {"id": 51, "name": "Eva", "tenant_id": 2}]
    ),
    "insert of no tenant": lambda: insert_into(anyone).values(new_person | {"tenant_id": None}),
    "insert of True": lambda: insert_into(anyone).values(new_person | {"tenant_id": True}),
    "insert of an expression": lambda: insert_into(person).values(new_person | {"tenant_id": value(1) + 1}),
    "insert of a value that is a term": lambda: insert_into(person).values(new_person | {"tenant_id": value(2)}),
    "insert of a sub-query": lambda: insert_into(person).values(
        new_person | {"tenant_id": select_from(species).select(species.legs).where(species.name == "hen")}
    ),
    "insert of a default": lambda: insert_into(person).values(new_person | {"tenant_id": DEFAULT}),
    "insert without the tenant": lambda: insert_into(person).values(id=50, name="Dan", visits=1),
    "insert of defaults": lambda: insert_into(person).default_values(),
    "insert in capitals": lambda: insert_into(table("person")).values(
        {"id": 50, "TENANT_ID": 2, "name": "Dan", "visits": 5}
    ),
    "insert of another's pet": lambda: insert_into(toy).values(new_toy | {"pet_id": 110}),
    "insert of a query": lambda: copied_people(value(2)),
    "insert of a query's column": lambda: copied_people(pet.id),
    "insert of a query's expression": lambda: (
        insert_into(person).columns("id", "tenant_id", "name", "visits").from_select(pretending)
    ),
    "insert of a query of others' pets": lambda: (
        insert_into(toy)
        .columns("id", "tenant_id", "name", "pet_id")
        .from_select(select_from(pet).select(pet.id + 500, pet.tenant_id, pet.name, (pet.id + 100)))
    ),
    "insert of all columns of a query": lambda: (
        insert_into(person).columns("id", "tenant_id", "name", "visits").from_select(select_from(anyone).select_all())
    ),
    "ignore": lambda: insert_into(toy).values(new_toy | {"pet_id": 110}).ignore(),
    "update of the tenant": lambda: update(person).set(tenant_id=2).all_rows(),
    "update of the tenant to a column": lambda: update(person).set(tenant_id=person.id).all_rows(),
    "update of the tenant to an expression": lambda: update(person).set(tenant_id=person.tenant_id + 1).all_rows(),
    "update of the tenant to nothing": lambda: update(anyone).set(tenant_id=None).all_rows(),
    "update of the tenant to its default": lambda: update(person).set(tenant_id=DEFAULT).all_rows(),
    "update of the tenant in capitals": lambda: update(anyone).set({"TENANT_ID": 2}).all_rows(),
    "update of the tenant from another table": lambda: (
        update(pet).from_(person).set(tenant_id=person.id).where(pet.owner_id == person.id, person.id == 2)
    ),
    "update of a joined table": lambda: (
        update(pet)
        .inner_join(person, person.id == pet.owner_id)
        .set({pet.name: "x", person.tenant_id: 2})
        .where(pet.id > 0)
    ),
    "update of the policy's column": lambda: update(toy).set(pet_id=110).all_rows(),
    "update of the policy's column to a column": lambda: update(toy).set(pet_id=toy.id + 90).all_rows(),
    "upsert of the tenant": lambda: (
        insert_into(person)
        .values(new_person | {"name": "Ada"})
        .on_conflict(person.tenant_id, person.name)
        .do_update(tenant_id=2)
    ),
    "upsert of the tenant to a column": lambda: (
        insert_into(person)
        .values(new_person | {"name": "Ada", "visits": 2})
        .on_conflict(person.tenant_id, person.name)
        .do_update(tenant_id=excluded.visits)
    ),
    "upsert of another's pet": lambda: (
        insert_into(toy).values(new_toy | {"id": 20}).on_conflict(toy.id).do_update(pet_id=110)
    ),
    "replace": lambda: replace_into(person).values(new_person | {"id": 101}),
    "merge that inserts": lambda: (
        merge_into(person)
        .using(species, species.legs == person.id)
        .when_not_matched()
        .do_insert(id=species.legs + 900, tenant_id=2, name=species.name, visits=0)
    ),
    "merge that inserts a column": lambda: (
        merge_into(person)
        .using(species, species.legs == person.id, species.name == "hen")
        .when_not_matched()
        .do_insert(id=species.legs + 900, tenant_id=species.legs, name=species.name, visits=0)
    ),
    "merge that updates": lambda: (
        merge_into(person).using(pet, pet.owner_id == person.id, pet.id == 10).when_matched().do_update(tenant_id=2)
    ),
    "merge of another's row by its key": lambda: (
        merge_into(person)
        .using(species, person.id == species.legs + 97)
        .when_matched()
        .do_delete()
        .when_not_matched()
        .do_insert(id=species.legs + 900, tenant_id=2, name=species.name, visits=0)
    ),
    "a CTE": lambda: (
        with_(cte("made", insert_into(person).values(new_person | {"tenant_id": 2}).returning(person.id)))
        .select_from(species)
        .select(species.name)
    ),
    "PyPika's insert": lambda: PypikaQuery.into(old_person).insert(50, 2, "Dan", None, 5, None),
    "PyPika's insert of columns": lambda: (
        PypikaQuery.into(old_person).columns("id", "tenant_id", "name", "visits").insert(50, 2, "Dan", 5)
    ),
    "PyPika's update": lambda: PypikaQuery.update(old_person).set("tenant_id", 2).where(old_person.id > 0),
}


class UndoError(Exception):
    """Raised to roll back."""


async def run(db: Any, statement: Any) -> Any:
    """How many rows it affected; the class of the error of one that is refused."""
    try:
        async with db.transaction() as savepoint:
            if isinstance(statement, Query) and statement.ctes:
                return len(await savepoint.fetch_all(statement))
            return (await savepoint.execute(statement)).rows_affected
    except QueryKitError as error:
        return type(error)


async def undone(db: Any, statement: Any) -> tuple[Any, Any, Any]:
    """What a write gives, and what it makes of the rows of the first tenant, and of the second."""
    found: Any = None
    with pytest.raises(UndoError):
        async with db.transaction() as trx:
            result = await run(trx, statement)
            legs = await trx.fetch_all(select_from(species).select_all().order_by(species.name))
            found = result, (await contents(trx, 1), legs), await contents(trx, 2)
            raise UndoError
    return found  # type: ignore[no-any-return]


OF_OWN_ROWS = {
    *("ignore", "insert", "insert of expressions", "insert of many", "insert under a policy with a query"),
    *("insert of a query that counts", "insert of a query's constant", "PyPika's insert", "an insert in a CTE"),
    *("update of a shared table", "update of the tenant to the request's", "update to what a sub-query gives"),
    *("upsert of the tenant", "upsert of what is new", "upsert of what is there", "upsert that does nothing"),
}
"""What changes none of the second tenant's rows without the policies either."""
UNSUPPORTED = {"mariadb": {"delete of two tables"}}
"""What databases cannot do under policies: MariaDB's DELETE of a table that a sub-query reads."""
REFUSALS = (PolicyError, PolicyViolationError, UnsupportedError, CompileError, UndefinedColumnError)


async def test_a_write_changes_what_it_would_where_one_tenants_rows_are_alone(world: World) -> None:
    await fill(world.plain, (1,))
    expected = {name: (await undone(world.plain, write()))[:2] for name, write in WRITES.items()}
    await fill(world.plain)
    others = await contents(world.plain, 2)
    for _ in range(2):  # the second time, from what was kept
        found = {name: await undone(world.first, write()) for name, write in WRITES.items()}
        assert [name for name, each in found.items() if each[2] != others] == []
        differing = {name for name, each in found.items() if each[:2] != expected[name]}
        assert differing == UNSUPPORTED.get(world.dialect, set())
        assert all(found[name][0] is UnsupportedError for name in differing)
    plain = {name: await undone(world.plain, write()) for name, write in WRITES.items()}
    unseen = {name for name, each in plain.items() if each[2] == others and not isinstance(each[0], type)}
    assert unseen <= OF_OWN_ROWS


async def test_no_row_becomes_another_tenants(world: World) -> None:
    others = await contents(world.plain, 2)
    _, own, _ = await undone(world.plain, update(person).set(visits=0).where(person.id < 0))
    for name, write in INTO_OTHERS.items():
        error, first, second = await undone(world.first, write())
        assert (first, second) == (own, others), name
        assert error in REFUSALS, name  # not one of the server's, which might have been for another reason


async def test_a_named_parameter_is_looked_at_each_time(world: World) -> None:
    new = insert_into(person).values(id=param("id", int), tenant_id=param("tenant", int), name="Dan", visits=1)
    prepared = world.first.prepare(new)
    with pytest.raises(PolicyViolationError):
        await prepared.execute(id=50, tenant=2)
    assert (await prepared.execute(id=50, tenant=1)).rows_affected == 1
    moved = update(person).set(tenant_id=param("tenant", int)).where(person.id == 50)
    with pytest.raises(PolicyViolationError):
        await world.first.execute(moved, parameters={"tenant": 2})
    with pytest.raises(PolicyViolationError):
        await world.first.execute_many(new, [{"id": 51, "tenant": 1}, {"id": 52, "tenant": 2}])
    second = world.first.with_context(tenant=2)
    await second.execute_many(new, [{"id": 151, "tenant": 2}])
    assert await world.plain.fetch_column(
        select_from(person).select(person.id).where(person.visits == 1).order_by(person.id)
    ) == [
        1,
        50,
        101,
        151,
    ]


async def test_a_long_insert_in_parts_is_looked_at_whole(world: World) -> None:
    people = [{"id": number, "tenant_id": 1, "name": f"{number}", "visits": 0} for number in range(1000, 12_000)]
    people[-1]["tenant_id"] = 2
    with pytest.raises(PolicyViolationError):
        await world.first.execute(insert_into(person).values(people))
    assert (await world.contents(1))["person"][-1]["id"] == 3
    toys = [new_toy | {"id": number, "pet_id": 110 if number == 1099 else 10} for number in range(1000, 1100)]
    with pytest.raises(PolicyViolationError):
        await world.first.execute(insert_into(toy).values(toys))
    assert (await world.contents(1))["toy"][-1]["id"] == 23
