"""Running an INSERT that is too much for one statement as several, all of them or none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from querykit.builder.compiled import LateValue
from querykit.builder.insert import Insert
from querykit.dialects.driver import DriverResult

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from querykit.builder.compiled import CompiledQuery
    from querykit.builder.statement import Statement
    from querykit.dialects.base import Dialect
    from querykit.dialects.driver import Wanted
    from querykit.execution.plugged import Through
    from querykit.execution.runner import Runner


def parts_of(statement: Statement[Any, Any], dialect: Dialect) -> Sequence[Statement[Any, Any]]:
    """The statements to run in place of one, or none if it is run as it is."""
    if not isinstance(statement, Insert):
        return ()
    parts = dialect.parts(statement)
    return parts if len(parts) > 1 else ()


async def run_parts(
    parts: Sequence[Statement[Any, Any]],
    runner: Runner,
    wanted: Wanted,
    parameters: Mapping[str, object] | None,
    timeout: float | None,
    *,
    through: Through | None = None,
) -> tuple[CompiledQuery, Dialect, DriverResult, Through | None]:
    """Run statements in one transaction (a savepoint, where there is one), and put their results together."""
    dialect = runner.dialect
    results: list[DriverResult] = []
    supplied: dict[str, object] = {}  # one time for all parts
    compiled = parts[0].compile(dialect)
    async with runner._together() as transaction:
        for part in parts:
            each = part.compile(dialect)
            named = {item.name for item in each.parameters if isinstance(item, LateValue)}
            given: Any = {name: value for name, value in (parameters or {}).items() if name in named}
            given = given if through is None else through.parameters(each, given, supplied=supplied)
            arguments = each.arguments(given)
            results.append(await transaction._run_through(through, each, wanted, arguments, timeout, parameters=given))
    counts = [each.rows_affected for each in results]
    result = results[-1]._replace(
        rows=[row for each in results for row in each.rows],
        rows_affected=None if None in counts else sum(count or 0 for count in counts),
        is_truncated=next((each.is_truncated for each in results if each.is_truncated is not False), False),
    )
    return compiled, dialect, result, through
