"""PyPika's terms in our queries: what they become on each database, that it runs, and that no value is in the text."""

# PyPika's annotations are narrower than what it takes, and what it answers to any name is no Field alone.
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportCallIssue=false, reportOperatorIssue=false

from __future__ import annotations

import datetime as dt
import decimal
from enum import Enum
from typing import Any

import pypika
import pytest
from pypika import Case, CustomFunction, DatePart, Field, Order, Query, Schema, Table
from pypika import analytics as an
from pypika import functions as fn
from pypika.enums import SqlTypes
from pypika.terms import (
    JSON,
    AggregateFunction,
    Array,
    AtTimezone,
    BasicCriterion,
    Bracket,
    Function,
    Interval,
    LiteralValue,
    NestedCriterion,
    Not,
    NullValue,
    ParameterValueWrapper,
    QmarkParameter,
    Tuple,
    ValueWrapper,
)

from querykit import Json, json_array_from, json_contains, json_object_from, select, select_from, table, value
from querykit.builder.pypika_terms import _left_alone
from querykit.dialects import dialect_named, register_visitor
from querykit.errors import BuildError, CompileError, UnsupportedError
from tests.databases import DATABASES
from tests.expected import compiles_to, spelled
from tests.sample import PEOPLE, PETS, person, pet

PET, PERSON = Table("pet"), Table("person")


def written(term: Any, dialect: str = "postgres") -> str:
    """A term alone, as it stands in a query."""
    sql = select_from(PET).select(term).compile(dialect).sql
    return sql.removeprefix("SELECT ").removesuffix(' FROM "pet"').removesuffix(" FROM `pet`")


# -- values -----------------------------------------------------------------------------------------------------------


async def test_values_within_functions_filters_and_case_are_bound(db):
    size = Case().when(PET.weight > 20, "large").when(PET.weight == None, "unknown").else_("small")  # noqa: E711 - PyPika's
    query = (
        select_from(PET)
        .select(PET.name, fn.Coalesce(PET.weight, 0).as_("weight"), size.as_("size"))
        .where(fn.Lower(PET.species) == "CAT".lower())
        .order_by(PET.name)
    )
    compiles_to(
        query,
        spelled(
            'SELECT "pet"."name", COALESCE("pet"."weight", $1) AS "weight", CASE WHEN "pet"."weight" > $2 '
            'THEN $3::text WHEN "pet"."weight" IS NULL THEN $4::text ELSE $5::text END AS "size" FROM "pet" '
            'WHERE LOWER("pet"."species") = $6 ORDER BY "pet"."name"',
            (0, 20, "large", "unknown", "small", "cat"),
        ),
    )
    assert await db.fetch_all(query) == [
        {"name": "Amy", "weight": 3.75, "size": "small"},
        {"name": "Felix", "weight": 4.25, "size": "small"},
        {"name": "Minka", "weight": 0, "size": "unknown"},
    ]


HOSTILE = "'; DROP TABLE pet; -- %s ? :x $1 \\"


def test_hostile_values_are_bound_wherever_they_stand():
    terms = [
        PET.name == HOSTILE,
        PET.name.like(HOSTILE),
        PET.name.isin([HOSTILE, HOSTILE]),
        PET.name.between(HOSTILE, HOSTILE),
        fn.Concat(PET.name, HOSTILE),
        fn.Count(PET.id).filter(PET.name == HOSTILE),
        an.Lag(PET.name, 1, HOSTILE).over(PET.species).orderby(PET.id),
        Case().when(PET.name == HOSTILE, HOSTILE).else_(HOSTILE),
        ValueWrapper(HOSTILE),
        ParameterValueWrapper(QmarkParameter(), HOSTILE),
        Tuple(PET.name, HOSTILE) == Tuple(HOSTILE, HOSTILE),
        JSON({HOSTILE: HOSTILE}),
        CustomFunction("f", ["a"])(HOSTILE),
        fn.Cast(HOSTILE, "CHAR"),
        Array(HOSTILE, PET.name),
        AtTimezone("at", HOSTILE),
        PET.doc.contains({"a": HOSTILE}),
        PET.doc.get_text_value(HOSTILE),
        PET.doc.get_path_text_value(HOSTILE),
        PET.doc.has_keys([HOSTILE]),
    ]
    for dialect in DATABASES:
        for term in terms:
            try:
                sql = written(term, dialect)
            except UnsupportedError:
                continue
            assert "DROP" not in sql, (dialect, sql)


@pytest.mark.parametrize(
    "value",
    [True, 1, 1.5, decimal.Decimal("1.10"), "x", b"x", dt.date(2020, 1, 2), dt.datetime(2020, 1, 2)],
)
def test_values_keep_their_types(value):
    for term in (ValueWrapper(value), fn.NullIf(PET.a, value), PET.a == ValueWrapper(value)):
        for dialect in DATABASES:
            parameters = select_from(PET).select(term).compile(dialect).parameters
            assert parameters == (value,)
            assert type(parameters[0]) is type(value)


async def test_enums_are_bound_by_their_values(db):
    class Species(Enum):
        CAT = "cat"

    assert await db.fetch_value(select_from(PET).select(fn.Count("*").as_("n")).where(PET.species == Species.CAT)) == 3


def test_a_value_beside_a_typed_column_is_checked():
    for make in (
        lambda: fn.Max(person.birth_year) == "x",
        lambda: BasicCriterion(pypika.enums.Equality.eq, ValueWrapper("x"), person.id),
        lambda: pypika.terms.ContainsCriterion(person.id, Tuple("x")),
    ):
        with pytest.raises(BuildError, match="takes int"):
            select_from(person).where(make())


# -- criteria ---------------------------------------------------------------------------------------------------------


async def test_comparing_with_none_is_a_test_for_null(db):
    nobody = select_from(PERSON).select(PERSON.id).where(PERSON.birth_year == None)  # noqa: E711 - PyPika's way
    compiles_to(nobody, spelled('SELECT "person"."id" FROM "person" WHERE "person"."birth_year" IS NULL'))
    assert await db.fetch_column(nobody) == [5]
    known = select_from(PERSON).select(fn.Count("*").as_("n"))
    for criterion in (PERSON.birth_year != None, PERSON.birth_year != NullValue(), ~(PERSON.birth_year == None)):  # noqa: E711
        compiles_to(
            known.where(criterion),
            spelled('SELECT COUNT(*) AS "n" FROM "person" WHERE "person"."birth_year" IS NOT NULL'),
        )
        assert await db.fetch_value(known.where(criterion)) == 4


async def test_lists_may_be_empty_and_hold_none(db):
    def ids(criterion):
        return db.fetch_column(select_from(PERSON).select(PERSON.id).where(criterion).order_by(PERSON.id))

    assert await ids(PERSON.id.isin([])) == []
    assert await ids(PERSON.id.notin([])) == [1, 2, 3, 4, 5]
    assert await ids(PERSON.birth_year.isin([1950, None])) == [1, 5]
    assert await ids(PERSON.birth_year.notin([1950, None])) == [2, 3, 4]
    assert await ids(PERSON.birth_year.isin([None])) == [5]
    assert await ids(PERSON.id.isin({1, 2})) == [1, 2]
    assert await ids(PERSON.id.isin([PERSON.id, 7])) == [1, 2, 3, 4, 5]
    assert await ids(Tuple(PERSON.id, PERSON.first_name).isin([Tuple(1, "Ada"), (2, "Ada")])) == [1]
    assert await ids(PERSON.id.isin(select_from(pet).select(pet.owner_id))) == [2, 3, 4]


async def test_patterns(db):
    def names(criterion):
        return db.fetch_column(select_from(PET).select(PET.name).where(criterion).order_by(PET.name))

    assert await names(PET.name.like("%e%")) == ["Bella", "Felix", "Rex"]
    assert await names(PET.name.not_like("%e%")) == ["Amy", "Minka"]
    assert await names(PET.name.ilike("a%")) == ["Amy"]
    assert await names(PET.name.not_ilike("%E%")) == ["Amy", "Minka"]
    assert await names(PET.weight[4:13]) == ["Bella", "Felix"]
    if db.dialect.name in ("mysql", "mariadb"):
        assert await names(PET.name.regexp("^[AB]")) == await names(PET.name.rlike("^[AB]")) == ["Amy", "Bella"]
    if db.dialect.name == "sqlite":
        assert await names(PET.name.glob("[AB]*")) == ["Amy", "Bella"]


def test_operators_that_a_database_lacks_are_refused():
    sql = "SELECT `pet`.`name` REGEXP %s FROM `pet`"
    compiles_to(
        select_from(PET).select(PET.name.regexp("x")),
        {"postgres": UnsupportedError, "mysql": (sql, ("x",)), "mariadb": (sql, ("x",)), "sqlite": UnsupportedError},
    )
    for never in (PET.name.regex("x"), PET.name.bin_regex("x"), PET.name.as_of("x")):
        with pytest.raises(BuildError, match="none of the databases has it"):
            select_from(PET).where(never)


def test_nested_criteria_say_which_operator_comes_first():
    boolean = NestedCriterion(pypika.enums.Equality.gt, pypika.enums.Boolean.or_, PET.a, ValueWrapper(1), PET.b == 2)
    assert written(boolean) == '"pet"."a" > $1 OR "pet"."b" = $2'
    json = NestedCriterion(
        pypika.enums.JSONOperators.GET_TEXT_VALUE,
        pypika.enums.Equality.eq,
        PET.doc,
        ValueWrapper("a"),
        ValueWrapper("x"),
    )
    assert written(json) == '"pet"."doc" ->> $1::text = $2'
    with pytest.raises(BuildError, match="which operator comes first"):
        written(NestedCriterion(pypika.enums.Equality.gt, pypika.enums.Equality.eq, PET.a, PET.b, PET.c))


async def test_conditions_are_read_as_bools(db):
    query = select_from(PERSON).select((PERSON.id == 1).as_("is_ada"))
    assert await db.fetch_column(query.order_by(PERSON.id)) == [True, False, False, False, False]


# -- JSON -------------------------------------------------------------------------------------------------------------


def test_json_operators_that_only_postgres_has():
    only = dict.fromkeys(("sqlite", "mysql", "mariadb"), UnsupportedError)
    for term, sql, given in (
        (PET.doc.has_key("a"), '"pet"."doc" ? $1::text', "a"),
        (PET.doc.has_keys(["a", "b"]), '"pet"."doc" ?& $1::text[]', ["a", "b"]),
        (PET.doc.has_any_keys(["a"]), '"pet"."doc" ?| $1::text[]', ["a"]),
        (PET.doc.get_path_json_value("{a,b}"), '"pet"."doc" #> $1::text::text[]', "{a,b}"),
        (PET.doc.get_path_text_value("{a,b}"), '"pet"."doc" #>> $1::text::text[]', "{a,b}"),
    ):
        compiles_to(select_from(PET).select(term), {"postgres": (f'SELECT {sql} FROM "pet"', (given,)), **only})


def test_json_operators_are_those_of_querykit():
    doc = table("pet").doc
    for theirs, ours in (
        (PET.doc.get_json_value("a.b"), doc["a.b"]),
        (PET.doc.get_text_value(2), doc[2].as_text()),
        (PET.doc.get_text_value("a") == "x", doc["a"].as_text() == "x"),
        (PET.doc.get_json_value("a") == '"x"', doc["a"] == "x"),
        (PET.doc.get_json_value("a") > 5, doc["a"] > 5),
        (PET.doc.get_json_value("a").isnull(), ~doc.has_key("a")),
        (PET.doc.contains("7"), json_contains(doc, 7)),
        (PET.doc.contains({"a": 1}), json_contains(doc, {"a": 1})),
        (PET.doc.contained_by([1]), json_contains([1], doc.returns(Json))),
    ):
        for dialect in DATABASES:
            assert outcome(select_from(PET).select(theirs), dialect) == outcome(select_from(PET).select(ours), dialect)
    for hostile in (PET.doc.get_json_value("a") == "x", PET.doc.contains("{")):
        with pytest.raises(BuildError, match="it is no JSON"):
            select_from(PET).where(hostile)


def outcome(query: Any, dialect: str) -> Any:
    try:
        compiled = query.compile(dialect)
    except UnsupportedError as error:
        return str(error)
    return compiled.sql, compiled.parameters


async def test_keys_of_json_match_that_key_only(db):
    document = JSON({"a": {"b": 1}, "a.b": 2, "0": 3, "*": 4, "[0]": 5, "a'b": 6, 'a"b': 7})
    for key, found in (("a.b", 2), ("0", 3), ("*", 4), ("[0]", 5), ("a'b", 6), ('a"b', 7), ("b", None)):
        assert await db.fetch_value(select(document.get_json_value(key).as_("value"))) == found
        assert await db.fetch_value(select(document.get_text_value(key).as_("value"))) == (found and str(found))
        assert await db.fetch_value(select((document.get_json_value(key) == found).as_("same"))) is True
    assert await db.fetch_value(select(JSON([5, 6]).get_json_value(1).as_("value"))) == 6
    assert await db.fetch_value(select(JSON([5, 6]).contains(5).as_("found"))) is True


# -- functions --------------------------------------------------------------------------------------------------------


async def test_functions_that_every_database_has(db):
    query = select_from(PET).select(
        fn.Count("*").as_("rows"),
        fn.Count(PET.species).distinct().as_("species"),
        fn.Sum(PET.id).as_("sum"),
        fn.Avg(PET.weight).as_("mean"),
        fn.Min(PET.name).as_("first"),
        fn.Max(PET.name).as_("last"),
        fn.Count(PET.id).filter(PET.species == "cat").as_("cats"),
    )
    row = await db.fetch_one(query)
    assert (row["rows"], row["species"], row["sum"], row["first"], row["last"]) == (5, 2, 60, "Amy", "Rex")
    assert (float(row["mean"]), row["cats"]) == (12.875, 3)
    texts = select_from(PET).select(
        fn.Upper(PET.name).as_("upper"),
        fn.Length(PET.name).as_("length"),
        fn.Substring(PET.name, 1, 2).as_("begin"),
        fn.Replace(PET.name, "R", "T").as_("other"),
        fn.Trim("  x ").as_("trimmed"),
        fn.NullIf(PET.species, "dog").as_("cat"),
        fn.Abs(PET.id - 20).as_("distance"),
    )
    assert await db.fetch_one(texts.where(PET.id == 10)) == {
        "upper": "REX", "length": 3, "begin": "Re", "other": "Tex", "trimmed": "x", "cat": None, "distance": 10,
    }  # fmt: skip


async def test_concat_is_there_before_sqlite_344(db, sample_tables):
    query = select_from(PET).select(fn.Concat(PET.name, "-", PET.id).as_("call")).where(PET.id == 10)
    compiles_to(
        query,
        spelled(
            'SELECT CONCAT("pet"."name", $1::text, "pet"."id") AS "call" FROM "pet" WHERE "pet"."id" = $2',
            ("-", 10),
            sqlite=(
                """SELECT (COALESCE("pet"."name", '') || COALESCE(?, '') || COALESCE("pet"."id", '')) AS "call" """
                """FROM "pet" WHERE "pet"."id" = ?""",
                ("-", 10),
            ),
        ),
    )
    assert await db.fetch_value(query) == "Rex-10"
    empty = select_from(PET).select(fn.Concat(PET.name, None).as_("call")).where(PET.id == 10)
    assert await db.fetch_value(empty) == (None if db.dialect.name in {"mysql", "mariadb"} else "Rex")


async def test_now_is_a_word(db):
    row = await db.fetch_one(select(fn.CurTimestamp().as_("a"), fn.CurDate().as_("b"), fn.CurTime().as_("c")))
    assert set(row) == {"a", "b", "c"}
    assert written(fn.CurDate()) == "CURRENT_DATE"


def test_functions_keep_the_types_that_are_known():
    query = select_from(person).select(
        fn.Max(person.birth_year).as_("a"), fn.Count("*").as_("b"), fn.Lower(PET.x).as_("c")
    )
    assert [str(column.shape) for column in query.output_columns() or ()] == ["int", "int", "str"]


def test_what_a_server_lacks_is_written_as_it_is():
    assert written(fn.SplitPart(PET.name, "-", 1), "mysql") == "SPLIT_PART(`pet`.`name`, %s, %s)"
    assert written(fn.NVL(PET.name, "x")) == 'NVL("pet"."name", $1)'
    assert written(fn.RegexpMatches(PET.name, "x")) == 'REGEXP_MATCHES("pet"."name", $1)'
    assert written(fn.RegexpLike(PET.name, "x", "i")) == 'REGEXP_LIKE("pet"."name", $1, $2)'
    assert written(fn.IsNull(PET.name)) == '"pet"."name" IS NULL'
    assert written(fn.TimestampAdd(DatePart.day, 2, PET.at), "mysql") == "TIMESTAMPADD(DAY, %s, `pet`.`at`)"


@pytest.mark.parametrize("name", ["f(); DROP TABLE pet", "f\0", "f-g", "", "é", "a.b.c.d", "f ", 1, None])
def test_a_functions_name_is_a_name(name):
    for made in (Function(name, 1), AggregateFunction(name, 1), an.Rank()):
        made.name = name
        with pytest.raises(BuildError, match="a function's name is"):
            written(made)
    with pytest.raises(BuildError, match="a function's name is"):
        written(Function("f", schema=Schema("s; drop")))
    assert written(Function("f", 1, schema=Schema("s"))) == "s.f($1::integer)"


def test_only_functions_that_are_known_leave_a_session_clean():
    assert select_from(PET).select(fn.Upper(PET.name)).compile("sqlite").is_clean
    assert select_from(PET).select(an.Rank().over(PET.id)).compile("sqlite").is_clean
    assert not select_from(PET).select(CustomFunction("set_config", ["a", "b"])("x", "y")).compile("sqlite").is_clean


@pytest.mark.parametrize(
    "made", ["CHAR", "varchar(20)", SqlTypes.VARCHAR(20), SqlTypes.CHAR, "double precision", "INT[]"]
)
def test_a_type_is_a_name(made):
    assert written(fn.Cast(PET.name, made)).startswith('CAST("pet"."name" AS ')


@pytest.mark.parametrize("made", ["INT) FROM pet; --", "", "INT'", 'a"b', "VARCHAR(x)", "a,b", None, "INT--", "A\0"])
def test_what_is_no_name_of_a_type_is_refused(made):
    with pytest.raises(BuildError, match="PyPika's CAST to"):
        written(fn.Cast(PET.name, made))


@pytest.mark.parametrize("made", ["day; drop", "'day'", "", 5, None, "DAY)"])
def test_what_is_no_date_part_is_refused(made):
    for term in (fn.Extract(made, PET.at), fn.DateAdd(made, 1, PET.at), fn.TimestampAdd(made, 1, PET.at)):
        with pytest.raises(BuildError, match="PyPika's date part"):
            written(term)


def test_what_is_no_encoding_is_refused():
    class Encoding(Enum):
        HOSTILE = "utf8) FROM pet; --"

    with pytest.raises(BuildError, match="an encoding is a name"):
        written(fn.Convert(PET.name, Encoding.HOSTILE), "mysql")


# -- dates ------------------------------------------------------------------------------------------------------------


@pytest.mark.databases("postgres", "mysql", "mariadb")
async def test_intervals_are_added_to_dates(db):
    start = fn.Cast("2023-01-30", "DATE")
    for interval, end in (
        (Interval(days=2), "2023-02-01"),
        (Interval(weeks=1), "2023-02-06"),
        (Interval(months=1), "2023-02-28"),
        (Interval(quarters=1), "2023-04-30"),
        (Interval(years=1, months=2), "2024-03-30"),
        (Interval(days=-1), "2023-01-29"),
        (Interval(), "2023-01-30"),
    ):
        found = await db.fetch_value(select((start + interval).as_("end")))
        assert str(found)[:10] == end, interval.__dict__
    moment = fn.Cast("2023-01-30 00:00:00", "TIMESTAMP" if db.dialect.name == "postgres" else "DATETIME")
    found = await db.fetch_value(select((moment - Interval(days=1, hours=2, seconds=3, microseconds=5)).as_("x")))
    assert str(found) == "2023-01-28 21:59:56.999995"


async def test_parts_of_dates(db):
    moment = value(dt.datetime(2023, 8, 31, 21, 45, 6))
    parts = {"year": 2023, "quarter": 3, "month": 8, "day": 31, "hour": 21, "minute": 45}
    found = select(*[fn.Extract(DatePart[name], moment).as_(name) for name in parts])
    assert await db.fetch_one(found) == parts
    rarer = fn.Extract(DatePart.second, PET.at)
    sql = "SELECT EXTRACT(SECOND FROM `pet`.`at`) FROM `pet`"
    compiles_to(
        select_from(PET).select(rarer),
        {"postgres": sql.replace("`", '"'), "mysql": sql, "mariadb": sql, "sqlite": UnsupportedError},
    )


def test_intervals_are_bound():
    term = PET.at + Interval(days=1, hours=2)
    compiles_to(
        select_from(PET).select(term),
        {
            "postgres": (
                'SELECT "pet"."at" + MAKE_INTERVAL(days => $1::integer, hours => $2::integer) FROM "pet"', (1, 2),
            ),
            "mysql": ("SELECT `pet`.`at` + INTERVAL %s HOUR FROM `pet`", (26,)),
            "mariadb": ("SELECT `pet`.`at` + INTERVAL %s HOUR FROM `pet`", (26,)),
            "sqlite": UnsupportedError,
        },
    )  # fmt: skip
    with pytest.raises(UnsupportedError, match="an interval of months and days"):
        written(PET.at + Interval(months=1, days=1), "mysql")
    hostile = Interval(days=1)
    hostile.days = "1' day; drop"
    for interval in (hostile, Interval(quarters="1'"), Interval(weeks=1.5)):
        with pytest.raises(BuildError, match="its numbers are ints"):
            written(PET.at + interval)


@pytest.mark.databases("postgres")
async def test_time_zones(db):
    noon = fn.Cast("2020-07-01 12:00:00+00", "TIMESTAMPTZ")
    query = Query.select(noon.as_("at")).as_("moments")
    for zone, is_offset, hour in (("Europe/Berlin", False, 14), ("-06:00", True, 6)):
        term = AtTimezone(Field("at", table=query), zone, interval=is_offset)
        assert (await db.fetch_value(select_from(query).select(term.as_("local")))).hour == hour
    with pytest.raises(BuildError, match="the zone's name is a str"):
        written(AtTimezone("at", 5))


# -- windows ----------------------------------------------------------------------------------------------------------


async def test_windows(db):
    query = (
        select_from(PET)
        .select(
            PET.id,
            an.RowNumber().over(PET.species).orderby(PET.id).as_("place"),
            an.Sum(PET.id).over(PET.species).orderby(PET.id).rows(an.Preceding(1), an.CURRENT_ROW).as_("near"),
            an.Count(PET.id).filter(PET.weight > 4).over("species").as_("heavy"),
            an.Lag(PET.name).orderby(PET.id, order=Order.desc).as_("next"),
            an.LastValue(PET.id).over(PET.species).orderby(PET.id).range(an.CURRENT_ROW, an.Following()).as_("last"),
        )
        .order_by(PET.id)
    )
    sql = (
        'SELECT "pet"."id", ROW_NUMBER() OVER (PARTITION BY "pet"."species" ORDER BY "pet"."id") AS "place", '
        'SUM("pet"."id") OVER (PARTITION BY "pet"."species" ORDER BY "pet"."id" '
        'ROWS BETWEEN {0} PRECEDING AND CURRENT ROW) AS "near", {1} OVER (PARTITION BY "species") AS "heavy", '
        'LAG("pet"."name") OVER (ORDER BY "pet"."id" DESC) AS "next", '
        'LAST_VALUE("pet"."id") OVER (PARTITION BY "pet"."species" ORDER BY "pet"."id" '
        'RANGE BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING) AS "last" FROM "pet" ORDER BY "pet"."id"'
    )
    filtered = 'COUNT("pet"."id") FILTER (WHERE "pet"."weight" > {0})'
    by_case = sql.format("%s", 'COUNT(CASE WHEN "pet"."weight" > %s THEN "pet"."id" END)').replace('"', "`")
    compiles_to(
        query,
        {
            "postgres": (sql.format("$1", filtered.format("$2")), (1, 4)),
            "mysql": (by_case, (1, 4)),
            "mariadb": (by_case, (1, 4)),
            "sqlite": (sql.format("?", filtered.format("?")), (1, 4)),
        },
    )
    assert [tuple(row.values()) for row in await db.fetch_all(query)] == [
        (10, 1, 10, 2, "Felix", 13),
        (11, 1, 11, 1, "Minka", 14),
        (12, 2, 23, 1, "Bella", 14),
        (13, 2, 23, 2, "Amy", 13),
        (14, 3, 26, 1, None, 14),
    ]


def test_zero_rows_is_zero_rows():
    assert an.Preceding(0).value == 0  # which PyPika writes as UNBOUNDED
    compiled = (
        select_from(PET)
        .select(an.Sum(PET.id).orderby(PET.id).rows(an.Preceding(0), an.Following("2")))
        .compile("sqlite")
    )
    assert "BETWEEN ? PRECEDING AND ? FOLLOWING" in compiled.sql
    assert compiled.parameters == (0, 2)
    alone = written(an.Sum(PET.id).orderby(PET.id).rows(an.Preceding()))
    assert alone.endswith("ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)")


@pytest.mark.parametrize(
    "edge", ["1 PRECEDING; drop", an.Preceding("1; drop"), an.Preceding(-1), an.Preceding(1.5), an.Preceding(True), 5]
)
def test_what_is_no_edge_of_a_frame_is_refused(edge):
    with pytest.raises(BuildError, match="PyPika's frame edge"):
        written(an.Sum(PET.id).orderby(PET.id).rows(edge, an.CURRENT_ROW))


def test_other_text_in_windows_is_refused():
    for hostile in ("a; drop", "t.a", "a b", ""):
        with pytest.raises(BuildError, match="a text is the name of a column"):
            written(an.Rank().over(hostile))
    with pytest.raises(BuildError, match="PyPika's order"):
        written(an.Rank().orderby(PET.id, order="DESC; drop"))
    with pytest.raises(BuildError, match="IGNORE NULLS"):
        written(an.FirstValue(PET.id).ignore_nulls().over(PET.id))
    with pytest.raises(BuildError, match="a frame stands in OVER"):
        written(an.Sum(PET.id).rows(an.Preceding(1)))
    with pytest.raises(BuildError, match="begins behind the current row"):
        written(an.Sum(PET.id).orderby(PET.id).rows(an.Following(1)))


# -- arrays, rows, brackets -------------------------------------------------------------------------------------------


@pytest.mark.databases("postgres")
async def test_arrays(db):
    assert await db.fetch_value(select(Array(1, 2).as_("a"))) == [1, 2]
    assert await db.fetch_value(select(Array("a", None).as_("a"))) == ["a", None]
    assert await db.fetch_value(select_from(PET).select(Array(PET.id, 7).as_("a")).where(PET.id == 10)) == [10, 7]
    assert written(Array(2**40)) == "$1::bigint[]"


def test_brackets_are_ours_to_write():
    assert written(Bracket(Bracket(PET.a + 1)) * 2) == '("pet"."a" + $1) * $2'
    assert written(Bracket(PET.a)) == '"pet"."a"'


# -- where they stand -------------------------------------------------------------------------------------------------


async def test_a_selected_term_is_grouped_and_ordered_by_as_one(db):
    rounded = fn.Coalesce(PET.weight, 99).as_("weight")
    query = select_from(PET).select(rounded, fn.Count("*").as_("n")).group_by(rounded).order_by(rounded)
    compiles_to(
        query,
        spelled(
            'SELECT COALESCE("pet"."weight", $1) AS "weight", COUNT(*) AS "n" FROM "pet" GROUP BY 1 ORDER BY "weight"',
            (99,),
        ),
    )
    assert [row["weight"] for row in await db.fetch_all(query)] == [3.75, 4.25, 12.0, 31.5, 99.0]


async def test_terms_stand_in_nested_rows(db):
    pets = (
        select_from(pet)
        .select(fn.Upper(PET.name).as_("name"), Bracket(PET.id).as_("id"))
        .where(PET.owner_id == person.id)
    )
    query = select_from(person).select(
        person.id,
        json_array_from(pets.order_by(PET.id)).as_("pets"),
        json_object_from(select_from(pet).select(fn.Count("*").as_("n")).where(pet.owner_id == PERSON.id)).as_("count"),
    )
    rows = await db.fetch_all(query.order_by(person.id))
    assert rows[1] == {
        "id": 2,
        "pets": [{"name": name, "id": id_} for id_, name in ((10, "REX"), (11, "FELIX"), (14, "AMY"))],
        "count": {"n": 3},
    }
    assert [row["count"]["n"] for row in rows] == [
        sum(each["owner_id"] == one["id"] for each in PETS) for one in PEOPLE
    ]


def test_a_term_whose_table_is_not_there_is_refused():
    with pytest.raises(CompileError, match="'toy' is not in scope"):
        written(Table("toy").name)


def test_a_bare_field_is_written_by_its_name():
    assert written(Field('na"me')) == '"na""me"'
    with pytest.raises(CompileError, match="NUL"):
        written(Field("a\0"))


def test_criteria_on_the_left_and_ours_on_the_right_meet():
    mixed = (PET.id == 1) & (pet.name == "x") | ~(pet.id == PET.owner_id)
    assert written(mixed) == '"pet"."id" = $1 AND "pet"."name" = $2 OR NOT ("pet"."id" = "pet"."owner_id")'
    assert written(Not(pet.name == "x")) == 'NOT ("pet"."name" = $1)'
    assert written(fn.Upper(pet.name) == pet.species) == 'UPPER("pet"."name") = "pet"."species"'


# -- terms of one's own -----------------------------------------------------------------------------------------------


class Doubled(Function):
    """A function by another name: writes no SQL of its own."""

    def __init__(self, term: Any) -> None:
        super().__init__("DOUBLED", term)


class Hinted(Function):
    """Writes SQL of its own."""

    def __init__(self, *terms: Any) -> None:
        super().__init__("HINTED", *terms)

    def get_function_sql(self, **_: Any) -> str:
        return "; DROP TABLE pet"


def test_a_plain_subclass_is_what_its_base_is_and_one_with_sql_of_its_own_is_refused():
    assert written(Doubled(5)) == "DOUBLED($1::integer)"
    with pytest.raises(CompileError, match=r"Hinted writes SQL of its own .*register_visitor\(Hinted, function\)"):
        written(Hinted(5))
    with pytest.raises(CompileError, match="Hinted writes SQL of its own"):
        written(fn.Upper(Hinted(5)))


def test_a_registered_visitor_writes_its_terms_and_visits_pypikas_within(request):
    @request.addfinalizer
    def forget():
        _left_alone.discard(Hinted)
        for name in DATABASES:
            dialect_named(name).compiler.visitors.pop(Hinted, None)  # type: ignore[attr-defined]

    register_visitor(Hinted, lambda compiler, node: f"HINTED({compiler.operand(node.args[0], 9)})", dialect="postgres")
    assert written(Hinted((PET.a + 1) * 2)) == 'HINTED((("pet"."a" + $1) * $2))'
    assert written(Hinted(PET.a) + 1) == 'HINTED("pet"."a") + $1'
    with pytest.raises(CompileError, match="Hinted writes SQL of its own"):
        written(Hinted(PET.a), "mysql")


def test_values_without_a_visitor_say_what_to_do():
    with pytest.raises(BuildError, match=r"LiteralValue cannot be used in a query: .*value\(…\)"):
        select_from(PET).where(PET.id == LiteralValue("1; drop"))
    with pytest.raises(BuildError, match="QmarkParameter cannot be used in a query: it has no value"):
        select_from(PET).where(PET.id == QmarkParameter())
    with pytest.raises(BuildError, match="EmptyCriterion cannot be used"):
        select_from(PET).where(pypika.Criterion.any([]))
    with pytest.raises(BuildError, match="Python True"):
        select_from(PET).where((PET.id == 1) & True)
