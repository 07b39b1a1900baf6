"""Random tasks read, write, commit, roll back and are cancelled: no read is older than a commit that returned before it.

Every write adds one. So what a read gives is known to lie between two numbers: the writes whose commit had returned when
it began, and the writes that may have been committed when it ended. Less is stale, more was never committed.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections import Counter
from typing import Any

from querykit import Column, Database, Table, fn, json_array_from, select_from, sql, update

TASKS, STEPS, KEYS = 10, 60, 3


class Shelf(Table, name="shelf"):
    id: Column[int]
    amount: Column[int]


class Box(Table, name="box"):
    id: Column[int]
    shelf_id: Column[int]
    amount: Column[int]


shelf, box = Shelf(), Box()
boxes = json_array_from(select_from(box).select(box.id, box.amount).where(box.shelf_id == shelf.id))
NESTED = select_from(shelf).select(shelf.id, shelf.amount, boxes.as_("boxes"))
READS = {
    "shelf": select_from(shelf).select(shelf.id, shelf.amount),
    "box": select_from(box).select(box.id, box.amount),
    "nested": NESTED,
    "total": select_from(shelf).select(fn.sum(shelf.amount).as_("amount")),
}


class UndoneError(Exception):
    """Rolls a transaction back."""


class World:
    """What is known of the amounts, and the handles on the database that tasks choose among."""

    def __init__(self, seed: int, *handles: Database) -> None:
        self.handles = handles
        self.random = random.Random(seed)
        self.kept: Counter[tuple[str, int]] = Counter()
        self.sent: Counter[tuple[str, int]] = Counter()

    @property
    def db(self) -> Database:
        return self.random.choice(self.handles)

    def amounts(self, name: str, rows: list[dict[str, Any]]) -> dict[tuple[str, int], int]:
        if name == "total":
            return {("total", 0): rows[0]["amount"]}
        own = "box" if name == "box" else "shelf"
        found = {(own, row["id"]): row["amount"] for row in rows}
        for row in rows if name == "nested" else ():
            found |= {("box", each["id"]): each["amount"] for each in row["boxes"]}
        return found

    async def read(self) -> None:
        name = self.random.choice(list(READS))
        before = Counter(self.kept)
        before["total", 0] = sum(count for (table, _), count in before.items() if table == "shelf")
        rows = await self.db.fetch_all(READS[name])
        after = Counter(self.sent)
        after["total", 0] = sum(count for (table, _), count in after.items() if table == "shelf")
        for place, amount in self.amounts(name, rows).items():
            assert before[place] <= amount <= after[place], f"{name} {place}: {before[place]} {amount} {after[place]}"

    async def write(self) -> None:
        table: Any = self.random.choice([shelf, box])
        key = self.random.randrange(KEYS)
        place = (table._name, key)
        adding = update(table).set(amount=table.amount + 1).where(table.id == key)
        if self.random.random() < 0.15:
            adding = sql("UPDATE {} SET amount = amount + 1 WHERE id = {}", sql.id(table._name), key)  # type: ignore[assignment]
        how = self.random.choice(["alone", "transaction", "savepoint", "undone", "savepoint undone", "connection"])
        if how == "alone":
            self.sent[place] += 1
            await self.db.execute(adding)
            self.kept[place] += 1
        elif how == "connection":
            self.sent[place] += 1
            async with self.db.connection() as connection:
                await connection.execute(adding)
                self.kept[place] += 1
        else:
            await self.write_in_transaction(adding, place, how)

    async def write_in_transaction(self, adding: Any, place: tuple[str, int], how: str) -> None:
        with contextlib.suppress(UndoneError):
            async with self.db.transaction() as trx:
                if how.startswith("savepoint"):
                    async with trx.transaction() as inner:
                        await inner.execute(adding)
                else:
                    await trx.execute(adding)
                await trx.fetch_all(NESTED)
                await self.pause()
                if how.endswith("undone"):
                    raise UndoneError
                self.sent[place] += 1
            self.kept[place] += 1

    async def pause(self) -> None:
        await asyncio.sleep(self.random.choice([0, 0, 0.001, 0.003]))

    async def task(self) -> None:
        for _ in range(STEPS):
            step = self.read if self.random.random() < 0.85 else self.write
            if self.random.random() < 0.1:
                cancelled = asyncio.create_task(step())
                await self.pause()
                cancelled.cancel()
                for outcome in await asyncio.gather(cancelled, return_exceptions=True):
                    assert outcome is None or isinstance(outcome, asyncio.CancelledError), outcome
            else:
                await step()
            await self.pause()

    async def run(self) -> None:
        async with asyncio.timeout(60), asyncio.TaskGroup() as tasks:
            for _ in range(TASKS):
                tasks.create_task(self.task())
