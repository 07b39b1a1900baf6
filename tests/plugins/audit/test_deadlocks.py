"""Tasks that write rows side by side do not wait for each other in a ring, or are started again where they do."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from querykit import Plugin, delete_from, excluded, insert_into, update
from querykit.errors import DeadlockError
from tests.plugins.audit.conftest import Audited, card, seat

TASKS = 12


async def test_rows_that_are_not_there_are_upserted_side_by_side(audited: Audited) -> None:
    """MySQL locks the gap in which a row is looked for and not found: two in one gap could not insert."""
    rounds = 4

    async def work(number: int) -> None:
        for each in range(rounds):
            row = insert_into(seat).values(hall=f"hall {each}", number=number, guest="x")
            async with audited.db.transaction() as trx:  # in which nothing is done again
                await trx.execute(row.on_conflict(seat.hall, seat.number).do_update(guest=excluded.guest))

    await asyncio.gather(*[work(number) for number in range(TASKS)])
    entries = await audited.entries()
    assert {entry[0] for entry in entries} == {"insert"}
    assert len(entries) == len(await audited.rows(seat)) == TASKS * rounds


async def test_one_row_is_upserted_by_many(audited: Audited) -> None:
    """Each sees what the one before left."""
    row = insert_into(card).values(title="a", points=1)
    upsert = row.on_conflict(card.title).do_update(points=card.points + excluded.points)
    await asyncio.gather(*[audited.db.execute(upsert) for _ in range(TASKS)])
    entries = await audited.entries()
    assert [entry[0] for entry in entries] == ["insert"] + ["update"] * (TASKS - 1)
    assert [entry[3]["points"] for entry in entries] == list(range(1, TASKS + 1))
    assert [entry[2] for entry in entries[1:]] == [entry[3] for entry in entries[:-1]]


async def test_rows_that_are_not_there_are_updated_and_deleted_side_by_side(audited: Audited) -> None:
    async def work(number: int) -> None:
        await audited.db.execute(update(seat).set(guest="x").where(seat.hall == "A", seat.number == number))
        await audited.db.execute(insert_into(seat).values(hall="A", number=number, guest="y"))
        await audited.db.execute(delete_from(seat).where(seat.hall == "A", seat.number == number + 1000))
        await audited.db.execute(delete_from(seat).where(seat.hall == "A", seat.number == number))

    await asyncio.gather(*[work(number) for number in range(TASKS)])
    assert sorted(entry[0] for entry in await audited.entries()) == ["delete"] * TASKS + ["insert"] * TASKS


class Meeting(Plugin):
    """The first statements meet a deadlock."""

    priority = -1600

    def __init__(self, failures: int) -> None:
        self.failures = failures

    async def around_execute(self, call: Any, query: Any, context: Any) -> Any:
        if self.failures and call.compiled.sql.startswith("UPDATE"):
            self.failures -= 1
            raise DeadlockError("told by the test")
        return await call.proceed()


async def test_a_write_alone_is_done_again_after_a_deadlock(audited: Audited) -> None:
    await audited.plain.execute(insert_into(card).values(title="a", points=1))
    write = update(card).set(points=card.points + 1).where(card.title == "a")
    await audited.db.with_plugin(Meeting(2)).execute(write)
    assert [entry[3]["points"] for entry in await audited.entries()] == [2]
    with pytest.raises(DeadlockError):
        await audited.db.with_plugin(Meeting(100)).execute(write)
    async with audited.db.with_plugin(Meeting(1)).transaction() as trx:
        with pytest.raises(DeadlockError):  # what else was done in it is for its owner to do again
            await trx.execute(write)
    assert len(await audited.entries()) == 1
