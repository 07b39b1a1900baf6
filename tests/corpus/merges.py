"""MERGE, and its like on one table."""

from __future__ import annotations

from typing import Any

from querykit import fn, merge_into
from tests.corpus.tables import Spelled, camel_person, person, pet

pr, pt = person.as_("pr"), pet.as_("pt")
other_person = camel_person.as_("another_camel_person")


def from_pet(*criteria: Any) -> Any:
    return merge_into(person).using(pet, pet.owner_id == person.id, *criteria)


def inserted(query: Any, *criteria: Any) -> Any:
    names = {"gender": "male", "first_name": "Dingo", "middle_name": "the", "last_name": "Dog"}
    return query.when_not_matched(*criteria).do_insert(names)


def inserted_pet(query: Any) -> Any:
    return query.when_not_matched().do_insert(
        gender="other", first_name=pet.name, middle_name="the", last_name=pet.species
    )


def named_as_its_pet() -> Any:
    return person.first_name == pet.name


def female() -> Any:
    return person.gender == "female"


STATEMENTS: dict[str, Spelled] = {
    "v041": lambda: (
        merge_into(camel_person)
        .using(other_person, camel_person.first_name == other_person.first_name)
        .when_matched()
        .do_update(first_name=fn.concat(other_person.first_name, "2"))
    ),
    "v123": lambda: (
        merge_into(pet)
        .using(person, pet.owner_id == person.id)
        .when_matched()
        .do_update(name=fn.concat(person.first_name, "'s pet"))
        .returning(pet.name.as_("pet_name"), person.first_name.as_("owner_name"))
    ),
    "v124": lambda: from_pet().when_matched().do_delete(),
    "v125": lambda: merge_into(pr).using(pt, pt.owner_id == pr.id).when_matched().do_delete(),
    "v126": lambda: from_pet(pet.name == "Lucky").when_matched().do_delete(),
    "v127": lambda: from_pet().when_matched(female()).do_delete(),
    "v128": lambda: from_pet().when_matched(female(), named_as_its_pet()).do_delete(),
    "v129": lambda: from_pet().when_matched(female() | named_as_its_pet()).do_delete(),
    "v130": lambda: from_pet().when_matched().do_update(first_name=person.last_name, middle_name=pet.name),
    "v131": lambda: from_pet().when_matched().do_update(middle_name=pet.name),
    "v132": lambda: (
        from_pet().when_matched().do_update(first_name=person.last_name, middle_name=pet.name, marital_status="single")
    ),
    "v133": lambda: from_pet().when_not_matched().do_nothing(),
    "v134": lambda: inserted(from_pet(pet.name == "NO_SUCH_PET_NAME")),
    "v135": lambda: inserted_pet(merge_into(person).using(pet, pet.owner_id == None)),  # noqa: E711 - IS NULL
    "v136": lambda: inserted(from_pet(), pet.name == "Dingo", pet.name == pet.name),
    "v137": lambda: inserted_pet(from_pet().when_matched().do_delete()),
}
