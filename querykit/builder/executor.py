"""The seam to what runs statements: the protocol that `execution` implements."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, Self, TypeVar

if TYPE_CHECKING:
    from collections.abc import Awaitable, Mapping
    from types import TracebackType

    from querykit.builder.compiled import ExecuteResult
    from querykit.builder.explain import Plan
    from querykit.builder.json_result import Decimals
    from querykit.builder.statement import Statement

    RowT = TypeVar("RowT")
    ValueT = TypeVar("ValueT")

StreamedT_co = TypeVar("StreamedT_co", covariant=True)


class Streamed(Protocol[StreamedT_co]):
    """Rows one after the other: ``async for row in rows``, in ``async with`` or without."""

    def __aiter__(self) -> Self:
        """The rows are read once."""
        ...

    def __anext__(self) -> Awaitable[StreamedT_co]:
        """The next row."""
        ...

    async def __aenter__(self) -> Self:
        """The stream itself."""
        ...

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Let the connection go."""
        ...

    async def aclose(self) -> None:
        """Read no further, and let the connection go."""
        ...


class Executor(Protocol):
    """What runs a statement: a database, a connection or a transaction. Only `execution` implements it."""

    async def fetch_all(
        self,
        query: Statement[RowT, Any],
        *,
        parameters: Mapping[str, object] | None = None,
        timeout: float | None = None,
    ) -> list[RowT]:
        """Every row."""
        ...

    async def fetch_one(
        self,
        query: Statement[RowT, Any],
        *,
        parameters: Mapping[str, object] | None = None,
        timeout: float | None = None,
    ) -> RowT:
        """The only row."""
        ...

    async def fetch_one_or_none(
        self,
        query: Statement[RowT, Any],
        *,
        parameters: Mapping[str, object] | None = None,
        timeout: float | None = None,
    ) -> RowT | None:
        """The only row, or None."""
        ...

    async def fetch_first(
        self,
        query: Statement[RowT, Any],
        *,
        parameters: Mapping[str, object] | None = None,
        timeout: float | None = None,
    ) -> RowT | None:
        """The first row, or None."""
        ...

    async def fetch_value(
        self,
        query: Statement[Any, ValueT],
        *,
        parameters: Mapping[str, object] | None = None,
        timeout: float | None = None,
    ) -> ValueT:
        """The value of the only column of the only row."""
        ...

    async def fetch_column(
        self,
        query: Statement[Any, ValueT],
        *,
        parameters: Mapping[str, object] | None = None,
        timeout: float | None = None,
    ) -> list[ValueT]:
        """The values of the only column."""
        ...

    async def fetch_json(
        self,
        query: Statement[Any, Any],
        *,
        decimals: Decimals = "string",
        parameters: Mapping[str, object] | None = None,
        timeout: float | None = None,
    ) -> bytes:
        """The whole result as JSON."""
        ...

    async def execute(
        self,
        query: Statement[Any, Any],
        *,
        parameters: Mapping[str, object] | None = None,
        timeout: float | None = None,
    ) -> ExecuteResult:
        """Run it for what it does."""
        ...

    async def explain(
        self,
        query: Statement[Any, Any],
        *,
        analyze: bool = False,
        format: str | None = None,  # noqa: A002 - as the SQL has it
        rollback: bool = False,
        parameters: Mapping[str, object] | None = None,
        timeout: float | None = None,
    ) -> Plan:
        """How the server would run it."""
        ...

    def stream(
        self,
        query: Statement[RowT, Any],
        *,
        chunk_size: int = 1000,
        parameters: Mapping[str, object] | None = None,
        timeout: float | None = None,
    ) -> Streamed[RowT]:
        """The rows one after the other."""
        ...
