"""The nested query, built and compiled each time, through plugins about tables and without."""

from __future__ import annotations

from collections.abc import Callable

from bench.measure.work import Contenders, Work
from bench.tenants import PLUGINS, SECURED, TENANT, WITHOUT, WRITTEN, conditions, nested_query
from querykit import CompiledQuery
from querykit.builder.operands import Parameter
from querykit.dialects.postgres import dialect
from querykit.plugins.chain import PluginChain


def nested(key: int, _: int) -> CompiledQuery:
    compiled: CompiledQuery = nested_query(key).compile(dialect)
    return compiled


def by_hand(key: int, _: int) -> CompiledQuery:
    compiled: CompiledQuery = nested_query(key, conditions).compile(dialect)
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
        WRITTEN: by_hand,
        SECURED: through(PluginChain(PLUGINS)),
    }
    return {name: {"nested": Work(each, plain)} for name, each in made.items()}
