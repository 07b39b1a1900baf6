"""What plugins keep, through repositories: deleted rows, and what became of rows."""

from __future__ import annotations

import pytest

from querykit import (
    AuditPlugin,
    AwareDatetime,
    Column,
    Database,
    PolicyError,
    PolicyViolationError,
    RowLevelSecurityPlugin,
    SoftDeletePlugin,
    Table,
    UsageError,
    column,
)
from querykit.access import Repository, all_rows, has_many
from querykit.errors import BuildError, InputError, NoResultError, StaleRowError
from querykit.plugins import AuditTable
from querykit.schema import Varchar, create_table, drop_table


class Note(Table, name="note"):
    id: Column[int] = column(primary_key=True)
    text: Column[str] = column(type=Varchar(50))
    secret: Column[str | None] = column(type=Varchar(50), hidden=True)
    version: Column[int] = column(default=1)
    deleted_at: Column[AwareDatetime | None] = column(hidden=True)
    parent_id: Column[int | None]

    answers = has_many(lambda: Note, by="parent_id", order_by=lambda note: note.id)


class NoteLog(AuditTable, name="note_log"):
    tenant: Column[int | None]


note, log = Note(), NoteLog()
soft = SoftDeletePlugin("deleted_at", ["note"])
audit = AuditPlugin(log, actor="ada", tables=["note"])


@pytest.fixture
async def tables(database_name, urls):
    async with Database(urls[database_name]) as db:
        for each in (log, note):
            await drop_table(each, if_exists=True).run(db)
            await create_table(each).run(db)
        yield urls[database_name]
        for each in (log, note):
            await drop_table(each).run(db)


@pytest.fixture
async def notes(tables):
    async with Database(tables, plugins=[soft]) as db:
        notes = Repository(db, note)
        await notes.insert_many(
            [{"id": 1, "text": "a"}, {"id": 2, "text": "b"}, {"id": 3, "text": "c", "parent_id": 1}]
        )
        yield notes


def row(id, text, **others):  # noqa: A002 - the column's name
    return {"id": id, "text": text, "version": 1, "parent_id": None} | others


async def test_a_row_is_deleted_found_all_the_same_and_restored(notes):
    assert await notes.soft_delete(1) == row(1, "a")
    assert await notes.find_by_id(1) is None
    assert [each["id"] for each in await notes.find_with_deleted(order_by="-id")] == [3, 2, 1]
    assert await notes.find_deleted() == [row(1, "a")]
    assert await notes.find_deleted(where={"text": "b"}, columns=["id"]) == []
    assert await notes.restore(1) == row(1, "a")
    assert await notes.find_by_id(1) == row(1, "a")
    assert await notes.find_deleted() == []


async def test_deleting_keeps_rows_and_only_hard_deletes_remove_them(notes):
    assert await notes.delete_by_id(1) is True
    assert await notes.delete({"text": "b"}) == 1
    assert await notes.delete_by_ids([1, 2, 3]) == 1
    assert (await notes.count(), len(await notes.find_with_deleted())) == (0, 3)
    assert await notes.hard_delete(1) is True
    assert await notes.hard_delete(1) is False
    assert len(await notes.find_with_deleted()) == 2


async def test_related_rows_that_are_deleted_are_not_there(notes):
    await notes.soft_delete(3)
    (first,) = await notes.find_with_deleted(where={"id": 1}, columns=["id"], include=["answers"])
    assert first == {"id": 1, "answers": []}


async def test_what_cannot_be_deleted_or_restored_is_told(notes):
    await notes.soft_delete(1)
    for id_ in (1, 9):
        with pytest.raises(NoResultError):
            await notes.soft_delete(id_)
    with pytest.raises(NoResultError, match="deleted"):
        await notes.restore(2)
    for key in (None, {}, "1", [1]):
        for method in (notes.soft_delete, notes.restore, notes.hard_delete):
            with pytest.raises(InputError):
                await method(key)
    counted = Repository(notes.db, note, version="version")
    with pytest.raises(StaleRowError):
        await counted.soft_delete(2, version=5)
    assert await counted.soft_delete(2, version=1) == row(2, "b")


async def test_a_filter_of_ones_own_holds_there_too(notes):
    those = Repository(notes.db, note, where=lambda note: note.text != "a")
    with pytest.raises(NoResultError):
        await those.soft_delete(1)
    await notes.soft_delete(1)
    with pytest.raises(NoResultError):
        await those.restore(1)
    assert await those.hard_delete(1) is False
    assert await those.find_deleted() == []
    assert [each["id"] for each in await those.find_with_deleted(order_by="id")] == [2, 3]


async def test_what_became_of_a_row_is_told_without_hidden_columns(tables):
    async with Database(tables, plugins=[audit]) as db:
        notes = Repository(db, note)
        await notes.insert({"id": 1, "text": "a", "secret": "x"})
        await notes.insert({"id": 2, "text": "b"})
        await notes.update_by_id(1, {"text": "aa"})
        await notes.delete_by_id(1)
        entries = await notes.history(1)
        assert [(each["actor"], each["action"], each["row_key"]) for each in entries] == [
            ("ada", action, {"id": 1}) for action in ("insert", "update", "delete")
        ]
        assert [each["new_values"] for each in entries] == [row(1, "a"), row(1, "aa"), None]
        assert [each["old_values"] for each in entries] == [None, row(1, "a"), row(1, "aa")]
        assert await notes.history(9) == []
        for key in (None, "1", {"id": 1}):
            with pytest.raises(InputError):
                await notes.history(key)
        with pytest.raises(BuildError, match="filter"):
            await Repository(db, note, where=lambda note: note.id > 1).history(1)


async def test_the_history_of_a_guarded_row_needs_a_policy_on_the_audit(tables):
    def guarded(*shared, **policies):
        policies["note"] = lambda table, ctx: table.version == ctx.tenant
        return RowLevelSecurityPlugin(policies, shared=shared)

    kept = AuditPlugin(log, actor="ada", tables=["note"], columns={"tenant": lambda ctx: ctx.tenant})
    of_log = {"note_log": lambda table, ctx: table.tenant == ctx.tenant}
    async with Database(tables, plugins=[kept, guarded(**of_log)]) as db:
        first, second = (Repository(db.with_context(tenant=tenant), note) for tenant in (1, 2))
        await first.insert({"id": 1, "text": "a", "version": 1})
        await first.update_by_id(1, {"text": "b"})
        assert [(each["action"], each["tenant"]) for each in await first.history(1)] == [("insert", 1), ("update", 1)]
        assert await second.history(1) == []
        with pytest.raises(UsageError, match=r"needs 'tenant' of the request's context"):
            await Repository(db.without_plugins().with_plugin(kept), note).insert({"id": 2, "text": "a"})
    async with Database(tables, plugins=[kept, guarded("note_log")]) as db:
        notes = Repository(db.with_context(tenant=2), note)
        with pytest.raises(PolicyError, match=r"history\(\).*'note'.*give 'note_log' a policy too"):
            await notes.history(1)


def test_an_audit_fills_columns_that_its_table_has():
    with pytest.raises(BuildError, match=r"no column 'tenent', did you mean 'tenant'"):
        AuditPlugin(log, actor="ada", columns={"tenent": 1})


async def test_what_no_plugin_keeps_is_refused_by_name(tables):
    others = [SoftDeletePlugin("deleted_at", ["pet"])], [AuditPlugin(log, actor="ada", tables=["pet"])]
    for plugins in ([], *others):
        async with Database(tables, plugins=plugins) as db:
            notes = Repository(db, note)
            await notes.insert({"id": 1, "text": "a"})
            for call in (notes.soft_delete(1), notes.restore(1), notes.hard_delete(1)):
                with pytest.raises(UsageError, match="SoftDeletePlugin"):
                    await call
            for call in (notes.find_with_deleted(), notes.find_deleted()):
                with pytest.raises(UsageError, match=r"keep deleted rows of 'note'"):
                    await call
            with pytest.raises(UsageError, match=r"write down changes of 'note'.*AuditPlugin"):
                await notes.history(1)
            assert await notes.delete_by_id(1) is True, "nothing was done"


async def test_policies_hold_in_every_read_and_write(tables):
    of_tenant = RowLevelSecurityPlugin({"note": lambda table, ctx: table.version == ctx.tenant})
    async with Database(tables) as whole, Database(tables, plugins=[of_tenant]) as guarded:
        rows = [
            {"id": number, "text": f"t{number}", "version": 1 + number % 2, "parent_id": 1} for number in range(1, 7)
        ]
        await Repository(whole, note).insert_many(rows)
        notes = Repository(guarded.with_context(tenant=2), note)
        found = await notes.find(where={"id": {"lt": 4}}, columns=["id"], include={"answers": {"columns": ["id"]}})
        assert found[0] == {"id": 1, "answers": [{"id": 1}, {"id": 3}, {"id": 5}]}
        assert [each["id"] for each in found] == [1, 3]
        assert (await notes.count(), await notes.find_by_id(2), await notes.exists(where={"id": 4})) == (3, None, False)
        assert await notes.find(where={"answers": {"some": {"id": 2}}}) == []
        with pytest.raises(PolicyViolationError):
            await notes.insert({"id": 9, "text": "x", "version": 1})
        with pytest.raises(NoResultError):
            await notes.update_by_id(2, {"text": "x"})
        assert await notes.delete_by_ids([1, 2, 3, 4]) == 2
        assert await notes.update(all_rows(), {"text": "x"}) == 1
        assert await notes.truncate() == 1
        assert sorted([each["id"] for each in await Repository(whole, note).find()]) == [2, 4, 6]
