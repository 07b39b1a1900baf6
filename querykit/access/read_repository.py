"""The reads that every table needs, each one statement, for data that comes from outside."""

from __future__ import annotations

import marshal
from typing import TYPE_CHECKING, Any, Final, Self, TypedDict, Unpack

from querykit import Expression, Table, and_, exists, fn, or_, select, select_from
from querykit.access.fields import Place, key_value, listed, shown, visible_columns
from querykit.access.filters import Limits, read_filter
from querykit.access.find import Finder
from querykit.access.plugged import audit, soft_deletion
from querykit.access.schemas import check_row
from querykit.errors import BuildError, InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from querykit import Column, Condition
    from querykit.access.fields import Path

_SHAPES: Final = 100
"""How many queries a repository keeps, less what each asks for; data from outside may make any number of them."""
_LARGEST_SHAPE: Final = 2000
"""In bytes of what was asked for."""


class FindOptions(TypedDict, total=False):
    """What `ReadRepository.find` takes."""

    where: Any
    order_by: Any
    limit: int | None
    offset: int | None
    columns: Sequence[str] | None
    include: Sequence[str] | Mapping[str, Any]


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
        max_limit: The most rows, or keys, that data may ask for at once.
        output: What rows are to be like: a schema, as `Repository` takes it for what comes in. It checks rows and
            changes none; rows of which only some columns were asked for are not checked.
        validate_output: Whether `output` is asked: it costs time, which a program may spend in its tests alone.
    """

    def __init__(
        self,
        db: Any,
        table: Table,
        *,
        key: str | Sequence[str] = (),
        where: Callable[[Any], Condition] | None = None,
        max_limit: int = 1000,
        output: Any = None,
        validate_output: bool = True,
    ) -> None:
        """Hold them.

        Raises:
            BuildError: the table declares no primary key, and none is named; or it is the class of a table.
        """
        if isinstance(table, type):
            raise BuildError(f"{table.__name__} is the class of a table; make one with {table.__name__}()")
        names = (key,) if isinstance(key, str) else tuple(key)
        self._key: tuple[Column[Any], ...] = tuple([table[name] for name in names]) or table._primary_key
        if not self._key:
            raise BuildError(f"{table!r} declares no primary key; say what tells its rows apart: key=…")
        self.db = db
        self.table = table
        self._where = where
        self._max_limit = max_limit
        self._finder = Finder(max_limit, Limits())
        self._shapes: dict[bytes, Any] = {}
        self._output = output if validate_output else None

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
        asked = {"where": where, "limit": limit, "offset": offset}
        shaped = self._shaped({"order_by": order_by, "columns": columns, "include": include})
        query = self._finder.narrowed(shaped, self.table, asked, Place.outermost(self.table))
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
            DecodeError: a row is not as `output` says.
        """
        query = self.find_query(
            where=where, order_by=order_by, limit=limit, offset=offset, columns=columns, include=include
        )
        found: list[dict[str, Any]] = await self.db.fetch_all(query)
        return self._checked(found) if columns is None else found

    async def find_first(
        self,
        *,
        where: Any = None,
        order_by: Any = (),
        columns: Sequence[str] | None = None,
        include: Sequence[str] | Mapping[str, Any] = (),
    ) -> dict[str, Any] | None:
        """The first row that meets a filter, or None; only one is read."""
        found = await self.find(where=where, order_by=order_by, limit=1, columns=columns, include=include)
        return found[0] if found else None

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
        return found if found is None or columns is not None else self._checked([found])[0]

    async def find_by_ids(
        self,
        ids: Sequence[Any],
        *,
        columns: Sequence[str] | None = None,
        include: Sequence[str] | Mapping[str, Any] = (),
    ) -> list[dict[str, Any]]:
        """The rows of several keys, in no order; keys without a row are left out, and no keys give no rows."""
        are_rows = self._are_rows(ids)
        return await self.find(where=are_rows, columns=columns, include=include) if ids else []

    async def count(self, *, where: Any = None) -> int:
        """How many rows meet a filter."""
        found: int = await self.db.fetch_value(self._rows(where).select(fn.count()))
        return found

    async def exists(self, *, where: Any = None) -> bool:
        """Whether a row meets a filter; the database stops at the first."""
        found: bool = await self.db.fetch_value(select(exists(self._rows(where).select(self._key[0])).as_("found")))
        return found

    # -- what plugins keep --------------------------------------------------------------------------------------------

    async def find_with_deleted(self, **options: Unpack[FindOptions]) -> list[dict[str, Any]]:
        """The rows that meet a filter, those too that `SoftDeletePlugin` marked as deleted; options as in `find`.

        Related rows that are deleted are not there.

        Raises:
            UsageError: the database has no such plugin for this table.
        """
        soft_deletion(self.db, self.table, "find_with_deleted()")
        found = await self.db.fetch_all(self.find_query(**options).with_deleted(self.table))
        return self._checked(found) if options.get("columns") is None else found

    async def find_deleted(self, **options: Unpack[FindOptions]) -> list[dict[str, Any]]:
        """The rows that meet a filter among those that `SoftDeletePlugin` marked as deleted; options as in `find`.

        Raises:
            UsageError: the database has no such plugin for this table.
        """
        soft_deletion(self.db, self.table, "find_deleted()")
        found = await self.db.fetch_all(self.find_query(**options).only_deleted(self.table))
        return self._checked(found) if options.get("columns") is None else found

    async def history(self, id: Any) -> list[dict[str, Any]]:  # noqa: A002
        """What `AuditPlugin` wrote down of a row, the oldest first, as its `AuditTable` has it; no hidden columns.

        Raises:
            UsageError: the database has no such plugin for this table.
            BuildError: the repository has a filter of its own, which a row that is gone cannot be asked about.
        """
        log = audit(self.db, self.table, "history()")
        if self._where is not None:
            raise BuildError("history() could tell of rows that the repository's own filter hides")
        key = self._key_of(id, ("id",))
        hidden = self.table._columns.keys() - visible_columns(self.table).keys()
        entries: list[dict[str, Any]] = await self.db.fetch_all(log.history(self.table, key))
        for entry in entries:
            for document in (entry["old_values"], entry["new_values"]):
                for name in hidden & (document or {}).keys():
                    del document[name]
        return entries

    # -- queries ------------------------------------------------------------------------------------------------------

    def _shaped(self, asked: dict[str, Any]) -> Any:
        """The query with columns, relations and an order. One that is asked for again is not made again."""
        try:
            key = marshal.dumps(asked, 0)  # tells every type of plain data apart, and takes no expression
        except ValueError:
            key = b""
        found = self._shapes.get(key)
        if found is None:
            found = self._finder.shaped(select_from(self.table), self.table, asked, Place.outermost(self.table))
            if key and len(key) < _LARGEST_SHAPE:
                if len(self._shapes) >= _SHAPES:
                    self._shapes.clear()
                self._shapes[key] = found
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
        key = self._key_of(id, path)
        return and_(*[column == key[column.name] for column in self._key])

    def _key_of(self, id: Any, path: Path) -> dict[str, Any]:  # noqa: A002 - as the methods call it
        """The values of a whole key, by column."""
        if len(self._key) == 1:
            return {self._key[0].name: key_value(self._key[0], id, path)}
        names = [column.name for column in self._key]
        if not isinstance(id, dict) or set(id) != set(names):
            raise InputError(path, f"takes an object with {listed(names)}")
        return {column.name: key_value(column, id[column.name], (*path, column.name)) for column in self._key}

    def _are_rows(self, ids: Any) -> Condition:
        """The condition that finds rows by their keys; none are no rows."""
        if not isinstance(ids, list | tuple):
            raise InputError(("ids",), f"takes a list of keys, not {shown(ids)}")
        if len(ids) > self._max_limit:
            raise InputError(("ids",), f"takes no more than {self._max_limit} keys at once")
        key, *others = self._key
        if others:
            return or_(*[self._is_row(each, ("ids", at)) for at, each in enumerate(ids)])
        return key.is_in([key_value(key, each, ("ids", at)) for at, each in enumerate(ids)])

    def _checked(self, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """The rows, as they are, if they are as `output` says."""
        if self._output is not None:
            names = visible_columns(self.table).keys()
            for row in rows:
                check_row(self._output, {name: row[name] for name in names}, self.table._name)
        return rows
