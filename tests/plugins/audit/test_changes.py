"""A row that is as it was makes no entry, one that is not makes one: by what the database holds, not by Python's ==."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import pytest

from querykit import (
    AwareDatetime,
    Column,
    Json,
    Table,
    column,
    delete_from,
    excluded,
    insert_into,
    register_type,
    select_from,
    sql,
    table,
    update,
)
from querykit.plugins.audit.differences import is_as_it_was
from querykit.schema import Char, Numeric, Varchar, create_table, drop_table
from tests.plugins.audit.conftest import Audited, log


class Mark:
    """A value that equals nothing but itself."""

    def __init__(self, letter: str) -> None:
        self.letter = letter


register_type(Mark, str, encode=lambda mark: mark.letter, decode=Mark)


class Sample(Table, name="sample"):
    id: Column[int] = column(primary_key=True)
    ratio: Column[float | None]
    price: Column[Decimal | None] = column(type=Numeric(30, 10))
    text: Column[str | None] = column(type=Varchar(20))
    data: Column[bytes | None]
    flag: Column[bool | None]
    hour: Column[dt.time | None]
    at: Column[dt.datetime | None]
    since: Column[AwareDatetime | None]
    words: Column[list[str] | None]
    about: Column[Json | None]
    mark: Column[Mark | None] = column(type=Varchar(5))


class Door(Table, name="door"):
    code: Column[str] = column(type=Char(5), primary_key=True)
    colour: Column[str | None] = column(type=Varchar(10))


sample, door = Sample(), Door()
ALL = {"sqlite", "postgres", "mysql", "mariadb"}
NONE: set[str] = set()
NOON = dt.datetime(2024, 2, 29, 12, tzinfo=dt.UTC)
CASES: list[tuple[str, Any, Any, set[str]]] = [
    # What was, what it is set to, and the databases on which that is a change.
    ("ratio", 1.0, 1.0, NONE),
    ("ratio", 0.1 + 0.2, 0.3, ALL),
    ("ratio", 0.0, -0.0, {"postgres", "mysql"}),  # the others leave what is there
    ("ratio", -0.0, -0.0, NONE),
    ("ratio", 0.0, None, ALL),
    ("price", Decimal("1.0"), Decimal("1.0"), NONE),
    ("price", Decimal("1.0"), Decimal("1.00"), {"sqlite", "postgres"}),  # others keep a column's digits, not a value's
    ("price", Decimal("1E+2"), Decimal(100), NONE),
    ("text", "a", "a", NONE),
    ("text", "a", "A", ALL),
    ("text", "a", "a ", ALL),
    ("text", "e\u0301", "\u00e9", ALL),
    ("text", "", None, ALL),
    ("data", b"\x00\xff", b"\x00\xff", NONE),
    ("data", b"\x00", b"\x00\x00", ALL),
    ("data", b"", None, ALL),
    ("flag", True, True, NONE),
    ("flag", False, None, ALL),
    ("hour", dt.time(12), dt.time(12), NONE),
    ("hour", dt.time(12), dt.time(12, microsecond=1), ALL),
    ("at", dt.datetime(2024, 3, 1), dt.datetime(2024, 3, 1), NONE),
    ("since", NOON, NOON.astimezone(dt.timezone(dt.timedelta(hours=5, minutes=30))), NONE),
    ("since", NOON, NOON.replace(tzinfo=dt.timezone(dt.timedelta(hours=1))), ALL),
    ("since", NOON, NOON + dt.timedelta(microseconds=1), ALL),
    ("words", ["a", "b"], ["a", "b"], NONE),
    ("words", ["a", "b"], ["b", "a"], ALL),
    ("words", [], None, ALL),
    ("about", {"a": 1, "b": [1, {"c": None}]}, {"b": [1, {"c": None}], "a": 1}, NONE),
    ("about", {"a": 1}, {"a": True}, ALL),
    ("about", {"a": 1}, {"a": "1"}, ALL),
    ("about", {"a": None}, {}, ALL),
    ("about", [1, 2], [2, 1], ALL),
    ("about", [], {}, ALL),
    ("mark", Mark("x"), Mark("x"), NONE),
    ("mark", Mark("x"), Mark("y"), ALL),
]
ODD: list[tuple[str, Any, Any, bool]] = [
    # What not all have, or hold apart: to an upsert of MySQL's, 1 is 1.0 in a document.
    ("about", {"a": 1}, {"a": 1.0}, True),
    ("ratio", math.nan, math.nan, False),
    ("ratio", math.nan, math.inf, True),
    ("ratio", math.inf, math.inf, False),
    ("price", Decimal("NaN"), Decimal("NaN"), False),
    ("price", Decimal("NaN"), Decimal(0), True),
]


@pytest.fixture
async def samples(audited: Audited) -> AsyncIterator[Audited]:
    for each in (sample, door):
        await drop_table(each, if_exists=True).run(audited.plain)
        await create_table(each).run(audited.plain)
    if audited.plain.dialect.name == "postgres":  # digits after the point that are not said keep those of each value
        await audited.plain.execute(sql("ALTER TABLE sample ALTER price TYPE NUMERIC"))
    yield audited
    for each in (sample, door):
        await drop_table(each).run(audited.plain)


async def changes(audited: Audited, name: str, old: Any, new: Any) -> list[int]:
    """How many entries an UPDATE makes, and an upsert."""
    made = []
    row = insert_into(sample).values({"id": 1, name: new}).on_conflict(sample.id).do_update({name: excluded[name]})
    for write in (update(sample).set({name: new}).where(sample.id == 1), row):
        await audited.plain.execute(delete_from(sample).all_rows())
        await audited.plain.execute(insert_into(sample).values({"id": 1, name: old}))
        await audited.plain.execute(delete_from(log).all_rows())
        await audited.db.execute(write)
        made.append(len(await audited.entries()))
    return made


async def test_a_row_is_changed_where_the_database_holds_something_else(samples: Audited) -> None:
    dialect = samples.plain.dialect.name
    found = [(name, old, new, await changes(samples, name, old, new)) for name, old, new, _ in CASES]
    assert found == [(name, old, new, [int(dialect in where)] * 2) for name, old, new, where in CASES]


@pytest.mark.databases("postgres")
async def test_what_is_not_equal_to_itself_is_no_change_and_digits_are(samples: Audited) -> None:
    for name, old, new, is_change in ODD:
        assert await changes(samples, name, old, new) == [int(is_change)] * 2, (name, old, new)


async def test_columns_that_are_not_declared_are_compared_likewise(samples: Audited) -> None:
    loose = table("sample")
    full = {"ratio": 0.5, "text": "a", "data": b"\xff", "since": NOON, "about": {"a": [1]}, "price": Decimal("1.5")}
    await samples.plain.execute(insert_into(sample).values({"id": 1} | full))
    await samples.db.execute(update(loose).set(text="a").where(loose.id == 1))
    assert await samples.entries() == []
    await samples.db.execute(update(loose).set(data=b"\xfe").where(loose.id == 1))
    assert len(await samples.entries()) == 1


async def test_a_key_that_the_database_writes_otherwise_is_that_of_the_same_row(samples: Audited) -> None:
    """PostgreSQL fills a CHAR with blanks: what it was set to is not what it is."""
    await samples.db.execute(insert_into(door).values(code="a"))
    await samples.db.execute(update(door).set(code="b").where(door.code == "a"))
    moved = insert_into(door).values(code="b").on_conflict(door.code).do_update(code="c", colour="red")
    await samples.db.execute(moved)
    assert [(entry[0], entry[1]["code"].strip()) for entry in await samples.entries()] == [
        ("insert", "a"),
        ("update", "b"),
        ("update", "c"),
    ]
    assert len(await samples.plain.fetch_all(select_from(door).select(door.code))) == 1


def test_values_of_undeclared_columns_are_the_same_if_their_kind_is_too() -> None:
    def same(old: Any, new: Any) -> bool:
        return is_as_it_was({"x": old}, {"x": new}, table("loose"))

    zones = [dt.timezone(dt.timedelta(hours=hours)) for hours in (0, 1)]
    assert same(NOON, NOON.astimezone(zones[1]))
    assert not same(dt.time(12, tzinfo=zones[0]), dt.time(13, tzinfo=zones[1]))  # a time of day has no instant
    assert not same(1, True)
    assert not same(1, 1.0)
    assert not same("AP8=", b"\x00\xff")
    assert same([math.nan, {"a": Decimal("NaN")}], [math.nan, {"a": Decimal("NaN")}])
    assert not same(NOON, NOON.replace(tzinfo=None))
    assert not is_as_it_was({"x": 1}, {"x": 1, "y": None}, table("loose"))
