"""CASE, COALESCE, GROUP BY, HAVING, ORDER BY and set operations."""

from __future__ import annotations

from typing import Any

from querykit import case, fn, select_from, sql
from tests.corpus.tables import Spelled, person, pet, toy

HIGHEST = fn.max(person.first_name).as_("max_first_name")


def titled(title: Any) -> Any:
    return select_from(person).select(title.as_("title"))


def people(*terms: Any) -> Any:
    return select_from(person).select_all().order_by(*terms)


def or_foo(column: Any) -> Any:
    return fn.coalesce(column, "foo")


def names() -> Any:
    return select_from(person).select(person.id, person.first_name.as_("name"))


def named(source: Any, column: Any = None) -> Any:
    return select_from(source).select(source.id, (source.name if column is None else column).as_("name"))


def by_gender() -> Any:
    return select_from(person).select(person.gender, HIGHEST)


def single_or_unknown() -> Any:
    return (person.marital_status == "single") | (person.marital_status == None)  # noqa: E711 - IS NULL


def named_by_alias() -> Any:
    gender = person.gender.as_("g")
    return select_from(person).select(gender, HIGHEST).group_by(person.gender).order_by(gender)


def all_by_alias() -> Any:
    fn_, mn, ln, g = (
        getattr(person, name).as_(alias)
        for name, alias in (("first_name", "fn"), ("middle_name", "mn"), ("last_name", "ln"), ("gender", "g"))
    )
    return select_from(person).select(fn_, mn, ln, g).order_by(fn_, mn, ln.desc(), g)


def pet_of_the_group() -> Any:
    owned = select_from(pet).select(pet.name).where(person.id == pet.owner_id)
    return select_from(person).select(HIGHEST).group_by(owned).order_by(HIGHEST)


def by_collation(name: str) -> Any:
    return people(person.last_name.collate(name).desc(), person.first_name.collate(name))


def ordered(query: Any) -> Any:
    return query.order_by(person.first_name.as_("name"))


STATEMENTS: dict[str, Spelled] = {
    "v042": lambda: titled(case().when(person.gender == "male", person.first_name)),
    "v043": lambda: titled(case(person.gender).when("male", "Mr.")),
    "v044": lambda: titled(case(person.gender).when("male", "Mr.").when("female", "Mrs.")),
    "v045": lambda: titled(
        case().when(person.gender == "male", "Mr.").when(person.gender == "female", "Mrs.").else_(None)
    ),
    "v046": lambda: titled(
        case(person.gender).when("male", "Mr.").when("female", case().when(single_or_unknown(), "Ms.").else_("Mrs."))
    ),
    "v047": lambda: titled(case().when(person.first_name == person.last_name, "match").else_(person.gender)),
    "v054": lambda: (
        select_from(person)
        .select(fn.coalesce(person.first_name, person.last_name, fn.max(person.last_name), "(N/A)").as_("name"))
        .group_by(person.first_name, person.last_name)
    ),
    "v077": lambda: by_gender().group_by(person.gender).order_by(person.gender),
    "v078": named_by_alias,
    "v079": lambda: by_gender().group_by(person.gender, person.id).order_by(person.gender),
    "v080": lambda: by_gender().group_by(person.gender).order_by(person.gender.asc()),
    "v081": lambda: by_gender().group_by(sql("person.gender")).order_by(person.gender.asc()),
    "v082": pet_of_the_group,
    "v090": lambda: (
        select_from(person)
        .inner_join(pet, pet.owner_id == person.id)
        .select(person.id, fn.count(pet.id).as_("num_pets"))
        .group_by(person.id)
        .having(fn.count(pet.id) > 1)
    ),
    "v138": lambda: people(person.first_name, person.last_name.desc()),
    "v139": all_by_alias,
    "v140": lambda: people(
        or_foo(person.first_name).asc(),
        or_foo(person.last_name),
        or_foo(person.gender),
        or_foo(person.middle_name).desc(),
    ),
    "v141": lambda: people(or_foo(person.first_name).asc()),
    "v142": lambda: people(person.last_name.desc(nulls="first"), person.first_name.asc(nulls="first")),
    "v143": lambda: people(person.last_name.desc(nulls="last"), person.first_name.asc(nulls="last")),
    "v144": lambda: {
        "postgres": by_collation("pg_c_utf8"),
        "mysql": by_collation("utf8mb4_general_ci"),
        "mariadb": by_collation("utf8mb4_general_ci"),
        "sqlite": by_collation("nocase"),
    },
    "v247": lambda: ordered(names().union(named(pet)).union(named(pet, pet.species))),
    "v248": lambda: ordered(names().union(named(pet).union(named(toy)))),
    "v249": lambda: ordered(names().union_all(named(pet))),
    "v250": lambda: ordered(names().union_all(named(pet)).union(named(toy))),
    "v251": lambda: ordered(names().except_(named(pet))),
    "v252": lambda: ordered(names().intersect_all(named(pet))),
    "v253": lambda: ordered(names().except_all(named(pet))),
}
