"""Aggregates, as such and over windows."""

from __future__ import annotations

from typing import Any

from querykit import fn, select_from
from tests.corpus.tables import Spelled, person, pet, toy

FIRST_NAME = {"partition_by": person.first_name}
NAMES = [person.last_name, person.first_name]
NAMES_DOWN = [person.last_name.desc(), person.first_name.desc()]


def twice(name: str, one: Any, other: Any = None) -> Any:
    """The same value under two names, as the corpus has most of them."""
    again = one if other is None else other
    return select_from(person).select(one.as_(name), again.as_(f"another_{name}"))


def female() -> Any:
    return person.gender == "female"


def female_or_named() -> Any:
    return female() | (person.middle_name != None)  # noqa: E711 - IS NOT NULL


def named() -> Any:
    return person.middle_name != None  # noqa: E711 - IS NOT NULL


def children() -> Any:
    return select_from(person).select(person.children).group_by(person.children)


STATEMENTS: dict[str, Spelled] = {
    "v000": lambda: twice("avg", fn.avg(person.id).over(**FIRST_NAME)),
    "v001": lambda: children().having(fn.avg(person.children) >= 3),
    "v002": lambda: twice("avg", fn.avg(person.id).filter_where(female(), named())),
    "v003": lambda: twice("avg", fn.avg(person.id).filter_where(female()).over()),
    "v004": lambda: twice("count", fn.count(person.id).over()),
    "v005": lambda: twice("count", fn.count(person.id).over(**FIRST_NAME)),
    "v006": lambda: twice(
        "count", fn.count(person.id).over(order_by=NAMES), fn.count(person.id).over(order_by=NAMES_DOWN)
    ),
    "v007": lambda: twice(
        "count",
        fn.count(person.id).over(partition_by=person.gender, order_by=NAMES),
        fn.count(person.id).over(partition_by=person.gender, order_by=NAMES_DOWN),
    ),
    "v008": lambda: children().having(fn.count(person.children) >= 3),
    "v009": lambda: children().order_by(fn.count(person.children).desc()),
    "v010": lambda: twice("count", fn.count(person.id).filter_where(female(), named())),
    "v011": lambda: twice("count", fn.count(person.id).filter_where(female_or_named())),
    "v012": lambda: twice("count", fn.count()).inner_join(pet, pet.owner_id == person.id),
    "v013": lambda: twice("count", fn.count().over()),
    "v014": lambda: twice("count", fn.count().filter_where(female())),
    "v015": lambda: twice("max", fn.max(person.id)),
    "v016": lambda: twice("max", fn.max(person.id).distinct()),
    "v017": lambda: twice("max", fn.max(person.id).over()),
    "v018": lambda: twice("max", fn.max(person.id).over(order_by=NAMES), fn.max(person.id).over(order_by=NAMES_DOWN)),
    "v019": lambda: children().order_by(fn.max(person.children).desc()),
    "v020": lambda: twice("max", fn.max(person.id)),
    "v021": lambda: twice("max", fn.max(person.id).filter_where(female_or_named())),
    "v022": lambda: twice("min", fn.min(person.id)),
    "v023": lambda: twice("min", fn.min(person.id).distinct()),
    "v024": lambda: twice("min", fn.min(person.id).over(**FIRST_NAME)),
    "v025": lambda: twice("min", fn.min(person.id).over(order_by=NAMES), fn.min(person.id).over(order_by=NAMES_DOWN)),
    "v026": lambda: children().having(fn.min(person.children) >= 3),
    "v027": lambda: children().order_by(fn.min(person.children).desc()),
    "v028": lambda: twice("min", fn.min(person.id)),
    "v029": lambda: twice("min", fn.min(person.id).filter_where(female_or_named())),
    "v030": lambda: twice("min", fn.min(person.id).filter_where(female()).over()),
    "v031": lambda: twice("sum", fn.sum(person.id).over(order_by=NAMES), fn.sum(person.id).over(order_by=NAMES_DOWN)),
    "v032": lambda: twice(
        "sum",
        fn.sum(person.id).over(partition_by=person.gender, order_by=NAMES),
        fn.sum(person.id).over(partition_by=person.gender, order_by=NAMES_DOWN),
    ),
    "v033": lambda: children().having(fn.sum(person.children) >= 3),
    "v034": lambda: twice("sum", fn.sum(person.id).filter_where(female(), named())),
    "v035": lambda: twice("sum", fn.sum(person.id).filter_where(female()).over()),
    "v036": lambda: select_from(toy).select(fn.percentile_cont(0.5).within_group(toy.price).as_("median_price")),
    "v037": lambda: select_from(person).select(
        fn.string_agg(person.first_name).order_by(person.first_name.desc()).as_("first_names")
    ),
}
