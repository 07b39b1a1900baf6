"""A call: what a plugin that wraps the running knows of a statement on its way, and can do besides running it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from contextlib import AbstractAsyncContextManager

    from querykit.builder.compiled import CompiledQuery
    from querykit.builder.executor import Executor
    from querykit.builder.statement import Statement
    from querykit.dialects.driver import Driver, DriverResult, Wanted
    from querykit.plugins.base import Plugin

    RowT = TypeVar("RowT")
    WatcherT = TypeVar("WatcherT", bound="Watcher")


class Watcher(Protocol):
    """What a plugin lets be told of the end of a transaction; see `OpenTransaction.watched_by`."""

    async def before_commit(self) -> None:
        """Know that COMMIT is about to be sent. What is raised here rolls the transaction back."""
        ...

    async def after_end(self, *, is_known: bool) -> None:
        """Know that it was kept or undone; or, where not `is_known`, that nobody knows. It must not raise."""
        ...


class OpenTransaction(Protocol):
    """An outermost transaction: what is written in it, and in the savepoints in it, others see when it is committed."""

    def watched_by(self, owner: object, make: Callable[[], WatcherT]) -> WatcherT:
        """The watcher of `owner`; the first time, what `make` gives."""
        ...


class Origin(Protocol):
    """What all handles on one database share, and no other database has."""

    @property
    def driver(self) -> Driver:
        """What connects to it; its `target` says where it is."""
        ...

    @property
    def opened(self) -> object:
        """Another object each time that it is connected: it may be another database then, as in memory."""
        ...


class Call(Protocol):
    """A statement on its way to the database, as `around_execute` sees it."""

    @property
    def executor(self) -> Executor:
        """The database, connection or transaction that runs it."""
        ...

    @property
    def compiled(self) -> CompiledQuery:
        """The statement after every plugin's `transform_query`, as SQL."""
        ...

    @property
    def wanted(self) -> Wanted:
        """What it is run for."""
        ...

    @property
    def arguments(self) -> tuple[Any, ...]:
        """What is bound, in order, as the driver takes it; a tuple of such tuples where `wanted` is ``"many"``."""
        ...

    @property
    def parameters(self) -> Any:
        """The values of its named parameters, those of the request among them; a tuple of mappings for ``"many"``."""
        ...

    @property
    def timeout(self) -> float | None:
        """How long it may take, in seconds."""
        ...

    @property
    def request(self) -> Mapping[str, object]:
        """The values of the request, by name."""
        ...

    @property
    def plugins(self) -> tuple[Plugin, ...]:
        """All that it goes through."""
        ...

    @property
    def origin(self) -> Origin | None:
        """The database, where it runs on any connection of it; None on a connection and in a transaction."""
        ...

    @property
    def transaction(self) -> OpenTransaction | None:
        """The outermost transaction that it runs in."""
        ...

    @property
    def only_reads(self) -> bool:
        """Whether it certainly writes nothing: no write, no raw SQL that may be one, no function that may write."""
        ...

    async def proceed(self, on: Executor | None = None, /) -> DriverResult:
        """Run it; `on` another handle of the same database, such as a transaction.

        Returns:
            The rows as the driver gives them, before they are decoded, or what was done.
        """
        ...

    async def run(self, statement: Statement[Any, Any], on: Executor, wanted: Wanted = "effect") -> DriverResult:
        """Run a statement of the plugin's own, which none changes and those see that wrap the running inside this."""
        ...

    def decoded(self, statement: Statement[RowT, Any], result: DriverResult, on: Executor) -> list[RowT]:
        """The rows of a result as its statement says."""
        ...

    async def fetch_all(self, statement: Statement[RowT, Any], on: Executor) -> list[RowT]:
        """The rows of a statement of the plugin's own, run likewise and decoded."""
        ...

    def together(self) -> AbstractAsyncContextManager[Executor]:
        """A transaction for several statements of which all are kept or none; a savepoint, where one is open."""
        ...
