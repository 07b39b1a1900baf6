"""Values in definitions are literals that mean the value, on every database; nothing else writes them so."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from enum import Enum
from uuid import UUID

import pytest

from querykit import CompileError, Json, literal_sql, param, select, select_from, sql, table, value
from tests.databases import DATABASES

pet = table("pet")


class Suit(Enum):
    HEARTS = "he'arts"


TEXTS = [
    "",
    "it's",
    '"',
    "`",
    "\\",
    "\\'",
    "%",
    "%s %% ?",
    "$1 :x {}",
    "--",
    "/*",
    "\n\t",
    "ä€𝄞",
    "'; DROP TABLE pet; --",
]
VALUES = [
    True,
    0,
    -7,
    2**62,
    1.5,
    -0.1,
    1e300,
    Decimal("1.50"),
    Decimal("-99999999999.000001"),
    b"",
    b"\x00'\\\xff",
    dt.date(2024, 2, 29),
    dt.time(23, 59, 59, 999999),
    dt.datetime(2024, 2, 29, 12, 30, 0, 1),
    dt.timedelta(days=-1, microseconds=1),
    UUID("12345678-1234-5678-1234-567812345678"),
    Suit.HEARTS,
    *TEXTS,
]


@pytest.mark.parametrize("given", VALUES, ids=repr)
async def test_a_literal_means_the_value(db, given):
    text = literal_sql(given, db.dialect)
    same = sql("SELECT CASE WHEN {} = {} THEN 1 ELSE 0 END AS same", sql.raw(text), value(given))
    if isinstance(given, Decimal) and db.dialect.name == "sqlite":
        same = sql("SELECT CASE WHEN {} = {} THEN 1 ELSE 0 END AS same", sql.raw(text), value(str(given)))
    assert await db.fetch_value(same) == 1
    assert f"{text}" == literal_sql(value(given), db.dialect)


async def test_a_query_with_literals_gives_the_rows_of_the_query(db):
    for text in TEXTS:
        query = select(value(text).as_("word")).where(value(text).is_in([text, "x"]), value(3).is_in([1, 2, 3]))
        assert await db.fetch_value(sql("{}", sql.raw(literal_sql(query, db.dialect))).returns_rows(word=str)) == text


def test_columns_of_the_table_that_is_defined_stand_without_its_name():
    condition = (pet.age >= 0) & pet.name.is_in(["a", "b"])
    assert literal_sql(condition, "mysql", of=pet) == "`age` >= 0 AND `name` IN ('a', 'b')"
    assert literal_sql(condition, "postgres", of=pet) == "\"age\" >= 0 AND \"name\" IN ('a', 'b')"
    with pytest.raises(CompileError, match="not in scope"):
        literal_sql(table("toy").id == 1, "sqlite", of=pet)


@pytest.mark.parametrize("dialect", DATABASES)
def test_what_has_no_literal_is_refused(dialect):
    with pytest.raises(CompileError, match="no parameters"):
        literal_sql(pet.id == param("id", int), dialect, of=pet)
    with pytest.raises(CompileError):
        literal_sql("\x00", dialect)


def test_numbers_that_a_database_does_not_hold_are_refused():
    for dialect in ("mysql", "mariadb", "sqlite"):
        with pytest.raises(CompileError, match="NaN"):
            literal_sql(float("nan"), dialect)


def test_documents_are_literals_too():
    document = value({"a": ["it's", 1, None]}).returns(Json)
    assert literal_sql(document, "sqlite") == "'{\"a\":[\"it''s\",1,null]}'"


def test_a_query_that_runs_binds_as_ever():
    assert select_from(pet).select(pet.id).where(pet.name == "x").compile("sqlite").parameters == ("x",)
