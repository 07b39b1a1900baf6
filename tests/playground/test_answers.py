"""The playground shows the program, the SQL, the rows and the plan of a query that comes as data; and only reads."""

import asyncio
import json
import time
from pathlib import Path

import pytest

from querykit import Database, sql
from querykit.playground import running
from querykit.playground.demo import PEOPLE, PETS, TOYS
from querykit.playground.tree import Tree
from tests.playground.client import ask, plain
from tests.playground.queries import MOTHER, VILLAGE, names, people, up

RECIPES = Path(__file__).parents[1] / "recipes"


# -- what it shows ----------------------------------------------------------------------------------------------------


async def test_tables_and_the_relations_of_their_foreign_keys(playground, database_name):
    found = (await ask(playground, "tables")).json()
    assert (found["dialect"], found["is_demo"]) == (database_name, False)
    tables = {each["name"]: each for each in found["tables"]}
    columns = {each["name"]: each["python"] for each in tables["person"]["columns"]}
    assert columns == {"id": "int", "first_name": "str", "mother_id": "int | None"}
    relations = {name: {each["name"]: each["is_many"] for each in table["relations"]} for name, table in tables.items()}
    assert relations["person"] == {"mother": False, "persons_by_mother": True, "pets": True}
    assert relations["pet"] == {"owner": False, "toys": True}
    assert relations["toy"] == {"pet": False}


async def test_nested_rows_are_those_of_the_recipe(playground):
    answer = (await ask(playground, "run", VILLAGE)).json()
    expected = json.loads((RECIPES / "nested_relations.json").read_text(encoding="utf-8"))
    assert plain(answer["tree"]) == expected
    assert (answer["rows"], answer["notes"]) == (len(expected), [])


def test_the_village_is_that_of_the_recipes(monkeypatch):
    monkeypatch.syspath_prepend(str(RECIPES.parents[1] / "recipes"))
    schema = __import__("schema")
    assert (list(PEOPLE), list(PETS), list(TOYS)) == (schema.PEOPLE, schema.PETS, schema.TOYS)


async def test_the_sql_of_every_dialect_this_database_first(playground, database_name):
    shown = (await ask(playground, "show", people(("first_name", "eq", "it's")))).json()["sql"]
    assert shown[0]["dialect"] == database_name
    ending = 'FROM "person"\nWHERE "person"."first_name" = {}\nORDER BY "person"."id"'
    back = ending.replace('"', "`").format("%s")
    expected = {"postgres": ending.format("$1"), "mysql": back, "mariadb": back, "sqlite": ending.format("?")}
    assert {each["dialect"]: each["sql"].partition("\n")[2] for each in shown} == expected
    assert all(each["parameters"] == ['"it\'s"'] for each in shown)


async def test_the_plan_is_the_servers(playground):
    plan = (await ask(playground, "plan", VILLAGE)).json()
    assert plan["rows"]
    assert all(len(row) == len(plan["columns"]) for row in plan["rows"])
    assert "person" in str(plan)


@pytest.mark.parametrize(
    ("description", "expected"),
    [
        (people(("id", "between", "2", "3")), ["Beatrice", "Casimir"]),
        (people(("id", "in", "4", "1")), ["Agnes", "Delphine"]),
        (people(("id", "in")), []),
        (people(("id", "not_in", "4", "1")), ["Beatrice", "Casimir"]),
        (people(("mother_id", "is_null")), ["Agnes"]),
        (people(("mother_id", "is_not_null"), ("id", "ne", "2")), ["Casimir", "Delphine"]),
        (people(("id", "lt", "2"), ("first_name", "starts_with", "D"), match="any"), ["Agnes", "Delphine"]),
        (people(("first_name", "contains", "rice")), ["Beatrice"]),
        (people(("first_name", "ilike", "a%")), ["Agnes"]),
        (people(limit=2), ["Agnes", "Beatrice"]),
        (people(limit=0), []),
        (people(order_by=[{"column": "id", "descending": True}], limit=1), ["Delphine"]),
        (people(("first_name", "eq", "'; DROP TABLE person; --")), []),
        (people(("first_name", "eq", "%s ? $1 {} \\")), []),
        (people(("first_name", "contains", "%")), []),
    ],
)
async def test_filters_orders_and_limits(playground, description, expected):
    assert await names(playground, description) == expected


async def test_a_table_in_itself_three_deep(playground):
    deep = {"relation": "mother", "rows": {"columns": ["first_name"], "relations": [MOTHER]}}
    answer = await ask(playground, "run", people(("id", "eq", "4"), relations=[deep]))
    (found,) = plain(answer.json()["tree"])
    assert found == {"first_name": "Delphine", "mother": {"first_name": "Beatrice", "mother": {"first_name": "Agnes"}}}


LIKES = """CREATE TABLE likes (person_id BIGINT NOT NULL, toy_id BIGINT NOT NULL, PRIMARY KEY (person_id, toy_id),
  FOREIGN KEY (person_id) REFERENCES person (id), FOREIGN KEY (toy_id) REFERENCES toy (id))"""


async def test_rows_that_a_third_table_ties(village):
    async with Database(village) as db:
        await db.execute(sql(LIKES))
        await db.execute(sql("INSERT INTO likes VALUES (2, 1), (2, 3), (4, 1)"))
    fans = {"relation": "persons", "name": "fans", "rows": {"columns": ["first_name"], "order_by": up("id")}}
    rows = {"columns": ["name"], "order_by": up("name"), "limit": 1, "relations": [fans]}
    asked = people(("id", "in", "1", "2"), relations=[{"relation": "toys", "rows": rows}])
    try:
        async with running(village) as playground:
            answer = await ask(playground, "run", asked)
    finally:
        async with Database(village) as db:
            await db.execute(sql("DROP TABLE likes"))
    fans_of_mouse = [{"first_name": "Beatrice"}, {"first_name": "Delphine"}]
    assert plain(answer.json()["tree"]) == [
        {"first_name": "Agnes", "toys": []},
        {"first_name": "Beatrice", "toys": [{"name": "felt mouse", "fans": fans_of_mouse}]},
    ]


# -- what it refuses --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("description", "path", "reason"),
    [
        ({"table": "nothing", "rows": {"columns": ["id"]}}, ["table"], "no such table"),
        ({"table": "person; DROP", "rows": {"columns": ["id"]}}, ["table"], "no such table"),
        (people(columns=["pets"]), ["rows", "columns", 0], "no such column"),
        (people(columns=['id" FROM x']), ["rows", "columns", 0], "no such column"),
        (people(columns=["_columns"]), ["rows", "columns", 0], "no such column"),
        (people(columns=["id", "id"]), ["rows", "columns", 1], "named twice"),
        (people(columns=[]), ["rows", "columns"], "at least one"),
        (people(("age", "eq", "1")), ["rows", "filters", 0, "column"], "no such column"),
        (people(("id", "==", "1")), ["rows", "filters", 0, "operator"], "no such operator"),
        (people(("id", "__class__", "1")), ["rows", "filters", 0, "operator"], "no such operator"),
        (people(("id", "like", "1")), ["rows", "filters", 0, "operator"], "no such operator"),
        (people(("id", "eq")), ["rows", "filters", 0, "values"], "takes 1 value"),
        (people(("id", "between", "1")), ["rows", "filters", 0, "values"], "takes 2 values"),
        (people(("id", "eq", "one")), ["rows", "filters", 0, "values", 0], "takes a whole number"),
        (people(("id", "eq", "1 OR 1=1")), ["rows", "filters", 0, "values", 0], "takes a whole number"),
        (people(order_by=up("nothing")), ["rows", "order_by", 0, "column"], "no such column"),
        (people(limit=-1), ["rows", "limit"], "0 to"),
        (
            people(relations=[{"relation": "dogs", "rows": {}}]),
            ["rows", "relations", 0, "relation"],
            "no such relation",
        ),
        (people(relations=[{**MOTHER, "name": "first_name"}]), ["rows", "relations", 0, "name"], "taken"),
        (people(relations=[{**MOTHER, "name": ""}]), ["rows", "relations", 0, "name"], "1 to 63"),
        (people(relations=[{**MOTHER, "name": "a\0b"}]), ["rows", "relations", 0, "name"], "printable"),
        (people(relations=[MOTHER] * 41), ["rows", "relations", 1, "name"], "taken"),
        (people(sql="SELECT 1"), [], "unknown field sql"),
        ({"table": "person", "rows": {"columns": ["id"]}, "python": "1"}, [], "unknown field python"),
        (people(limit="5; DROP TABLE person"), [], "Expected int"),
        ([], [], "Expected object"),
    ],
)
async def test_what_is_not_there_is_refused_with_its_place(playground, description, path, reason):
    for question in ("show", "run", "plan"):
        answer = await ask(playground, question, description)
        assert answer.status == 400
        found = answer.json()
        assert found["path"] == path
        assert reason.lower() in found["error"].lower()


async def test_what_is_no_description_is_refused(playground):
    nested = b'{"table":"person","rows":' + b'{"relations":[{"relation":"mother","rows":' * 5000
    for body in (b"", b"\xff", b"{", b"null", b"[" * 100_000, nested):
        answer = await ask(playground, "show", body=body)
        assert (answer.status, set(answer.json())) == (400, {"error", "path"})
    assert (await ask(playground, "show", body=b" " * 300_000)).json()["error"] == "the request is too large"
    deep = {"columns": ["id"]}
    for _ in range(45):
        deep = {"columns": ["id"], "relations": [{"relation": "mother", "rows": deep}]}
    answer = await ask(playground, "show", {"table": "person", "rows": deep})
    assert answer.json()["error"] == "a query has no more than 40 tables"


async def test_a_text_that_a_server_refuses_is_a_calm_error(playground, database_name):
    answer = await ask(playground, "run", people(("first_name", "eq", "a\0b")))
    assert answer.status == (200 if database_name in ("sqlite", "mysql", "mariadb") else 503), answer.body
    assert await names(playground, people(("id", "eq", "1"))) == ["Agnes"]


# -- limits -----------------------------------------------------------------------------------------------------------


async def test_many_rows_are_cut_with_a_note(village):
    async with running(village, max_rows=2) as playground:
        for limit, is_cut in ((None, True), (3, True), (2, False)):
            answer = (await ask(playground, "run", people(limit=limit))).json()
            assert (answer["rows"], len(answer["tree"]["items"])) == (2, 2)
            assert answer["notes"] == (["only the first 2 rows are shown"] if is_cut else [])


def test_large_results_are_cut_with_what_is_left_out():
    tree = Tree(max_nodes=6, max_text=4)
    node = tree.node([{"a": "abcdefg", "b": [1, 2, 3, 4]}, {"a": "x"}])
    assert node == {
        "items": [
            {
                "fields": [
                    ["a", {"type": "str", "text": "abcd", "more": 3}],
                    ["b", {"items": [{"type": "int", "text": "1"}, {"type": "int", "text": "2"}], "more": 2}],
                ]
            }
        ],
        "more": 1,
    }
    assert tree.is_cut
    whole = Tree()
    assert whole.node([2**70, None, b"\0", "\ud800", float("nan"), True]) == {
        "items": [
            {"type": "int", "text": str(2**70)},
            {"type": "None", "text": "None"},
            {"type": "bytes", "text": "b'\\x00'"},
            {"type": "str", "text": "\\ud800"},
            {"type": "float", "text": "nan"},
            {"type": "bool", "text": "True"},
        ]
    }
    assert not whole.is_cut
    deep = []
    for _ in range(900):
        deep = [deep]
    cut = Tree().node([deep, 10**5000])
    assert str(cut).count("items") == 201
    assert cut["items"][1]["text"].startswith("0x")


async def test_two_requests_at_once(playground):
    answers = await asyncio.gather(*[ask(playground, each, VILLAGE) for each in ("run", "plan", "show", "run") * 5])
    assert {each.status for each in answers} == {200}
    assert answers[0].json()["tree"] == answers[3].json()["tree"]


# -- a query that takes long ------------------------------------------------------------------------------------------


SLOW = {
    "postgres": "CREATE VIEW slow AS SELECT 1 AS id, pg_sleep(30)::text AS nap",
    "mysql": "CREATE VIEW slow AS SELECT 1 AS id, sleep(30) AS nap",
    "mariadb": "CREATE VIEW slow AS SELECT 1 AS id, sleep(30) AS nap",
    "sqlite": "CREATE VIEW slow AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000000)"
    " SELECT 1 AS id, (SELECT max(i) FROM n) AS nap",
}
NAP = {"table": "slow", "rows": {"columns": ["nap"]}}


@pytest.fixture
async def slow(village, database_name):
    async with Database(village) as db:
        await db.execute(sql(SLOW[database_name]))
        yield db
        await db.execute(sql("DROP VIEW slow"))


@pytest.mark.usefixtures("slow")
async def test_a_query_that_takes_too_long_is_stopped(village):
    async with running(village, timeout=0.5) as playground:
        began = time.monotonic()
        answer = await ask(playground, "run", NAP)
        assert (answer.status, "and was stopped" in answer.json()["error"]) == (503, True), answer.body
        assert time.monotonic() - began < 5


@pytest.mark.usefixtures("slow")
async def test_a_browser_that_goes_away_stops_its_query(village):
    async with running(village, timeout=60) as playground:
        for _ in range(5):  # more than there are connections
            host, port = playground.origin.removeprefix("http://").split(":")
            _, writer = await asyncio.open_connection(host, int(port))
            body = json.dumps(NAP).encode()
            head = f"POST /api/run HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {playground.token}\r\n"
            writer.write(f"{head}Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
            await writer.drain()
            await asyncio.sleep(0.1)
            writer.close()
        async with asyncio.timeout(5):
            assert (await names(playground, people(("id", "eq", "1")))) == ["Agnes"]
            while playground.session.db.pool.size > playground.session.db.pool.idle:  # noqa: ASYNC110
                await asyncio.sleep(0.02)


async def test_a_mistake_of_ours_is_a_calm_answer(playground, monkeypatch):
    monkeypatch.setattr(playground.session, "show", lambda _: 1 / 0)
    answer = await ask(playground, "show", people())
    assert (answer.status, answer.json()["path"]) == (500, [])
    assert "terminal" in answer.json()["error"]
    assert answer.headers["x-content-type-options"] == "nosniff"
