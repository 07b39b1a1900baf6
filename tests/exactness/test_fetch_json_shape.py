"""fetch_json: order, shapes of queries, what is refused, and where it can be called."""

import datetime as dt
import random
from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec
import pytest

from querykit import (
    AwareDatetime,
    Column,
    Database,
    Json,
    Table,
    cte,
    delete_from,
    fn,
    insert_into,
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
from querykit.builder.json_result import compiled_as_json
from querykit.errors import (
    BuildError,
    DataError,
    DecodeError,
    MultipleResultsError,
    TruncatedResultError,
    UnsupportedError,
    UsageError,
)
from tests.databases import DATABASES
from tests.exactness.test_truncation import QUERIES, small, words

__all__ = ["small", "words"]


class Person(Table, name="json_person"):
    id: Column[int]
    name: Column[str]
    mother_id: Column[int | None]
    rate: Column[Decimal | None]
    is_member: Column[bool | None]
    born: Column[dt.date | None]
    seen: Column[AwareDatetime | None]
    key: Column[UUID | None]
    photo: Column[bytes | None]
    nap: Column[dt.timedelta | None]
    weight: Column[float | None]
    profile: Column[Json | None]


person = Person()
child, grandchild, mother = person.as_("child"), person.as_("grandchild"), person.as_("mother")
AGNES = {
    "id": 1,
    "name": 'Agnes "A" \\ ünï\n🐈',
    "mother_id": None,
    "rate": Decimal("12345678901234567890.10"),
    "is_member": True,
    "born": dt.date(1950, 2, 28),
    "seen": dt.datetime(2024, 3, 31, 2, 30, 0, 500_000, dt.timezone(dt.timedelta(hours=5, minutes=30))),
    "key": UUID("12345678-1234-5678-1234-567812345678"),
    "photo": b"\x00\xff",
    "nap": dt.timedelta(hours=-1, microseconds=500_000),
    "weight": 0.1 + 0.2,
    "profile": {"a": [1, None, "[2]"]},
}
AGNES_IN_JSON = {
    **AGNES,
    "rate": "12345678901234567890.10",
    "born": "1950-02-28",
    "seen": "2024-03-30T21:00:00.500000Z",
    "key": "12345678-1234-5678-1234-567812345678",
    "photo": "AP8=",
    "nap": "-PT3599.5S",
}
NOTHING = dict.fromkeys(["mother_id", "rate", "is_member", "born", "seen", "key", "photo", "nap", "weight", "profile"])
BEA, CASIMIR = {**NOTHING, "id": 2, "name": "Bea", "mother_id": 1}, {**NOTHING, "id": 3, "name": "", "mother_id": 2}
TYPES = {
    "postgres": "NUMERIC(30,2), BOOLEAN, DATE, TIMESTAMPTZ, UUID, BYTEA, INTERVAL, FLOAT8, JSONB",
    "sqlite": "TEXT, BOOLEAN, TEXT, TEXT, TEXT, BLOB, INTEGER, REAL, TEXT",
    "mysql": "DECIMAL(30,2), BOOLEAN, DATE, DATETIME(6), CHAR(36), BLOB, TIME(6), DOUBLE, JSON",
}


@pytest.fixture
async def people(db: Database) -> AsyncIterator[Database]:
    """Three generations."""
    types = TYPES.get(db.dialect.name, TYPES["mysql"]).replace("(30,2)", "(30;2)").split(",")
    names = list(NOTHING)[1:]
    columns = ", ".join([f"{person[name].name} {kind}" for name, kind in zip(names, types, strict=True)])
    quoted = columns.replace("key ", "`key` " if db.dialect.name in {"mysql", "mariadb"} else '"key" ')
    await db.execute(sql("DROP TABLE IF EXISTS json_person"))
    await db.execute(
        sql.raw(
            "CREATE TABLE json_person (id INT PRIMARY KEY, name VARCHAR(80), mother_id INT, "  # type: ignore[arg-type]
            + quoted.replace(";", ",")
            + ")"
        )
    )
    await db.execute(insert_into(person).values([AGNES, BEA, CASIMIR]))
    yield db
    await db.execute(sql("DROP TABLE json_person"))


def nested() -> Any:
    grandchildren = select_from(grandchild).select_all().where(grandchild.mother_id == child.id)
    children = select_from(child).select(child.name, json_array_from(grandchildren).as_("children"))
    of_mother = select_from(mother).select_all().where(mother.id == person.mother_id)
    return (
        select_from(person)
        .select(
            person.id,
            json_array_from(children.where(child.mother_id == person.id)).as_("children"),
            json_object_from(of_mother).as_("mother"),
        )
        .order_by(person.id)
    )


async def test_rows_of_every_type_two_deep(people: Database) -> None:
    assert msgspec.json.decode(await people.fetch_json(nested())) == [
        {"id": 1, "children": [{"name": "Bea", "children": [CASIMIR]}], "mother": None},
        {"id": 2, "children": [{"name": "", "children": []}], "mother": AGNES_IN_JSON},
        {"id": 3, "children": [], "mother": BEA},
    ]
    assert msgspec.json.decode(await people.fetch_json(select_from(person).select_all().order_by(person.id))) == [
        AGNES_IN_JSON,
        BEA,
        CASIMIR,
    ]


class PersonOut(msgspec.Struct):
    id: int
    rate: Decimal | None
    born: dt.date | None
    seen: dt.datetime | None
    key: UUID | None
    photo: bytes | None
    nap: dt.timedelta | None


async def test_a_reader_who_knows_the_types_gets_the_values_back(people: Database) -> None:
    names = [each.name for each in msgspec.structs.fields(PersonOut)]
    query = select_from(person).select(*[person[name] for name in names]).order_by(person.id)
    read = msgspec.json.decode(await people.fetch_json(query), type=list[PersonOut])
    assert read == await people.fetch_all(query.rows_as(PersonOut))


async def test_decimals_can_be_numbers(people: Database) -> None:
    query = select_from(person).select(person.rate, nested().columns[1]).where(person.id == 1)
    assert b'"rate": 12345678901234567890.10' in (await people.fetch_json(query, decimals="number")).replace(
        b'":1', b'": 1'
    )
    with pytest.raises(BuildError, match='decimals is "string" or "number"'):
        await people.fetch_json(query, decimals="float")  # type: ignore[arg-type]


async def test_no_row_is_an_empty_array(people: Database) -> None:
    query = select_from(person).select(person.id).where(person.id == param("id", int))
    assert await people.fetch_json(query, parameters={"id": 9}) == b"[]"
    assert await people.fetch_json(query, parameters={"id": 2}, timeout=20) in (b'[{"id":2}]', b'[{"id": 2}]')


async def test_everything_that_runs_has_it(people: Database) -> None:
    query = people.select_from(person).select(person.id).where(person.id == 1)
    wanted = await query.fetch_json()
    async with people.transaction() as trx:
        assert await trx.fetch_json(query.limit(1)) == await trx.select_from(query.as_("q")).select_all().fetch_json()
    async with people.connection() as connection:
        assert await connection.fetch_json(query) == wanted
    with pytest.raises(UsageError):
        await select_from(person).select(person.id).fetch_json()


async def test_the_compiled_form_is_kept(people: Database) -> None:
    query = select_from(person).select(person.id)
    await people.fetch_json(query)
    kept = query._compiled
    assert kept is not None
    (compiled,) = kept.values()
    await people.fetch_json(query)
    assert list(kept.values()) == [compiled]
    assert await people.fetch_value(query.where(person.id == 1)) == 1


# -- order and kinds of queries -----------------------------------------------------------------------------------


class Item(Table, name="json_item"):
    id: Column[int]
    parent_id: Column[int]
    place: Column[int]


item = Item()


@pytest.fixture
async def items(db: Database) -> AsyncIterator[Database]:
    """Two thousand rows whose order is not that of their keys."""
    places = list(range(2000))
    random.Random(7).shuffle(places)
    await db.execute(sql("DROP TABLE IF EXISTS json_item"))
    await db.execute(sql("CREATE TABLE json_item (id INT PRIMARY KEY, parent_id INT, place INT)"))
    await db.execute(
        insert_into(item).values([{"id": n, "parent_id": n % 7, "place": place} for n, place in enumerate(places)])
    )
    yield db
    await db.execute(sql("DROP TABLE json_item"))


INNER = item.as_("other")
LISTED = json_array_from(
    select_from(INNER).select(INNER.id).where(INNER.parent_id == item.parent_id).order_by(INNER.place.desc()).limit(3)
).as_("listed")
BASE = select_from(item).select(item.id, item.place, LISTED)
TOTAL = (item.place + item.parent_id).as_("total")
SOME = cte("some", select_from(item).select(item.id, item.place).where(item.parent_id == 3))
ORDERED = {
    "by a column": BASE.order_by(item.place),
    "by two keys": BASE.order_by(item.parent_id.desc(), item.place),
    "by a column that is not selected": select_from(item).select(item.id).order_by(item.place),
    "by an alias": select_from(item).select(item.id, TOTAL).order_by(TOTAL, item.id),
    "limited": BASE.order_by(item.place).limit(10).offset(5),
    "from an offset": BASE.order_by(item.place).offset(1990),
    "distinct": select_from(item).select(item.parent_id, item.place).distinct().order_by(item.place.desc()),
    "grouped": select_from(item)
    .select(item.parent_id, fn.count().as_("n"), fn.max(item.place).as_("last"))
    .group_by(item.parent_id)
    .order_by(fn.max(item.place)),
    "a union": select_from(item)
    .select(item.id, item.place)
    .where(item.id < 50)
    .union(select_from(item).select(item.id, item.place).where(item.id > 1900))
    .order_by(item.place),
    "with a CTE": with_(SOME).select_from(SOME).select(SOME.id, SOME.place).order_by(SOME.place),
    "joined": select_from(item)
    .select(item.id, INNER.place)
    .inner_join(INNER, INNER.id == item.place)
    .order_by(INNER.place),
}


@pytest.mark.parametrize("query", ORDERED.values(), ids=ORDERED)
async def test_rows_keep_their_order(items: Database, query: Any) -> None:
    assert msgspec.json.decode(await items.fetch_json(query)) == await items.fetch_all(query)


@pytest.mark.databases("sqlite", "postgres")
async def test_raw_sql_is_read_as_it_says(items: Database) -> None:
    query = sql("SELECT id, place FROM json_item WHERE id < {} ORDER BY place", 100).returns_rows(id=int, place=int)
    assert msgspec.json.decode(await items.fetch_json(query)) == await items.fetch_all(query)


@pytest.mark.databases("mysql", "mariadb")
async def test_raw_sql_is_refused_where_its_order_would_be_lost(items: Database) -> None:
    with pytest.raises(UnsupportedError, match="raw SQL"):
        await items.fetch_json(sql("SELECT id FROM json_item ORDER BY place").returns_rows(id=int))


async def test_unknown_columns_are_those_of_the_database(items: Database, database_name: str) -> None:
    query = select_from(table("json_item")).select_all().limit(1)
    if database_name == "postgres":
        assert msgspec.json.decode(await items.fetch_json(query)) == await items.fetch_all(query)
    else:
        with pytest.raises(UnsupportedError, match="columns are not known"):
            await items.fetch_json(query)


async def test_many_columns(items: Database) -> None:
    query = select_from(item).select(*[item.id.as_(f"c{n}") for n in range(200)]).where(item.id == 5)
    assert msgspec.json.decode(await items.fetch_json(query)) == [{f"c{n}": 5 for n in range(200)}]


async def test_as_deep_as_rows_nest(items: Database) -> None:
    depth = min(items.dialect.features.max_nesting, 10)
    query = select_from(item.as_("t0")).select(item.as_("t0").id).where(item.as_("t0").id == 1)
    for level in range(1, depth + 1):
        one = item.as_(f"t{level}")
        query = select_from(one).select(json_array_from(query).as_("rows")).where(one.id == 1)
    found = msgspec.json.decode(await items.fetch_json(query))
    for _ in range(depth):
        found = found[0]["rows"]
    assert found == [{"id": 1}]


# -- what is refused ----------------------------------------------------------------------------------------------


async def test_what_it_does_not_go_with_is_refused(people: Database) -> None:
    query = select_from(person).select(person.id)
    with pytest.raises(BuildError, match=r"rows_as\(PersonOut\)"):
        await people.fetch_json(_typed())
    with pytest.raises(BuildError, match="column 2 of the nested query has no name"):
        await people.fetch_json(query.select(person.id + 1))
    with pytest.raises(BuildError, match="two columns named 'id'"):
        await people.fetch_json(query.select(person.id))
    with pytest.raises(UsageError, match="gives no rows"):
        await people.fetch_json(insert_into(person).values(id=9, name="x"))
    by_date = json_map_from(select_from(child).select(child.born, child.name), key="born").as_("map")
    with pytest.raises(UnsupportedError, match="json_map_from by 'born' within fetch_json"):
        await people.fetch_json(select(by_date))
    with pytest.raises(BuildError, match="has to name its columns"):
        await people.fetch_json(insert_into(table("json_person")).values(id=9, name="x").returning())


CHILDREN = select_from(child).select(child.id, child.name, child.key).where(child.mother_id == person.id)
MAPS = {
    "by an integer": json_map_from(CHILDREN, key="id"),
    "by a text": json_map_from(CHILDREN, key="name"),
    "by a UUID": json_map_from(CHILDREN.where(child.key != None), key="key"),  # noqa: E711 - IS NOT NULL
    "of values": json_map_from(select_from(child).select(child.id, child.rate).scalars(), key="id"),
    "of nested rows": json_map_from(
        select_from(child)
        .select(child.id, json_array_from(select_from(grandchild).select(grandchild.born)).as_("all"))
        .order_by(child.name),
        key="id",
    ),
    "of none": json_map_from(CHILDREN.where(child.id < 0), key="id"),
}


@pytest.mark.parametrize("name", MAPS)
async def test_a_map_is_an_object_by_its_keys(people: Database, name: str) -> None:
    query = select_from(person).select(person.id, MAPS[name].as_("map")).order_by(person.id)
    rows = await people.fetch_all(query)
    assert any(row["map"] for row in rows) == (name not in ("of none", "by a UUID"))
    assert msgspec.json.decode(await people.fetch_json(query)) == msgspec.json.decode(msgspec.json.encode(rows))


async def test_a_map_in_which_two_rows_have_one_key_is_an_error(people: Database) -> None:
    await people.execute(sql("UPDATE json_person SET name = 'a' WHERE id = 1"))
    await people.execute(sql("UPDATE json_person SET name = 'A' WHERE id = 2"))
    query = select(json_map_from(select_from(child).select(child.name, child.id), key="name").as_("map"))
    assert set(msgspec.json.decode(await people.fetch_json(query))[0]["map"]) == {"a", "A", ""}
    await people.execute(sql("UPDATE json_person SET name = 'a' WHERE id = 2"))
    with pytest.raises((DecodeError, DataError)):
        await people.fetch_json(query)


def test_a_map_is_composed_by_the_database() -> None:
    query = select_from(person).select(json_map_from(CHILDREN, key="id").as_("map"))
    written = {name: compiled_as_json(query, name, "string").sql for name in DATABASES}
    assert [written[name].split("THEN ")[1].split("(")[0] for name in ("postgres", "sqlite")] == [
        "COALESCE",
        "JSON_GROUP_OBJECT",
    ]
    assert written["postgres"] == (
        'SELECT ARRAY_TO_JSON(ARRAY(SELECT ("nested".*)::record FROM (SELECT (SELECT CASE WHEN '
        'COUNT(DISTINCT "nested"."id"::text COLLATE "C") = COUNT(*) '
        'THEN COALESCE(JSON_OBJECT_AGG("nested"."id", ROW_TO_JSON("nested".*)), \'{}\') '
        'ELSE CAST(\'1e999999\' AS json) END FROM (SELECT "child"."id", "child"."name", "child"."key" '
        'FROM "json_person" AS "child" WHERE "child"."mother_id" = "json_person"."id") AS "nested") AS "map" '
        'FROM "json_person") AS "nested")) AS "json"'
    )
    assert all("COUNT(DISTINCT" in text for text in written.values())


@pytest.mark.databases("postgres", "sqlite", "mariadb")
async def test_what_a_write_returns_is_json(people: Database) -> None:
    values = [
        {"id": 10, "name": "x", "rate": Decimal("1.10"), "seen": AGNES["seen"]},
        {"id": 11, "name": "y", "rate": None, "seen": None},
    ]
    returned = (person.id, person.rate, person.seen, (person.name == "x").as_("is_x"))
    inserted = await people.fetch_json(insert_into(person).values(values).returning(*returned))
    assert msgspec.json.decode(inserted) == [
        {"id": 10, "rate": "1.10", "seen": "2024-03-30T21:00:00.500000Z", "is_x": True},
        {"id": 11, "rate": None, "seen": None, "is_x": False},
    ]
    deleted = delete_from(person).where(person.id > 9).returning(person.id)
    async with people.transaction() as trx:
        assert msgspec.json.decode(await trx.fetch_json(deleted)) == [{"id": 10}, {"id": 11}]
    assert await people.fetch_json(deleted) == b"[]"


@pytest.mark.databases("mysql")
async def test_what_a_write_returns_is_refused_where_it_returns_nothing(people: Database) -> None:
    with pytest.raises(UnsupportedError, match="RETURNING"):
        await people.fetch_json(insert_into(person).values(id=10, name="x").returning(person.id))


@pytest.mark.databases("postgres", "sqlite", "mariadb")
async def test_an_insert_in_parts_is_refused(people: Database) -> None:
    many = insert_into(person).values([{"id": 100 + n, "name": "x" * 99} for n in range(200_000)]).returning(person.id)
    with pytest.raises(UsageError, match="takes several"):
        await people.fetch_json(many)


async def test_operators_keep_their_operands_within_the_forms_of_values(people: Database) -> None:
    built = json_build_object(is_first=person.id == 1, twice=person.weight * 2, total=person.rate + 1)
    query = select_from(person).select(built.as_("made")).where(person.id == 1)
    assert msgspec.json.decode(await people.fetch_json(query)) == [
        {"made": {"is_first": True, "twice": 2 * AGNES["weight"], "total": "12345678901234567891.10"}}
    ]


def _typed() -> Any:
    names = [each.name for each in msgspec.structs.fields(PersonOut)]
    return select_from(person).select(*[person[name] for name in names]).rows_as(PersonOut)


async def test_a_second_row_of_an_object_is_an_error(people: Database) -> None:
    with pytest.raises(MultipleResultsError):
        await people.fetch_json(select(json_object_from(select_from(child).select(child.id)).as_("one")))


async def test_text_that_looks_like_what_is_refused_is_text(people: Database) -> None:
    await people.execute(sql("UPDATE json_person SET name = '1e999999' WHERE id = 3"))
    query = select_from(person).select(person.name).where(person.id == 3)
    assert msgspec.json.decode(await people.fetch_json(query)) == [{"name": "1e999999"}]


@pytest.mark.databases("mysql", "mariadb")
@pytest.mark.parametrize("name", ["at top level", "in an array", "of values", "by hand"])
async def test_a_cut_list_is_an_error(small: Any, name: str) -> None:
    with pytest.raises(TruncatedResultError):
        await small.fetch_json(QUERIES[name])
    await small.execute(sql("SET SESSION max_error_count = 0"))
    with pytest.raises(TruncatedResultError):
        await small.fetch_json(QUERIES[name])


UNWRITABLE = {
    "a date without end": ("postgres", "SELECT 'infinity'::date AS v", dt.date),
    "a date before Christ": ("postgres", "SELECT '0044-03-15 BC'::date AS v", dt.date),
    "a date too late": ("postgres", "SELECT '10000-01-01'::date AS v", dt.date),
    "a timestamp without end": ("postgres", "SELECT '-infinity'::timestamp AS v", dt.datetime),
    "an instant without end": ("postgres", "SELECT 'infinity'::timestamptz AS v", AwareDatetime),
    "months": ("postgres", "SELECT '1 month'::interval AS v", dt.timedelta),
    "a time after the last": ("postgres", "SELECT '24:00:00'::time AS v", dt.time),
    "no date": ("sqlite", "SELECT '2020-02-30' AS v", dt.date),
    "no time": ("sqlite", "SELECT '25:00:00' AS v", dt.time),
    "no datetime": ("sqlite", "SELECT 'yesterday' AS v", dt.datetime),
    "no instant": ("sqlite", "SELECT '2020-01-02 03:04:05+5' AS v", AwareDatetime),
    "no bool": ("sqlite", "SELECT 2 AS v", bool),
    "no decimal": ("sqlite", "SELECT 'NaN' AS v", Decimal),
    "no duration": ("sqlite", "SELECT 'long' AS v", dt.timedelta),
}


@pytest.mark.parametrize("case", UNWRITABLE.values(), ids=UNWRITABLE)
async def test_what_is_not_of_its_type_is_refused(db: Database, case: Any) -> None:
    database, text, kind = case
    if db.dialect.name == database:
        with pytest.raises(DecodeError, match="column 'v' of row 1 has a value"):
            await db.fetch_json(sql.raw(text).returns_rows(v=kind))


@pytest.mark.databases("sqlite")
async def test_moments_written_by_others_are_read(db: Database) -> None:
    query = sql("SELECT '2020-01-02T03:04:05.678+05:30' AS a, '2020-01-02 03:04:05Z' AS b, '2020-01-02 03:04:05' AS c")
    found = await db.fetch_json(query.returns_rows(a=AwareDatetime, b=AwareDatetime, c=AwareDatetime))
    assert msgspec.json.decode(found) == [
        {"a": "2020-01-01T21:34:05.678Z", "b": "2020-01-02T03:04:05Z", "c": "2020-01-02T03:04:05Z"}
    ]


@pytest.mark.databases("postgres")
async def test_the_session_changes_nothing(people: Database) -> None:
    query = select_from(person).select_all().order_by(person.id)
    wanted = await people.fetch_json(query)
    async with people.connection() as connection:
        for setting in (
            "TimeZone = 'Asia/Kolkata'",
            "IntervalStyle = 'iso_8601'",
            "DateStyle = 'SQL, DMY'",
            "bytea_output = 'escape'",
        ):
            await connection.execute(sql.raw(f"SET {setting}"))  # type: ignore[arg-type]
        assert await connection.fetch_json(query) == wanted


@pytest.mark.databases("mysql", "mariadb")
async def test_a_zero_date_is_refused(db: Database) -> None:
    async with db.connection() as connection:
        await connection.execute(sql("SET SESSION sql_mode = ''"))
        await connection.execute(sql("CREATE TEMPORARY TABLE zero (v DATE)"))
        await connection.execute(sql("INSERT INTO zero VALUES ('0000-00-00')"))
        zero = table("zero")
        with pytest.raises((DecodeError, DataError)):  # MySQL itself knows no number that is so large
            await connection.fetch_json(select_from(zero).select(zero.v.returns(dt.date).as_("v")))


async def test_a_difference_of_moments_is_a_duration(people: Database) -> None:
    later = person.seen + dt.timedelta(days=1, microseconds=1)
    query = select_from(person).select((later - person.seen).as_("v"), (person.seen - later).as_("back"))
    found = msgspec.json.decode(await people.fetch_json(query.where(person.id == 1)))
    assert found == [{"v": "P1DT0.000001S", "back": "-P1DT0.000001S"}]
