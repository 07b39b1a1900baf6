"""Plugins: keys in camelCase, no write of every row by mistake, times of writing, and one of your own.

python recipes/plugins.py [URL]     (without a URL: SQLite in memory)
"""

import asyncio
import sys
from typing import Any

from schema import person, pet, village

from querykit import (
    CamelCasePlugin,
    CompileError,
    Plugin,
    RequireWherePlugin,
    Table,
    TimestampsPlugin,
    delete_from,
    everywhere,
    insert_into,
    json_array_from,
    rewrite,
    select_from,
    sql,
    table,
)
from querykit.builder.select import Select

visit = table("visit")


class AtMost(Plugin):
    """No list is longer: each select that has no limit gets one, nested ones too."""

    def __init__(self, rows: int) -> None:
        self.rows = rows

    def transform_query(self, query: Any, context: Any) -> Any:  # noqa: ARG002 - what there is to know besides
        return rewrite(query, self._limited)

    def _limited(self, node: Any) -> Any:
        reads_a_table = isinstance(node, Select) and any(isinstance(each, Table) for each in node.sources)
        return node.limit(self.rows) if reads_a_table and node.row_limit is None else node


async def main(url: str = "sqlite:///:memory:") -> list[dict[str, Any]]:
    async with village(url) as village_db:
        db = village_db.with_plugin(CamelCasePlugin()).with_plugin(RequireWherePlugin())
        pets = select_from(pet).select(pet.name, pet.owner_id).where(pet.owner_id == person.id).order_by(pet.name)
        query = select_from(person).select(person.first_name, json_array_from(pets).as_("own_pets")).order_by(person.id)
        found = await db.with_plugin(AtMost(2)).fetch_all(query)

        search = ""  # what somebody typed
        try:
            await db.execute(delete_from(pet).where(pet.name.starts_with(search)))
        except CompileError as error:
            print("refused:", error)

        await db.execute(sql("CREATE TABLE visit (id INT, place VARCHAR(20), created_at INT, updated_at INT)"))
        clock = iter(range(1, 9)).__next__  # a real one gives datetimes; without one, the database does
        timed = db.with_plugin(TimestampsPlugin(["visit"], clock=clock))
        await timed.execute(insert_into(visit).values([{"id": 1, "place": "mill"}, {"id": 2, "place": "well"}]))
        await timed.update(visit).set(place="inn").where(visit.id == 2).execute()
        times = await db.fetch_all(select_from(visit).select(visit.place, visit.created_at, visit.updated_at))
        await db.execute(everywhere(delete_from(visit)))  # or delete_from(visit).all_rows()
        await village_db.execute(sql("DROP TABLE visit"))
    print(*found, *times, sep="\n")
    assert [row["updatedAt"] > row["createdAt"] for row in times] == [False, True]
    return found


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
