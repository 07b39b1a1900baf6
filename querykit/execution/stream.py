"""Rows one after the other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, NamedTuple, NoReturn, Self, TypeVar, cast

from querykit.errors import ConcurrentUseError

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable
    from types import AsyncGeneratorType, TracebackType

    from querykit.dialects.driver import DriverResult

RowT = TypeVar("RowT")


class Chunks(NamedTuple):
    """The chunks of rows that a handle reads.

    Attributes:
        read: Gives them; it begins when the first is asked for.
        abandon: To be called when nobody can read on: lets the connection be used again.
    """

    read: AsyncGenerator[DriverResult, None]
    abandon: Callable[[], None]


class RowStream(Generic[RowT]):
    """The rows of a query as they come: ``async for row in query.stream()``.

    The connection is in use until the last row, or until the loop is left. A stream under a name ends with the name;
    ``async with query.stream() as rows`` ends it sooner and for sure.
    """

    __slots__ = ("_abandon", "_rows")

    def __init__(self, rows: AsyncGenerator[RowT, None], abandon: Callable[[], None]) -> None:
        """Read from a generator, and call `abandon` if nobody can read on any more."""
        self._rows = cast("AsyncGeneratorType[RowT, None]", rows)
        self._abandon = abandon

    def __aiter__(self) -> Self:
        """The rows are read once."""
        return self

    def __anext__(self) -> Awaitable[RowT]:
        """The next row.

        Raises:
            ConcurrentUseError: another task waits for it.
        """
        if self._rows.ag_running:
            self._refuse_two()
        return self._rows.__anext__()

    async def aclose(self) -> None:
        """Read no further, and let the connection go."""
        if self._rows.ag_running:
            self._refuse_two()
        await self._rows.aclose()

    def _refuse_two(self) -> NoReturn:
        raise ConcurrentUseError("another task is waiting for the next row of this stream; let one read it")

    async def __aenter__(self) -> Self:
        """The stream itself."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Let the connection go."""
        await self.aclose()

    def __del__(self) -> None:
        """Tell who holds the connection, at once: the generator's own end comes only when the loop gets to it."""
        if self._rows.ag_frame is not None:
            self._abandon()
