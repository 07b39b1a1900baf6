"""Relations of composite keys, of several kinds of parents, between tables that name each other; one statement each."""

from __future__ import annotations

import pytest

from querykit import Column, Database, Table, column
from querykit.access import ReadRepository, belongs_to, find_query, has_many, has_one, many_to_many
from querykit.schema import Varchar, create_tables, drop_tables
from tests.access.tables import person, pet
from tests.expected import compiles_to, spelled


class Hall(Table, name="hall"):
    city: Column[str] = column(type=Varchar(20), primary_key=True)
    number: Column[int] = column(primary_key=True)
    name: Column[str] = column(type=Varchar(20))
    safe_code: Column[str | None] = column(type=Varchar(20), hidden=True)

    seats = has_many("Seat", by=("city", "hall"), order_by=lambda seat: seat.place)
    best_seat = has_one("Seat", by=("city", "hall"), where=lambda seat: seat.place == 1)
    labels = many_to_many(
        "Label",
        through="Labelling",
        by=("city", "number"),
        to="label_id",
        through_where=lambda labelling: labelling.kind == "hall",
        order_by=lambda label: label.id,
    )
    photos = has_many("Photo", by="subject", key="name", where=lambda photo: photo.kind == "hall")


class Seat(Table, name="place"):
    city: Column[str] = column(type=Varchar(20), primary_key=True)
    hall: Column[int] = column(primary_key=True)
    place: Column[int] = column(primary_key=True)
    guest: Column[str | None] = column(type=Varchar(20))

    of_hall = belongs_to(Hall, by=("city", "hall"))
    photos = has_many("Photo", by="subject", key="guest", where=lambda photo: photo.kind == "guest")


class Label(Table, name="label"):
    id: Column[int] = column(primary_key=True)
    word: Column[str] = column(type=Varchar(20))

    halls = many_to_many(
        Hall,
        through=lambda: Labelling,
        by="label_id",
        to=("city", "number"),
        through_where=lambda labelling: labelling.kind == "hall",
    )


class Labelling(Table, name="labelling"):
    kind: Column[str] = column(type=Varchar(20), primary_key=True)
    city: Column[str] = column(type=Varchar(20), primary_key=True)
    number: Column[int] = column(primary_key=True)
    label_id: Column[int] = column(primary_key=True)


class Photo(Table, name="photo"):
    id: Column[int] = column(primary_key=True)
    kind: Column[str] = column(type=Varchar(20))
    subject: Column[str] = column(type=Varchar(20))

    hall = belongs_to(Hall, by="subject", key="name", when=lambda photo: photo.kind == "hall")
    seat = belongs_to(Seat, by="subject", key="guest", when=lambda photo: photo.kind == "guest")


hall, seat, label, labelling, photo = Hall(), Seat(), Label(), Labelling(), Photo()
ROWS = {
    hall: [("Ulm", 1, "Big", "x"), ("Ulm", 2, "Small", "y"), ("Jena", 1, "Ada", "z")],
    seat: [("Ulm", 1, 1, "Ada"), ("Ulm", 1, 2, None), ("Ulm", 2, 1, "Bea"), ("Jena", 1, 2, "Ada")],
    label: [(1, "old"), (2, "loud")],
    labelling: [("hall", "Ulm", 1, 1), ("hall", "Ulm", 1, 2), ("hall", "Jena", 1, 2), ("stage", "Ulm", 2, 2)],
    photo: [(1, "hall", "Ada"), (2, "guest", "Bea"), (3, "hall", "Big")],
}


@pytest.fixture(scope="module")
async def halls(database_name, urls):

    async with Database(urls[database_name]) as db:
        await drop_tables(*ROWS, if_exists=True).run(db)
        await create_tables(*ROWS).run(db)
        for table, rows in ROWS.items():
            await db.insert_into(table).values([dict(zip(table._columns, row, strict=True)) for row in rows]).execute()
        yield
        await drop_tables(*ROWS).run(db)


async def test_keys_of_several_columns(db, halls):
    query = db.select_from(hall).select(hall.city, hall.number, hall.seats.include(seat.place, seat.guest))
    assert await query.order_by(hall.city, hall.number).fetch_all() == [
        {"city": "Jena", "number": 1, "seats": [{"place": 2, "guest": "Ada"}]},
        {"city": "Ulm", "number": 1, "seats": [{"place": 1, "guest": "Ada"}, {"place": 2, "guest": None}]},
        {"city": "Ulm", "number": 2, "seats": [{"place": 1, "guest": "Bea"}]},
    ]
    query = db.select_from(hall).select(hall.name, hall.best_seat.include(seat.guest)).order_by(hall.name)
    assert [(each["name"], each["best_seat"]) for each in await query.fetch_all()] == [
        ("Ada", None),
        ("Big", {"guest": "Ada"}),
        ("Small", {"guest": "Bea"}),
    ]
    query = db.select_from(seat).select(seat.of_hall.include(hall.name)).where(seat.of_hall.any(hall.number == 2))
    assert await query.fetch_all() == [{"of_hall": {"name": "Small"}}]


async def test_a_table_between_of_several_kinds(db, halls):
    query = db.select_from(hall).select(hall.name, hall.labels.include(label.word)).order_by(hall.name)
    assert [(each["name"], [label["word"] for label in each["labels"]]) for each in await query.fetch_all()] == [
        ("Ada", ["loud"]),
        ("Big", ["old", "loud"]),
        ("Small", []),
    ]
    query = db.select_from(label).select(label.word, label.halls.count().as_("halls")).order_by(label.id)
    assert await query.fetch_all() == [{"word": "old", "halls": 1}, {"word": "loud", "halls": 2}]
    assert await db.select_from(hall).select(hall.name).where(hall.labels.none()).fetch_column() == ["Small"]


async def test_rows_that_belong_to_several_kinds_of_parents(db, halls):
    query = db.select_from(photo).select(photo.id, photo.hall.include(hall.city), photo.seat.include(seat.city))
    assert await query.order_by(photo.id).fetch_all() == [
        {"id": 1, "hall": {"city": "Jena"}, "seat": None},
        {"id": 2, "hall": None, "seat": {"city": "Ulm"}},
        {"id": 3, "hall": {"city": "Ulm"}, "seat": None},
    ]
    photos = db.select_from(hall).select(hall.name, hall.photos.count().as_("photos")).order_by(hall.name)
    assert [each["photos"] for each in await photos.fetch_all()] == [1, 1, 0]
    assert await db.select_from(seat).select(seat.guest).where(seat.photos.any()).fetch_column() == ["Bea"]


async def test_kinds_of_relations_are_asked_for_by_data_too(db, halls):
    found = await ReadRepository(db, hall).find(
        where={"labels": {"some": {"word": "loud"}}, "best_seat": {"is_not": None}},
        columns=["name"],
        include={"labels": {"columns": ["word"], "limit": 1, "order_by": ["-word"]}, "seats": {"columns": ["place"]}},
    )
    assert found == [{"name": "Big", "labels": [{"word": "old"}], "seats": [{"place": 1}, {"place": 2}]}]


async def test_every_parent_has_a_limit_of_its_own(db, halls):
    query = db.select_from(hall).select(hall.labels.include(label.word, limit=1, offset=1)).order_by(hall.name)
    assert [each["labels"] for each in await query.fetch_all()] == [[], [{"word": "loud"}], []]


async def test_hidden_columns_are_in_no_nested_row(db, halls):
    query = db.select_from(seat).select(seat.of_hall.include()).where(seat.guest == "Bea")
    assert await query.fetch_one() == {"of_hall": {"city": "Ulm", "number": 2, "name": "Small"}}
    assert "safe_code" not in find_query(seat, include=["of_hall"]).compile("postgres").sql
    chosen = db.select_from(seat).select(seat.of_hall.include(hall.safe_code)).where(seat.guest == "Bea")
    assert await chosen.fetch_one() == {"of_hall": {"safe_code": "y"}}, "a program may say it"


@pytest.mark.usefixtures("sample_tables")
async def test_a_value_of_the_related_row_is_compared_ordered_by_and_selected(db):
    owner = pet.owner.value(person.first_name)
    query = (
        db.select_from(pet).select(pet.name, owner.as_("owner")).where(owner != "Dora").order_by(owner.desc(), pet.id)
    )
    assert [tuple(each.values()) for each in await query.fetch_all()] == [
        ("Minka", "Cem"),
        ("Rex", "Bea"),
        ("Felix", "Bea"),
        ("Amy", "Bea"),
    ]
    mother = person.mother.table
    query = db.select_from(person).select(person.id, person.mother.value(mother.birth_year + 1).as_("year"))
    assert (await query.order_by(person.id).fetch_all())[:2] == [{"id": 1, "year": None}, {"id": 2, "year": 1951}]


def test_the_sql_of_a_relation_of_a_composite_key():
    query = ReadRepository(None, hall).find_query(where={"seats": {"some": {"place": 7}}}, columns=["name"])
    sql = (
        'SELECT "hall"."name" FROM "hall" WHERE EXISTS (SELECT "place"."city" FROM "place"'
        ' WHERE "place"."city" = "hall"."city" AND "place"."hall" = "hall"."number" AND "place"."place" = $1)'
    )
    compiles_to(query, spelled(sql, (7,)))
