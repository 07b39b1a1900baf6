"""Which tables are meant by the names that the plugin is given."""

from __future__ import annotations

import pytest

from querykit import (
    BuildError,
    ConfigurationError,
    Database,
    SoftDeletePlugin,
    fn,
    select_from,
    table,
)
from tests.expected import spelled
from tests.plugins.filtered import filtered_to
from tests.plugins.soft_delete.conftest import soft
from tests.plugins.tenants import person


async def test_names_are_compared_as_the_database_does(db: Database) -> None:
    shouted = table("PERSON")
    count = select_from(shouted).select(fn.count().as_("n")).where(shouted.tenant_id == 1)
    if db.dialect.name == "sqlite":
        assert await db.fetch_value(count) == 2
    filtered = spelled(
        'SELECT COUNT(*) AS "n" FROM "PERSON" WHERE "PERSON"."tenant_id" = $1',
        (1,),
        sqlite=(
            'SELECT COUNT(*) AS "n" FROM "PERSON" WHERE "PERSON"."deleted_at" IS NULL AND "PERSON"."tenant_id" = ?',
            (1,),
        ),
        mysql=(
            "SELECT COUNT(*) AS `n` FROM `PERSON` WHERE `PERSON`.`deleted_at` IS NULL AND `PERSON`.`tenant_id` = %s",
            (1,),
        ),
        mariadb=(
            "SELECT COUNT(*) AS `n` FROM `PERSON` WHERE `PERSON`.`deleted_at` IS NULL AND `PERSON`.`tenant_id` = %s",
            (1,),
        ),
    )
    filtered_to(soft, count, filtered)


def test_a_name_with_a_schema_is_that_table_alone() -> None:
    shop = SoftDeletePlugin("deleted_at", ["shop.person"])
    here, there = table("person", schema="shop"), table("person", schema="other")
    filtered_to(
        shop,
        select_from(here).select(here.id),
        spelled('SELECT "person"."id" FROM "shop"."person" WHERE "person"."deleted_at" IS NULL'),
    )
    filtered_to(shop, select_from(there).select(there.id), spelled('SELECT "person"."id" FROM "other"."person"'))
    message = "the table 'person' names no schema, and the tables of SoftDeletePlugin know it as shop.person"
    refused = (BuildError, message)
    filtered_to(
        shop, select_from(person).select(person.id), dict.fromkeys(("postgres", "mysql", "mariadb", "sqlite"), refused)
    )
    filtered_to(
        soft,
        select_from(here).select(here.id),
        spelled('SELECT "person"."id" FROM "shop"."person" WHERE "person"."deleted_at" IS NULL'),
    )


def test_names_that_cannot_be_meant_are_refused() -> None:
    for tables in (["a.b.c"], [""], ["a", "A"], "person", [3]):
        with pytest.raises(ConfigurationError):
            SoftDeletePlugin("deleted_at", tables)  # type: ignore[arg-type]
