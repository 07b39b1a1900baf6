"""Values that drivers would refuse or bend are adapted exactly, or refused before they are sent."""

import datetime as dt
import enum
import math
from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from querykit import (
    AwareDatetime,
    Column,
    Database,
    Json,
    Table,
    insert_into,
    param,
    select,
    select_from,
    sql,
    table,
    value,
)
from querykit.errors import BuildError, QueryKitError
from tests.exactness.cases import INDIA, Colour, Level, Point, Size
from tests.exactness.same import exact


class Shout(str):
    """A subclass of str with ideas of its own."""

    __slots__ = ()

    def __str__(self) -> str:
        return self.upper()


class Mood(str, enum.Enum):  # noqa: UP042 - a StrEnum prints itself as its value, this does not
    HAPPY = "happy"


class Thing(Table, name="bound_thing"):
    id: Column[int]
    text: Column[str | None]
    real: Column[float | None]
    blob: Column[bytes | None]
    doc: Column[Json]
    moment: Column[AwareDatetime | None]
    naive: Column[dt.datetime | None]


thing = Thing()
COLUMNS = {
    "sqlite": "id INT, text TEXT, `real` REAL, blob BLOB, doc TEXT, moment TEXT, naive TEXT",
    "postgres": 'id BIGINT, text TEXT, "real" FLOAT8, blob BYTEA, doc JSONB, moment TIMESTAMPTZ, naive TIMESTAMP',
    "mysql": "id BIGINT, text TEXT, `real` DOUBLE, `blob` BLOB, doc JSON, moment DATETIME(6), naive DATETIME(6)",
}


@pytest.fixture
async def things(db: Database) -> AsyncIterator[Database]:
    """An empty table with a column of several types."""
    await db.execute(sql("DROP TABLE IF EXISTS bound_thing"))
    await db.execute(sql("CREATE TABLE bound_thing ({})", sql.raw(COLUMNS.get(db.dialect.name, COLUMNS["mysql"]))))
    yield db
    await db.execute(sql("DROP TABLE bound_thing"))


def without_address(given: object) -> str:
    """What names a case, the same in every run."""
    return str(given).partition(" at 0x")[0]


@pytest.mark.parametrize(
    ("column", "given", "read"),
    [
        ("text", Shout("quiet"), "quiet"),
        ("text", Colour.RED, "red"),
        ("text", Mood.HAPPY, "happy"),
        ("id", Level.HIGH, 2**40),
        ("real", 5, 5.0),
        ("blob", bytearray(b"\x00a"), b"\x00a"),
        ("blob", memoryview(b"\xff"), b"\xff"),
        ("doc", {"n": 2**70}, {"n": 2**70}),
        ("doc", [UUID(int=5), Decimal("1.10")], [str(UUID(int=5)), "1.10"]),
        ("doc", (1, (2, 3)), [1, [2, 3]]),
        ("doc", "[1]", "[1]"),
    ],
    ids=without_address,
)
async def test_what_is_bound_is_read_back(things: Database, column: str, given: Any, read: Any) -> None:
    if column == "doc" and given == {"n": 2**70} and things.dialect.name == "mysql":
        return  # its JSON holds integers of 64 bits
    await things.execute(insert_into(thing).values({"id": 1, column: given}))
    assert exact(await things.fetch_value(select_from(thing).select(thing[column]))) == exact(read)


@pytest.mark.parametrize(
    ("column", "given", "read"),
    [
        ("text", Colour.RED, "red"),
        ("id", Level.HIGH, 2**40),
        ("blob", bytearray(b"\x00a"), b"\x00a"),
        ("doc", {"n": [1, None]}, {"n": [1, None]}),
        ("naive", dt.datetime(2020, 1, 1, 12), dt.datetime(2020, 1, 1, 12)),
        ("moment", dt.datetime(2020, 1, 1, tzinfo=INDIA), dt.datetime(2019, 12, 31, 18, 30, tzinfo=dt.UTC)),
        ("moment", None, None),
    ],
    ids=str,
)
async def test_a_parameter_of_any_type_is_bound_by_the_type_of_its_value(
    things: Database, column: str, given: Any, read: Any
) -> None:
    loose = table("bound_thing")
    query = insert_into(loose).values({"id": 1} | {column: param("given", Any)})
    await things.execute(query, parameters={"given": given})
    assert exact(await things.fetch_value(select_from(thing).select(thing[column]))) == exact(read)


@pytest.mark.parametrize(
    ("column", "given"),
    [
        ("doc", {"a": [math.nan]}),
        ("doc", math.inf),
        ("doc", object()),
        ("doc", {"a": "\ud800"}),
        ("text", "\ud800"),
        ("id", 2**70),
        ("id", True),
        ("id", 1.0),
        ("id", "1"),
        ("text", 1),
        ("moment", dt.datetime(2020, 1, 1)),
        ("naive", dt.datetime(2020, 1, 1, tzinfo=dt.UTC)),
        ("naive", dt.date(2020, 1, 1)),
    ],
    ids=without_address,
)
async def test_what_would_be_bent_is_refused(things: Database, column: str, given: Any) -> None:
    with pytest.raises(QueryKitError):
        await things.execute(insert_into(thing).values({"id": 1, column: given} if column != "id" else {"id": given}))
    assert await things.fetch_all(select_from(thing).select(thing.id)) == []


@pytest.mark.databases("sqlite", "mysql", "mariadb")
async def test_nan_is_refused_where_it_would_be_null(things: Database) -> None:
    with pytest.raises(QueryKitError, match="NaN"):
        await things.execute(insert_into(thing).values({"id": 1, "real": math.nan}))


@pytest.mark.parametrize(
    "given",
    [
        *[1, 2**62, 0.1, Decimal("1.10"), "x", b"\x00", UUID(int=7), Size.SMALL, Point(1, 2), True],
        *[
            dt.date(2020, 1, 2),
            dt.datetime(2020, 1, 2, 3),
            dt.time(1, 2, 3, 4),
            dt.timedelta(hours=-30, microseconds=5),
        ],
    ],
    ids=repr,
)
async def test_a_value_by_itself_comes_back_as_it_was(db: Database, given: Any) -> None:
    assert exact(await db.fetch_value(select(value(given)))) == exact(given)
    named = select(param("given", type(given)).as_("v"))
    assert exact(await db.fetch_value(named, parameters={"given": given})) == exact(given)


async def test_lists_of_adapted_values_are_found(things: Database) -> None:
    moment = dt.datetime(2020, 1, 2, 3, tzinfo=dt.timezone(dt.timedelta(hours=5)))
    await things.execute(insert_into(thing).values({"id": 1, "text": "red", "moment": moment, "blob": b"\x01"}))
    for condition in [
        thing.moment.is_in([moment, moment.astimezone(dt.UTC)]),
        thing.text.is_in([Colour.RED]),
        thing.blob.is_in([b"\x01", bytearray(b"\x02")]),
    ]:
        assert await things.fetch_column(select_from(thing).select(thing.id).where(condition)) == [1]


def test_a_parameter_of_the_wrong_type_is_refused() -> None:
    compiled = select(param("moment", AwareDatetime).as_("m")).compile("sqlite")
    with pytest.raises(BuildError, match="takes AwareDatetime, not a datetime without a time zone"):
        compiled.arguments({"moment": dt.datetime(2020, 1, 1)})


@pytest.mark.parametrize(
    "moment",
    [
        dt.date.min,
        dt.date.max,
        dt.datetime.min,
        dt.datetime.max,
        dt.datetime.max.replace(tzinfo=dt.UTC),
    ],
    ids=repr,
)
async def test_the_first_and_the_last_moment_never_become_infinity(db, moment):
    assert await db.fetch_value(select(value(moment).as_("v"))) == moment
    assert await db.fetch_value(select(value(moment).is_in([moment]).as_("v")))
