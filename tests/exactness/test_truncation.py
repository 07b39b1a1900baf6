"""A list that the server cuts is an error, never a shorter list; shown with lowered limits."""

import datetime as dt
from collections.abc import AsyncIterator
from typing import Any

import pytest

from querykit import (
    Column,
    Database,
    Table,
    cte,
    fn,
    insert_into,
    json_array_from,
    select,
    select_from,
    sql,
    value,
    with_,
)
from querykit.errors import DecodeError, TruncatedResultError
from querykit.execution.connection import Connection


class Word(Table, name="long_word"):
    id: Column[int]
    text: Column[str]


word = Word()
ROWS = json_array_from(select_from(word).select(word.id, word.text).order_by(word.id)).as_("words")
NESTED = json_array_from(select_from(word.as_("outside")).select(value(1).as_("one"), ROWS).limit(1)).as_("nested")


@pytest.fixture
async def words(db: Database) -> AsyncIterator[Database]:
    """A table whose rows make 40,000 characters of JSON."""
    await db.execute(sql("DROP TABLE IF EXISTS long_word"))
    await db.execute(sql("CREATE TABLE long_word (id INT PRIMARY KEY, text TEXT)"))
    await db.execute(insert_into(word).values([{"id": number, "text": "x" * 1000} for number in range(40)]))
    yield db
    await db.execute(sql("DROP TABLE long_word"))


@pytest.fixture
async def small(words: Database, urls: dict[str, str]) -> AsyncIterator[Connection]:
    """A connection on which an aggregate is cut after 16 characters (MariaDB) or 16 kilobytes (MySQL)."""
    if words.dialect.name == "mariadb":
        async with words.connection() as connection:
            await connection.execute(sql("SET SESSION group_concat_max_len = 16"))
            yield connection
        return
    before = await words.fetch_value(sql("SELECT @@GLOBAL.max_allowed_packet"))
    await words.execute(sql("SET GLOBAL max_allowed_packet = 16384"))
    try:  # what it says about a session is what held when the session began
        async with Database(urls["mysql"]) as reader, reader.connection() as connection:
            await connection.execute(sql("SET SESSION group_concat_max_len = 16"))
            yield connection
    finally:
        await words.execute(sql("SET GLOBAL max_allowed_packet = {}", before))


LENGTHS = select_from(word).select(fn.count().as_("n"))
IN_CTE = cte("one", select(ROWS))
IN_QUERY = select(ROWS).as_("one")
QUERIES: dict[str, Any] = {
    "at top level": select(ROWS),
    "in an array": select(NESTED),
    "in a sub-query": select_from(IN_QUERY).select(IN_QUERY.words),
    "in a CTE": with_(IN_CTE).select_from(IN_CTE).select(IN_CTE.words),
    "of values": select(json_array_from(select_from(word).select(word.text).scalars()).as_("texts")),
    "of texts": select_from(word).select(fn.string_agg(word.text, "/").as_("texts")),
    "of texts, compared": LENGTHS.having(fn.length(fn.string_agg(word.text, "/")) < 20_000),
    "of texts, compared in vain": LENGTHS.having(fn.length(fn.string_agg(word.text, "/")) > 20_000),
    "by hand": select_from(word).select(fn.call("GROUP_CONCAT", word.text).returns(str).as_("texts")),
}


@pytest.mark.databases("mysql", "mariadb")
@pytest.mark.parametrize("query", QUERIES.values(), ids=QUERIES)
@pytest.mark.parametrize("keeps_warnings", [True, False], ids=["with warnings", "without warnings"])
async def test_a_cut_list_is_an_error(small: Connection, query: Any, keeps_warnings: bool) -> None:
    if not keeps_warnings:
        await small.execute(sql("SET SESSION max_error_count = 0"))
    with pytest.raises(TruncatedResultError):
        await small.fetch_all(query)
    with pytest.raises(TruncatedResultError):
        async with small.stream(query) as rows:
            [row async for row in rows]


@pytest.mark.databases("mysql", "mariadb")
async def test_a_list_within_the_limit_comes_whole(small: Connection) -> None:
    query = select(json_array_from(select_from(word).select(word.id).where(word.id == 1)).as_("words"))
    assert await small.fetch_value(query) == [{"id": 1}]


@pytest.mark.databases("mysql", "mariadb")
async def test_a_cut_list_is_not_inserted(small: Connection) -> None:
    await small.execute(sql("CREATE TEMPORARY TABLE copied (words LONGTEXT)"))
    with pytest.raises(TruncatedResultError):
        await small.execute(sql("INSERT INTO copied {}", select(ROWS)))
    assert await small.fetch_column(sql("SELECT words FROM copied")) == []


async def test_texts_in_one_come_whole(words: Database) -> None:
    """MySQL cuts them after 1,024 bytes, if its session is not told otherwise."""
    texts = fn.string_agg(word.text, "/")
    query = select_from(word).select(texts.as_("texts"))
    assert await words.fetch_value(query) == "/".join(["x" * 1000] * 40)
    longer = select_from(word).select(fn.count().as_("n")).having(fn.length(texts) == 40_039)
    assert await words.fetch_value(longer) == 40
    nested = select(json_array_from(query).as_("rows"))
    assert len((await words.fetch_value(nested))[0]["texts"]) == 40_039


@pytest.mark.parametrize("query", list(QUERIES.values())[:3], ids=list(QUERIES)[:3])
async def test_without_lowered_limits_it_comes_whole(words: Database, query: Any) -> None:
    found = await words.fetch_value(query)
    rows = found[0].get("words", found)
    assert [row["id"] for row in rows] == list(range(40))


LARGE = 70_000_000


async def test_one_child_of_seventy_megabytes_comes_whole_or_is_an_error(db: Database) -> None:
    """MySQL and MariaDB make no text that is longer than max_allowed_packet."""
    repeated = "REPLACE(HEX(ZEROBLOB(35000000)), '0', 'x')" if db.dialect.name == "sqlite" else "REPEAT('x', 70000000)"
    large = sql.raw(repeated).returns(str).as_("large")  # type: ignore[arg-type]
    query = select(json_array_from(select(value(1).as_("id"), large)).as_("rows"))
    if db.dialect.name in {"mysql", "mariadb"}:
        with pytest.raises(TruncatedResultError):
            await db.fetch_value(query)
        with pytest.raises(TruncatedResultError):
            await db.fetch_json(query)
        return
    (row,) = await db.fetch_value(query)
    assert row["id"] == 1
    assert len(row["large"]) == LARGE
    assert len(await db.fetch_json(query)) > LARGE


async def test_a_million_children_come_whole_or_are_an_error(words: Database) -> None:
    """They are 21 megabytes of JSON, and MariaDB's max_allowed_packet is 16 if nobody raised it."""
    a, b, c, d = (word.as_(name) for name in "abcd")
    some = [each.id < 32 for each in (a, b, c)]
    all_of = select_from(a, b, c, d).select(a.id, d.id.as_("of")).where(*some, d.id < 31)
    query = select(json_array_from(all_of).as_("rows"))
    limit = 16_777_216
    if words.dialect.name == "mariadb" and await words.fetch_value(sql("SELECT @@max_allowed_packet")) <= limit:
        with pytest.raises(TruncatedResultError):
            await words.fetch_value(query)
    else:
        assert len(await words.fetch_value(query)) == 32**3 * 31


@pytest.mark.databases("mysql", "mariadb")
async def test_lists_in_lists_come_whole_where_packets_may_be_as_large_as_can_be(
    words: Database, urls: dict[str, str]
) -> None:
    """MariaDB loses the ends of such lists if max_allowed_packet and group_concat_max_len are both 1 GiB."""
    a, b, c = (word.as_(name) for name in "abc")
    innermost = json_array_from(select_from(c).select(c.id).where(c.id == b.id)).as_("innermost")
    inner = json_array_from(select_from(b).select(innermost, b.id).where(b.id == a.id)).as_("inner")
    query = select(json_array_from(select_from(a).select(a.id, inner).order_by(a.id)).as_("rows"))
    before = await words.fetch_value(sql("SELECT @@GLOBAL.max_allowed_packet"))
    await words.execute(sql("SET GLOBAL max_allowed_packet = 1073741824"))
    try:
        async with Database(urls[words.dialect.name]) as reader:
            assert await reader.fetch_value(query) == [
                {"id": number, "inner": [{"innermost": [{"id": number}], "id": number}]} for number in range(40)
            ]
    finally:
        await words.execute(sql("SET GLOBAL max_allowed_packet = {}", before))


@pytest.mark.databases("mysql", "mariadb")
async def test_a_zero_date_is_no_date_at_every_depth(db: Database) -> None:
    class Zero(Table, name="zero_date"):
        v: Column[dt.date]

    zero = Zero()
    async with db.connection() as connection:
        await connection.execute(sql("SET SESSION sql_mode = ''"))
        await connection.execute(sql("CREATE TEMPORARY TABLE zero_date (v DATE)"))
        await connection.execute(sql("INSERT INTO zero_date VALUES ('0000-00-00')"))
        rows = select_from(zero).select(zero.v)
        for query in (rows, select(json_array_from(rows).as_("rows"))):
            with pytest.raises(DecodeError):
                await connection.fetch_all(query)
