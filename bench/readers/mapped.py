"""Reads by a mapper's compiled queries, and by prepared queries that say the same."""

from __future__ import annotations

from typing import Any

from bench.measure.work import Contenders, Work
from bench.readers.querykit import page, people
from bench.village import person
from querykit import Database, param, select_from
from querykit.access import TableMapper

FLAT = (person.id, person.first_name, person.birth_year)


def prepared(db: Database) -> dict[str, Work]:
    """What there is to reach."""
    key, count = param("key", int), param("count", int)
    flat = db.prepare(select_from(person).select(*FLAT).where(person.id == key))
    nested = db.prepare(people().where(person.id == key))
    pages = db.prepare(page(key, count))

    async def one_flat(key: int, _: int) -> Any:
        return await flat.fetch_first(key=key)

    async def one(key: int, _: int) -> Any:
        return await nested.fetch_first(key=key)

    async def every(key: int, count: int) -> Any:
        return await pages.fetch_all(key=key, count=count)

    return {"flat": Work(one_flat), "one": Work(one), "page": Work(every)}


def compiled(db: Database) -> dict[str, Work]:
    """The same by the compiled queries of mappers."""
    rows = TableMapper(db, person, key_columns=["id"], selected_columns=FLAT)
    relations = TableMapper(db, person, key_columns=["id"], selected_columns=people().columns)
    flat = rows.parameterize(lambda people, param: people.select(param("key")))
    nested = relations.parameterize(lambda people, param: people.select(param("key")))
    pages = relations.parameterize(
        lambda people, param: people.select("id", ">", param("key")).modify(
            lambda query: query.order_by(person.id).limit(param("count", int))
        )
    )

    async def one_flat(key: int, _: int) -> Any:
        return await flat.return_one(key=key)

    async def one(key: int, _: int) -> Any:
        return await nested.return_one(key=key)

    async def every(key: int, count: int) -> Any:
        return await pages.return_all(key=key, count=count)

    return {"flat": Work(one_flat), "one": Work(one), "page": Work(every)}


def built(db: Database) -> dict[str, Work]:
    """The same, built for each call."""
    rows = TableMapper(db, person, key_columns=["id"], selected_columns=FLAT)
    relations = TableMapper(db, person, key_columns=["id"], selected_columns=people().columns)

    async def one_flat(key: int, _: int) -> Any:
        return await rows.select(key).return_one()

    async def one(key: int, _: int) -> Any:
        return await relations.select(key).return_one()

    return {"flat": Work(one_flat), "one": Work(one)}


async def opened(url: str) -> Contenders:
    db = await Database(url).connect()
    return {
        "querykit, prepared": prepared(db),
        "querykit, mapper": compiled(db),
        "querykit, mapper, built each time": built(db),
    }
