"""A repository around a mapper: rows become users and users rows, said once; queries that run often are compiled once.

python recipes/user_repo_mapper.py [URL]     (without a URL: SQLite in memory)
"""

import asyncio
import sys
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from users import AnyDatabase, NewUser, User, Users, asked, connected, users

from querykit.access import TableMapper, Transforms


class UserRepo:
    def __init__(self, db: AnyDatabase) -> None:
        self.mapper: TableMapper[Users, User, NewUser, User, Mapping[str, Any]] = TableMapper(
            db, users
        ).with_transforms(
            Transforms(
                select=lambda row: User(**row),
                insert=lambda new, _: asdict(new),
                insert_return=lambda new, row: User(**asdict(new), **row),
            )
        )
        self.of_handle = self.mapper.parameterize(
            lambda mapper, param: mapper.select("handle", "=", param("handle", str))
        )

    async def add(self, new: NewUser) -> User:
        return await self.mapper.insert().return_one(new)

    async def get(self, key: int) -> User | None:
        return await self.mapper.select(key).return_one()

    async def by_handle(self, handle: str) -> User | None:
        return await self.of_handle.return_one(handle=handle)

    async def born_before(self, year: int) -> list[User]:
        query = self.mapper.select("birth_year", "<", year)
        return await query.modify(lambda select: select.order_by(users.id)).return_all()

    async def rename(self, key: int, name: str) -> bool:
        return await self.mapper.update(key).run({"name": name})

    async def remove(self, key: int) -> bool:
        return await self.mapper.delete(key).run()


async def main(url: str = "sqlite:///:memory:") -> list[Any]:
    async with connected(url) as db, db.transaction() as trx:
        return await asked(UserRepo(trx))


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
