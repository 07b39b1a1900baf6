"""The values of a row as data gives them, read and checked by the columns' types and by a schema of one's own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from querykit import Expression, Table
from querykit.access.fields import Field, did_you_mean, field_of, shown
from querykit.access.schemas import validated
from querykit.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from querykit.access.fields import Path


def read_row(table: Table, data: Any, schema: Any, path: Path = ()) -> dict[str, Any]:
    """The values of a row: checked by the schema, if there is one, then each by the type of its column.

    Args:
        table: The table that declares the columns.
        data: A mapping by column; what the schema takes, if there is one. Expressions of the program's own may stand
            for values.
        schema: A `msgspec.Struct`, a dataclass, a TypedDict, a pydantic model, or a function that gives a mapping.
        path: Where the data stands, for messages.

    Raises:
        InputError: the schema refuses it, there is no such column, or a value is not of its column's type.
    """
    values = data if schema is None else validated(schema, data, path)
    if not isinstance(values, dict):
        raise InputError(path, f"a row is an object, not {shown(values)}")
    if not values:
        raise InputError(path, "a row names at least one column")
    return {name: _read(table, name, each, (*path, name)) for name, each in values.items()}


def made_row(table: Table, row: Mapping[str, Any]) -> dict[str, Any]:
    """A new row with what the factories of its columns make for those that it leaves out."""
    return {**row, **{name: make() for name, make in table._factories.items() if name not in row}}


def _read(table: Table, name: Any, value: Any, path: Path) -> Any:
    if not isinstance(name, str) or name not in table._columns:
        raise InputError(path, f"no such column{did_you_mean(name, table._columns)}")
    if isinstance(value, Expression):
        return value
    column = table._columns[name]
    if value is None and column.value_type is not None and not column.value_type.is_nullable:
        raise InputError(path, "null is no value of this column")
    field: Field = field_of(column)
    return None if value is None else field.read(value, path)
