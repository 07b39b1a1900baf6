"""A statement within the plugins that wrap its running."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar, cast

from querykit.builder.rewrite import writes
from querykit.execution.result import decode_rows
from querykit.plugins.prepared import Prepared

if TYPE_CHECKING:
    from collections.abc import Mapping

    from querykit.builder.compiled import CompiledQuery
    from querykit.builder.executor import Executor
    from querykit.builder.statement import Statement
    from querykit.dialects.driver import DriverResult, Wanted
    from querykit.execution.lifecycle import Lifecycle
    from querykit.execution.plugged import Through
    from querykit.execution.runner import Runner
    from querykit.execution.transaction import Transaction
    from querykit.plugins.base import Plugin

    RowT = TypeVar("RowT")


class Sent(NamedTuple):
    """What is sent to the database.

    Attributes:
        compiled: The statement.
        wanted: What it is run for.
        arguments: What is bound, as the driver takes it.
        parameters: The values of the named parameters.
        timeout: How many seconds it may take; None takes the handle's default.
    """

    compiled: CompiledQuery
    wanted: Wanted
    arguments: tuple[Any, ...]
    parameters: Any
    timeout: float | None


class RunningCall:
    """What one plugin is handed; see `plugins.call.Call`, which says what is what."""

    __slots__ = ("_number", "_sent", "_through", "arguments", "compiled", "executor", "parameters", "timeout", "wanted")

    def __init__(self, executor: Runner, through: Through, sent: Sent, number: int = 0) -> None:
        """Hand a statement to the plugin of that number among those that wrap the running."""
        self.executor = executor
        self._through = through
        self._sent = sent
        self._number = number
        self.compiled = sent.compiled
        self.wanted: Wanted = sent.wanted
        self.arguments = sent.arguments
        self.parameters = sent.parameters or {}
        self.timeout = executor._timeout if sent.timeout is None else sent.timeout

    @property
    def request(self) -> Mapping[str, object]:
        """The values of the request."""
        return self._through.context

    @property
    def plugins(self) -> tuple[Plugin, ...]:
        """All that it goes through."""
        return self._through.chain.plugins

    @property
    def origin(self) -> Lifecycle | None:
        """The database, where it runs on any connection of it."""
        return self.executor._origin

    @property
    def transaction(self) -> Transaction | None:
        """The outermost transaction that it runs in."""
        return self.executor._outermost

    @property
    def only_reads(self) -> bool:
        """Whether it certainly writes nothing."""
        compiled = self.compiled
        if compiled.is_clean:
            return not writes(compiled.statement)
        return self.executor._only_reads(compiled.sql)

    async def proceed(self, on: Executor | None = None, /) -> DriverResult:
        """Run it within the plugins that are left."""
        runner = self.executor if on is None else cast("Runner", on)
        return await runner._run_sent(self._through, self._sent, self._number + 1)

    async def run(self, statement: Statement[Any, Any], on: Executor, wanted: Wanted = "effect") -> DriverResult:
        """Run another statement within the plugins that are left."""
        runner = cast("Runner", on)
        return await self._run(statement.compile(runner.dialect), runner, wanted)

    def decoded(self, statement: Statement[RowT, Any], result: DriverResult, on: Executor) -> list[RowT]:
        """The rows of a result as its statement says."""
        dialect = cast("Runner", on).dialect
        return decode_rows(statement.compile(dialect), dialect, result)

    async def fetch_all(self, statement: Statement[RowT, Any], on: Executor) -> list[RowT]:
        """The rows of another statement."""
        return self.decoded(statement, await self.run(statement, on, "described rows"), on)

    async def _run(self, compiled: CompiledQuery, on: Runner, wanted: Wanted) -> DriverResult:
        # contexts of its own, because what the other plugins keep in theirs belongs to the statement of the program
        prepared = Prepared(compiled.statement, on.dialect)
        own = self._through._replace(statement=compiled.statement, prepared=prepared)
        sent = Sent(compiled, wanted, compiled.arguments(), None, self.timeout)
        return await on._run_sent(own, sent, self._number + 1)

    def together(self) -> Transaction:
        """A transaction for several statements; a savepoint, where one is open."""
        return self.executor._together()
