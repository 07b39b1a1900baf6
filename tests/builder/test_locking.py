"""FOR UPDATE and its like: what each database writes, and that others meet the locks."""

import pytest

from querykit import json_array_from, select_from
from querykit.errors import BuildError, CompileError, LockTimeoutError, UnsupportedError
from tests.builder.stock import item
from tests.expected import compiles_to, spelled
from tests.sample import person, pet

query = select_from(item).select(item.id).order_by(item.id)


@pytest.mark.parametrize(
    ("locked", "words"),
    [
        (query.for_update(), "FOR UPDATE"),
        (query.for_update(skip_locked=True), "FOR UPDATE SKIP LOCKED"),
        (query.for_update(nowait=True), "FOR UPDATE NOWAIT"),
    ],
)
async def test_for_update(stock, locked, words):
    compiles_to(
        locked,
        spelled(
            f'SELECT "item"."id" FROM "item" ORDER BY "item"."id" {words}', sqlite=(UnsupportedError, "transaction")
        ),
    )
    if stock.dialect.name != "sqlite":
        assert await stock.fetch_column(locked) == [1, 2, 3]


async def test_for_share(stock):
    locked = query.where(item.id < 3).for_share(nowait=True)
    compiles_to(
        locked,
        spelled(
            'SELECT "item"."id" FROM "item" WHERE "item"."id" < $1 ORDER BY "item"."id" FOR SHARE NOWAIT',
            (3,),
            mariadb=(
                "SELECT `item`.`id` FROM `item` WHERE `item`.`id` < %s ORDER BY `item`.`id` LOCK IN SHARE MODE NOWAIT",
                (3,),
            ),
            sqlite=UnsupportedError,
        ),
    )
    if stock.dialect.name != "sqlite":
        assert await stock.fetch_column(locked) == [1, 2]


async def test_weaker_locks_of_postgres(stock):
    for locked, words in ((query.for_no_key_update(), "NO KEY UPDATE"), (query.for_key_share(), "KEY SHARE")):
        compiles_to(
            locked,
            {
                "postgres": f'SELECT "item"."id" FROM "item" ORDER BY "item"."id" FOR {words}',
                "mysql": (UnsupportedError, "locks a little more"),
                "mariadb": (UnsupportedError, "locks a little more"),
                "sqlite": UnsupportedError,
            },
        )
        if stock.dialect.name == "postgres":
            assert await stock.fetch_column(locked) == [1, 2, 3]


async def test_the_rows_of_some_tables(db):
    owner = person.as_("owner")
    both = select_from(pet).inner_join(owner, owner.id == pet.owner_id).select(pet.id).where(pet.id == 10)
    compiles_to(
        both.for_update(of=owner),
        spelled(
            'SELECT "pet"."id" FROM "pet" INNER JOIN "person" AS "owner" ON "owner"."id" = "pet"."owner_id" '
            'WHERE "pet"."id" = $1 FOR UPDATE OF "owner"',
            (10,),
            mariadb=(UnsupportedError, "leave of= out"),
            sqlite=UnsupportedError,
        ),
    )
    if db.dialect.name in ("postgres", "mysql"):
        assert await db.fetch_column(both.for_update(of=[pet, owner], skip_locked=True)) == [10]
    with pytest.raises(CompileError, match="not in FROM"):
        both.for_update(of=item).compile("postgres")


async def test_postgres_locks_rows_of_tables_that_are_there(db):
    grouped = select_from(pet).select(pet.species)
    lacking = (UnsupportedError, "FOR UPDATE with GROUP BY, HAVING or DISTINCT")
    for query in (grouped.group_by(pet.species), grouped.distinct(), grouped.distinct_on(pet.species)):
        with pytest.raises(lacking[0], match=lacking[1]):
            query.for_update().compile("postgres")
    owner = person.as_("owner")
    joined = select_from(pet).left_join(owner, owner.id == pet.owner_id).select(pet.id).where(pet.id == 10)
    for query in (joined.for_update(), joined.for_share(of=[pet, owner])):
        with pytest.raises(UnsupportedError, match=r"that an outer join may not find \(owner\); say which tables"):
            query.compile("postgres")
    if db.dialect.name in ("postgres", "mysql"):
        assert await db.fetch_column(joined.for_update(of=pet)) == [10]
    if db.dialect.name in ("mysql", "mariadb"):
        assert await db.fetch_column(joined.for_update()) == [10]
    full = select_from(pet).full_join(owner, owner.id == pet.owner_id).select(pet.id).for_update(of=pet)
    with pytest.raises(UnsupportedError, match=r"\(owner, pet\)"):
        full.compile("postgres")


@pytest.mark.databases("postgres", "mysql", "mariadb")
async def test_others_meet_the_lock(stock):
    async with stock.transaction() as one, stock.outside().transaction() as other:
        assert await one.fetch_column(query.where(item.id == 2).for_update()) == [2]
        assert await other.fetch_column(query.for_update(skip_locked=True)) == [1, 3]
        with pytest.raises(LockTimeoutError):
            async with other.transaction() as inner:
                await inner.fetch_column(query.for_update(nowait=True))


def test_a_later_lock_replaces_an_earlier_one():
    assert query.for_update().for_share().compile("postgres").sql.endswith("FOR SHARE")
    assert query.for_update().clear_lock().compile("sqlite").sql.endswith('ORDER BY "item"."id"')


def test_what_means_nothing_is_refused():
    with pytest.raises(BuildError, match="not both"):
        query.for_update(skip_locked=True, nowait=True)
    with pytest.raises(BuildError):
        query.for_update(of="item")
    with pytest.raises(BuildError, match="no lock"):
        json_array_from(query.for_update())
