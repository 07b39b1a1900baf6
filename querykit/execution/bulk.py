"""Many rows at once: one statement with many sets of values, and COPY."""

from __future__ import annotations

from collections.abc import AsyncIterable, Mapping
from itertools import islice
from operator import is_, itemgetter
from typing import TYPE_CHECKING, Any

from pypika.terms import Term

from querykit.builder.compiled import CompiledQuery, ExecuteResult
from querykit.builder.creator import insert_into
from querykit.builder.write import with_columns
from querykit.errors import BuildError, UsageError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable, Sequence

    from querykit.builder.insert import Insert
    from querykit.builder.statement import Statement
    from querykit.builder.tables import Table
    from querykit.dialects.base import Dialect
    from querykit.execution.runner import Runner

SETS_AT_ONCE = 1000
"""How many sets of values go to the driver in one call, between which other tasks get their turn."""
RECORDS_AT_ONCE = 10_000
"""How many rows one COPY carries: what is held in memory of an endless supply."""


async def run_many(
    runner: Runner,
    statement: Statement[Any, Any],
    sets: Iterable[Mapping[str, object]] | AsyncIterable[Mapping[str, object]],
    timeout: float | None,
) -> ExecuteResult:
    """Run a write once for each set of values, all of them or none.

    Raises:
        UsageError: the statement gives rows, which would be lost.
    """
    if statement.returns_rows or not statement.is_write:
        raise UsageError("execute_many() is for writes without returning(…): what they give back would be lost")
    statement, through = runner._prepared(statement)
    compiled = statement.compile(runner.dialect)
    count: int | None = 0
    async with runner._together() as transaction:
        async for chunk in _chunks(sets, SETS_AT_ONCE):
            if through is not None:
                chunk = [through.parameters(compiled, each) for each in chunk]  # noqa: PLW2901 - the same, in full
            arguments = tuple([compiled.arguments(each) for each in chunk])
            result = await transaction._run_through(
                through, compiled, "many", arguments, timeout, parameters=tuple(chunk)
            )
            count = None if count is None or result.rows_affected is None else count + result.rows_affected
    return ExecuteResult(count, None)


async def copy_rows(
    runner: Runner,
    table: Table,
    records: Iterable[Any] | AsyncIterable[Any],
    columns: Sequence[Any],
    timeout: float | None,
) -> ExecuteResult:
    """Send rows by COPY, all of them or none."""
    dialect = runner.dialect
    start: Insert[Any, Any] = insert_into(table)
    if columns:
        start = start.columns(*columns)
    count, is_known = 0, False
    async with runner._together() as transaction:
        async for chunk in _chunks(records, RECORDS_AT_ONCE):
            insert = start.values(*chunk)
            if not is_known:
                start, is_known = insert.with_part("rows", ()), True
            elif insert.targets != start.targets:
                raise BuildError("copy_into() takes rows that all have the same columns")
            prepared: Any
            prepared, through = runner._prepared(insert.with_part("is_copied", True))
            # rows that came through the checks as they are hold nothing but values of their columns' types
            is_plain = prepared.rows is insert.rows and all(map(is_, insert.rows, chunk))
            compiled = _copying(prepared, dialect)
            rows: Any = _adapted_rows(prepared, dialect, is_plain=is_plain)
            result = await transaction._run_through(through, compiled, "copy", rows, timeout)
            count += result.rows_affected or 0
    return ExecuteResult(count, None)


def _copying(insert: Insert[Any, Any], dialect: Dialect) -> CompiledQuery:
    table = insert.table
    names = [name for name in (table._schema, table._name) if name is not None]
    columns = ", ".join([_quoted(each.column_name) for each in insert.targets])
    return CompiledQuery(f"COPY {'.'.join(map(_quoted, names))} ({columns}) FROM STDIN", (), dialect.name, insert)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _adapted_rows(insert: Insert[Any, Any], dialect: Dialect, *, is_plain: bool) -> Sequence[tuple[object, ...]]:
    """The rows as the driver takes them, column by column; most columns it takes as they are."""
    adapters = dialect.values.adapters
    changed: dict[int, list[Any]] = {}
    for place, target in enumerate(insert.targets):
        value_of = itemgetter(place)
        if not is_plain and any(issubclass(kind, Term) for kind in set(map(type, map(value_of, insert.rows)))):
            raise BuildError(f"copy_into() takes values for every column, not expressions or defaults ({target.name})")
        adapt: Callable[[Any], object] | None
        if target.value_type is None:
            changed[place] = [dialect.values.adapted(value) for value in map(value_of, insert.rows)]
        elif (adapt := adapters[target.value_type]) is not None:
            changed[place] = [None if value is None else adapt(value) for value in map(value_of, insert.rows)]
    return with_columns(insert.rows, changed) if changed else insert.rows


async def _chunks(rows: Iterable[Any] | AsyncIterable[Any], size: int) -> AsyncIterator[list[Any]]:
    if isinstance(rows, AsyncIterable):
        chunk: list[Any] = []
        async for row in rows:
            chunk.append(row)
            if len(chunk) == size:
                yield chunk
                chunk = []
        if chunk:
            yield chunk
        return
    if isinstance(rows, Mapping | str | bytes):
        raise BuildError(f"an iterable of rows is expected, not one {type(rows).__name__}")
    remaining = iter(rows)
    while chunk := list(islice(remaining, size)):
        yield chunk
