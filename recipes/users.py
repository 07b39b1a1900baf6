"""The table of users that three recipes keep in three styles, and what each of them is asked."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from typing import Any, Protocol

from querykit import Column, Connection, Database, Table, Transaction, column
from querykit.schema import Varchar, create_table, drop_table

AnyDatabase = Database | Connection | Transaction


class Users(Table, name="app_user"):
    id: Column[int] = column(primary_key=True, identity=True)
    handle: Column[str] = column(type=Varchar(40), unique=True)
    name: Column[str] = column(type=Varchar(40))
    birth_year: Column[int | None]


users = Users()


@dataclass
class NewUser:
    handle: str
    name: str
    birth_year: int | None = None


@dataclass
class User(NewUser):
    id: int = 0


class UserRepo(Protocol):
    """What a program asks of its users."""

    async def add(self, new: NewUser) -> User: ...
    async def get(self, key: int) -> User | None: ...
    async def by_handle(self, handle: str) -> User | None: ...
    async def born_before(self, year: int) -> list[User]: ...
    async def rename(self, key: int, name: str) -> bool: ...
    async def remove(self, key: int) -> bool: ...


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[Database]:
    """A database with the table, which goes when it is left."""
    async with Database(url) as db:
        await drop_table(users, if_exists=True).run(db)
        await create_table(users).run(db)
        try:
            yield db
        finally:
            await drop_table(users).run(db)


async def asked(repo: UserRepo) -> list[Any]:
    """Ask everything once."""
    ada = await repo.add(NewUser("ada", "Ada", 1815))
    bob = await repo.add(NewUser("bob", "Bob"))
    assert await repo.get(ada.id) == ada == await repo.by_handle("ada")
    done = [await repo.rename(ada.id, "Ada L."), await repo.remove(bob.id), await repo.remove(bob.id)]
    print(done, await repo.get(bob.id))
    return [done, [asdict(each) for each in await repo.born_before(1900)]]
