"""A database that runs nothing, remembers what it was asked to run, and answers as it was told."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, NamedTuple, Self

from querykit.builder.compiled import dialect_named
from querykit.dialects.driver import DriverResult
from querykit.errors import UsageError
from querykit.execution.runner import Runner
from querykit.execution.stream import Chunks

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Sequence

    from querykit.builder.compiled import CompiledQuery
    from querykit.dialects.base import Dialect
    from querykit.dialects.driver import Wanted
    from querykit.execution.plugged import Plugged
    from querykit.execution.transaction import Transaction


class Recorded(NamedTuple):
    """A statement that would have run.

    Attributes:
        sql: Its text; ``BEGIN``, ``COMMIT`` and ``ROLLBACK`` around what stands in a transaction.
        parameters: Its values, as the driver would have got them.
    """

    sql: str
    parameters: tuple[object, ...] = ()


class RecordingDatabase(Runner):
    """Stands where a `Database` is expected, and runs nothing: for tests of which statements a program runs.

    >>> import asyncio
    >>> from querykit import table
    >>> pet = table("pet")
    >>> async def main():
    ...     db = RecordingDatabase("postgres", answers=[[("Rex",)]])
    ...     name = await db.select_from(pet).select(pet.name).where(pet.id == 1).fetch_value()
    ...     return name, db.statements
    >>> asyncio.run(main())
    ('Rex', [Recorded(sql='SELECT "pet"."name" FROM "pet" WHERE "pet"."id" = $1', parameters=(1,))])

    What a statement finds in a real database only a real database can tell: `rolled_back` is for that.

    Args:
        dialect: ``"postgres"``, ``"mysql"``, ``"mariadb"`` or ``"sqlite"``.
        answers: The rows that statements give, one list of tuples for each in turn, with values as the driver would
            give them; afterwards, none. Of a write, their number is how many rows it matched.

    Attributes:
        statements: What would have run, in order.
    """

    def __init__(self, dialect: str = "sqlite", *, answers: Iterable[Sequence[Sequence[object]]] = ()) -> None:
        """Remember nothing yet."""
        super().__init__(timeout=None)
        found: Any = dialect_named(dialect)
        self._dialect: Dialect = found
        self._answers = iter(answers)
        self.statements: list[Recorded] = []

    @property
    def dialect(self) -> Dialect:
        """What it speaks."""
        return self._dialect

    @asynccontextmanager
    async def transaction(self, **_options: object) -> AsyncIterator[Self]:
        """The same database, with BEGIN and COMMIT, or ROLLBACK, around what is asked of it."""
        self.statements.append(Recorded("BEGIN"))
        try:
            yield self
        except BaseException:
            self.statements.append(Recorded("ROLLBACK"))
            raise
        self.statements.append(Recorded("COMMIT"))

    async def _run(self, compiled: CompiledQuery, wanted: Wanted, arguments: tuple[object, ...]) -> DriverResult:
        self.statements.append(Recorded(compiled.sql, tuple(arguments)))
        rows = next(self._answers, ())
        names = [] if compiled.columns is None else [column.name or "" for column in compiled.columns]
        return DriverResult(rows, names, rows_affected=len(rows))

    def _stream(self, compiled: CompiledQuery, arguments: tuple[object, ...], chunk_size: int) -> Chunks:
        async def read() -> AsyncGenerator[DriverResult, None]:
            yield await self._run(compiled, "rows", arguments)

        return Chunks(read(), lambda: None)

    def _together(self) -> Transaction:
        raise UsageError("a RecordingDatabase runs one statement at a time: this one would be run in parts")

    def _seen(self, plugged: Plugged | None) -> RecordingDatabase:
        seen = RecordingDatabase(self._dialect.name, answers=self._answers)
        seen._plugged, seen.statements = plugged, self.statements
        return seen
