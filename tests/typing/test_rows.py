"""What type checkers see of results: mypy --strict and pyright strict read this file; only its last function is run."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any, assert_type

from pypika import Query

from querykit import Column, Database, PreparedQuery, Table, fn, param, select, select_from, sql, value
from querykit.builder.executor import Streamed
from querykit.execution.stream import RowStream


class Person(Table, name="person"):
    id: Column[int]
    name: Column[str]
    balance: Column[Decimal | None]


@dataclass
class PersonOut:
    id: int
    name: str


person = Person()


async def typed_calls(db: Database) -> None:
    query = db.select_from(person).select(person.id, person.name)
    assert_type(await query.fetch_all(), list[dict[str, Any]])
    assert_type(await query.fetch_one_or_none(), dict[str, Any] | None)

    people = query.rows_as(PersonOut)
    assert_type(await people.fetch_all(), list[PersonOut])
    assert_type(await people.fetch_one(), PersonOut)
    assert_type(await people.fetch_one_or_none(), PersonOut | None)
    assert_type(await people.fetch_first(), PersonOut | None)
    assert_type(await people.where(person.id > 1).order_by(person.name).limit(3).fetch_all(), list[PersonOut])
    assert_type(await db.fetch_all(people), list[PersonOut])
    assert_type(await db.fetch_one(people, timeout=1.0), PersonOut)
    assert_type(people.stream(), Streamed[PersonOut])
    async with people.stream() as rows:
        async for row in rows:
            assert_type(row, PersonOut)

    assert_type(await db.select_from(person).select(person.id).fetch_value(), int)
    assert_type(await db.select_from(person).select(person.balance).fetch_column(), list[Decimal | None])
    assert_type(await db.fetch_value(select_from(person).select(fn.count())), int)
    assert_type(await db.fetch_value(select_from(person).select(fn.max(person.name))), str | None)
    assert_type(await db.fetch_value(select(value("a"))), str)
    assert_type(await db.fetch_value(select(param("n", int)), parameters={"n": 1}), int)
    assert_type(await db.fetch_value(select_from(person).select(person.name == "Ada")), bool)
    assert_type(await db.fetch_value(select_from(person).select(person.name.returns(bytes))), bytes)
    described = sql("SELECT id, name FROM person").returns_rows(id=int, name=str)
    assert_type(await db.fetch_all(described.rows_as(PersonOut)), list[PersonOut])

    find = people.where(person.id == param("id", int)).prepare()
    assert_type(find, PreparedQuery[PersonOut, Any])
    assert_type(await find.fetch_one(id=7), PersonOut)
    assert_type(await find.fetch_first(id=7), PersonOut | None)
    name = db.prepare(select_from(person).select(person.name).where(person.id == param("id", int)))
    assert_type(await name.fetch_value(id=7), str)

    raw = sql("SELECT id, name FROM person")
    assert_type(await db.fetch_all(raw), list[dict[str, Any]])
    assert_type(await db.fetch_first(raw), dict[str, Any] | None)
    assert_type(await db.fetch_column(raw), list[Any])
    assert_type(await db.fetch_one(Query.from_("person").select("id")), dict[str, Any])
    assert_type(db.stream(people), RowStream[PersonOut])
    assert_type(db.stream(raw), RowStream[dict[str, Any]])


def test_the_file_is_read_by_the_checkers() -> None:
    assert typed_calls.__name__ == "typed_calls"
