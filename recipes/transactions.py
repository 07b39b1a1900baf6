"""Transactions, savepoints and retries: all or nothing, part of it or nothing, and once more if others were faster.

python recipes/transactions.py [URL]     (without a URL: SQLite in memory)
"""

import asyncio
import sys
from typing import Any

from schema import pet, toy, village

from querykit import Database, IntegrityError, Transaction, fn


class NotEnoughToysError(Exception):
    """A rule of the program, not of the database."""


async def give_away(db: Database, toy_id: int, pet_id: int) -> None:
    """All or nothing: what leaves the block by an exception is undone."""
    async with db.transaction() as trx:
        await trx.update(toy).set(pet_id=pet_id).where(toy.id == toy_id).execute()
        poor = trx.select_from(pet).left_join(toy, toy.pet_id == pet.id).select(pet.id).where(toy.id.is_null())
        if len(await poor.fetch_all()) > 1:
            raise NotEnoughToysError


async def add_all(db: Database, rows: list[dict[str, Any]]) -> int:
    """A savepoint around each row: one that the database refuses does not undo the others."""
    added = 0
    async with db.transaction() as trx:
        for row in rows:
            try:
                async with trx.transaction() as savepoint:
                    await savepoint.insert_into(toy).values(row).execute()
            except IntegrityError:
                continue
            added += 1
    return added


async def rename(trx: Transaction) -> int | None:
    """Run again from its beginning when it meets a deadlock, or rows that others changed meanwhile."""
    done = await trx.update(toy).set(name="yarn").where(toy.name.starts_with("cork")).execute()
    return done.rows_affected


async def main(url: str = "sqlite:///:memory:") -> dict[str, int | None]:
    async with village(url) as db:
        try:
            await give_away(db, toy_id=3, pet_id=1)
        except NotEnoughToysError:
            print("given back: two pets would have no toy")
        added = await add_all(db, [{"id": n, "name": "ball", "pet_id": 3} for n in (4, 1, 5)])
        renamed = await db.run_in_transaction(rename, attempts=3)
        bello = await db.select_from(toy).select(fn.count()).where(toy.pet_id == 2).fetch_value()
    found = {"toys of Bello": bello, "added": added, "renamed": renamed}
    print(found)
    return found


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
