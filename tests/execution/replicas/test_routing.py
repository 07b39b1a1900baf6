"""What runs on replicas and what on the primary: on each database, which is a replica of itself here."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from querykit import Database, fn, json_array_from, select_from, sql
from querykit.errors import ConfigurationError, UnsupportedError, UsageError
from querykit.execution.replicated import ReplicatedDatabase
from querykit.plugins import CachePlugin, DeduplicateJoinsPlugin
from tests.execution.conftest import Item, item
from tests.execution.replicas.conftest import Watched

other = item.as_("other")
NESTED = select_from(item).select(
    item.id,
    json_array_from(select_from(other).select(other.name).where(other.id == item.id)).as_("others"),
)
READ = select_from(item).select(item.id)


async def in_transaction(db: Database) -> None:
    async with db.transaction() as trx:
        await trx.fetch_all(READ)


async def pinned(db: Database) -> None:
    async with db.connection() as connection:
        await connection.fetch_all(READ)


async def streamed(db: Database) -> None:
    async with db.stream(READ) as rows:
        assert [row async for row in rows] == []


RUN: dict[str, tuple[str, Callable[[Any], Awaitable[object]]]] = {
    "a read": ("replica", lambda db: db.fetch_all(READ)),
    "nested rows": ("replica", lambda db: db.fetch_all(NESTED)),
    "an aggregate": ("replica", lambda db: db.select_from(item).select(fn.count().as_("n")).fetch_value()),
    "JSON": ("replica", lambda db: db.fetch_json(NESTED)),
    "a prepared read": ("replica", lambda db: db.prepare(READ).fetch_all()),
    "a stream": ("replica", streamed),
    "a plan": ("replica", lambda db: db.explain(READ)),
    "for one request": ("replica", lambda db: db.with_context(tenant=7).fetch_all(READ)),
    "without plugins": ("replica", lambda db: db.without_plugins().fetch_all(READ)),
    "on replicas": ("replica", lambda db: db.on_replicas().fetch_all(sql("SELECT id FROM item"))),
    "a write": ("primary", lambda db: db.insert_into(item).values(id=1).execute()),
    "no rows written": ("primary", lambda db: db.delete_from(item).where(item.id == 7).execute()),
    "raw SQL": ("primary", lambda db: db.fetch_all(sql("SELECT id FROM item"))),
    "raw SQL in it": ("primary", lambda db: db.select_from(item).select(sql("id").as_("n")).fetch_all()),
    "an unknown function": ("primary", lambda db: db.select_from(item).select(fn.call("ABS", item.id)).fetch_all()),
    "a transaction": ("primary", in_transaction),
    "a connection": ("primary", pinned),
    "on the primary": ("primary", lambda db: db.on_primary().fetch_all(READ)),
    "through a cache": ("primary", lambda db: db.with_plugin(CachePlugin()).fetch_all(READ)),
    "through a cache of its own": ("primary", lambda db: db.fetch_all(READ.with_plugin(CachePlugin()))),
}


@pytest.fixture
async def watched(urls: dict[str, str], database_name: str, items: Item) -> Watched:
    url = urls[database_name]
    return Watched(url, [url, url], plugins=[DeduplicateJoinsPlugin()])


async def test_each_statement_runs_where_it_may(watched: Watched) -> None:
    async with watched.database(read_your_writes=False) as db:
        for title, (place, run) in RUN.items():
            await db.on_primary().delete_from(item).all_rows().execute()
            places = await watched.places(run(db))
            assert places, title
            assert {each.split(" ")[0] for each in places} == {place}, title


@pytest.mark.databases("postgres", "mysql", "mariadb")
async def test_reads_that_lock_rows_run_on_the_primary(watched: Watched) -> None:
    async with watched.database(read_your_writes=False) as db:
        assert await watched.places(db.fetch_all(READ.for_update())) == ["primary"]


async def test_replicas_take_turns(watched: Watched) -> None:
    async with watched.database(read_your_writes=False) as db:
        places = [(await watched.places(db.fetch_all(READ)))[0] for _ in range(6)]
    assert sorted(places[:2]) == ["replica 1", "replica 2"]
    assert places == places[:2] * 3


async def test_reads_stay_with_the_primary_for_seconds_after_a_write(watched: Watched) -> None:
    async with watched.database(read_your_writes=30) as db:
        assert (await watched.places(db.fetch_all(READ)))[0] != "primary"
        await db.insert_into(item).values(id=1).execute()
        assert await watched.places(db.fetch_all(READ)) == ["primary"]
    async with watched.database(read_your_writes=0.001) as db:
        await db.insert_into(item).values(id=2).execute()
        assert await db.fetch_all(READ) == [{"id": 1}, {"id": 2}]


@pytest.mark.databases("mysql", "mariadb", "sqlite")
async def test_what_does_not_tell_how_far_it_is_takes_seconds(watched: Watched) -> None:
    db = watched.database()
    with pytest.raises(UnsupportedError, match="give the seconds"):
        await db.connect()
    assert not db.is_connected
    assert not any(each.is_connected for each in watched.parts)


async def test_a_task_in_a_transaction_reads_by_it(watched: Watched) -> None:
    async with watched.database(read_your_writes=False) as db, db.transaction():
        with pytest.raises(UsageError, match="in a transaction"):
            await db.fetch_all(READ)
        with pytest.raises(UsageError, match="in a transaction"):
            await streamed(db)
        assert await db.outside().fetch_all(READ) == []


async def test_it_opens_again(watched: Watched) -> None:
    db = watched.database(read_your_writes=False)
    for _ in range(2):
        async with db:
            assert await db.fetch_all(READ) == []
            assert [state.is_healthy for state in db.replicas] == [True, True]
        assert not any(each.is_connected for each in watched.parts)


WRONG: dict[str, Callable[[], object]] = {
    "replicas is a list": lambda: Database.replicated("sqlite://", []),
    "a list of URLs": lambda: Database.replicated("sqlite://", "sqlite://"),
    "a URL or a Database": lambda: Database.replicated("sqlite://", [7]),  # type: ignore[list-item]
    "read_your_writes is": lambda: Database.replicated("sqlite://", ["sqlite://"], read_your_writes=-1),
    "check_every is": lambda: Database.replicated("sqlite://", ["sqlite://"], check_every=0),
    "plugins belong to": lambda: Database.replicated(
        "sqlite://", [Database("sqlite://", plugins=[DeduplicateJoinsPlugin()])]
    ),
}


@pytest.mark.parametrize("message", WRONG)
def test_what_is_wrong_is_said_at_once(message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        WRONG[message]()


async def test_parts_are_connected_by_the_whole(db: Database) -> None:
    with pytest.raises(ConfigurationError, match="is connected"):
        Database.replicated(db, ["sqlite://"])


@pytest.mark.databases("postgres", "mysql", "mariadb")
async def test_a_replica_of_another_kind_is_refused(urls: dict[str, str], database_name: str) -> None:
    db = Database.replicated(urls[database_name], ["sqlite://"], read_your_writes=False)
    with pytest.raises(ConfigurationError, match="is not"):
        await db.connect()
    assert not db.is_connected


def test_it_says_what_it_is() -> None:
    db = Database.replicated("postgresql://ada:secret@a/shop", ["postgresql://ada:secret@b/shop"])
    assert isinstance(db, ReplicatedDatabase)
    assert "secret" not in repr(db)
    assert repr(db).endswith("@a/shop with 1 replicas>")
