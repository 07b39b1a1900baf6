"""What the tests of RowLevelSecurityPlugin share: policies, and the comparison with a database of one tenant's rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from querykit import Database, RowLevelSecurityPlugin, select_from
from querykit.execution.runner import Runner
from tests.plugins.tenants import person, pet, toy

owned = pet.as_("owned")

POLICIES: dict[str, Callable[[Any, Any], Any]] = {
    "person": lambda table, ctx: table.tenant_id == ctx.tenant,
    "pet": lambda table, ctx: (table.tenant_id == ctx.tenant) & table.id.is_not_null(),
    "toy": lambda table, ctx: table.pet_id.is_in(
        select_from(owned).select(owned.id).where(owned.tenant_id == ctx.tenant)
    ),
}
"""Those of a toy ask another guarded table."""
TABLES = (person, pet, toy)


class World(NamedTuple):
    """A database, and what the first tenant has of it."""

    plain: Database
    first: Runner

    @property
    def dialect(self) -> str:
        return self.plain.dialect.name

    async def contents(self, tenant: int) -> dict[str, list[dict[str, Any]]]:
        """All rows of a tenant."""
        return await contents(self.plain, tenant)


async def contents(db: Any, tenant: int) -> dict[str, list[dict[str, Any]]]:
    """All rows of a tenant, past the policies."""
    return {
        each._name: await db.without_plugins().fetch_all(
            select_from(each).select_all().where(each.tenant_id == tenant).order_by(each.id)
        )
        for each in TABLES
    }


def policed(db: Any, policies: Mapping[str, Any]) -> Any:
    """The database under policies, with `species` for all."""
    return db.with_plugin(RowLevelSecurityPlugin(policies, shared=["species"]))
