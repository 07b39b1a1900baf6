"""Declared tables are made by the databases as they are declared, hold their rows to it, and go again."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from querykit import (
    AwareDatetime,
    BuildError,
    CheckViolationError,
    Column,
    ForeignKeyViolationError,
    IntegrityError,
    Json,
    NotNullViolationError,
    Table,
    UniqueViolationError,
    UnsupportedError,
    column,
    fn,
    references,
    select_from,
    sql,
    table,
)
from querykit.schema import (
    Enumeration,
    Native,
    Numeric,
    Varchar,
    check,
    create_enum,
    create_index,
    create_schema,
    create_table,
    create_tables,
    create_view,
    drop_enum,
    drop_index,
    drop_schema,
    drop_table,
    drop_tables,
    drop_view,
    foreign_key,
    index,
    primary_key,
    unique,
)
from tests.databases import DATABASES


class Numbered(Table):
    id: Column[int] = column(primary_key=True, identity=True)


class Shelf(Numbered, name="shelf"):
    room: Column[str] = column(type=Varchar(20))
    place: Column[int] = column(default=1, comment="from the left; it's \\ 1 */ first")

    def _constraints(self) -> list[Any]:
        return [unique(self.room, self.place)]


class Volume(Numbered, name="volume"):
    title: Column[str] = column(type=Varchar(50), unique=True)
    price: Column[Decimal] = column(type=Numeric(10, 2), default=Decimal("1.50"))
    pages: Column[int | None] = column(check=lambda volume: volume.pages > 0)
    shelf_id: Column[int | None] = column(references=references("shelf", on_delete="set null"), index=True)
    shout: Column[str | None] = column(type=Varchar(60), generated=lambda volume: fn.upper(volume.title))

    def _constraints(self) -> list[Any]:
        return [check(self.title != "50%'\"\\ {} ? $1"), index(self.pages.desc(), self.title)]


shelf, volume = Shelf(), Volume()


@pytest.fixture
async def library(db):
    await drop_tables(volume, shelf, if_exists=True).run(db)
    await create_tables(volume, shelf).run(db)
    yield db
    await drop_tables(volume, shelf).run(db)


async def test_rows_get_numbers_defaults_and_computed_values(library):
    await library.insert_into(shelf).values(room="hall").execute()
    await library.insert_into(volume).values(title="Bees", shelf_id=1).execute()
    assert await library.select_from(shelf).select_all().fetch_one() == {"id": 1, "room": "hall", "place": 1}
    assert await library.select_from(volume).select_all().fetch_one() == {
        "id": 1,
        "title": "Bees",
        "price": Decimal("1.50"),
        "pages": None,
        "shelf_id": 1,
        "shout": "BEES",
    }


@pytest.mark.parametrize(
    ("values", "error"),
    [
        ({"title": "Bees"}, UniqueViolationError),
        ({"title": None}, NotNullViolationError),
        ({"title": "Ants", "pages": 0}, CheckViolationError),
        ({"title": "50%'\"\\ {} ? $1"}, CheckViolationError),
        ({"title": "Ants", "shelf_id": 9}, ForeignKeyViolationError),
    ],
)
async def test_the_database_holds_rows_to_what_is_declared(library, values, error):
    await library.insert_into(volume).values(title="Bees").execute()
    with pytest.raises(error):
        await library.insert_into(volume).values(values).execute()


async def test_what_is_unique_in_several_columns_may_repeat_in_one(library):
    await library.insert_into(shelf).values({"room": "hall", "place": 1}, {"room": "hall", "place": 2}).execute()
    with pytest.raises(UniqueViolationError):
        await library.insert_into(shelf).values(room="hall", place=2).execute()


async def test_what_is_referred_to_goes_as_declared(library):
    await library.insert_into(shelf).values(room="hall").execute()
    await library.insert_into(volume).values(title="Bees", shelf_id=1).execute()
    await library.delete_from(shelf).where(shelf.id == 1).execute()
    assert await library.select_from(volume).select(volume.shelf_id).fetch_value() is None


async def test_a_table_that_is_there_stays(library):
    await library.insert_into(shelf).values(room="hall").execute()
    await create_table(shelf, if_not_exists=True).run(library)
    assert await library.select_from(shelf).select(fn.count()).fetch_value() == 1


def test_what_is_no_table_is_refused_by_name():
    for wrong in (lambda: create_tables(Shelf), lambda: drop_table(Shelf), lambda: create_table(Shelf).sql("sqlite")):
        with pytest.raises(BuildError, match=r"^Shelf is the class of a table; make one with Shelf\(\)$"):
            wrong()
    for wrong in (create_tables, drop_tables):
        with pytest.raises(BuildError, match=r"not list; several are given one by one: create_tables\(\*tables\)"):
            wrong([shelf, volume])

    class Named(Table, name="named"):
        text: Column[str] = column(type="varchar")

    with pytest.raises(BuildError, match=r"^named\.text: column\(type=…\) takes a type .* not 'varchar'$"):
        create_table(Named()).sql("sqlite")


def test_the_sql_of_a_table():
    assert create_table(shelf).sql("postgres") == [
        'CREATE TABLE "shelf" (\n'
        '  "id" BIGINT GENERATED BY DEFAULT AS IDENTITY NOT NULL,\n'
        '  "room" VARCHAR(20) NOT NULL,\n'
        '  "place" BIGINT NOT NULL DEFAULT (1),\n'
        '  PRIMARY KEY ("id"),\n'
        '  CONSTRAINT "shelf_room_place_key" UNIQUE ("room", "place")\n'
        ")",
        "COMMENT ON COLUMN \"shelf\".\"place\" IS E'from the left; it''s \\\\ 1 */ first'",
    ]
    assert create_table(shelf).sql("mysql") == [
        "CREATE TABLE `shelf` (\n"
        "  `id` BIGINT AUTO_INCREMENT NOT NULL,\n"
        "  `room` VARCHAR(20) NOT NULL,\n"
        "  `place` BIGINT NOT NULL DEFAULT (1) COMMENT 'from the left; it''s \\\\ 1 */ first',\n"
        "  PRIMARY KEY (`id`),\n"
        "  CONSTRAINT `shelf_room_place_key` UNIQUE (`room`, `place`)\n"
        ")"
    ]
    assert create_table(shelf).sql("mariadb") == create_table(shelf).sql("mysql")
    assert create_table(shelf).sql("sqlite") == [
        'CREATE TABLE "shelf" (\n'
        '  "id" INTEGER PRIMARY KEY NOT NULL,\n'
        '  "room" VARCHAR(20) NOT NULL,\n'
        '  "place" INTEGER NOT NULL DEFAULT (1) /* from the left; it\'s \\ 1 * / first */,\n'
        '  CONSTRAINT "shelf_room_place_key" UNIQUE ("room", "place")\n'
        ")"
    ]


class Everything(Table, name="everything"):
    id: Column[int] = column(primary_key=True)
    is_on: Column[bool | None] = column(default=True)
    weight: Column[float | None] = column(default=-1.5)
    price: Column[Decimal | None] = column(type=Numeric(20, 5), default=Decimal("-0.00001"))
    word: Column[str | None] = column(default="it's 50% \\ {} \n")
    data: Column[bytes | None] = column(default=b"\x00'\xff")
    day: Column[dt.date | None] = column(default=dt.date(2024, 2, 29))
    clock: Column[dt.time | None] = column(default=dt.time(23, 59, 59, 999999))
    moment: Column[dt.datetime | None] = column(default=dt.datetime(2024, 2, 29, 12, 30, 0, 1))
    instant: Column[AwareDatetime | None] = column(default=dt.datetime(2024, 2, 29, 12, 30, tzinfo=dt.UTC))
    span: Column[dt.timedelta | None] = column(default=dt.timedelta(hours=-1, microseconds=1))
    key: Column[UUID | None] = column(default=UUID("12345678-1234-5678-1234-567812345678"))
    document: Column[Json | None] = column(default={"a": ["it's", 1, None]})
    numbers: Column[list[int] | None] = column(default=[1, 2])


everything = Everything()


async def test_a_column_of_every_type_holds_its_default_exactly(db):
    await drop_table(everything, if_exists=True).run(db)
    await create_table(everything).run(db)
    await db.insert_into(everything).values(id=1).execute()
    row = await db.select_from(everything).select_all().fetch_one()
    for name in everything._columns:
        expected = 1 if name == "id" else everything._options(name).default
        assert (row[name], type(row[name])) == (expected, type(expected)), name
    await drop_table(everything).run(db)


class Member(Table, name="member"):
    person_id: Column[int]
    club_id: Column[int]

    def _constraints(self) -> list[Any]:
        return [primary_key(self.person_id, self.club_id)]


class Fee(Table, name="fee"):
    id: Column[int] = column(primary_key=True)
    person_id: Column[int]
    club_id: Column[int]

    def _constraints(self) -> list[Any]:
        return [foreign_key(self.person_id, self.club_id, table="member", keys=["person_id", "club_id"])]


async def test_keys_of_several_columns(db):
    member, fee = Member(), Fee()
    await drop_tables(fee, member, if_exists=True).run(db)
    await create_tables(fee, member).run(db)
    await db.insert_into(member).values({"person_id": 1, "club_id": 1}, {"person_id": 1, "club_id": 2}).execute()
    await db.insert_into(fee).values(id=1, person_id=1, club_id=2).execute()
    with pytest.raises(IntegrityError):
        await db.insert_into(member).values(person_id=1, club_id=2).execute()
    with pytest.raises(ForeignKeyViolationError):
        await db.insert_into(fee).values(id=2, person_id=2, club_id=2).execute()
    await drop_tables(fee, member).run(db)


async def test_indexes_come_and_go_by_themselves(library):
    by_price = index(volume.price.desc(), volume.title)
    await create_index(volume, by_price).run(library)
    await drop_index(volume, by_price).run(library)
    one_place = index(volume.pages, unique=True, where=volume.shelf_id.is_not_null())
    if library.dialect.name in ("mysql", "mariadb"):
        with pytest.raises(UnsupportedError, match="partial indexes"):
            await create_index(volume, one_place).run(library)
        return
    await create_index(volume, one_place).run(library)
    await library.insert_into(shelf).values(room="hall").execute()
    await library.insert_into(volume).values({"title": "a", "pages": 1}, {"title": "b", "pages": 1}).execute()
    with pytest.raises(UniqueViolationError):
        await library.update(volume).set(shelf_id=1).all_rows().execute()
    await drop_index(volume, one_place).run(library)


async def test_an_index_on_an_expression(library):
    lowered = index(fn.lower(volume.title), unique=True, name="volume_lowered")
    if library.dialect.name == "mariadb":
        with pytest.raises(UnsupportedError, match="expressions"):
            await create_index(volume, lowered).run(library)
        return
    await create_index(volume, lowered).run(library)
    await library.insert_into(volume).values(title="bees").execute()
    with pytest.raises(UniqueViolationError):
        await library.insert_into(volume).values(title="BEES").execute()


async def test_a_view_is_a_query_with_its_values(library):
    cheap = table("cheap_volume")
    query = select_from(volume).select(volume.id, volume.title).where(volume.price < Decimal(2), volume.title != "it's")
    await create_view(cheap, query).run(library)
    await (
        library.insert_into(volume)
        .values({"title": "Bees"}, {"title": "it's"}, {"title": "x", "price": Decimal(9)})
        .execute()
    )
    assert await library.select_from(cheap).select(cheap.title).fetch_column() == ["Bees"]
    await create_view(cheap, query.where(volume.id > 1), or_replace=True).run(library)
    assert await library.select_from(cheap).select(cheap.title).fetch_column() == []
    await drop_view(cheap).run(library)


@pytest.mark.databases("postgres")
async def test_a_materialized_view_keeps_its_rows(library):
    kept = table("kept_volume")
    await create_view(kept, select_from(volume).select(volume.title), materialized=True).run(library)
    await library.insert_into(volume).values(title="Bees").execute()
    assert await library.select_from(kept).select(kept.title).fetch_column() == []
    await drop_view(kept, materialized=True).run(library)


class Stock(Table, name="stock", schema="querykit_store"):
    id: Column[int] = column(primary_key=True)
    state: Column[str] = column(type=Enumeration("new", "it's old", name="stock_state"), default="it's old")


async def test_schemas_and_enumerations(db):
    stock = Stock()
    if db.dialect.name == "sqlite":
        with pytest.raises(UnsupportedError, match="ATTACH"):
            await create_schema("querykit_store").run(db)
        return
    await create_schema("querykit_store", if_not_exists=True).run(db)
    await create_enum("stock_state", "new", "it's old").run(db)
    await create_table(stock).run(db)
    await db.insert_into(stock).values(id=1).execute()
    assert await db.select_from(stock).select(stock.state).fetch_value() == "it's old"
    await drop_table(stock).run(db)
    await drop_enum("stock_state").run(db)
    await drop_schema("querykit_store").run(db)


class Left(Table, name="left_one"):
    id: Column[int] = column(primary_key=True, references=references("right_one"))


class Right(Table, name="right_one"):
    id: Column[int] = column(primary_key=True, references=references("left_one"))


def test_tables_that_refer_to_each_other_in_a_circle_are_refused():
    with pytest.raises(BuildError, match=r"circle: (left|right)_one → (left|right)_one → (left|right)_one"):
        create_tables(Left(), Right())


@pytest.mark.parametrize("name", ['we"ird', "we`ird", "we'ird; DROP TABLE x", "ä€", "a.b", "x" * 60])
async def test_names_are_names_whatever_they_are(db, name):
    odd = type("Odd", (Table,), {"__annotations__": {"id": Column[int]}}, name=name)()
    await create_table(odd).run(db)
    await db.insert_into(odd).values(id=1).execute()
    assert await db.select_from(odd).select(odd.id).fetch_value() == 1
    await drop_table(odd).run(db)


def test_what_a_database_lacks_is_refused_by_name():
    class Wide(Table, name="wide"):
        word: Column[str] = column(unique=True)

    class Loose(Table, name="loose"):
        price: Column[Decimal]

    class Own(Table, name="own"):
        word: Column[str] = column(type=Native("citext", on="postgres"))

    for dialect in ("mysql", "mariadb"):
        with pytest.raises(UnsupportedError, match=r"key of unlimited length \(word\).*Varchar"):
            create_table(Wide()).sql(dialect)
        with pytest.raises(UnsupportedError, match=r"without a precision \(price\).*Numeric"):
            create_table(Loose()).sql(dialect)
    for dialect in ("mysql", "mariadb", "sqlite"):
        with pytest.raises(UnsupportedError, match="citext"):
            create_table(Own()).sql(dialect)
        with pytest.raises(UnsupportedError, match="CASCADE"):
            drop_table(shelf, cascade=True).sql(dialect)
        with pytest.raises(UnsupportedError, match="CONCURRENTLY"):
            create_index(volume, index(volume.pages), concurrently=True).sql(dialect)
        with pytest.raises(UnsupportedError, match="gin"):
            create_index(volume, index(volume.pages, method="gin")).sql(dialect)
    with pytest.raises(BuildError, match="dialects"):
        create_table(shelf).sql("oracle")


@pytest.mark.parametrize("dialect", DATABASES)
def test_a_table_without_columns_or_with_two_keys_is_refused(dialect):
    class Two(Table, name="two"):
        id: Column[int] = column(primary_key=True)

        def _constraints(self) -> list[Any]:
            return [primary_key(self.id)]

    class Untold(Table, name="untold"):
        id: Column

    for wrong, message in ((table("none"), "no columns"), (Two(), "two primary keys"), (Untold(), "type=")):
        with pytest.raises(BuildError, match=message):
            create_table(wrong).sql(dialect)


def test_long_names_are_cut_the_same_way_every_time():
    class Long(Table, name="a_table_with_a_rather_long_name_indeed"):
        a_column_with_a_rather_long_name: Column[int] = column(unique=True)
        a_column_with_a_rather_long_name_too: Column[int] = column(unique=True)

    names = [
        line.split('"')[1] for line in create_table(Long()).sql("postgres")[0].splitlines() if "CONSTRAINT" in line
    ]
    assert len(set(names)) == 2
    assert all(len(name) <= 63 for name in names)
    assert names == [
        line.split('"')[1] for line in create_table(Long()).sql("postgres")[0].splitlines() if "CONSTRAINT" in line
    ]


def test_raw_sql_is_a_default_too():
    class Stamped(Table, name="stamped"):
        at: Column[dt.datetime] = column(default=sql("CURRENT_TIMESTAMP"))

    assert "DEFAULT (CURRENT_TIMESTAMP)" in create_table(Stamped()).sql("sqlite")[0]
