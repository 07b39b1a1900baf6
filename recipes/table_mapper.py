"""A table and plain objects, mapped both ways: a repository that holds a mapper, and says what it gives.

python recipes/table_mapper.py [URL]     (without a URL: SQLite in memory)
"""

import asyncio
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from schema import Person, person, village

from querykit import Runner
from querykit.access import TableMapper, Transforms


@dataclass
class Villager:
    id: int
    name: str
    mother: int | None = None


def to_row(villager: Villager, _: tuple[str, ...]) -> dict[str, Any]:
    return {"id": villager.id, "first_name": villager.name, "mother_id": villager.mother}


class Villagers:
    """A repository: the questions of a program, each answered by one statement."""

    def __init__(self, db: Runner) -> None:
        self.mapper: TableMapper[Person, Villager, Villager, Villager, Mapping[str, Any], Villager] = TableMapper(
            db, person, key_columns=["id"], update_return_columns=["*"]
        ).with_transforms(
            Transforms(
                select=self.of_row,
                insert=to_row,
                insert_return=lambda villager, _: villager,
                update_return=lambda _, row: self.of_row(row),
            )
        )
        self.by_name = self.mapper.parameterize(
            lambda people, param: people.select("first_name", "=", param("name"))  # compiled once
        )

    @staticmethod
    def of_row(row: dict[str, Any]) -> Villager:
        return Villager(row["id"], row["first_name"], row["mother_id"])

    async def add(self, villager: Villager) -> Villager:
        return await self.mapper.insert().return_one(villager)

    async def rename(self, key: int, name: str) -> Villager | None:
        return await self.mapper.update(key).return_one({"first_name": name})

    async def children_of(self, *mothers: int) -> list[Villager]:
        query = self.mapper.select({"mother_id": list(mothers)})
        return await query.modify(lambda select: select.order_by(person.id)).return_all()

    async def remove(self, key: int) -> bool:
        return await self.mapper.delete(key).run()


async def main(url: str = "sqlite:///:memory:") -> list[dict[str, Any]]:
    async with village(url) as db:
        people = Villagers(db)
        await people.add(Villager(5, "Emil", mother=2))
        print(await people.rename(5, "Emilio"))
        print(await people.by_name.return_one(name="Emilio"))
        async with db.transaction() as trx:
            print(await Villagers(trx).remove(1), await Villagers(trx).remove(99))
        return [asdict(each) for each in await people.children_of(1, 2)]


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
