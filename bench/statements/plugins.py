"""The nested query, built and compiled each time, through plugins about tables and without."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bench.measure.work import Contenders, Work
from bench.statements.querykit import mother, nested, nested_query
from bench.tenants import BY_HAND, PLUGINS, SECURED, TENANT, WITHOUT, conditions
from bench.village import person, pet
from querykit import CompiledQuery, json_array_from, json_object_from, select_from
from querykit.builder.operands import Parameter
from querykit.dialects.postgres import dialect
from querykit.plugins.chain import PluginChain


def by_hand_query(above: Any) -> Any:
    """The nested query with what the plugins ask for in it."""
    return (
        select_from(person)
        .select(
            person.id,
            person.first_name,
            json_array_from(
                select_from(pet)
                .select(pet.id, pet.name)
                .where(*conditions(pet), pet.owner_id == person.id)
                .order_by(pet.name)
            ).as_("pets"),
            json_object_from(
                select_from(mother)
                .select(mother.id, mother.first_name)
                .where(*conditions(mother), mother.id == person.mother_id)
            ).as_("mother"),
        )
        .where(*conditions(person), person.id > above)
        .order_by(person.id)
    )


def by_hand(key: int, _: int) -> CompiledQuery:
    compiled: CompiledQuery = by_hand_query(key).compile(dialect)
    return compiled


def through(chain: PluginChain) -> Callable[[int, int], CompiledQuery]:
    """What a database with these plugins does before it runs a query."""

    def nested(key: int, _: int) -> CompiledQuery:
        return chain.prepare(nested_query(key), dialect).statement.compile(dialect)

    return nested


def plain(compiled: CompiledQuery) -> tuple[str, list[object]]:
    needed = {each.name: TENANT for each in compiled.parameters if isinstance(each, Parameter)}
    return compiled.sql, list(compiled.arguments(needed))


async def opened(_: str) -> Contenders:
    made = {
        "querykit": nested,
        WITHOUT: through(PluginChain(())),
        BY_HAND: by_hand,
        SECURED: through(PluginChain(PLUGINS)),
    }
    return {name: {"nested": Work(each, plain)} for name, each in made.items()}
