"""A repository in plain style: each question is a query that is written out.

python recipes/user_repo_plain.py [URL]     (without a URL: SQLite in memory)
"""

import asyncio
import sys
from dataclasses import asdict
from typing import Any

from users import AnyDatabase, NewUser, User, asked, connected, users

from querykit import delete_from, insert_into, select_from, update

ANY = select_from(users).select_all().rows_as(User)


class UserRepo:
    def __init__(self, db: AnyDatabase) -> None:
        self.db = db

    async def add(self, new: NewUser) -> User:
        async with self.db.transaction() as trx:  # MySQL gives no row back: it is read by what is unique
            await trx.execute(insert_into(users).values(asdict(new)))
            return await trx.fetch_one(ANY.where(users.handle == new.handle))

    async def get(self, key: int) -> User | None:
        return await self.db.fetch_one_or_none(ANY.where(users.id == key))

    async def by_handle(self, handle: str) -> User | None:
        return await self.db.fetch_one_or_none(ANY.where(users.handle == handle))

    async def born_before(self, year: int) -> list[User]:
        return await self.db.fetch_all(ANY.where(users.birth_year < year).order_by(users.id))

    async def rename(self, key: int, name: str) -> bool:
        done = await self.db.execute(update(users).set(name=name).where(users.id == key))
        return bool(done.rows_affected)

    async def remove(self, key: int) -> bool:
        done = await self.db.execute(delete_from(users).where(users.id == key))
        return bool(done.rows_affected)


async def main(url: str = "sqlite:///:memory:") -> list[Any]:
    async with connected(url) as db, db.transaction() as trx:
        return await asked(UserRepo(trx))


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
