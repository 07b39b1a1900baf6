"""Filters of every type of values find the same rows on every database, and whatever they are given, no query breaks.

`QUERYKIT_EXAMPLES=2000 make test ARGS="tests/access/test_filter_rows.py"` looks longer.
"""

from __future__ import annotations

import datetime as dt
import os
from contextlib import suppress
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from querykit import AwareDatetime, Column, Database, DatabaseError, Json, Table, column, select_from
from querykit.access import paginate_cursor, parse_filter
from querykit.access.operators import OPERATORS
from querykit.errors import InputError
from querykit.schema import Numeric, Varchar, create_table, drop_table
from tests.access.test_filters import HOSTILE, KEY, Suit

EXAMPLES = int(os.environ.get("QUERYKIT_EXAMPLES", "60"))


class Thing(Table, name="thing"):
    id: Column[int] = column(primary_key=True)
    is_on: Column[bool | None]
    weight: Column[float | None]
    price: Column[Decimal | None] = column(type=Numeric(12, 2))
    word: Column[str | None] = column(type=Varchar(40))
    data: Column[bytes | None]
    day: Column[dt.date | None]
    clock: Column[dt.time | None]
    moment: Column[dt.datetime | None]
    instant: Column[AwareDatetime | None]
    key: Column[UUID | None]
    suit: Column[Suit | None] = column(type=Varchar(10))
    facts: Column[Json | None]


thing = Thing()
FULL = {
    "id": 1,
    "is_on": True,
    "weight": 1.5,
    "price": Decimal("19.90"),
    "word": "50% o_f!",
    "data": b"\x00\xff",
    "day": dt.date(2024, 2, 29),
    "clock": dt.time(12, 30),
    "moment": dt.datetime(2024, 2, 29, 12, 30),
    "instant": dt.datetime(2024, 2, 29, 12, 30, tzinfo=dt.UTC),
    "key": UUID(KEY),
    "suit": Suit.HEARTS,
    "facts": {"auth": {"roles": ["admin", "x"], "level": 3, "is_on": True, "rate": 0.5, "none": None}, 'a"b.c': "q"},
}
OTHER = {"id": 2, "word": "other", "price": Decimal("5.00"), "is_on": False, "facts": {"auth": {"level": "3"}}}


@pytest.fixture(scope="module")
async def things(database_name, urls):
    async with Database(urls[database_name]) as db:
        await drop_table(thing, if_exists=True).run(db)
        await create_table(thing).run(db)
        for row in (FULL, OTHER, {"id": 3}):
            await db.insert_into(thing).values(row).execute()
        yield
        await drop_table(thing).run(db)


async def ids(db, data):
    query = select_from(thing).select(thing.id).where(parse_filter(thing, data)).order_by(thing.id)
    return await db.fetch_column(query)


def at(*path, **operators):
    return {"facts": {"path": list(path), **operators}}


FOUND = [
    ({"is_on": True}, [1]),
    ({"is_on": {"ne": True}}, [2]),
    ({"weight": {"between": [1, 2]}}, [1]),
    ({"price": "19.9"}, [1]),
    ({"price": {"lt": 19.9}}, [2]),
    ({"price": {"in": ["5", 7]}}, [2]),
    ({"word": {"contains": "% o_f"}}, [1]),
    ({"word": {"starts_with": "50%"}}, [1]),
    ({"word": {"starts_with": "5_%"}}, []),
    ({"word": {"ends_with": "!"}}, [1]),
    ({"word": {"ilike": "OTH%"}}, [2]),
    ({"data": "AP8="}, [1]),
    ({"day": {"gte": "2024-02-29"}}, [1]),
    ({"clock": {"lte": "12:30:00"}}, [1]),
    ({"moment": "2024-02-29T12:30:00"}, [1]),
    ({"instant": "2024-02-29T13:30:00+01:00"}, [1]),
    ({"key": KEY}, [1]),
    ({"suit": "hearts"}, [1]),
    ({"suit": {"not_in": ["hearts"]}}, []),
    ({"suit": None}, [2, 3]),
    (at("auth", "roles", 0, eq="admin"), [1]),
    (at("auth", "roles", 1, **{"in": ["x", "y"]}), [1]),
    (at("auth", "level", eq=3), [1]),
    (at("auth", "level", eq="3"), [2]),
    (at("auth", "level", gte=2, lt=4), [1]),
    (at("auth", "level", **{"in": [3, 4.5]}), [1]),
    (at("auth", "level", between=[1, 3.5]), [1]),
    (at("auth", "is_on", eq=True), [1]),
    (at("auth", "rate", gt=0.25), [1]),
    (at("auth", "roles", 0, starts_with="adm"), [1]),
    (at("auth", "roles", 0, ilike="ADM%"), [1]),
    (at("auth", "rate", is_null=False), [1]),
    (at("auth", "none", is_null=True), [1, 2, 3]),
    (at("auth", "none", eq=None), [1, 2, 3]),
    (at('a"b.c', eq="q"), [1]),
    (at("a", "b", eq="q"), []),
    ({"facts": None}, [3]),
    ({"facts": {"is_null": False}}, [1, 2]),
]


async def test_values_of_every_type_find_their_rows(db, things):
    assert [(data, await ids(db, data)) for data, _ in FOUND] == FOUND


VALUES = st.one_of(
    st.sampled_from([*HOSTILE, True, False, 0, -1, 2**31, 2**63, 2**70, -0.0, 1.5, 1e300, "\ud800", KEY, "hearts"]),
    st.sampled_from(["2024-02-29", "0001-01-01T00:00:00", "9999-12-31T23:59:59Z", "00:00:00", "AP8=", "1e5", "é" * 50]),
)
CONDITIONS = st.dictionaries(
    st.sampled_from(sorted(OPERATORS)),
    st.one_of(VALUES, st.none(), st.lists(VALUES, max_size=3)),
    min_size=1,
    max_size=2,
)
PATHS = st.lists(
    st.one_of(st.sampled_from([*HOSTILE, "auth", "a.b", "$"]), st.sampled_from([0, 7, 2**31 - 1])), min_size=1
)


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=st.sampled_from(sorted(thing._columns)), operators=CONDITIONS, path=PATHS)
async def test_no_input_breaks_a_query(db, things, name, operators, path):
    data = {name: operators | ({"path": path} if name == "facts" else {})}
    try:
        parse_filter(thing, data)
    except InputError:
        return
    with suppress(DatabaseError):  # a value that a database does not hold
        assert set(await ids(db, data)) <= {1, 2, 3}


@pytest.mark.parametrize("name", [name for name in thing._columns if name != "facts"])
async def test_pages_are_ordered_by_values_of_every_type(db, things, name):
    more = [{"id": 4} | ({name: FULL[name]} if name != "id" else {}), {"id": 5}]
    await db.insert_into(thing).values(more).execute()
    try:
        query = db.select_from(thing).select(thing.id)
        for key in (thing[name].desc(), thing[name].asc(nulls="first")):
            page = await paginate_cursor(query, order_by=[key], limit=2, secret="secret")
            met = list(page.items)
            while page.next is not None:
                page = await paginate_cursor(query, order_by=[key], limit=2, secret="secret", after=page.next)
                met += page.items
            assert sorted(each["id"] for each in met) == [1, 2, 3, 4, 5]
    finally:
        await db.delete_from(thing).where(thing.id > 3).execute()
