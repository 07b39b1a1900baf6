"""Decoders of the JSON of a page, as PostgreSQL sends it: a text for each person's pets.

All but the standard library's are told the types once, where they take them. How each
decoder reads integers beyond 64 bits and decimals is in docs/values.md.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypedDict

import msgspec
import orjson
import pydantic

from bench.measure.work import Contenders, Work
from bench.readers import querykit

PEOPLE, PETS, TOYS = 100, 5, 2


class ToyDict(TypedDict):
    id: int
    name: str
    price: int


class PetDict(TypedDict):
    id: int
    name: str
    species: str
    toys: list[ToyDict]


@dataclass
class ToyData:
    id: int
    name: str
    price: int


@dataclass
class PetData:
    id: int
    name: str
    species: str
    toys: list[ToyData]


class ToyModel(pydantic.BaseModel):
    id: int
    name: str
    price: int


class PetModel(pydantic.BaseModel):
    id: int
    name: str
    species: str
    toys: list[ToyModel]


class ToyArray(msgspec.Struct, array_like=True, gc=False):
    id: int
    name: str
    price: int


class PetArray(msgspec.Struct, array_like=True, gc=False):
    id: int
    name: str
    species: str
    toys: list[ToyArray]


def _pets(person: int) -> list[dict[str, Any]]:
    pets = range(person * PETS, person * PETS + PETS)
    return [{"id": n, "name": f"Pet {n}", "species": "cat", "toys": _toys(n)} for n in pets]


def _toys(pet: int) -> list[dict[str, Any]]:
    return [{"id": n, "name": f"Toy {n}", "price": n % 50} for n in range(pet * TOYS, pet * TOYS + TOYS)]


OBJECTS = [json.dumps(_pets(person), separators=(",", ":")) for person in range(PEOPLE)]
ARRAYS = [
    json.dumps([[*list(pet.values())[:3], [list(toy.values()) for toy in pet["toys"]]] for pet in _pets(person)])
    for person in range(PEOPLE)
]


def page(decode: Callable[[str], Any], texts: list[str]) -> dict[str, Work]:
    def run(_: int, __: int) -> list[Any]:
        return [decode(text) for text in texts]

    return {"page": Work(run, plain)}


def plain(pages: list[Any]) -> Any:
    """What every decoder found, as dicts."""
    if isinstance(pages[0][0], pydantic.BaseModel):
        return [[pet.model_dump() for pet in pets] for pets in pages]
    if isinstance(pages[0][0], PetArray):
        return [[_as_dict(pet) | {"toys": [_as_dict(toy) for toy in pet.toys]} for pet in pets] for pets in pages]
    return msgspec.to_builtins(pages)


def _as_dict(struct: msgspec.Struct) -> dict[str, Any]:
    return {name: getattr(struct, name) for name in struct.__struct_fields__}


async def opened(_: str) -> Contenders:
    typed = {
        "msgspec, TypedDicts": list[PetDict],
        "msgspec, dataclasses": list[PetData],
        "msgspec, Structs": list[querykit.Pet],
    }
    return {
        "orjson": page(orjson.loads, OBJECTS),
        "msgspec, dicts": page(msgspec.json.Decoder().decode, OBJECTS),
        **{name: page(msgspec.json.Decoder(kind).decode, OBJECTS) for name, kind in typed.items()},
        "msgspec, Structs out of arrays": page(msgspec.json.Decoder(list[PetArray]).decode, ARRAYS),
        "pydantic, models": page(pydantic.TypeAdapter(list[PetModel]).validate_json, OBJECTS),
        "json, dicts": page(json.loads, OBJECTS),
    }
