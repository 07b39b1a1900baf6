"""A database that forgets what a test has done."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from querykit.execution.database import Database
    from querykit.execution.transaction import Transaction


@asynccontextmanager
async def rolled_back(db: Database) -> AsyncIterator[Transaction]:
    """A transaction that is undone at the end, whatever happens, for a fixture around each test.

    Hand it to the code under test in the place of the database. Transactions that this code begins are savepoints
    of it. What commits by itself on MySQL and MariaDB, such as CREATE TABLE, stays.

    ::

        @pytest.fixture
        async def trx(db):
            async with rolled_back(db) as trx:
                yield trx
    """
    trx = await db.begin()
    try:
        yield trx
    finally:
        await trx.rollback()
