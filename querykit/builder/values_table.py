"""VALUES: rows of the program's as a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pypika.terms import Term

from querykit.builder.compiled import OutputColumn
from querykit.builder.operands import Value, operand
from querykit.builder.query import AliasedQuery, shape_of
from querykit.builder.statement import Statement
from querykit.builder.tables import checked_name
from querykit.builder.value_types import DECIMAL, FLOAT, INT, ValueType, type_of
from querykit.builder.write import PLAIN, listed
from querykit.errors import BuildError


class ValuesQuery(Statement[dict[str, Any], Any]):
    """Rows of values as a query. `values` makes it; ``.as_("v")`` makes a table of it.

    Attributes:
        columns: The columns' names and types.
        rows: A tuple of values for each row. Python values stand as they are; expressions are terms.
    """

    columns: tuple[OutputColumn, ...] = ()
    rows: tuple[tuple[Any, ...], ...] = ()

    def as_(self, alias: str) -> ValuesTable:
        """The rows as a table under a name, for FROM and joins."""
        return ValuesTable(self, alias)

    def output_columns(self) -> tuple[OutputColumn, ...]:
        """The columns of its rows."""
        return self.columns


class ValuesTable(AliasedQuery):
    """Rows of values as a table."""


def values_query(rows: tuple[Any, ...], columns: Sequence[str]) -> dict[str, Any]:
    """The parts of a `ValuesQuery`, checked.

    Raises:
        BuildError: there is no row, rows have different columns, or a column has values of several types.
    """
    given = listed(rows, {})
    names = [checked_name(name, "a column") for name in columns] or _names_of(given[0])
    if len(set(names)) < len(names):
        raise BuildError("values(): two columns have one name")
    found = [_row(row, names) for row in given]
    described = [_described(name, column) for name, column in zip(names, zip(*found, strict=True), strict=True)]
    return {"columns": tuple(described), "rows": tuple(found)}


def _names_of(row: Any) -> list[str]:
    if not isinstance(row, Mapping) or not row:
        raise BuildError("values() takes mappings that are not empty, or tuples with columns=[…]")
    return [checked_name(name, "a column") for name in row]


def _row(row: Any, names: list[str]) -> tuple[Any, ...]:
    if isinstance(row, Mapping):
        if row.keys() != set(names):
            raise BuildError(f"values(): a row has the columns {', '.join(map(str, row))}, not {', '.join(names)}")
        items = [row[name] for name in names]
    elif isinstance(row, tuple) and len(row) == len(names):
        items = list(row)
    else:
        raise BuildError(f"values(): a row is a mapping, or a tuple of {len(names)} values, not {type(row).__name__}")
    return tuple([each if type(each) in PLAIN else _plain(operand(each)) for each in items])


def _plain(term: Term) -> Any:
    return term.value if type(term) is Value else term


def _described(name: str, column: tuple[Any, ...]) -> OutputColumn:
    shapes = [shape_of(each) if isinstance(each, Term) else type_of(each) for each in column if each is not None]
    kinds = set(shapes)
    if len(kinds) <= 1:
        return OutputColumn(name, next(iter(kinds), None))
    if None not in kinds and all(isinstance(each, ValueType) for each in kinds):
        for wider in (FLOAT, DECIMAL):
            if kinds == {INT, wider}:
                return OutputColumn(name, wider)
        types = ", ".join(sorted(str(each) for each in kinds))
        raise BuildError(f"values(): the column {name!r} has values of several types: {types}")
    return OutputColumn(name, None)
