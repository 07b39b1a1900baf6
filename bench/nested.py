"""What decoding costs: 1,000 people with 5 pets each, and 2 toys for each pet, in one query.

Each of ours runs beside the same SQL, written by hand, on the bare driver with untyped JSON decoding by msgspec. First
their results are compared: they are equal. PostgreSQL is the server at QUERYKIT_POSTGRES_URL, or a private one.

    python -m bench.nested
"""

from __future__ import annotations

import asyncio
import os
import platform
import sys
import tempfile
from collections.abc import Callable, Coroutine
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import aiosqlite
import asyncpg
import msgspec

from bench.timing import Comparison, side_by_side
from querykit import Column, Database, Table, insert_into, json_array_from, select_from, sql
from tests.servers import PrivateServer

PEOPLE, PETS, TOYS = 1000, 5, 2
ROUNDS = 101
AT_MOST = {"fetch_all()": 1.15, "rows_as(Struct)": 1.15}
"""How many times longer than the hand-written query ours may take; rows_as must not take longer than dicts either."""


class Person(Table, name="bench_person"):
    id: Column[int]
    name: Column[str]


class Pet(Table, name="bench_pet"):
    id: Column[int]
    name: Column[str]
    person_id: Column[int]


class Toy(Table, name="bench_toy"):
    id: Column[int]
    name: Column[str]
    pet_id: Column[int]


class ToyOut(msgspec.Struct, gc=False):
    id: int
    name: str


class PetOut(msgspec.Struct, gc=False):
    id: int
    name: str
    toys: list[ToyOut]


class PersonOut(msgspec.Struct, gc=False):
    id: int
    name: str
    pets: list[PetOut]


person, pet, toy = Person(), Pet(), Toy()
toys = json_array_from(select_from(toy).select(toy.id, toy.name).where(toy.pet_id == pet.id).order_by(toy.id))
pets = json_array_from(
    select_from(pet).select(pet.id, pet.name, toys.as_("toys")).where(pet.person_id == person.id).order_by(pet.id)
)
QUERY = select_from(person).select(person.id, person.name, pets.as_("pets")).order_by(person.id)
TYPED = QUERY.rows_as(PersonOut)

POSTGRES = """\
SELECT p.id, p.name, (
  SELECT coalesce(json_agg(row_to_json(a.*)), '[]') FROM (
    SELECT b.id, b.name, (
      SELECT coalesce(json_agg(row_to_json(c.*)), '[]') FROM (
        SELECT t.id, t.name FROM bench_toy t WHERE t.pet_id = b.id ORDER BY t.id) c) AS toys
    FROM bench_pet b WHERE b.person_id = p.id ORDER BY b.id) a) AS pets
FROM bench_person p ORDER BY p.id"""
SQLITE = """\
SELECT p.id, p.name, (
  SELECT json_group_array(json_object('id', a.id, 'name', a.name, 'toys', json(a.toys))) FROM (
    SELECT b.id, b.name, (
      SELECT json_group_array(json_object('id', c.id, 'name', c.name)) FROM (
        SELECT t.id, t.name FROM bench_toy t WHERE t.pet_id = b.id ORDER BY t.id) c) AS toys
    FROM bench_pet b WHERE b.person_id = p.id ORDER BY b.id) a) AS pets
FROM bench_person p ORDER BY p.id"""

Fetch = Callable[[], Coroutine[Any, Any, list[Any]]]
Close = Callable[[], Coroutine[Any, Any, None]]
Bare = Callable[[str], Coroutine[Any, Any, tuple[Fetch, Close]]]
"""Opens a bare driver's connection: the hand-written query on it, and what closes it."""


async def fill(db: Database) -> None:
    """Make the tables and their rows."""
    keys = range(PEOPLE * PETS * TOYS)
    for table, parent, count in (
        (person, None, PEOPLE),
        (pet, "person_id", PEOPLE * PETS),
        (toy, "pet_id", PEOPLE * PETS * TOYS),
    ):
        name = sql.id(table._name)
        key = sql("") if parent is None else sql(", {} INT", sql.id(parent))
        await db.execute(sql("DROP TABLE IF EXISTS {}", name))
        await db.execute(sql("CREATE TABLE {} (id INT PRIMARY KEY, name VARCHAR(40){})", name, key))
        of = {"person_id": PETS, "pet_id": TOYS}
        rows = [
            {"id": n, "name": f"{table._name} {n}"} | ({parent: n // of[parent]} if parent else {})
            for n in keys[:count]
        ]
        await db.execute(insert_into(table).values(rows))
        if parent is not None:
            await db.execute(sql("CREATE INDEX {} ON {} ({})", sql.id(f"by_{parent}"), name, sql.id(parent)))
    if db.dialect.name == "postgres":
        await db.execute(sql("ANALYZE"))


def by_hand(rows: Any) -> list[dict[str, Any]]:
    """What one writes around a bare driver."""
    decode = msgspec.json.decode
    return [{"id": key, "name": name, "pets": decode(found)} for key, name, found in rows]


async def on_sqlite(path: str) -> tuple[Fetch, Close]:
    """The hand-written query on aiosqlite, and what closes it."""
    connection = await aiosqlite.connect(path)

    async def fetch() -> list[Any]:
        return by_hand(await connection.execute_fetchall(SQLITE))

    return fetch, connection.close


async def on_postgres(url: str) -> tuple[Fetch, Close]:
    """The hand-written query on asyncpg, and what closes it."""
    connection = await asyncpg.connect(url)

    async def fetch() -> list[Any]:
        return by_hand(await connection.fetch(POSTGRES))

    return fetch, connection.close


async def checked(db: Database, fetch: Fetch) -> None:
    """See that all give the same."""
    rows = await fetch()
    assert len(rows) == PEOPLE
    assert await db.fetch_all(QUERY) == rows
    assert msgspec.to_builtins(await db.fetch_all(TYPED)) == rows
    assert msgspec.json.decode(await db.fetch_json(QUERY)) == rows


def compare(url: str, bare: Bare, to: str) -> Comparison:
    """Time ours beside the hand-written one."""
    with asyncio.Runner() as runner:
        db = Database(url)
        runner.run(db.connect())
        runner.run(fill(db))
        fetch, close = runner.run(bare(to))
        runner.run(checked(db, fetch))
        found = side_by_side(
            {
                "by hand": lambda: runner.run(fetch()),
                "fetch_all()": lambda: runner.run(db.fetch_all(QUERY)),
                "rows_as(Struct)": lambda: runner.run(db.fetch_all(TYPED)),
                "fetch_json()": lambda: runner.run(db.fetch_json(QUERY)),
            },
            rounds=ROUNDS,
        )
        runner.run(close())
        runner.run(db.close())
    return found


def report(database: str, found: Comparison) -> bool:
    """Print the figures of a database; whether all were reached."""
    print(f"{PEOPLE:,} people × {PETS} pets × {TOYS} toys on {database}:")
    for name, time in found.times.items():
        ratio = found.ratios[name]
        print(
            f"  {name:<16} {time.median * 1e3:7.2f} ms ± {time.noise:.1%}   {ratio.median:.2f} of by hand "
            f"(half of the rounds: {ratio.low:.2f} to {ratio.high:.2f})"
        )
    missed = [name for name, most in AT_MOST.items() if found.ratios[name].median > most]
    if found.times["rows_as(Struct)"].median > found.times["fetch_all()"].median:
        missed.append("rows_as(Struct) beside fetch_all()")
    if missed:
        print(f"Not reached: {', '.join(missed)}")
    return not missed


def main() -> bool:
    """Print the figures; whether all were reached."""
    print(f"Decoding nested rows, Python {platform.python_version()}, medians side by side:")
    with ExitStack() as stack:
        url = os.environ.get("QUERYKIT_POSTGRES_URL")
        if url is None:
            url = stack.enter_context(PrivateServer("postgres")).url()
        path = Path(stack.enter_context(tempfile.TemporaryDirectory())) / "bench.db"
        reached = [
            report("SQLite", compare(f"sqlite:///{path}", on_sqlite, str(path))),
            report("PostgreSQL", compare(url, on_postgres, url)),
        ]
    return all(reached)


if __name__ == "__main__":
    sys.exit(not main())
