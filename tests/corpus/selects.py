"""SELECT, its conditions, locks and limits, and common tables."""

from __future__ import annotations

from typing import Any

from querykit import and_, case, cte, fn, or_, select, select_from, sql, with_
from tests.corpus.tables import Spelled, person, pet

own_pet = select_from(pet).select(pet.name).where(person.id == pet.owner_id).as_("pet_name")


def jennifer(*columns: Any) -> Any:
    return select_from(person).select(*columns).where(person.first_name == "Jennifer")


def people(*criteria: Any) -> Any:
    query = select_from(person).select_all()
    return query.where(*criteria) if criteria else query


def full_name() -> Any:
    return fn.concat(sql("first_name"), " ", sql("last_name")).as_("full_name")


def of_three_sources() -> Any:
    p = select_from(pet).select(pet.owner_id, pet.species).as_("p")
    o = select(sql("1").as_("one")).as_("o")
    query = select_from(person, p, o).select(person.last_name, p.species.as_("pet_species"), o.one)
    return query.where(p.owner_id == person.id, person.first_name == "Jennifer")


def arnold() -> Any:
    found = cte(
        "arnold",
        select_from(person).select(person.id, person.first_name).where(person.first_name == "Arnold"),
        columns=("id", "first_name"),
    )
    return with_(found).select_from(found).select_all()


def names_once() -> Any:
    found = cte("person_name", select_from(person).select(person.first_name), materialized=True)
    return with_(found).select_from(found).select(found.first_name).order_by(found.first_name)


STATEMENTS: dict[str, Spelled] = {
    "v228": lambda: jennifer(person.last_name.as_("ln")),
    "v229": lambda: jennifer(person.last_name.as_("ln")),
    "v230": lambda: jennifer(own_pet),
    "v231": lambda: select_from(person).select(
        fn.count(case().when(person.first_name == "Jennifer", 1)).as_("num_jennifers")
    ),
    "v232": lambda: jennifer(
        person.first_name, person.last_name.as_("ln"), person.gender, person.first_name.as_("fn"), full_name(), own_pet
    ),
    "v233": lambda: (
        select_from(person, pet)
        .select(person.last_name, pet.name.as_("pet_name"))
        .where(pet.owner_id == person.id, person.first_name == "Jennifer")
    ),
    "v234": of_three_sources,
    "v235": lambda: select_from(person).select(person.gender).distinct().order_by(person.gender),
    "v236": lambda: jennifer(person.last_name).for_update(),
    "v237": lambda: jennifer(person.last_name).for_update(skip_locked=True),
    "v238": lambda: (
        select_from(person)
        .distinct_on(person.gender)
        .select(person.first_name)
        .order_by(person.gender, person.last_name)
    ),
    "v239": lambda: select_from(person).distinct_on(sql("gender::text")).select(person.first_name, person.last_name),
    "v240": lambda: people().for_share(),
    "v241": lambda: people().for_key_share(),
    "v242": lambda: people().for_update(skip_locked=True),
    "v243": lambda: select_from(person).select(
        fn.max(person.first_name).as_("max_first_name"), fn.min(person.first_name).as_("min_first_name")
    ),
    "v244": lambda: select_from(person).select(person.first_name).limit(2).offset(1),
    "v245": lambda: select_from(person).select(person.first_name).limit(2).offset(1),
    "v246": lambda: (
        select_from(person).select(person.first_name).order_by(person.first_name).limit(2, with_ties=True).offset(1)
    ),
    "v267": lambda: people(person.first_name == "Arnold"),
    "v268": lambda: people(person.last_name != None),  # noqa: E711 - IS NOT NULL
    "v269": lambda: people(person.last_name == None),  # noqa: E711 - IS NULL
    "v270": lambda: people(sql("person.first_name = {}", "Arnold")),
    "v271": lambda: people(person.first_name.is_in(["Arnold", "Jennifer"])).order_by(person.first_name.desc()),
    "v272": lambda: people(
        or_(
            and_(person.first_name == "Jennifer", person.last_name == "Aniston"),
            and_(person.first_name == "Sylvester", person.last_name == "Stallone"),
        )
    ).order_by(person.first_name.asc()),
    "v273": lambda: people(person.first_name == "Arnold", person.last_name == "Schwarzenegger"),
    "v274": lambda: people(and_(person.first_name == "Jennifer", fn.upper(person.last_name) == "ANISTON")),
    "v275": lambda: people(and_(person.first_name == "Jennifer", person.last_name == fn.upper(person.first_name))),
    "v276": lambda: people(person.first_name.between("Arnold", "Jennifer"), person.last_name.between("A", "Z")),
    "v277": lambda: select_from(person, pet).select_all().where(person.id == pet.id),
    "v292": arnold,
    "v293": names_once,
}
