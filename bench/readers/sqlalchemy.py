"""Nested reads by SQLAlchemy's async ORM, with its two ways to load relations eagerly.

A session begins and ends a transaction around every read, as its documentation has it; with ``AUTOCOMMIT`` it does not.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, joinedload, mapped_column, relationship, selectinload

from bench.measure.work import Contenders, Work
from bench.readers.objects import plain_people, plain_person

DRIVERS = {
    "postgresql": "postgresql+asyncpg",
    "sqlite": "sqlite+aiosqlite",
    "mysql": "mysql+asyncmy",
    "mariadb": "mariadb+asyncmy",
}


class Base(DeclarativeBase):
    pass


class Person(Base):
    __tablename__ = "person"
    id: Mapped[int] = mapped_column(primary_key=True)
    first_name: Mapped[str]
    birth_year: Mapped[int]
    mother_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    mother: Mapped[Person | None] = relationship(remote_side="Person.id")
    pets: Mapped[list[Pet]] = relationship(order_by="Pet.id")


class Pet(Base):
    __tablename__ = "pet"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    species: Mapped[str]
    owner_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))
    toys: Mapped[list[Toy]] = relationship(order_by="Toy.id")


class Toy(Base):
    __tablename__ = "toy"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    price: Mapped[int]
    pet_id: Mapped[int] = mapped_column(sa.ForeignKey("pet.id"))


class Node(Base):
    __tablename__ = "node"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    parent_id: Mapped[int | None] = mapped_column(sa.ForeignKey("node.id"))
    children: Mapped[list[Node]] = relationship(order_by="Node.id")


def plain_nodes(nodes: list[Node]) -> list[dict[str, Any]]:
    return [
        {"id": node.id, "name": node.name}
        | ({} if "children" in sa.inspect(node).unloaded else {"children": plain_nodes(node.children)})
        for node in nodes
    ]


def reads(session: async_sessionmaker[Any], load: Callable[..., Any]) -> dict[str, Work]:
    people = sa.select(Person).options(load(Person.pets).options(load(Pet.toys)), load(Person.mother))

    async def one(key: int, _: int) -> Person:
        async with session() as own:
            found: Person = (await own.scalars(people.where(Person.id == key))).unique().one()
            return found

    async def page(key: int, count: int) -> list[Person]:
        async with session() as own:
            found = await own.scalars(people.where(Person.id > key).order_by(Person.id).limit(count))
            return list(found.unique())

    async def every(_: int, __: int) -> list[Person]:
        async with session() as own:
            return list((await own.scalars(people.order_by(Person.id))).unique())

    return {"one": Work(one, plain_person), "page": Work(page, plain_people), "every": Work(every, plain_people)}


def trees(session: async_sessionmaker[Any]) -> Work:
    async def tree(_: int, depth: int) -> list[Node]:
        children = selectinload(Node.children, recursion_depth=depth - 1 or None)
        nodes = sa.select(Node).where(Node.parent_id.is_(None)).order_by(Node.id).options(children)
        async with session() as own:
            return list(await own.scalars(nodes))

    return Work(tree, plain_nodes)


async def opened(url: str) -> Contenders:
    scheme, rest = url.split(":", 1)
    options = {} if scheme == "sqlite" else {"pool_size": 10}
    engine = create_async_engine(f"{DRIVERS[scheme]}:{rest}", **options)
    session = async_sessionmaker(engine, expire_on_commit=False)
    automatic = reads(
        async_sessionmaker(engine.execution_options(isolation_level="AUTOCOMMIT"), expire_on_commit=False), selectinload
    )
    return {
        "SQLAlchemy, selectinload": {**reads(session, selectinload), "tree": trees(session)},
        "SQLAlchemy, joinedload": reads(session, joinedload),
        "SQLAlchemy, selectinload, autocommit": {case: automatic[case] for case in ("one", "page")},
    }
