"""The reads and writes that every table needs, each one statement, for data that comes from outside."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from querykit import Expression, Table, delete_from, excluded, insert_into, update
from querykit.access.fields import visible_columns
from querykit.access.filters import Limits
from querykit.access.read_repository import ReadRepository
from querykit.access.returned import insert_all_returning, insert_returning, update_returning
from querykit.access.values import made_row, read_row
from querykit.errors import BuildError, InputError, NoResultError, StaleRowError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from querykit import Column, Condition

_WRITES: Final = Limits(may_be_empty=False)


class AllRows:
    """Said where every row is meant; see `all_rows`."""

    def __repr__(self) -> str:
        """How it is said."""
        return "all_rows()"


def all_rows() -> AllRows:
    """Every row, for `Repository.update` and `Repository.delete`: nothing that comes from outside can say it."""
    return AllRows()


class Repository(ReadRepository):
    """The reads and writes of a table.

    Writes give back the row as the database has it, without hidden columns: by RETURNING, or where a database has none
    (MySQL; MariaDB for UPDATE), by reading the row by its key in the same transaction.

    >>> import asyncio
    >>> from querykit import Database
    >>> from recipes.schema import create, person
    >>> async def main():
    ...     async with Database("sqlite://") as db:
    ...         await create(db)
    ...         people = Repository(db, person, key="id")
    ...         await people.insert({"id": 5, "first_name": "Emil"})
    ...         return await people.update_by_id(5, {"first_name": "Emily"})
    >>> asyncio.run(main())
    {'id': 5, 'first_name': 'Emily', 'mother_id': None}

    Args:
        db: As in `ReadRepository`, with `table`, `key`, `where` and `max_limit`.
        create: What checks the data of a new row: a `msgspec.Struct`, a dataclass, a TypedDict, a pydantic model, or a
            function that takes the data and gives a dict. Without it, columns and their types decide.
        change: What checks the data of a change; one that knows fields to be missing (`msgspec.UNSET`).
        version: The column that counts a row's versions: every change adds one to it, and `update_by_id` takes the
            version that the change is made for.
    """

    def __init__(
        self,
        db: Any,
        table: Table,
        *,
        key: str | Sequence[str] = (),
        where: Callable[[Any], Condition] | None = None,
        max_limit: int = 1000,
        create: Any = None,
        change: Any = None,
        version: str | None = None,
    ) -> None:
        """Hold them; raises `BuildError` for a key or a version that the table has not."""
        super().__init__(db, table, key=key, where=where, max_limit=max_limit)
        self._create = create
        self._change = change
        self._version: Column[Any] | None = None if version is None else table[version]

    # -- new rows -----------------------------------------------------------------------------------------------------

    async def insert(self, data: Any) -> dict[str, Any]:
        """Add a row.

        Raises:
            InputError: the data names an unknown column, or a value is not of its column's type.
        """
        values = made_row(self.table, read_row(self.table, data, self._create))
        return await insert_returning(
            self.db, insert_into(self.table).values(values), self._returned, values, self._key
        )

    async def insert_many(self, rows: Sequence[Any]) -> list[dict[str, Any]]:
        """Add rows, all or none, and give them back in the order given; no rows are no statement.

        Where the data names the key of every row it is one INSERT, and one SELECT that reads them; else it is an INSERT
        for each row, as no database promises which number goes to which row. All of it is in a transaction.
        """
        values = [made_row(self.table, read_row(self.table, each, self._create, (at,))) for at, each in enumerate(rows)]
        if not values:
            return []
        return await insert_all_returning(self.db, insert_into(self.table), self._returned, values, self._key)

    async def upsert(self, data: Any, *, on: Sequence[str] = (), change: Sequence[str] = ()) -> dict[str, Any]:
        """Add a row, or change the one that has the same key: one atomic statement.

        Args:
            data: The row.
            on: The columns of a unique key; unsaid, the repository's key. (MySQL and MariaDB take any unique key.)
            change: The columns to change in a row that is there; unsaid, all that the data names but the key's.

        Raises:
            BuildError: the repository has a filter of its own, which a row that is there may not meet.
        """
        if self._where is not None:
            raise BuildError("upsert() could change a row that the repository's own filter hides: insert or update")
        values = read_row(self.table, data, self._create)
        keys = [self.table[name] for name in on] or list(self._key)
        missing = [column.name for column in keys if values.get(column.name) is None]
        if missing:
            raise InputError((missing[0],), "an upsert names its whole key")
        changed = change or [name for name in values if name not in {column.name for column in keys}]
        new: Any = excluded(self.table)
        conflict = insert_into(self.table).values(values).on_conflict(*keys)
        statement = conflict.do_update({name: new[name] for name in changed}) if changed else conflict.do_nothing()
        return await insert_returning(self.db, statement, self._returned, values, keys)

    # -- changes ------------------------------------------------------------------------------------------------------

    async def update(self, where: Any, data: Any) -> int:
        """Change the rows that meet a filter, and tell how many there were.

        Args:
            where: A filter that asks for something, a condition of the program's own, or `all_rows()`.
            data: The columns to change.

        Raises:
            InputError: the filter or a part of it is empty, or the data is none for this table.
        """
        changed = self._to_change(read_row(self.table, data, self._change))
        found = await self.db.execute(self._narrowed(update(self.table).set(changed), where))
        count: int = found.rows_affected
        return count

    async def update_by_id(self, id: Any, data: Any, *, version: int | None = None) -> dict[str, Any]:  # noqa: A002
        """Change a row.

        Raises:
            NoResultError: there is no such row.
            StaleRowError: the row is of another version.
            InputError: the data is none for this table or names the key, or `version` is missing where it is counted.
        """
        if (version is None) != (self._version is None):
            raise InputError(("version",), "is needed" if version is None else "is not counted here")
        values = read_row(self.table, data, self._change)
        keys = [column.name for column in self._key if column.name in values]
        if keys:
            raise InputError((keys[0],), "is the key, which does not change")
        statement = update(self.table).set(self._to_change(values)).where(self._is_row(id), *self._own_filter())
        if self._version is not None:
            statement = statement.where(self._version == version)
        row = await update_returning(self.db, statement, self._returned, self._is_row(id))
        if row is not None:
            return row
        if self._version is not None and await self.exists(where=self._is_row(id)):
            raise StaleRowError(f"{self.table._name}: the row is not of version {version} any more; read it again")
        raise NoResultError(f"{self.table._name}: there is no such row")

    def _to_change(self, values: dict[str, Any]) -> dict[str, Any]:
        if self._version is None:
            return values
        return {**values, self._version.name: self._version + 1}

    # -- removals -----------------------------------------------------------------------------------------------------

    async def delete(self, where: Any) -> int:
        """Remove the rows that meet a filter, and tell how many there were; `where` is that of `update`."""
        found = await self.db.execute(self._narrowed(delete_from(self.table), where))
        count: int = found.rows_affected
        return count

    async def delete_by_id(self, id: Any) -> bool:  # noqa: A002
        """Remove a row, and tell whether it was there."""
        statement = delete_from(self.table).where(self._is_row(id), *self._own_filter())
        return bool((await self.db.execute(statement)).rows_affected)

    async def truncate(self) -> int:
        """Remove every row that meets the repository's own filter, and tell how many there were (a DELETE)."""
        return await self.delete(all_rows())

    # -- parts --------------------------------------------------------------------------------------------------------

    @property
    def _returned(self) -> list[Column[Any]]:
        return list(visible_columns(self.table).values())

    def _narrowed(self, statement: Any, where: Any) -> Any:
        if isinstance(where, AllRows):
            own = self._own_filter()
            return statement.where(*own) if own else statement.all_rows()
        if not isinstance(where, Expression) and not where:
            raise InputError(("where",), "is empty; every row is all_rows()")
        return statement.where(self._condition(where, _WRITES), *self._own_filter())
