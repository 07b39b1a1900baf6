"""What stands in an entry is what stood in the row, exactly."""

from __future__ import annotations

import datetime as dt
import enum
import ipaddress
import math
import uuid
from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import pytest

from querykit import (
    AwareDatetime,
    Column,
    Database,
    Json,
    Table,
    UsageError,
    column,
    insert_into,
    select_from,
    sql,
    table,
    update,
)
from querykit.plugins import values_of
from querykit.plugins.audit.documents import document_of
from querykit.schema import Numeric, Varchar, create_table, drop_table
from tests.plugins.audit.conftest import Audited, log


class Colour(enum.StrEnum):
    RED = "red"


class Thing(Table, name="thing"):
    id: Column[int] = column(primary_key=True)
    flag: Column[bool | None]
    big: Column[int | None]
    ratio: Column[float | None]
    price: Column[Decimal | None] = column(type=Numeric(30, 10))
    text: Column[str | None] = column(type=Varchar(200))
    data: Column[bytes | None]
    day: Column[dt.date | None]
    hour: Column[dt.time | None]
    at: Column[dt.datetime | None]
    since: Column[AwareDatetime | None]
    long: Column[dt.timedelta | None]
    token: Column[uuid.UUID | None]
    colour: Column[Colour | None] = column(type=Varchar(10))
    words: Column[list[str] | None]
    about: Column[Json | None]


thing = Thing()
FULL: dict[str, Any] = {
    "id": 1,
    "flag": True,
    "big": 2**63 - 1,
    "ratio": 0.1,
    "price": Decimal("1.1000000000"),
    "text": '{"é": "𝄞", "\\": null}',
    "data": b"\x00\xff",
    "day": dt.date(2024, 2, 29),
    "hour": dt.time(23, 59, 59, 5),
    "at": dt.datetime(2024, 2, 29, 12, 30, 0, 5),
    "since": dt.datetime(2024, 2, 29, 12, 30, tzinfo=dt.UTC),
    "long": dt.timedelta(hours=30, microseconds=5),
    "token": uuid.UUID(int=7),
    "colour": Colour.RED,
    "words": ["a", "b"],
    "about": {"a": [1, 2.5, None, {"b": "c"}]},
}
EMPTY = dict.fromkeys(FULL) | {"id": 2}
DOCUMENT = FULL | {
    "price": "1.1000000000",
    "data": "AP8=",
    "day": "2024-02-29",
    "hour": "23:59:59.000005",
    "at": "2024-02-29T12:30:00.000005",
    "since": "2024-02-29T12:30:00Z",
    "long": "P1DT21600.000005S",
    "token": str(uuid.UUID(int=7)),
    "colour": "red",
}


@pytest.fixture
async def things(audited: Audited) -> AsyncIterator[Audited]:
    await drop_table(thing, if_exists=True).run(audited.plain)
    await create_table(thing).run(audited.plain)
    yield audited
    await drop_table(thing).run(audited.plain)


async def test_values_of_every_kind_are_kept_and_come_back(things: Audited) -> None:
    await things.db.execute(insert_into(thing).values(FULL, EMPTY))
    await things.db.execute(update(thing).set(text="x").where(thing.id == 1))
    first, second, third = await things.entries()
    assert first[3] == DOCUMENT
    assert second[3] == EMPTY
    assert (third[2], third[3]) == (DOCUMENT, DOCUMENT | {"text": "x"})
    for document, row in ((first[3], FULL), (second[3], EMPTY)):
        found = values_of(document, thing)
        assert found == row
        assert {name: type(each) for name, each in found.items()} == {name: type(each) for name, each in row.items()}
        assert await things.plain.fetch_one(select_from(thing).select_all().where(thing.id == row["id"])) == found | (
            {"text": "x"} if row is FULL else {}
        )


async def test_a_row_is_restored_from_its_entry(things: Audited) -> None:
    await things.db.execute(insert_into(thing).values(FULL))
    await things.db.execute(update(thing).set(price=Decimal(2), data=b"", words=None).where(thing.id == 1))
    (_, (_, _, old, _)) = await things.entries()
    before = values_of(old, thing)
    await things.db.execute(update(thing).set(before).where(thing.id == before["id"]))
    assert await things.plain.fetch_one(select_from(thing).select_all()) == FULL


@pytest.mark.parametrize(
    "number", [0.0, -0.0, 5e-324, 1.7976931348623157e308, 1e-7, 0.1 + 0.2, math.inf, -math.inf, math.nan]
)
async def test_floats_are_kept_bit_by_bit(things: Audited, number: float) -> None:
    name = things.plain.dialect.name
    if not math.isfinite(number) and (name in ("mysql", "mariadb") or (name == "sqlite" and math.isnan(number))):
        return  # they have none
    await things.db.execute(insert_into(thing).values(id=1, ratio=number))
    ((_, _, _, document),) = await things.entries()
    (stored,) = await things.plain.fetch_column(select_from(thing).select(thing.ratio))
    assert repr(values_of(document, thing)["ratio"]) == repr(stored)


async def test_undeclared_columns_are_kept_as_the_driver_gives_them(things: Audited) -> None:
    loose = table("thing")
    await things.plain.execute(insert_into(thing).values(FULL))
    await things.db.execute(update(loose).set(text="x").where(loose.id == 1))
    ((_, _, old, _),) = await things.entries()
    assert (old["id"], old["text"], old["big"], old["ratio"]) == (1, FULL["text"], 2**63 - 1, 0.1)
    assert old["data"] == "AP8="
    assert str(old["price"]).startswith("1.10")


async def test_secrets_are_left_out(things: Audited) -> None:
    secretive = Audited(things.plain, leave_out={"thing": ["text", "data"]})
    await secretive.db.execute(insert_into(thing).values(FULL))
    await secretive.db.execute(update(thing).set(text="other").where(thing.id == 1))
    first, second = await secretive.entries()
    assert not {"text", "data"} & first[3].keys()
    assert (second[2], second[3]) == (first[3], first[3])  # that something changed is told, what is not


async def test_large_rows_and_hostile_texts(things: Audited) -> None:
    texts = ["'", '"', "\\", "%s", "$1", "?", "\u2028", "\x01", "<script>", "NULL", "null", "𝄞" * 40]
    rows = [{"id": number, "text": text, "data": bytes(range(256)) * 100} for number, text in enumerate(texts, 1)]
    await things.db.execute(insert_into(thing).values(rows))
    entries = await things.entries()
    assert [values_of(entry[3], thing)["text"] for entry in entries] == texts
    assert {values_of(entry[3], thing)["data"] for entry in entries} == {bytes(range(256)) * 100}


@pytest.mark.databases("postgres")
async def test_a_value_without_a_form_is_refused(audited: Audited) -> None:
    db = audited.plain
    await db.execute(sql("CREATE TABLE odd (id INT PRIMARY KEY, address INET, span INT4RANGE)"))
    odd = table("odd")
    try:
        await audited.db.execute(insert_into(odd).values(id=1, address=ipaddress.ip_address("::1")))
        assert (await audited.entries())[0][3]["address"] == "::1"
        await db.execute(sql("UPDATE odd SET span = int4range(1, 5)"))
        with pytest.raises(UsageError, match="the column 'span' holds a asyncpg"):
            await audited.db.execute(update(odd).set(address=None).where(odd.id == 1))
        assert await db.fetch_column(select_from(odd).select(odd.address)) == [ipaddress.ip_address("::1")]
    finally:
        await db.execute(sql("DROP TABLE odd"))


def test_a_document_of_values_that_json_lacks() -> None:
    row = {"ratio": math.nan, "words": ["a"], "colour": Colour.RED, "price": Decimal("-0E-10")}
    document = document_of(row, thing)
    assert document == {"ratio": "NaN", "words": ["a"], "colour": "red", "price": "-0E-10"}
    found = values_of(document, thing)
    assert math.isnan(found["ratio"])
    assert str(found["price"]) == "-0E-10"
    assert found["colour"] is Colour.RED


async def test_the_audit_s_table_is_made_on_every_database(restored_db: Database) -> None:
    """With a number that the database makes, whatever that is called there."""
    await drop_table(log, if_exists=True).run(restored_db)
    await create_table(log).run(restored_db)
    row = {"changed_at": dt.datetime.now(dt.UTC), "actor": None, "action": "x", "table_name": "y", "row_key": {"id": 1}}
    for _ in range(2):
        await restored_db.execute(insert_into(log).values(row))
    assert await restored_db.fetch_column(select_from(log).select(log.id).order_by(log.id)) == [1, 2]
    await drop_table(log).run(restored_db)
