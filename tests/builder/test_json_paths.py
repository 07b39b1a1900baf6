"""JSON documents: steps into them, reading, comparing and changing them, with every key and value safe."""

from __future__ import annotations

import enum
import json
from decimal import Decimal
from typing import Any

import pytest

from querykit import (
    Column,
    Json,
    Table,
    cast,
    fn,
    json_append,
    json_array_from,
    json_build_object,
    json_contains,
    json_insert,
    json_remove,
    json_set,
    param,
    select,
    select_from,
    sql,
    table,
    update,
    value,
)
from querykit.errors import BuildError, CompileError, UnsupportedError
from tests.expected import compiles_to


class Document(Table, name="document"):
    id: Column[int]
    body: Column[Json]
    note: Column[str | None]
    number: Column[int | None]


document = Document()
untyped = table("document")

ODD_KEYS = {
    "a'b": 1, 'a"b': 2, "a.b": 3, "*": 4, "[0]": 5, "a\\b": 6, "": 7, "😀": 8, "a b": 9, "$": 10, "a/b": 11, "ä": 12,
    "\\'": 13, "first' as x from y; --": 14, "%s": 15, "%": 16, "?": 17, ":a": 18, "$1": 19, "a\nb": 20, "last": 21,
    "#": 22, "0": 23, "-1": 24, "a``b": 25, "\u2028": 26, "{0}": 27, "a": 28, "b": 29, "**": 30, "\t": 31,
}  # fmt: skip

PROFILE: dict[str, Any] = {
    "auth": {"roles": ["admin", "user"], "login_count": 12, "is_active": True},
    "tags": [1, 2.5, "three", None, False, [10, 20]],
    "name": "Ada",
    "text_12": "12",
    "pi": 3.25,
    "neg": -7.9,
    "nothing": None,
    "big": 9007199254740993,
    "looks_like": "[1]",
    "truth": "true",
    "empty": {},
    "none": [],
}

DOCUMENTS: list[dict[str, Any]] = [
    {"id": 1, "body": PROFILE, "note": "12", "number": 12},
    {
        "id": 2,
        "body": {"auth": {"login_count": 9}, "name": "Ädä ", "pi": "x", "tags": "none"},
        "note": None,
        "number": None,
    },
    {"id": 3, "body": None, "note": None, "number": None},
    {"id": 4, "body": ODD_KEYS, "note": None, "number": None},
    {"id": 5, "body": [1, [2, 3], {"k": "v"}], "note": '{"inner": ["x"]}', "number": None},
]

JSON_TYPE = {"postgres": "JSONB", "mysql": "JSON", "mariadb": "JSON", "sqlite": "TEXT"}


@pytest.fixture
async def db(db):
    """A database with documents."""
    await db.execute(sql("DROP TABLE IF EXISTS document"))
    type_ = sql.raw(JSON_TYPE[db.dialect.name])
    await db.execute(sql("CREATE TABLE document (id INTEGER, body {}, note VARCHAR(200), number INTEGER)", type_))
    for row in DOCUMENTS:
        values = (row["id"], written(db, row["body"]), row["note"], row["number"])
        await db.execute(sql("INSERT INTO document VALUES ({})", sql.join(values)))
    yield db
    await db.execute(sql("DROP TABLE document"))


def written(db, document):
    """A document as its text, which owes nothing to the builder."""
    if document is None:
        return None
    text = json.dumps(document, ensure_ascii=False)
    return sql("CAST({} AS jsonb)", text) if db.dialect.name == "postgres" else text


async def at(db, expression, id_=1):
    """The value of an expression for one document."""
    return await db.fetch_value(select_from(document).select(expression.as_("it")).where(document.id == id_))


async def ids(db, condition):
    """The documents for which a condition holds."""
    return await db.fetch_column(select_from(document).select(document.id).where(condition).order_by(document.id))


async def test_a_step_into_json_is_json_and_decoded_once(db):
    query = select_from(document).select(document.body["auth"]["roles"][0].as_("role")).where(document.id == 1)
    path = '$."auth"."roles"[0]'
    compiles_to(
        query,
        {
            "postgres": (
                'SELECT CASE WHEN JSONB_TYPEOF(("document"."body" -> $1::text -> $2::text)::jsonb) = \'array\' '
                'THEN "document"."body" -> $1::text -> $2::text -> $3::int END AS "role" FROM "document" '
                'WHERE "document"."id" = $4',
                ("auth", "roles", 0, 1),
            ),
            "mysql": (
                "SELECT CASE WHEN JSON_TYPE(JSON_EXTRACT(`document`.`body`, %s)) = 'ARRAY' "
                "THEN JSON_EXTRACT(`document`.`body`, %s) END AS `role` FROM `document` WHERE `document`.`id` = %s",
                ('$."auth"."roles"', path, 1),
            ),
            "mariadb": (
                "SELECT CASE WHEN JSON_TYPE(JSON_EXTRACT(`document`.`body`, %s)) = 'ARRAY' "
                "THEN JSON_EXTRACT(`document`.`body`, %s) END AS `role` FROM `document` WHERE `document`.`id` = %s",
                ('$."auth"."roles"', path, 1),
            ),
            "sqlite": (
                'SELECT "document"."body" -> ? AS "role" FROM "document" WHERE "document"."id" = ?',
                (path, 1),
            ),
        },
    )
    assert await db.fetch_all(query) == [{"role": "admin"}]


PLACES = [
    (("auth",), PROFILE["auth"]),
    (("auth", "roles"), ["admin", "user"]),
    (("auth", "roles", 1), "user"),
    (("auth", "roles", -1), "user"),
    (("auth", "roles", -2), "admin"),
    (("auth", "roles", -3), None),
    (("auth", "roles", 2), None),
    (("auth", "login_count"), 12),
    (("auth", "is_active"), True),
    (("tags", 1), 2.5),
    (("tags", 3), None),
    (("tags", 4), False),
    (("tags", 5, 0), 10),
    (("big",), 9007199254740993),
    (("looks_like",), "[1]"),
    (("nothing",), None),
    (("missing",), None),
    (("missing", "more", 0), None),
    # an index is of arrays alone, a key of objects alone
    (("auth", 0), None),
    (("auth", -1), None),
    (("auth", 0, "login_count"), None),
    (("name", 0), None),
    (("name", -1), None),
    (("auth", "roles", "0"), None),
    (("auth", "roles", 1, 0), None),
    ((0,), None),
    ((0, "name"), None),
    (("looks_like", 0), None),
    (("none", 0), None),
    (("empty",), {}),
]


@pytest.mark.parametrize(("keys", "expected"), PLACES)
async def test_what_is_found_at_a_place(db, keys, expected):
    for column in (document.body, untyped.body):
        path = column
        for key in keys:
            path = path[key]
        found = await db.fetch_value(select_from(untyped).select(path.as_("it")).where(untyped.id == 1))
        assert found == expected
        assert type(found) is type(expected)


@pytest.mark.parametrize("key", ODD_KEYS)
async def test_a_key_matches_that_key_alone(db, key):
    if db.dialect.name == "mariadb" and key.startswith("-"):
        with pytest.raises(UnsupportedError, match="hyphen"):
            await at(db, document.body[key], 4)
        return
    assert await at(db, document.body[key], 4) == ODD_KEYS[key]
    assert await at(db, document.body[key].as_text(), 4) == str(ODD_KEYS[key])
    assert await at(db, document.body[key].as_int(), 4) == ODD_KEYS[key]
    assert await ids(db, document.body[key] == ODD_KEYS[key]) == [4]
    assert await ids(db, document.body.has_key(key)) == [4]
    assert await at(db, document.body[key + "x"], 4) is None
    assert await at(db, document.body[key]["x"], 4) is None
    assert await at(db, document.body[key][key], 4) is None


async def test_odd_keys_deep_in_a_document(db):
    deep = {"x": {'a"b': [{"ä\\": {"plain": [True, "😀", 0.1, {"k'": None}, '{"a":1}']}}]}}
    await db.execute(update(document).set(body=deep).where(document.id == 3))
    place = document.body["x"]['a"b'][0]["ä\\"]["plain"]
    assert await at(db, place, 3) == [True, "😀", 0.1, {"k'": None}, '{"a":1}']
    assert await at(db, place[0].as_bool(), 3) is True
    assert await at(db, place[1].as_text(), 3) == "😀"
    assert await at(db, place[2].as_float(), 3) == 0.1
    assert await at(db, place[4]["a"], 3) is None
    assert await at(db, document.body["x"]['a"b'], 3) == deep["x"]['a"b']


@pytest.mark.databases("postgres", "mysql", "sqlite")  # MariaDB compares a key with the document's own spelling
async def test_keys_spelled_with_escapes_are_found(db):
    text = '{"\\u00e4": 1, "a\\/b": 2, "\\ud83d\\ude00": {"\\u00e4": 3}}'
    spelled = sql("CAST({} AS json)", text) if db.dialect.name == "postgres" else value(text)
    await db.execute(sql("UPDATE document SET body = {} WHERE id = 3", spelled))
    assert await at(db, document.body["ä"], 3) == 1
    assert await at(db, document.body["a/b"], 3) == 2
    assert await at(db, document.body["😀"]["ä"], 3) == 3


async def test_the_whole_part_of_a_document_as_text(db):
    body = document.body
    assert await at(db, body["name"].as_text()) == "Ada"
    assert await at(db, body["auth"]["login_count"].as_text()) == "12"
    assert await at(db, body["pi"].as_text()) == "3.25"
    assert await at(db, body["auth"]["is_active"].as_text()) == "true"
    assert await at(db, body["tags"][4].as_text()) == "false"
    assert await at(db, body["nothing"].as_text()) is None
    assert await at(db, body["missing"].as_text()) is None
    assert await at(db, body["looks_like"].as_text()) == "[1]"
    assert json.loads(await at(db, body["auth"].as_text())) == PROFILE["auth"]
    assert json.loads(await at(db, body.as_text())) == PROFILE
    assert await at(db, body.as_text(), 3) is None


async def test_text_of_json_in_every_dialect():
    compiles_to(
        select_from(document).select(document.body["name"].as_text().as_("name")),
        {
            "postgres": ('SELECT "document"."body" ->> $1::text AS "name" FROM "document"', ("name",)),
            "mysql": (
                "SELECT JSON_UNQUOTE(NULLIF(JSON_EXTRACT(`document`.`body`, %s), CAST('null' AS JSON))) AS `name` "
                "FROM `document`",
                ('$."name"',),
            ),
            "mariadb": (
                "SELECT JSON_UNQUOTE(NULLIF(JSON_EXTRACT(`document`.`body`, %s), 'null')) AS `name` FROM `document`",
                ('$."name"',),
            ),
            "sqlite": (
                'SELECT CASE JSON_TYPE("document"."body", ?) WHEN \'text\' THEN "document"."body" ->> ? '
                'WHEN \'null\' THEN NULL ELSE "document"."body" -> ? END AS "name" FROM "document"',
                ('$."name"',) * 3,
            ),
        },
    )


async def test_json_read_as_a_type(db):
    body = document.body
    for expression, expected in [
        (body["auth"]["login_count"].as_int(), 12),
        (body["neg"].as_int(), -7),
        (body["big"].as_int(), 9007199254740993),
        (body["text_12"].as_int(), None),
        (body["nothing"].as_int(), None),
        (body["missing"].as_int(), None),
        (body["auth"].as_int(), None),
        (body["auth"]["is_active"].as_int(), None),
        (body["pi"].as_float(), 3.25),
        (body["auth"]["login_count"].as_float(), 12.0),
        (body["auth"]["is_active"].as_bool(), True),
        (body["tags"][4].as_bool(), False),
        (body["truth"].as_bool(), None),
        (body["auth"]["login_count"].as_bool(), None),
        (cast(body["neg"], int), -7),
        (cast(body["pi"], float), 3.25),
        (cast(body["name"], str), "Ada"),
        (cast(body["auth"]["is_active"], bool), True),
    ]:
        found = await at(db, expression)
        assert found == expected
        assert type(found) is type(expected)


async def test_json_numbers_as_decimals(db):
    assert await at(db, document.body["pi"].as_decimal()) == Decimal("3.25")
    assert await ids(db, document.body["pi"] == Decimal("3.25")) == [1]
    assert await ids(db, document.body["auth"]["login_count"] >= Decimal("9.0")) == [1, 2]
    assert await ids(db, document.body["auth"]["login_count"] > Decimal(9)) == [1]


class Role(enum.Enum):
    ADMIN = "admin"
    GUEST = "guest"


COMPARISONS = [
    (document.body["name"] == "Ada", [1]),
    (document.body["name"] == "ADA", []),
    (document.body["name"] == "Ada ", []),
    (document.body["name"] == "Ädä", []),
    (document.body["name"] == "Ädä ", [2]),
    (document.body["name"] != "Ada", [2]),
    (document.body["name"] > "Ada", [2]),
    (document.body["text_12"] == "12", [1]),
    (document.body["text_12"] == 12, []),
    (document.body["auth"]["login_count"] == "12", []),
    (document.body["auth"]["login_count"].as_text() == "12", [1]),
    (document.body["auth"]["login_count"] == 12, [1]),
    (document.body["auth"]["login_count"] == 12.0, [1]),
    (document.body["auth"]["login_count"] != 12, [2]),
    (document.body["auth"]["login_count"] > 9, [1]),
    (document.body["auth"]["login_count"] >= 9, [1, 2]),
    (document.body["auth"]["login_count"] < 12.5, [1, 2]),
    (document.body["auth"]["login_count"] == document.number, [1]),
    (document.number == document.body["auth"]["login_count"].as_int(), [1]),
    (document.body["text_12"] == document.note, [1]),
    (document.body["auth"]["login_count"] == document.note, []),
    (document.body["auth"]["login_count"].is_in([9, 11]), [2]),
    (document.body["auth"]["login_count"].is_in([9, 12.0]), [1, 2]),
    (document.body["auth"]["login_count"].is_in([]), []),
    (document.body["auth"]["login_count"].is_in([12, None]), [1, 3, 4, 5]),
    (document.body["auth"]["login_count"].not_in([9, 11]), [1]),
    (document.body["auth"]["login_count"].between(9, 11), [2]),
    (document.body["big"] == 9007199254740993, [1]),
    (document.body["big"] == 9007199254740992, []),
    (document.body["neg"] == -7, []),
    (document.body["neg"] < -7, [1]),
    (document.body["pi"] == 3.25, [1]),
    (document.body["pi"] == "x", [2]),
    (document.body["pi"] != 1, [1]),
    (document.body["auth"]["is_active"] == True, [1]),  # noqa: E712 - the comparison is what is tested
    (document.body["auth"]["is_active"] == False, []),  # noqa: E712
    (document.body["auth"]["is_active"] == 1, []),
    (document.body["truth"] == True, []),  # noqa: E712
    (document.body["tags"][4] == False, [1]),  # noqa: E712
    (document.body["tags"][4] == 0, []),
    (document.body["nothing"] == None, [1, 2, 3, 4, 5]),  # noqa: E711
    (document.body["nothing"].is_not_null(), []),
    (document.body.has_key("nothing"), [1]),
    (document.body["auth"] != None, [1, 2]),  # noqa: E711
    (document.body == None, [3]),  # noqa: E711
    (document.body["name"].is_distinct_from("Ada"), [2, 3, 4, 5]),
    (document.body["name"].is_not_distinct_from("Ada"), [1]),
    (document.body["name"].is_distinct_from(None), [1, 2]),
    (~(document.body["name"] == "Ada"), [2]),
    (document.body["name"].like("A%"), [1]),
    (document.body["name"].starts_with("Ad"), [1]),
    (document.body["name"].has_substring("d"), [1, 2]),
    (document.body["auth"]["roles"][0] == Role.ADMIN, [1]),
    (document.body["auth"]["roles"][0].is_in([Role.ADMIN, Role.GUEST]), [1]),
    (document.body["looks_like"] == "[1]", [1]),
    (document.body[0] == 1, [5]),
    (document.body[1][-1] == 3, [5]),
    (document.body[2]["k"] == "v", [5]),
    (document.note.as_json()["inner"][0] == "x", [5]),
    (document.body["tags"].array_length() == 6, [1]),
    (document.body["auth"].json_type() == "object", [1, 2]),
]


@pytest.mark.parametrize(("condition", "expected"), COMPARISONS)
async def test_comparisons_mean_the_same_everywhere(db, condition, expected):
    assert await ids(db, condition) == expected


@pytest.mark.databases("postgres")
async def test_columns_of_the_older_json_type(db):
    await db.execute(sql("ALTER TABLE document ALTER body TYPE json"))
    for keys, expected in PLACES:
        path = document.body
        for key in keys:
            path = path[key]
        assert await at(db, path) == expected
    for condition, expected in COMPARISONS:
        assert await ids(db, condition) == expected
    for change, expected in CHANGES:
        assert await at(db, change) == expected
        await db.execute(update(document).set(body=json_set(document.body["name"], "Ada")).all_rows())
    assert await at(db, document.body.as_text(), 3) is None
    assert json.loads(await at(db, document.body.as_text(), 5)) == DOCUMENTS[4]["body"]


async def test_a_named_parameter_is_read_by_its_type(db):
    query = select_from(document).select(document.id).where(document.body["auth"]["login_count"] == param("n", int))
    assert await db.fetch_column(query, parameters={"n": 9}) == [2]


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (document.body["auth"]["roles"] == ["admin", "user"], [1]),
        (document.body["auth"]["roles"] == ["user", "admin"], []),
        (document.body["auth"] == {"login_count": 9.0}, [2]),
        (document.body["auth"] != {"login_count": 9}, [1]),
        (document.body == [1, [2, 3], {"k": "v"}], [5]),
        (document.body["auth"] == document.body["auth"], [1, 2]),
    ],
)
async def test_documents_are_equal_whatever_their_text(db, condition, expected):
    if db.dialect.name == "sqlite":
        with pytest.raises(UnsupportedError, match="comparison of JSON documents"):
            await ids(db, condition)
    else:
        assert await ids(db, condition) == expected


async def test_what_json_does_not_do_is_refused_when_built():
    body = document.body
    for refused in (
        lambda: body["a"] + 1,
        lambda: 1 - body["a"],
        lambda: -body["a"],
        lambda: body["a"] < {"b": 1},
        lambda: body["a"] == untyped.note,
        lambda: body["a"].is_in([1, "x"]),
        lambda: body["a"].is_in("x"),
        lambda: body[True],
        lambda: body[1.5],
        lambda: body[1:2],
        lambda: document.id["x"],
        lambda: document.note["x"],
        document.id.as_json,
        document.id.as_text,
        document.note.array_length,
        lambda: json_set(body, 1),
        lambda: json_set(body["a"][-1], 1),
        lambda: json_insert(body["a"][0], 1),
        lambda: json_contains(document.note, 1),
        lambda: json_array_from(select_from(document).select(document.id))[0],
    ):
        with pytest.raises(BuildError):
            refused()


async def test_lengths_and_kinds(db):
    body = document.body
    assert await at(db, body["tags"].array_length()) == 6
    assert await at(db, body["none"].array_length()) == 0
    assert await at(db, body["auth"].array_length()) is None
    assert await at(db, body["missing"].array_length()) is None
    assert await at(db, body.array_length(), 5) == 3
    kinds = {"auth": "object", "tags": "array", "name": "string", "pi": "number", "big": "number", "nothing": "null"}
    for key, kind in kinds.items():
        assert await at(db, body[key].json_type()) == kind
    assert await at(db, body["auth"]["is_active"].json_type()) == "boolean"
    assert await at(db, body["missing"].json_type()) is None
    assert await at(db, body["tags"][3].json_type()) == "null"


async def test_what_a_document_holds(db):
    body = document.body
    assert await ids(db, json_contains(body["auth"]["roles"], "admin")) == [1]
    assert await ids(db, json_contains(body["auth"]["roles"], "adm")) == []
    assert await ids(db, json_contains(body["tags"], 1)) == [1]
    assert await ids(db, json_contains(body["tags"], 2.5)) == [1]
    assert await ids(db, json_contains(body["tags"], 0)) == []
    assert await ids(db, json_contains(body["tags"], False)) == [1]
    assert await ids(db, json_contains(body["tags"], "none")) == [2]
    assert await ids(db, ~json_contains(body["tags"], 1)) == [2]
    assert await ids(db, json_contains(body["auth"], 12)) == []
    holds = json_contains(body, {"auth": {"login_count": 9}})
    if db.dialect.name == "sqlite":
        with pytest.raises(UnsupportedError):
            await ids(db, holds)
    else:
        assert await ids(db, holds) == [2]
        assert await ids(db, json_contains(body["auth"]["roles"], ["user"])) == [1]


CHANGES = [
    (json_set(document.body["name"], "Bea"), PROFILE | {"name": "Bea"}),
    (json_set(document.body["new"], {"a": [1, None, 0.1]}), PROFILE | {"new": {"a": [1, None, 0.1]}}),
    (json_set(document.body["new"], None), PROFILE | {"new": None}),
    (json_set(document.body["new"], True), PROFILE | {"new": True}),
    (json_set(document.body["new"], "[1]"), PROFILE | {"new": "[1]"}),
    (json_set(document.body["new"], [True]), PROFILE | {"new": [True]}),
    (json_set(document.body["new"], document.number), PROFILE | {"new": 12}),
    (json_set(document.body["new"], document.note), PROFILE | {"new": "12"}),
    (json_set(document.body["new"], document.number > 1), PROFILE | {"new": True}),
    (json_set(document.body["new"], document.body["auth"]["roles"]), PROFILE | {"new": ["admin", "user"]}),
    (json_set(document.body["new"], document.body["name"]), PROFILE | {"new": "Ada"}),
    (json_set(document.body["auth"]["login_count"], 13), PROFILE | {"auth": PROFILE["auth"] | {"login_count": 13}}),
    (json_set(document.body["auth"]["roles"][0], "x"), PROFILE | {"auth": PROFILE["auth"] | {"roles": ["x", "user"]}}),
    (
        json_set(document.body["auth"]["roles"][7], "x"),
        PROFILE | {"auth": PROFILE["auth"] | {"roles": ["admin", "user", "x"]}},
    ),
    (json_set(document.body["missing"]["deep"], 1), PROFILE),
    (json_set(document.body["name"]["deep"], 1), PROFILE),
    (json_set(document.body["name"][0], 1), PROFILE),
    (json_set(document.body["auth"][0], 1), PROFILE),
    (json_set(document.body[0], 1), PROFILE),
    (json_set(document.body[1], 1), PROFILE),
    (json_set(document.body["tags"]["x"], 1), PROFILE),
    (json_set(document.body["tags"]["0"], 1), PROFILE),
    (json_set(document.body["a.b"], 1), PROFILE | {"a.b": 1}),
    (json_set(document.body["[0]"], 1), PROFILE | {"[0]": 1}),
    (json_set(document.body["😀'"], 1), PROFILE | {"😀'": 1}),
    (json_set(document.body[""], 1), PROFILE | {"": 1}),
    (json_set(json_set(document.body["x"], 1)["y"], 2), PROFILE | {"x": 1, "y": 2}),
    (json_insert(document.body["name"], "Bea"), PROFILE),
    (json_insert(document.body["nothing"], "Bea"), PROFILE),
    (json_insert(document.body["new"], "Bea"), PROFILE | {"new": "Bea"}),
    (json_insert(document.body["name"]["x"], "Bea"), PROFILE),
    (json_insert(document.body["auth"]["x"], 1), PROFILE | {"auth": PROFILE["auth"] | {"x": 1}}),
    (json_append(document.body["none"], "x"), PROFILE | {"none": ["x"]}),
    (
        json_append(document.body["auth"]["roles"], [1]),
        PROFILE | {"auth": PROFILE["auth"] | {"roles": ["admin", "user", [1]]}},
    ),
    (json_append(document.body["name"], "x"), PROFILE),
    (json_append(document.body["missing"], "x"), PROFILE),
    (json_append(document.body, "x"), PROFILE),
    (json_remove(document.body["name"]), {key: each for key, each in PROFILE.items() if key != "name"}),
    (json_remove(document.body["auth"]["roles"][-1]), PROFILE | {"auth": PROFILE["auth"] | {"roles": ["admin"]}}),
    (json_remove(document.body["auth"]["roles"][0]), PROFILE | {"auth": PROFILE["auth"] | {"roles": ["user"]}}),
    (json_remove(document.body["auth"]["roles"][5]), PROFILE),
    (json_remove(document.body["auth"]["roles"][-5]), PROFILE),
    (json_remove(document.body["auth"]["roles"]["x"]), PROFILE),
    (json_remove(document.body["auth"][0]), PROFILE),
    (json_remove(document.body["name"][0]), PROFILE),
    (json_remove(document.body["missing"]["x"]), PROFILE),
]


@pytest.mark.parametrize("number", range(len(CHANGES)))
async def test_changes_to_a_document(db, number):
    change, expected = CHANGES[number]
    assert await at(db, change) == expected
    await db.execute(update(document).set(body=change).where(document.id == 1))
    assert await at(db, document.body) == expected


async def test_changes_of_null_are_null(db):
    for change in (
        json_set(document.body["a"], 1),
        json_insert(document.body["a"], 1),
        json_remove(document.body["a"]),
    ):
        assert await at(db, change, 3) is None


async def test_a_change_in_every_dialect():
    compiles_to(
        update(document).set(body=json_set(document.body["name"], "Bea")).all_rows(),
        {
            "postgres": (
                'UPDATE "document" SET "body" = CASE WHEN JSONB_TYPEOF("document"."body"::jsonb) = \'object\' '
                'THEN JSONB_SET("document"."body"::jsonb, $1::text[], $2::jsonb) ELSE "document"."body"::jsonb END',
                (["name"], "Bea"),
            ),
            "mysql": (
                "UPDATE `document` SET `body` = JSON_SET(`document`.`body`, %s, CAST(%s AS JSON))",
                ('$."name"', "Bea"),
            ),
            "mariadb": (
                "UPDATE `document` SET `body` = JSON_SET(`document`.`body`, %s, JSON_EXTRACT(%s, '$'))",
                ('$."name"', "Bea"),
            ),
            "sqlite": (
                'UPDATE "document" SET "body" = CASE WHEN JSON_TYPE("document"."body", ?) = \'object\' '
                'THEN JSON_SET("document"."body", ?, JSON(?)) ELSE "document"."body" END',
                ("$", '$."name"', "Bea"),
            ),
        },
    )


@pytest.mark.parametrize("key", ['a"b', "a\\b", "a\nb"])
async def test_keys_that_sqlite_cannot_write_are_refused_there(db, key):
    for change in (
        json_set(document.body[key], 1),
        json_insert(document.body[key], 1),
        json_remove(document.body[key]),
    ):
        if db.dialect.name == "sqlite":
            with pytest.raises(UnsupportedError, match="paths cannot say"):
                await at(db, change)
        else:
            await at(db, change)
    if db.dialect.name != "sqlite":
        assert await at(db, json_set(document.body[key], 1)) == PROFILE | {key: 1}


async def test_json_in_nested_rows_and_sub_queries(db):
    inner = document.as_("inner_document")
    rows = json_array_from(
        select_from(inner)
        .select(
            inner.id,
            inner.body["auth"]["roles"].as_("roles"),
            inner.body["name"].as_text().as_("name"),
            inner.body["pi"].as_float().as_("pi"),
            inner.body["auth"]["is_active"].as_bool().as_("is_active"),
            inner.body.as_("body"),
        )
        .where(inner.id == document.id)
    )
    nested = await at(db, rows)
    expected = {
        "id": 1, "roles": ["admin", "user"], "name": "Ada", "pi": 3.25, "is_active": True, "body": PROFILE
    }  # fmt: skip
    assert nested == [expected]
    derived = select_from(document).select(document.id, document.body["auth"].as_("auth")).as_("derived")
    query = select_from(derived).select(derived.auth["roles"][0].as_("role")).where(derived.auth["login_count"] == 12)
    assert await db.fetch_all(query) == [{"role": "admin"}]
    built = json_build_object(roles=document.body["auth"]["roles"], name=document.body["name"])
    assert await at(db, built) == {"roles": ["admin", "user"], "name": "Ada"}


async def test_order_by_what_is_read(db):
    query = select_from(document).select(document.id).where(document.body["auth"] != None)  # noqa: E711
    count = document.body["auth"]["login_count"].as_int()
    assert await db.fetch_column(query.order_by(count)) == [2, 1]
    assert await db.fetch_column(query.order_by(count.desc())) == [1, 2]
    assert await db.fetch_all(
        select_from(document)
        .select(count.as_("n"), fn.count().as_("rows"))
        .where(count > 1)
        .group_by(count)
        .order_by(count)
    ) == [{"n": 9, "rows": 1}, {"n": 12, "rows": 1}]


async def test_json_functions_of_values(db):
    for expression, expected in [
        (value({"a": [1, 2]}).as_json()["a"][1], 2),
        (value('{"a": [1, 2]}').as_json()["a"][1], 2),
        (json_set(value({"a": 1}).as_json()["a"], 2), {"a": 2}),
    ]:
        assert await db.fetch_value(select(expression.as_("it"))) == expected
    with pytest.raises(CompileError, match="type is not known"):
        select_from(document).select(json_set(document.body["a"], untyped.note).as_("it")).compile("sqlite")
