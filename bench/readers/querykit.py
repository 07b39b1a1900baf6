"""Nested reads by querykit: prepared and built each time, into dicts and Structs, and as JSON bytes."""

from __future__ import annotations

from typing import Any, NamedTuple

import msgspec
import orjson

from bench.measure.work import Contenders, Work
from bench.village import DEPTH, Person, node, person, pet, toy
from querykit import Database, PreparedQuery, json_array_from, json_object_from, param, select_from


class Toy(msgspec.Struct, gc=False):
    id: int
    name: str
    price: int


class Pet(msgspec.Struct, gc=False):
    id: int
    name: str
    species: str
    toys: list[Toy]


class Mother(msgspec.Struct, gc=False):
    id: int
    first_name: str


class Human(msgspec.Struct, gc=False):
    id: int
    first_name: str
    birth_year: int
    pets: list[Pet]
    mother: Mother | None


def people() -> Any:
    """People with their relations."""
    toys = select_from(toy).select(toy.id, toy.name, toy.price).where(toy.pet_id == pet.id).order_by(toy.id)
    pets = (
        select_from(pet)
        .select(pet.id, pet.name, pet.species, json_array_from(toys).as_("toys"))
        .where(pet.owner_id == person.id)
        .order_by(pet.id)
    )
    mother: Person = person.as_("mother")
    mothers = select_from(mother).select(mother.id, mother.first_name).where(mother.id == person.mother_id)
    return select_from(person).select(
        person.id,
        person.first_name,
        person.birth_year,
        json_array_from(pets).as_("pets"),
        json_object_from(mothers).as_("mother"),
    )


def one(key: Any) -> Any:
    return people().where(person.id == key)


def page(after: Any, count: Any) -> Any:
    return people().where(person.id > after).order_by(person.id).limit(count)


def every() -> Any:
    return people().order_by(person.id)


def tree(depth: int) -> Any:
    """The roots of the tree, with so many generations below them."""
    return _nodes(node, depth).where(node.parent_id.is_null()).order_by(node.id)


def _nodes(parent: Any, depth: int) -> Any:
    nodes = select_from(parent).select(parent.id, parent.name)
    if depth == 0:
        return nodes
    child = node.as_(f"child_{depth}")
    children = _nodes(child, depth - 1).where(child.parent_id == parent.id).order_by(child.id)
    return nodes.select(json_array_from(children).as_("children"))


class Prepared(NamedTuple):
    """The reads, compiled once."""

    one: PreparedQuery[Any, Any]
    page: PreparedQuery[Any, Any]
    every: PreparedQuery[Any, Any]

    @classmethod
    def on(cls, db: Database, row_type: type | None = None) -> Prepared:
        """Prepare them, for rows of a type or dicts."""
        key, count = param("key", int), param("count", int)
        queries = (one(key), page(key, count), every())
        return cls(*[db.prepare(each if row_type is None else each.rows_as(row_type)) for each in queries])


def reads(prepared: Prepared) -> dict[str, Work]:
    async def fetch_one(key: int, _: int) -> Any:
        return await prepared.one.fetch_one(key=key)

    async def fetch_page(key: int, count: int) -> Any:
        return await prepared.page.fetch_all(key=key, count=count)

    async def fetch_every(_: int, __: int) -> Any:
        return await prepared.every.fetch_all()

    works = {"one": fetch_one, "page": fetch_page, "every": fetch_every}
    return {name: Work(run, msgspec.to_builtins) for name, run in works.items()}


def built_reads(db: Database) -> dict[str, Work]:
    """Queries that are built each time."""

    async def built_one(key: int, _: int) -> Any:
        return await db.fetch_one(one(key))

    async def built_page(key: int, count: int) -> Any:
        return await db.fetch_all(page(key, count))

    return {"one": Work(built_one), "page": Work(built_page)}


def json_reads(prepared: Prepared) -> dict[str, Work]:
    """JSON that the database writes."""

    async def json_page(key: int, count: int) -> bytes:
        return await prepared.page.fetch_json(key=key, count=count)

    async def json_every(_: int, __: int) -> bytes:
        return await prepared.every.fetch_json()

    return {"page": Work(json_page, msgspec.json.decode), "every": Work(json_every, msgspec.json.decode)}


def encoded_reads(prepared: Prepared) -> dict[str, Work]:
    """JSON that is written of dicts, by the fastest encoder."""

    async def encoded_page(key: int, count: int) -> bytes:
        return orjson.dumps(await prepared.page.fetch_all(key=key, count=count))

    async def encoded_every(_: int, __: int) -> bytes:
        return orjson.dumps(await prepared.every.fetch_all())

    return {"page": Work(encoded_page, msgspec.json.decode), "every": Work(encoded_every, msgspec.json.decode)}


def tree_reads(db: Database) -> dict[str, Work]:
    trees = {depth: db.prepare(tree(depth)) for depth in range(1, DEPTH + 1)}

    async def fetch_tree(_: int, depth: int) -> Any:
        return await trees[depth].fetch_all()

    return {"tree": Work(fetch_tree)}


async def opened(url: str) -> Contenders:
    db = await Database(url).connect()
    prepared = Prepared.on(db)
    found = {
        "querykit": {**reads(prepared), **tree_reads(db)},
        "querykit, Structs": reads(Prepared.on(db, Human)),
    }
    if "+asyncmy" in url:  # beside all the others on aiomysql
        return found
    return found | {
        "querykit, built each time": built_reads(db),
        "querykit, fetch_json()": json_reads(prepared),
        "querykit, fetch_all() and encoding": encoded_reads(prepared),
    }
