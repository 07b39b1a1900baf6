"""An audit beside other plugins, whichever is named first."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Callable

import pytest

from querykit import (
    CachePlugin,
    CamelCasePlugin,
    Column,
    Database,
    Plugin,
    RequireWherePlugin,
    RetryPlugin,
    Table,
    TimestampsPlugin,
    WithSchemaPlugin,
    column,
    delete_from,
    excluded,
    insert_into,
    param,
    select_from,
    sql,
    update,
)
from querykit.plugins import AuditPlugin
from querykit.schema import Varchar, create_table, drop_table
from tests.plugins.audit.conftest import NOON, Audited, card, log
from tests.sample import pet

LATER = dt.datetime(2024, 3, 1, tzinfo=dt.UTC).replace(tzinfo=None)


class Note(Table, name="note"):
    id: Column[int] = column(primary_key=True)
    text: Column[str] = column(type=Varchar(50))
    created_at: Column[dt.datetime | None]
    updated_at: Column[dt.datetime | None]


note = Note()


@pytest.fixture(params=[1, -1], ids=["audit first", "audit last"])
def together(request: pytest.FixtureRequest, audited: Audited) -> Callable[..., Database]:
    """The database with the audit and another plugin, in both orders."""

    def view(other: Plugin) -> Database:
        db = audited.plain
        for each in [audited.plugin, other][:: request.param]:
            db = db.with_plugin(each)
        return db.with_context(user="ada")

    return view


async def test_times_are_in_the_entries(audited: Audited, together: Callable[..., Database]) -> None:
    await drop_table(note, if_exists=True).run(audited.plain)
    await create_table(note).run(audited.plain)
    times = iter([NOON.replace(tzinfo=None), LATER, LATER, LATER])
    db = together(TimestampsPlugin(tables=["note"], clock=lambda: next(times)))
    await db.execute(insert_into(note).values(id=1, text="a"))
    await db.execute(update(note).set(text="b").where(note.id == 1))
    upsert = insert_into(note).values(id=1, text="c").on_conflict(note.id).do_update(text=excluded.text)
    await db.execute(upsert)
    await db.execute_many(
        update(note).set(text=param("t", str)).where(note.id == param("i", int)), [{"t": "d", "i": 1}]
    )
    entries = await audited.entries()
    assert [(entry[3]["text"], entry[3]["created_at"], entry[3]["updated_at"]) for entry in entries] == [
        ("a", "2024-02-29T12:00:00", "2024-02-29T12:00:00"),
        ("b", "2024-02-29T12:00:00", "2024-03-01T00:00:00"),
        ("c", "2024-02-29T12:00:00", "2024-03-01T00:00:00"),
        ("d", "2024-02-29T12:00:00", "2024-03-01T00:00:00"),
    ]
    await drop_table(note).run(audited.plain)


async def test_schemas_are_named_and_the_audit_stays_where_it_is(
    audited: Audited, together: Callable[..., Database]
) -> None:
    own = {"sqlite": "SELECT 'main' AS s", "postgres": "SELECT current_schema() AS s"}
    query = sql.raw(own.get(audited.plain.dialect.name, "SELECT DATABASE() AS s"))  # type: ignore[arg-type]
    schema = (await audited.plain.fetch_one(query))["s"]
    db = together(WithSchemaPlugin(schema))
    await db.execute(insert_into(card).values(title="a"))
    await db.execute(update(card).set(points=1).where(card.title == "a"))
    await db.execute(delete_from(card).where(card.title == "a"))
    assert [entry[0] for entry in await audited.entries()] == ["insert", "update", "delete"]
    assert set(await audited.plain.fetch_column(select_from(log).select(log.table_name))) == {f"{schema}.card"}


async def test_a_cache_knows_what_is_written_and_what_is_written_down(
    audited: Audited, together: Callable[..., Database]
) -> None:
    cache = CachePlugin()
    db = together(cache)
    names = select_from(pet).select(pet.name).order_by(pet.id)
    actions = select_from(log).select(log.action, log.actor).order_by(log.id)
    for _ in range(2):
        assert (await db.fetch_column(names))[0] == "Rex"
        assert await db.fetch_all(actions) == []
    assert (cache.stats.hits, cache.stats.misses) == (2, 2)
    await db.execute(update(pet).set(name="Tom").where(pet.id == 10))
    assert (await db.fetch_column(names))[0] == "Tom"
    assert await db.fetch_all(actions) == [{"action": "update", "actor": "ada"}]
    async with db.transaction() as trx:
        await trx.execute(update(pet).set(name="Tim").where(pet.id == 10))
        outside = asyncio.create_task(db.fetch_all(actions)) if db.pool.size > 1 else None
        if outside is not None:
            assert len(await outside) == 1
    assert (await db.fetch_column(names))[0] == "Tim"
    assert len(await db.fetch_all(actions)) == 2


async def test_keys_of_documents_are_those_of_the_database(audited: Audited, together: Callable[..., Database]) -> None:
    db = together(CamelCasePlugin())
    await db.execute(update(pet).set(owner_id=3).where(pet.id == 10))
    rows = await db.fetch_all(select_from(log).select(log.table_name, log.new_values))
    assert rows[0]["tableName"] == "pet"
    assert rows[0]["newValues"]["owner_id"] == 3


async def test_what_others_refuse_is_not_written_down(audited: Audited, together: Callable[..., Database]) -> None:
    db = together(RequireWherePlugin())
    with pytest.raises(Exception, match="every row"):
        await db.execute(delete_from(pet).where(pet.id == pet.id))
    await db.execute(delete_from(pet).all_rows())
    assert len(await audited.entries()) == 5


async def test_a_write_is_not_run_again(audited: Audited, together: Callable[..., Database]) -> None:
    db = together(RetryPlugin())
    await db.execute(insert_into(card).values(title="a"))
    assert len(await audited.entries()) == 1


async def test_two_audits_are_one_too_many(audited: Audited) -> None:
    with pytest.raises(Exception, match="AuditPlugin is there twice"):
        audited.db.with_plugin(AuditPlugin(table=log, actor="x"))
