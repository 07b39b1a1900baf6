"""The plugin on the tables of two tenants, some of whose rows are deleted."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator
from typing import Any

import pytest

from querykit import (
    Database,
    SoftDeletePlugin,
    select_from,
)
from tests.plugins.tenants import create, drop, fill, person

NOW = dt.datetime(2025, 5, 5, 12, tzinfo=dt.UTC)
soft = SoftDeletePlugin("deleted_at", ["person", "pet", "toy"], clock=lambda: NOW)
mother = person.as_("mother")
of_first = person.tenant_id == 1


@pytest.fixture(scope="module")
async def tenant_tables(database_name: str, urls: dict[str, str]) -> AsyncIterator[None]:
    async with Database(urls[database_name]) as database:
        await create(database)
        yield
        await drop(database)


@pytest.fixture
async def db(database_name: str, urls: dict[str, str], tenant_tables: None) -> AsyncIterator[Database]:
    """A database with the plugin, and with the rows as they were."""
    async with Database(urls[database_name], plugins=[soft]) as database:
        await fill(database.without_plugins())
        yield database


async def ids(db: Any, source: Any) -> list[int]:
    """The ids of all rows, deleted or not."""
    found: list[int] = await db.without_plugins().fetch_column(
        select_from(source).select(source.id).order_by(source.id)
    )
    return found
