"""Hostile text in every place that takes a value or a name: it stays text, and the SQL stays as it is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from querykit import (
    Column,
    Database,
    Table,
    case,
    cast,
    cte,
    delete_from,
    exists,
    fn,
    insert_into,
    json_array_from,
    json_build_object,
    json_object_from,
    param,
    recursive_cte,
    select,
    select_from,
    sql,
    table,
    update,
    value,
    values,
    window,
    with_,
)
from querykit.errors import BuildError, CompileError, DataError
from tests.databases import DATABASES

HOSTILE = [
    "'",
    "''",
    '"',
    '""',
    "`",
    "``",
    "\\",
    "\\'",
    "\\\\'",
    '\\"',
    "\\`",
    "%",
    "%%",
    "%s",
    "%(name)s",
    "%d",
    "_",
    "?",
    "??",
    ":x",
    "::text",
    "@x",
    "$1",
    "$$",
    "$a$",
    "{}",
    "{0}",
    "{name}",
    ";",
    "--",
    "-- ",
    "#",
    "/*",
    "*/",
    "/*! 1 */",
    "'); DROP TABLE victim; --",
    '"); DROP TABLE victim; --',
    "`); DROP TABLE victim; -- ",
    "' OR '1'='1",
    "1 OR 1=1",
    "' UNION SELECT 1 -- ",
    "\\' OR 1=1 -- ",
    "中' or 1=1 -- ",
    "NULL",
    "\n",
    "\r\n",
    "\t",
    "\x1a",
    "\x08",
    "\x7f",
    "\u2028",
    "\ufeff",
    "🦊",
    "e\u0301",
    "אב\u200f",
    " x",
    "[1]",
    '{"a": 1}',
    "",
]
RESERVED = ["order", "group", "select", "user", "key", "rank", "a.b", "x y", "a\nb", "1"]
NAMES = [*filter(None, HOSTILE), *RESERVED]
NUL = "a\0b"


class Victim(Table, name="victim"):
    id: Column[int]
    word: Column[str | None]


victim = Victim()

Build = Callable[[Any], Any]
raw: Any = sql.raw

other = victim.as_("other")
ids = select_from(victim).select(victim.id)
other_ids = select_from(other).select(other.id)


def from_derived_table(text: str) -> Any:
    found = ids.where(victim.word == text).as_("found")
    return select_from(found).select(found.id)


TEXT_PLACES: dict[str, Build] = {
    "where": lambda text: ids.where(victim.word == text),
    "where not": lambda text: ids.where(~(victim.word != text)),
    "is distinct": lambda text: ids.where(victim.word.is_not_distinct_from(text)),
    "between": lambda text: ids.where(victim.word.between(text, text)),
    "list": lambda text: ids.where(victim.word.is_in([text, text + "x"])),
    "list of terms": lambda text: ids.where(victim.word.is_in([fn.coalesce(value(None), text)])),
    "starts with": lambda text: ids.where(victim.word.starts_with(text), fn.length(victim.word) == len(text)),
    "ends with": lambda text: ids.where(victim.word.ends_with(text), fn.length(victim.word) == len(text)),
    "has substring": lambda text: ids.where(victim.word.has_substring(text), fn.length(victim.word) == len(text)),
    "function": lambda text: ids.where(fn.coalesce(victim.word, "nothing") == text),
    "function of values": lambda text: ids.where(victim.word == fn.coalesce(text, text)),
    "any function": lambda text: ids.where(victim.word == fn.call("nullif", text, text + "x")),
    "case": lambda text: ids.where(case().when(victim.word == text, "yes").else_("no") == "yes"),
    "case values": lambda text: ids.where(case().when(victim.id >= 0, text).else_(text) == victim.word),
    "having": lambda text: ids.group_by(victim.id).having(fn.max(victim.word) == text),
    "join": lambda text: ids.inner_join(other, other.word == text, other.id == victim.id),
    "filter": lambda text: select_from(victim).select(fn.min(victim.id).filter_where(victim.word == text).as_("id")),
    "exists": lambda text: ids.where(exists(other_ids.where(other.word == text, other.id == victim.id))),
    "in a query": lambda text: ids.where(victim.id.is_in(other_ids.where(other.word == text))),
    "derived table": from_derived_table,
    "raw": lambda text: ids.where(sql("{} = {}", victim.word, text)),
    "raw by name": lambda text: ids.where(sql("{column} = {word}", column=victim.word, word=text)),
    "cast": lambda text: ids.where(victim.word == cast(text, str)),
}
"""Queries that find the one row whose word is the text."""

ECHOES: dict[str, Build] = {
    "value": lambda text: select(value(text).as_("echo")),
    "function": lambda text: select(fn.coalesce(value(None), text).as_("echo")),
    "case": lambda text: select(case().when(value(1) == 1, text).as_("echo")),
    "scalar query": lambda text: select(select(value(text).as_("x")).as_("echo")),
    "derived table": lambda text: select_from(s := select(value(text).as_("x")).as_("s")).select(s.x.as_("echo")),
    "raw": lambda text: select(sql("coalesce({}, {})", text, text).as_("echo")),
    "parameter": lambda text: select(value(text).as_("echo")).where(value(text) == text),
}


@pytest.fixture(scope="module")
async def store(database_name: str, urls: dict[str, str]):
    """A table with a row for each hostile text, and one for none; texts compare by their bytes."""
    binary = {"mysql": "VARCHAR(99) COLLATE utf8mb4_0900_bin", "mariadb": "VARCHAR(99) COLLATE utf8mb4_nopad_bin"}
    async with Database(urls[database_name]) as db:
        await db.execute(sql("DROP TABLE IF EXISTS victim"))
        await db.execute(
            sql("CREATE TABLE victim (id INTEGER PRIMARY KEY, word {})", raw(binary.get(database_name, "TEXT")))
        )
        await db.execute(
            insert_into(victim).values([{"id": n, "word": word} for n, word in enumerate([*HOSTILE, None])])
        )
        yield db
        await db.execute(sql("DROP TABLE victim"))


# -- values -------------------------------------------------------------------------------------------------------


async def test_what_was_inserted_comes_back(store):
    rows = await store.fetch_all(select_from(victim).select(victim.id, victim.word).order_by(victim.id))
    assert rows == [{"id": n, "word": word} for n, word in enumerate([*HOSTILE, None])]


@pytest.mark.parametrize("place", TEXT_PLACES)
async def test_a_hostile_text_finds_its_row_and_no_other(store, place):
    for number, text in enumerate(HOSTILE):
        found = await store.fetch_all(TEXT_PLACES[place](text))
        assert found == [{"id": number}], (place, text)


@pytest.mark.parametrize("place", ECHOES)
async def test_a_hostile_text_comes_back_as_it_was(store, place):
    for text in HOSTILE:
        assert await store.fetch_value(ECHOES[place](text)) == text


@pytest.mark.parametrize("place", [*TEXT_PLACES, *ECHOES])
@pytest.mark.parametrize("dialect", DATABASES)
def test_the_sql_does_not_change_with_the_text(dialect, place):
    build = TEXT_PLACES.get(place) or ECHOES[place]
    plain = build("plain").compile(dialect)
    for text in [*HOSTILE, NUL]:
        compiled = build(text).compile(dialect)
        assert compiled.sql == plain.sql
        assert len(compiled.parameters) == len(plain.parameters)


async def test_hostile_texts_in_nested_rows(store):
    for number, text in enumerate(HOSTILE):
        inner = select_from(victim).select(victim.id, victim.word, value(text).as_("echo")).where(victim.word == text)
        middle = select(json_array_from(inner).as_("rows"), json_object_from(inner).as_("row"), value(text).as_("echo"))
        query = select(
            json_array_from(middle).as_("rows"), json_build_object(word=text, inner=json_object_from(inner)).as_("made")
        )
        row = {"id": number, "word": text, "echo": text}
        assert await store.fetch_one(query) == {
            "rows": [{"rows": [row], "row": row, "echo": text}],
            "made": {"word": text, "inner": row},
        }


async def test_all_hostile_texts_in_one_nested_list(store):
    words = select_from(victim).select(victim.word).order_by(victim.id)
    assert await store.fetch_value(select(json_array_from(words.scalars()).as_("words"))) == [*HOSTILE, None]
    assert await store.fetch_value(select(json_array_from(words).as_("words"))) == [
        {"word": word} for word in [*HOSTILE, None]
    ]


async def test_hostile_texts_as_named_parameters(store):
    query = select_from(victim).select(victim.id).where(victim.word == param("word", str))
    for number, text in enumerate(HOSTILE):
        assert await store.fetch_all(query, parameters={"word": text}) == [{"id": number}]


async def test_hostile_texts_set_and_deleted(store):
    await store.execute(insert_into(victim).values(id=1000, word="before"))
    for text in HOSTILE:
        await store.execute(update(victim).set(word=text).where(victim.id == 1000))
        assert await store.fetch_value(select_from(victim).select(victim.word).where(victim.id == 1000)) == text
        await store.execute(
            update(victim)
            .set({victim.word: fn.coalesce(value(text), "x")})
            .where(victim.id == 1000, victim.word == text)
        )
        deleted = await store.execute(delete_from(victim).where(victim.word == text, victim.id == 1000))
        assert deleted.rows_affected == 1
        await store.execute(insert_into(victim).values({"id": 1000, "word": text}))
    await store.execute(delete_from(victim).where(victim.id == 1000))
    assert await store.fetch_value(select_from(victim).select(fn.count())) == len(HOSTILE) + 1


async def test_nul_in_a_text_comes_back_or_is_refused(store, database_name):
    query = select(value(NUL).as_("echo"), json_object_from(select(value(NUL).as_("echo"))).as_("nested"))
    if database_name == "postgres":
        with pytest.raises(DataError) as caught:
            await store.fetch_one(query)
        assert NUL not in str(caught.value)
    else:
        assert await store.fetch_one(query) == {"echo": NUL, "nested": {"echo": NUL}}
    assert await store.fetch_value(select(value(1).as_("still"))) == 1


async def test_a_lone_surrogate_is_refused_and_not_bent(store):
    with pytest.raises(DataError):
        await store.fetch_one(select(value("a\ud800b").as_("echo")))
    assert await store.fetch_value(select(value(1).as_("still"))) == 1


@pytest.mark.parametrize("given", ["1", "1; DROP TABLE victim", "ALL", None, 1.5, True, -1, b"1", [1]])
def test_limit_and_offset_take_numbers_alone(given):
    query = select_from(victim).select(victim.id)
    with pytest.raises(BuildError, match="limit"):
        query.limit(given)
    with pytest.raises(BuildError, match="offset"):
        query.offset(given)


async def test_a_limit_given_as_a_parameter_is_a_number_too(store):
    query = (
        select_from(victim).select(victim.id).order_by(victim.id).limit(param("count", int)).offset(param("start", int))
    )
    assert await store.fetch_column(query, parameters={"count": 2, "start": 1}) == [1, 2]
    for given in ({"count": "1; DROP TABLE victim", "start": 0}, {"count": -1, "start": 0}, {"count": 1, "start": -1}):
        with pytest.raises(BuildError):
            await store.fetch_column(query, parameters=given)


# -- names --------------------------------------------------------------------------------------------------------


async def test_hostile_names_of_tables_columns_and_aliases(store, database_name):
    for name in NAMES:
        odd = table(name)
        query = select_from(odd).select(odd[name], odd[name].as_("b" + name)).where(odd[name] == 7).order_by(odd[name])
        alias = odd.as_("c" + name)
        aliased = select_from(alias).select(alias[name].as_(name))
        nested = select(json_array_from(aliased).as_(name), json_object_from(aliased).as_("o" + name))
        derived = aliased.as_(name)
        if cut_at_spaces(database_name, name):
            continue
        if not_a_name(database_name, name):
            for refused in (query, aliased, nested, select_from(derived).select(derived[name])):
                with pytest.raises(CompileError):
                    refused.compile(database_name)
            continue
        await store.execute(sql("DROP TABLE IF EXISTS {}", sql.id(name)))
        await store.execute(sql("CREATE TABLE {} ({} INTEGER)", sql.id(name), sql.id(name)))
        await store.execute(insert_into(odd).values({name: 7}))
        assert await store.fetch_all(query) == [{name: 7, "b" + name: 7}]
        assert await store.fetch_all(aliased) == [{name: 7}]
        assert await store.fetch_one(nested) == {name: [{name: 7}], "o" + name: {name: 7}}
        assert await store.fetch_all(select_from(derived).select(derived[name])) == [{name: 7}]
        await store.execute(update(odd).set({name: 8}).where(odd[name] == 7))
        assert (await store.execute(delete_from(odd).where(odd[name] == 8))).rows_affected == 1
        await store.execute(sql("DROP TABLE {}", sql.id(name)))
    assert await store.fetch_value(select_from(victim).select(fn.count())) == len(HOSTILE) + 1


async def test_hostile_names_of_ctes_windows_and_rows_of_the_program(store, database_name):
    one = select(value(1).as_("n"))
    for name in NAMES:
        if not_a_name(database_name, name) or cut_at_spaces(database_name, name):
            continue
        common = cte(name, one, columns=["c" + name])
        counted = recursive_cte(
            "r" + name, one, lambda seen: select_from(seen).select((seen.n + 1).as_("n")).where(seen.n < 3)
        )
        again = common.as_("a" + name)
        w = window(name, order_by=counted.n)
        query = (
            with_(common, counted)
            .select_from(common)
            .cross_join(counted)
            .inner_join(again, again["c" + name] == common["c" + name])
            .select(common["c" + name], fn.row_number().over(w).as_("w" + name))
            .window(w)
        )
        rows = await store.fetch_all(query)
        assert [set(row) for row in rows] == [{"c" + name, "w" + name}] * 3
        assert sorted(row["w" + name] for row in rows) == [1, 2, 3]
        given = values({name: name}).as_("v" + name)
        assert await store.fetch_all(select_from(given).select(given[name])) == [{name: name}]


def not_a_name(database: str, name: str) -> bool:
    """Whether a database cannot hold a name: MySQL and MariaDB keep three bytes a character."""
    return database in ("mysql", "mariadb") and max(name) > "\uffff"


def cut_at_spaces(database: str, name: str) -> bool:
    """Whether a server refuses a name, or loses an alias: MySQL and MariaDB trim what cannot be seen."""
    return database in ("mysql", "mariadb") and (name[0] <= " " or name[0] == "\x7f" or name[-1] <= " ")


async def test_hostile_keys_of_objects(store):
    made = {name: n for n, name in enumerate(NAMES)}
    assert await store.fetch_value(select(json_build_object(**made).as_("made"))) == made


@pytest.mark.parametrize("dialect", DATABASES)
def test_nul_in_a_name_is_refused(dialect):
    odd = table(NUL)
    fine = table("fine")
    for query in (
        select_from(odd).select(odd.id),
        select_from(table("fine", schema=NUL)).select(table("fine", schema=NUL).id),
        select_from(fine).select(fine[NUL]),
        select_from(fine).select(fine.id.as_(NUL)),
        select_from(fine.as_(NUL)).select(fine.as_(NUL).id),
        select_from(s := select_from(fine).select(fine.id).as_(NUL)).select(s.id),
        select_from(fine).select(json_build_object(**{NUL: 1}).as_("x")),
        select_from(fine).select(sql.id(NUL)),
        insert_into(fine).values({NUL: 1}),
        update(fine).set({NUL: 1}).where(fine.id == 1),
    ):
        with pytest.raises(CompileError, match="NUL"):
            query.compile(dialect)


def test_postgres_refuses_names_that_it_would_cut():
    fine = table("fine")
    fits, long = "n" * 63, "ä" * 32
    assert f'"{fits}"' in select_from(fine).select(fine[fits]).compile("postgres").sql
    for name in ("n" * 64, long):
        for query in (
            select_from(fine).select(fine[name]),
            select_from(fine).select(fine.id.as_(name)),
            select_from(table(name)).select(table(name).id),
        ):
            with pytest.raises(CompileError, match="63 bytes"):
                query.compile("postgres")


@pytest.mark.parametrize("name", ["pg_sleep(1)", "a b", "a;b", "a'b", 'a"b', "", "a-b", "1a", "ünder", None, "a\n"])
def test_a_function_has_a_plain_name(name):
    with pytest.raises(BuildError, match="a function's name"):
        fn.call(name, 1)


@pytest.mark.parametrize(
    "name",
    ["int)--", "int; drop", "int'", 'int"', "", "varchar(x)", "int)", "(int", "int, int", "int\n", "a" * 5 + "(1,2,3)"],
)
def test_a_type_has_a_plain_name(name):
    with pytest.raises(BuildError, match="is no name of a type"):
        cast(value("1"), name)


# -- raw SQL ------------------------------------------------------------------------------------------------------


async def test_raw_sql_is_left_as_it_is_typed(store, database_name):
    texts = ["'100%'", "'%s'", "'what?'", "'a:b'", "'$1'", "'%%'", "'-- '", "'/* x */'", "''''"]
    for text in texts:
        plain = text[1:-1].replace("''", "'")
        assert await store.fetch_value(sql("SELECT {} AS x", raw(text))) == plain
        assert await store.fetch_one(sql("SELECT {} AS x, {} AS y", raw(text), "it's 5%")) == {
            "x": plain,
            "y": "it's 5%",
        }
    assert await store.fetch_value(sql("SELECT 17 % 5 AS x -- 100% sure? {{}}\n")) == 2
    assert await store.fetch_value(sql("SELECT 17 % {} AS x /* ? $1 :x %s */", 5)) == 2


@pytest.mark.databases("postgres")
async def test_raw_sql_of_postgres(store):
    assert await store.fetch_value(sql("SELECT '{{\"a\": 1}}'::jsonb ? 'a' AS x")) is True
    assert await store.fetch_value(sql("SELECT '{{\"a\": 1}}'::jsonb ?| array['b', {}::text] AS x", "a")) is True
    assert await store.fetch_value(sql(r"SELECT E'\'' || $$ ? $1 $$ || {}::text AS x", "y")) == "' ? $1 y"
    assert await store.fetch_value(sql("SELECT (array[1, 2, 3])[2:3] AS x")) == [2, 3]


@pytest.mark.parametrize("given", ["1", 1.5, "1; DROP TABLE victim", b"1", [1]])
def test_literals_are_numbers_and_truth_alone(given):
    with pytest.raises(BuildError, match=r"sql\.lit"):
        sql.lit(given)
