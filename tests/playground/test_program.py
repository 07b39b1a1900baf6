"""The program that the page shows asks exactly what the page asked, whatever tables and columns are called."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from querykit import Database, UnsupportedError, select_from, sql, table
from querykit.playground import running
from querykit.playground.catalog import catalog_of
from querykit.playground.checked import checked
from querykit.playground.column_types import Annotations
from querykit.playground.description import Description, Filter, Key, Nested, Rows
from querykit.playground.python_code import program_of, value_code
from querykit.playground.query import query_of
from querykit.schema.introspection import FoundColumn, FoundDatabase, FoundForeignKey, FoundTable
from tests.databases import DATABASES
from tests.playground.client import ask, plain

ROOT = Path(__file__).parents[2]
HOSTILE = '"""; import os\n\\ \' {} <script>'


def column(name, type_="integer", *, is_nullable=False):
    return FoundColumn(name, type_, is_nullable)


def refers(name, column_name, to):
    return FoundForeignKey(name, (column_name,), to, ("id",))


FOUND = FoundDatabase(
    (
        FoundTable(
            "select_from",
            None,
            "table",
            (
                column("id"),
                column("as_", "text", is_nullable=True),
                column("class", "numeric(8,2)"),
                column("ﬁ", "text"),
                column("Column", "boolean"),
                column("parent_id", is_nullable=True),
                column("at", "timestamp with time zone"),
            ),
            ("id",),
            foreign_keys=(refers("a", "parent_id", "select_from"),),
        ),
        FoundTable(
            HOSTILE,
            None,
            "table",
            (
                column("id"),
                column(HOSTILE, "text"),
                column("_x", "date"),
                column("query", "uuid"),
                column("db_id"),
                column("row", "double precision"),
                column("tags", "text[]", is_nullable=True),
                column("file", "bytea"),
                column("nap", "interval"),
                column("hour", "time without time zone"),
                column("naive", "timestamp without time zone"),
                column("odd", "tsvector"),
                column("note", "jsonb"),
            ),
            ("id",),
            foreign_keys=(refers("b", "db_id", "select_from"),),
        ),
        FoundTable(
            "tie",
            None,
            "table",
            (column("a"), column("b")),
            ("a", "b"),
            foreign_keys=(refers("c", "a", "select_from"), refers("d", "b", HOSTILE)),
        ),
        FoundTable(
            "tied",
            None,
            "table",
            (column("one"), column("other_id")),
            ("one", "other_id"),
            foreign_keys=(refers("e", "one", "select_from"), refers("f", "other_id", "select_from")),
        ),
        FoundTable("1 2", None, "view", (column("True", "boolean"), column("id"))),
    )
)
CATALOG = catalog_of(FOUND, "postgres")
TEXTS = st.text(max_size=8) | st.sampled_from([HOSTILE, "", "\0", "\ud800", "'\"", "{}{0}", "%s", "\\"])
VALUES = {
    "int": st.integers(-(2**63), 2**63 - 1).map(str),
    "float": st.floats(allow_nan=False, allow_infinity=False).map(repr),
    "Decimal": st.decimals(allow_nan=False, allow_infinity=False, places=2).map(str),
    "str": TEXTS,
    "bool": st.sampled_from(["true", "false"]),
    "dt.date": st.dates().map(str),
    "UUID": st.uuids().map(str),
    "bytes": st.sampled_from(["", "AAEC", "//79"]),
    "dt.timedelta": st.sampled_from(["P1D", "PT1.5S", "-P1DT1H"]),
    "dt.time": st.times().map(str),
    "dt.datetime": st.datetimes().map(lambda at: at.isoformat()),
    "AwareDatetime": st.datetimes().map(lambda at: at.isoformat() + "+05:30"),
}


@st.composite
def rows_of(draw, name, depth=0):
    found = CATALOG.tables[name]
    names = list(found.annotations)
    columns = draw(st.lists(st.sampled_from(names), unique=True, min_size=1))
    ways = list(found.relations.values()) if depth < 3 else []
    ways = draw(st.lists(st.sampled_from(ways), max_size=2, unique=True)) if ways else []
    relations = [(each, draw(rows_of(each.target, depth + 1))) for each in ways]
    return {"table": name, "columns": columns, "relations": relations, **draw(choice_of(found, names))}


@st.composite
def choice_of(draw, found, names):
    filters = []
    for name in draw(st.lists(st.sampled_from(names), max_size=2)):
        operator = draw(st.sampled_from(found.operators(name)))
        sizes = {"is_null": (0, 0), "is_not_null": (0, 0), "between": (2, 2), "in": (0, 3), "not_in": (0, 3)}
        least, most = sizes.get(operator, (1, 1))
        values = VALUES.get(found.annotations[name].code.removesuffix(" | None"), st.nothing())
        filters.append(Filter(name, operator, draw(st.lists(values, min_size=least, max_size=most)) if most else []))
    keys = draw(st.lists(st.builds(Key, st.sampled_from(names), st.booleans()), max_size=2))
    return {
        "filters": filters,
        "match": draw(st.sampled_from(["all", "any"])),
        "order_by": keys,
        "limit": draw(st.none() | st.integers(0, 99)),
    }


def rows(drawn, *, is_one=False):
    nested = [
        Nested(relation.name, rows(inner, is_one=not relation.is_many), None if at % 2 else 'it\'s "{}" \\')
        for at, (relation, inner) in enumerate(drawn["relations"])
    ]
    limit = None if is_one else drawn["limit"]
    return Rows(drawn["columns"], drawn["filters"], drawn["match"], drawn["order_by"], limit, nested)


def query_in(program):
    """The query of a program, which is not run."""
    names = {"__name__": "program"}
    exec(compile(program.replace("asyncio.run(main())", ""), "program", "exec", dont_inherit=True), names)  # noqa: S102
    return names["query"]


def written(query, dialect):
    try:
        compiled = query.compile(dialect)
    except UnsupportedError as error:
        return str(error)
    return compiled.sql, tuple(compiled.parameters), str(compiled.columns)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(list(CATALOG.tables)).flatmap(rows_of))
def test_the_program_has_the_query_of_the_page(drawn):
    level = checked(Description(drawn["table"], rows(drawn)), CATALOG)
    program = program_of(level, CATALOG, url=None)
    for dialect in DATABASES:
        assert written(query_in(program), dialect) == written(query_of(level), dialect)


def test_tables_that_a_third_one_ties_reach_each_other():
    found = CATALOG.tables["select_from"].relations
    ties = {name: (each.target, each.through) for name, each in found.items() if each.through}
    assert ties == {
        f"{HOSTILE}s_by_b": (HOSTILE, "tie"),  # rows of it refer by themselves too
        "select_froms_by_other": ("select_from", "tied"),
        "select_froms_by_one": ("select_from", "tied"),
    }
    inner = Nested("select_froms_by_other", Rows(["id"]), "others")
    level = checked(Description("select_from", Rows(["id"], relations=[inner])), CATALOG)
    assert (
        query_of(level)
        .compile("sqlite")
        .sql.partition("FROM (")[2]
        .startswith(
            'SELECT "select_froms_by_other"."id" FROM "select_from" AS "select_froms_by_other" '
            'INNER JOIN "tied" ON "tied"."other_id" = "select_froms_by_other"."id" WHERE "tied"."one" = "select_from"."id"'
        )
    )


WRITTEN = """\
import asyncio
import datetime as dt
from decimal import Decimal

from querykit import (
    AwareDatetime,
    Column,
    Database,
    Table,
    column,
    json_array_from,
    or_,
    select_from,
)


class SelectFrom(Table, name="select_from", schema="old"):
    id: Column[int]
    as__: Column[str | None] = column(name="as_")
    class_: Column[Decimal] = column(name="class")
    parent_id: Column[int | None]
    at: Column[AwareDatetime]


select_from_ = SelectFrom()
select_froms_by_parent = select_from_.as_("select_froms_by_parent")

query = (
    select_from(select_from_)
    .select(
        select_from_.id,
        select_from_.class_,
        json_array_from(
            select_from(select_froms_by_parent)
            .select(select_froms_by_parent.id)
            .where(
                select_froms_by_parent.parent_id == select_from_.id,
                or_(
                    select_froms_by_parent.as__.has_substring("it's"),
                    select_froms_by_parent.id.is_in([1, 2]),
                ),
            )
            .order_by(select_froms_by_parent.id.desc())
            .limit(3)
        ).as_("children"),
    )
    .where(
        select_from_.at >= dt.datetime.fromisoformat("2026-01-02T03:04:05+00:00"),
    )
)


async def main() -> None:
    async with Database("sqlite:///shop.db") as db:
        for row in await db.fetch_all(query):
            print(row)


asyncio.run(main())
"""


def test_the_program_is_written_as_people_write_one():
    deep = Rows(
        ["id"], [Filter("as_", "contains", ["it's"]), Filter("id", "in", ["1", "2"])], "any", [Key("id", True)], 3
    )
    description = Description(
        "select_from",
        Rows(
            ["id", "class"],
            [Filter("at", "gte", ["2026-01-02T03:04:05Z"])],
            relations=[Nested("select_froms_by_parent", deep, "children")],
        ),
    )
    program = program_of(checked(description, CATALOG), CATALOG._replace(schema="old"), url="sqlite:///shop.db")
    assert program == WRITTEN
    assert value_code(float("inf")) == 'float("inf")'


async def test_the_program_runs_and_gives_what_the_page_shows(playground, village, tmp_path):
    pets = {"relation": "pets", "rows": {"columns": ["name"], "order_by": [{"column": "name"}]}}
    shown = {
        "table": "person",
        "rows": {"columns": ["id", "first_name"], "order_by": [{"column": "id"}], "relations": [pets]},
    }
    program = tmp_path / "program.py"
    program.write_text((await ask(playground, "show", shown)).json()["python"])
    environment = {**os.environ, "QUERYKIT_URL": village, "PYTHONPATH": str(ROOT)}
    done = await asyncio.to_thread(
        subprocess.run, [sys.executable, program], env=environment, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert (
        done.stdout.splitlines()[1]
        == "{'id': 2, 'first_name': 'Beatrice', 'pets': [{'name': 'Bello'}, {'name': 'Mischa'}]}"
    )
    assert plain((await ask(playground, "run", shown)).json()["tree"])[1]["first_name"] == "Beatrice"


# -- a database with everything in it ---------------------------------------------------------------------------------


QUOTES = {"postgres": '"', "mysql": "`", "mariadb": "`", "sqlite": '"'}
COLUMNS = {
    "a b": ("INTEGER", "INTEGER", "INTEGER", "7", "7"),
    "class": ("NUMERIC(8,2)", "DECIMAL(8,2)", "NUMERIC", "1.25", "1.25"),
    "<b>": ("TEXT", "VARCHAR(80)", "TEXT", "'<img src=x onerror=alert(1)>'", "<img src=x onerror=alert(1)>"),
    "day": ("DATE", "DATE", "DATE", "'2026-02-03'", "2026-02-03"),
    "at": ("TIMESTAMPTZ", "DATETIME(6)", "DATETIME", "'2026-02-03 04:05:06'", None),
    "big": ("BIGINT", "BIGINT", "BIGINT", "9007199254740993", "9007199254740993"),
    "is_on": ("BOOLEAN", "TINYINT(1)", "BOOLEAN", "TRUE", "True"),
    "nothing": ("UUID", "CHAR(36)", "UUID", "NULL", None),
}


@pytest.fixture
async def odd_table(village, database_name):
    quote = QUOTES[database_name]
    place = {"postgres": 0, "sqlite": 2}.get(database_name, 1)
    columns = ", ".join(f"{quote}{name}{quote} {each[place]}" for name, each in COLUMNS.items())
    values = ", ".join(each[3] for each in COLUMNS.values())
    async with Database(village) as db:
        await db.execute(sql("{}", sql.raw(f"CREATE TABLE {quote}odd-one{quote} ({columns})")))
        await db.execute(sql("{}", sql.raw(f"INSERT INTO {quote}odd-one{quote} VALUES ({values})")))
        yield table("odd-one")
        await db.execute(sql("{}", sql.raw(f"DROP TABLE {quote}odd-one{quote}")))


async def test_names_and_values_of_any_kind_come_as_they_are(village, odd_table):
    filters = [
        {"column": "<b>", "operator": "contains", "values": ["<img"]},
        {"column": "big", "operator": "eq", "values": ["9007199254740993"]},
    ]
    asked = {"table": "odd-one", "rows": {"columns": list(COLUMNS), "filters": filters}}
    async with running(village) as playground:
        (row,) = plain((await ask(playground, "run", asked)).json()["tree"])
        program = (await ask(playground, "show", asked)).json()["python"]
    shown = dict(zip(row, [each[4] for each in COLUMNS.values()], strict=True))
    assert list(row) == ["a_b", "class_", "b", "day", "at", "big", "is_on", "nothing"]
    assert {**row, "at": None} == shown
    async with Database(village) as db:
        (again,) = await db.fetch_all(query_in(program))
        assert {name: None if value is None else str(value) for name, value in again.items()} == row
        assert await db.fetch_value(select_from(odd_table).select(odd_table["a b"])) == 7


@pytest.mark.parametrize(
    ("dialect", "type_", "code"),
    [
        ("postgres", "character varying(50)", "str"),
        ("postgres", "numeric(10,2)", "Decimal"),
        ("postgres", "integer[]", "list[int]"),
        ("mysql", "time(3)", "dt.time"),
        ("postgres", "timestamp(3) with time zone", "AwareDatetime"),
        ("postgres", "mood", "str"),
        ("postgres", "tsvector", "Any"),
        ("postgres", "tsvector[]", "Any"),
        ("mysql", "bigint unsigned", "int"),
        ("mysql", "tinyint(1)", "bool"),
        ("mysql", "int(10) unsigned zerofill", "int"),
        ("mysql", "enum('a','b')", "str"),
        ("mysql", "enum('a)','(b')", "str"),
        ("mariadb", "varchar(20)", "str"),
        ("mariadb", "uuid", "UUID"),
        ("sqlite", "INTEGER", "int"),
        ("sqlite", "DECIMAL(8, 2)", "float"),
        ("sqlite", "", "Any"),
    ],
)
def test_the_types_of_columns(dialect, type_, code):
    annotations = Annotations(dialect, ["mood"])
    assert annotations.read(type_, is_nullable=False).code == code
    assert annotations.read(type_, is_nullable=True).code == (code if code == "Any" else f"{code} | None")
