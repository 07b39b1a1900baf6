"""A playground of a village, on each database."""

import pytest

from querykit import Database
from querykit.playground import running
from querykit.playground.demo import fill, person, pet, toy
from querykit.schema import drop_tables


@pytest.fixture(scope="module")
async def village(database_name, urls):
    """The URL of a database that holds the village."""
    async with Database(urls[database_name]) as db:
        await drop_tables(toy, pet, person, if_exists=True).run(db)
        await fill(db)
        yield urls[database_name]
        await drop_tables(toy, pet, person).run(db)


@pytest.fixture(scope="module")
async def playground(village):
    async with running(village, timeout=5, max_rows=20) as made:
        yield made
