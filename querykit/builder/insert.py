"""INSERT and REPLACE."""

from __future__ import annotations

from collections.abc import Mapping
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Literal, Self

from querykit.builder.factories import filled_row, filled_tuple
from querykit.builder.operands import DEFAULT, are_alike
from querykit.builder.statement import RowT, Statement, ValueT, as_statement
from querykit.builder.upsert import Conflict, OnConflict, conflict_targets
from querykit.builder.write import Write, checked_rows, listed, target_column
from querykit.errors import BuildError

if TYPE_CHECKING:
    from querykit.builder.tables import Column

Resolution = Literal["IGNORE", "REPLACE", "ABORT", "FAIL", "ROLLBACK"]
"""What is done about a row that a constraint refuses, as SQLite calls it."""


class Insert(Write[RowT, ValueT]):
    """An INSERT statement. `insert_into` starts one, and `replace_into` one that replaces rows.

    Attributes:
        table: Where the rows go.
        targets: The columns that are given, in the order of the values.
        rows: A tuple of values for each row. Python values are checked and stand as they are; expressions are terms.
        query: Where the rows come from instead, or None.
        is_of_defaults: Whether it is one row of defaults, ``DEFAULT VALUES``.
        is_positional: Whether the values are those of the first columns of the table, whose names are not known; only
            PyPika's queries are so.
        resolution: What is done about rows that a constraint refuses, or None for an error.
        conflict: ON CONFLICT, or None.
        made: The names of the columns that no row gives, because their factories do.
        is_copied: Whether its rows are sent by COPY, which `copy_into` does.
        returned: The terms of RETURNING.
    """

    targets: tuple[Column[Any], ...] = ()
    rows: tuple[tuple[Any, ...], ...] = ()
    query: Statement[Any, Any] | None = None
    is_of_defaults: bool = False
    is_positional: bool = False
    resolution: Resolution | None = None
    conflict: Conflict | None = None
    made: frozenset[str] = frozenset()
    is_copied: bool = False

    # -- what is inserted ---------------------------------------------------------------------------------------------

    def values(self, *rows: Any, **columns: Any) -> Self:
        """Add rows: mappings from column to value, iterables of them, or one row as keywords.

        A value is checked against its column's type; it may be an expression, a query of one column, or `DEFAULT`. A
        column that a row leaves out gets its default. After `columns`, rows may be tuples.

        SQLite has no word for a default: there, rows with different columns are refused by `compile`, and inserted by
        several statements in one transaction when they are run. So are rows with more values than the database takes
        in one statement.

        >>> from querykit import insert_into, table
        >>> pet = table("pet")
        >>> compiled = insert_into(pet).values({"name": "Felix", "age": 3}, {"name": "Rex"}).compile("postgres")
        >>> print(compiled.sql)
        INSERT INTO "pet" ("name", "age") VALUES ($1, $2), ($3, DEFAULT)
        >>> compiled.parameters
        ('Felix', 3, 'Rex')

        Raises:
            BuildError: there is no row, a row is empty, a column is unknown or a value has the wrong type.
        """
        self._refuse_other_source("values")
        given = listed(rows, columns)
        if self.table._factories:
            return self._filled(given)
        return self._with_rows(given)

    def _filled(self, given: list[Any]) -> Self:
        """Rows with what the factories make for the columns that they leave out."""
        table, start = self.table, len(self.rows)
        if set(map(type, given)) != {tuple} or not self.targets:
            filled = [
                filled_row(table, each, at) if isinstance(each, Mapping) else each
                for at, each in enumerate(given, start)
            ]
            return self._with_rows(filled)
        there = {each.name for each in self.targets}
        made = self.made | (table._factories.keys() - there)
        targets = self.targets + tuple([table[name] for name in table._factories if name not in there])
        width = len(targets) - len(made)
        if set(map(len, given)) != {width}:
            raise BuildError(f"a row has a value for each of the {width} columns")
        rows = [filled_tuple(table, targets, each, at, made) for at, each in enumerate(given, start)]
        return self.replaced(targets=targets, made=made)._with_rows(rows)

    def _with_rows(self, given: list[Any]) -> Self:
        kinds = set(map(type, given))
        if kinds == {dict} and (found := self._rows_of_equal_keys(given)) is not None:
            targets, added = found
        elif kinds == {tuple}:
            targets, added = self.targets, self._rows_of_tuples(given)
        else:
            targets, added = self._rows_of_mappings(given)
        missing = (DEFAULT,) * (len(targets) - len(self.targets))
        before = tuple([row + missing for row in self.rows]) if missing else self.rows
        return self.replaced(targets=targets, rows=(*before, *checked_rows(targets, added)))

    def _rows_of_equal_keys(
        self, given: list[dict[Any, Any]]
    ) -> tuple[tuple[Column[Any], ...], list[tuple[Any, ...]]] | None:
        """The rows, if all have the same names as keys and those given before: the common case, at its cost."""
        names = [target.name for target in self.targets] or list(given[0])
        if set(map(len, given)) != {len(names)} or not names or set(map(type, names)) != {str}:
            return None
        try:
            rows = list(map(itemgetter(*names), given)) if len(names) > 1 else [(row[names[0]],) for row in given]
        except KeyError:
            return None
        return self.targets or tuple([self.table[name] for name in names]), rows

    def _rows_of_mappings(self, given: list[Any]) -> tuple[tuple[Column[Any], ...], list[tuple[Any, ...]]]:
        targets = {target.name: target for target in self.targets}
        named: list[dict[str, Any]] = []
        for row in given:
            if not isinstance(row, Mapping) or not row:
                raise BuildError("a row is a mapping from column to value that is not empty")
            by_name = {}
            for key, value in row.items():
                target = target_column(self.table, key)
                targets[target.name] = target
                by_name[target.name] = value
            if len(by_name) < len(row):
                raise BuildError("a row gives a column twice, by its name and as table.column")
            named.append(by_name)
        return tuple(targets.values()), [tuple([row.get(name, DEFAULT) for name in targets]) for row in named]

    def _rows_of_tuples(self, given: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
        if not self.targets:
            raise BuildError("a row is a mapping from column to value; a tuple needs columns(…) before it")
        if set(map(len, given)) != {len(self.targets)}:
            raise BuildError(f"a row has a value for each of the {len(self.targets)} columns")
        return given

    def columns(self, *columns: Any) -> Self:
        """Name the columns, for rows that are tuples and for `from_select`.

        >>> from querykit import insert_into, table
        >>> print(insert_into(table("pet")).columns("name", "age").values(("Rex", 5), ("Tom", 2)).compile("sqlite").sql)
        INSERT INTO "pet" ("name", "age") VALUES (?, ?), (?, ?)

        Raises:
            BuildError: there is none, one is unknown or named twice, or they were named before.
        """
        if self.targets:
            raise BuildError("the columns of this INSERT are known already")
        targets = tuple([target_column(self.table, each) for each in columns])
        if not targets or len({target.name for target in targets}) < len(targets):
            raise BuildError("columns() takes at least one column, and each once")
        return self.with_part("targets", targets)

    def from_select(self, query: Any) -> Self:
        """Insert the rows of a query. Without `columns`, the names of its columns say where they go.

        >>> from querykit import insert_into, select_from, table
        >>> pet, stray = table("pet"), table("stray")
        >>> found = select_from(stray).select(stray.name, stray.age).where(stray.age < 3)
        >>> print(insert_into(pet).from_select(found).compile("sqlite").sql)
        INSERT INTO "pet" ("name", "age") SELECT "stray"."name", "stray"."age" FROM "stray" WHERE "stray"."age" < ?

        Raises:
            BuildError: it is no query, or its columns do not fit those of the INSERT.
        """
        self._refuse_other_source("from_select")
        statement = as_statement(query)
        known = statement.output_columns()
        targets = self.targets
        if not targets:
            names = [None] if known is None else [column.name for column in known]
            if None in names:
                raise BuildError(
                    "from_select(): a column of the query has no name that is known: add columns(…) before it"
                )
            return self.columns(*names).from_select(statement)
        if known is not None and len(known) != len(targets):
            raise BuildError(f"from_select(): the query has {len(known)} columns for the {len(targets)} of the INSERT")
        for target, column in zip(targets, known or (), strict=False):
            if not are_alike(target.value_type, column.shape):
                raise BuildError(f"from_select(): {target.described()} takes {target.value_type}, not {column.shape}")
        return self.with_part("query", statement)

    def default_values(self) -> Self:
        """Insert one row of defaults: ``DEFAULT VALUES``, on MySQL and MariaDB ``() VALUES ()``."""
        self._refuse_other_source("default_values")
        if self.targets:
            raise BuildError("default_values() is for an INSERT without columns")
        if self.table._factories:
            return self._with_rows([filled_row(self.table, {})])
        return self.with_part("is_of_defaults", True)

    def _refuse_other_source(self, method: str) -> None:
        sources = {
            "values": bool(self.rows),
            "from_select": self.query is not None,
            "default_values": self.is_of_defaults,
        }
        for name, is_given in sources.items():
            if is_given and (name != method or name == "from_select"):
                raise BuildError(f"{method}() after {name}(): an INSERT has one source of rows")

    # -- rows that a constraint refuses -------------------------------------------------------------------------------

    def on_conflict(self, *columns: Any, constraint: str | None = None, where: Any = None) -> OnConflict[Self]:
        """What to do about a row that meets another with the same key: ``.do_nothing()`` or ``.do_update(…)``.

        >>> from querykit import excluded, insert_into, table
        >>> pet = table("pet")
        >>> new = insert_into(pet).values(id=1, name="Rex")
        >>> print(new.on_conflict(pet.id).do_update(name=excluded.name).compile("postgres").sql)
        INSERT INTO "pet" ("id", "name") VALUES ($1, $2) ON CONFLICT ("id") DO UPDATE SET "name" = "excluded"."name"
        >>> print(new.on_conflict(pet.id).do_update(name=excluded.name).compile("mysql").sql)
        INSERT INTO `pet` (`id`, `name`) VALUES (%s, %s) AS `new` ON DUPLICATE KEY UPDATE `name` = `new`.`name`

        MySQL and MariaDB do not look at the columns: a row that meets another in any unique key is a conflict.
        They count 1 for a row that is inserted, 2 for one that is updated, and 1 for one that is left as it was.

        Args:
            columns: The columns, or expressions, of a unique index. Without any, every key counts.
            constraint: The name of a constraint instead (PostgreSQL only).
            where: The condition of a partial index (PostgreSQL and SQLite). Its values are no parameters: `sql.lit`.

        Raises:
            BuildError: columns and a constraint are given, or the statement has another answer to conflicts.
        """
        if self.conflict is not None or self.resolution is not None:
            raise BuildError("an INSERT has one answer to conflicts")
        return OnConflict(self, conflict_targets(self.table, columns, constraint, where))

    def ignore(self) -> Self:
        """Leave out rows that a constraint refuses: ``INSERT IGNORE`` on MySQL and MariaDB, ``OR IGNORE`` on SQLite.

        MySQL and MariaDB also bend values that do not fit, and warn. ``on_conflict().do_nothing()`` does not.

        Raises:
            UnsupportedError: when compiled for PostgreSQL.
        """
        return self._resolved("IGNORE")

    def or_replace(self) -> Self:
        """Delete rows with the same key first: ``REPLACE`` on MySQL and MariaDB, ``OR REPLACE`` on SQLite.

        Raises:
            UnsupportedError: when compiled for PostgreSQL.
        """
        return self._resolved("REPLACE")

    def or_abort(self) -> Self:
        """``INSERT OR ABORT`` (SQLite only): undo this statement, which is what happens without it too."""
        return self._resolved("ABORT")

    def or_fail(self) -> Self:
        """``INSERT OR FAIL`` (SQLite only): keep the rows before the one that is refused."""
        return self._resolved("FAIL")

    def or_rollback(self) -> Self:
        """``INSERT OR ROLLBACK`` (SQLite only): undo the whole transaction."""
        return self._resolved("ROLLBACK")

    def _resolved(self, resolution: Resolution) -> Self:
        if self.conflict is not None or self.resolution is not None:
            raise BuildError("an INSERT has one answer to conflicts")
        return self.with_part("resolution", resolution)

    def returning(self, *columns: Any) -> Insert[RowT, Any]:
        """``RETURNING``: columns of the inserted rows, helpers included. Without columns, all that the table declares.

        Rows come in no promised order.

        Raises:
            UnsupportedError: when compiled for MySQL, which has none.
        """
        return self._returning(columns)
