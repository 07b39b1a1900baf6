"""Running statements: what a database, a connection and a transaction have in common."""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from typing import TYPE_CHECKING, Any, TypeVar, overload

from querykit.builder.compiled import ExecuteResult
from querykit.builder.creator import Creator
from querykit.builder.explain import explained
from querykit.builder.json_result import compiled_as_json
from querykit.builder.query import Query
from querykit.builder.statement import Statement, as_statement
from querykit.errors import BuildError, MultipleResultsError, NoResultError, UsageError
from querykit.execution.bulk import copy_rows, run_many
from querykit.execution.json_bytes import json_bytes
from querykit.execution.parts import parts_of, run_parts
from querykit.execution.plugged import gone_through, plugged_with, with_values, without_plugins
from querykit.execution.result import decode_column, decode_rows
from querykit.execution.stream import RowStream
from querykit.execution.wanted import timed_out
from querykit.plugins.base import Call
from querykit.plugins.with_schema import WithSchemaPlugin

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterable, Iterable, Mapping, Sequence

    from pypika.queries import QueryBuilder

    from querykit.builder.compiled import CompiledQuery, Executor, OutputColumn
    from querykit.builder.json_result import Decimals
    from querykit.builder.raw import Fragment
    from querykit.builder.tables import Table
    from querykit.dialects.base import Dialect
    from querykit.dialects.driver import DriverResult
    from querykit.execution.plugged import Plugged, Through
    from querykit.execution.transaction import Transaction
    from querykit.execution.wanted import Wanted
    from querykit.plugins.base import Plugin

    Convertible = Fragment[Any] | QueryBuilder
    """What becomes a statement when it is run."""

RowT = TypeVar("RowT")
ValueT = TypeVar("ValueT")


class Runner(Creator):
    """Runs statements, and starts ones that are bound to it."""

    def __init__(self, timeout: float | None, plugged: Plugged | None = None) -> None:
        """Run the statements that start here, by default within `timeout` seconds, through plugins."""
        self._timeout = timeout
        self._plugged = plugged

    @property
    def _executor(self) -> Executor | None:  # type: ignore[override]  # as an attribute it would be a cycle of references
        return self

    _is_transaction = False
    """Whether others do not see yet what is written here."""

    @property
    @abstractmethod
    def dialect(self) -> Dialect:
        """What the server speaks."""

    @abstractmethod
    async def _run(self, compiled: CompiledQuery, wanted: Wanted, arguments: tuple[object, ...]) -> DriverResult:
        """Run a statement on a connection."""

    @abstractmethod
    def _stream(
        self, compiled: CompiledQuery, arguments: tuple[object, ...], chunk_size: int
    ) -> AsyncGenerator[DriverResult, None]:
        """Run a statement on a connection, and read its rows in chunks."""

    @abstractmethod
    def _together(self) -> Transaction:
        """A transaction for the parts of one statement."""

    # -- plugins ------------------------------------------------------------------------------------------------------

    def _seen(self, plugged: Plugged | None) -> Runner:
        """The same handle, seen through other plugins."""
        raise UsageError(f"a {type(self).__name__} has no plugins, and takes no {plugged}")

    def with_plugin(self, plugin: Plugin) -> Runner:
        """The same database, connection or transaction, with one more plugin: a cheap handle that shares all else."""
        return self._seen(plugged_with(self._plugged, plugin))

    def without_plugins(self) -> Runner:
        """The same database, connection or transaction, without any plugin: what they enforce does not hold on it."""
        return self._seen(without_plugins(self._plugged))

    def with_context(self, **values: object) -> Runner:
        """The same database, connection or transaction for one request: policies of plugins read `values` by name.

        ``db.with_context(tenant=7)`` is what ``ctx.tenant`` means. More calls add values.
        """
        return self._seen(with_values(self._plugged, values))

    def with_schema(self, schema: str) -> Runner:
        """The same database, connection or transaction, where tables without a schema are those of `schema`."""
        return self._seen(plugged_with(self._plugged, WithSchemaPlugin(schema), in_place=True))

    # -- reading ------------------------------------------------------------------------------------------------------

    @overload
    async def fetch_all(
        self,
        query: Statement[RowT, Any],
        *,
        parameters: Mapping[str, object] | None = None,
        timeout: float | None = None,
    ) -> list[RowT]: ...

    @overload
    async def fetch_all(
        self, query: Convertible, *, parameters: Mapping[str, object] | None = None, timeout: float | None = None
    ) -> list[dict[str, Any]]: ...

    async def fetch_all(
        self,
        query: Statement[Any, Any] | Convertible,
        *,
        parameters: Mapping[str, object] | None = None,
        timeout: float | None = None,
    ) -> list[Any]:
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

    @overload
    async def fetch_one(
        self,
        query: Statement[RowT, Any],
        *,
        parameters: Mapping[str, object] | None = None,
        timeout: float | None = None,
    ) -> RowT: ...

    @overload
    async def fetch_one(
        self, query: Convertible, *, parameters: Mapping[str, object] | None = None, timeout: float | None = None
    ) -> dict[str, Any]: ...

    async def fetch_one(
        self,
        query: Statement[Any, Any] | Convertible,
        *,
        parameters: Mapping[str, object] | None = None,
        timeout: float | None = None,
    ) -> Any:
        """The only row of a query.

        Raises:
            NoResultError: there is none.
            MultipleResultsError: there is a second one.
        """
        return _only(await self.fetch_all(query, parameters=parameters, timeout=timeout))

    @overload
    async def fetch_one_or_none(
        self,
        query: Statement[RowT, Any],
        *,
        parameters: Mapping[str, object] | None = None,
        timeout: float | None = None,
    ) -> RowT | None: ...

    @overload
    async def fetch_one_or_none(
        self, query: Convertible, *, parameters: Mapping[str, object] | None = None, timeout: float | None = None
    ) -> dict[str, Any] | None: ...

    async def fetch_one_or_none(
        self,
        query: Statement[Any, Any] | Convertible,
        *,
        parameters: Mapping[str, object] | None = None,
        timeout: float | None = None,
    ) -> Any:
        """The only row of a query, or None where there is none.

        Raises:
            MultipleResultsError: there is a second one.
        """
        rows = await self.fetch_all(query, parameters=parameters, timeout=timeout)
        return _only(rows) if rows else None

    @overload
    async def fetch_first(
        self,
        query: Statement[RowT, Any],
        *,
        parameters: Mapping[str, object] | None = None,
        timeout: float | None = None,
    ) -> RowT | None: ...

    @overload
    async def fetch_first(
        self, query: Convertible, *, parameters: Mapping[str, object] | None = None, timeout: float | None = None
    ) -> dict[str, Any] | None: ...

    async def fetch_first(
        self,
        query: Statement[Any, Any] | Convertible,
        *,
        parameters: Mapping[str, object] | None = None,
        timeout: float | None = None,
    ) -> Any:
        """The first row of a query, or None where there is none. A select is run with ``LIMIT 1``."""
        statement = as_statement(query)
        if isinstance(statement, Query) and statement.row_limit is None:
            statement = statement.limit(1)
        rows = await self.fetch_all(statement, parameters=parameters, timeout=timeout)
        return rows[0] if rows else None

    @overload
    async def fetch_value(
        self,
        query: Statement[Any, ValueT],
        *,
        parameters: Mapping[str, object] | None = None,
        timeout: float | None = None,
    ) -> ValueT: ...

    @overload
    async def fetch_value(
        self, query: Convertible, *, parameters: Mapping[str, object] | None = None, timeout: float | None = None
    ) -> Any: ...

    async def fetch_value(
        self,
        query: Statement[Any, Any] | Convertible,
        *,
        parameters: Mapping[str, object] | None = None,
        timeout: float | None = None,
    ) -> Any:
        """The value of the only column of the only row of a query.

        Raises:
            NoResultError: there is no row.
            MultipleResultsError: there is a second row.
            BuildError: the query has more than one column.
        """
        return _only(await self.fetch_column(query, parameters=parameters, timeout=timeout))

    @overload
    async def fetch_column(
        self,
        query: Statement[Any, ValueT],
        *,
        parameters: Mapping[str, object] | None = None,
        timeout: float | None = None,
    ) -> list[ValueT]: ...

    @overload
    async def fetch_column(
        self, query: Convertible, *, parameters: Mapping[str, object] | None = None, timeout: float | None = None
    ) -> list[Any]: ...

    async def fetch_column(
        self,
        query: Statement[Any, Any] | Convertible,
        *,
        parameters: Mapping[str, object] | None = None,
        timeout: float | None = None,
    ) -> list[Any]:
        """The values of the only column of a query.

        Raises:
            BuildError: the query has more than one column.
        """
        statement = as_statement(query)
        columns = statement.output_columns() if statement.is_write else statement.compile(self.dialect).columns
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
        compiled = compiled_as_json(statement, self.dialect, decimals)
        given = parameters if through is None else through.parameters(compiled, parameters, is_json=True)
        return json_bytes(await self._run_through(through, compiled, "rows", compiled.arguments(given), timeout))

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
            result = await self._run_through(through, compiled, "effect", compiled.arguments(given), timeout)
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

    @overload
    def stream(
        self,
        query: Statement[RowT, Any],
        *,
        chunk_size: int = ...,
        parameters: Mapping[str, object] | None = None,
        timeout: float | None = None,
    ) -> RowStream[RowT]: ...

    @overload
    def stream(
        self,
        query: Convertible,
        *,
        chunk_size: int = ...,
        parameters: Mapping[str, object] | None = None,
        timeout: float | None = None,
    ) -> RowStream[dict[str, Any]]: ...

    def stream(
        self,
        query: Statement[Any, Any] | Convertible,
        *,
        chunk_size: int = 1000,
        parameters: Mapping[str, object] | None = None,
        timeout: float | None = None,
    ) -> RowStream[Any]:
        """The rows of a query one after the other, read from the server `chunk_size` at a time.

        Args:
            query: A statement, raw ``sql(…)`` or a PyPika query.
            chunk_size: How many rows are held in memory at a time.
            parameters: Values for its named parameters.
            timeout: Seconds within which each chunk has to arrive.
        """
        if chunk_size < 1:
            raise BuildError("chunk_size is a number of rows, one or more")
        statement = as_statement(query)
        _refuse_without_rows(statement)
        statement, through = self._prepared(statement)
        compiled = statement.compile(self.dialect)
        given = parameters if through is None else through.parameters(compiled, parameters, is_stream=True)
        chunks = self._stream(compiled, compiled.arguments(given), chunk_size)
        limit = self._timeout if timeout is None else timeout
        return RowStream(self._rows_of(compiled, chunks, limit, through), self._abandon_stream)

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

    def _abandon_stream(self) -> None:
        """Know that nobody reads a stream any more."""

    async def explain(
        self,
        query: Statement[Any, Any] | Convertible,
        *,
        analyze: bool = False,
        format: str | None = None,  # noqa: A002 - as the SQL has it
        rollback: bool = False,
        parameters: Mapping[str, object] | None = None,
        timeout: float | None = None,
    ) -> list[dict[str, Any]]:
        """How the server would run a statement: the rows of its EXPLAIN.

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
        if not plan.is_write:
            return await self.fetch_all(plan, parameters=parameters, timeout=timeout)
        if not rollback:
            raise UsageError(
                "explain(analyze=True) runs the statement, which may write: say rollback=True to undo that"
            )
        transaction = await self._together().start()
        try:
            return await transaction.fetch_all(plan, parameters=parameters, timeout=timeout)
        finally:
            await transaction.rollback()

    # -- running ------------------------------------------------------------------------------------------------------

    async def _fetch(
        self, query: Statement[Any, Any] | Convertible, parameters: Mapping[str, object] | None, timeout: float | None
    ) -> tuple[CompiledQuery, Dialect, DriverResult, Through | None]:
        statement = query if isinstance(query, Statement) else as_statement(query)
        _refuse_without_rows(statement)
        statement, through = self._prepared(statement)
        dialect = self.dialect
        if statement.is_write and (parts := parts_of(statement, dialect)):
            return await run_parts(parts, self, "described rows", parameters, timeout, through=through)
        compiled = statement.compile(dialect)
        wanted: Wanted = "rows" if _all_named(compiled.columns) else "described rows"
        given = parameters if through is None else through.parameters(compiled, parameters)
        return (
            compiled,
            dialect,
            await self._run_through(through, compiled, wanted, compiled.arguments(given), timeout),
            through,
        )

    def _prepared(self, statement: Statement[Any, Any]) -> tuple[Statement[Any, Any], Through | None]:
        """The statement as plugins want it, and what its result goes through."""
        if self._plugged is None and not statement.plugins:
            return statement, None
        through = gone_through(self._plugged, statement, self.dialect)
        return through.prepared.statement, through

    async def _run_through(
        self,
        through: Through | None,
        compiled: CompiledQuery,
        wanted: Wanted,
        arguments: tuple[object, ...],
        timeout: float | None,
        *,
        number: int = 0,
    ) -> DriverResult:
        """Run a statement within the plugins that wrap the running, from one of them on."""
        if through is None or number == len(through.chain.around):
            return await self._run_in_time(compiled, wanted, arguments, timeout)

        async def proceed(on: Any = None, /) -> DriverResult:
            runner: Runner = self if on is None else on
            return await runner._run_through(through, compiled, wanted, arguments, timeout, number=number + 1)

        call = Call(self, compiled, arguments, self._is_transaction, proceed)
        return await through.chain.run(number, call, through.statement, through.prepared)

    async def _run_in_time(
        self, compiled: CompiledQuery, wanted: Wanted, arguments: tuple[object, ...], timeout: float | None
    ) -> DriverResult:
        limit = self._timeout if timeout is None else timeout
        if limit is None:
            return await self._run(compiled, wanted, arguments)
        timer = asyncio.timeout(limit)
        try:
            async with timer:
                return await self._run(compiled, wanted, arguments)
        except TimeoutError:
            raise timed_out(compiled, limit, timer) from None


def _all_named(columns: tuple[OutputColumn, ...] | None) -> bool:
    if columns is None:
        return False
    for column in columns:  # noqa: SIM110 - all() over a generator takes three times as long
        if column.name is None:
            return False
    return True


def _refuse_without_rows(statement: Statement[Any, Any]) -> None:
    if statement.returns_rows is False:
        kind = type(statement).__name__
        raise UsageError(
            f"this {kind} gives no rows: run it with execute(), or say returning(…) where the database has it"
        )


def _only(rows: list[RowT]) -> RowT:
    if len(rows) == 1:
        return rows[0]
    if rows:
        raise MultipleResultsError(f"one row was asked for, and the query gave {len(rows)}")
    raise NoResultError("one row was asked for, and the query gave none")
