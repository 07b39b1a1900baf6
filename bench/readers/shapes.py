"""Nested reads in shapes of SQL that querykit does not write; `bench.shapes` tells of them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import orjson

from bench.measure.work import Contenders, Work
from bench.readers.by_hand import OPENING, Bare, Rows, as_dicts

PEOPLE = "SELECT p.id, p.first_name, p.birth_year,"

NATIVE = f"""{PEOPLE} ARRAY(
  SELECT ROW(b.id, b.name, b.species, ARRAY(
    SELECT ROW(t.id, t.name, t.price) FROM toy t WHERE t.pet_id = b.id ORDER BY t.id))
  FROM pet b WHERE b.owner_id = p.id ORDER BY b.id),
  (SELECT ROW(m.id, m.first_name) FROM person m WHERE m.id = p.mother_id)
FROM person p"""


def grouped(listed: Callable[[str, str], str], row: Callable[..., str]) -> str:
    """Lists that are made for whole tables, by what makes a list in an order, and a row of keys and values."""
    toys = listed(row("id", "t.id", "name", "t.name", "price", "t.price"), "t.id")
    pets = listed(
        row("id", "b.id", "name", "b.name", "species", "b.species", "toys", "COALESCE(h.found, '[]')"), "b.id"
    )
    mother = row("id", "m.id", "first_name", "m.first_name")
    return f"""{PEOPLE} COALESCE(g.found, '[]'), CASE WHEN m.id IS NOT NULL THEN {mother} END
FROM person p LEFT JOIN person m ON m.id = p.mother_id LEFT JOIN (
  SELECT b.owner_id, {pets} AS found FROM pet b LEFT JOIN (
    SELECT t.pet_id, {toys} AS found FROM toy t GROUP BY t.pet_id) h ON h.pet_id = b.id
  GROUP BY b.owner_id) g ON g.owner_id = p.id"""


def on_postgres() -> str:
    def listed(row: str, key: str) -> str:
        return f"json_agg({row} ORDER BY {key})"

    def row(*pairs: str) -> str:
        parts = [f"'{key}', {value}" for key, value in zip(pairs[::2], pairs[1::2], strict=True)]
        return f"json_build_object({', '.join(parts)})"

    return grouped(listed, row)


def on_mysql() -> str:
    """As text, for JSON_ARRAYAGG has no order there."""

    def listed(row: str, key: str) -> str:
        return f"CONCAT('[', GROUP_CONCAT({row} ORDER BY {key} SEPARATOR ','), ']')"

    def row(*pairs: str) -> str:
        parts: list[str] = []
        for key, value in zip(pairs[::2], pairs[1::2], strict=True):
            is_text = key in {"name", "species", "first_name"}
            parts += [f"""'{"," if parts else "{"}"{key}":'""", f"JSON_QUOTE({value})" if is_text else value]
        return f"CONCAT({', '.join(parts)}, '}}')"

    return grouped(listed, row)


def of_records(rows: Rows) -> list[dict[str, Any]]:
    return [
        {
            "id": key,
            "first_name": name,
            "birth_year": year,
            "pets": [
                {
                    "id": pet,
                    "name": pets_name,
                    "species": species,
                    "toys": [{"id": toy, "name": toys_name, "price": price} for toy, toys_name, price in toys],
                }
                for pet, pets_name, species, toys in pets
            ],
            "mother": None if mother is None else {"id": mother[0], "first_name": mother[1]},
        }
        for key, name, year, pets, mother in rows
    ]


def reads(bare: Bare, people: str, marks: tuple[str, str], read: Callable[[Rows], list[Any]]) -> dict[str, Work]:
    async def page(key: int, count: int) -> Any:
        return read(await bare.fetch(f"{people} WHERE p.id > {marks[0]} ORDER BY p.id LIMIT {marks[1]}", key, count))

    async def every(_: int, __: int) -> Any:
        return read(await bare.fetch(f"{people} ORDER BY p.id"))

    return {"page": Work(page), "every": Work(every)}


async def opened(url: str) -> Contenders:
    scheme = urlsplit(url).scheme
    bare = await OPENING[scheme](url)
    decode = partial(as_dicts, orjson.loads)
    if scheme == "postgresql":
        marks = ("$1", "$2")
        return {
            "native arrays": reads(bare, NATIVE, marks, of_records),
            "grouped": reads(bare, on_postgres(), marks, decode),
        }
    await bare.fetch("SET SESSION group_concat_max_len = 1073740800")
    return {"grouped": reads(bare, on_mysql(), ("%s", "%s"), decode)}
