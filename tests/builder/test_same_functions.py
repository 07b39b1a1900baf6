"""Functions mean the same on every database: one table of expressions and the value that each has everywhere."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from querykit import AwareDatetime, Interval, case, cast, fn, select, select_from, value
from querykit.builder.operands import NULL
from querykit.errors import BuildError, CompileError, UnsupportedError
from tests.expected import compiles_to
from tests.sample import person, pet, toy

name = value("Ada")
nothing = value(None)
day = value(dt.date(2024, 2, 29))
sunday = value(dt.date(2021, 1, 3))
moment = value(dt.datetime(2024, 2, 29, 13, 14, 15, 123456))
instant = value(dt.datetime(2024, 2, 29, 23, 30, tzinfo=dt.timezone(dt.timedelta(hours=-5))))

# name: (expression, what every database gives)
SAME: dict[str, tuple[Any, Any]] = {
    "concat": (fn.concat(name, " ", "L."), "Ada L."),
    "concat of an int": (fn.concat("n", value(5)), "n5"),
    "concat of NULL": (fn.concat(name, nothing), None),
    "concat_ws": (fn.concat_ws("-", "a", nothing, "b"), "a-b"),
    "concat_ws of nothing": (fn.concat_ws("-", nothing, nothing), ""),
    "lower": (fn.lower(name), "ada"),
    "upper": (fn.upper(name), "ADA"),
    "length counts characters": (fn.length("é€😀"), 3),
    "char_length": (fn.char_length("é"), 1),
    "octet_length": (fn.octet_length("é"), 2),
    "substring": (fn.substring("abcdef", 2, 3), "bcd"),
    "substring to the end": (fn.substring("abcdef", 3), "cdef"),
    "left": (fn.left("abc", 2), "ab"),
    "left of more": (fn.left("abc", 5), "abc"),
    "right": (fn.right("abc", 2), "bc"),
    "right of none": (fn.right("abc", 0), ""),
    "right of more": (fn.right("abc", 5), "abc"),
    "trim": (fn.trim("  a  "), "a"),
    "ltrim": (fn.ltrim("xxax", "x"), "ax"),
    "rtrim": (fn.rtrim("xaxx", "x"), "xa"),
    "replace": (fn.replace("banana", "an", "%"), "b%%a"),
    "lpad": (fn.lpad("5", 3, "0"), "005"),
    "lpad cuts": (fn.lpad("12345", 3, "0"), "123"),
    "rpad": (fn.rpad("5", 4, "ab"), "5aba"),
    "repeat": (fn.repeat("ab", 3), "ababab"),
    "repeat none": (fn.repeat("ab", 0), ""),
    "reverse": (fn.reverse("abc"), "cba"),
    "position": (fn.position("n", "banana"), 3),
    "position of nothing": (fn.position("x", "banana"), 0),
    "coalesce": (fn.coalesce(nothing, "x"), "x"),
    "nullif": (fn.nullif(value(5), 5), None),
    "nullif of others": (fn.nullif(value(5), 6), 5),
    "greatest": (fn.greatest(value(5), 7, 6), 7),
    "greatest with NULL": (fn.greatest(value(5), NULL), None),
    "least": (fn.least(value(5), 7, 6), 5),
    "least with NULL": (fn.least(value(5), NULL), None),
    "least of Decimals": (fn.least(value(Decimal(9)), Decimal("10.5")), Decimal(9)),
    "abs": (fn.abs(value(-5)), 5),
    "abs of a Decimal": (fn.abs(value(Decimal("-1.10"))), Decimal("1.10")),
    "sign": (fn.sign(value(-2.5)), -1),
    "ceil": (fn.ceil(value(2.1)), 3.0),
    "ceil of a Decimal": (fn.ceil(value(Decimal("-2.1"))), Decimal(-2)),
    "ceil of an int": (fn.ceil(value(2)), 2),
    "floor": (fn.floor(value(-2.1)), -3.0),
    "floor of a Decimal": (fn.floor(value(Decimal("-2.1"))), Decimal(-3)),
    "trunc": (fn.trunc(value(-2.7)), -2.0),
    "trunc of a Decimal": (fn.trunc(value(Decimal("-2.7"))), Decimal(-2)),
    "round to even": (fn.round(value(2.5)), 2.0),
    "round a Decimal away from zero": (fn.round(value(Decimal("-2.5"))), Decimal(-3)),
    "round to digits": (fn.round(value(2.346), 2), 2.35),
    "round a Decimal to digits": (fn.round(value(Decimal("1.005")), 2), Decimal("1.01")),
    "div": (fn.div(value(-7), 2), -3),
    "mod": (fn.mod(value(-7), 2), -1),
    "a float's remainder is the same where it is": (value(7) % value(4), 3),
    "true division": (value(7) / 2, 3.5),
    "true division is that of Python": (value(1) / 3, 1 / 3),
    "power": (fn.power(value(2), 10), 1024.0),
    "sqrt": (fn.sqrt(value(2.25)), 1.5),
    "exp": (fn.exp(value(0)), 1.0),
    "ln": (fn.ln(value(1)), 0.0),
    "log10": (fn.log10(value(1000)), 3.0),
    "bitwise and": (value(-8).bitwise_and(12), 8),
    "bitwise or": (value(-8).bitwise_or(1), -7),
    "bitwise xor": (value(-8).bitwise_xor(1), -7),
    "bitwise not": (value(5).bitwise_not(), -6),
    "shift left": (value(3) << 40, 3 << 40),
    "shift right keeps the sign": (value(-8) >> 1, -4),
    "shift right": (value(9) >> 1, 4),
    "bits bind tighter than plus here": (value(1) + value(6).bitwise_and(3) * 2, 5),
    "negative": (-value(5), -5),
    "regexp": (fn.regexp_like(value("Felix"), "^F.l[a-z]{2}$"), True),
    "regexp minds case": (fn.regexp_like(value("Felix"), "^f"), False),
    "regexp without case": (fn.regexp_like(value("Felix"), "^f", ignores_case=True), True),
    "not regexp": (~fn.regexp_like(value("Felix"), "x$"), False),
    "between symmetric": (value(5).between(9, 1, symmetric=True), True),
    "simple case": (case(value(2)).when(1, "one").when(2, "two").else_("many"), "two"),
    "cast a float to int cuts": (cast(value(-2.7), int), -2),
    "cast a Decimal to int cuts": (cast(value(Decimal("2.7")), int), 2),
    "cast an int to bool": (cast(value(2), bool), True),
    "cast an int to float": (cast(value(2), float), 2.0),
    "cast a bool to str": (cast(value(True), str), "true"),
    "cast to date": (cast(moment, dt.date), dt.date(2024, 2, 29)),
    "cast an instant to date, in UTC": (cast(instant, dt.date), dt.date(2024, 3, 1)),
    "cast to datetime": (cast(day, dt.datetime), dt.datetime(2024, 2, 29)),
    "cast to Decimal": (cast(value("1.25"), Decimal) * 2, Decimal("2.5")),
    "cast a naive datetime to an instant": (
        cast(moment, AwareDatetime),
        dt.datetime(2024, 2, 29, 13, 14, 15, 123456, tzinfo=dt.UTC),
    ),
    "date and timedelta": (day + dt.timedelta(days=1), dt.date(2024, 3, 1)),
    "date and hours": (day + dt.timedelta(hours=-1), dt.date(2024, 2, 28)),
    "timedelta and date": (dt.timedelta(days=1) + day, dt.date(2024, 3, 1)),
    "datetime and timedelta": (moment + dt.timedelta(microseconds=1), dt.datetime(2024, 2, 29, 13, 14, 15, 123457)),
    "datetime without a fraction": (
        value(dt.datetime(2024, 1, 1)) - dt.timedelta(seconds=1),
        dt.datetime(2023, 12, 31, 23, 59, 59),
    ),
    "instant and timedelta": (instant + dt.timedelta(days=1), dt.datetime(2024, 3, 2, 4, 30, tzinfo=dt.UTC)),
    "difference of dates": (day - dt.date(2024, 1, 1), dt.timedelta(days=59)),
    "difference of datetimes": (
        moment - dt.datetime(2024, 3, 1),
        dt.datetime(2024, 2, 29, 13, 14, 15, 123456) - dt.datetime(2024, 3, 1),
    ),
    "difference of instants": (instant - dt.datetime(2024, 3, 1, tzinfo=dt.UTC), dt.timedelta(hours=4, minutes=30)),
    "a difference added again": (day + (moment - dt.datetime(2024, 2, 28)), dt.date(2024, 3, 1)),
    "an interval of days": (day + Interval(weeks=1, days=1), dt.date(2024, 3, 8)),
    **{
        f"extract {field} of a datetime": (fn.extract(field, moment), expected)  # type: ignore[arg-type]
        for field, expected in {
            "year": 2024, "quarter": 1, "month": 2, "week": 9, "day": 29, "isodow": 4, "doy": 60, "hour": 13,
            "minute": 14, "second": 15, "microsecond": 123456, "epoch": 1709212455,
        }.items()
    },
    "extract the hour of an instant, in UTC": (fn.extract("hour", instant), 4),
    "extract the week of a date": (fn.extract("week", sunday), 53),
    "extract isodow of a Sunday": (fn.extract("isodow", sunday), 7),
    "extract epoch before 1970": (fn.extract("epoch", value(dt.datetime(1969, 12, 31, 23, 59, 59, 500000))), -1),
    **{
        f"date_trunc {unit}": (fn.date_trunc(unit, moment), expected)  # type: ignore[arg-type]
        for unit, expected in {
            "year": dt.datetime(2024, 1, 1), "quarter": dt.datetime(2024, 1, 1), "month": dt.datetime(2024, 2, 1),
            "week": dt.datetime(2024, 2, 26), "day": dt.datetime(2024, 2, 29), "hour": dt.datetime(2024, 2, 29, 13),
            "minute": dt.datetime(2024, 2, 29, 13, 14), "second": dt.datetime(2024, 2, 29, 13, 14, 15),
        }.items()
    },
    "date_trunc week of a Sunday": (fn.date_trunc("week", sunday), dt.date(2020, 12, 28)),
    "date_trunc quarter of a date": (fn.date_trunc("quarter", value(dt.date(2021, 12, 31))), dt.date(2021, 10, 1)),
    "date_trunc day of an instant": (fn.date_trunc("day", instant), dt.datetime(2024, 3, 1, tzinfo=dt.UTC)),
}  # fmt: skip


@pytest.mark.parametrize("case_name", SAME)
async def test_a_function_gives_the_same_everywhere(db, case_name):
    expression, expected = SAME[case_name]
    found = await db.fetch_value(select(expression.as_("v")))
    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize("case_name", SAME)
async def test_a_function_of_a_sub_query_s_column_gives_the_same(db, case_name):
    """Parameters are typed by their place; columns are not there to tell. Nested rows agree with the top."""
    expression, expected = SAME[case_name]
    inner = select(expression.as_("v")).as_("inner")
    assert await db.fetch_value(select_from(inner).select(inner.v)) == expected


async def test_now_is_now(db):
    before = dt.datetime.now(dt.UTC) - dt.timedelta(minutes=5)
    found = await db.fetch_one(
        select(
            fn.now().as_("now"),
            fn.current_timestamp().as_("stamp"),
            fn.current_date().as_("day"),
            fn.current_time().as_("time"),
        )
    )
    assert before < found["now"] < before + dt.timedelta(minutes=10)
    assert before < found["stamp"] < before + dt.timedelta(minutes=10)
    assert found["day"] in (before.date(), dt.datetime.now(dt.UTC).date())
    assert type(found["time"]) is dt.time


async def test_random_is_a_fraction(db):
    assert 0 <= await db.fetch_value(select(fn.random().as_("r"))) < 1


@pytest.mark.parametrize(
    ("start", "interval", "expected"),
    [
        (dt.date(2023, 1, 31), Interval(months=1), dt.date(2023, 2, 28)),
        (dt.date(2024, 2, 29), Interval(years=1, days=1), dt.date(2025, 3, 1)),
        (dt.date(2024, 3, 31), -Interval(months=1), dt.date(2024, 2, 29)),
        (dt.datetime(2023, 1, 31, 12), Interval(months=1), dt.datetime(2023, 2, 28, 12)),
        (
            dt.datetime(2023, 1, 31, tzinfo=dt.UTC),
            Interval(months=1, hours=1),
            dt.datetime(2023, 2, 28, 1, tzinfo=dt.UTC),
        ),
    ],
)
async def test_months_are_the_calendar_s_where_the_server_knows_them(db, start, interval, expected):
    query = select((value(start) + interval).as_("v"))
    if db.dialect.name == "sqlite":
        with pytest.raises(UnsupportedError, match="months and years"):
            query.compile("sqlite")
    else:
        assert await db.fetch_value(query) == expected


def test_what_means_something_else_is_refused_when_built():
    for build in (
        lambda: fn.concat(value(1.5)),
        lambda: fn.concat(value(True)),
        lambda: fn.trim("x", "ab"),
        lambda: fn.substring("x", 0),
        lambda: fn.left("x", -1),
        lambda: fn.sum(person.first_name),
        lambda: fn.sum(person.id == 1),
        lambda: fn.div(value(1.5), 2),
        lambda: fn.greatest(value(1)),
        lambda: fn.round(value(1.5), -1),
        lambda: fn.extract("hour", day),
        lambda: fn.extract("century", day),  # type: ignore[arg-type]
        lambda: fn.date_trunc("month", pet.name),
        lambda: fn.ntile(0),
        lambda: fn.percentile_cont(1.5),
        lambda: day + 1,
        lambda: day * 2,
        lambda: value(dt.time(1)) + dt.timedelta(hours=1),
        lambda: select_from(person).select(person.id).window("w"),  # type: ignore[arg-type]
        lambda: case(person.id).when(None, 1),
        lambda: cast(person.id, "int; drop table person"),
        lambda: fn.call("a b"),
    ):
        with pytest.raises(BuildError):
            build()


def test_spellings():
    compiles_to(
        select_from(person).select(
            fn.concat(person.first_name, person.nickname).as_("a"),
            fn.greatest(person.id, 3).as_("b"),
            (person.id / 2).as_("c"),
        ),
        {
            "postgres": (
                'SELECT ("person"."first_name" || "person"."nickname") AS "a", CASE WHEN "person"."id" IS NOT NULL '
                'THEN GREATEST("person"."id", $1) END AS "b", CAST("person"."id" AS double precision) / $2 AS "c" '
                'FROM "person"',
                (3, 2),
            ),
            "mysql": (
                "SELECT CONCAT(`person`.`first_name`, `person`.`nickname`) AS `a`, GREATEST(`person`.`id`, %s) AS `b`, "
                "CAST(`person`.`id` AS DOUBLE) / %s AS `c` FROM `person`",
                (3, 2),
            ),
            "mariadb": (
                "SELECT CONCAT(`person`.`first_name`, `person`.`nickname`) AS `a`, GREATEST(`person`.`id`, %s) AS `b`, "
                "CAST(`person`.`id` AS DOUBLE) / %s AS `c` FROM `person`",
                (3, 2),
            ),
            "sqlite": (
                'SELECT ("person"."first_name" || "person"."nickname") AS "a", MAX("person"."id", ?) AS "b", '
                'CAST("person"."id" AS REAL) / ? AS "c" FROM "person"',
                (3, 2),
            ),
        },
    )


async def test_texts_of_expressions_stand_for_themselves_in_patterns(db):
    query = select_from(pet).select(pet.id).where(pet.name.starts_with(fn.left(pet.name, 2))).order_by(pet.id)
    compiles_to(
        select_from(pet).select(pet.id).where(pet.name.has_substring(pet.species)),
        {
            "postgres": (
                'SELECT "pet"."id" FROM "pet" WHERE "pet"."name" LIKE (\'%\' || REPLACE(REPLACE(REPLACE('
                "\"pet\".\"species\", '!', '!!'), '%', '!%'), '_', '!_') || '%') ESCAPE '!'"
            ),
            "mysql": (
                "SELECT `pet`.`id` FROM `pet` WHERE `pet`.`name` LIKE CONCAT('%', REPLACE(REPLACE(REPLACE("
                "`pet`.`species`, '!', '!!'), '%', '!%'), '_', '!_'), '%') ESCAPE '!'"
            ),
            "mariadb": (
                "SELECT `pet`.`id` FROM `pet` WHERE `pet`.`name` LIKE CONCAT('%', REPLACE(REPLACE(REPLACE("
                "`pet`.`species`, '!', '!!'), '%', '!%'), '_', '!_'), '%') ESCAPE '!'"
            ),
            "sqlite": (
                'SELECT "pet"."id" FROM "pet" WHERE "pet"."name" LIKE (\'%\' || REPLACE(REPLACE(REPLACE('
                "\"pet\".\"species\", '!', '!!'), '%', '!%'), '_', '!_') || '%') ESCAPE '!'"
            ),
        },
    )
    assert await db.fetch_column(query) == [10, 11, 12, 13, 14]
    for text, pattern, found in (
        ("50%", "0%", True),
        ("50", "0%", False),
        ("a_b", "_b", True),
        ("axb", "_b", False),
        ("a!b", "!b", True),
    ):
        condition = value(text).ends_with(fn.concat(pattern, ""))
        assert await db.fetch_value(select(condition.as_("v"))) is found


async def test_collations_order_texts(db):
    collation = {"postgres": "C", "mysql": "utf8mb4_bin", "mariadb": "utf8mb4_bin", "sqlite": "BINARY"}[db.dialect.name]
    query = select_from(person).select(person.first_name).order_by(person.first_name.collate(collation).desc()).limit(1)
    assert await db.fetch_value(query) == "Otto"
    assert await db.fetch_value(select((value("a").collate(collation) == "A").as_("v"))) is False


async def test_an_int_divided_by_another_in_sql_of_columns(db):
    query = select_from(toy).select((toy.price / 2).as_("half"), fn.div(toy.price, 2).as_("whole")).where(toy.id == 100)
    assert await db.fetch_one(query) == {"half": 2.5, "whole": 2}
    assert await db.fetch_value(select_from(toy).select((toy.price % 3).as_("rest")).where(toy.id == 100)) == 2


def test_functions_of_windows_need_one():
    with pytest.raises(CompileError, match=r"add \.over"):
        select_from(pet).select(fn.rank().as_("r")).compile("postgres")
    with pytest.raises(CompileError, match="Interval"):
        select(Interval(months=1).as_("i")).compile("postgres")
