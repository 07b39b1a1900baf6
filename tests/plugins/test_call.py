"""What a plugin that wraps the running knows of a call, and what it can run of its own around it."""

from __future__ import annotations

from typing import Any

import pytest

from querykit import (
    Database,
    Plugin,
    PluginError,
    UsageError,
    cte,
    delete_from,
    fn,
    insert_into,
    param,
    select_from,
    sql,
    update,
    with_,
)
from querykit.plugins import Call, PluginContext
from tests.sample import person, pet, toy

names = select_from(pet).select(pet.name).order_by(pet.id)
renamed = update(pet).set(name=param("name", str)).where(pet.id == param("id", int))


class Seen(Plugin):
    """Keeps the calls."""

    def __init__(self) -> None:
        self.calls: list[Call] = []

    async def around_execute(self, call: Call, query: Any, context: PluginContext) -> Any:
        self.calls.append(call)
        return await call.proceed()


class NoRows(Plugin):
    """Every statement of the program is about no row."""

    def transform_query(self, query: Any, context: PluginContext) -> Any:
        return query.where(pet.id == -1)


class Counting(Plugin):
    """Runs two statements of its own with every write, in the transaction of the write."""

    priority = 10

    def __init__(self) -> None:
        self.counts: list[Any] = []

    async def around_execute(self, call: Call, query: Any, context: PluginContext) -> Any:
        if call.only_reads:
            return await call.proceed()
        async with call.together() as trx:
            result = await call.proceed(trx)
            self.counts += await call.fetch_all(select_from(pet).select(fn.count().as_("n")), trx)
            await call.run(update(toy).set(price=0).where(toy.id == 100), trx)
        return result


class Watching(Plugin):
    """Writes down what becomes of transactions."""

    def __init__(self, *, fails: bool = False) -> None:
        self.told: list[str] = []
        self.fails = fails

    async def before_commit(self) -> None:
        self.told.append("before")
        if self.fails:
            raise RuntimeError("no")

    async def after_end(self, *, is_known: bool) -> None:
        assert is_known
        self.told.append("after")

    async def around_execute(self, call: Call, query: Any, context: PluginContext) -> Any:
        if call.transaction is not None:
            call.transaction.watched_by(self, lambda: self)
        return await call.proceed()


async def test_a_call_says_what_is_run_where_and_with_which_values(db: Database) -> None:
    view = db.with_plugin(plugin := Seen()).with_context(tenant=7)
    query = names.where(pet.species == param("species", str))
    await view.fetch_all(query, parameters={"species": "cat"}, timeout=9)
    async with view.transaction() as trx:
        await trx.fetch_all(query, parameters={"species": "dog"})
        async with trx.transaction() as inner:
            await inner.with_context(tenant=8).execute(names.limit(1))
    async with view.connection() as connection:
        await connection.fetch_all(sql("SELECT 1 AS one"))
    plain, in_transaction, in_savepoint, on_connection = plugin.calls
    assert (plain.wanted, plain.arguments, plain.parameters, plain.timeout) == ("rows", ("cat",), {"species": "cat"}, 9)
    assert plain.executor is view
    assert [each.name for each in plain.plugins] == ["Seen", "ParseJSONResultsPlugin"]
    assert plain.request == {"tenant": 7}
    assert plain.origin is not None
    assert plain.origin.driver.target.scheme in ("sqlite", "postgresql", "mysql", "mariadb")
    assert plain.transaction is None
    assert (in_transaction.origin, in_transaction.transaction) == (None, trx)
    assert (in_savepoint.wanted, in_savepoint.transaction, in_savepoint.request) == ("effect", trx, {"tenant": 8})
    assert (on_connection.wanted, on_connection.origin, on_connection.transaction) == ("described rows", None, None)


async def test_many_sets_come_with_the_values_of_each(restored_db: Database) -> None:
    view = restored_db.with_plugin(plugin := Seen())
    sets = [{"id": 10, "name": "Tom"}, {"id": 11, "name": "Tim"}]
    await view.execute_many(renamed, sets)
    (call,) = plugin.calls
    assert (call.wanted, call.parameters) == ("many", tuple(sets))
    assert call.arguments == (("Tom", 10), ("Tim", 11))


async def test_a_call_knows_whether_it_certainly_only_reads(restored_db: Database) -> None:
    view = restored_db.with_plugin(plugin := Seen())
    await view.fetch_all(names)
    await view.fetch_json(names)
    await view.execute(update(pet).set(name="Tom").where(pet.id == 10))
    await view.execute(sql("DELETE FROM toy"))
    await view.fetch_all(sql("SELECT 1 AS one"))
    await view.fetch_all(select_from(pet).select(fn.call("abs", pet.id).as_("n")))
    # a SELECT of SQLite's cannot write, whatever it calls
    unsure = restored_db.dialect.name == "sqlite"
    assert [call.only_reads for call in plugin.calls] == [True, True, False, False, unsure, unsure]


async def test_a_plugin_s_own_statements_are_kept_with_the_write_and_changed_by_no_plugin(
    restored_db: Database,
) -> None:
    counting, seen = Counting(), Seen()
    view = restored_db.with_plugin(NoRows()).with_plugin(counting).with_plugin(seen)
    assert (await view.execute(delete_from(pet).where(pet.id == 10))).rows_affected == 0
    assert counting.counts == [{"n": 5}]
    price = select_from(toy).select(toy.price).where(toy.id == 100)
    assert await restored_db.fetch_value(price) == 0
    assert [call.compiled.sql.split()[0] for call in seen.calls] == ["DELETE", "SELECT", "UPDATE"]
    assert all(call.transaction is not None for call in seen.calls)


async def test_a_plugin_s_own_statements_are_undone_with_the_write(restored_db: Database) -> None:
    view = restored_db.with_plugin(Counting())
    price = select_from(toy).select(toy.price).where(toy.id == 100)
    with pytest.raises(ZeroDivisionError):
        async with view.transaction() as trx:
            await trx.execute(update(pet).set(name="Tom").where(pet.id == 10))
            assert await trx.fetch_value(price) == 0
            raise ZeroDivisionError
    assert await restored_db.fetch_value(price) == 5


async def test_a_plugin_is_not_asked_where_the_database_would_refuse(db: Database) -> None:
    view = db.with_plugin(plugin := Seen())
    async with db.transaction():
        with pytest.raises(UsageError, match="this task is in a transaction of this database"):
            await view.fetch_all(names)
    assert plugin.calls == []


# -- watchers -------------------------------------------------------------------------------------------------------


async def test_a_watcher_is_told_once_before_and_after_the_outermost_commit(restored_db: Database) -> None:
    view = restored_db.with_plugin(plugin := Watching())
    async with view.transaction() as trx:
        await trx.fetch_all(names)
        async with trx.transaction() as inner:
            await inner.with_plugin(Seen()).execute(update(pet).set(name="Tom").where(pet.id == 10))
        assert plugin.told == []
        trx.after_commit(lambda: plugin.told.append("function"))
    assert plugin.told == ["before", "after", "function"]


async def test_a_watcher_is_told_of_the_end_without_a_commit(restored_db: Database) -> None:
    view = restored_db.with_plugin(plugin := Watching())
    with pytest.raises(ZeroDivisionError):
        async with view.transaction() as trx:
            await trx.fetch_all(names)
            raise ZeroDivisionError
    assert plugin.told == ["after"]
    trx = await view.begin()
    await trx.fetch_all(names)
    await trx.rollback()
    assert plugin.told == ["after", "after"]
    async with view.transaction() as trx:
        await trx.fetch_all(names)
        await trx.execute(sql("COMMIT"))
    assert plugin.told == ["after", "after", "after"]


async def test_what_a_watcher_raises_before_the_commit_undoes_the_transaction(restored_db: Database) -> None:
    view = restored_db.with_plugin(plugin := Watching(fails=True))
    with pytest.raises(RuntimeError, match="no"):
        async with view.transaction() as trx:
            await trx.execute(update(pet).set(name="Tom").where(pet.id == 10))
    assert plugin.told == ["before", "after"]
    assert await restored_db.fetch_first(names) == {"name": "Rex"}


# -- streams --------------------------------------------------------------------------------------------------------


class NoStreams(Seen):
    """Lets no stream of people pass."""

    def before_stream(self, call: Call) -> None:
        if "person" in call.compiled.sql:
            raise ValueError("people do not flow")


async def test_a_plugin_can_refuse_a_stream(db: Database) -> None:
    view = db.with_plugin(NoStreams())
    assert [row["name"] async for row in view.stream(names.limit(1))] == ["Rex"]
    with pytest.raises(PluginError, match="the plugin NoStreams failed: ValueError: people do not flow"):
        view.stream(select_from(person).select(person.id))


@pytest.mark.databases("postgres")
async def test_a_write_inside_a_select_is_not_streamed_past_plugins(restored_db: Database) -> None:
    gone = cte("gone", delete_from(toy).where(toy.id == 100).returning(toy.id))
    query = with_(gone).select_from(gone).select(gone.id)
    with pytest.raises(UsageError, match="Seen: a write, and raw SQL, which may be one, cannot be streamed"):
        restored_db.with_plugin(Seen()).stream(query)
    assert [row async for row in restored_db.stream(query)] == [{"id": 100}]
    assert await restored_db.fetch_all(insert_into(toy).values(id=100, name="x", pet_id=1).returning(toy.id))
