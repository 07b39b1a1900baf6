"""A database for what is to run outside of a transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING

from querykit.execution.runner import Runner
from querykit.execution.view import View

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from querykit.builder.compiled import CompiledQuery
    from querykit.dialects.base import Dialect
    from querykit.dialects.driver import DriverResult
    from querykit.execution.database import Database
    from querykit.execution.plugged import Plugged
    from querykit.execution.transaction import Transaction
    from querykit.execution.wanted import Wanted


class Outside(Runner):
    """A database whose statements run outside the transaction that the task holds."""

    def __init__(self, database: Database) -> None:
        """Stand for a database."""
        self._database = database
        super().__init__(database._timeout, database._plugged)

    @property
    def dialect(self) -> Dialect:
        """What the server speaks."""
        return self._database.dialect

    def _seen(self, plugged: Plugged | None) -> View:
        return View(self, plugged)

    def _together(self) -> Transaction:
        return self._database.transaction()

    async def _run(self, compiled: CompiledQuery, wanted: Wanted, arguments: tuple[object, ...]) -> DriverResult:
        return await self._database._run_outside(compiled, wanted, arguments)

    def _stream(
        self, compiled: CompiledQuery, arguments: tuple[object, ...], chunk_size: int
    ) -> AsyncGenerator[DriverResult, None]:
        return self._database._stream_outside(compiled, arguments, chunk_size)
