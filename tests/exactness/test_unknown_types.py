"""Columns of unknown type: at top level what the driver gives, nested what the database's JSON has. docs/values.md says so."""

import datetime as dt
import ipaddress
import math
from decimal import Decimal
from typing import Any
from uuid import UUID

import asyncpg
import msgspec
import pytest

from querykit import (
    AwareDatetime,
    Column,
    Database,
    Json,
    Table,
    cast,
    fn,
    json_array_from,
    select,
    select_from,
    sql,
    table,
)
from querykit.errors import DatabaseError, DataError, DecodeError, TruncatedResultError, UnsupportedError

REFUSED = (DataError, DecodeError, TruncatedResultError)
KEY = "12345678-1234-5678-1234-567812345678"
MOMENT = dt.datetime(2020, 1, 2, 3, 4, 5, 500_000)

# SQL, at top level, nested
POSTGRES: list[tuple[str, Any, Any]] = [
    ("true", True, True),
    ("9223372036854775807", 2**63 - 1, 2**63 - 1),
    ("1.10", Decimal("1.10"), 1.1),
    ("1.5::float8", 1.5, 1.5),
    ("'Infinity'::float8", math.inf, "Infinity"),
    ("'[1]'::text", "[1]", "[1]"),
    ("'ab'::char(4)", "ab  ", "ab  "),
    (r"'\x00ff'::bytea", b"\x00\xff", r"\x00ff"),
    ("DATE '2020-02-29'", dt.date(2020, 2, 29), "2020-02-29"),
    ("TIME '01:02:03.5'", dt.time(1, 2, 3, 500_000), "01:02:03.5"),
    ("TIMESTAMP '2020-01-02 03:04:05.5'", MOMENT, "2020-01-02T03:04:05.5"),
    ("INTERVAL '1 day 2 hours'", dt.timedelta(days=1, hours=2), "1 day 02:00:00"),
    (f"'{KEY}'::uuid", UUID(KEY), KEY),
    ('\'{"b": 1, "a": [2]}\'::jsonb', {"a": [2], "b": 1}, {"a": [2], "b": 1}),
    ("ARRAY[1, NULL]", [1, None], [1, None]),
    ("'192.168.0.1/24'::inet", ipaddress.ip_interface("192.168.0.1/24"), "192.168.0.1/24"),
    ("'10.0.0.0/8'::cidr", ipaddress.ip_network("10.0.0.0/8"), "10.0.0.0/8"),
    ("'08:00:2b:01:02:03'::macaddr", "08:00:2b:01:02:03", "08:00:2b:01:02:03"),
    ("'[1,5)'::int4range", asyncpg.Range(1, 5), "[1,5)"),
    ("'$1,234.50'::money", "$1,234.50", "$1,234.50"),
    ("B'1010'", asyncpg.BitString("1010"), "1010"),
    ("'(1,2)'::point", asyncpg.Point(1, 2), "(1,2)"),
    ("'a b'::tsvector", "'a' 'b'", "'a' 'b'"),
    ("ROW(1, 'x')", (1, "x"), {"f1": 1, "f2": "x"}),
]
MYSQL: list[tuple[str, Any, Any]] = [
    ("TRUE", 1, 1),
    ("18446744073709551615", 2**64 - 1, 2**64 - 1),
    ("1.10", Decimal("1.10"), 1.1),
    ("1.5e0", 1.5, 1.5),
    ("'[1]'", "[1]", "[1]"),
    ("DATE '2020-02-29'", dt.date(2020, 2, 29), "2020-02-29"),
    ("TIME '-01:02:03'", -dt.timedelta(hours=1, minutes=2, seconds=3), "-01:02:03.000000"),
    ("TIMESTAMP '2020-01-02 03:04:05.500000'", MOMENT, "2020-01-02 03:04:05.500000"),
    ("X'00ff'", b"\x00\xff", "base64:type15:AP8="),
    ("JSON_OBJECT('bb', 1, 'a', 2)", {"a": 2, "bb": 1}, {"a": 2, "bb": 1}),
]
MARIADB: list[tuple[str, Any, Any]] = [
    *MYSQL[:6],
    ("TIME '-01:02:03'", -dt.timedelta(hours=1, minutes=2, seconds=3), "-01:02:03"),
    ("TIMESTAMP '2020-01-02 03:04:05.500000'", MOMENT, "2020-01-02 03:04:05.500000"),
    ("X'00ff'", b"\x00\xff", REFUSED),
]
SQLITE: list[tuple[str, Any, Any]] = [
    ("TRUE", 1, 1),
    ("9223372036854775807", 2**63 - 1, 2**63 - 1),
    ("0.1 + 0.2", 0.1 + 0.2, 0.3),
    ("9e999", math.inf, REFUSED),
    ("'[1]'", "[1]", "[1]"),
    ("x'00ff'", b"\x00\xff", REFUSED),
    ("DATE('2020-02-29')", "2020-02-29", "2020-02-29"),
    ("JSON('{\"a\": 1}')", '{"a":1}', '{"a":1}'),
]
BY_DATABASE = {"postgres": POSTGRES, "mysql": MYSQL, "mariadb": MARIADB, "sqlite": SQLITE}
CASES = [
    pytest.param(database, *case, id=f"{database} {case[0]}")
    for database, cases in BY_DATABASE.items()
    for case in cases
]


def one(text: str, **types: Any) -> Any:
    """A table of one row whose column `v` is an expression of SQL."""
    return sql.raw(f"(SELECT {text} AS v)").as_table("one", types or {"v": Any})  # type: ignore[arg-type]


@pytest.mark.parametrize(("database", "text", "top", "nested"), CASES)
async def test_they_come_as_the_driver_and_as_json_have_them(
    db: Database, database: str, text: str, top: Any, nested: Any
) -> None:
    if db.dialect.name != database:
        return
    source = one(text)
    found = await db.fetch_value(sql.raw(f"SELECT {text} AS v"))  # type: ignore[arg-type]
    assert found == top
    assert isinstance(found, type(top))
    rows = select_from(source).select(source.v)
    query = select(json_array_from(rows).as_("rows"))
    if nested is REFUSED:
        with pytest.raises(REFUSED):
            await db.fetch_all(query)
        with pytest.raises(REFUSED):
            await db.fetch_json(rows)
        return
    assert await db.fetch_value(query) == [{"v": nested}]
    if database != "mariadb" and "JSON(" not in text:
        assert msgspec.json.decode(await db.fetch_json(rows)) == [{"v": nested}]


@pytest.mark.databases("postgres")
@pytest.mark.parametrize(
    "text",
    [
        *("'192.168.0.1/24'::inet", "'[1,5)'::int4range", "'$1.50'::money", "'(1,2)'::point"),
        "INTERVAL '1 year 2 months -3 days'",
    ],
)
async def test_a_cast_to_text_is_the_same_at_every_depth(db: Database, text: str) -> None:
    source = one(text)
    rows = select_from(source).select(cast(source.v, str).as_("v"))
    found = await db.fetch_all(rows)
    assert type(found[0]["v"]) is str
    assert await db.fetch_value(select(json_array_from(rows).as_("rows"))) == found
    assert msgspec.json.decode(await db.fetch_json(rows)) == found


@pytest.mark.databases("postgres")
async def test_domains_are_read_as_what_they_are_made_of(db: Database) -> None:
    await db.execute(sql("DROP DOMAIN IF EXISTS price"))
    await db.execute(sql("CREATE DOMAIN price AS NUMERIC(10,2) CHECK (VALUE >= 0)"))
    source = one("'1.10'::price", v=Decimal)
    rows = select_from(source).select(source.v)
    found = await db.fetch_all(rows)
    assert repr(found) == "[{'v': Decimal('1.10')}]"
    assert repr(await db.fetch_value(select(json_array_from(rows).as_("rows")))) == repr(found)
    await db.execute(sql("DROP DOMAIN price"))


@pytest.mark.databases("postgres")
async def test_hstore_is_text_at_top_level_and_an_object_nested(db: Database) -> None:
    if not await db.fetch_all(sql("SELECT 1 AS one FROM pg_available_extensions WHERE name = 'hstore'")):
        return  # the private server comes without extensions
    await db.execute(sql("CREATE EXTENSION IF NOT EXISTS hstore"))
    source = one("'a=>1'::hstore")
    assert await db.fetch_value(sql("SELECT 'a=>1'::hstore AS v")) == '"a"=>"1"'
    rows = select_from(source).select(source.v)
    assert await db.fetch_value(select(json_array_from(rows).as_("rows"))) == [{"v": {"a": "1"}}]


# -- texts that are not of the connection's encoding ----------------------------------------------------------------


@pytest.mark.databases("sqlite")
async def test_text_that_is_not_utf_8_is_refused_at_every_depth(db: Database) -> None:
    source = one("CAST(x'ff61' AS TEXT)", v=str)
    rows = select_from(source).select(source.v)
    for query in (rows, select(json_array_from(rows).as_("rows"))):
        with pytest.raises(DataError, match="not UTF-8"):
            await db.fetch_all(query)
    with pytest.raises(DataError, match="not UTF-8"):
        await db.fetch_json(rows)
    source = one("CAST(CAST(x'ff61' AS TEXT) AS BLOB)", v=bytes)
    assert await db.fetch_value(select_from(source).select(source.v)) == b"\xffa"


@pytest.mark.databases("mysql", "mariadb")
async def test_latin1_texts_are_the_same_at_every_depth(db: Database) -> None:
    class Word(Table, name="latin_word"):
        v: Column[str]

    word = Word()
    await db.execute(sql("DROP TABLE IF EXISTS latin_word"))
    await db.execute(sql("CREATE TABLE latin_word (v VARCHAR(40) CHARACTER SET latin1)"))
    await db.execute(sql("INSERT INTO latin_word VALUES ({})", "café ÿ"))
    rows = select_from(word).select(word.v, fn.upper(word.v).as_("upper"))
    found = await db.fetch_all(rows)
    assert found[0]["v"] == "café ÿ"
    assert await db.fetch_value(select(json_array_from(rows).as_("rows"))) == found
    assert msgspec.json.decode(await db.fetch_json(rows)) == found
    await db.execute(sql("DROP TABLE latin_word"))


# -- intervals ------------------------------------------------------------------------------------------------------


@pytest.mark.databases("postgres")
@pytest.mark.parametrize(
    ("text", "kind"), [("INTERVAL '1 month'", dt.timedelta), ("ARRAY[INTERVAL '-1 year']", list[dt.timedelta])]
)
async def test_months_are_no_duration(db: Database, text: str, kind: Any) -> None:
    """A timedelta has no months, and asyncpg's 30 days for each would be made up."""
    source = one(text, v=kind)
    rows = select_from(source).select(source.v)
    for query in (rows, select(json_array_from(rows).as_("rows"))):
        with pytest.raises(DecodeError):
            await db.fetch_all(query)
    with pytest.raises(DecodeError):
        await db.fetch_json(rows)


@pytest.mark.databases("postgres")
async def test_intervals_of_unknown_type_are_asyncpgs(db: Database) -> None:
    assert await db.fetch_value(sql("SELECT INTERVAL '1 year 1 month 1 day 1 hour' AS v")) == dt.timedelta(396, 3600)
    assert await db.fetch_value(sql("SELECT {}::interval", dt.timedelta(-3, 5, 7))) == dt.timedelta(-3, 5, 7)


# -- what a type cannot hold ----------------------------------------------------------------------------------------


@pytest.mark.databases("postgres")
@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("'infinity'::date", dt.date),
        ("'-infinity'::date", dt.date),
        ("'infinity'::timestamp", dt.datetime),
        ("'-infinity'::timestamp", dt.datetime),
        ("'infinity'::timestamptz", AwareDatetime),
        ("'-infinity'::timestamptz", AwareDatetime),
        ("ARRAY['infinity'::date]", list[dt.date]),
        ("'0044-03-15 BC'::date", dt.date),
        ("'10000-01-01'::date", dt.date),
    ],
)
async def test_dates_beyond_pythons_are_refused(db: Database, text: str, kind: Any) -> None:
    source = one(text, v=kind)
    rows = select_from(source).select(source.v)
    for query in (rows, select(json_array_from(rows).as_("rows"))):
        with pytest.raises((DecodeError, DatabaseError)):
            await db.fetch_all(query)


@pytest.mark.databases("postgres")
async def test_the_ends_of_the_calendar_of_unknown_type_are_dates(db: Database) -> None:
    query = sql("SELECT DATE '9999-12-31' AS d, TIMESTAMP '0001-01-01' AS t, 'infinity'::date AS i")
    assert await db.fetch_all(query) == [{"d": dt.date.max, "t": dt.datetime.min, "i": dt.date.max}]


@pytest.mark.databases("postgres")
async def test_a_moment_without_a_zone_is_no_instant(db: Database) -> None:
    """It would be taken for the time of the machine that the program runs on."""
    for value in (dt.datetime(2020, 1, 1), dt.date(2020, 1, 1)):
        with pytest.raises(DataError, match=r"expected a datetime with a time zone, got '(datetime|date)'"):
            await db.fetch_value(sql("SELECT '2020-01-01'::timestamptz = {}", value))


@pytest.mark.databases("mysql", "mariadb")
async def test_a_uuid_in_bytes_is_refused_nested(db: Database) -> None:
    source = one(f"X'{UUID(KEY).hex}'", v=UUID)
    rows = select_from(source).select(source.v)
    assert await db.fetch_value(rows) == UUID(KEY)
    with pytest.raises(DecodeError):
        await db.fetch_all(select(json_array_from(rows).as_("rows")))
    with pytest.raises(REFUSED):
        await db.fetch_json(rows)


@pytest.mark.databases("postgres", "sqlite")
async def test_numbers_that_no_float_holds_are_refused(db: Database) -> None:
    source = one("'[1e400]'::json" if db.dialect.name == "postgres" else "'[1e400]'", v=Json)
    rows = select_from(source).select(source.v)
    for query in (rows, select(json_array_from(rows).as_("rows"))):
        with pytest.raises(DecodeError):
            await db.fetch_all(query)


@pytest.mark.databases("postgres", "mysql", "mariadb")
async def test_a_fraction_is_no_int(db: Database) -> None:
    source = one("1.50", v=int)
    rows = select_from(source).select(source.v)
    assert await db.fetch_value(rows) == Decimal("1.50")
    with pytest.raises(DecodeError):
        await db.fetch_all(select(json_array_from(rows).as_("rows")))


@pytest.mark.databases("sqlite")
async def test_decimals_are_grouped_as_texts_on_sqlite(db: Database) -> None:
    source = sql("(SELECT '1.1' AS v UNION ALL SELECT '1.10')").as_table("two", {"v": Decimal})
    assert len(await db.fetch_all(select_from(source).select(source.v).distinct())) == 2
    assert await db.fetch_value(select_from(source).select(fn.count()).where(source.v == Decimal("1.100"))) == 2


async def test_a_star_is_refused_where_columns_must_be_named(db: Database, database_name: str) -> None:
    await db.execute(sql("DROP TABLE IF EXISTS open_table"))
    await db.execute(sql("CREATE TABLE open_table (id INT, v INT)"))
    await db.execute(sql("INSERT INTO open_table VALUES (1, 2)"))
    query = select(json_array_from(select_from(table("open_table")).select_all()).as_("rows"))
    if database_name == "postgres":
        assert await db.fetch_value(query) == [{"id": 1, "v": 2}]
    else:
        with pytest.raises(UnsupportedError, match="columns are not known"):
            await db.fetch_value(query)
    await db.execute(sql("DROP TABLE open_table"))


async def test_json_null_and_sql_null_are_both_none(db: Database) -> None:
    text = {"postgres": "'null'::jsonb", "mysql": "CAST('null' AS JSON)"}.get(db.dialect.name, "'null'")
    source = one(text, v=Json)
    rows = select_from(source).select(source.v, sql("NULL").returns(Json).as_("n"))
    assert await db.fetch_all(rows) == [{"v": None, "n": None}]
    assert await db.fetch_value(select(json_array_from(rows).as_("rows"))) == [{"v": None, "n": None}]
    assert msgspec.json.decode(await db.fetch_json(rows)) == [{"v": None, "n": None}]
