"""A repository on top of `Repository`: reads and writes are there, and take data from outside, checked.

python recipes/user_repo_repository.py [URL]     (without a URL: SQLite in memory)
"""

import asyncio
import sys
from dataclasses import asdict
from typing import Any

from users import AnyDatabase, NewUser, User, asked, connected, users

from querykit.access import Repository


def renamed(data: Any) -> dict[str, str]:
    """What may be changed: the name alone."""
    return {"name": str(data["name"])}


class UserRepo:
    def __init__(self, db: AnyDatabase) -> None:
        self.rows = Repository(db, users, create=NewUser, change=renamed, output=User)

    async def add(self, new: NewUser) -> User:
        return User(**await self.rows.insert(asdict(new)))

    async def get(self, key: int) -> User | None:
        row = await self.rows.find_by_id(key)
        return User(**row) if row else None

    async def by_handle(self, handle: str) -> User | None:
        row = await self.rows.find_first(where={"handle": handle})
        return User(**row) if row else None

    async def born_before(self, year: int) -> list[User]:
        rows = await self.rows.find(where={"birth_year": {"lt": year}}, order_by="id")
        return [User(**row) for row in rows]

    async def rename(self, key: int, name: str) -> bool:
        return await self.rows.update({"id": key}, {"name": name}) == 1

    async def remove(self, key: int) -> bool:
        return await self.rows.delete_by_id(key)


async def main(url: str = "sqlite:///:memory:") -> list[Any]:
    async with connected(url) as db, db.transaction() as trx:
        return await asked(UserRepo(trx))


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
