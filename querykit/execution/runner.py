"""Running statements: the methods that a database, a connection and a transaction have in common."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from querykit.builder.compiled import ExecuteResult
from querykit.builder.explain import explained
from querykit.builder.json_result import compiled_as_json
from querykit.builder.notifications import pg_notify
from querykit.builder.operands import Value
from querykit.builder.prepared import PreparedQuery
from querykit.builder.query import Query
from querykit.builder.statement import Statement, as_statement
from querykit.errors import BuildError, MultipleResultsError, NoResultError, UsageError
from querykit.execution.bulk import copy_rows, run_many
from querykit.execution.call import RunningCall, Sent
from querykit.execution.handle import Handle
from querykit.execution.json_bytes import json_bytes
from querykit.execution.options import checked_timeout
from querykit.execution.parts import parts_of, run_parts
from querykit.execution.plan import plan_of
from querykit.execution.result import decode_column, decode_rows
from querykit.execution.stream import RowStream
from querykit.execution.wanted import timed_out

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterable, Coroutine, Iterable, Mapping, Sequence

    from pypika.queries import QueryBuilder
    from typing_extensions import TypeVar

    from querykit.builder.compiled import CompiledQuery
    from querykit.builder.executor import Executor
    from querykit.builder.explain import Plan
    from querykit.builder.json_result import Decimals
    from querykit.builder.raw import Fragment
    from querykit.builder.tables import Table
    from querykit.dialects.base import Dialect
    from querykit.dialects.driver import DriverResult, Wanted
    from querykit.execution.plugged import Through

    Convertible = Fragment[Any] | QueryBuilder
    """What becomes a statement when it is run. Its rows are dicts: so the defaults of these."""
    RowT = TypeVar("RowT", default=dict[str, Any])
    ValueT = TypeVar("ValueT", default=Any)


class Runner(Handle):
    """Runs statements, and starts ones that are bound to it."""

    @property
    def _executor(self) -> Executor | None:  # type: ignore[override]  # as an attribute it would be a cycle of references
        return self

    def prepare(
        self, query: Statement[RowT, ValueT] | Convertible, *, timeout: float | None = None
    ) -> PreparedQuery[RowT, ValueT]:
        """A statement that is compiled once, and run here with values for its parameters; see `Statement.prepare`.

        Args:
            query: A statement, raw ``sql(…)`` or a PyPika query.
            timeout: Seconds after which each run is stopped; None takes the default of what it runs on.
        """
        return PreparedQuery(as_statement(query), self, timeout)

    # -- reading ------------------------------------------------------------------------------------------------------

    async def fetch_all(
        self,
        query: Statement[RowT, Any] | Convertible,
        *,
        parameters: Mapping[str, object] | None = None,
        timeout: float | None = None,
    ) -> list[RowT]:
        """Every row of a query.

        Args:
            query: A statement, raw ``sql(…)`` or a PyPika query.
            parameters: Values for its named parameters.
            timeout: Seconds after which it is stopped; None takes the database's default.

        Raises:
            QueryTimeoutError: it ran out of time.
            DatabaseError: what else went wrong at the server, by its kind.
        """
        return decode_rows(*await self._fetch(query, parameters, timeout))

    async def fetch_one(
        self,
        query: Statement[RowT, Any] | Convertible,
        *,
        parameters: Mapping[str, object] | None = None,
        timeout: float | None = None,
    ) -> RowT:
        """The only row of a query.

        Raises:
            NoResultError: there is none.
            MultipleResultsError: there is a second one.
        """
        rows: list[RowT] = decode_rows(*await self._fetch(query, parameters, timeout))
        return _only(rows)

    async def fetch_one_or_none(
        self,
        query: Statement[RowT, Any] | Convertible,
        *,
        parameters: Mapping[str, object] | None = None,
        timeout: float | None = None,
    ) -> RowT | None:
        """The only row of a query, or None where there is none.

        Raises:
            MultipleResultsError: there is a second one.
        """
        rows: list[RowT] = decode_rows(*await self._fetch(query, parameters, timeout))
        return _only(rows) if rows else None

    async def fetch_first(
        self,
        query: Statement[RowT, Any] | Convertible,
        *,
        parameters: Mapping[str, object] | None = None,
        timeout: float | None = None,
    ) -> RowT | None:
        """The first row of a query, or None where there is none. A select is run with ``LIMIT 1``."""
        statement = as_statement(query)
        if isinstance(statement, Query) and _may_give_more_than_one(statement):
            statement = statement.limited_to_one()
        rows: list[RowT] = decode_rows(*await self._fetch(statement, parameters, timeout))
        return rows[0] if rows else None

    async def fetch_value(
        self,
        query: Statement[Any, ValueT] | Convertible,
        *,
        parameters: Mapping[str, object] | None = None,
        timeout: float | None = None,
    ) -> ValueT:
        """The value of the only column of the only row of a query.

        Raises:
            NoResultError: there is no row.
            MultipleResultsError: there is a second row.
            BuildError: the query has more than one column.
        """
        return _only(await self.fetch_column(query, parameters=parameters, timeout=timeout))

    async def fetch_column(
        self,
        query: Statement[Any, ValueT] | Convertible,
        *,
        parameters: Mapping[str, object] | None = None,
        timeout: float | None = None,
    ) -> list[ValueT]:
        """The values of the only column of a query.

        Raises:
            BuildError: the query has more than one column.
        """
        statement = as_statement(query)
        is_plain = not statement.is_write and self._plugged is None and not statement.plugins
        columns = statement.compile(self.dialect).columns if is_plain else statement.output_columns()
        if columns is not None and len(columns) != 1:
            names = ", ".join([repr(column.name) for column in columns])
            raise BuildError(f"a query with exactly one column is expected; this one has {len(columns)}: {names}")
        return decode_column(*await self._fetch(statement, parameters, timeout))

    async def fetch_json(
        self,
        query: Statement[Any, Any] | Convertible,
        *,
        decimals: Decimals = "string",
        parameters: Mapping[str, object] | None = None,
        timeout: float | None = None,
    ) -> bytes:
        """The whole result as a JSON array, composed by the database; see `Statement.fetch_json`.

        Raises:
            TruncatedResultError: the server cut a nested list.
            DecodeError: a value has no form in JSON, or is not of its column's type.
        """
        statement = as_statement(query)
        _refuse_without_rows(statement)
        statement, through = self._prepared(statement)
        if statement.is_write and parts_of(statement, self.dialect):
            raise UsageError(
                "fetch_json() runs one statement, and this INSERT takes several: insert fewer rows, of equal columns"
            )
        compiled = compiled_as_json(statement, self.dialect, decimals)
        given = parameters if through is None else through.parameters(compiled, parameters, is_json=True)
        arguments = compiled.arguments(given)
        result = await self._run_through(through, compiled, "rows", arguments, timeout, parameters=given)
        return json_bytes(compiled, self.dialect, result)

    async def execute(
        self,
        query: Statement[Any, Any] | Convertible,
        *,
        parameters: Mapping[str, object] | None = None,
        timeout: float | None = None,
    ) -> ExecuteResult:
        """Run a statement for what it does.

        Returns:
            How many rows it matched, and the key that an INSERT made.
        """
        statement, through = self._prepared(as_statement(query))
        dialect = self.dialect
        if statement.is_write and (parts := parts_of(statement, dialect)):
            result = (await run_parts(parts, self, "effect", parameters, timeout, through=through))[2]
        else:
            compiled = statement.compile(dialect)
            given = parameters if through is None else through.parameters(compiled, parameters)
            arguments = compiled.arguments(given)
            result = await self._run_through(through, compiled, "effect", arguments, timeout, parameters=given)
        return ExecuteResult(result.rows_affected, result.insert_id)

    async def execute_many(
        self,
        query: Statement[Any, Any] | Convertible,
        sets: Iterable[Mapping[str, object]] | AsyncIterable[Mapping[str, object]],
        *,
        timeout: float | None = None,
    ) -> ExecuteResult:
        """Run a write with named parameters once for each set of their values, in one transaction.

        ``await db.execute_many(db.update(pet).set(age=param("age", int)).where(pet.id == param("id", int)), sets)``.
        To insert rows, ``insert_into(pet).values(rows)`` is quicker, and on PostgreSQL `copy_into`.

        Args:
            query: The statement.
            sets: A mapping from parameter to value for each run; they are taken a thousand at a time.
            timeout: Seconds that each thousand may take.

        Raises:
            UsageError: the statement gives rows, or writes nothing.
        """
        return await run_many(self, as_statement(query), sets, timeout)

    async def copy_into(
        self,
        table: Table,
        records: Iterable[Any] | AsyncIterable[Any],
        *,
        columns: Sequence[Any] = (),
        timeout: float | None = None,
    ) -> ExecuteResult:
        """Send rows by PostgreSQL's COPY, in one transaction: the quickest way in, for any number of them.

        Args:
            table: Where they go.
            records: Mappings from column to value, or tuples in the order of `columns`; checked as `values` does. They
                are taken ten thousand at a time, so that an endless supply needs little memory.
            columns: The columns of tuples.
            timeout: Seconds that each ten thousand may take.

        Raises:
            UnsupportedError: the database has no COPY.

        Source: https://www.postgresql.org/docs/current/sql-copy.html
        """
        return await copy_rows(self, table, records, columns, timeout)

    async def notify(self, channel: str, payload: str = "", *, timeout: float | None = None) -> None:
        """Send a text to those who `listen` to a channel (PostgreSQL): at once, in a transaction with its commit.

        Args:
            channel: The channel's name, at most 63 bytes.
            payload: The text, less than 8,000 bytes.
            timeout: Seconds after which it is stopped.

        Raises:
            UnsupportedError: the database has no channels.
            DataError: the name or the text is too long.
        """
        await self.execute(self.select(pg_notify(channel, payload)), timeout=timeout)

    def stream(
        self,
        query: Statement[RowT, Any] | Convertible,
        *,
        chunk_size: int = 1000,
        parameters: Mapping[str, object] | None = None,
        timeout: float | None = None,
    ) -> RowStream[RowT]:
        """The rows of a query one after the other, read from the server `chunk_size` at a time.

        Args:
            query: A statement, raw ``sql(…)`` or a PyPika query.
            chunk_size: How many rows are held in memory at a time.
            parameters: Values for its named parameters.
            timeout: Seconds within which each chunk has to arrive.
        """
        if type(chunk_size) is not int or chunk_size < 1:
            raise BuildError(f"chunk_size is a number of rows, one or more, not {chunk_size!r}")
        statement = as_statement(query)
        _refuse_without_rows(statement)
        statement, through = self._prepared(statement)
        compiled = statement.compile(self.dialect)
        given = parameters if through is None else through.parameters(compiled, parameters)
        arguments = compiled.arguments(given)
        if through is not None and through.chain.around:
            sent = Sent(compiled, "described rows", arguments, given, timeout)
            through.chain.refuse_stream(RunningCall(self, through, sent))
        chunks, abandon = self._stream(compiled, arguments, chunk_size)
        limit = self._timeout if timeout is None else checked_timeout(timeout)
        return RowStream(self._rows_of(compiled, chunks, limit, through), abandon)

    async def _rows_of(
        self,
        compiled: CompiledQuery,
        chunks: AsyncGenerator[DriverResult, None],
        limit: float | None,
        through: Through | None,
    ) -> AsyncGenerator[Any, None]:
        dialect = self.dialect
        try:
            while True:
                timer = asyncio.timeout(limit)
                try:
                    async with timer:
                        chunk = await anext(chunks)
                except StopAsyncIteration:
                    return
                except TimeoutError:
                    raise timed_out(compiled, limit, timer) from None
                for row in decode_rows(compiled, dialect, chunk, through):
                    yield row
        finally:
            await chunks.aclose()

    async def explain(
        self,
        query: Statement[Any, Any] | Convertible,
        *,
        analyze: bool = False,
        format: str | None = None,  # noqa: A002 - as the SQL has it
        rollback: bool = False,
        parameters: Mapping[str, object] | None = None,
        timeout: float | None = None,
    ) -> Plan:
        """How the server would run a statement: the rows of its EXPLAIN, with `warnings` of indexes that it lacks.

        A nested query is looked up for each row of the query around it. The catalogue is asked for the indexes of each
        table that is searched so; it names a column that no index begins with, however the server would go about it.

        Args:
            query: A statement, raw ``sql(…)`` or a PyPika query.
            analyze: Run it, and show what it took. Refused for a write, and for raw SQL, which may be one, unless
                `rollback` is said; SQLite has none.
            format: ``"json"`` gives one row with the `plan` decoded; PostgreSQL also has ``"text"``, ``"xml"`` and
                ``"yaml"``, MySQL ``"traditional"`` and ``"tree"``.
            rollback: Undo what an analysed write did.
            parameters: Values for its named parameters.
            timeout: Seconds after which it is stopped; None takes the database's default.

        Raises:
            UsageError: a write would be analysed, and kept.
            UnsupportedError: the server has no such EXPLAIN.
        """
        plan = explained(as_statement(query), analyze=analyze, form=format)
        if plan.is_write and not rollback:
            raise UsageError(
                "explain(analyze=True) runs the statement, which may write: say rollback=True to undo that"
            )
        if not plan.is_write:
            return await plan_of(plan, self, parameters, timeout)
        transaction = await self._together().start()
        try:
            return await plan_of(plan, transaction, parameters, timeout)
        finally:
            await transaction.rollback()

    async def _fetch(
        self, query: Statement[Any, Any] | Convertible, parameters: Mapping[str, object] | None, timeout: float | None
    ) -> tuple[CompiledQuery, Dialect, DriverResult, Through | None]:
        statement = query if isinstance(query, Statement) else as_statement(query)
        _refuse_without_rows(statement)
        dialect = self.dialect
        statement, through = self._prepared(statement, dialect)
        if statement.is_write and (parts := parts_of(statement, dialect)):
            return await run_parts(parts, self, "described rows", parameters, timeout, through=through)
        compiled = statement.compile(dialect)
        wanted: Wanted = "rows" if compiled.knows_columns else "described rows"
        given = parameters if through is None else through.parameters(compiled, parameters)
        arguments = compiled.arguments(given)
        result = await self._run_through(through, compiled, wanted, arguments, timeout, parameters=given)
        return compiled, dialect, result, through

    def _run_through(
        self,
        through: Through | None,
        compiled: CompiledQuery,
        wanted: Wanted,
        arguments: tuple[object, ...],
        timeout: float | None,
        *,
        parameters: Any = None,
    ) -> Coroutine[Any, Any, DriverResult]:
        """Run a statement within the plugins that wrap the running."""
        if through is None or not through.chain.around:
            return self._run_in_time(compiled, wanted, arguments, timeout)
        self._refuse_misuse()
        return self._run_sent(through, Sent(compiled, wanted, arguments, parameters, timeout), 0)

    def _run_sent(self, through: Through, sent: Sent, number: int) -> Coroutine[Any, Any, DriverResult]:
        """Run a statement within those of these plugins that are left, from that number on."""
        if number == len(through.chain.around):
            return self._run_in_time(sent.compiled, sent.wanted, sent.arguments, sent.timeout)
        call = RunningCall(self, through, sent, number)
        return through.chain.run(number, call, through.statement, through.prepared)


def _refuse_without_rows(statement: Statement[Any, Any]) -> None:
    if statement.returns_rows is False:
        kind = type(statement).__name__
        raise UsageError(
            f"this {kind} gives no rows: run it with execute(), or say returning(…) where the database has it"
        )


def _may_give_more_than_one(query: Query[Any, Any]) -> bool:
    limit = query.row_limit
    return limit is None or (type(limit) is Value and limit.value > 1) or query.has_ties


def _only(rows: list[RowT]) -> RowT:
    if len(rows) == 1:
        return rows[0]
    if rows:
        raise MultipleResultsError(f"one row was asked for, and the query gave {len(rows)}")
    raise NoResultError("one row was asked for, and the query gave none")
