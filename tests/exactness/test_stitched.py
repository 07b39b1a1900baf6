"""Random nested queries over random rows give what plain queries, one for each parent, give when stitched in Python.

`QUERYKIT_EXAMPLES=5000 make test ARGS="tests/exactness/test_stitched.py"` looks longer.
"""

import datetime as dt
import os
from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any, Literal, NamedTuple
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from querykit import (
    AwareDatetime,
    Column,
    Database,
    Json,
    Table,
    insert_into,
    json_array_from,
    json_object_from,
    select_from,
    sql,
)
from tests.exactness.same import as_mysql_keeps, exact

EXAMPLES = int(os.environ.get("QUERYKIT_EXAMPLES", "60"))
DEEPEST = 3


class Row(Table):
    id: Column[int]
    parent_id: Column[int | None]
    whole: Column[int | None]
    word: Column[str | None]
    real: Column[float | None]
    amount: Column[Decimal | None]
    flag: Column[bool | None]
    day: Column[dt.date | None]
    moment: Column[AwareDatetime | None]
    blob: Column[bytes | None]
    key: Column[UUID | None]
    doc: Column[Json]


class First(Row, name="stitch_1"):
    pass


class Second(Row, name="stitch_2"):
    pass


class Third(Row, name="stitch_3"):
    pass


TABLES = (First(), Second(), Third())
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "whole": st.integers(-(2**63), 2**63 - 1) | st.integers(0, 3),
    "word": st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8)
    | st.sampled_from(["[1]", '{"a":1}', "null", "a", "A", "ä"]),
    "real": st.floats(allow_nan=False, allow_infinity=False).map(lambda number: number + 0.0),
    "amount": st.decimals(-(10**12), 10**12, places=4),
    "flag": st.booleans(),
    "day": st.dates(dt.date(1000, 1, 1), dt.date(9999, 12, 30)),
    "moment": st.datetimes(dt.datetime(1000, 1, 2), dt.datetime(9999, 12, 30), timezones=st.just(dt.UTC)),
    "blob": st.binary(max_size=6),
    "key": st.uuids(),
    "doc": st.recursive(
        st.booleans() | st.integers(-(2**53), 2**53) | st.text(st.characters(codec="ascii"), max_size=4),
        lambda inner: (
            st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["a", "b", "long"]), inner, max_size=2)
        ),
        max_leaves=4,
    ).filter(lambda document: "\\u0000" not in repr(document) and "\\x00" not in repr(document)),
}
# What has an order that is the same at every depth; doubles may differ by nothing, documents have no order everywhere.
SORTABLE = ("whole", "word", "amount", "flag", "day", "moment", "key")
COLUMNS = {
    "postgres": "id INT PRIMARY KEY, parent_id INT, whole BIGINT, word TEXT, real FLOAT8, amount NUMERIC(20,4),"
    " flag BOOLEAN, day DATE, moment TIMESTAMPTZ, blob BYTEA, key UUID, doc JSONB",
    "sqlite": "id INT PRIMARY KEY, parent_id INT, whole INT, word TEXT, real REAL, amount TEXT, flag INT,"
    " day TEXT, moment TEXT, blob BLOB, key TEXT, doc TEXT",
    "mysql": "id INT PRIMARY KEY, parent_id INT, whole BIGINT, word TEXT, `real` DOUBLE, amount DECIMAL(20,4),"
    " flag BOOLEAN, day DATE, moment DATETIME(6), `blob` BLOB, `key` CHAR(36), doc JSON",
}


class Level(NamedTuple):
    """A query of the rows of one level, and of the levels nested in it."""

    name: str
    kind: Literal["array", "object", "scalars"]
    columns: tuple[str, ...]
    least: int | None
    orderings: tuple[tuple[str, bool, Literal["first", "last"] | None], ...]
    limit: int | None
    offset: int | None
    nested: tuple["Level", ...]


def levels(depth: int) -> st.SearchStrategy[Level]:
    nested = st.just(()) if depth == DEEPEST else st.lists(levels(depth + 1), max_size=2).map(tuple)
    made = st.builds(
        Level,
        name=st.sampled_from(["rows", "t", "data", "it's", "ü%"]),
        kind=st.sampled_from(["array", "array", "object", "scalars"]),
        columns=st.lists(st.sampled_from(list(VALUES)), min_size=1, max_size=4, unique=True).map(tuple),
        least=st.none() | st.integers(0, 6),
        orderings=st.lists(
            st.tuples(st.sampled_from(SORTABLE), st.booleans(), st.sampled_from([None, "first", "last"])), max_size=2
        ).map(tuple),
        limit=st.none() | st.integers(0, 3),
        offset=st.none() | st.integers(0, 2),
        nested=nested,
    )
    return made.map(_consistent)


def _consistent(level: Level) -> Level:
    """A level that can be asked for: a list of values has one column and nothing nested; siblings have other names."""
    if level.kind == "scalars":
        return level._replace(columns=level.columns[:1], nested=())
    nested = tuple([each._replace(name=f"{each.name}{place}") for place, each in enumerate(level.nested)])
    return level._replace(nested=nested, limit=1 if level.kind == "object" else level.limit)


def rows(depth: int) -> st.SearchStrategy[list[dict[str, Any]]]:
    values = st.fixed_dictionaries({name: st.none() | each for name, each in VALUES.items()})
    parents = st.integers(0, 3)
    made = st.lists(st.tuples(parents, values), max_size=(3, 5, 6)[depth - 1])
    return made.map(lambda each: [{"id": n, "parent_id": parent, **row} for n, (parent, row) in enumerate(each)])


# -- the two ways ---------------------------------------------------------------------------------------------------


def plain(level: Level, table: Any) -> Any:
    """The query of one level, its rows in an order that leaves nothing open."""
    query = select_from(table).select(*[table[name] for name in level.columns])
    if level.least is not None:
        query = query.where(table.id >= level.least)
    for name, is_descending, nulls in level.orderings:
        query = query.order_by(table[name].desc(nulls=nulls) if is_descending else table[name].asc(nulls=nulls))
    query = query.order_by(table.id)
    if level.limit is not None:
        query = query.limit(level.limit)
    return query if level.offset is None else query.offset(level.offset)


def nested(level: Level, depth: int = 1, path: str = "x", parent: Any = None) -> Any:
    """The query of a level with those inside it, as one query."""
    table = TABLES[depth - 1].as_(path)
    query = plain(level, table)
    if parent is not None:
        query = query.where(table.parent_id == parent.id)
    for place, each in enumerate(level.nested):
        inner = nested(each, depth + 1, f"{path}{place}", table)
        if each.kind == "object":
            query = query.select(json_object_from(inner).as_(each.name))
        else:
            query = query.select(json_array_from(inner.scalars() if each.kind == "scalars" else inner).as_(each.name))
    return query


async def stitched(db: Database, level: Level, depth: int = 1, parent: int | None = None) -> list[dict[str, Any]]:
    """The same by a plain query for each parent, put together here."""
    table = TABLES[depth - 1]
    query = plain(level, table).select(table.id.as_("its id"))
    if parent is not None:
        query = query.where(table.parent_id == parent)
    found = await db.fetch_all(query)
    for row in found:
        own = row.pop("its id")
        for each in level.nested:
            inner = await stitched(db, each, depth + 1, own)
            row[each.name] = _shaped(each, inner)
    return found


def _shaped(level: Level, found: list[dict[str, Any]]) -> Any:
    if level.kind == "object":
        return found[0] if found else None
    return [next(iter(row.values())) for row in found] if level.kind == "scalars" else found


# -- the test -------------------------------------------------------------------------------------------------------


@pytest.fixture
async def levels_db(db: Database) -> AsyncIterator[Database]:
    """The tables, empty."""
    columns = COLUMNS.get(db.dialect.name, COLUMNS["mysql"])
    for table in TABLES:
        await db.execute(sql("DROP TABLE IF EXISTS {}", sql.id(table._name)))
        await db.execute(sql("CREATE TABLE {} ({})", sql.id(table._name), sql.raw(columns)))
    yield db
    for table in TABLES:
        await db.execute(sql("DROP TABLE {}", sql.id(table._name)))


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(level=levels(1), data=st.tuples(rows(1), rows(2), rows(3)))
async def test_a_nested_query_is_its_levels_stitched(
    levels_db: Database, level: Level, data: tuple[list[dict[str, Any]], ...]
) -> None:
    level = level._replace(kind="array")
    async with levels_db.transaction() as trx:
        for table, each in zip(TABLES, data, strict=True):
            await trx.execute(sql("DELETE FROM {}", sql.id(table._name)))
            if each:
                await trx.execute(insert_into(table).values(each))
    assert exact(await levels_db.fetch_all(nested(level))) == exact(await stitched(levels_db, level))


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=rows(1))
async def test_what_is_written_is_read_back(levels_db: Database, data: list[dict[str, Any]]) -> None:
    first = TABLES[0]
    async with levels_db.transaction() as trx:
        await trx.execute(sql("DELETE FROM {}", sql.id(first._name)))
        if data:
            await trx.execute(insert_into(first).values(data))
    found = await levels_db.fetch_all(select_from(first).select_all().order_by(first.id))
    data = [{name: row[name] for name in ("id", "parent_id", *VALUES)} for row in data]
    if levels_db.dialect.name in {"mysql", "postgres"}:  # JSONB sorts the keys of objects as MySQL does
        data = [{**row, "doc": as_mysql_keeps(row["doc"])} for row in data]
    assert exact(found) == exact(data)
