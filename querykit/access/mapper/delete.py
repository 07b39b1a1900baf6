"""What a mapper deletes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic
from typing import cast as static_cast

from querykit.access.mapper.parameters import Compiled, same_kind
from querykit.access.mapper.transforms import CountT

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from querykit import Runner


class DeleteQuery(Generic[CountT]):
    """The removal of the rows of a mapper that meet its filter.

    Attributes:
        statement: The statement, to print or to run by other means.
    """

    __slots__ = ("_db", "_transform", "statement")

    def __init__(self, db: Runner, statement: Any, transform: Callable[[int], CountT] | None) -> None:
        """Hold what runs it, the statement, and what is made of the count."""
        self._db = db
        self.statement = statement
        self._transform = transform

    def modify(self, change: Callable[[Any], Any]) -> DeleteQuery[CountT]:
        """The same with another statement; raises `BuildError` where the function gives no DELETE."""
        return DeleteQuery(self._db, same_kind(self.statement, change), self._transform)

    def run(self) -> Coroutine[Any, Any, bool]:
        """Remove them, and tell whether there were any."""
        return self.compile().run()

    def return_count(self) -> Coroutine[Any, Any, CountT]:
        """Remove them, and tell how many there were."""
        return self.compile().return_count()

    def compile(self) -> CompiledDelete[CountT]:
        """The same, to be kept and run often."""
        return CompiledDelete(self._db, self.statement, self._transform)


class CompiledDelete(Compiled, Generic[CountT]):
    """A removal whose SQL is written once. Its methods take the values of its parameters by their names.

    Attributes:
        statement: The statement.
    """

    __slots__ = ("_transform", "statement")

    def __init__(self, db: Runner, statement: Any, transform: Callable[[int], CountT] | None) -> None:
        """Hold them."""
        super().__init__(db)
        self.statement = statement
        self._transform = transform

    async def run(self, /, **parameters: Any) -> bool:
        """Remove the rows, and tell whether there were any."""
        return bool(await self._count(parameters))

    async def return_count(self, /, **parameters: Any) -> CountT:
        """Remove the rows, and tell how many there were."""
        return counted(await self._count(parameters), self._transform)

    async def _count(self, parameters: dict[str, Any]) -> int:
        self._refuse_none(parameters)
        found = await self._db.execute(self.statement, parameters=parameters)
        return found.rows_affected or 0


def counted(count: int, transform: Callable[[int], CountT] | None) -> CountT:
    """What is made of a count."""
    return static_cast("CountT", count) if transform is None else transform(count)
