"""Joins."""

from __future__ import annotations

from typing import Any

from querykit import exists, not_, select_from
from tests.corpus.tables import Spelled, person, pet, toy

p = pet.as_("p")
owner = person.as_("owner")
same_pet = select_from(p).select(p.id).where(p.id == pet.id, p.owner_id == person.id)


def toys_of_jennifer(query: Any) -> Any:
    return query.select(pet.name.as_("pet_name"), toy.name.as_("toy_name")).where(person.first_name == "Jennifer")


def owned() -> Any:
    return pet.owner_id == person.id


def played() -> Any:
    return toy.pet_id == pet.id


def pet_names() -> Any:
    return select_from(pet).select(pet.name).where(owned()).as_("p")


def left_join_of_a_query() -> Any:
    pets = select_from(pet).select(pet.owner_id.as_("oid"), pet.name).as_("p")
    return select_from(person).left_join(pets, pets.oid == person.id).select_all().order_by(person.first_name)


def cross_join_lateral() -> Any:
    neighbours = (
        select_from(pet)
        .inner_join(owner, owner.id == pet.owner_id)
        .select(pet.name)
        .where(owner.gender == person.gender)
    ).as_("p")
    query = select_from(person).cross_join_lateral(neighbours).select(person.first_name, neighbours.name)
    return query.order_by(person.first_name, neighbours.name)


def lateral(kind: str) -> Any:
    pets = pet_names()
    query = getattr(select_from(person), f"{kind}_join_lateral")(pets)
    return query.select(person.first_name, pets.name).order_by(person.first_name)


STATEMENTS: dict[str, Spelled] = {
    "v096": lambda: toys_of_jennifer(select_from(person).inner_join(pet, owned()).inner_join(toy, played())),
    "v097": lambda: select_from(person).inner_join(pet, exists(same_pet)).select(pet.id),
    "v098": lambda: select_from(person).left_join(pet, owned()).select_all().order_by(person.first_name),
    "v099": left_join_of_a_query,
    "v100": lambda: toys_of_jennifer(select_from(person).left_join(pet, owned()).left_join(toy, played())),
    "v101": lambda: select_from(person).left_join(pet, not_(exists(same_pet))).select(pet.id),
    "v102": lambda: select_from(person).right_join(pet, owned()).select_all().order_by(person.first_name),
    "v103": lambda: lateral("inner"),
    "v104": lambda: lateral("left"),
    "v105": cross_join_lateral,
}
