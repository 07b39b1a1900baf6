"""What a mapper updates: values for rows that meet a filter, and what comes back of each row."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, Self
from typing import cast as static_cast

from querykit.access.mapper.delete import counted
from querykit.access.mapper.insert import refuse_expressions
from querykit.access.mapper.parameters import Compiled, same_kind, value_arguments, value_parameters
from querykit.access.mapper.settings import written_columns
from querykit.access.mapper.transforms import EVERY, CountT, UpdatedT, UpdateT
from querykit.access.returned import update_all_returning
from querykit.errors import BuildError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from querykit.access.mapper.settings import Settings
    from querykit.access.mapper.transforms import Columns, Row

    Of = Settings[Any, Any, Any, UpdateT, UpdatedT, CountT]


class UpdateQuery(Generic[UpdateT, UpdatedT, CountT]):
    """The change of the rows of a mapper that meet its filter."""

    def __init__(self, settings: Of[UpdateT, UpdatedT, CountT], started: Any, columns: Columns = EVERY) -> None:
        """Hold the mapper's settings, an UPDATE that sets nothing yet, and the columns that are written."""
        self._settings = settings
        self._started = started
        self._columns = columns

    def modify(self, change: Callable[[Any], Any]) -> Self:
        """The same with another UPDATE, in which the values are set later.

        Raises:
            BuildError: what the function gives is no UPDATE.
        """
        return type(self)(self._settings, same_kind(self._started, change), self._columns)

    def columns(self, columns: Sequence[str]) -> UpdateOfColumns[UpdateT, UpdatedT, CountT]:
        """The same that writes these columns, whatever else there are values for; ``["*"]`` writes all.

        Raises:
            BuildError: a column is not there, or there twice.
        """
        return UpdateOfColumns(self._settings, self._started, written_columns(self._settings.table, columns))

    def statement(self, source: UpdateT) -> Any:
        """The statement that writes these values, to print or to run by other means."""
        return self._started.set(self._values(source))

    async def run(self, source: UpdateT) -> bool:
        """Write the values, and tell whether there were rows to write them to.

        Raises:
            InputError: the values are none of this table.
        """
        return bool(await self._count(source))

    async def return_count(self, source: UpdateT) -> CountT:
        """Write the values, and tell to how many rows."""
        return counted(await self._count(source), self._settings.transforms.count)

    async def return_one(self, source: UpdateT) -> UpdatedT | None:
        """Write the values to every row that meets the filter; what `update_return_columns` say of the first, or None.

        Raises:
            BuildError: nothing is to come back.
        """
        found = await self.return_all(source)
        return found[0] if found else None

    async def return_all(self, source: UpdateT) -> list[UpdatedT]:
        """Write the values, and give back what the mapper's `update_return_columns` say of each row, in no order.

        Where the database has no RETURNING the rows are locked, changed and read again by their keys, in one
        transaction.

        Raises:
            BuildError: nothing is to come back.
            UnsupportedError: there is no RETURNING, and the rows cannot be found again.
        """
        self._check_returns()
        settings = self._settings
        if not settings.update_returns:
            return [self._returned(source, {}) for _ in range(await self._count(source))]
        rows = await update_all_returning(settings.db, self.statement(source), settings.update_returns, settings.key)
        return [self._returned(source, row) for row in rows]

    async def _count(self, source: UpdateT) -> int:
        return (await self._settings.db.execute(self.statement(source))).rows_affected or 0

    def _values(self, source: UpdateT) -> Row:
        transform = self._settings.transforms.update
        made = source if transform is None else transform(source, self._columns)
        return self._settings.values(made, self._columns)

    def _check_returns(self) -> None:
        if not self._settings.update_returns and self._settings.transforms.update_return is None:
            raise BuildError("the mapper has no update_return_columns, so nothing comes back: run() or return_count()")

    def _returned(self, source: UpdateT, row: Row) -> UpdatedT:
        transform = self._settings.transforms.update_return
        return static_cast("UpdatedT", row) if transform is None else transform(source, row)


class UpdateOfColumns(UpdateQuery[UpdateT, UpdatedT, CountT]):
    """An update whose columns are named, which can be compiled."""

    def compile(self) -> CompiledUpdate[UpdateT, UpdatedT, CountT]:
        """The same, to be kept and run often.

        Raises:
            BuildError: the columns are not named.
        """
        return CompiledUpdate(self._settings, self._started, self._columns)


class CompiledUpdate(Compiled, Generic[UpdateT, UpdatedT, CountT]):
    """An update whose SQL is written once, with RETURNING and without.

    Its methods take the values, and by their names those of the parameters of its filter. A column and a parameter of
    one name are two things.

    Attributes:
        statement: The UPDATE, with a parameter for each value.
    """

    def __init__(self, settings: Of[UpdateT, UpdatedT, CountT], started: Any, columns: Columns) -> None:
        """Write the statements."""
        if columns == EVERY:
            raise BuildError('compile() needs the columns by name: columns(["…"])')
        super().__init__(settings.db)
        self._settings = settings
        self._columns = columns
        self._query = UpdateQuery(settings, started, columns)
        self.statement = started.set(value_parameters(columns))
        self._returns = self.statement.returning(*settings.update_returns) if settings.update_returns else None

    async def run(self, source: UpdateT, /, **parameters: Any) -> bool:
        """Write the values, and tell whether there were rows to write them to."""
        return bool(await self._count(source, parameters))

    async def return_count(self, source: UpdateT, /, **parameters: Any) -> CountT:
        """Write the values, and tell to how many rows."""
        return counted(await self._count(source, parameters), self._settings.transforms.count)

    async def return_one(self, source: UpdateT, /, **parameters: Any) -> UpdatedT | None:
        """Write the values to every row that meets the filter; what `update_return_columns` say of the first, or None.

        Raises:
            BuildError: nothing is to come back.
        """
        found = await self.return_all(source, **parameters)
        return found[0] if found else None

    async def return_all(self, source: UpdateT, /, **parameters: Any) -> list[UpdatedT]:
        """Write the values, and give back what the mapper's `update_return_columns` say of each row, in no order.

        Raises:
            BuildError: nothing is to come back.
            UnsupportedError: there is no RETURNING, and the rows cannot be found again.
        """
        self._query._check_returns()
        settings = self._settings
        if self._returns is None:
            return [self._query._returned(source, {}) for _ in range(await self._count(source, parameters))]
        rows = await update_all_returning(
            self._db,
            self.statement,
            settings.update_returns,
            settings.key,
            parameters=self._arguments(source, parameters),
            returns=self._returns,
        )
        return [self._query._returned(source, row) for row in rows]

    async def _count(self, source: UpdateT, parameters: Mapping[str, Any]) -> int:
        arguments = self._arguments(source, parameters)
        return (await self._db.execute(self.statement, parameters=arguments)).rows_affected or 0

    def _arguments(self, source: UpdateT, parameters: Mapping[str, Any]) -> dict[str, Any]:
        self._refuse_none(parameters)
        values = self._query._values(source)
        refuse_expressions(values)
        return {**parameters, **value_arguments(self._columns, values)}
