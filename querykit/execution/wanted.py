"""What a statement is run for, and running it for that on a connection."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from querykit.errors import QueryTimeoutError

if TYPE_CHECKING:
    import asyncio

    from querykit.builder.compiled import CompiledQuery
    from querykit.dialects.driver import Connection, DriverResult

Wanted = Literal["rows", "described rows", "effect", "many", "copy"]
"""What a statement is run for: rows of known columns, rows whose columns only the database knows, or what it does; once
for each of many sets of arguments; or to carry rows."""


async def run_on(
    connection: Connection, compiled: CompiledQuery, wanted: Wanted, arguments: tuple[Any, ...]
) -> DriverResult:
    """Run a statement on a connection for what is wanted of it."""
    if wanted == "rows":
        return await connection.fetch(compiled.sql, arguments)
    if wanted == "many":
        return await connection.execute_many(compiled.sql, arguments)
    if wanted == "copy":
        return await connection.copy(compiled, arguments)
    if wanted == "effect":
        return await connection.execute(compiled.sql, arguments)
    return await connection.fetch_described(compiled.sql, arguments)


def timed_out(compiled: CompiledQuery, limit: float | None, timer: asyncio.Timeout) -> BaseException:
    """The error for a statement that ran out of time, or that of somebody else's timer."""
    if not timer.expired():
        return TimeoutError()
    return QueryTimeoutError(
        f"the statement did not end within {limit:g} s, and was stopped\nSQL: {compiled.sql}", sql=compiled.sql
    )
