"""What the tests of data access share."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from querykit import Database
from tests.access.mapped import create_mapped, drop_mapped, fill_mapped


@pytest.fixture(scope="module")
async def mapped_tables(database_name: str, urls: dict[str, str]) -> AsyncIterator[None]:
    """The tables of `tests.access.mapped`, for a module."""
    async with Database(urls[database_name]) as database:
        await create_mapped(database)
        yield
        await drop_mapped(database)


@pytest.fixture
async def mapped_db(db: Database, mapped_tables: None) -> Database:
    """A connected database with the rows of `tests.access.mapped`."""
    await fill_mapped(db)
    return db
