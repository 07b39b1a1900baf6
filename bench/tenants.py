"""The village, whose people and pets are a tenant's and can be marked as deleted; and the nested query of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bench.village import settle
from querykit import (
    Column,
    Database,
    RowLevelSecurityPlugin,
    SoftDeletePlugin,
    Table,
    json_array_from,
    json_object_from,
    param,
    select_from,
    sql,
)

TENANT = 1
NAMES = ("person", "pet")
WITHOUT, WRITTEN = "querykit, a chain of no plugins", "querykit, conditions by hand"
SECURED = "querykit, soft delete and security"


class Person(Table, name="person"):
    id: Column[int]
    first_name: Column[str]
    mother_id: Column[int | None]
    tenant_id: Column[int]
    deleted_at: Column[str | None]


class Pet(Table, name="pet"):
    id: Column[int]
    name: Column[str]
    owner_id: Column[int]
    tenant_id: Column[int]
    deleted_at: Column[str | None]


person, pet = Person(), Pet()
mother = person.as_("mother")
PLUGINS = (
    SoftDeletePlugin("deleted_at", NAMES),
    RowLevelSecurityPlugin({name: lambda table, ctx: table.tenant_id == ctx.tenant for name in NAMES}),
)


def nothing(_: Any) -> tuple[()]:
    """No conditions."""
    return ()


def conditions(table: Any) -> tuple[Any, ...]:
    """What the plugins ask of the rows of a table."""
    return table.deleted_at.is_null(), table.tenant_id == param("tenant", int)


def nested_query(above: Any, of: Callable[[Any], tuple[Any, ...]] = nothing) -> Any:
    """The nested query of `bench.compile`, with conditions on each table."""
    pets = select_from(pet).select(pet.id, pet.name).where(*of(pet), pet.owner_id == person.id).order_by(pet.name)
    mothers = select_from(mother).select(mother.id, mother.first_name)
    return (
        select_from(person)
        .select(
            person.id,
            person.first_name,
            json_array_from(pets).as_("pets"),
            json_object_from(mothers.where(*of(mother), mother.id == person.mother_id)).as_("mother"),
        )
        .where(*of(person), person.id > above)
        .order_by(person.id)
    )


async def settle_tenants(url: str, people: int) -> None:
    """The village, all of whose rows are there and one tenant's, so that queries without conditions give the same."""
    await settle(url, people)
    async with Database(url) as db:
        for name in NAMES:
            await db.execute(sql("ALTER TABLE {} ADD COLUMN tenant_id INTEGER NOT NULL DEFAULT 1", sql.id(name)))
            await db.execute(sql("ALTER TABLE {} ADD COLUMN deleted_at TEXT", sql.id(name)))
