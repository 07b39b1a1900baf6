"""What a mapper selects: rows as objects of the caller's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic

from querykit.access.mapper.parameters import Compiled, same_kind
from querykit.access.mapper.settings import columns_of
from querykit.access.mapper.transforms import Row, SelectedT

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Mapping, Sequence

    from querykit import Expression, Runner


class SelectQuery(Generic[SelectedT]):
    """The rows of a mapper that meet its filter. Nothing runs before one of the `return_…` methods is awaited.

    Attributes:
        statement: The query, to print or to run by other means.
    """

    __slots__ = ("_db", "_transform", "statement")

    def __init__(self, db: Runner, statement: Any, transform: Callable[[Row], SelectedT] | None) -> None:
        """Hold what runs it, the query, and what is made of a row."""
        self._db = db
        self.statement = statement
        self._transform = transform

    def modify(self, change: Callable[[Any], Any]) -> SelectQuery[SelectedT]:
        """The same with another query: ``modify(lambda query: query.order_by(person.id).limit(9))``.

        Raises:
            BuildError: what the function gives is no SELECT.
        """
        return SelectQuery(self._db, same_kind(self.statement, change), self._transform)

    def columns(self, columns: Sequence[str | Expression[Any]]) -> SelectQuery[Row]:
        """The same with other columns than the mapper's, as rows by their names: no transform knows them."""
        statement = self.statement.clear_select()
        found = columns_of(statement.sources[0], columns, "columns()")
        return SelectQuery(self._db, statement.select(*found), None)

    def return_all(self) -> Coroutine[Any, Any, list[SelectedT]]:
        """All of the rows."""
        return self.compile().return_all()

    def return_one(self) -> Coroutine[Any, Any, SelectedT | None]:
        """The first row, or None; only one is read."""
        return self.compile().return_one()

    def one(self) -> Coroutine[Any, Any, SelectedT]:
        """The only row; `NoResultError` where there is none, `MultipleResultsError` where there is a second one."""
        return self.compile().one()

    def compile(self) -> CompiledSelect[SelectedT]:
        """The same, to be kept and run often."""
        return CompiledSelect(self._db, self.statement, self._transform)


class CompiledSelect(Compiled, Generic[SelectedT]):
    """A select whose SQL is written once. Its methods take the values of its parameters by their names.

    Attributes:
        statement: The query.
    """

    __slots__ = ("_transform", "statement")

    def __init__(self, db: Runner, statement: Any, transform: Callable[[Row], SelectedT] | None) -> None:
        """Hold them."""
        super().__init__(db)
        self.statement = statement
        self._transform = transform

    # These are no coroutines where no transform asks for one: each takes its part of the time of a short query.

    def return_all(self, /, **parameters: Any) -> Coroutine[Any, Any, list[SelectedT]]:
        """All of the rows.

        Raises:
            BuildError: a parameter has no value, or one of another type.
            InputError: a value is None.
        """
        self._refuse_none(parameters)
        if self._transform is None:
            return self._db.fetch_all(self.statement, parameters=parameters)
        return self._all(self._transform, parameters)

    def return_one(self, /, **parameters: Any) -> Coroutine[Any, Any, SelectedT | None]:
        """The first row, or None; only one is read."""
        self._refuse_none(parameters)
        if self._transform is None:
            return self._db.fetch_first(self.statement, parameters=parameters)
        return self._first_of(self._transform, parameters)

    def one(self, /, **parameters: Any) -> Coroutine[Any, Any, SelectedT]:
        """The only row; `NoResultError` where there is none, `MultipleResultsError` where there is a second one."""
        self._refuse_none(parameters)
        if self._transform is None:
            return self._db.fetch_one(self.statement, parameters=parameters)
        return self._only(self._transform, parameters)

    async def _all(self, transform: Callable[[Row], SelectedT], parameters: Mapping[str, Any]) -> list[SelectedT]:
        return [transform(row) for row in await self._db.fetch_all(self.statement, parameters=parameters)]

    async def _first_of(self, transform: Callable[[Row], SelectedT], parameters: Mapping[str, Any]) -> SelectedT | None:
        row = await self._db.fetch_first(self.statement, parameters=parameters)
        return None if row is None else transform(row)

    async def _only(self, transform: Callable[[Row], SelectedT], parameters: Mapping[str, Any]) -> SelectedT:
        return transform(await self._db.fetch_one(self.statement, parameters=parameters))
