"""Every two plugins together, in both orders: each does what it does alone, and neither undoes the other.

The rows expected of a pair are computed from the rows of the tables, by what each plugin is said to do.
"""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import AsyncIterator, Callable
from typing import Any

import msgspec
import pytest
from pypika import Query
from pypika import Table as PypikaTable

from querykit import (
    AuditPlugin,
    CamelCasePlugin,
    CircuitBreakerPlugin,
    Column,
    CompileError,
    Database,
    DeduplicateJoinsPlugin,
    ParseJSONResultsPlugin,
    Plugin,
    RequireWherePlugin,
    RetryPlugin,
    RowLevelSecurityPlugin,
    SoftDeletePlugin,
    Table,
    TimestampsPlugin,
    WithSchemaPlugin,
    insert_into,
    json_array_from,
    json_object_from,
    plugins,
    select_from,
    sql,
    table,
)
from querykit.plugins import CachePlugin

PLUGINS: dict[str, Callable[[str], Plugin]] = {
    "AuditPlugin": lambda _: AuditPlugin(table="pair_log", actor="ada", key="id"),
    "CachePlugin": lambda _: CachePlugin(),
    "CamelCasePlugin": lambda _: CamelCasePlugin(),
    "CircuitBreakerPlugin": lambda _: CircuitBreakerPlugin(),
    "DeduplicateJoinsPlugin": lambda _: DeduplicateJoinsPlugin(),
    "ParseJSONResultsPlugin": lambda _: ParseJSONResultsPlugin(["more_about"]),
    "RequireWherePlugin": lambda _: RequireWherePlugin(),
    "RetryPlugin": lambda _: RetryPlugin(),
    "TimestampsPlugin": lambda _: TimestampsPlugin(["pair_chair"], clock=lambda: 1_700_000_000),
    "RowLevelSecurityPlugin": lambda _: RowLevelSecurityPlugin(
        {name: lambda table, ctx: table.tenant_id == ctx.tenant for name in ("pair_room", "pair_chair")},
        shared=["pair_house"],
    ),
    "SoftDeletePlugin": lambda _: SoftDeletePlugin("gone_at", ["pair_room", "pair_chair"]),
    "WithSchemaPlugin": WithSchemaPlugin,
}
"""How each is made, given the schema of the tables."""


class House(Table, name="pair_house"):
    id: Column[int]
    street_name: Column[str]


class Room(Table, name="pair_room"):
    id: Column[int]
    room_name: Column[str]
    house_id: Column[int]
    tenant_id: Column[int]


class Chair(Table, name="pair_chair"):
    id: Column[int]
    chair_name: Column[str]
    room_id: Column[int]
    tenant_id: Column[int]


TABLES = {
    "pair_house": "id INT PRIMARY KEY, street_name VARCHAR(20), more_about TEXT",
    "pair_room": "id INT PRIMARY KEY, room_name VARCHAR(20), house_id INT, more_about TEXT, tenant_id INT, gone_at {moment}",
    "pair_chair": (
        "id INT PRIMARY KEY, chair_name VARCHAR(20), room_id INT, tenant_id INT, gone_at {moment}, created_at BIGINT, "
        "updated_at BIGINT"
    ),
}
LOG = (
    "id INT, changed_at {instant}, actor VARCHAR(20), action VARCHAR(20), table_name VARCHAR(50), row_key JSON, "
    "old_values JSON, new_values JSON"
)
INSTANT = {"postgres": "TIMESTAMPTZ", "sqlite": "TEXT"}
ABOUT = {"snake_key": ["[1]"]}
TEXT = msgspec.json.encode(ABOUT).decode()
HOUSES = [{"id": n, "street_name": f"street {n}", "more_about": TEXT} for n in (1, 2)]
MOMENTS = {"postgres": "TIMESTAMPTZ", "sqlite": "TEXT"}
GONE = dt.datetime(2024, 1, 1, tzinfo=dt.UTC)


def owned(number: int) -> dict[str, Any]:
    """Of ten rows the eighth is another tenant's, and the ninth is deleted."""
    return {"tenant_id": 2 if number == 8 else 1, "gone_at": GONE if number == 9 else None}


ROOMS: list[dict[str, Any]] = [
    {"id": n, "room_name": f"room {n}", "house_id": 1 + n % 2, "more_about": TEXT, **owned(n)} for n in range(1, 11)
]
CHAIRS: list[dict[str, Any]] = [
    {"id": n, "chair_name": f"chair {n}", "room_id": 1 + n % 5, **owned(n)} for n in range(1, 11)
]

house, room, chair = House(), Room(), Chair()
open_house, open_chair = table("pair_house"), table("pair_chair")

chairs = select_from(chair).select(chair.chair_name).where(chair.room_id == room.id).order_by(chair.id)
rooms = (
    select_from(room)
    .select(room.room_name, json_array_from(chairs).as_("all_chairs"))
    .where(room.house_id == house.id)
    .order_by(room.id)
)
first_room = (
    select_from(room).select(room.id, room.room_name).where(room.house_id == house.id).order_by(room.id).limit(1)
)
nested = (
    select_from(house)
    .select(house.street_name, json_array_from(rooms).as_("all_rooms"), json_object_from(first_room).as_("first_room"))
    .order_by(house.id)
)
old_house, old_room = PypikaTable("pair_house"), PypikaTable("pair_room")
old = (
    Query.from_(old_room)
    .join(old_house)
    .on(old_house.id == old_room.house_id)
    .select(old_room.room_name, old_house.street_name)
    .orderby(old_room.id)
)
undeclared = select_from(open_house).select(open_house.id, open_house.more_about).order_by(open_house.id)


def camel(value: Any) -> Any:
    """Rows with their keys as `CamelCasePlugin` has them, written out for the names used here."""
    names = {"street_name": "streetName", "all_rooms": "allRooms", "room_name": "roomName", "all_chairs": "allChairs"}
    names |= {"chair_name": "chairName", "first_room": "firstRoom", "more_about": "moreAbout"}
    if isinstance(value, list):
        return [camel(each) for each in value]
    if isinstance(value, dict) and value != ABOUT:
        return {names.get(key, key): camel(each) for key, each in value.items()}
    return value


class Expected:
    """What the tables give through plugins of these names."""

    def __init__(self, names: set[str]) -> None:
        self.names = names

    def seen(self, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """The rows that there are, to those who look through the plugins."""
        if "RowLevelSecurityPlugin" in self.names:
            rows = [each for each in rows if each["tenant_id"] == 1]
        return [each for each in rows if each["gone_at"] is None] if "SoftDeletePlugin" in self.names else rows

    def rows(self, rows: list[dict[str, Any]]) -> Any:
        return camel(rows) if "CamelCasePlugin" in self.names else rows

    def nested(self) -> Any:
        found = []
        chairs = self.seen(CHAIRS)
        for one in HOUSES:
            own = [each for each in self.seen(ROOMS) if each["house_id"] == one["id"]]
            all_rooms = [
                {
                    "room_name": each["room_name"],
                    "all_chairs": [{"chair_name": c["chair_name"]} for c in chairs if c["room_id"] == each["id"]],
                }
                for each in own
            ]
            first = {"id": own[0]["id"], "room_name": own[0]["room_name"]} if own else None
            found.append({"street_name": one["street_name"], "all_rooms": all_rooms, "first_room": first})
        return self.rows(found)

    def old(self) -> Any:
        streets = {each["id"]: each["street_name"] for each in HOUSES}
        return self.rows(
            [{"room_name": r["room_name"], "street_name": streets[r["house_id"]]} for r in self.seen(ROOMS)]
        )

    def undeclared(self) -> Any:
        about = ABOUT if "ParseJSONResultsPlugin" in self.names else TEXT
        return self.rows([{"id": each["id"], "more_about": about} for each in HOUSES])


@pytest.fixture(scope="module")
async def schema(database_name: str, urls: dict[str, str]) -> AsyncIterator[str]:
    """The tables, and the name of the schema that they are in."""
    async with Database(urls[database_name]) as db:
        for name, columns in TABLES.items():
            await db.execute(sql("DROP TABLE IF EXISTS {}", sql.id(name)))
            text: Any = columns.format(moment=MOMENTS.get(database_name, "DATETIME(6)"))
            await db.execute(sql("CREATE TABLE {} ({})", sql.id(name), sql.raw(text)))
        instant = INSTANT.get(database_name, "DATETIME(6)")
        await db.execute(sql("DROP TABLE IF EXISTS pair_log"))
        await db.execute(sql("CREATE TABLE pair_log ({})", sql.raw(LOG.format(instant=instant))))  # type: ignore[arg-type]
        for rows_of, rows in ((open_house, HOUSES), (table("pair_room"), ROOMS), (open_chair, CHAIRS)):
            await db.execute(insert_into(rows_of).values(rows))
        asked = {"sqlite": "SELECT 'main' AS s", "postgres": "SELECT current_schema() AS s"}
        yield await db.fetch_value(sql.raw(asked.get(database_name, "SELECT DATABASE() AS s")))  # type: ignore[arg-type]
        for name in (*TABLES, "pair_log"):
            await db.execute(sql("DROP TABLE {}", sql.id(name)))


async def reads(handle: Any, expected: Expected) -> None:
    """Read all of it, by lists, streams and PyPika's queries."""
    assert await handle.fetch_all(nested) == expected.nested()
    assert [row async for row in handle.stream(nested, chunk_size=1)] == expected.nested()
    assert await handle.fetch_all(old) == expected.old()
    assert [row async for row in handle.stream(old)] == expected.old()
    assert await handle.fetch_all(undeclared) == expected.undeclared()
    assert await handle.fetch_column(select_from(room).select(room.id).order_by(room.id)) == [
        each["id"] for each in expected.seen(ROOMS)
    ]


async def joins(handle: Any, names: set[str], expected: Expected) -> None:
    """Join a table twice, which is an error unless `DeduplicateJoinsPlugin` is there."""
    twice = select_from(room).select(room.id)
    for _ in range(2):
        twice = twice.inner_join(house, house.id == room.house_id)
    if "DeduplicateJoinsPlugin" in names:
        assert len(await handle.fetch_all(twice)) == len(expected.seen(ROOMS))
    else:
        with pytest.raises(CompileError, match="stands twice"):
            await handle.fetch_all(twice)


class UndoError(Exception):
    """Raised to roll back."""


async def writes(db: Any, names: set[str], expected: Expected) -> None:
    """Write in a transaction, read there what was written, and undo it."""
    with pytest.raises(UndoError):
        async with db.transaction() as trx:
            new = {"id": 11, "chair_name": "new", "room_id": 5, "tenant_id": 1}
            assert (await trx.insert_into(chair).values(new).execute()).rows_affected == 1
            assert (await trx.update(chair).set(chair_name="newer").where(chair.id == 11).execute()).rows_affected == 1
            one = trx.select_from(chair).select(chair.chair_name).where(chair.id == 11)
            assert await one.fetch_all() == expected.rows([{"chair_name": "newer"}])
            time = 1_700_000_000 if "TimestampsPlugin" in names else None
            for column in ("created_at", "updated_at"):
                assert await trx.fetch_column(one.clear_select().select(open_chair[column])) == [time]
            everything = trx.delete_from(chair).where(chair.id == chair.id)
            if "RequireWherePlugin" in names:
                with pytest.raises(CompileError, match="leave none out"):
                    await everything.execute()
            else:
                assert (await everything.execute()).rows_affected == len(expected.seen(CHAIRS)) + 1
            if "AuditPlugin" in names:
                log = table("pair_log")
                actions = trx.without_plugins().fetch_column(select_from(log).select(log.action))
                deleted = 0 if "RequireWherePlugin" in names else len(expected.seen(CHAIRS)) + 1
                deletion = "soft_delete" if "SoftDeletePlugin" in names else "delete"
                assert sorted(await actions) == sorted([deletion] * deleted + ["insert", "update"])
            raise UndoError


PAIRS = list(itertools.permutations(PLUGINS, 2))


@pytest.mark.parametrize("pair", PAIRS, ids=" and ".join)
async def test_two_plugins_do_what_each_does_alone(db: Database, schema: str, pair: tuple[str, str]) -> None:
    names = set(pair)
    expected = Expected(names)
    view = db.with_context(tenant=1)
    for name in pair:
        view = view.with_plugin(PLUGINS[name](schema))
    for _ in range(2):  # the second time, from what was kept
        await reads(view, expected)
    async with view.transaction() as trx:
        await reads(trx, expected)
    await joins(view, names, expected)
    await writes(view, names, expected)
    await reads(view, expected)


async def test_all_of_them_do_what_each_does_alone(db: Database, schema: str) -> None:
    names = set(PLUGINS)
    for order in (1, -1):
        view = db.with_context(tenant=1)
        for name in list(PLUGINS)[::order]:
            view = view.with_plugin(PLUGINS[name](schema))
        for _ in range(2):
            await reads(view, Expected(names))
        async with view.transaction() as trx:
            await reads(trx, Expected(names))
        await joins(view, names, Expected(names))
        await writes(view, names, Expected(names))


def test_every_plugin_is_paired_here() -> None:
    exported = [vars(plugins)[name] for name in plugins.__all__]
    kinds = {each.__name__ for each in exported if isinstance(each, type) and issubclass(each, Plugin)}
    assert kinds - {"Plugin", "TablePlugin", "ReadsOnly", "Unaudited"} == set(PLUGINS)  # the last are said of one query
