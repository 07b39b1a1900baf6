"""The values of a row as data gives them, read and checked by the columns' types and by a schema of one's own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from querykit import Expression, Table
from querykit.access.fields import Field, did_you_mean, field_of, shown
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


def validated(schema: Any, data: Any, path: Path) -> Mapping[str, Any]:
    """What a schema makes of data: a mapping of the fields that were given.

    A field that is left out on purpose is one whose default is `msgspec.UNSET`, or that pydantic was not given.

    Raises:
        InputError: a schema of `msgspec`'s kinds refuses it. pydantic and functions raise what is theirs.
    """
    if not isinstance(schema, type):
        made: Mapping[str, Any] = schema(data)
        return made
    if hasattr(schema, "model_validate"):  # pydantic is no need of ours: its errors are its own
        dumped: Mapping[str, Any] = schema.model_validate(data).model_dump(exclude_unset=True)
        return dumped
    try:
        found: Any = msgspec.convert(data, schema)
    except msgspec.ValidationError as error:
        raise InputError(path, str(error).replace("`", "")) from None
    fields = dict(found) if isinstance(found, dict) else {name: getattr(found, name) for name in _field_names(schema)}
    return {name: each for name, each in fields.items() if each is not msgspec.UNSET}


def _field_names(schema: Any) -> tuple[str, ...]:
    names: tuple[str, ...] = getattr(schema, "__struct_fields__", None) or tuple(schema.__dataclass_fields__)
    return names
