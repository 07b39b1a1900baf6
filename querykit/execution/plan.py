"""The plan of a statement, and the indexes that it lacks."""

from __future__ import annotations

from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from querykit.builder.correlation import correlated_tables
from querykit.builder.explain import MissingIndex, Plan
from querykit.builder.statement import as_statement

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from querykit.builder.correlation import Correlated
    from querykit.builder.explain import Explain
    from querykit.execution.runner import Runner


async def plan_of(
    explained: Explain, runner: Runner, parameters: Mapping[str, object] | None, timeout: float | None
) -> Plan:
    """Run an EXPLAIN, and warn of each table that nested queries search without an index.

    The catalogue is asked once for each such table; a statement without one costs nothing more.
    """
    plan = Plan(await runner.fetch_all(explained, parameters=parameters, timeout=timeout))
    searched = correlated_tables(runner._prepared(explained)[0])
    plan.warnings = tuple([each for one in searched if (each := await _missing(one, runner, timeout))])
    return plan


async def _missing(searched: Correlated, runner: Runner, timeout: float | None) -> MissingIndex | None:
    """What a table lacks. The catalogue is asked past the plugins, which know the program's tables alone."""
    dialect, table, columns = runner.dialect, searched.table, searched.columns
    compiled = as_statement(dialect.indexes(table)).compile(dialect)
    rows = (await runner._run_in_time(compiled, "rows", compiled.arguments(None), timeout)).rows
    if not rows or _has_index(searched, rows):
        return None
    return MissingIndex(table._name, columns, dialect.compiler.index_for(table, columns))


def _has_index(searched: Correlated, rows: Sequence[Sequence[Any]]) -> bool:
    """Whether one of the indexes, each row of which is a column, finds what is searched for."""
    return any(
        searched.is_found_by([str(column or "") for _, column, *_ in index])
        for _, index in groupby(rows, itemgetter(0))
    )
