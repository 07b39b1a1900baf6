"""What a write makes the cache forget, and when."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from querykit import (
    Database,
    DatabaseError,
    UniqueViolationError,
    cte,
    delete_from,
    exists,
    fn,
    insert_into,
    json_array_from,
    merge_into,
    param,
    replace_into,
    select_from,
    sql,
    table,
    update,
    with_,
)
from querykit.plugins import ReadsOnly
from querykit.plugins.cache.statements import footprint
from tests.plugins.cache.conftest import Cached
from tests.sample import Toy, person, pet, toy

pets = select_from(pet).select(pet.id, pet.name).order_by(pet.id)
people = select_from(person).select(person.id, person.first_name).order_by(person.id)
prices = select_from(toy).select(toy.id, toy.price).order_by(toy.id)
people_with_toys = (
    select_from(person)
    .select(
        person.id,
        json_array_from(
            select_from(pet)
            .select(
                pet.name,
                json_array_from(select_from(toy).select(toy.name, toy.price).where(toy.pet_id == pet.id)).as_("toys"),
            )
            .where(pet.owner_id == person.id)
        ).as_("pets"),
    )
    .order_by(person.id)
)
READS = (pets, people, prices, people_with_toys)
new_toy = {"id": 200, "name": "kong", "price": 9, "pet_id": 10}

WRITES = {
    "insert": insert_into(toy).values(new_toy),
    "insert from select": insert_into(toy).from_select(
        select_from(pet).select((pet.id + 500).as_("id"), pet.name, pet.id.as_("pet_id"))
    ),
    "upsert": insert_into(toy).values(new_toy).on_conflict(toy.id).do_update(toy.price),
    "update": update(toy).set(price=1).where(toy.id == 100),
    "update by a join": update(toy).from_(pet).set(price=1).where(pet.id == toy.pet_id, pet.name == "Rex"),
    "update of an alias": update(toy.as_("t")).set(price=1).all_rows(),
    "delete": delete_from(toy).where(toy.id.is_in(select_from(pet).select(pet.id))),
    "update of an undeclared table": update(table("toy")).set(price=1).all_rows(),
}


@pytest.mark.parametrize("name", WRITES)
async def test_a_write_forgets_what_was_read_from_its_table_and_nothing_else(cached: Cached, name: str) -> None:
    for query in READS:
        assert await cached.asks(query)
    await cached.db.execute(WRITES[name])
    assert [await cached.asks(query) for query in READS] == [False, False, True, True]
    assert [await cached.asks(query) for query in READS] == [False] * 4


async def test_many_rows_and_many_sets_are_writes(cached: Cached) -> None:
    await cached.asks(prices)
    await cached.db.execute_many(
        update(toy).set(price=param("price", int)).where(toy.id == param("id", int)),
        [{"id": 100, "price": 50}, {"id": 101, "price": 51}],
    )
    assert (await cached.db.fetch_all(prices))[:2] == [{"id": 100, "price": 50}, {"id": 101, "price": 51}]
    rows = [{"id": 1000 + number, "name": "x", "price": 1, "pet_id": 10} for number in range(12_000)]
    await cached.db.insert_into(toy).values(rows).execute()
    assert len(await cached.db.fetch_all(prices)) == 12_005


@pytest.mark.databases("postgres")
async def test_copied_rows_merges_and_writes_in_ctes_are_writes(cached: Cached) -> None:
    for write in (
        lambda: cached.db.copy_into(toy, [new_toy]),
        lambda: cached.db.execute(
            merge_into(toy).using(pet, pet.id == toy.pet_id).when_matched().do_update(price=toy.price + 1)
        ),
        lambda: cached.db.fetch_all(
            with_(gone := cte("gone", delete_from(toy).where(toy.id == 200).returning(toy.id)))
            .select_from(gone)
            .select(gone.id)
        ),
        lambda: cached.db.explain(update(toy).set(price=7).where(toy.id == 100), analyze=True, rollback=True),
    ):
        await cached.asks(prices)
        await cached.asks(pets)
        await write()
        assert await cached.asks(prices)
        assert not await cached.asks(pets)


@pytest.mark.databases("mysql", "mariadb")
async def test_every_table_that_one_write_changes_is_forgotten(cached: Cached) -> None:
    for query in READS:
        await cached.asks(query)
    joined = update(toy).inner_join(pet, pet.id == toy.pet_id).set({toy.price: 3, pet.name: "Tom"}).where(pet.id == 10)
    await cached.db.execute(joined)
    assert [await cached.asks(query) for query in READS] == [True, False, True, True]
    both = delete_from(toy).using(pet).where(pet.id == toy.pet_id, pet.id == 10)
    await cached.db.execute(both.with_part("others", (pet,)))
    assert [await cached.asks(query) for query in READS] == [True, False, True, True]


async def test_a_write_that_fails_forgets_too(cached: Cached) -> None:
    await cached.asks(prices)
    with pytest.raises(UniqueViolationError):
        await cached.db.execute(insert_into(toy).values(new_toy | {"id": 100}))
    assert await cached.asks(prices)


# -- names ----------------------------------------------------------------------------------------------------------


async def test_case_and_schema_of_a_name_do_not_hide_a_table(cached: Cached) -> None:
    db = cached.db
    own = {"sqlite": "SELECT 'main' AS s", "postgres": "SELECT current_schema() AS s"}
    schema = (await db.fetch_one(sql.raw(own.get(db.dialect.name, "SELECT DATABASE() AS s"))))["s"]
    qualified = table("toy", schema=schema)
    reads = (prices, select_from(qualified).select(qualified.id))
    for write in (
        update(toy).set(price=1).where(toy.id == 100),
        update(qualified).set(price=2).where(qualified.id == 100),
    ):
        for query in reads:
            await cached.asks(query)
        await db.execute(write)
        assert [await cached.asks(query) for query in reads] == [True, True]
    if db.dialect.name == "sqlite":
        await cached.asks(prices)
        await db.execute(update(table("TOY")).set(price=3).all_rows())
        assert await cached.asks(prices)


def test_names_meet_wherever_they_may_mean_one_table() -> None:
    def meet(read: Any, written: Any) -> bool:
        reads = footprint(select_from(read).select(read.id), {}).reads
        return not reads.isdisjoint(footprint(update(written).set(id=1).all_rows(), {}).writes)

    plain, shop, other = table("pet"), table("pet", schema="shop"), table("pet", schema="other")
    loud = table("PET", schema="Shop")
    assert all(meet(plain, each) for each in (plain, shop, other, loud))
    assert all(meet(shop, each) for each in (plain, shop, loud))
    assert not meet(shop, other)
    assert not meet(shop, table("shop"))
    assert not meet(table("a.b"), table("b", schema="a"))


# -- what no statement shows ----------------------------------------------------------------------------------------


async def test_what_cascades_triggers_and_views_change_is_declared(restored_db: Database) -> None:
    cached = Cached(restored_db, dependents={"Person": ["pet", "adults"], "pet": ["toy"]})
    adults = table("adults")
    read_view = select_from(adults).select(adults.id)
    await restored_db.execute(sql("CREATE VIEW adults AS SELECT id FROM person WHERE birth_year < 2000"))
    try:
        for query in (*READS, read_view):
            await cached.asks(query)
        await cached.db.execute(update(person).set(birth_year=1900).where(person.id == 4))
        assert [await cached.asks(query) for query in (*READS, read_view)] == [True] * 5
        await cached.db.execute(update(pet).set(name="Tom").where(pet.id == 10))
        assert [await cached.asks(query) for query in (*READS, read_view)] == [True, False, True, True, False]
    finally:
        await restored_db.execute(sql("DROP VIEW adults"))


async def test_a_cascade_of_the_database_shows_when_it_is_declared(restored_db: Database) -> None:
    db = restored_db
    await db.execute(sql("CREATE TABLE cage (id INTEGER PRIMARY KEY)"))
    await db.execute(
        sql(
            "CREATE TABLE bird (id INTEGER PRIMARY KEY, cage_id INTEGER, "
            "FOREIGN KEY (cage_id) REFERENCES cage (id) ON DELETE CASCADE)"
        )
    )
    try:
        cage, bird = table("cage"), table("bird")
        await db.execute(insert_into(cage).values(id=1))
        await db.execute(insert_into(bird).values(id=1, cage_id=1))
        cached = Cached(db, dependents={"cage": ["bird"]})
        birds = select_from(bird).select(bird.id)
        assert await cached.db.fetch_all(birds) == [{"id": 1}]
        await cached.db.execute(delete_from(cage).where(cage.id == 1))
        assert await cached.db.fetch_all(birds) == []
    finally:
        await db.execute(sql("DROP TABLE bird"))
        await db.execute(sql("DROP TABLE cage"))


async def test_raw_sql_and_unknown_functions_forget_everything(cached: Cached) -> None:
    is_sqlite = cached.db.dialect.name == "sqlite"
    for write, may_write in (
        (sql("UPDATE toy SET price = 1"), True),
        (update(pet).set(name=sql("upper({})", pet.name)).where(pet.id == 10), True),
        (delete_from(toy).where(fn.call("abs", toy.id) == 100), True),
        (sql("SELECT 1 AS one"), not is_sqlite),
        (select_from(pet).select(fn.call("abs", pet.id).as_("n")), not is_sqlite),
        (select_from(pet).select(pet.id).where(sql("1 = 1")), not is_sqlite),
        (select_from(pet).select(pet.id).where(sql("1 = 1")).with_plugin(ReadsOnly(pet)), False),
        (select_from(pet).select(fn.lower(pet.name).as_("n")), False),
    ):
        for query in READS:
            await cached.asks(query)
        await cached.db.execute(write)
        assert [await cached.asks(query) for query in READS] == [may_write] * 4, str(write)


async def test_what_was_written_past_the_cache_is_forgotten_on_request(cached: Cached) -> None:
    for query in READS:
        await cached.asks(query)
    await cached.db.without_plugins().execute(update(pet).set(name="Tom").where(pet.id == 10))
    assert not await cached.asks(pets)
    await cached.cache.forget(pet)
    assert [await cached.asks(query) for query in READS] == [True, False, False, True]
    await cached.cache.forget("Toy", "person")
    assert [await cached.asks(query) for query in READS] == [False, True, True, True]
    await cached.cache.forget()
    assert [await cached.asks(query) for query in READS] == [True] * 4


# -- transactions ---------------------------------------------------------------------------------------------------


async def outside(cached: Cached, query: Any) -> Any:
    """What another task reads."""
    return await asyncio.create_task(cached.db.fetch_all(query))


@pytest.mark.databases("postgres", "mysql", "mariadb")
async def test_what_a_transaction_wrote_shows_when_it_is_committed(cached: Cached) -> None:
    before = await outside(cached, prices)
    cached.through.take()
    async with cached.db.transaction() as trx:
        await trx.execute(update(toy).set(price=99).all_rows())
        assert {row["price"] for row in await trx.fetch_all(prices)} == {99}
        assert await outside(cached, prices) == before
        assert cached.through.take() == 2
    after = await outside(cached, prices)
    assert {row["price"] for row in after} == {99}
    assert await outside(cached, prices) == after
    assert cached.through.take() == 1


@pytest.mark.databases("postgres", "mysql", "mariadb")
async def test_nothing_that_was_undone_shows(cached: Cached) -> None:
    before = await outside(cached, prices)
    with pytest.raises(ZeroDivisionError):
        async with cached.db.transaction() as trx:
            await trx.execute(update(toy).set(price=99).all_rows())
            await trx.fetch_all(prices)
            await trx.fetch_all(people_with_toys)
            raise ZeroDivisionError
    assert await outside(cached, prices) == before


async def test_a_savepoint_shows_with_its_transaction(cached: Cached) -> None:
    await cached.asks(prices)
    await cached.asks(pets)
    async with cached.db.transaction() as trx:
        async with trx.transaction() as inner:
            await inner.execute(update(toy).set(price=42).all_rows())
        async with trx.transaction() as inner:
            await inner.execute(update(pet).set(name="Tom").all_rows())
    assert {row["price"] for row in await cached.db.fetch_all(prices)} == {42}
    assert {row["name"] for row in await cached.db.fetch_all(pets)} == {"Tom"}


async def test_a_function_after_the_commit_reads_what_was_committed(cached: Cached) -> None:
    await cached.asks(prices)
    seen: list[Any] = []

    async def read() -> None:
        seen.extend(await cached.db.outside().fetch_all(prices))

    async with cached.db.transaction() as trx:
        await trx.execute(update(toy).set(price=42).all_rows())
        trx.after_commit(read)
    assert {row["price"] for row in seen} == {42}


async def test_raw_commit_and_writes_on_a_connection_show(cached: Cached) -> None:
    await cached.asks(prices)
    async with cached.db.transaction() as trx:
        await trx.execute(update(toy).set(price=42).all_rows())
        await trx.execute(sql("COMMIT"))
        assert {row["price"] for row in await cached.db.outside().fetch_all(prices)} == {42}
    async with cached.db.connection() as connection:
        await connection.execute(sql("BEGIN"))
        await connection.execute(update(toy).set(price=43).all_rows())
        await connection.execute(sql("COMMIT"))
        assert {row["price"] for row in await outside(cached, prices)} == {43}
        async with connection.transaction() as trx:
            await trx.execute(update(toy).set(price=44).all_rows())
        await connection.execute(update(pet).set(name="Tom").all_rows())
    assert {row["price"] for row in await cached.db.fetch_all(prices)} == {44}
    assert {row["name"] for row in await cached.db.fetch_all(pets)} == {"Tom"}


@pytest.mark.databases("mysql", "mariadb")
async def test_a_statement_that_commits_by_itself_shows_what_came_before(cached: Cached) -> None:
    await cached.asks(prices)
    async with cached.db.transaction() as trx:
        await trx.execute(update(toy).set(price=42).all_rows())
        await trx.execute(sql("CREATE TABLE IF NOT EXISTS cage (id INT)"))
        assert {row["price"] for row in await outside(cached, prices)} == {42}
    await cached.db.execute(sql("DROP TABLE cage"))


async def test_run_in_transaction_and_begin_show_at_their_commit(cached: Cached) -> None:
    await cached.asks(prices)
    await cached.db.run_in_transaction(lambda trx: trx.execute(update(toy).set(price=42).all_rows()))
    assert {row["price"] for row in await cached.db.fetch_all(prices)} == {42}
    trx = await cached.db.begin()
    await trx.execute(update(toy).set(price=43).all_rows())
    await trx.commit()
    assert {row["price"] for row in await cached.db.fetch_all(prices)} == {43}


@pytest.mark.databases("postgres")
async def test_a_commit_that_fails_leaves_nothing_behind(cached: Cached) -> None:
    before = await cached.db.fetch_all(prices)
    with pytest.raises(DatabaseError):
        async with cached.db.transaction() as trx:
            await trx.execute(update(toy).set(price=99).all_rows())
            with pytest.raises(DatabaseError):
                await trx.execute(insert_into(toy).values(new_toy | {"id": 100}))
    assert await cached.asks(prices)
    assert await cached.db.fetch_all(prices) == before


async def test_replacing_rows_is_a_write(cached: Cached) -> None:
    assert footprint(replace_into(toy).values(new_toy), {}).writes == {"toy"}
    assert footprint(select_from(pet).select(exists(select_from(Toy()).select(toy.id)).as_("x")), {}).reads == {
        *("", "pet", "\0pet", "toy", "\0toy")
    }
