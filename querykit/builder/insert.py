"""INSERT."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Self

from pypika.terms import Term

from querykit.builder.compiled import OutputColumn
from querykit.builder.expressions import DEFAULT, Value, operand
from querykit.builder.query import AllColumns, output_name, shape_of
from querykit.builder.select import Select
from querykit.builder.statement import RowT, Statement, ValueT
from querykit.builder.tables import Column, Table
from querykit.errors import BuildError


class Insert(Statement[RowT, ValueT]):
    """An INSERT statement. `insert_into` starts one.

    Attributes:
        table: Where the rows go.
        columns: The columns that are given, in the order of the values.
        rows: A tuple of values for each row. Python values are checked and stand as they are; expressions are terms.
        returned: The terms of RETURNING.
    """

    is_write = True
    table: Table
    columns: tuple[Column[Any], ...] = ()
    rows: tuple[tuple[Any, ...], ...] = ()
    returned: tuple[Term | AllColumns, ...] = ()

    def values(self, *rows: Mapping[Any, Any] | Iterable[Mapping[Any, Any]], **columns: Any) -> Self:
        """Add rows: mappings from column to value, an iterable of them, or one row as keywords.

        A value is checked against its column's type. A column that a row leaves out gets its default.

        >>> from querykit import insert_into, table
        >>> pet = table("pet")
        >>> query = insert_into(pet).values({"name": "Felix", "age": 3}, {"name": "Rex", "age": 5})
        >>> compiled = query.compile("postgres")
        >>> print(compiled.sql)
        INSERT INTO "pet" ("name", "age") VALUES ($1, $2), ($3, $4)
        >>> compiled.parameters
        ('Felix', 3, 'Rex', 5)

        Raises:
            BuildError: there is no row, a row is empty, a column is unknown or a value has the wrong type.
        """
        given = list(_mappings(rows))
        if columns:
            given.append(columns)
        if not given:
            raise BuildError("values() takes at least one row")
        names = self._names_with(given)
        targets = tuple([self.table[name] for name in names])
        added = [_row(targets, names, each) for each in given]
        missing = (DEFAULT,) * (len(names) - len(self.columns))
        return self.replaced(columns=targets, rows=(*(row + missing for row in self.rows), *added))

    def _names_with(self, rows: list[Mapping[Any, Any]]) -> list[str]:
        names = {column.name: None for column in self.columns}
        for row in rows:
            if not isinstance(row, Mapping) or not row:
                raise BuildError("a row is a mapping from column to value that is not empty")
            for key in row:
                names[column_name(key)] = None
        return list(names)

    def returning(self, *columns: Any) -> Insert[RowT, Any]:
        """``RETURNING``: columns of the inserted rows, helpers included. Without columns, all that the table declares.

        Rows come in no promised order.

        Raises:
            UnsupportedError: when compiled for MySQL, which has none.
        """
        return returning(self, columns)

    @property
    def returns_rows(self) -> bool:  # type: ignore[override]
        """Whether RETURNING was asked for."""
        return bool(self.returned)

    def output_columns(self) -> tuple[OutputColumn, ...] | None:
        """The columns of RETURNING."""
        return returned_columns(self.returned)


def returning(statement: Any, columns: tuple[Any, ...]) -> Any:
    """The statement with RETURNING, by the rules of a select list."""
    listed = Select().replaced(sources=(statement.table,))
    listed = listed.select(*columns) if columns else listed.select_all()
    return statement.replaced(returned=statement.returned + listed.columns)


def returned_columns(returned: tuple[Term | AllColumns, ...]) -> tuple[OutputColumn, ...] | None:
    """The columns of RETURNING; None where one is ``*``."""
    if any(type(each) is AllColumns for each in returned):
        return None
    return tuple([OutputColumn(output_name(each), shape_of(each)) for each in returned])


def column_name(key: Any) -> str:
    """The name of a column that was given as itself or by name.

    Raises:
        BuildError: it is neither.
    """
    if isinstance(key, str):
        return key
    if isinstance(key, Column):
        return key.name
    raise BuildError(f"a column is given by its name or as table.column, not as {type(key).__name__}")


def assigned(column: Column[Any], value: Any) -> Any:
    """What a column is set to: a checked Python value, or a term.

    Raises:
        BuildError: the value has another type than the column.
    """
    known = column.value_type
    if value is None or (known is not None and type(value) in known.accepts):
        return value
    term = operand(value, column)
    return term.value if type(term) is Value else term


def _mappings(rows: tuple[Any, ...]) -> Iterable[Mapping[Any, Any]]:
    for each in rows:
        if isinstance(each, Mapping):
            yield each
        elif isinstance(each, Iterable) and not isinstance(each, str | bytes):
            yield from each
        else:
            raise BuildError(f"values() takes mappings from column to value, not {type(each).__name__}")


def _row(targets: tuple[Column[Any], ...], names: list[str], row: Mapping[Any, Any]) -> tuple[Any, ...]:
    by_name = {column_name(key): value for key, value in row.items()}
    return tuple(
        [assigned(target, by_name[name]) if name in by_name else DEFAULT for name, target in zip(names, targets, strict=True)]
    )
