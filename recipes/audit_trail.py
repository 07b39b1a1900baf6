"""Who changed what, and when: an entry for every row, in the transaction of the change; read back, and undone.

python recipes/audit_trail.py [URL]     (without a URL: SQLite in memory)
"""

import asyncio
import pprint
import sys
from typing import Any

from schema import create, drop, pet

from querykit import AuditPlugin, Database, delete_from, excluded, insert_into, select_from
from querykit.plugins import AuditTable, values_of
from querykit.schema import create_table, drop_table


class AuditLog(AuditTable, name="audit_log"):
    pass


log = AuditLog()
audit = AuditPlugin(table=log, actor=lambda ctx: ctx.user, key="id")


async def history(db: Database, key: int) -> list[dict[str, Any]]:
    """What became of a pet."""
    query = db.select_from(log).select(log.actor, log.action, log.row_key, log.old_values, log.new_values)
    entries = await query.where(log.table_name == "pet").order_by(log.id).fetch_all()
    return [each for each in entries if each["row_key"] == {"id": key}]


async def undo(db: Database, entry: dict[str, Any]) -> None:
    """Make a pet what it was before a change: which is a change, too."""
    key, old = entry["row_key"]["id"], entry["old_values"]
    if old is None:
        await db.execute(delete_from(pet).where(pet.id == key))
    else:
        values = values_of(old, pet)
        await db.execute(insert_into(pet).values(values).on_conflict(pet.id).do_update(values))


async def main(url: str = "sqlite:///:memory:") -> list[list[Any]]:
    async with Database(url, plugins=[audit]) as db:
        setup = db.without_plugins()
        await create(setup)
        await drop_table(log, if_exists=True).run(setup)
        await create_table(log).run(setup)
        ada, bob = db.with_context(user="ada"), db.with_context(user="bob")

        await ada.update(pet).set(name="Rex").where(pet.id == 2).execute()
        new = insert_into(pet).values(id=2, name="Rex", species="wolf", owner_id=4)
        await bob.execute(new.on_conflict(pet.id).do_update(species=excluded.species))
        await bob.delete_from(pet).where(pet.id == 2).execute()

        entries = await history(db, 2)
        await undo(ada, entries[-1])
        await undo(ada, entries[1])
        assert await db.fetch_one(select_from(pet).select(pet.name, pet.species).where(pet.id == 2)) == {
            "name": "Rex",
            "species": "dog",
        }
        told = [(each["actor"], each["action"], each["new_values"]) for each in await history(db, 2)]
        await drop_table(log).run(setup)
        await drop(setup)
    pprint.pp(told, width=110)
    return [[actor, action, new and new["species"]] for actor, action, new in told]


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
