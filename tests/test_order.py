"""Nested lists keep their ORDER BY: 300 owners with 200 shuffled rows each, two levels deep."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from typing import Any

import pytest

from querykit import Column, Database, Table, json_array_from, select_from, sql

OWNERS, ITEMS, PARTS = 300, 200, 3


class Owner(Table, name="order_owner"):
    id: Column[int]


class Item(Table, name="order_item"):
    id: Column[int]
    owner_id: Column[int]
    rank: Column[int]
    label: Column[str]


class Part(Table, name="order_part"):
    id: Column[int]
    item_id: Column[int]
    rank: Column[int]


owner, item, part = Owner(), Item(), Part()


@pytest.fixture(scope="module")
async def shuffled(database_name: str, urls: dict[str, str]) -> AsyncIterator[Database]:
    """A database with the three tables, their rows stored in no order at all."""
    dice = random.Random(7)
    keys = dice.sample(range(OWNERS * ITEMS), OWNERS * ITEMS)
    items = [
        (key, number % OWNERS, dice.randrange(50), f"n{dice.randrange(1000):03}") for number, key in enumerate(keys)
    ]
    parts = [
        (key * PARTS + place, key, dice.randrange(9))
        for key, owner_id, _, _ in items
        if owner_id < 30
        for place in range(PARTS)
    ]
    dice.shuffle(items)
    dice.shuffle(parts)
    async with Database(urls[database_name]) as db:
        await make(db, "order_owner", "id INTEGER PRIMARY KEY", [(number,) for number in range(OWNERS)])
        await make(db, "order_item", "id INTEGER PRIMARY KEY, owner_id INTEGER, {} INTEGER, label VARCHAR(9)", items)
        await make(db, "order_part", "id INTEGER PRIMARY KEY, item_id INTEGER, {} INTEGER", parts)
        await db.execute(sql("CREATE INDEX order_item_owner ON order_item (owner_id)"))
        await db.execute(sql("CREATE INDEX order_part_item ON order_part (item_id)"))
        yield db
        for name in ("order_owner", "order_item", "order_part"):
            await db.execute(sql("DROP TABLE {}", sql.id(name)))


async def make(db: Database, name: str, columns: str, rows: list[tuple[Any, ...]]) -> None:
    written = sql("CREATE TABLE {} ({})", sql.id(name), sql(columns, *[sql.id("rank")] * columns.count("{}")))  # type: ignore[arg-type]
    await db.execute(sql("DROP TABLE IF EXISTS {}", sql.id(name)))
    await db.execute(written)
    for start in range(0, len(rows), 5000):
        values = [sql("({})", sql.join(row)) for row in rows[start : start + 5000]]
        await db.execute(sql("INSERT INTO {} VALUES {}", sql.id(name), sql.join(values)))


async def test_every_list_of_many_is_in_order(shuffled):
    def key(row: dict[str, Any]) -> tuple[Any, ...]:
        return (-row["rank"], row["label"], row["id"])

    items = select_from(item).select(item.id, item.rank, item.label).where(item.owner_id == owner.id)
    ordered = items.order_by(item.rank.desc(), item.label, item.id)
    rows = await shuffled.fetch_all(
        select_from(owner).select(owner.id, json_array_from(ordered).as_("items")).order_by(owner.id)
    )
    assert [row["id"] for row in rows] == list(range(OWNERS))
    assert [len(row["items"]) for row in rows] == [ITEMS] * OWNERS
    unsorted = [row["id"] for row in rows if row["items"] != sorted(row["items"], key=key)]
    assert unsorted == []


async def test_two_lists_of_one_row_have_orders_of_their_own(shuffled):
    items = select_from(item).select(item.id).where(item.owner_id == owner.id)
    query = select_from(owner).select(
        json_array_from(items.order_by(item.id)).as_("up"), json_array_from(items.order_by(item.id.desc())).as_("down")
    )
    for row in await shuffled.fetch_all(query):
        ids = [each["id"] for each in row["up"]]
        assert ids == sorted(ids)
        assert [each["id"] for each in row["down"]] == ids[::-1]


async def test_both_levels_are_in_order(shuffled):
    parts = (
        select_from(part).select(part.id, part.rank).where(part.item_id == item.id).order_by(part.rank, part.id.desc())
    )
    items = (
        select_from(item)
        .select(item.id, item.label, json_array_from(parts).as_("parts"))
        .where(item.owner_id == owner.id)
        .order_by(item.label.desc(), item.id)
    )
    query = select_from(owner).select(json_array_from(items).as_("items")).where(owner.id < 30)
    rows = await shuffled.fetch_all(query)
    assert len(rows) == 30
    for row in rows:
        labels = [(each["label"], -each["id"]) for each in row["items"]]
        assert labels == sorted(labels, reverse=True)
        for each in row["items"]:
            assert len(each["parts"]) == PARTS
            assert each["parts"] == sorted(each["parts"], key=lambda it: (it["rank"], -it["id"]))


async def test_a_limit_takes_the_first_of_the_order_for_every_owner(shuffled):
    items = select_from(item).select(item.id).where(item.owner_id == owner.id)
    query = select_from(owner).select(
        json_array_from(items.order_by(item.id)).as_("all"),
        json_array_from(items.order_by(item.id).limit(5).offset(3)).as_("some"),
    )
    for row in await shuffled.fetch_all(query):
        assert row["some"] == row["all"][3:8]
