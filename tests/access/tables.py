"""The sample's tables, with their relations declared."""

from __future__ import annotations

from querykit import Column, Table, column, references
from querykit.access import belongs_to, has_many, has_one, many_to_many


class Person(Table, name="person"):
    id: Column[int] = column(primary_key=True)
    first_name: Column[str]
    nickname: Column[str | None]
    birth_year: Column[int | None]
    mother_id: Column[int | None] = column(references=references("person"))

    mother = belongs_to(lambda: Person)
    children = has_many(lambda: Person, order_by=lambda child: child.id)
    pets = has_many("Pet", order_by=lambda pet: pet.name)
    cats = has_many("Pet", where=lambda pet: pet.species == "cat")
    toys = many_to_many("Toy", through="Pet", by="owner_id", to="id", target_key="pet_id")
    oldest_pet = has_one("Pet")


class Pet(Table, name="pet"):
    id: Column[int] = column(primary_key=True)
    name: Column[str]
    species: Column[str]
    weight: Column[float | None]
    owner_id: Column[int] = column(references=references("person"))

    owner = belongs_to(Person)
    walker = belongs_to(Person, when=lambda pet: pet.species == "dog")
    toys = has_many("Toy", order_by=lambda toy: toy.id)


class Toy(Table, name="toy"):
    id: Column[int] = column(primary_key=True)
    name: Column[str]
    price: Column[int | None]
    pet_id: Column[int] = column(references=references("pet"))

    pet = belongs_to(Pet)


person, pet, toy = Person(), Pet(), Toy()
