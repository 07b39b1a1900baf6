"""The village with two more columns in its tables: whose a row is, and when it was deleted."""

from __future__ import annotations

from typing import Any

from bench.village import settle
from querykit import Database, RowLevelSecurityPlugin, SoftDeletePlugin, param, sql
from querykit.builder.tables import Column

TENANT = 1
NAMES = ("person", "pet")
PLUGINS = (
    SoftDeletePlugin("deleted_at", NAMES),
    RowLevelSecurityPlugin({name: lambda table, ctx: table.tenant_id == ctx.tenant for name in NAMES}),
)
WITHOUT, BY_HAND = "querykit, a chain of no plugins", "querykit, conditions by hand"
SECURED = "querykit, soft delete and security"


def conditions(table: Any) -> tuple[Any, Any]:
    """What the plugins ask of the rows of a table."""
    tenant: Any = Column("tenant_id", table)
    return Column[Any]("deleted_at", table).is_null(), tenant == param("tenant", int)


async def settle_tenants(url: str, people: int) -> None:
    """The village, all of whose rows are there and one tenant's, so that queries without conditions give the same."""
    await settle(url, people)
    async with Database(url) as db:
        for name in NAMES:
            await db.execute(sql("ALTER TABLE {} ADD COLUMN tenant_id INTEGER NOT NULL DEFAULT 1", sql.id(name)))
            await db.execute(sql("ALTER TABLE {} ADD COLUMN deleted_at TEXT", sql.id(name)))
