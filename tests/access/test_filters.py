"""Filters are data: closed, typed, and never SQL."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from enum import Enum
from uuid import UUID

import pytest

from querykit import AwareDatetime, Column, Json, Table, column, select_from
from querykit.access import parse_filter
from querykit.errors import InputError
from tests.access.tables import person, pet
from tests.expected import compiles_to, spelled

HOSTILE = ["'; DROP TABLE person; --", '"', "`", "\\", "%", "_", "%s", "$1", "?", "\x00"]


async def ids(db, data, table=person):
    query = db.select_from(table).select(table.id).where(parse_filter(table, data)).order_by(table.id)
    return await query.fetch_column()


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ({}, [1, 2, 3, 4, 5]),
        ({"first_name": "Bea"}, [2]),
        ({"nickname": None}, [1, 3, 5]),
        ({"nickname": {"ne": None}}, [2, 4]),
        ({"birth_year": {"gt": 1975, "lte": 2001}}, [3, 4]),
        ({"birth_year": {"gte": 1975, "lt": 2001}}, [2, 3]),
        ({"birth_year": {"between": [1950, 1975]}}, [1, 2]),
        ({"birth_year": {"is_null": True}}, [5]),
        ({"birth_year": {"is_null": False}, "id": {"ne": 1}}, [2, 3, 4]),
        ({"id": {"in": [1, 4, 9]}}, [1, 4]),
        ({"id": {"in": []}}, []),
        ({"id": {"not_in": [1, 4, 9]}}, [2, 3, 5]),
        ({"id": {"not_in": []}}, [1, 2, 3, 4, 5]),
        ({"first_name": {"contains": "o"}}, [4, 5]),
        ({"first_name": {"starts_with": "D"}}, [4]),
        ({"first_name": {"ends_with": "a"}}, [1, 2, 4]),
        ({"first_name": {"like": "_e%"}}, [2, 3]),
        ({"first_name": {"ilike": "b%"}}, [2]),
        ({"or": [{"id": 1}, {"first_name": "Otto"}]}, [1, 5]),
        ({"or": []}, []),
        ({"and": []}, [1, 2, 3, 4, 5]),
        ({"and": [{"id": {"gt": 1}}, {"id": {"lt": 3}}]}, [2]),
        ({"not": {"id": {"gt": 2}}}, [1, 2]),
        ({"id": {"gt": 1}, "or": [{"id": 1}, {"not": {"or": [{"id": 2}, {"id": 3}]}}]}, [4, 5]),
        ({"pets": {"some": {"species": "dog"}}}, [2, 4]),
        ({"pets": {"none": {}}}, [1, 5]),
        ({"pets": {"every": {"species": "dog"}, "some": {}}}, [4]),
        ({"pets": {"some": {"toys": {"some": {"price": {"gt": 4}}}}}}, [2, 4]),
        ({"mother": {"is": None}}, [1, 5]),
        ({"mother": {"is_not": None}}, [2, 3, 4]),
        ({"mother": {"is": {"first_name": "Ada"}}}, [2, 3]),
        ({"mother": {"is": {"mother": {"is": {"first_name": "Ada"}}}}}, [4]),
        ({"children": {"some": {"children": {"some": {"mother": {"is": {"first_name": "Bea"}}}}}}}, [1]),
    ],
)
@pytest.mark.usefixtures("sample_tables")
async def test_a_filter_finds_the_rows_that_it_means(db, data, expected):
    assert await ids(db, data) == expected


@pytest.mark.usefixtures("sample_tables")
async def test_what_a_filter_says_is_bound_and_means_itself(db):
    for text in HOSTILE[:-1]:
        for operator in ("eq", "contains", "starts_with", "ends_with"):
            assert await ids(db, {"first_name": {operator: text}}) == []


def test_the_sql_of_a_filter():
    data = {"birth_year": {"gte": 18}, "or": [{"first_name": {"contains": "a%n"}}, {"pets": {"some": {"id": 1}}}]}
    query = select_from(person).select(person.id).where(parse_filter(person, data))
    pets = 'EXISTS (SELECT "pet"."id" FROM "pet" WHERE "pet"."owner_id" = "person"."id" AND "pet"."id" = $3)'
    sql = 'SELECT "person"."id" FROM "person" WHERE "person"."birth_year" >= $1 AND ("person"."first_name" LIKE $2'
    compiles_to(query, spelled(f"{sql} ESCAPE '!' OR {pets})", (18, "%a!%n%", 1)))


class Suit(Enum):
    HEARTS = "hearts"


class Everything(Table, name="everything"):
    id: Column[int]
    is_on: Column[bool]
    weight: Column[float]
    price: Column[Decimal]
    word: Column[str]
    data: Column[bytes]
    day: Column[dt.date]
    clock: Column[dt.time]
    moment: Column[dt.datetime]
    instant: Column[AwareDatetime]
    key: Column[UUID]
    suit: Column[Suit]
    profile: Column[Json]
    token: Column[str] = column(hidden=True)


everything = Everything()
KEY = "12345678-1234-5678-1234-567812345678"


@pytest.mark.parametrize(
    ("data", "bound"),
    [
        ({"price": "1.50"}, Decimal("1.50")),
        ({"price": 1.5}, Decimal("1.5")),
        ({"id": 2.0}, 2),
        ({"weight": 1}, 1.0),
        ({"day": "2024-02-29"}, dt.date(2024, 2, 29)),
        ({"day": dt.date(2024, 2, 29)}, dt.date(2024, 2, 29)),
        ({"clock": "12:30:00"}, dt.time(12, 30)),
        ({"moment": "2024-02-29T12:30:00"}, dt.datetime(2024, 2, 29, 12, 30)),
        ({"instant": "2024-02-29T12:30:00Z"}, dt.datetime(2024, 2, 29, 12, 30, tzinfo=dt.UTC)),
        ({"key": KEY}, UUID(KEY)),
        ({"data": "AP8="}, b"\x00\xff"),
        ({"suit": "hearts"}, Suit.HEARTS),
    ],
)
def test_a_value_is_read_as_json_writes_its_type(data, bound):
    query = select_from(everything).select(everything.id).where(parse_filter(everything, data))
    assert query.compile("postgres").parameters == (bound,)


@pytest.mark.parametrize(
    ("data", "path", "reason"),
    [
        ([], (), "a filter is an object, not a list"),
        (None, (), "a filter is an object, not null"),
        ({"wordd": 1}, ("wordd",), "did you mean word?"),
        ({"token": "x"}, ("token",), "no such column"),
        ({"_name": "x"}, ("_name",), "no such column"),
        ({"as_": "x"}, ("as_",), "no such column"),
        ({7: "x"}, (7,), "no such column"),
        ({"word": 0}, ("word", "eq"), "expected str, got int"),
        ({"id": True}, ("id", "eq"), "expected int, got bool"),
        ({"id": "1"}, ("id", "eq"), "expected int, got str"),
        ({"id": 1.5}, ("id", "eq"), "expected int, got float"),
        ({"id": {"in": [1, "2"]}}, ("id", "in", 1), "expected int, got str"),
        ({"id": {"in": [None]}}, ("id", "in"), "is_null"),
        ({"id": {"in": 1}}, ("id", "in"), "takes a list"),
        ({"id": {"in": "12"}}, ("id", "in"), "takes a list"),
        ({"id": {"between": [1]}}, ("id", "between"), "two values, not 1"),
        ({"id": {}}, ("id",), "names operators"),
        ({"id": {"$gt": 1}}, ("id", "$gt"), "did you mean gt?"),
        ({"id": {"like": "1%"}}, ("id", "like"), "no such operator here"),
        ({"is_on": {"gt": False}}, ("is_on", "gt"), "no such operator here"),
        ({"id": {"gt": None}}, ("id", "gt"), "null is no value here"),
        ({"id": {"is_null": "yes"}}, ("id", "is_null"), "expected bool"),
        ({"word": {"contains": 1}}, ("word", "contains"), "expected str"),
        ({"moment": "2024-02-29T12:30:00Z"}, ("moment", "eq"), "timezone"),
        ({"instant": "2024-02-29T12:30:00"}, ("instant", "eq"), "timezone"),
        ({"suit": "spades"}, ("suit", "eq"), "invalid enum value"),
        ({"or": {}}, ("or",), "takes a list of filters"),
        ({"or": [{"id": 1}, 2]}, ("or", 1), "a filter is an object"),
        ({"not": []}, ("not",), "a filter is an object"),
        ({"profile": {"a": 1}}, ("profile",), '"path"'),
        ({"profile": {"path": "a", "eq": 1}}, ("profile", "path"), "list of keys"),
        ({"profile": {"path": [-1], "eq": 1}}, ("profile", "path"), "list of keys"),
        ({"profile": {"path": [True], "eq": 1}}, ("profile", "path"), "list of keys"),
        ({"profile": {"path": ["a"], "in": ["a", 1]}}, ("profile", "in", 1), "expected str"),
        ({"price": "NaN"}, ("price", "eq"), "decimal number"),
        ({"word": "\ud800"}, ("word", "eq"), "half a character"),
        ({"clock": "\ud800"}, ("clock", "eq"), "half a character"),
        ({"profile": {"path": ["\ud800"], "eq": 1}}, ("profile", "path"), "list of keys"),
        ({"clock": "12:00:00Z"}, ("clock", "eq"), "no timezone"),
        ({"profile": {"path": [], "eq": 1}}, ("profile", "path"), "list of keys"),
        ({"profile": {"path": ["a"]}}, ("profile",), "operators"),
        ({"profile": {"path": ["a"], "eq": {}}}, ("profile",), "compared with texts"),
    ],
)
def test_what_a_filter_does_not_know_is_refused_with_its_place(data, path, reason):
    with pytest.raises(InputError) as caught:
        parse_filter(everything, data)
    assert caught.value.path == path
    assert reason in caught.value.reason


def test_relations_are_asked_by_their_own_operators():
    with pytest.raises(InputError, match="pets: takes an object with some, none, every"):
        parse_filter(person, {"pets": {}})
    with pytest.raises(InputError, match=r"pets\.any: no such operator"):
        parse_filter(person, {"pets": {"any": {}}})
    with pytest.raises(InputError, match=r"owner\.some: no such operator"):
        parse_filter(pet, {"owner": {"some": {}}})
    with pytest.raises(InputError, match=r"pets\.some: a filter is an object, not null"):
        parse_filter(person, {"pets": {"some": None}})


def test_depth_and_size_are_limited():
    deep: dict = {"id": 1}
    for _ in range(8):
        deep = {"not": deep}
    with pytest.raises(InputError, match="no deeper than 8"):
        parse_filter(person, deep)
    parse_filter(person, deep, max_depth=9)
    with pytest.raises(InputError, match="no more than 100 conditions"):
        parse_filter(person, {"id": {"in": list(range(101))}})
    with pytest.raises(InputError, match="no more than 100 conditions"):
        parse_filter(person, {"and": [{}] * 101})
    with pytest.raises(InputError, match="no more than 100 conditions"):
        parse_filter(everything, {"profile": {"path": ["a"] * 101, "eq": 1}})
    with pytest.raises(InputError, match="no more than 2 conditions"):
        parse_filter(person, {"or": [{"id": 1}, {"id": 2}, {"id": 3}]}, max_conditions=2)


def test_an_error_shows_no_value():
    with pytest.raises(InputError) as caught:
        parse_filter(everything, {"id": "secret", "word": "x"})
    assert "secret" not in str(caught.value)
