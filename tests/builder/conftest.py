"""These tests read the rows of `tests.sample`, and write those of `tests.builder.stock`."""

from collections.abc import AsyncIterator

import pytest

from querykit import Database
from tests.builder.stock import stocked


@pytest.fixture
def db(db: Database, sample_tables: None) -> Database:
    """A connected database in which the sample tables stand."""
    return db


@pytest.fixture
async def stock(db: Database) -> AsyncIterator[Database]:
    """A connected database with the rows of `tests.builder.stock`, made for the test."""
    async with stocked(db) as database:
        yield database
