"""Nested reads by Tortoise ORM: prefetch_related for lists, select_related for the mother."""

from __future__ import annotations

from typing import Any

from tortoise import Tortoise, fields
from tortoise.models import Model

from bench.measure.work import Contenders, Work
from bench.readers.objects import plain_people, plain_person

AT_ONCE = 5_000
"""How many people are read at a time, so that their pets' keys are not too many."""
SCHEMES = {"postgresql": "asyncpg", "sqlite": "sqlite", "mysql": "mysql"}


class Person(Model):
    id = fields.IntField(primary_key=True)
    first_name = fields.CharField(max_length=50)
    birth_year = fields.IntField()
    mother: Any = fields.ForeignKeyField("models.Person", related_name="children", null=True)
    pets: Any

    class Meta:
        table = "person"


class Pet(Model):
    id = fields.IntField(primary_key=True)
    name = fields.CharField(max_length=50)
    species = fields.CharField(max_length=20)
    owner: Any = fields.ForeignKeyField("models.Person", related_name="pets")
    toys: Any

    class Meta:
        table = "pet"
        ordering = ("id",)


class Toy(Model):
    id = fields.IntField(primary_key=True)
    name = fields.CharField(max_length=50)
    price = fields.IntField()
    pet: Any = fields.ForeignKeyField("models.Pet", related_name="toys")

    class Meta:
        table = "toy"
        ordering = ("id",)


class Node(Model):
    id = fields.IntField(primary_key=True)
    name = fields.CharField(max_length=50)
    parent: Any = fields.ForeignKeyField("models.Node", related_name="children", null=True)
    children: Any

    class Meta:
        table = "node"
        ordering = ("id",)


def plain_nodes(nodes: Any) -> list[dict[str, Any]]:
    return [
        {"id": node.id, "name": node.name}
        | ({"children": plain_nodes(node.children)} if node.children._fetched else {})
        for node in nodes
    ]


async def one(key: int, _: int) -> Any:
    return await Person.get(id=key).select_related("mother").prefetch_related("pets__toys")


async def page(key: int, count: int) -> Any:
    people = Person.filter(id__gt=key).order_by("id").limit(count)
    return await people.select_related("mother").prefetch_related("pets__toys")


async def every(_: int, __: int) -> Any:
    """In parts: it sends the key of every pet, and PostgreSQL takes 32,767 at a time."""
    found: list[Any] = []
    while chunk := await page(found[-1].id if found else 0, AT_ONCE):
        found += chunk
        if len(chunk) < AT_ONCE:
            break
    return found


async def tree(_: int, depth: int) -> Any:
    return await Node.filter(parent=None).order_by("id").prefetch_related("__".join(["children"] * depth))


async def opened(url: str) -> Contenders:
    scheme, rest = url.split(":", 1)
    address = rest.removeprefix("//").removeprefix("/") if scheme == "sqlite" else rest.removeprefix("//")
    pool = "" if scheme == "sqlite" else "?maxsize=10"
    await Tortoise.init(db_url=f"{SCHEMES[scheme]}://{address}{pool}", modules={"models": [__name__]})
    works = {"one": Work(one, plain_person), "page": Work(page, plain_people), "every": Work(every, plain_people)}
    return {"Tortoise": {**works, "tree": Work(tree, plain_nodes)}}
