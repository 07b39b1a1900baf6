"""The rows that are read: people, each with a mother, five pets, and two toys for each pet; and a tree of nodes."""

from __future__ import annotations

from querykit import Column, Database, Table, insert_into, sql

PETS, TOYS = 5, 2
ROOTS, CHILDREN, DEPTH = 100, 2, 4
"""The tree: how many nodes have no parent, how many children a node has, and how many generations of them there are."""


class Person(Table, name="person"):
    id: Column[int]
    first_name: Column[str]
    birth_year: Column[int]
    mother_id: Column[int | None]


class Pet(Table, name="pet"):
    id: Column[int]
    name: Column[str]
    species: Column[str]
    owner_id: Column[int]


class Toy(Table, name="toy"):
    id: Column[int]
    name: Column[str]
    price: Column[int]
    pet_id: Column[int]


class Node(Table, name="node"):
    id: Column[int]
    name: Column[str]
    parent_id: Column[int | None]


person, pet, toy, node = Person(), Pet(), Toy(), Node()

TABLES = (
    """\
CREATE TABLE person (
    id INTEGER PRIMARY KEY, first_name VARCHAR(50) NOT NULL, birth_year INTEGER NOT NULL, mother_id INTEGER)""",
    """\
CREATE TABLE pet (
    id INTEGER PRIMARY KEY, name VARCHAR(50) NOT NULL, species VARCHAR(20) NOT NULL, owner_id INTEGER NOT NULL)""",
    """\
CREATE TABLE toy (
    id INTEGER PRIMARY KEY, name VARCHAR(50) NOT NULL, price INTEGER NOT NULL, pet_id INTEGER NOT NULL)""",
    "CREATE TABLE node (id INTEGER PRIMARY KEY, name VARCHAR(50) NOT NULL, parent_id INTEGER)",
)
INDEXES = (
    "CREATE INDEX pet_by_owner ON pet (owner_id)",
    "CREATE INDEX toy_by_pet ON toy (pet_id)",
    "CREATE INDEX node_by_parent ON node (parent_id)",
)
ANALYZE = {
    "postgres": ("VACUUM ANALYZE",),
    "sqlite": ("ANALYZE",),
    "mysql": ("ANALYZE TABLE person, pet, toy, node",),
    "mariadb": ("ANALYZE TABLE person, pet, toy, node",),
}


async def settle(url: str, people: int) -> None:
    """Make the tables in an empty database, and fill them."""
    async with Database(url) as db:
        for each in TABLES:
            await db.execute(sql(each))
        await db.execute(insert_into(person).values([_person(number) for number in range(1, people + 1)]))
        await db.execute(insert_into(pet).values([_pet(number) for number in range(people * PETS)]))
        await db.execute(insert_into(toy).values([_toy(number) for number in range(people * PETS * TOYS)]))
        await db.execute(insert_into(node).values(_nodes()))
        for each in (*INDEXES, *ANALYZE[db.dialect.name]):
            await db.execute(sql(each))


def _person(number: int) -> dict[str, object]:
    return {
        "id": number,
        "first_name": f"Person {number}",
        "birth_year": 1930 + number % 80,
        "mother_id": number // 3 or None,
    }


def _pet(number: int) -> dict[str, object]:
    species = ("cat", "dog", "hamster")[number % 3]
    return {"id": number + 1, "name": f"Pet {number + 1}", "species": species, "owner_id": number // PETS + 1}


def _toy(number: int) -> dict[str, object]:
    return {"id": number + 1, "name": f"Toy {number + 1}", "price": number % 50, "pet_id": number // TOYS + 1}


def _nodes() -> list[dict[str, object]]:
    """Roots come first, and are numbered from one; so does each generation after the one before it."""
    nodes: list[dict[str, object]] = []
    parents: list[int | None] = [None] * (ROOTS // CHILDREN)
    for _ in range(DEPTH + 1):
        generation = range(len(nodes) + 1, len(nodes) + 1 + len(parents) * CHILDREN)
        nodes += [
            {"id": each, "name": f"Node {each}", "parent_id": parents[place // CHILDREN]}
            for place, each in enumerate(generation)
        ]
        parents = list(generation)
    return nodes
