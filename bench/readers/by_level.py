"""Nested reads on a bare aiomysql connection by one query for each level, put together in Python."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import aiomysql

from bench.measure.work import Contenders, Work
from tests.databases import mysql_arguments

PEOPLE = """\
SELECT p.id, p.first_name, p.birth_year, m.id, m.first_name FROM person p LEFT JOIN person m ON m.id = p.mother_id \
WHERE p.id > %s ORDER BY p.id LIMIT %s"""
PETS = "SELECT id, name, species, owner_id FROM pet WHERE owner_id IN %s ORDER BY id"
TOYS = "SELECT id, name, price, pet_id FROM toy WHERE pet_id IN %s ORDER BY id"


async def opened(url: str) -> Contenders:
    connection = await aiomysql.connect(**mysql_arguments(url), autocommit=True)

    async def fetch(text: str, *values: object) -> Sequence[Any]:
        async with connection.cursor() as cursor:
            await cursor.execute(text, values)
            found: Sequence[Any] = await cursor.fetchall()
            return found

    async def page(after: int, count: int) -> list[dict[str, Any]]:
        people = await fetch(PEOPLE, after, count)
        pets = await fetch(PETS, [row[0] for row in people])
        of_pet, of_person = defaultdict(list), defaultdict(list)
        for key, name, price, pet in await fetch(TOYS, [row[0] for row in pets]):
            of_pet[pet].append({"id": key, "name": name, "price": price})
        for key, name, species, owner in pets:
            of_person[owner].append({"id": key, "name": name, "species": species, "toys": of_pet[key]})
        return [
            {
                "id": key,
                "first_name": name,
                "birth_year": year,
                "pets": of_person[key],
                "mother": None if mother is None else {"id": mother, "first_name": mothers_name},
            }
            for key, name, year, mother, mothers_name in people
        ]

    return {"by hand, one query per level": {"page": Work(page)}}
