"""What a mapper inserts: objects as rows, and what comes back for each of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, Self
from typing import cast as static_cast

from querykit import Expression
from querykit.access.mapper.parameters import Compiled, same_kind, value_arguments, value_parameters
from querykit.access.mapper.settings import written_columns
from querykit.access.mapper.transforms import EVERY, InsertedT, InsertT
from querykit.access.returned import insert_all_returning, insert_returning
from querykit.access.values import made_row
from querykit.errors import BuildError, InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from querykit.access.mapper.settings import Settings
    from querykit.access.mapper.transforms import Columns, Row

    Of = Settings[Any, InsertT, InsertedT, Any, Any, Any]


class InsertQuery(Generic[InsertT, InsertedT]):
    """The way of new rows into the table of a mapper."""

    def __init__(self, settings: Of[InsertT, InsertedT], started: Any, columns: Columns = EVERY) -> None:
        """Hold the mapper's settings, an INSERT without rows, and the columns that are written."""
        self._settings = settings
        self._started = started
        self._columns = columns

    def modify(self, change: Callable[[Any], Any]) -> Self:
        """The same with another INSERT, to which rows are added later: ``modify(lambda insert: insert.ignore())``.

        Raises:
            BuildError: what the function gives is no INSERT.
        """
        return type(self)(self._settings, same_kind(self._started, change), self._columns)

    def columns(self, columns: Sequence[str]) -> InsertOfColumns[InsertT, InsertedT]:
        """The same that writes these columns, whatever else there are values for; ``["*"]`` writes all.

        Raises:
            BuildError: a column is not there, or there twice.
        """
        return InsertOfColumns(self._settings, self._started, written_columns(self._settings.table, columns))

    def statement(self, *sources: InsertT) -> Any:
        """The statement that inserts these objects, to print or to run by other means."""
        return self._started.values([self._values(each, (at,)) for at, each in enumerate(sources)])

    async def run(self, source: InsertT | list[InsertT]) -> bool:
        """Insert an object, or a list of them, without asking what became of it. No objects are no statement.

        Returns:
            True: what cannot be inserted raises.

        Raises:
            InputError: what there is to insert is no row of this table.
        """
        if not isinstance(source, list):
            await self._settings.db.execute(self._started.values(self._values(source)))
        elif source:
            await self._settings.db.execute(self.statement(*source))
        return True

    async def return_one(self, source: InsertT) -> InsertedT:
        """Insert an object, and give back what the mapper's `insert_return_columns` say of it.

        Raises:
            BuildError: nothing is to come back.
            NoResultError: no row was inserted, because of one that is in its way.
        """
        self._check_returns()
        settings = self._settings
        values = self._values(source)
        statement = self._started.values(values)
        if not settings.insert_returns:
            await settings.db.execute(statement)
            return self._returned(source, {})
        row = await insert_returning(settings.db, statement, settings.insert_returns, values, settings.key)
        return self._returned(source, row)

    async def return_all(self, sources: Iterable[InsertT]) -> list[InsertedT]:
        """Insert objects, all or none, and give back the same for each of them, in their order.

        No database promises in which order rows come back: they are known by their keys, and where these are not among
        the values, each is inserted by a statement of its own.
        """
        self._check_returns()
        settings = self._settings
        given = list(sources)
        rows = [self._values(each, (at,)) for at, each in enumerate(given)]
        if not rows:
            return []
        if not settings.insert_returns:
            await settings.db.execute(self._started.values(rows))
            return [self._returned(each, {}) for each in given]
        found = await insert_all_returning(settings.db, self._started, settings.insert_returns, rows, settings.key)
        return [self._returned(source, row) for source, row in zip(given, found, strict=True)]

    def _values(self, source: InsertT, path: tuple[int, ...] = ()) -> Row:
        transform = self._settings.transforms.insert
        made = source if transform is None else transform(source, self._columns)
        return made_row(self._settings.table, self._settings.values(made, self._columns, path))

    def _check_returns(self) -> None:
        if not self._settings.insert_returns and self._settings.transforms.insert_return is None:
            raise BuildError("the mapper has no insert_return_columns, so nothing comes back: run() asks for nothing")

    def _returned(self, source: InsertT, row: Row) -> InsertedT:
        transform = self._settings.transforms.insert_return
        return static_cast("InsertedT", row) if transform is None else transform(source, row)


class InsertOfColumns(InsertQuery[InsertT, InsertedT]):
    """An insert whose columns are named, which can be compiled."""

    def compile(self) -> CompiledInsert[InsertT, InsertedT]:
        """The same, to be kept and run often.

        Raises:
            BuildError: the columns are not named.
        """
        return CompiledInsert(self._settings, self._started, self._columns)


class CompiledInsert(Compiled, Generic[InsertT, InsertedT]):
    """An insert whose SQL is written once, with RETURNING and without.

    Attributes:
        statement: The INSERT of one row, with a parameter for each value.
    """

    def __init__(self, settings: Of[InsertT, InsertedT], started: Any, columns: Columns) -> None:
        """Write the statements."""
        if columns == EVERY:
            raise BuildError('compile() needs the columns by name: columns(["…"])')
        super().__init__(settings.db)
        self._settings = settings
        self._columns = (*columns, *[name for name in settings.table._factories if name not in columns])
        self._query = InsertQuery(settings, started, columns)
        self.statement = started.values(value_parameters(self._columns))
        self._returns = self.statement.returning(*settings.insert_returns) if settings.insert_returns else None

    async def run(self, source: InsertT) -> bool:
        """Insert an object; True, as what cannot be inserted raises."""
        await self._db.execute(self.statement, parameters=self._arguments(self._query._values(source)))
        return True

    async def return_one(self, source: InsertT) -> InsertedT:
        """Insert an object, and give back what the mapper's `insert_return_columns` say of it.

        Raises:
            BuildError: nothing is to come back.
            NoResultError: no row was inserted, because of one that is in its way.
        """
        self._query._check_returns()
        values = self._query._values(source)
        return self._query._returned(source, await self._insert(self._db, values))

    async def return_all(self, sources: Iterable[InsertT]) -> list[InsertedT]:
        """Insert objects one after the other, all or none, and give back the same for each of them."""
        self._query._check_returns()
        given = list(sources)
        rows = [self._query._values(each, (at,)) for at, each in enumerate(given)]
        if not rows:
            return []
        db: Any = self._db  # every runner that is handed out has transactions
        async with db.transaction() as trx:
            found = [await self._insert(trx, each) for each in rows]
        return [self._query._returned(source, row) for source, row in zip(given, found, strict=True)]

    async def _insert(self, db: Any, values: Row) -> Row:
        settings, arguments = self._settings, self._arguments(values)
        if self._returns is None:
            await db.execute(self.statement, parameters=arguments)
            return {}
        return await insert_returning(
            db,
            self.statement,
            settings.insert_returns,
            values,
            settings.key,
            parameters=arguments,
            returns=self._returns,
        )

    def _arguments(self, values: Row) -> dict[str, Any]:
        refuse_expressions(values)
        return value_arguments(self._columns, values)


def refuse_expressions(values: Row) -> None:
    """Raise `InputError` for what is no value: it would have to stand in the SQL, which is written already."""
    for name, value in values.items():
        if isinstance(value, Expression):
            raise InputError((name,), "a compiled query takes values, not expressions")
