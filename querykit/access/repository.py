"""The reads and writes that every table needs, each one statement, for data that comes from outside."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING, Any, Final

from querykit import Expression, RequireWherePlugin, Table, delete_from, excluded, insert_into, update
from querykit.access.fields import listed, shown, visible_columns
from querykit.access.filters import Limits
from querykit.access.plugged import soft_deletion
from querykit.access.read_repository import ReadRepository
from querykit.access.returned import insert_all_returning, insert_returning, update_returning
from querykit.access.values import made_row, read_row
from querykit.errors import BuildError, CompileError, InputError, NoResultError, StaleRowError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from querykit import Column, Condition
    from querykit.access.fields import Path

_WRITES: Final = Limits(may_be_empty=False)
_GUARD: Final[Any] = RequireWherePlugin()
"""Knows conditions that hold for every row, such as a search for an empty text."""


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
        db: As in `ReadRepository`, with `table`, `key`, `where`, `max_limit`, `output` and `validate_output`.
        create: What checks the data of a new row: a `msgspec.Struct`, a dataclass, a TypedDict, a pydantic model, or a
            function that takes the data and gives a dict. Without it, columns and their types decide.
        change: What checks the data of a change; one that knows fields to be missing (`msgspec.UNSET`). Needed for
            changes where there is `create`.
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
        output: Any = None,
        validate_output: bool = True,
    ) -> None:
        """Hold them; raises `BuildError` for a key or a version that the table has not."""
        super().__init__(
            db, table, key=key, where=where, max_limit=max_limit, output=output, validate_output=validate_output
        )
        self._create = create
        self._change = change
        self._version: Column[Any] | None = None if version is None else table[version]

    # -- new rows -----------------------------------------------------------------------------------------------------

    async def insert(self, data: Any) -> dict[str, Any]:
        """Add a row.

        Raises:
            InputError: the data names an unknown column, or a value is not of its column's type.
        """
        values = self._to_add(data)
        statement = insert_into(self.table).values(values)
        async with self._written() as db:
            return self._checked([await insert_returning(db, statement, self._returned, values, self._key)])[0]

    async def insert_many(self, rows: Sequence[Any]) -> list[dict[str, Any]]:
        """Add rows, all or none, and give them back in the order given; no rows are no statement.

        Where the data names the key of every row it is one INSERT, and one SELECT that reads them; else it is an INSERT
        for each row, as no database promises which number goes to which row. All of it is in a transaction.
        """
        values = [self._to_add(each, (at,)) for at, each in enumerate(_several(rows))]
        if not values:
            return []
        async with self._written() as db:
            found = await insert_all_returning(db, insert_into(self.table), self._returned, values, self._key)
            return self._checked(found)

    async def upsert(self, data: Any, *, on: Sequence[str] = (), change: Sequence[str] = ()) -> dict[str, Any]:
        """Add a row, or change the one that has the same key: one atomic statement.

        Args:
            data: The row.
            on: The columns of a unique key; unsaid, the repository's key. (MySQL and MariaDB take any unique key.)
            change: The columns to change in a row that is there; unsaid, all that the data names but the key's.

        Raises:
            BuildError: the repository has a filter of its own, which a row that is there may not meet.
        """
        keys = self._keys_of_upsert(on)
        values = self._to_upsert(data, keys)
        statement = self._upsert([values], keys, change)
        async with self._written() as db:
            return self._checked([await insert_returning(db, statement, self._returned, values, keys)])[0]

    async def upsert_many(self, rows: Sequence[Any], *, on: Sequence[str] = (), change: Sequence[str] = ()) -> int:
        """Add rows, or change those that have the same key: one atomic statement; no rows are none.

        The arguments are those of `upsert`. Tells how many rows there were in the data; no two may have one key.
        """
        keys = self._keys_of_upsert(on)
        values = [self._to_upsert(each, keys, (at,)) for at, each in enumerate(_several(rows))]
        if len({tuple([each[key.name] for key in keys]) for each in values}) < len(values):
            raise InputError((), "two rows have one key")
        if any(each.keys() != values[0].keys() for each in values):
            raise InputError((), "rows that are upserted together name the same columns")
        if values:
            await self.db.execute(self._upsert(values, keys, change))
        return len(values)

    def _keys_of_upsert(self, on: Sequence[str]) -> list[Column[Any]]:
        if self._where is not None:
            raise BuildError("upsert() could change a row that the repository's own filter hides: insert or update")
        return [self.table[name] for name in on] or list(self._key)

    def _to_upsert(self, data: Any, keys: Sequence[Column[Any]], path: Path = ()) -> dict[str, Any]:
        values = read_row(self.table, data, self._create, path)
        missing = [column.name for column in keys if values.get(column.name) is None]
        if missing:
            raise InputError((*path, missing[0]), "an upsert names its whole key")
        return values

    def _upsert(self, rows: Sequence[dict[str, Any]], keys: Sequence[Column[Any]], change: Sequence[str]) -> Any:
        new: Any = excluded(self.table)
        held = {column.name for column in keys}
        changed = {name: new[name] for name in change or [name for name in rows[0] if name not in held]}
        conflict = insert_into(self.table).values(rows).on_conflict(*keys)
        return conflict.do_update(self._to_change(changed)) if changed else conflict.do_nothing()

    # -- changes ------------------------------------------------------------------------------------------------------

    async def update(self, where: Any, data: Any) -> int:
        """Change the rows that meet a filter, and tell how many there were.

        Args:
            where: A filter that asks for something, a condition of the program's own, or `all_rows()`.
            data: The columns to change.

        Raises:
            InputError: the filter or a part of it is empty, or the data is none for this table.
        """
        changed = self._to_change(self._to_set(data))
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
        self._check_version(version)
        statement = self._update(id, data, version)
        async with self._written() as db:
            row = await update_returning(db, statement, self._returned, self._is_row(id))
            if row is None:
                raise await self.using(db)._missed(id, version)
            return self._checked([row])[0]

    async def update_many(self, rows: Sequence[Any]) -> list[dict[str, Any]]:
        """Change rows, each by its key and in its own way, all or none, and give them back in the order given.

        Args:
            rows: The columns to change, each with the row's key among them; and with its version, where it is counted.

        Raises:
            NoResultError: there is no such row.
            StaleRowError: a row is of another version.
        """
        split = [self._split(each, (at,)) for at, each in enumerate(_several(rows))]
        async with self.db.transaction() as trx:
            inside = self.using(trx)
            return [await inside.update_by_id(id_, data, version=version) for id_, data, version in split]

    def _split(self, row: Any, path: Path) -> tuple[Any, dict[str, Any], int | None]:
        """The key of a row, what it changes, and its version."""
        names = [column.name for column in self._key]
        if not isinstance(row, dict) or not row.keys() >= set(names):
            raise InputError(path, f"takes an object with {listed(names)}")
        counted = None if self._version is None else self._version.name
        data = {name: each for name, each in row.items() if name not in names and name != counted}
        id_ = row[names[0]] if len(names) == 1 else {name: row[name] for name in names}
        return id_, data, None if counted is None else row.get(counted)

    def _update(self, id_: Any, data: Any, version: int | None) -> Any:
        values = self._to_set(data)
        keys = [column.name for column in self._key if column.name in values]
        if keys:
            raise InputError((keys[0],), "is the key, which does not change")
        return update(self.table).set(self._to_change(values)).where(*self._the_row(id_, version))

    def _check_version(self, version: int | None) -> None:
        if (version is None) != (self._version is None):
            raise InputError(("version",), "is needed" if version is None else "is not counted here")

    def _the_row(self, id_: Any, version: int | None) -> list[Condition]:
        """The conditions that one row, of a version, meets."""
        of_version = [] if self._version is None else [self._version == version]
        return [self._is_row(id_), *self._own_filter(), *of_version]

    async def _missed(self, id_: Any, version: int | None) -> Exception:
        """What is to be said of a row that was not there to be written."""
        if self._version is not None and await self.exists(where=self._is_row(id_)):
            return StaleRowError(f"{self.table._name}: the row is not of version {version} any more; read it again")
        return NoResultError(f"{self.table._name}: there is no such row")

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

    async def delete_by_id(self, id: Any, *, version: int | None = None) -> bool:  # noqa: A002
        """Remove a row, and tell whether it was there.

        Raises:
            StaleRowError: the row is of another version.
            InputError: `version` is missing where it is counted.
        """
        self._check_version(version)
        statement = delete_from(self.table).where(*self._the_row(id, version))
        is_deleted = bool((await self.db.execute(statement)).rows_affected)
        if not is_deleted and self._version is not None:
            missed = await self._missed(id, version)
            if isinstance(missed, StaleRowError):
                raise missed
        return is_deleted

    async def delete_by_ids(self, ids: Sequence[Any]) -> int:
        """Remove the rows of several keys, of any version, and tell how many there were; no keys are no statement."""
        are_rows = self._are_rows(ids)
        if not ids:
            return 0
        found = await self.db.execute(delete_from(self.table).where(are_rows, *self._own_filter()))
        count: int = found.rows_affected
        return count

    async def truncate(self) -> int:
        """Remove every row that meets the repository's own filter, and tell how many there were (a DELETE)."""
        return await self.delete(all_rows())

    # -- what plugins keep --------------------------------------------------------------------------------------------

    async def soft_delete(self, id: Any, *, version: int | None = None) -> dict[str, Any]:  # noqa: A002
        """Mark a row as deleted by `SoftDeletePlugin`, and give it back; `delete` and `delete_by_id` do so too.

        Raises:
            NoResultError: there is no such row, or it is deleted already.
            StaleRowError: the row is of another version.
            UsageError: the database has no such plugin for this table.
        """
        soft_deletion(self.db, self.table, "soft_delete()")
        async with self.db.transaction() as trx:
            inside = self.using(trx)
            if not await inside.delete_by_id(id, version=version):
                raise NoResultError(f"{self.table._name}: there is no such row")
            (row,) = await inside.find_with_deleted(where=self._is_row(id))
            return row

    async def restore(self, id: Any) -> dict[str, Any]:  # noqa: A002
        """Bring a row back that `SoftDeletePlugin` marked as deleted, and give it back.

        Raises:
            NoResultError: there is no such row, or it is not deleted.
            UsageError: the database has no such plugin for this table.
        """
        soft_deletion(self.db, self.table, "restore()")
        statement = update(self.table).restore().where(self._is_row(id), *self._own_filter())
        async with self.db.transaction() as trx:
            if not (await trx.execute(statement)).rows_affected:
                raise NoResultError(f"{self.table._name}: there is no such row that is deleted")
            (row,) = await self.using(trx).find(where=self._is_row(id))
            return row

    async def hard_delete(self, id: Any) -> bool:  # noqa: A002
        """Remove a row for good, marked as deleted or not, and tell whether it was there.

        Raises:
            UsageError: the database has no `SoftDeletePlugin` for this table.
        """
        soft_deletion(self.db, self.table, "hard_delete()")
        statement = delete_from(self.table).hard_delete().where(self._is_row(id), *self._own_filter())
        return bool((await self.db.execute(statement)).rows_affected)

    # -- parts --------------------------------------------------------------------------------------------------------

    @property
    def _returned(self) -> list[Column[Any]]:
        return list(visible_columns(self.table).values())

    def _written(self) -> Any:
        """What a row is written by: a transaction, if the row may be refused when it comes back."""
        return nullcontext(self.db) if self._output is None else self.db.transaction()

    def _to_add(self, data: Any, path: Path = ()) -> dict[str, Any]:
        return made_row(self.table, read_row(self.table, data, self._create, path))

    def _to_set(self, data: Any) -> dict[str, Any]:
        if self._change is None and self._create is not None:
            raise BuildError(f"what checks new rows of {self.table._name} does not check changes: say change=…, too")
        return read_row(self.table, data, self._change)

    def _narrowed(self, statement: Any, where: Any) -> Any:
        if isinstance(where, AllRows):
            own = self._own_filter()
            return statement.where(*own) if own else statement.all_rows()
        if not isinstance(where, Expression) and not where:
            raise InputError(("where",), "is empty; every row is all_rows()")
        asked = statement.where(self._condition(where, _WRITES))
        try:
            _GUARD.transform_query(asked, None)
        except CompileError:
            raise InputError(("where",), "leaves no row out; every row is all_rows()") from None
        own = self._own_filter()
        return asked.where(*own) if own else asked


def _several(rows: Any) -> Sequence[Any]:
    if not isinstance(rows, list | tuple):
        raise InputError((), f"takes a list of rows, not {shown(rows)}")
    return rows
