"""`ParseJSONResultsPlugin`: JSON that arrives as text is decoded once, by column, and other text stays text."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import Any

import msgspec
import pytest
from pypika import Query
from pypika import Table as PypikaTable

from querykit import (
    Column,
    Database,
    DecodeError,
    Json,
    Table,
    case,
    cte,
    json_array_agg,
    json_array_from,
    json_build_object,
    json_map_from,
    json_object_from,
    param,
    select,
    select_from,
    sql,
    table,
    with_,
)
from querykit.errors import ConfigurationError
from querykit.plugins import CachePlugin, ParseJSONResultsPlugin

REPORTING = ("postgres", "mysql")
"""Where the driver tells JSON from text."""

DOCUMENTS: list[Any] = [{"a": [1, "[2]"]}, "[1]", 2**53 + 1, None, [1.5]]
"""A text within JSON that looks like JSON is a text, too."""

letter = table("letter")
paper = table("paper")
old = PypikaTable("letter")


@pytest.fixture
async def letters(db: Database) -> AsyncIterator[Database]:
    """A table with JSON in `doc`, and text that looks like it in `note`; and one that refers to it."""
    json_type = {"postgres": "jsonb", "sqlite": "TEXT"}.get(db.dialect.name, "JSON")
    for name in ("letter", "paper"):
        await db.execute(sql("DROP TABLE IF EXISTS {}", sql.id(name)))
    await db.execute(sql("CREATE TABLE letter (id INT, doc {}, note VARCHAR(20))", sql.raw(json_type)))  # type: ignore[arg-type]
    await db.execute(sql("CREATE TABLE paper (id INT, letter_id INT)"))
    for number, document in enumerate(DOCUMENTS):
        text = None if document is None else json.dumps(document)
        await db.execute(sql("INSERT INTO letter VALUES ({}, {}, {})", number, text, "[1]"))
        await db.execute(sql("INSERT INTO paper VALUES ({}, {})", number, number))
    yield db
    for name in ("letter", "paper"):
        await db.execute(sql("DROP TABLE {}", sql.id(name)))


selected = select_from(letter).select(letter.doc, letter.note).order_by(letter.id)
WAYS: dict[str, Any] = {
    "undeclared columns": selected,
    "raw SQL": sql("SELECT doc, note FROM letter ORDER BY id"),
    "described raw SQL": sql("SELECT doc, note FROM letter ORDER BY id").returns_rows(doc=Any, note=Any),
    "all columns": select_from(selected.as_("s")).select_all(),
    "a query of PyPika": Query.from_(old).select(old.doc, old.note).orderby(old.id),
    "a set operation": selected.clear_order_by().union_all(selected.clear_order_by().where(letter.id < 0)),
}
DECODED = [{"doc": each, "note": "[1]"} for each in DOCUMENTS]


async def everything(db: Any, query: Any) -> list[Any]:
    """The rows of a query, by all ways to it, which agree."""
    rows = await db.fetch_all(query)
    assert [row async for row in db.stream(query, chunk_size=2)] == rows
    async with db.transaction() as trx:
        assert await trx.fetch_all(query) == rows
        assert [row async for row in trx.stream(query)] == rows
    return rows


def as_text(rows: list[Any]) -> list[Any]:
    return [row | {"doc": None if row["doc"] is None else json.loads(row["doc"])} for row in rows]


@pytest.mark.parametrize("way", WAYS)
async def test_what_the_driver_reports_is_decoded_by_default(letters: Database, way: str) -> None:
    rows = await everything(letters, WAYS[way])
    if letters.dialect.name in REPORTING:
        assert rows == DECODED
    else:
        assert all(row["doc"] is None or isinstance(row["doc"], str) for row in rows)
        assert as_text(rows) == DECODED


@pytest.mark.parametrize("way", WAYS)
async def test_named_columns_are_decoded_everywhere(letters: Database, way: str) -> None:
    db = letters.with_plugin(ParseJSONResultsPlugin(["doc"]))
    assert await everything(db, WAYS[way]) == DECODED
    by_path = letters.with_plugin(ParseJSONResultsPlugin(matches=lambda path: path == ("doc",), reported=False))
    assert await everything(by_path, WAYS[way]) == DECODED


@pytest.mark.parametrize("way", WAYS)
async def test_it_can_be_left_out(letters: Database, way: str) -> None:
    for db in (letters.with_plugin(ParseJSONResultsPlugin(reported=False)), letters.without_plugins()):
        rows = await everything(db, WAYS[way])
        assert all(row["doc"] is None or isinstance(row["doc"], str) for row in rows)
        assert as_text(rows) == DECODED


# -- nested rows ----------------------------------------------------------------------------------------------------


inner = json_array_from(
    select_from(letter).select(letter.doc, letter.note).where(letter.id == paper.id).order_by(letter.id)
).as_("letters")
outer = paper.as_("outer_paper")
middle = json_array_from(select_from(paper).select(paper.id, inner).where(paper.id == outer.id)).as_("papers")
THREE_DEEP = select_from(outer).select(json_object_from(select(middle)).as_("all")).order_by(outer.id)


@pytest.mark.parametrize(
    "plugin",
    [
        ParseJSONResultsPlugin(["doc"]),
        ParseJSONResultsPlugin(["all.papers.letters.doc"]),
        ParseJSONResultsPlugin([("all", "papers", "letters", "doc")]),
        ParseJSONResultsPlugin(matches=lambda path: path == ("all", "papers", "letters", "doc")),
    ],
)
async def test_nested_columns_are_decoded_once_at_every_depth(
    letters: Database, plugin: ParseJSONResultsPlugin
) -> None:
    rows = await everything(letters.with_plugin(plugin), THREE_DEEP)
    assert [row["all"]["papers"][0]["letters"] for row in rows] == [[row] for row in DECODED]


async def test_another_path_is_another_column(letters: Database) -> None:
    db = letters.with_plugin(ParseJSONResultsPlugin(["letters.doc", "doc.doc"]))
    plain = await letters.without_plugins().fetch_all(THREE_DEEP)
    assert await db.fetch_all(THREE_DEEP) == plain


one_letter = select_from(letter).select(letter.doc).where(letter.id == 0)
of_cte = cte("found", select(json_array_from(one_letter).as_("rows")))
HELPERS: dict[str, Any] = {
    "a list of values": (select(json_array_from(one_letter.scalars()).as_("doc")), [DOCUMENTS[0]]),
    "an object": (select(json_object_from(one_letter).as_("one")), {"doc": DOCUMENTS[0]}),
    "a built object": (
        select_from(letter).select(json_build_object(doc=letter.doc).as_("one")).where(letter.id == 0),
        {"doc": DOCUMENTS[0]},
    ),
    "a map": (
        select(
            json_map_from(select_from(letter).select(letter.id, letter.doc).where(letter.id == 0), key="id").as_("m")
        ),
        {0: {"id": 0, "doc": DOCUMENTS[0]}},
    ),
    "an aggregate": (
        select_from(letter).select(json_array_agg(letter.doc).as_("doc")).where(letter.id == 0),
        [DOCUMENTS[0]],
    ),
    "a case": (
        select(case().when(sql("1 = 1"), json_array_from(one_letter)).as_("rows")),
        [{"doc": DOCUMENTS[0]}],
    ),
    "a derived table": (
        select_from(derived := select(json_array_from(one_letter).as_("rows")).as_("derived")).select(derived.rows),
        [{"doc": DOCUMENTS[0]}],
    ),
    "a cte": (with_(of_cte).select_from(of_cte).select(of_cte.rows), [{"doc": DOCUMENTS[0]}]),
}


@pytest.mark.parametrize("helper", HELPERS)
async def test_every_helper_is_looked_into(letters: Database, helper: str) -> None:
    query, expected = HELPERS[helper]
    assert await letters.with_plugin(ParseJSONResultsPlugin(["doc"])).fetch_value(query) == expected


async def test_the_json_of_the_database_has_documents_too(letters: Database) -> None:
    db = letters.with_plugin(ParseJSONResultsPlugin(["doc"]))
    assert msgspec.json.decode(await db.fetch_json(selected)) == DECODED
    nested = msgspec.json.decode(await db.fetch_json(THREE_DEEP))
    assert [row["all"]["papers"][0]["letters"] for row in nested] == [[row] for row in DECODED]


# -- what it is made of -----------------------------------------------------------------------------------------------


async def test_a_decoder_of_ones_own_is_used_at_every_depth(letters: Database) -> None:
    decoder = partial(json.loads, parse_float=Decimal)
    db = letters.with_plugin(ParseJSONResultsPlugin(["doc"], decoder=decoder))
    assert repr((await db.fetch_all(selected))[4]["doc"]) == "[Decimal('1.5')]"
    rows = await everything(db, THREE_DEEP)
    assert repr(rows[4]["all"]["papers"][0]["letters"]) == "[{'doc': [Decimal('1.5')], 'note': '[1]'}]"
    assert rows[3]["all"]["papers"][0]["letters"] == [{"doc": None, "note": "[1]"}]


@dataclass(frozen=True)
class Document:
    text: str


async def test_what_a_decoder_makes_comes_so_from_kept_results_too(letters: Database) -> None:
    plugin = ParseJSONResultsPlugin(["doc"], decoder=Document)
    db = letters.with_plugin(plugin).with_plugin(CachePlugin())
    nested = select_from(letter).select(
        letter.doc, json_array_from(select_from(paper).select(paper.id).where(paper.id == letter.id)).as_("papers")
    )
    deep = select(json_array_from(selected).as_("rows"))
    for _ in range(3):
        found = await db.fetch_all(nested.where(letter.id == 4))
        assert [(type(row["doc"]), row["papers"]) for row in found] == [(Document, [{"id": 4}])]
        assert type((await db.fetch_value(deep))[0]["doc"]) is Document


async def test_prepared_queries_are_decoded(letters: Database) -> None:
    query = selected.where(letter.id == param("id", int))
    find = letters.with_plugin(ParseJSONResultsPlugin(["doc"])).prepare(query)
    for number, document in enumerate(DOCUMENTS):
        assert await find.fetch_one(id=number) == {"doc": document, "note": "[1]"}
    by_default = letters.prepare(query)
    row = await by_default.fetch_one(id=0)
    assert (row["doc"] == DOCUMENTS[0]) == (letters.dialect.name in REPORTING)


class Letter(Table, name="letter"):
    id: Column[int]
    doc: Column[Json]
    note: Column[str]


async def test_what_is_declared_stays_as_it_is_declared(letters: Database) -> None:
    declared = Letter()
    db = letters.with_plugin(ParseJSONResultsPlugin(["doc", "note"], decoder=lambda _: "decoded"))
    query = select_from(declared).select(declared.doc, declared.note).order_by(declared.id)
    assert await everything(db, query) == DECODED
    nested = select(json_array_from(query).as_("rows"))
    assert await db.fetch_value(nested) == DECODED


async def test_what_is_named_and_no_json_is_an_error_that_shows_no_value(letters: Database) -> None:
    db = letters.with_plugin(ParseJSONResultsPlugin(["word"]))
    with pytest.raises(DecodeError, match="column 'word' of row 1 cannot be read as Json") as caught:
        await db.fetch_all(sql("SELECT {} AS word", "secret {"))
    assert "secret" not in str(caught.value)


@dataclass
class DocOut:
    doc: Any
    note: str


async def test_objects_of_a_class_hold_documents(letters: Database) -> None:
    db = letters.with_plugin(ParseJSONResultsPlugin(["doc"]))
    assert await everything(db, selected.rows_as(DocOut)) == [DocOut(**row) for row in DECODED]
    ours = letters.with_plugin(ParseJSONResultsPlugin(["doc"], decoder=json.loads))

    @dataclass
    class AllOut:
        rows: list[DocOut]

    nested = select(json_array_from(selected).as_("rows")).rows_as(AllOut)
    assert await ours.fetch_one(nested) == AllOut([DocOut(**row) for row in DECODED])


@pytest.mark.databases("postgres", "sqlite", "mariadb")
async def test_returned_columns_are_decoded(letters: Database) -> None:
    db = letters.with_plugin(ParseJSONResultsPlugin(["doc"]))
    insert = db.insert_into(letter).values(id=9, doc='{"a": 1}', note="[1]").returning(letter.doc, letter.note)
    assert await insert.fetch_all() == [{"doc": {"a": 1}, "note": "[1]"}]


async def test_a_query_can_bring_its_own(letters: Database) -> None:
    assert await letters.fetch_all(selected.with_plugin(ParseJSONResultsPlugin(["doc"]))) == DECODED
    text = await letters.fetch_all(selected.with_plugin(ParseJSONResultsPlugin(reported=False)))
    assert as_text(text) == DECODED
    assert text != DECODED


async def test_what_repeats_a_selected_term_still_does(letters: Database) -> None:
    made = sql("COALESCE({}, {})", letter.note, "none").as_("doc")
    query = select_from(letter).select(made).group_by(made).order_by(made)
    assert await letters.with_plugin(ParseJSONResultsPlugin(["doc"])).fetch_all(query) == [{"doc": [1]}]


def test_a_query_without_such_columns_stays_the_same_object() -> None:
    plugin = ParseJSONResultsPlugin(["picture", "papers.picture"])
    for query, _ in [*HELPERS.values(), (THREE_DEEP, None), (selected.union(selected), None)]:
        assert plugin.transform_query(query, None) is query  # type: ignore[arg-type]


def test_a_name_alone_is_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"\['doc'\]"):
        ParseJSONResultsPlugin("doc")
