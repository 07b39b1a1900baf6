"""Where statements start: shared by the module's functions, databases, connections and transactions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar, overload

from querykit.builder.cte import common_tables
from querykit.builder.delete import Delete
from querykit.builder.insert import Insert
from querykit.builder.merge import Merge
from querykit.builder.query import as_source
from querykit.builder.select import Select
from querykit.builder.statement import Statement
from querykit.builder.tables import Source, Table
from querykit.builder.update import Update
from querykit.builder.values_table import ValuesQuery, values_query
from querykit.errors import BuildError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from querykit.builder.cte import CommonTable
    from querykit.builder.executor import Executor
    from querykit.builder.expressions import Expression

    T = TypeVar("T")

StatementT = TypeVar("StatementT", bound=Statement[Any, Any])


class Creator:
    """Starts statements, bound to an executor or to none."""

    _executor: Executor | None = None
    """What runs the statements that start here."""

    def select_from(self, *sources: Any) -> Select[dict[str, Any], Any]:
        """Start a SELECT from tables, aliased sub-queries or CTEs.

        >>> from querykit import select_from, table
        >>> pet = table("pet")
        >>> print(select_from(pet).select(pet.name).compile("sqlite").sql)
        SELECT "pet"."name" FROM "pet"
        """
        if not sources:
            raise BuildError("select_from() takes at least one table; select() needs none")
        for each in sources:
            if not isinstance(each, Source):
                sources = tuple([as_source(each) for each in sources])
                break
        return self._started(Select, "sources", sources)

    @overload
    def select(self, column: Expression[T], /) -> Select[dict[str, Any], T]: ...

    @overload
    def select(self, *columns: Any) -> Select[dict[str, Any], Any]: ...

    def select(self, *columns: Any) -> Select[dict[str, Any], Any]:
        """Start a SELECT without FROM.

        >>> from querykit import select, value
        >>> print(select(value(1).as_("one")).compile("mysql").sql)
        SELECT %s AS `one`
        """
        return self._started(Select).select(*columns)

    def values(self, *rows: Any, columns: Sequence[str] = ()) -> ValuesQuery:
        """Rows of the program's own as a table: mappings of the same columns, or tuples with `columns`.

        >>> from querykit import select_from, table, values
        >>> pet = table("pet")
        >>> wanted = values({"name": "Rex", "age": 5}, {"name": "Tom", "age": 2}).as_("wanted")
        >>> query = select_from(pet).inner_join(wanted, wanted.name == pet.name).select(pet.id, wanted.age)
        >>> print(query.compile("postgres").sql)  # doctest: +NORMALIZE_WHITESPACE
        SELECT "pet"."id", "wanted"."age" FROM "pet"
        INNER JOIN (VALUES ($1::text, $2::bigint), ($3, $4)) AS "wanted" ("name", "age")
        ON "wanted"."name" = "pet"."name"

        Raises:
            BuildError: there is no row, rows have different columns, or a column has values of several types.
        """
        made: ValuesQuery = self._started(ValuesQuery)
        return made.replaced(**values_query(rows, columns))

    def replace_into(self, table: Table) -> Insert[dict[str, Any], Any]:
        """Start an INSERT that deletes rows with the same key first; see `Insert.or_replace`.

        >>> from querykit import replace_into, table
        >>> print(replace_into(table("pet")).values(id=1, name="Rex").compile("mysql").sql)
        REPLACE INTO `pet` (`id`, `name`) VALUES (%s, %s)

        Raises:
            UnsupportedError: when compiled for PostgreSQL.
        """
        started: Insert[dict[str, Any], Any] = self._started(Insert, "table", _target(table, "replace_into"))
        return started.or_replace()

    def insert_into(self, table: Table) -> Insert[dict[str, Any], Any]:
        """Start an INSERT; see `Insert.values`."""
        return self._started(Insert, "table", _target(table, "insert_into"))

    def update(self, table: Table) -> Update[dict[str, Any], Any]:
        """Start an UPDATE; see `Update.set`."""
        return self._started(Update, "table", _target(table, "update"))

    def delete_from(self, table: Table, *others: Table) -> Delete[dict[str, Any], Any]:
        """Start a DELETE; see `Delete.where`. Of `others`, once joined, rows are deleted too (MySQL, MariaDB)."""
        started: Delete[dict[str, Any], Any] = self._started(Delete, "table", _target(table, "delete_from"))
        if not others:
            return started
        return started.with_part("others", tuple([_target(each, "delete_from") for each in others]))

    def merge_into(self, table: Table) -> Merge[dict[str, Any], Any]:
        """Start a MERGE; see `Merge`."""
        return self._started(Merge, "table", _target(table, "merge_into"))

    def with_(self, *tables: CommonTable) -> With:
        """Bring common table expressions into the statement that is started next; see `cte`."""
        return With(self._executor, common_tables(tables))

    def with_recursive(self, *tables: CommonTable) -> With:
        """``WITH RECURSIVE``, also where no CTE was made by `recursive_cte`, as for raw SQL."""
        return With(self._executor, common_tables(tables), is_recursive=True)

    def _started(self, statement: type[StatementT], name: str | None = None, part: object = None) -> StatementT:
        made = statement()
        parts = made.__dict__
        if name is not None:
            parts[name] = part
        executor = self._executor
        if executor is not None:
            parts["executor"] = executor
        return made


class With(Creator):
    """``WITH …``, waiting for the statement that it belongs to."""

    def __init__(self, executor: Executor | None, ctes: tuple[CommonTable, ...], *, is_recursive: bool = False) -> None:
        """Hold the common tables and who runs the statement."""
        self._executor = executor
        self._ctes = ctes
        self._is_recursive = is_recursive

    def with_(self, *tables: CommonTable) -> With:
        """Bring in more."""
        return With(self._executor, self._ctes + common_tables(tables), is_recursive=self._is_recursive)

    def with_recursive(self, *tables: CommonTable) -> With:
        """Bring in more, and say ``WITH RECURSIVE``."""
        return With(self._executor, self._ctes + common_tables(tables), is_recursive=True)

    def _started(self, statement: type[StatementT], name: str | None = None, part: object = None) -> StatementT:
        made = super()._started(statement, name, part)
        return made.replaced(ctes=self._ctes, is_recursive=self._is_recursive)


def _target(table: Any, where: str) -> Table:
    source = as_source(table)
    if not isinstance(source, Table):
        raise BuildError(f"{where}() takes a table, not {type(table).__name__}")
    return source


_unbound = Creator()
select_from = _unbound.select_from
select = _unbound.select
insert_into = _unbound.insert_into
values = _unbound.values
replace_into = _unbound.replace_into
merge_into = _unbound.merge_into
update = _unbound.update
delete_from = _unbound.delete_from
with_ = _unbound.with_
with_recursive = _unbound.with_recursive
