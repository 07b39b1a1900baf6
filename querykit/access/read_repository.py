"""The reads that every table needs, each one statement, for data that comes from outside."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from querykit import Expression, Table, and_, exists, fn, or_, select, select_from
from querykit.access.fields import Place, key_value, listed, shown
from querykit.access.filters import Limits, read_filter
from querykit.access.find import find_query
from querykit.errors import BuildError, InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from querykit import Column, Condition
    from querykit.access.fields import Path


class ReadRepository:
    """The reads of a table. It has no writes, whoever asks.

    >>> import asyncio
    >>> from querykit import Database
    >>> from recipes.schema import create, person
    >>> async def main():
    ...     async with Database("sqlite://") as db:
    ...         await create(db)
    ...         people = ReadRepository(db, person, key="id")
    ...         return await people.find(where={"first_name": {"starts_with": "A"}}, columns=["first_name"])
    >>> asyncio.run(main())
    [{'first_name': 'Agnes'}]

    Args:
        db: The database, connection or transaction that runs the statements.
        table: A declared table. Its hidden columns are never selected, nor can data filter or sort by them.
        key: The column that tells rows apart, or several; unsaid, the primary key that the table declares.
        where: The repository's own filter, a function of the table: every row that it reads or changes meets it too,
            whatever is asked for.
        max_limit: The most rows that data may ask for at once.
    """

    def __init__(
        self,
        db: Any,
        table: Table,
        *,
        key: str | Sequence[str] = (),
        where: Callable[[Any], Condition] | None = None,
        max_limit: int = 1000,
    ) -> None:
        """Hold them.

        Raises:
            BuildError: the table declares no primary key, and none is named.
        """
        names = (key,) if isinstance(key, str) else tuple(key)
        self._key: tuple[Column[Any], ...] = tuple([table[name] for name in names]) or table._primary_key
        if not self._key:
            raise BuildError(f"{table!r} declares no primary key; say what tells its rows apart: key=…")
        self.db = db
        self.table = table
        self._where = where
        self._max_limit = max_limit

    def using(self, db: Any) -> Self:
        """The same repository in a transaction, or on another database."""
        copied = object.__new__(type(self))
        copied.__dict__.update(self.__dict__, db=db)
        return copied

    # -- reads --------------------------------------------------------------------------------------------------------

    def find_query(
        self,
        *,
        where: Any = None,
        order_by: Any = (),
        limit: int | None = None,
        offset: int | None = None,
        columns: Sequence[str] | None = None,
        include: Sequence[str] | Mapping[str, Any] = (),
    ) -> Any:
        """The query of `find`, to print, to change, or to page through."""
        query = find_query(
            self.table,
            where=where,
            order_by=order_by,
            limit=limit,
            offset=offset,
            columns=columns,
            include=include,
            max_limit=self._max_limit,
        )
        own = self._own_filter()
        return query.where(*own) if own else query

    async def find(
        self,
        *,
        where: Any = None,
        order_by: Any = (),
        limit: int | None = None,
        offset: int | None = None,
        columns: Sequence[str] | None = None,
        include: Sequence[str] | Mapping[str, Any] = (),
    ) -> list[dict[str, Any]]:
        """The rows that meet a filter; the arguments are those of `querykit.access.find_query`.

        Raises:
            InputError: something that is asked for is unknown, hidden or of a wrong type.
        """
        query = self.find_query(
            where=where, order_by=order_by, limit=limit, offset=offset, columns=columns, include=include
        )
        found: list[dict[str, Any]] = await self.db.fetch_all(query)
        return found

    async def find_first(
        self,
        *,
        where: Any = None,
        order_by: Any = (),
        columns: Sequence[str] | None = None,
        include: Sequence[str] | Mapping[str, Any] = (),
    ) -> dict[str, Any] | None:
        """The first row that meets a filter, or None; only one is read."""
        query = self.find_query(where=where, order_by=order_by, limit=1, columns=columns, include=include)
        found: dict[str, Any] | None = await self.db.fetch_first(query)
        return found

    async def find_by_id(
        self,
        id: Any,  # noqa: A002 - what everybody calls it
        *,
        columns: Sequence[str] | None = None,
        include: Sequence[str] | Mapping[str, Any] = (),
    ) -> dict[str, Any] | None:
        """The row of a key, or None.

        Args:
            id: The key's value; of a key of several columns, an object with every one of them.
            columns: As in `find`.
            include: As in `find`.
        """
        query = self.find_query(where=self._is_row(id), columns=columns, include=include)
        found: dict[str, Any] | None = await self.db.fetch_one_or_none(query)
        return found

    async def find_by_ids(
        self,
        ids: Sequence[Any],
        *,
        columns: Sequence[str] | None = None,
        include: Sequence[str] | Mapping[str, Any] = (),
    ) -> list[dict[str, Any]]:
        """The rows of several keys, in no order; keys without a row are left out, and no keys give no rows."""
        if not isinstance(ids, list | tuple):
            raise InputError(("ids",), f"takes a list of keys, not {shown(ids)}")
        if not ids:
            return []
        if len(self._key) == 1:
            key = self._key[0]
            condition = key.is_in([key_value(key, each, ("ids", at)) for at, each in enumerate(ids)])
        else:
            condition = or_(*[self._is_row(each, ("ids", at)) for at, each in enumerate(ids)])
        found: list[dict[str, Any]] = await self.db.fetch_all(
            self.find_query(where=condition, columns=columns, include=include)
        )
        return found

    async def count(self, *, where: Any = None) -> int:
        """How many rows meet a filter."""
        found: int = await self.db.fetch_value(self._rows(where).select(fn.count()))
        return found

    async def exists(self, *, where: Any = None) -> bool:
        """Whether a row meets a filter; the database stops at the first."""
        found: bool = await self.db.fetch_value(select(exists(self._rows(where).select(self._key[0])).as_("found")))
        return found

    # -- conditions ---------------------------------------------------------------------------------------------------

    def _own_filter(self) -> list[Condition]:
        return [] if self._where is None else [self._where(self.table)]

    def _rows(self, where: Any) -> Any:
        """A query of the rows that meet a filter, without columns."""
        asked = [] if where is None else [self._condition(where, Limits())]
        conditions = [*asked, *self._own_filter()]
        query = select_from(self.table)
        return query.where(*conditions) if conditions else query

    def _condition(self, where: Any, limits: Limits) -> Any:
        if isinstance(where, Expression):
            return where
        return read_filter(self.table, where, Place.outermost(self.table).at("where"), limits)

    def _is_row(self, id: Any, path: Path = ("id",)) -> Condition:  # noqa: A002 - as the methods call it
        """The condition that finds one row by its whole key."""
        if len(self._key) == 1:
            is_row: Condition = self._key[0] == key_value(self._key[0], id, path)
            return is_row
        names = {column.name for column in self._key}
        if not isinstance(id, dict) or set(id) != names:
            raise InputError(path, f"takes an object with {listed(column.name for column in self._key)}")
        return and_(*[column == key_value(column, id[column.name], (*path, column.name)) for column in self._key])
