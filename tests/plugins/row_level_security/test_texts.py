"""Tenants that are texts: equal byte by byte, whatever the collation, and never numbers that look like them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from querykit import (
    BuildError,
    Column,
    ConfigurationError,
    Database,
    DataError,
    PolicyViolationError,
    RowLevelSecurityPlugin,
    Table,
    any_,
    case,
    exists,
    fn,
    insert_into,
    or_,
    scalar_subquery,
    select_from,
    sql,
    table,
    tuple_,
    update,
    value,
)
from tests.expected import spelled
from tests.plugins.filtered import filtered_to


class Note(Table, name="note"):
    id: Column[int]
    tenant: Column[str]
    body: Column[str | None]


note, other = Note(), Note().as_("other")
undeclared = table("note")
TENANTS = ["a", "A", "a ", "á", "0", "b", "1", "01", "1e0"]
"""Of which collations take the first four for one, and a server that makes numbers of them, the others."""
RULES: dict[str, Callable[[Any, Any], Any]] = {
    "=": lambda t, ctx: t.tenant == ctx.tenant,
    "not <>": lambda t, ctx: ~(t.tenant != ctx.tenant),
    "not not =": lambda t, ctx: ~or_(t.tenant != ctx.tenant, t.id < 0),
    "is not distinct": lambda t, ctx: t.tenant.is_not_distinct_from(ctx.tenant),
    "not distinct": lambda t, ctx: ~(t.tenant.is_distinct_from(ctx.tenant)),
    "in": lambda t, ctx: t.tenant.is_in([ctx.tenant]),
    "not not in": lambda t, ctx: ~or_(t.tenant.not_in([ctx.tenant]), t.id < 0),
    "in a query": lambda t, ctx: t.tenant.is_in(
        select_from(other).select(other.tenant).where(other.tenant == ctx.tenant)
    ),
    "not in a query": lambda t, ctx: t.id.not_in(select_from(other).select(other.id).where(other.tenant != ctx.tenant)),
    "exists": lambda t, ctx: exists(
        select_from(other).select(other.id).where(other.id == t.id, other.tenant == ctx.tenant)
    ),
    "not exists": lambda t, ctx: (
        ~exists(select_from(other).select(other.id).where(other.id == t.id, other.tenant != ctx.tenant))
    ),
    "a function": lambda t, ctx: fn.concat(t.tenant, "") == ctx.tenant,
    "tuples": lambda t, ctx: tuple_(t.tenant, t.id) == (ctx.tenant, t.id),
    "a list of tuples": lambda t, ctx: tuple_(t.tenant, t.id).is_in([(ctx.tenant, t.id)]),
}
UNCERTAIN: dict[str, Callable[[Any, Any], Any]] = {
    "CASE": lambda t, ctx: case().when(t.tenant == ctx.tenant, 1).else_(0) == 1,
    "a value": lambda _, ctx: (
        scalar_subquery(select_from(undeclared).select(undeclared.body).where(undeclared.tenant == ctx.tenant)) == "b"
    ),
    "NULLIF": lambda t, ctx: fn.nullif(t.tenant, ctx.tenant).is_null(),
    "CASE x WHEN": lambda t, ctx: case(t.tenant).when(ctx.tenant, 1).else_(0) == 1,
    "ANY": lambda t, ctx: t.tenant == any_(select_from(other).select(other.tenant).where(other.tenant == ctx.tenant)),
    "a tuple in a query": lambda t, _: tuple_(t.tenant, t.id).is_in(select_from(other).select(other.tenant, other.id)),
}


@pytest.fixture(scope="module")
async def notes(database_name: str, urls: dict[str, str]) -> AsyncIterator[None]:
    """A table whose column takes texts for equal that are not."""
    async with Database(urls[database_name]) as db:
        collation = {"sqlite": " COLLATE NOCASE", "postgres": " COLLATE loose"}.get(database_name, "")
        await db.execute(sql("DROP TABLE IF EXISTS note"))
        if database_name == "postgres":
            await db.execute(sql("DROP COLLATION IF EXISTS loose"))
            await db.execute(
                sql("CREATE COLLATION loose (provider = icu, locale = 'und-u-ks-level1', deterministic = false)")
            )
        await db.execute(
            sql("CREATE TABLE note (id INT PRIMARY KEY, tenant VARCHAR(10){}, body VARCHAR(10))", sql.raw(collation))
        )
        await db.execute(insert_into(note).values([{"id": n, "tenant": each} for n, each in enumerate(TENANTS)]))
        yield
        await db.execute(sql("DROP TABLE note"))
        if database_name == "postgres":
            await db.execute(sql("DROP COLLATION loose"))


@pytest.fixture
async def db(database_name: str, urls: dict[str, str], notes: None) -> AsyncIterator[Database]:
    async with Database(urls[database_name]) as database:
        yield database


async def seen(db: Any, rule: Any, of: Any, tenant: object) -> Any:
    """The tenants whose rows a request sees."""
    view = db.with_plugin(RowLevelSecurityPlugin({"note": rule})).with_context(tenant=tenant)
    return await view.fetch_column(select_from(of).select(of.tenant).order_by(of.id))


@pytest.mark.parametrize("name", RULES)
async def test_texts_are_equal_byte_by_byte(db: Database, name: str) -> None:
    loose = select_from(note).select(note.tenant).where(note.tenant == "a")
    assert len(await db.fetch_all(loose)) > 1  # as the database has it
    for tenant in ("a", "A", "a ", "1"):
        assert await seen(db, RULES[name], note, tenant) == [tenant]
        if db.dialect.name != "postgres":  # which has to know that they are texts
            assert await seen(db, RULES[name], undeclared, tenant) == [tenant]


@pytest.mark.parametrize("name", RULES)
async def test_a_tenant_of_another_type_sees_nobody_elses_rows(db: Database, name: str) -> None:
    likes = [(0, "0"), (1, "1"), (True, "1"), (1.0, "1"), (b"a", "a"), (float("nan"), "nan")]
    for tenant, text in likes if name.startswith("not ") else [*likes, (None, "")]:
        for of in (note, undeclared):
            try:
                found = await seen(db, RULES[name], of, tenant)
            except (BuildError, DataError):
                continue
            assert set(found) <= {text}, tenant


async def test_a_policy_that_says_who_does_not_see_a_row_shows_all_of_them_to_none(db: Database) -> None:
    assert await seen(db, RULES["not exists"], note, None) == TENANTS  # so is SQL, and the docs say so


@pytest.mark.parametrize("name", UNCERTAIN)
async def test_a_comparison_that_cannot_be_one_of_bytes_is_refused(db: Database, name: str) -> None:
    with pytest.raises(ConfigurationError, match="byte"):
        await seen(db, UNCERTAIN[name], undeclared, "a")


async def test_a_comparison_of_texts_that_are_declared_stands_anywhere(db: Database) -> None:
    assert await seen(db, UNCERTAIN["CASE"], note, "a") == ["a"]


async def test_a_row_of_a_text_that_only_looks_equal_is_not_written(db: Database) -> None:
    for rule in (RULES["="], RULES["in"], RULES["not <>"]):
        first = db.with_plugin(RowLevelSecurityPlugin({"note": rule})).with_context(tenant="a")
        for tenant in ("A", "á", "a "):
            with pytest.raises(PolicyViolationError):
                await first.execute(insert_into(note).values(id=99, tenant=tenant, body="x"))
            with pytest.raises(PolicyViolationError):
                await first.execute(update(note).set(tenant=tenant).all_rows())
            copied = select_from(note).select(note.id + 90, value(tenant), note.body)
            with pytest.raises(PolicyViolationError):
                await first.execute(insert_into(note).columns("id", "tenant", "body").from_select(copied))
    assert await db.fetch_column(select_from(note).select(note.tenant).order_by(note.id)) == TENANTS


def test_the_column_stands_by_itself_too_so_that_its_index_is_used() -> None:
    filtered_to(
        RowLevelSecurityPlugin({"note": RULES["="]}),
        select_from(note).select(note.id),
        spelled(
            'SELECT "note"."id" FROM "note" WHERE "note"."tenant" = $1 '
            'AND CAST("note"."tenant" AS text) COLLATE "C" = CAST($2 AS text) COLLATE "C"',
            ("context.tenant", "context.tenant"),
            sqlite=(
                'SELECT "note"."id" FROM "note" WHERE "note"."tenant" COLLATE BINARY = ? COLLATE BINARY',
                ("context.tenant",),
            ),
            **dict.fromkeys(
                ("mysql", "mariadb"),
                (
                    "SELECT `note`.`id` FROM `note` WHERE `note`.`tenant` = %s AND "
                    "CAST(CONVERT(`note`.`tenant` USING utf8mb4) AS BINARY) = CAST(CONVERT(%s USING utf8mb4) AS BINARY)",
                    ("context.tenant", "context.tenant"),
                ),
            ),
        ),
    )
