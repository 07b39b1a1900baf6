"""A table and plain objects, mapped both ways."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, Generic, Self, overload
from typing import cast as static_cast

from querykit import RequireWherePlugin, Table, delete_from, insert_into, select_from, update
from querykit.access.mapper.conditions import READS, WRITES, condition_of, reference
from querykit.access.mapper.delete import DeleteQuery
from querykit.access.mapper.insert import InsertQuery
from querykit.access.mapper.parameters import checked_runner, parameter
from querykit.access.mapper.select import SelectQuery
from querykit.access.mapper.settings import Settings, columns_of, returned_columns
from querykit.access.mapper.transforms import (
    Columns,
    CountT,
    EntireRowTransforms,
    InsertedT,
    InsertT,
    Row,
    SelectedT,
    TableT,
    Transforms,
    UpdatedT,
    UpdateT,
)
from querykit.access.mapper.update import UpdateQuery
from querykit.access.repository import all_rows
from querykit.errors import BuildError, CompileError, InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from typing_extensions import TypeVar

    from querykit import Column, Expression, Runner
    from querykit.access.mapper.conditions import Filter, Operator
    from querykit.access.mapper.parameters import Compilable

    CompiledT = TypeVar("CompiledT")
    Selected = TypeVar("Selected", default=dict[str, Any])
    New = TypeVar("New", default=Mapping[str, Any])
    Inserted = TypeVar("Inserted", default=dict[str, Any])
    Change = TypeVar("Change", default=Mapping[str, Any])
    Updated = TypeVar("Updated", default=dict[str, Any])
    Count = TypeVar("Count", default=int)

_GUARD: Final[Any] = RequireWherePlugin()
"""Knows conditions that hold for every row."""
_PLAIN: Final = (Table, Row, Any, Row, Any, Row, int)
"""What a mapper of plain rows takes and gives."""


class AbstractTableMapper(Generic[TableT, SelectedT, InsertT, InsertedT, UpdateT, UpdatedT, CountT]):
    """The base of mappers of one's own: all that `TableMapper` does, with transforms that a class overrides.

    Its type parameters are the table's class; what a select gives; what an insert takes and gives; what an update takes
    and gives; and a count.

    Args:
        db: The database, connection or transaction that runs the statements.
        table: A declared table, under its own name.
        key_columns: What tells its rows apart, in the order of a key's values; unsaid, the primary key that the table
            declares; ``()`` is no key.
        selected_columns: What is selected: names, ``"*"`` for all columns that are not hidden, and expressions, with
            ``.as_(…)`` under other names.
        insert_return_columns: What comes back of a row that is inserted; unsaid, its key.
        update_return_columns: What comes back of a row that is updated.

    Raises:
        BuildError: the table is an alias, or declares no columns, or not those.
    """

    if not TYPE_CHECKING:  # checkers know the defaults of type parameters, Python knows them from 3.13 on

        def __class_getitem__(cls, given: Any) -> Any:
            named = given if isinstance(given, tuple) else (given,)
            return super().__class_getitem__((*named, *_PLAIN[len(named) :]))

    def __init__(
        self,
        db: Runner,
        table: TableT,
        *,
        key_columns: Sequence[str | Column[Any]] | None = None,
        selected_columns: Sequence[str | Expression[Any]] = ("*",),
        insert_return_columns: Sequence[str | Column[Any]] | None = None,
        update_return_columns: Sequence[str | Column[Any]] = (),
    ) -> None:
        """Hold them."""
        if not isinstance(table, Table) or table._is_open or table._alias is not None:
            raise BuildError("a mapper is of a table that declares its columns (class Person(Table, name=…)), no alias")
        named = table._primary_key if key_columns is None else returned_columns(table, key_columns, "key_columns")
        key = tuple([table[each.name] for each in named])
        returns = key if insert_return_columns is None else insert_return_columns
        self.table = table
        self._selects_all = any(isinstance(each, str) and each == "*" for each in selected_columns)
        self._settings: Settings[SelectedT, InsertT, InsertedT, UpdateT, UpdatedT, CountT] = Settings(
            db,
            table,
            key,
            columns_of(table, selected_columns, "selected_columns"),
            returned_columns(table, returns, "insert_return_columns"),
            returned_columns(table, update_return_columns, "update_return_columns"),
            self._transforms(),
        )
        if not self._settings.selected:
            raise BuildError("selected_columns names at least one column")

    def for_transaction(self, trx: Runner) -> Self:
        """The same mapper in a transaction, or on another database."""
        copied = object.__new__(type(self))
        copied.__dict__.update(self.__dict__)
        copied._settings = replace(self._settings, db=checked_runner(trx), transforms=copied._transforms())
        return copied

    # -- transforms ---------------------------------------------------------------------------------------------------

    def select_transform(self, row: Row) -> SelectedT:
        """The caller's value of a row that was read; the row, unless a class says otherwise."""
        return static_cast("SelectedT", row)

    def insert_transform(self, source: InsertT, columns: Columns) -> Mapping[str, Any]:  # noqa: ARG002 - for overrides
        """The values by column of an object that is inserted; the object itself, unless a class says otherwise.

        Args:
            source: What the caller gave.
            columns: The columns that are written, ``("*",)`` for all.
        """
        return static_cast("Mapping[str, Any]", source)

    def insert_return_transform(self, source: InsertT, returns: Row) -> InsertedT:  # noqa: ARG002 - for overrides
        """The caller's value of an object and of what came back for it; that, unless a class says otherwise."""
        return static_cast("InsertedT", returns)

    def update_transform(self, source: UpdateT, columns: Columns) -> Mapping[str, Any]:  # noqa: ARG002 - for overrides
        """The values by column of what an update was given; see `insert_transform`."""
        return static_cast("Mapping[str, Any]", source)

    def update_return_transform(self, source: UpdateT, returns: Row) -> UpdatedT:  # noqa: ARG002 - for overrides
        """The caller's value of what an update was given and of one row that came back for it."""
        return static_cast("UpdatedT", returns)

    def count_transform(self, count: int) -> CountT:
        """The caller's value of how many rows there were."""
        return static_cast("CountT", count)

    def _transforms(self) -> Transforms[SelectedT, InsertT, InsertedT, UpdateT, UpdatedT, CountT]:
        """The transforms that the class overrides."""
        return Transforms(
            select=self._own("select"),
            insert=self._own("insert"),
            insert_return=self._own("insert_return"),
            update=self._own("update"),
            update_return=self._own("update_return"),
            count=self._own("count"),
        )

    def _own(self, name: str) -> Any:
        method = f"{name}_transform"
        is_own = getattr(type(self), method) is not getattr(AbstractTableMapper, method)
        return getattr(self, method) if is_own else None

    # -- queries ------------------------------------------------------------------------------------------------------

    def ref(self, column: str) -> Column[Any]:
        """The column of that name, which may come from outside; raises `InputError` where there is none for it."""
        return reference(self.table, column)

    def insert(self) -> InsertQuery[InsertT, InsertedT]:
        """Start an insert: ``await people.insert().return_one(person)``."""
        return InsertQuery(self._settings, insert_into(self.table))

    @overload
    def select(self) -> SelectQuery[SelectedT]: ...

    @overload
    def select(self, where: Filter[TableT], /) -> SelectQuery[SelectedT]: ...

    @overload
    def select(
        self, column: str | Expression[Any], operator: Operator | Expression[Any], value: Any, /
    ) -> SelectQuery[SelectedT]: ...

    def select(self, *asked: Any) -> SelectQuery[SelectedT]:
        """Start a select of all rows, or of those that meet a filter.

        A filter is the value of a key (``7``), a tuple for a key of several columns, a dict of values by column (a list
        is what the column is in, None is NULL; and all else that `parse_filter` knows), a comparison
        (``"age", ">", 18``), a function of the table (``lambda person: (person.age > 18) | person.nick.is_null()``),
        a condition, raw SQL, or `all_rows()`.

        Raises:
            InputError: it is none of those, or a value is not of its column's type.
        """
        settings = self._settings
        query: Any = select_from(self.table).select(*settings.selected)
        condition = condition_of(self.table, settings.key, asked or (all_rows(),), READS)
        query = query if condition is None else query.where(condition)
        return SelectQuery(settings.db, query, settings.transforms.select)

    @overload
    def update(self, where: Filter[TableT], /) -> UpdateQuery[UpdateT, UpdatedT, CountT]: ...

    @overload
    def update(
        self, column: str | Expression[Any], operator: Operator | Expression[Any], value: Any, /
    ) -> UpdateQuery[UpdateT, UpdatedT, CountT]: ...

    def update(self, *asked: Any) -> UpdateQuery[UpdateT, UpdatedT, CountT]:
        """Start an update of the rows that meet a filter: one that asks for something, or `all_rows()`.

        Raises:
            InputError: the filter or a part of it is empty, or none that a mapper knows.
        """
        return UpdateQuery(self._settings, self._narrowed(update(self.table), asked))

    @overload
    def delete(self, where: Filter[TableT], /) -> DeleteQuery[CountT]: ...

    @overload
    def delete(
        self, column: str | Expression[Any], operator: Operator | Expression[Any], value: Any, /
    ) -> DeleteQuery[CountT]: ...

    def delete(self, *asked: Any) -> DeleteQuery[CountT]:
        """Start a removal of the rows that meet a filter; it is that of `update`."""
        settings = self._settings
        return DeleteQuery(settings.db, self._narrowed(delete_from(self.table), asked), settings.transforms.count)

    def _narrowed(self, statement: Any, asked: tuple[Any, ...]) -> Any:
        condition = condition_of(self.table, self._settings.key, asked, WRITES)
        if condition is None:
            return statement.all_rows()
        narrowed = statement.where(condition)
        try:
            _GUARD.transform_query(narrowed, None)
        except CompileError:
            raise InputError(("filter",), "leaves no row out; every row is all_rows()") from None
        return narrowed

    def parameterize(self, build: Callable[[Self, Callable[..., Expression[Any]]], Compilable[CompiledT]]) -> CompiledT:
        """A compiled query with named parameters, whose values are given each time it runs.

        ``find = people.parameterize(lambda people, param: people.select({"name": param("name")}))``, then
        ``await find.return_one(name="Ada")``. A parameter can stand for any value of a filter, and for an item of a
        list. It has the type of its column, or that of ``param("name", str)``.

        Args:
            build: Gets the mapper, and a function that makes parameters; gives a query, of an insert or update one
                whose columns are named.

        Raises:
            BuildError: it gives something else.
        """
        made = build(self, parameter)
        if not hasattr(made, "compile"):
            kind = type(made).__name__
            raise BuildError(
                f"parameterize() compiles queries, of inserts and updates those of columns([…]), not {kind}"
            )
        return made.compile()


class TableMapper(AbstractTableMapper[TableT, SelectedT, InsertT, InsertedT, UpdateT, UpdatedT, CountT]):
    """Maps a table and plain objects both ways; several mappers may be of one table.

    >>> import asyncio
    >>> from querykit import Database
    >>> from recipes.schema import create, person
    >>> async def main():
    ...     async with Database("sqlite://") as db:
    ...         await create(db)
    ...         people = TableMapper(db, person, key_columns=["id"], update_return_columns=["id", "first_name"])
    ...         names = people.with_transforms(Transforms(select=lambda row: row["first_name"]))
    ...         await people.insert().run({"id": 5, "first_name": "Emil"})
    ...         print(await people.update(5).return_one({"first_name": "Emily"}))
    ...         return await names.select("id", ">", 3).return_all()
    >>> asyncio.run(main())
    {'id': 5, 'first_name': 'Emily'}
    ['Delphine', 'Emily']

    Its arguments are those of `AbstractTableMapper`.
    """

    _given: Transforms[Any, Any, Any, Any, Any, Any] = Transforms()

    def with_transforms(
        self, transforms: Transforms[Selected, New, Inserted, Change, Updated, Count]
    ) -> TableMapper[TableT, Selected, New, Inserted, Change, Updated, Count]:
        """Another mapper of the same settings, with these transforms in place of all that it had.

        Raises:
            BuildError: `EntireRowTransforms` for a mapper that does not select all columns.
        """
        if isinstance(transforms, EntireRowTransforms) and not self._selects_all:
            raise BuildError('EntireRowTransforms are for a mapper with selected_columns=["*"]')
        copied: Any = object.__new__(type(self))
        copied.__dict__.update(self.__dict__, _given=transforms)
        copied._settings = replace(static_cast("Any", self._settings), transforms=transforms)
        return copied  # type: ignore[no-any-return]

    def _transforms(self) -> Transforms[SelectedT, InsertT, InsertedT, UpdateT, UpdatedT, CountT]:
        return self._given
