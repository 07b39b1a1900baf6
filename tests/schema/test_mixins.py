"""Bases with columns that many tables have are filled by the plugins that are made for them."""

from __future__ import annotations

import datetime as dt
from contextvars import ContextVar
from typing import TYPE_CHECKING, assert_type
from uuid import UUID

import pytest

from querykit import Column, Table, column
from querykit.plugins import AuditPlugin, AuditTable, SoftDeletePlugin, TimestampsPlugin
from querykit.schema import (
    ChangedBy,
    Identity,
    SoftDelete,
    Timestamps,
    UuidIdentity,
    Varchar,
    create_tables,
    drop_tables,
)


class Desk(Identity, Timestamps, SoftDelete, ChangedBy, Table, name="mixed_desk"):
    label: Column[str] = column(type=Varchar(20))


class Lamp(UuidIdentity, ChangedBy, Table, name="mixed_lamp"):
    created_by: Column[int | None] = column()


class History(AuditTable, name="mixed_history"):
    action: Column[str] = column(type=Varchar(20))


class WhoPlugin(TimestampsPlugin):
    name = "WhoPlugin"


desk, lamp, history = Desk(), Lamp(), History()
user: ContextVar[str | None] = ContextVar("user", default=None)
START, LATER = (dt.datetime(2030, 1, day, tzinfo=dt.UTC) for day in (1, 2))

if TYPE_CHECKING:
    assert_type(desk.id, Column[int])
    assert_type(lamp.id, Column[UUID])
    assert_type(desk.deleted_at, Column[dt.datetime | None])


@pytest.fixture
async def office(db):
    await drop_tables(desk, lamp, history, if_exists=True).run(db)
    await create_tables(desk, lamp, history).run(db)
    yield db
    await drop_tables(desk, lamp, history).run(db)


def test_columns_stand_in_a_good_order():
    assert list(desk._columns) == [
        *("id", "label"),
        *("created_by", "updated_by", "deleted_at", "created_at", "updated_at"),
    ]
    assert list(lamp._columns) == ["id", "created_by", "updated_by"]


async def test_the_database_fills_what_it_can(office):
    await office.insert_into(desk).values(label="a").execute()
    row = await office.select_from(desk).select_all().fetch_one()
    assert row["created_at"].tzinfo is not None
    assert abs(row["created_at"] - dt.datetime.now(dt.UTC)) < dt.timedelta(minutes=5)
    assert (row["id"], row["deleted_at"], row["created_by"]) == (1, None, None)
    await office.insert_into(lamp).values({"created_by": 7}, {"updated_by": "Ada"}).execute()
    assert len(set(await office.select_from(lamp).select(lamp.id).fetch_column())) == 2


async def test_plugins_fill_the_rest(office):
    now = [START]
    tables = [desk._name]
    db = office.with_plugin(TimestampsPlugin(tables, clock=lambda: now[0]))
    db = db.with_plugin(WhoPlugin(tables, created_at="created_by", updated_at="updated_by", clock=user.get))
    db = db.with_plugin(SoftDeletePlugin("deleted_at", tables, clock=lambda: now[0]))
    db = db.with_plugin(AuditPlugin(history, lambda _: user.get(), tables=tables))
    user.set("ada")
    await db.insert_into(desk).values({"label": "a"}, {"label": "b"}).execute()
    now[0] = LATER
    user.set("bob")
    await db.update(desk).set(label="c").where(desk.label == "a").execute()
    await db.delete_from(desk).where(desk.label == "b").execute()
    assert await db.select_from(desk).select_all().fetch_all() == [
        {
            "id": 1,
            "label": "c",
            "created_by": "ada",
            "updated_by": "bob",
            "deleted_at": None,
            "created_at": START,
            "updated_at": LATER,
        }
    ]
    gone = office.select_from(desk).select(desk.created_by, desk.updated_by, desk.deleted_at).where(desk.label == "b")
    assert await gone.fetch_one() == {"created_by": "ada", "updated_by": "bob", "deleted_at": LATER}
    said = office.select_from(history).select(history.actor, history.action).order_by(history.id)
    assert [(row["actor"], row["action"]) for row in await said.fetch_all()] == [
        ("ada", "insert"),
        ("ada", "insert"),
        ("bob", "update"),
        ("bob", "soft_delete"),
    ]
