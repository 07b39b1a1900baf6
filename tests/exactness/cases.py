"""The types of the matrix: for each, the column of every database that can hold it, and values at its edges."""

import datetime as dt
import enum
import math
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

from querykit import AwareDatetime, Json, register_type

DATABASES = ("sqlite", "postgres", "mysql", "mariadb")


class Case(NamedTuple):
    """A type of column.

    Attributes:
        name: Its name in test ids.
        annotation: What a table declares.
        columns: The column's type in SQL, by database; one that is missing cannot hold it.
        values: What is written. NULL is added to every case.
        reads: What comes back for a value, where that is not the value itself.
    """

    name: str
    annotation: Any
    columns: dict[str, str]
    values: Sequence[Any]
    reads: Callable[[Any], Any] = lambda value: value


class Point(NamedTuple):
    x: int
    y: int


register_type(
    Point, str, encode=lambda point: f"{point.x} {point.y}", decode=lambda text: Point(*map(int, text.split()))
)


class Size(enum.Enum):
    SMALL = "small"
    LARGE = "large"
    NULL = "null"


class Colour(enum.StrEnum):
    RED = "red"


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2**40


class Rate(enum.Enum):
    HALF = Decimal("0.50")
    FULL = Decimal("1.00")


def everywhere(column: str, **others: str) -> dict[str, str]:
    """The same type on every database, but for those named."""
    return dict.fromkeys(DATABASES, column) | others


def mysql_family(column: str, **others: str) -> dict[str, str]:
    """A type of MySQL and MariaDB."""
    return {"mysql": column, "mariadb": column} | others


INDIA = dt.timezone(dt.timedelta(hours=5, minutes=30))
TEXTS = [
    "",
    "[1]",
    '{"a":1}',
    '"x"',
    "null",
    "true",
    "123",
    "NaN",
    "it's",
    'a "quoted" \\ word',
    "line\nbreak\ttab\r",
    "\x01\x7f\u2028\u2029",
    "emoji 👩‍👩‍👧 e\u0301",
    "%s %% ? :a $1 -- */",
    " padded ",
]
BYTES = [b"", b"\x00", b"\xff\xfe\x00", b"ascii", bytes(range(256))]
FLOATS = [0.0, 1.0, 0.1 + 0.2, 1e-7, 5e-324, 1.7976931348623157e308, -1e22, 123456789.123456789, 2.0**53]
DOCUMENTS: list[Any] = [
    {"a": [1, {"b": None}], "z": "[1]"},
    [],
    {},
    [1, "two", None, 2.5, True],
    "text",
    "[1]",
    0,
    False,
    2**53 + 1,
    {"long key": 1, "b": 2, "a": 3},
]
MOMENTS = [
    dt.datetime(2020, 1, 2, 3, 4, 5),
    dt.datetime(2020, 1, 2, 3, 4, 5, 123000),
    dt.datetime(1970, 1, 1, 0, 0, 0, 1),
    dt.datetime(2024, 2, 29, 23, 59, 59, 999999),
    dt.datetime(1000, 1, 1),
    dt.datetime.max,
]
INSTANTS = [each.replace(tzinfo=dt.UTC) for each in MOMENTS] + [
    dt.datetime(2024, 3, 31, 2, 30, tzinfo=INDIA),
    dt.datetime(2024, 10, 27, 0, 59, 59, 999999, tzinfo=dt.UTC),  # clocks of Europe go back a second later
    dt.datetime(2024, 10, 27, 1, 0, tzinfo=dt.timezone(-dt.timedelta(hours=9, minutes=30))),
]
SPANS = [
    dt.timedelta(0),
    dt.timedelta(microseconds=1),
    -dt.timedelta(hours=12, minutes=34, seconds=56, microseconds=500000),
    -dt.timedelta(microseconds=1),
    dt.timedelta(hours=30, seconds=1),
    dt.timedelta(days=34, hours=22, minutes=59, seconds=59),
]
UUIDS = [UUID(int=0), UUID("12345678-1234-5678-1234-567812345678"), UUID(int=2**128 - 1)]
DECIMALS = [
    "0",
    "1.10",
    "-0.000001",
    "12345678901234567890.123456789012345678",
    "-99999999999999999999.999999999999999999",
]


def in_utc(value: dt.datetime) -> dt.datetime:
    return value.astimezone(dt.UTC)


def each_in_utc(values: list[Any]) -> list[Any]:
    return [None if value is None else in_utc(value) for value in values]


def of_scale(places: int) -> Callable[[Decimal], Decimal]:
    """Decimals as a column with that many places after the point gives them."""
    return lambda value: Decimal(f"{value:.{places}f}")


SCALARS = [
    Case("bool", bool, everywhere("BOOLEAN"), [True, False]),
    Case("int", int, everywhere("BIGINT"), [0, -1, 2**53 + 1, -(2**63), 2**63 - 1]),
    Case("unsigned", int, mysql_family("BIGINT UNSIGNED"), [2**64 - 1]),
    Case("float", float, everywhere("DOUBLE PRECISION", sqlite="REAL"), [*FLOATS, 7], float),
    Case("infinite float", float, {"postgres": "float8", "sqlite": "REAL"}, [math.inf, -math.inf]),
    Case("nan", float, {"postgres": "float8"}, [math.nan]),
    Case("negative zero", float, {"postgres": "float8", "mysql": "DOUBLE"}, [-0.0]),
    Case("no negative zero", float, {"sqlite": "REAL", "mariadb": "DOUBLE"}, [-0.0], abs),
    Case("float4", float, {"postgres": "real"}, [0.5, -0.0, math.inf]),
    # MySQL shows six digits of a FLOAT, at every depth
    Case("float of 4 bytes", float, mysql_family("FLOAT"), [0.1, 1e-7, 1024.5]),
    Case(
        "decimal",
        Decimal,
        mysql_family("DECIMAL(38,18)", postgres="NUMERIC(38,18)"),
        [*map(Decimal, DECIMALS), 5],
        of_scale(18),
    ),
    Case(
        "decimal as written",
        Decimal,
        {"postgres": "NUMERIC", "sqlite": "TEXT"},
        [Decimal(each) for each in [*DECIMALS, "0E-10", "1.10", "1" * 38, "10000", "100000000000", "NaN"]],
    ),
    Case(
        "large decimal",
        Decimal,
        {"postgres": "NUMERIC", "sqlite": "TEXT"},
        [Decimal("1E+30"), Decimal("1.5E+7")],
        of_scale(0),
    ),
    Case("infinite decimal", Decimal, {"postgres": "NUMERIC"}, [Decimal("Infinity"), Decimal("-Infinity")]),
    Case(
        "whole decimal", Decimal, mysql_family("DECIMAL(30)", postgres="NUMERIC(30)"), [Decimal(10**29), Decimal(10000)]
    ),
    Case("str", str, everywhere("TEXT"), TEXTS),
    Case("str with NUL", str, {"sqlite": "TEXT", "mysql": "TEXT", "mariadb": "TEXT"}, ["a\0b"]),
    Case("latin1", str, mysql_family("VARCHAR(20) CHARACTER SET latin1"), ["café", "[1]"]),
    Case("char", str, {"postgres": "CHAR(5)"}, ["ab"], lambda value: value.ljust(5)),
    Case("bytes", bytes, everywhere("BLOB", postgres="BYTEA"), BYTES),
    Case("binary", bytes, mysql_family("BINARY(16)"), [each.bytes for each in UUIDS]),
    Case("bit", bytes, mysql_family("BIT(10)"), [b"\x00\x0a", b"\x03\xff"]),
    Case(
        "date",
        dt.date,
        everywhere("DATE", sqlite="TEXT"),
        [dt.date(2020, 2, 29), dt.date(1000, 1, 1), dt.date(9999, 12, 30), dt.date.max],
    ),
    Case("first date", dt.date, {"postgres": "DATE", "sqlite": "TEXT"}, [dt.date.min, dt.date(1, 1, 2)]),
    Case("first datetime", dt.datetime, {"postgres": "TIMESTAMP", "sqlite": "TEXT"}, [dt.datetime.min]),
    Case("dates", list[dt.date], {"postgres": "DATE[]"}, [[dt.date.min, None, dt.date.max]]),
    Case("datetimes", list[dt.datetime], {"postgres": "TIMESTAMP[]"}, [[dt.datetime.min, dt.datetime.max]]),
    Case(
        "time",
        dt.time,
        everywhere("TIME(6)", sqlite="TEXT"),
        [dt.time(0), dt.time(12, 34, 56), dt.time(23, 59, 59, 999999), dt.time(1, 2, 3, 40)],
    ),
    Case(
        "time with zone",
        dt.time,
        {"postgres": "TIMETZ", "sqlite": "TEXT"},
        [dt.time(12, 0, 0, 5, INDIA), dt.time(1, tzinfo=dt.UTC)],
    ),
    Case("datetime", dt.datetime, everywhere("DATETIME(6)", postgres="TIMESTAMP", sqlite="TEXT"), MOMENTS),
    Case("instant", AwareDatetime, everywhere("DATETIME(6)", postgres="TIMESTAMPTZ", sqlite="TEXT"), INSTANTS, in_utc),
    Case("timestamp", AwareDatetime, mysql_family("TIMESTAMP(6) NULL"), [INSTANTS[0], INSTANTS[-1]], in_utc),
    Case("timedelta", dt.timedelta, everywhere("TIME(6)", postgres="INTERVAL", sqlite="INTEGER"), SPANS),
    Case("uuid", UUID, everywhere("CHAR(36)", postgres="UUID", sqlite="TEXT"), UUIDS),
    Case("enum", Size, everywhere("VARCHAR(20)"), list(Size)),
    Case("enum of the server", Size, mysql_family("ENUM('small','large','null')", postgres="size"), list(Size)),
    Case("str enum", Colour, everywhere("VARCHAR(20)"), list(Colour)),
    Case("int enum", Level, everywhere("BIGINT"), list(Level)),
    Case("decimal enum", Rate, everywhere("NUMERIC(5,2)", sqlite="TEXT"), list(Rate)),
    Case("registered type", Point, everywhere("VARCHAR(20)"), [Point(1, -2)]),
    Case("json", Json, everywhere("JSON", sqlite="TEXT"), DOCUMENTS),
    Case("jsonb", Json, {"postgres": "JSONB"}, DOCUMENTS[:-1]),
]


def listed(
    name: str, item: Any, array: str, values: list[Any], reads: Callable[[Any], Any] = lambda value: value
) -> Case:
    """A list: an array on PostgreSQL, JSON elsewhere."""
    return Case(f"list of {name}", list[item], everywhere("JSON", postgres=f"{array}[]", sqlite="TEXT"), values, reads)


LISTS = [
    listed("int", int, "BIGINT", [[], [1, None, 2**53 + 1], [-1]]),
    listed("bool", bool, "BOOLEAN", [[True, None, False]]),
    listed("float", float, "FLOAT8", [[*FLOATS, None]]),
    listed("decimal", Decimal, "NUMERIC", [[Decimal("1.10"), Decimal("0E-10"), None]]),
    listed("str", str, "TEXT", [TEXTS, [None, "NULL", "a,b", "{}"]]),
    listed("bytes", bytes, "BYTEA", [[*BYTES, None]]),
    listed("date", dt.date, "DATE", [[dt.date(2020, 2, 29), None]]),
    listed("time", dt.time, "TIME", [[dt.time(1, 2, 3, 4), None]]),
    listed("datetime", dt.datetime, "TIMESTAMP", [[*MOMENTS, None]]),
    listed("instant", AwareDatetime, "TIMESTAMPTZ", [[*INSTANTS, None]], each_in_utc),
    listed("timedelta", dt.timedelta, "INTERVAL", [[*SPANS, None]]),
    listed("uuid", UUID, "UUID", [[*UUIDS, None]]),
    listed("enum", Size, "TEXT", [[*Size, None]]),
    listed("decimal enum", Rate, "NUMERIC(5,2)", [[*Rate, None]]),
    listed("registered type", Point, "TEXT", [[Point(1, 2), None]]),
    listed("json", Json, "JSONB", [[{"a": [1]}, "text", None, 5]]),
    listed("list of int", list[int], "BIGINT", [[[1, 2], [3, None]]]),
]

CASES = SCALARS + LISTS
