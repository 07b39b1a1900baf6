"""What a statement is run for, and running it for that on a connection."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from querykit.errors import QueryTimeoutError

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Coroutine

    from querykit.builder.compiled import CompiledQuery
    from querykit.dialects.driver import Connection, DriverResult, Wanted


def run_on(
    connection: Connection, compiled: CompiledQuery, wanted: Wanted, arguments: tuple[Any, ...]
) -> Coroutine[Any, Any, DriverResult]:
    """Run a statement on a connection for what is wanted of it."""
    if wanted == "rows":
        return connection.fetch(compiled, arguments)
    if wanted == "many":
        return connection.execute_many(compiled, arguments)
    if wanted == "copy":
        return connection.copy(compiled, arguments)
    if wanted == "effect":
        return connection.execute(compiled, arguments)
    return connection.fetch_described(compiled, arguments)


def timed_out(compiled: CompiledQuery, limit: float | None, timer: asyncio.Timeout) -> BaseException:
    """The error for a statement that ran out of time, or that of somebody else's timer."""
    if not timer.expired():
        return TimeoutError()
    return QueryTimeoutError(
        f"the statement did not end within {limit:g} s, and was stopped\nSQL: {compiled.sql}", sql=compiled.sql
    )
