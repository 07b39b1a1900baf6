"""Columns for which the program makes values: one for each new row that leaves them out."""

from __future__ import annotations

from itertools import count
from typing import Any
from uuid import UUID, uuid4

import pytest

from querykit import (
    DEFAULT,
    BuildError,
    Column,
    NotNullViolationError,
    Table,
    column,
    excluded,
    insert_into,
    param,
    select_from,
    update,
)
from querykit.access import Repository
from querykit.plugins import TimestampsPlugin
from querykit.schema import Varchar, create_table, drop_table
from tests.expected import compiles_to, spelled

numbers = count(1)


class Seat(Table, name="made_seat"):
    id: Column[UUID] = column(primary_key=True, default_factory=uuid4)
    place: Column[int] = column(name="placeNumber", default_factory=lambda: next(numbers))
    word: Column[str | None] = column(type=Varchar(20))


seat = Seat()


@pytest.fixture
async def seats(db):
    await drop_table(seat, if_exists=True).run(db)
    await create_table(seat).run(db)
    yield db
    await drop_table(seat).run(db)


def made(statement: Any) -> list[dict[str, Any]]:
    return [dict(zip([each.name for each in statement.targets], row, strict=True)) for row in statement.rows]


def test_every_row_gets_a_value_of_its_own():
    rows = made(
        insert_into(seat).values({"word": "a"}, {"word": "b", "place": -1}, {seat.word: "c", seat.id: UUID(int=3)})
    )
    assert [row["word"] for row in rows] == ["a", "b", "c"]
    assert len({row["id"] for row in rows}) == 3
    assert rows[1]["place"] == -1
    assert rows[2]["place"] == rows[0]["place"] + 1
    assert rows[2]["id"] == UUID(int=3)


def test_rows_as_tuples_and_rows_added_later_get_them_too():
    rows = made(
        insert_into(seat).columns("word").values(("a",), ("b",)).values(("c",)).values({"word": "d", "place": 0})
    )
    assert [row["word"] for row in rows] == ["a", "b", "c", "d"]
    assert len({row["id"] for row in rows}) == 4
    assert rows[3]["place"] == 0
    named = made(insert_into(seat).columns("place", "word").values((7, "x")))
    assert (named[0]["place"], named[0]["word"]) == (7, "x")
    with pytest.raises(BuildError, match="each of the 1 columns"):
        insert_into(seat).columns("word").values(("a", 1))


def test_what_a_row_says_stands():
    (row,) = made(insert_into(seat).values(id=UUID(int=1), place=DEFAULT, word=None))
    assert (row["id"], row["place"], row["word"]) == (UUID(int=1), DEFAULT, None)
    assert len(made(insert_into(seat).default_values())[0]) == 2


def test_updates_and_queries_make_nothing():
    before = next(numbers)
    compiles_to(
        update(seat).set(word="x").where(seat.place == 1),
        spelled('UPDATE "made_seat" SET "word" = $1 WHERE "made_seat"."placeNumber" = $2', ("x", 1)),
    )
    copy = insert_into(seat).from_select(select_from(seat).select(seat.word))
    compiles_to(copy, spelled('INSERT INTO "made_seat" ("word") SELECT "made_seat"."word" FROM "made_seat"'))
    assert next(numbers) == before + 1


async def test_rows_are_inserted_by_every_way(seats):
    await seats.insert_into(seat).values([{"word": str(number)} for number in range(20)]).execute()
    await seats.insert_into(seat).default_values().execute()
    if seats.dialect.name == "postgres":
        await seats.copy_into(seat, ({"word": "copied"} for _ in range(3)))
        await seats.copy_into(seat, [("copied",), ("copied",)], columns=["word"])
    else:
        await seats.insert_into(seat).values([{"word": "copied"} for _ in range(5)]).execute()
    rows = await seats.select_from(seat).select_all().fetch_all()
    assert len(rows) == 26
    assert len({row["id"] for row in rows}) == len({row["place"] for row in rows}) == 26


@pytest.mark.parametrize("plugins", [[], [TimestampsPlugin(["other"])]])
async def test_statements_that_run_more_than_once_make_new_values_each_time(seats, plugins):
    db = seats
    for each in plugins:
        db = db.with_plugin(each)
    new = db.insert_into(seat).values(word=param("word", str))
    await db.execute_many(new, [{"word": "a"}, {"word": "b"}])
    await db.execute(new, parameters={"word": "c"})
    prepared = new.prepare()
    await prepared.execute(word="d")
    await prepared.execute(word="e")
    rows = await db.select_from(seat).select_all().fetch_all()
    assert len({row["id"] for row in rows}) == len({row["place"] for row in rows}) == 5


async def test_a_conflict_keeps_what_is_there(seats):
    await seats.insert_into(seat).values(id=UUID(int=1), word="a", place=0).execute()
    again = seats.insert_into(seat).values(id=UUID(int=1), word="b").on_conflict(seat.id)
    await again.do_update(word=excluded.word).execute()
    found = await seats.select_from(seat).select_all().fetch_all()
    assert found == [{"id": UUID(int=1), "place": 0, "word": "b"}]


async def test_repositories_give_back_what_was_made(seats):
    repository = Repository(seats, seat)
    one = await repository.insert({"word": "a"})
    many = await repository.insert_many([{"word": "b"}, {"word": "c"}])
    assert len({row["id"] for row in (one, *many)}) == 3
    assert [row["word"] for row in many] == ["b", "c"]
    assert await repository.find_by_id(one["id"]) == one


async def test_rows_that_do_not_pass_the_program_get_what_the_database_has(seats):
    await seats.insert_into(seat).values(word="a").execute()
    with pytest.raises(NotNullViolationError):
        await seats.insert_into(seat).from_select(select_from(seat).select(seat.word)).execute()


def test_a_value_of_a_wrong_type_and_a_second_source_are_refused():
    class Wrong(Table, name="wrong"):
        id: Column[int] = column(default_factory=uuid4)
        word: Column[str]

    with pytest.raises(BuildError, match=r"wrong\.id"):
        insert_into(Wrong()).values(word="a")
    for options in ({"default": 1}, {"identity": True}, {"generated": lambda table: table.id}):
        with pytest.raises(BuildError, match="one source"):
            column(default_factory=uuid4, **options)
    with pytest.raises(BuildError, match="without arguments"):
        column(default_factory=7)  # type: ignore[arg-type]
