"""`TimestampsPlugin`: whatever writes a row writes the time, unless it sets it itself."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator
from typing import Any

import pytest
from pypika import Query
from pypika import Table as PypikaTable

from querykit import (
    DEFAULT,
    AwareDatetime,
    BuildError,
    Column,
    ConfigurationError,
    Database,
    PluginError,
    SoftDeletePlugin,
    Table,
    TimestampsPlugin,
    cte,
    delete_from,
    excluded,
    fn,
    insert_into,
    merge_into,
    param,
    replace_into,
    select_from,
    sql,
    table,
    update,
    values,
    with_,
)
from querykit.builder.compiled import dialect_named
from querykit.builder.statement import as_statement
from querykit.plugins.chain import PluginChain
from tests.expected import spelled
from tests.plugins.filtered import filtered_to


class Task(Table, name="timed_task"):
    id: Column[int]
    name: Column[str | None]
    created_at: Column[AwareDatetime | None]
    updated_at: Column[AwareDatetime | None]


task, loose, plain = Task(), table("timed_task"), table("plain_task")
old = PypikaTable("timed_task")
START = dt.datetime(2024, 1, 1, 12, tzinfo=dt.UTC)


class Clock:
    """A clock that goes on by an hour each time it is asked."""

    def __init__(self) -> None:
        self.asked = 0

    def __call__(self) -> dt.datetime:
        self.asked += 1
        return START + dt.timedelta(hours=self.asked)


def hour(number: int) -> dt.datetime:
    return START + dt.timedelta(hours=number)


INSTANT = {"postgres": "TIMESTAMPTZ", "sqlite": "TEXT"}


@pytest.fixture
async def bare(db: Database) -> AsyncIterator[Database]:
    """Two tables, of which one is timed."""
    for name in ("timed_task", "plain_task"):
        await db.execute(sql("DROP TABLE IF EXISTS {}", sql.id(name)))
    moment = INSTANT.get(db.dialect.name, "DATETIME(6)")
    columns = f"id INT PRIMARY KEY, name VARCHAR(20), created_at {moment} NULL, updated_at {moment} NULL"
    await db.execute(sql("CREATE TABLE timed_task ({})", sql.raw(columns)))  # type: ignore[arg-type]
    await db.execute(sql("CREATE TABLE plain_task (id INT PRIMARY KEY, name VARCHAR(20))"))
    yield db
    for name in ("timed_task", "plain_task"):
        await db.execute(sql("DROP TABLE {}", sql.id(name)))


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def timed(bare: Database, clock: Clock) -> Database:
    return bare.with_plugin(TimestampsPlugin(["timed_task"], clock=clock))


async def tasks(db: Database) -> list[tuple[Any, ...]]:
    """Every row, times as hours since the start."""
    rows = await db.fetch_all(select_from(task).select_all().order_by(task.id))
    hours = lambda at: None if at is None else (at - START) / dt.timedelta(hours=1)  # noqa: E731 - it is used once
    return [(row["id"], row["name"], hours(row["created_at"]), hours(row["updated_at"])) for row in rows]


# -- INSERT ---------------------------------------------------------------------------------------------------------


async def test_a_row_and_many_rows_and_rows_of_different_columns(timed: Database, clock: Clock) -> None:
    await timed.execute(insert_into(task).values(id=1, name="a"))
    await timed.execute(insert_into(task).values([{"id": 2}, {"id": 3}]))
    many = insert_into(task).values({"id": 4, "name": "d"}, {"id": 5, "created_at": hour(-1)}, {"id": 6, "name": None})
    await timed.execute(many)
    rows = await tasks(timed)
    assert [(row[0], row[2] is not None, row[3] is not None) for row in rows] == [(n, True, True) for n in range(1, 7)]
    assert rows[0] == (1, "a", rows[0][2], rows[0][2])
    assert rows[1][2:] == rows[2][2:]
    assert rows[3][2] == rows[3][3] == rows[4][3] == rows[5][2]
    assert rows[4][2] == -1
    assert len({row[3] for row in rows}) == 3


async def test_one_statement_has_one_time(timed: Database, clock: Clock) -> None:
    query = insert_into(task).values([{"id": 1}, {"id": 2}])
    asked = clock.asked
    await timed.execute(query)
    assert clock.asked <= asked + 1
    await timed.execute(delete_from(task).all_rows())
    asked = clock.asked
    await timed.execute(query)
    assert clock.asked == asked + 1  # what is kept of the query is no time
    rows = await tasks(timed)
    assert {row[2] for row in rows} == {row[3] for row in rows} == {clock.asked}


async def test_what_a_statement_sets_itself_stays(timed: Database) -> None:
    mine = {"created_at": hour(-5), "updated_at": None}
    await timed.execute(insert_into(task).values(id=1, **mine))
    await timed.execute(insert_into(task).values({task.id: 2, task.updated_at: hour(-3)}))
    assert (await tasks(timed))[0] == (1, None, -5, None)
    second = (await tasks(timed))[1]
    assert second[3] == -3
    assert second[2] is not None
    await timed.execute(update(task).set(updated_at=hour(-2)).where(task.id == 1))
    await timed.execute(update(task).set({task.updated_at: None}).where(task.id == 2))
    assert [row[3] for row in await tasks(timed)] == [-2, None]


async def test_default_values_and_defaults(timed: Database) -> None:
    await timed.execute(insert_into(loose).values({"id": 1, "created_at": DEFAULT}))
    assert all((await tasks(timed))[0][2:])
    if timed.dialect.name == "sqlite":  # where a key may be made
        await timed.execute(insert_into(task).default_values())
        assert all((await tasks(timed))[0][2:])
    filtered_to(
        TimestampsPlugin(["timed_task"]),
        insert_into(task).default_values(),
        spelled(
            'INSERT INTO "timed_task" ("created_at", "updated_at") VALUES (NOW(), NOW())',
            mysql="INSERT INTO `timed_task` (`created_at`, `updated_at`) VALUES (NOW(6), NOW(6))",
            mariadb="INSERT INTO `timed_task` (`created_at`, `updated_at`) VALUES (NOW(6), NOW(6))",
            sqlite="INSERT INTO \"timed_task\" (\"created_at\", \"updated_at\") VALUES (STRFTIME('%Y-%m-%d %H:%M:%f000+00:00', 'now'), STRFTIME('%Y-%m-%d %H:%M:%f000+00:00', 'now'))",
        ),
    )


def through(query: Any, *tables: str, dialect: str = "sqlite", **options: Any) -> Any:
    """What the plugin makes of a query."""
    chain = PluginChain([TimestampsPlugin(tables or ["timed_task"], **options)])
    return chain.prepare(as_statement(query), dialect_named(dialect)).statement


some = select_from(plain).select(plain.id, plain.name).where(plain.id < 3)
found, inner = cte("found", some), some.as_("inner_rows")
SOURCES: dict[str, Any] = {
    "a query": some,
    "distinct rows": some.distinct(),
    "groups": (
        select_from(plain).select(fn.max(plain.id).as_("id"), plain.name).where(plain.id < 3).group_by(plain.name)
    ),
    "limited rows": select_from(plain).select(plain.id, plain.name).order_by(plain.id).limit(2),
    "a set operation": some.where(plain.id == 1).union(some.where(plain.id == 2)),
    "a set operation in another": some.union_all(some.where(plain.id < 0)).except_(some.where(plain.id > 2)),
    "a CTE": with_(found).select_from(found).select(found.id, found.name),
    "a derived table": select_from(inner).select(inner.id, inner.name),
    "rows of the program": values({"id": 1, "name": "x"}, {"id": 2, "name": "y"}),
}


@pytest.mark.parametrize("source", SOURCES)
async def test_the_rows_of_a_query_get_times(timed: Database, clock: Clock, source: str) -> None:
    await timed.execute(insert_into(plain).values([{"id": n, "name": f"task {n}"} for n in (1, 2, 3)]))
    query = SOURCES[source]
    await timed.execute(insert_into(task).columns("id", "name").from_select(query))
    rows = await tasks(timed)
    assert [row[0] for row in rows] == [1, 2]
    assert {row[2] for row in rows} == {row[3] for row in rows} == {clock.asked}


async def test_a_query_that_gives_one_of_the_times(timed: Database) -> None:
    await timed.execute(insert_into(task).values(id=1, name="first"))
    copied = select_from(task).select((task.id + 1).as_("id"), task.name, task.created_at)
    await timed.execute(insert_into(task).from_select(copied))
    first, second = await tasks(timed)
    assert second[2] == first[2]
    assert second[3] > first[3]


def test_inserts_whose_columns_nobody_knows_are_refused() -> None:
    with pytest.raises(BuildError, match="has to name its columns"):
        through(Query.into(old).insert(1, "a", None, None))
    with pytest.raises(BuildError, match="rows of raw SQL"):
        through(insert_into(task).columns("id").from_select(sql("SELECT 1")))
    positional = Query.into(PypikaTable("plain_task")).insert(1, "a")
    assert through(positional).compile("sqlite").sql == as_statement(positional).compile("sqlite").sql


# -- upserts --------------------------------------------------------------------------------------------------------


async def test_an_upsert_keeps_the_first_time(timed: Database) -> None:
    def upsert(name: str) -> Any:
        return insert_into(task).values(id=1, name=name).on_conflict(task.id).do_update(name=excluded.name)

    await timed.execute(upsert("a"))
    (before,) = await tasks(timed)
    await timed.execute(upsert("b"))
    (after,) = await tasks(timed)
    assert after[:3] == (1, "b", before[2])
    assert after[3] > before[3]
    await timed.execute(insert_into(task).values(id=1).on_conflict(task.id).do_nothing())
    assert await tasks(timed) == [after]
    mine = insert_into(task).values(id=1).on_conflict(task.id).do_update(updated_at=hour(-9))
    await timed.execute(mine)
    assert (await tasks(timed))[0][2:] == (after[2], -9)


@pytest.mark.databases("mysql", "mariadb", "sqlite")
async def test_a_row_that_is_replaced_is_new(timed: Database) -> None:
    await timed.execute(insert_into(task).values(id=1, name="a"))
    (before,) = await tasks(timed)
    await timed.execute(replace_into(task).values(id=1, name="b"))
    (after,) = await tasks(timed)
    assert after[1] == "b"
    assert after[2] == after[3] > before[2]


# -- UPDATE and MERGE -----------------------------------------------------------------------------------------------


async def test_an_update_writes_the_last_time(timed: Database) -> None:
    await timed.execute(insert_into(task).values([{"id": 1}, {"id": 2}]))
    before = await tasks(timed)
    assert (await timed.execute(update(task).set(name="x").where(task.id == 1))).rows_affected == 1
    await timed.execute(Query.update(old).set(old.name, "y").where(old.id == 2))
    after = await tasks(timed)
    assert [row[:3] for row in after] == [(1, "x", before[0][2]), (2, "y", before[1][2])]
    assert before[0][3] < after[0][3] < after[1][3]
    aliased = task.as_("t")
    await timed.execute(update(aliased).set(name="z").where(aliased.id == 1))
    assert (await tasks(timed))[0][3] > after[1][3]


async def test_an_update_with_joins_writes_the_tables_that_it_sets(timed: Database) -> None:
    await timed.execute(insert_into(task).values(id=1))
    await timed.execute(insert_into(plain).values(id=1, name="new"))
    await timed.execute(update(task).inner_join(plain, plain.id == task.id).set(name=plain.name))
    (row,) = await tasks(timed)
    assert row[1] == "new"
    assert row[3] > row[2]
    await timed.execute(update(plain).inner_join(task, plain.id == task.id).set(name="x"))
    assert (await tasks(timed))[0] == row
    if timed.dialect.name in ("mysql", "mariadb"):
        both = update(plain).inner_join(task, plain.id == task.id).set({plain.name: "y", task.name: "y"})
        await timed.execute(both)
        assert (await tasks(timed))[0][3] > row[3]


@pytest.mark.databases("postgres")
async def test_a_merge_writes_them_in_its_branches(timed: Database) -> None:
    await timed.execute(insert_into(task).values(id=1, name="a"))
    (before,) = await tasks(timed)
    await timed.execute(insert_into(plain).values([{"id": 1, "name": "x"}, {"id": 2, "name": "y"}]))
    merged = merge_into(task).using(plain, plain.id == task.id)
    merged = merged.when_matched().do_update(name=plain.name).when_not_matched().do_insert(id=plain.id, name=plain.name)
    await timed.execute(merged)
    first, second = await tasks(timed)
    assert first[:3] == (1, "x", before[2])
    assert first[3] > before[3]
    assert second == (2, "y", first[3], first[3])
    await timed.execute(merge_into(task).using(plain, plain.id == task.id).when_matched().do_delete())
    assert await tasks(timed) == []


@pytest.mark.databases("postgres")
async def test_writes_in_ctes_write_them_too(timed: Database) -> None:
    await timed.execute(insert_into(task).values(id=1))
    written = cte("written", update(task).set(name="x").where(task.id == 1).returning(task.updated_at))
    at = await timed.fetch_value(with_(written).select_from(written).select(written.updated_at))
    assert at == (await timed.fetch_value(select_from(task).select(task.updated_at)))
    assert at > await timed.fetch_value(select_from(task).select(task.created_at))


# -- ways to the database ---------------------------------------------------------------------------------------------


async def test_transactions_many_sets_and_parts(timed: Database, clock: Clock) -> None:
    async with timed.transaction() as trx:
        await trx.execute(insert_into(task).values(id=1))
        async with trx.transaction() as inner:
            await inner.execute(insert_into(task).values(id=2))
    renamed = update(task).set(name=param("name", str)).where(task.id == param("id", int))
    await timed.execute_many(renamed, [{"id": 1, "name": "a"}, {"id": 2, "name": "b"}])
    rows = await tasks(timed)
    assert [row[1] for row in rows] == ["a", "b"]
    assert all(row[3] > row[2] for row in rows)
    await timed.execute(insert_into(task).values([{"id": n} for n in range(10, 20_000)]))
    count = select_from(task).select(fn.count()).where(task.id > 9, task.created_at == task.updated_at)
    assert await timed.fetch_value(count) == 19_990


async def test_a_prepared_write_writes_the_time_of_each_run(timed: Database, clock: Clock) -> None:
    add = timed.prepare(insert_into(task).values(id=param("id", int)))
    for number in (1, 2):
        await add.execute(id=number)
    assert [row[2] for row in await tasks(timed)] == [clock.asked - 1, clock.asked]


@pytest.mark.databases("postgres")
async def test_copied_rows_are_refused_without_the_times(timed: Database) -> None:
    with pytest.raises(BuildError, match="copy_into"):
        await timed.copy_into(task, [{"id": 1}])
    await timed.copy_into(task, [{"id": 1, "created_at": START, "updated_at": START}])
    assert await tasks(timed) == [(1, None, 0, 0)]


@pytest.mark.databases("postgres", "sqlite", "mariadb")
async def test_what_was_written_is_returned(timed: Database, clock: Clock) -> None:
    row = await timed.fetch_one(insert_into(task).values(id=1).returning(task.created_at, task.updated_at))
    assert row == {"created_at": hour(clock.asked), "updated_at": hour(clock.asked)}


# -- the time -------------------------------------------------------------------------------------------------------


async def test_the_database_gives_the_time_without_a_clock(bare: Database) -> None:
    db = bare.with_plugin(TimestampsPlugin(["timed_task"]))
    for target in (task, loose):
        await db.execute(delete_from(task).all_rows())
        before = dt.datetime.now(dt.UTC) - dt.timedelta(seconds=5)
        await db.execute(insert_into(target).values(id=1))
        await db.execute(update(target).set(name="x").where(target.id == 1))
        row = await db.fetch_one(select_from(task).select(task.created_at, task.updated_at))
        assert before < row["created_at"] <= row["updated_at"] < before + dt.timedelta(seconds=60)


class NaiveTask(Table, name="timed_task"):
    id: Column[int]
    created_at: Column[dt.datetime | None]
    updated_at: Column[dt.datetime | None]


class NumberedTask(Table, name="timed_task"):
    id: Column[int]
    created_at: Column[int]


async def test_naive_columns_hold_utc(db: Database) -> None:
    naive = NaiveTask()
    moment = {"postgres": "TIMESTAMP", "sqlite": "TEXT"}.get(db.dialect.name, "DATETIME(6)")
    await db.execute(sql("DROP TABLE IF EXISTS timed_task"))
    columns = f"id INT PRIMARY KEY, created_at {moment} NULL, updated_at {moment} NULL"
    await db.execute(sql("CREATE TABLE timed_task ({})", sql.raw(columns)))  # type: ignore[arg-type]
    view = db.with_plugin(TimestampsPlugin(["timed_task"]))
    before = dt.datetime.now(dt.UTC).replace(tzinfo=None)
    await view.execute(insert_into(naive).values(id=1))
    row = await db.fetch_one(select_from(naive).select_all())
    assert before <= row["created_at"] == row["updated_at"] < before + dt.timedelta(seconds=60)
    await db.execute(sql("DROP TABLE timed_task"))


async def test_columns_of_other_types_need_a_clock(db: Database) -> None:
    numbered = NumberedTask()
    with pytest.raises(BuildError, match=r"timed_task\.created_at holds int: say TimestampsPlugin\(clock=…\)"):
        through(insert_into(numbered).values(id=1))
    await db.execute(sql("DROP TABLE IF EXISTS timed_task"))
    await db.execute(sql("CREATE TABLE timed_task (id INT, created_at BIGINT)"))
    view = db.with_plugin(TimestampsPlugin(["timed_task"], updated_at=None, clock=lambda: 1_700_000_000))
    await view.execute(insert_into(numbered).values(id=1))
    await view.execute(insert_into(loose).values(id=2))
    assert await db.fetch_column(select_from(numbered).select(numbered.created_at)) == [1_700_000_000] * 2
    wrong = db.with_plugin(TimestampsPlugin(["timed_task"], updated_at=None, clock=lambda: START))
    with pytest.raises(BuildError, match="takes int, not a datetime with a time zone"):
        await wrong.execute(insert_into(numbered).values(id=1))
    broken = db.with_plugin(TimestampsPlugin(["timed_task"], updated_at=None, clock=lambda: 1 // 0))
    with pytest.raises((PluginError, ZeroDivisionError)):
        await broken.execute(insert_into(numbered).values(id=1))
    await db.execute(sql("DROP TABLE timed_task"))


def test_other_names_and_other_tables() -> None:
    renamed = through(insert_into(loose).values(id=1), created_at="born", updated_at=None)
    assert [column.name for column in renamed.targets] == ["id", "born"]
    assert [column.name for column, _ in through(update(loose).set(id=1).all_rows(), updated_at=None).assignments] == [
        "id"
    ]
    untimed = insert_into(loose).values(id=1).compile("sqlite").sql
    assert through(insert_into(loose).values(id=1), created_at=None, updated_at=None).compile("sqlite").sql == untimed
    for query in (
        insert_into(plain).values(id=1),
        update(plain).set(name="x").all_rows(),
        select_from(task).select(task.id),
        delete_from(task).all_rows(),
    ):
        assert through(query).compile("sqlite").sql == query.compile("sqlite").sql
    for name, is_timed in (("shop.timed_task", True), ("other.timed_task", False), ("timed_task", True)):
        of_shop = table("timed_task", schema="shop")
        assert (len(through(insert_into(of_shop).values(id=1), name).targets) == 3) == is_timed
    with pytest.raises(BuildError, match=r"names no schema, and the tables of TimestampsPlugin know it as shop\."):
        through(insert_into(task).values(id=1), "shop.timed_task")
    with pytest.raises(ConfigurationError, match="as a list of names, not as 'timed_task'"):
        TimestampsPlugin("timed_task")


def test_names_are_compared_as_the_database_does() -> None:
    shouted = table("TIMED_TASK")
    mine = insert_into(shouted).values({"id": 1, "Created_At": START})
    for dialect, names in {
        "postgres": ["id", "Created_At"],
        "mysql": ["id", "Created_At", "updated_at"],
        "mariadb": ["id", "Created_At", "updated_at"],
        "sqlite": ["id", "Created_At", "updated_at"],
    }.items():
        assert [column.name for column in through(mine, dialect=dialect).targets] == names
    set_both = update(shouted).set({"Updated_At": START}).all_rows()
    assert len(through(set_both, dialect="mysql").assignments) == 1
    assert len(through(set_both, "TIMED_TASK", dialect="postgres").assignments) == 2


# -- beside SoftDeletePlugin ------------------------------------------------------------------------------------------


class Item(Table, name="timed_item"):
    id: Column[int]
    name: Column[str]


item, of_item = Item(), table("timed_item")
LATER = dt.datetime(2025, 5, 5, tzinfo=dt.UTC)
soft = SoftDeletePlugin("gone_at", ["timed_item"], clock=lambda: LATER)
ITEM_PLUGINS = [soft, TimestampsPlugin(["timed_item"], clock=lambda: LATER)]


@pytest.fixture(params=[1, -1], ids=["deletions first", "times first"])
async def items(request: pytest.FixtureRequest, db: Database) -> AsyncIterator[Database]:
    """Three items, of which the last is deleted, with both plugins."""
    await db.execute(sql("DROP TABLE IF EXISTS timed_item"))
    times = f" {INSTANT.get(db.dialect.name, 'DATETIME(6)')} NULL"
    columns = f"id INT PRIMARY KEY, name VARCHAR(20), gone_at{times}, created_at{times}, updated_at{times}"
    await db.execute(sql("CREATE TABLE timed_item ({})", sql.raw(columns)))  # type: ignore[arg-type]
    for number in (1, 2, 3):
        row = {"id": number, "name": "x", "gone_at": START if number == 3 else None, "updated_at": START}
        await db.execute(insert_into(of_item).values(row))
    view = db
    for each in ITEM_PLUGINS[:: request.param]:
        view = view.with_plugin(each)
    yield view
    await db.execute(sql("DROP TABLE timed_item"))


async def item_times(db: Database) -> list[tuple[Any, ...]]:
    """Of every item: its id, whether it is there, and whether it was written since the start."""
    seen = (of_item.gone_at.is_null().as_("is_there"), (of_item.updated_at != START).as_("is_new"))
    rows = await db.without_plugins().fetch_all(select_from(of_item).select(of_item.id, *seen).order_by(of_item.id))
    return [(row["id"], bool(row["is_there"]), bool(row["is_new"])) for row in rows]


async def test_a_soft_deletion_and_a_restoration_write_the_last_time(items: Database) -> None:
    deletion = delete_from(item).where(item.id < 3)
    for plugins in (ITEM_PLUGINS, ITEM_PLUGINS[::-1]):
        filtered_to(
            plugins,
            deletion.where(item.id > 1),
            spelled(
                'UPDATE "timed_item" SET "gone_at" = $1, "updated_at" = $2 WHERE "timed_item"."gone_at" IS NULL AND '
                '"timed_item"."id" < $3 AND "timed_item"."id" > $4',
                ("supplied.SoftDeletePlugin.now", "supplied.TimestampsPlugin.now", 3, 1),
            ),
        )
    assert (await items.execute(deletion.where(item.id > 1))).rows_affected == 1
    assert await item_times(items) == [(1, True, False), (2, False, True), (3, False, False)]
    assert (await items.execute(update(item).set(name="back").restore().where(item.id == 3))).rows_affected == 1
    assert await item_times(items) == [(1, True, False), (2, False, True), (3, True, True)]
    assert (await items.execute(deletion.where(item.id == 2).only_deleted().hard_delete())).rows_affected == 1
    assert await item_times(items) == [(1, True, False), (3, True, True)]


@pytest.mark.databases("postgres")
async def test_a_deletion_by_merge_writes_the_last_time(items: Database) -> None:
    wanted = values({"id": 1}, {"id": 3}).as_("wanted")
    merged = merge_into(item).using(wanted, wanted.id == item.id).when_matched().do_delete()
    await items.execute(merged)
    assert await item_times(items) == [(1, False, True), (2, True, False), (3, False, False)]


@pytest.mark.databases("mysql", "mariadb")
async def test_a_deletion_from_two_tables_writes_both(items: Database) -> None:
    other = item.as_("other")
    both = delete_from(item, other).inner_join(other, other.id == item.id + 1).where(item.id == 1)
    await items.execute(both)
    assert await item_times(items) == [(1, False, True), (2, False, True), (3, False, False)]
