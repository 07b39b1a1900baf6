"""The tables of two tenants, read and written as the first of them; or with the rows of the first alone."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from querykit import Database
from tests.plugins.row_level_security.world import POLICIES, World, policed
from tests.plugins.tenants import create, drop, fill


@pytest.fixture(scope="module")
async def tenant_tables(database_name: str, urls: dict[str, str]) -> AsyncIterator[None]:
    async with Database(urls[database_name]) as database:
        await create(database)
        yield
        await drop(database)


@pytest.fixture
async def world(database_name: str, urls: dict[str, str], tenant_tables: None) -> AsyncIterator[World]:
    """A database with the rows of both tenants as they were."""
    async with Database(urls[database_name]) as database:
        await fill(database)
        yield World(database, policed(database, POLICIES).with_context(tenant=1))
