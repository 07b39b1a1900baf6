"""What people are that came as objects of an ORM, as dicts."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any


def plain_person(person: Any, listed: Callable[[Any], Iterable[Any]] = iter) -> dict[str, Any]:
    """A person; `listed` gives the objects of a relation."""
    return {
        "id": person.id,
        "first_name": person.first_name,
        "birth_year": person.birth_year,
        "pets": [
            {
                "id": pet.id,
                "name": pet.name,
                "species": pet.species,
                "toys": [{"id": toy.id, "name": toy.name, "price": toy.price} for toy in listed(pet.toys)],
            }
            for pet in listed(person.pets)
        ],
        "mother": person.mother and {"id": person.mother.id, "first_name": person.mother.first_name},
    }


def plain_people(people: Iterable[Any], listed: Callable[[Any], Iterable[Any]] = iter) -> list[dict[str, Any]]:
    return [plain_person(person, listed) for person in people]
