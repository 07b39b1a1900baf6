"""A database that audits, and what its audit says."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator
from typing import Any

import pytest

from querykit import Column, Database, Table, column, select_from
from querykit.plugins import AuditPlugin, AuditTable
from querykit.schema import Varchar, create_tables, drop_tables

NOON = dt.datetime(2024, 2, 29, 12, tzinfo=dt.UTC)


class Log(AuditTable, name="audit_log"):
    action: Column[str] = column(type=Varchar(20))


class Card(Table, name="card"):
    """A table whose keys the server makes."""

    id: Column[int] = column(primary_key=True, identity=True)
    title: Column[str] = column(type=Varchar(50), unique=True)
    state: Column[str] = column(type=Varchar(20), default="new")
    points: Column[int | None]


class Seat(Table, name="seat"):
    """A table with a key of two columns."""

    hall: Column[str] = column(type=Varchar(20), primary_key=True)
    number: Column[int] = column(primary_key=True)
    guest: Column[str | None] = column(type=Varchar(50))


log, card, seat = Log(), Card(), Seat()


class Audited:
    """Handles on a database with an audit.

    Attributes:
        plain: Without it.
        db: With it, for a request of Ada's.
        plugin: The plugin.
    """

    def __init__(self, db: Database, **options: Any) -> None:
        self.plain = db
        self.plugin = AuditPlugin(
            **{"table": log, "actor": lambda ctx: ctx.user, "key": "id", "clock": lambda: NOON, **options}
        )
        self.db = db.with_plugin(self.plugin).with_context(user="ada")

    async def entries(self) -> list[tuple[Any, ...]]:
        """What was written down, in order: action, key, old and new values."""
        query = select_from(log).select(log.action, log.row_key, log.old_values, log.new_values).order_by(log.id)
        return [tuple(row.values()) for row in await self.plain.fetch_all(query)]

    async def rows(self, table: Any) -> list[dict[str, Any]]:
        return await self.plain.fetch_all(select_from(table).select_all().order_by(*table._primary_key))


@pytest.fixture
async def audited(restored_db: Database) -> AsyncIterator[Audited]:
    """The sample tables, and those of here, with an audit."""
    for each in (log, card, seat):
        await drop_tables(each, if_exists=True).run(restored_db)
    await create_tables(log, card, seat).run(restored_db)
    yield Audited(restored_db)
    await drop_tables(log, card, seat).run(restored_db)
