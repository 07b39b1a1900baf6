"""`DeduplicateJoinsPlugin`: equal joins are written once, and the order of the others stays."""

from __future__ import annotations

from typing import Any

import pytest
from pypika import Query
from pypika import Table as PypikaTable

from querykit import (
    CompileError,
    Database,
    DeduplicateJoinsPlugin,
    cte,
    delete_from,
    exists,
    fn,
    json_array_from,
    select_from,
    update,
    with_,
)
from querykit.builder.statement import as_statement
from tests.expected import compiles_to, spelled
from tests.sample import Pet, person, pet, toy


def once(query: Any) -> Any:
    return DeduplicateJoinsPlugin().transform_query(as_statement(query), None)  # type: ignore[arg-type]


def with_pets(query: Any) -> Any:
    return query.inner_join(pet, pet.owner_id == person.id)


def with_toys(query: Any) -> Any:
    return with_pets(query).left_join(toy, toy.pet_id == pet.id, toy.price > 2)


base = select_from(person).select(person.first_name, pet.name, toy.price)
twice = with_toys(with_pets(with_toys(base))).order_by(pet.id, toy.id)
ROWS = [
    {"first_name": "Bea", "name": "Rex", "price": 5},
    {"first_name": "Bea", "name": "Felix", "price": 3},
    {"first_name": "Cem", "name": "Minka", "price": None},
    {"first_name": "Dora", "name": "Bella", "price": 6},
    {"first_name": "Bea", "name": "Amy", "price": None},
]


async def test_equal_joins_are_written_once_in_their_order(db: Database) -> None:
    compiles_to(
        once(twice),
        spelled(
            'SELECT "person"."first_name", "pet"."name", "toy"."price" FROM "person" INNER JOIN "pet" ON '
            '"pet"."owner_id" = "person"."id" LEFT JOIN "toy" ON "toy"."pet_id" = "pet"."id" AND "toy"."price" > $1 '
            'ORDER BY "pet"."id", "toy"."id"',
            (2,),
        ),
    )
    view = db.with_plugin(DeduplicateJoinsPlugin())
    assert await view.fetch_all(twice) == ROWS
    assert [row async for row in view.stream(twice)] == ROWS
    async with view.transaction() as trx:
        assert await trx.fetch_all(twice) == ROWS
    with pytest.raises(CompileError, match="'pet' stands twice in FROM"):
        await db.fetch_all(twice)


async def test_joins_that_differ_stay_and_are_told_apart_or_refused(db: Database) -> None:
    view = db.with_plugin(DeduplicateJoinsPlugin())
    other = pet.as_("other")
    both = select_from(person).select(fn.count().as_("n")).inner_join(pet, pet.owner_id == person.id)
    assert await view.fetch_value(both.inner_join(other, other.owner_id == person.id)) == 11
    for again in (
        both.inner_join(pet, pet.id == person.id),
        both.left_join(pet, pet.owner_id == person.id),
        both.inner_join(pet, pet.owner_id == person.id, pet.id > 1),
        both.cross_join(pet),
    ):
        with pytest.raises(CompileError, match="'pet' stands twice in FROM"):
            await view.fetch_all(again)
    one, two = (both.inner_join(toy, toy.pet_id == pet.id, toy.price > least) for least in (1, 2))
    assert await view.fetch_value(one) == 4
    assert await view.fetch_value(two) == 3
    assert await view.fetch_value(two.inner_join(toy, toy.pet_id == pet.id, toy.price > 2)) == 3


def many(query: Any) -> Any:
    return query.inner_join(toy, toy.pet_id == pet.id).inner_join(toy, toy.pet_id == pet.id)


cats = cte("cats", many(select_from(pet).select(pet.id, toy.name)))
EVERYWHERE: dict[str, Any] = {
    "a sub-query": select_from(person)
    .select(person.id)
    .where(exists(many(select_from(pet).select(pet.id).where(pet.owner_id == person.id)))),
    "nested rows": select_from(person).select(
        json_array_from(many(select_from(pet).select(pet.id).where(pet.owner_id == person.id))).as_("pets")
    ),
    "a derived table": select_from(derived := many(select_from(pet).select(pet.id)).as_("d")).select(derived.id),
    "a CTE": with_(cats).select_from(cats).select(cats.id),
    "a set operation": many(select_from(pet).select(pet.id)).union(many(select_from(pet).select(pet.name))),
    "using": select_from(pet).select(pet.name).inner_join(toy, using=["id"]).inner_join(toy, using=["id"]),
    "another object of the table": select_from(person)
    .select(person.id)
    .inner_join(pet, pet.owner_id == person.id)
    .inner_join(Pet(), Pet().owner_id == person.id),
}


@pytest.mark.parametrize("where", EVERYWHERE)
def test_it_reaches_every_query(where: str) -> None:
    for dialect in ("postgres", "mysql", "mariadb", "sqlite"):
        query = once(EVERYWHERE[where])
        written = query.compile(dialect).sql
        assert written.count("JOIN") == (2 if where == "a set operation" else 1)


def test_derived_tables_are_compared_by_what_they_say() -> None:
    def joined(query: Any, least: int) -> Any:
        cheap = select_from(toy).select(toy.pet_id).where(toy.price > least).as_("cheap")
        return query.inner_join(cheap, cheap.pet_id == pet.id)

    base = select_from(pet).select(pet.id)
    assert once(joined(joined(base, 1), 1)).compile("sqlite").sql.count("JOIN") == 1
    with pytest.raises(CompileError, match="'cheap' stands twice"):
        once(joined(joined(base, 1), 2)).compile("sqlite")


async def test_writes_and_queries_of_pypika_too(restored_db: Database) -> None:
    view = restored_db.with_plugin(DeduplicateJoinsPlugin())
    old_pet, old_person = PypikaTable("pet"), PypikaTable("person")
    old = (
        Query.from_(old_pet)
        .join(old_person)
        .on(old_pet.owner_id == old_person.id)
        .join(PypikaTable("person"))
        .on(old_pet.owner_id == old_person.id)
        .select(old_person.first_name)
        .where(old_pet.id == 10)
    )
    assert await view.fetch_all(old) == [{"first_name": "Bea"}]
    with pytest.raises(CompileError, match="'person' stands twice in FROM"):
        await restored_db.fetch_all(old)
    owned = update(pet).inner_join(person, person.id == pet.owner_id).inner_join(person, person.id == pet.owner_id)
    assert (await view.execute(owned.set(name="x").where(person.first_name == "Cem"))).rows_affected == 1
    if restored_db.dialect.name != "sqlite":
        gone = (
            delete_from(pet).inner_join(person, person.id == pet.owner_id).inner_join(person, person.id == pet.owner_id)
        )
        assert (await view.execute(gone.where(person.first_name == "Cem"))).rows_affected == 1


def test_a_query_without_equal_joins_stays_the_same_object() -> None:
    for query in (base, with_toys(base), select_from(pet).select(pet.id)):
        assert once(query) is query
