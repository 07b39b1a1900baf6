"""A connection or transaction seen through other plugins, or for another request."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from querykit.execution.runner import Runner

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from querykit.builder.compiled import CompiledQuery
    from querykit.dialects.base import Dialect
    from querykit.dialects.driver import DriverResult, Wanted
    from querykit.execution.plugged import Plugged
    from querykit.execution.stream import Chunks
    from querykit.execution.transaction import Transaction


class View(Runner):
    """A handle on a connection or transaction with plugins of its own; it lives as long as that does."""

    def __init__(self, base: Runner, plugged: Plugged | None) -> None:
        """Stand for a connection or transaction."""
        super().__init__(base._timeout, plugged)
        self._base = base
        self._origin = base._origin

    @property
    def dialect(self) -> Dialect:
        """What the server speaks."""
        return self._base.dialect

    @property
    def _outermost(self) -> Transaction | None:
        return self._base._outermost

    def _only_reads(self, sql: str) -> bool:
        return self._base._only_reads(sql)

    def transaction(self) -> Transaction:
        """A transaction on the connection, or in the transaction, with the plugins of this handle."""
        return self._together()

    def _together(self) -> Transaction:
        made = self._base._together()
        made._plugged = self._plugged
        return made

    def _seen(self, plugged: Plugged | None) -> View:
        return View(self._base, plugged)

    def _run(
        self, compiled: CompiledQuery, wanted: Wanted, arguments: tuple[object, ...]
    ) -> Coroutine[Any, Any, DriverResult]:
        return self._base._run(compiled, wanted, arguments)

    def _stream(self, compiled: CompiledQuery, arguments: tuple[object, ...], chunk_size: int) -> Chunks:
        return self._base._stream(compiled, arguments, chunk_size)
