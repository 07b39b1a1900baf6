"""A handle on a database: its plugins, its time limit, and what each kind of handle does in its own way."""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from typing import TYPE_CHECKING, Any

from querykit.builder.creator import Creator
from querykit.errors import UsageError
from querykit.execution.options import checked_timeout
from querykit.execution.plugged import gone_through, plugged_with, plugins_of, with_values, without_plugins
from querykit.execution.wanted import timed_out
from querykit.plugins.with_schema import WithSchemaPlugin

if TYPE_CHECKING:
    from collections.abc import Coroutine, Mapping

    from querykit.builder.compiled import CompiledQuery
    from querykit.builder.statement import Statement
    from querykit.dialects.base import Dialect
    from querykit.dialects.driver import DriverResult, Wanted
    from querykit.execution.lifecycle import Lifecycle
    from querykit.execution.plugged import Plugged, Through
    from querykit.execution.runner import Runner
    from querykit.execution.stream import Chunks
    from querykit.execution.transaction import Transaction
    from querykit.plugins.base import Plugin


class Handle(Creator):
    """What a database, a connection and a transaction have in common, but for the methods that run statements."""

    def __init__(self, timeout: float | None, plugged: Plugged | None = None) -> None:
        """Run the statements that start here, by default within `timeout` seconds, through plugins."""
        self._timeout = timeout
        self._plugged = plugged

    _origin: Lifecycle | None = None
    """The database, where statements run on any connection of it."""

    @property
    def _outermost(self) -> Transaction | None:
        """The outermost transaction that statements run in."""
        return None

    def _only_reads(self, sql: str) -> bool:  # noqa: ARG002 - this handle knows of none
        """Whether raw SQL certainly writes nothing."""
        return False

    def _refuse_misuse(self) -> None:
        """Refuse what would not be run here, before a plugin answers for the database."""

    @property
    @abstractmethod
    def dialect(self) -> Dialect:
        """What the server speaks."""

    @abstractmethod
    def _run(
        self, compiled: CompiledQuery, wanted: Wanted, arguments: tuple[object, ...]
    ) -> Coroutine[Any, Any, DriverResult]:
        """Run a statement on a connection."""

    @abstractmethod
    def _stream(self, compiled: CompiledQuery, arguments: tuple[object, ...], chunk_size: int) -> Chunks:
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

    @property
    def plugins(self) -> tuple[Plugin, ...]:
        """The plugins that statements go through here, in their order."""
        return plugins_of(self._plugged)

    @property
    def context(self) -> Mapping[str, object]:
        """The values of the request, that `with_context` gave."""
        return {} if self._plugged is None else self._plugged.context

    def with_schema(self, schema: str) -> Runner:
        """The same database, connection or transaction, where tables without a schema are those of `schema`."""
        return self._seen(plugged_with(self._plugged, WithSchemaPlugin(schema), in_place=True))

    # -- running ------------------------------------------------------------------------------------------------------

    def _prepared(
        self, statement: Statement[Any, Any], dialect: Dialect | None = None
    ) -> tuple[Statement[Any, Any], Through | None]:
        """The statement as plugins want it, and what its result goes through; `dialect`, where it was asked already."""
        if self._plugged is None and not statement.plugins:
            return statement, None
        through = gone_through(self._plugged, statement, dialect or self.dialect)
        return through.prepared.statement, through

    def _run_in_time(
        self, compiled: CompiledQuery, wanted: Wanted, arguments: tuple[object, ...], timeout: float | None
    ) -> Coroutine[Any, Any, DriverResult]:
        limit = self._timeout if timeout is None else checked_timeout(timeout)
        if limit is None:  # no coroutine of its own: each one takes its part of the time of every query
            return self._run(compiled, wanted, arguments)
        return self._run_timed(compiled, wanted, arguments, limit)

    async def _run_timed(
        self, compiled: CompiledQuery, wanted: Wanted, arguments: tuple[object, ...], limit: float
    ) -> DriverResult:
        timer = asyncio.timeout(limit)
        try:
            async with timer:
                return await self._run(compiled, wanted, arguments)
        except TimeoutError:
            raise timed_out(compiled, limit, timer) from None
