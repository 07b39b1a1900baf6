"""An audit of rows that are marked as deleted, whichever plugin is named first."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator
from typing import Any

import pytest

from querykit import (
    AuditPlugin,
    AwareDatetime,
    Column,
    Database,
    SoftDeletePlugin,
    Table,
    UndefinedTableError,
    UsageError,
    column,
    delete_from,
    insert_into,
    merge_into,
    param,
    select_from,
    sql,
    table,
    update,
)
from tests.plugins.audit.conftest import NOON, Audited

MOMENT = {"postgres": "TIMESTAMPTZ", "sqlite": "TEXT"}


class Leaf(Table, name="leaf"):
    """A table that does not declare the column of the plugin."""

    id: Column[int] = column(primary_key=True)
    name: Column[str]


class WholeLeaf(Table, name="leaf"):
    id: Column[int] = column(primary_key=True)
    name: Column[str]
    gone_at: Column[AwareDatetime | None]


leaf, whole, loose, branch = Leaf(), WholeLeaf(), table("leaf"), table("branch")
soft = SoftDeletePlugin("gone_at", ["leaf"], clock=lambda: NOON)


@pytest.fixture(params=[1, -1], ids=["audit first", "audit last"])
async def both(request: pytest.FixtureRequest, audited: Audited) -> AsyncIterator[Database]:
    """Four leaves, of which the last is deleted, with both plugins."""
    plain = audited.plain
    moment: Any = MOMENT.get(plain.dialect.name, "DATETIME(6)")
    for name in ("leaf", "branch"):
        await plain.execute(sql("DROP TABLE IF EXISTS {}", sql.id(name)))
    columns = sql.raw("id INT PRIMARY KEY, name VARCHAR(20)")
    await plain.execute(sql("CREATE TABLE leaf ({}, gone_at {} NULL)", columns, sql.raw(moment)))
    await plain.execute(sql("CREATE TABLE branch ({})", columns))
    for number in (1, 2, 3, 4):
        gone = dt.datetime(2020, 1, 1, tzinfo=dt.UTC) if number == 4 else None
        await plain.execute(insert_into(whole).values(id=number, name=f"leaf {number}", gone_at=gone))
    view = plain.with_context(user="ada")
    for each in [audited.plugin, soft][:: request.param]:
        view = view.with_plugin(each)
    yield view
    for name in ("leaf", "branch"):
        await plain.execute(sql("DROP TABLE {}", sql.id(name)))


async def marks(audited: Audited) -> list[tuple[Any, ...]]:
    """What was written down: action, id, and whether the row was and is marked."""
    return [
        (action, key["id"], old and old["gone_at"] is not None, new and new["gone_at"] is not None)
        for action, key, old, new in await audited.entries()
    ]


async def there(audited: Audited) -> list[tuple[int, bool]]:
    rows = await audited.plain.fetch_all(select_from(whole).select_all().order_by(whole.id))
    return [(row["id"], row["gone_at"] is None) for row in rows]


@pytest.mark.parametrize("named", [leaf, whole, loose, leaf.as_("l")], ids=["declared", "whole", "loose", "aliased"])
async def test_a_row_that_is_marked_makes_an_entry(audited: Audited, both: Database, named: Any) -> None:
    query = delete_from(named).where(named.id == 2)
    assert (await both.execute(query)).rows_affected == 1
    ((action, key, old, new),) = await audited.entries()
    assert (action, key) == ("soft_delete", {"id": 2})
    assert old == {"id": 2, "name": "leaf 2", "gone_at": None}
    assert new["gone_at"][:19].replace(" ", "T") == "2024-02-29T12:00:00"
    assert new | {"gone_at": None} == old
    assert (await both.execute(query)).rows_affected == 0
    assert len(await audited.entries()) == 1


async def test_many_rows_are_marked_brought_back_and_deleted_for_good(audited: Audited, both: Database) -> None:
    await both.execute(delete_from(leaf).where(leaf.name.like("leaf %")))
    assert await marks(audited) == [("soft_delete", number, False, True) for number in (1, 2, 3)]
    assert await there(audited) == [(1, False), (2, False), (3, False), (4, False)]

    assert (await both.execute(update(leaf).restore().where(leaf.id.is_in([1, 2])))).rows_affected == 2
    assert (await marks(audited))[3:] == [("restore", 1, True, False), ("restore", 2, True, False)]

    await both.execute(update(leaf).set(name="red").where(leaf.id.is_in([1, 3])))  # the third is not there
    await both.execute(delete_from(leaf).where(leaf.id == 1).hard_delete())
    await both.execute(delete_from(loose).all_rows().only_deleted().hard_delete())
    entries = await audited.entries()
    assert [(action, key["id"]) for action, key, _, _ in entries[5:7]] == [("update", 1), ("delete", 1)]
    assert sorted((action, key["id"]) for action, key, _, _ in entries[7:]) == [("delete", 3), ("delete", 4)]
    assert [new for _, _, _, new in entries[6:]] == [None] * 3
    assert await there(audited) == [(2, True)]


async def test_each_of_many_sets_marks_its_rows(audited: Audited, both: Database) -> None:
    query = delete_from(leaf).where(leaf.id == param("id", int))
    await both.execute_many(query, [{"id": 1}, {"id": 3}, {"id": 4}])
    assert await marks(audited) == [("soft_delete", 1, False, True), ("soft_delete", 3, False, True)]


async def test_a_mark_and_its_entry_are_kept_together_or_not_at_all(audited: Audited, both: Database) -> None:
    before = await there(audited)

    class UndoError(Exception):
        pass

    with pytest.raises(UndoError):
        async with both.transaction() as trx:
            await trx.execute(delete_from(leaf).where(leaf.id < 3))
            await trx.execute(update(leaf).restore().where(leaf.id == 2))
            await trx.execute(delete_from(leaf).where(leaf.id == 3).hard_delete())
            raise UndoError
    assert (await there(audited), await audited.entries()) == (before, [])
    with pytest.raises(UsageError, match="'user' of the request's context"):
        await audited.plain.with_plugin(audited.plugin).with_plugin(soft).execute(delete_from(leaf).where(leaf.id == 1))
    nowhere = AuditPlugin(table="nowhere", actor="ada")
    with pytest.raises(UndefinedTableError, match="nowhere"):
        await audited.plain.with_plugin(nowhere).with_plugin(soft).execute(delete_from(leaf).where(leaf.id == 1))
    assert await there(audited) == before


@pytest.mark.databases("postgres")
async def test_a_merge_that_deletes_marks_too(audited: Audited, both: Database) -> None:
    await audited.plain.execute(insert_into(branch).values([{"id": 1, "name": "a"}, {"id": 3, "name": "c"}]))
    merged = merge_into(leaf).using(branch, branch.id == leaf.id).when_matched().do_delete()
    await both.execute(merged)
    assert await marks(audited) == [("soft_delete", 1, False, True), ("soft_delete", 3, False, True)]


@pytest.mark.databases("postgres", "sqlite")
async def test_rows_that_are_marked_are_returned(audited: Audited, both: Database) -> None:
    query = delete_from(leaf).where(leaf.id < 3).returning(leaf.name)
    assert sorted(await both.fetch_column(query)) == ["leaf 1", "leaf 2"]
    assert [mark[0] for mark in await marks(audited)] == ["soft_delete"] * 2
