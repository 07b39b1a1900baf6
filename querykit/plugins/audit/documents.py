"""Rows as JSON documents, and back.

A document has the columns of a row under their names. Values are written as `fetch_json` writes them: numbers, true and
false, texts and null as JSON has them, Decimals as texts with all their digits, bytes in base64, dates and times as ISO
8601, instants with their offset (Z for UTC), durations as ``P1DT2.5S``, UUIDs as text, enums and values of registered
types as what the database holds, lists as arrays, JSON documents as they are. Floats that a JSON column would not keep
are the texts ``"NaN"``, ``"Infinity"``, ``"-Infinity"`` and ``"-0.0"``.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import msgspec

from querykit.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from querykit.builder.tables import Table
    from querykit.builder.value_types import ValueType


def document_of(row: Mapping[str, Any], table: Table) -> dict[str, Any]:
    """A row as a document.

    Raises:
        UsageError: a value has no form in JSON that could be read back.
    """
    return {name: _written(value, _type_of(table, name), name) for name, value in row.items()}


def values_of(document: Mapping[str, Any], table: Table) -> dict[str, Any]:
    """The values of a row that an audit kept, as its table declares them; of other columns, as JSON has them.

    ``values_of(entry["old_values"], person)`` can be inserted or set again: that undoes a change.

    Args:
        document: What stands in `old_values` or `new_values`, or in `row_key`.
        table: The table that it is a row of.
    """
    return {name: _read(value, _type_of(table, name)) for name, value in document.items()}


def _type_of(table: Table, name: str) -> ValueType | None:
    column = table._columns.get(name)
    return None if column is None else column.value_type


def _written(value: Any, type_: ValueType | None, name: str) -> Any:
    if value is None:
        return None
    if type_ is not None and type_.stored is not None:
        return _written(type_.encode(value), type_.stored, name)
    if isinstance(value, float) and not (value and math.isfinite(value)):
        return _SPECIAL.get(str(value), value)
    if isinstance(value, list):
        return [_written(each, type_ and type_.item, name) for each in value]

    def refuse(unknown: Any) -> str:
        if type(unknown).__module__ == "ipaddress":
            return str(unknown)
        kind = f"{type(unknown).__module__}.{type(unknown).__qualname__}"
        raise UsageError(
            f"the column {name!r} holds a {kind}, for which an audit has no form: declare it as another type, or leave "
            "it out"
        )

    return msgspec.to_builtins(value, enc_hook=refuse)


_SPECIAL = {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity", "-0.0": "-0.0"}
"""Floats that JSON, or a database's JSON, does not have."""


def _read(value: Any, type_: ValueType | None) -> Any:
    if value is None or type_ is None or type_.kind == "json":
        return value
    if type_.stored is not None:
        return type_.decode(_read(value, type_.stored))
    if type_.item is not None:
        return [_read(each, type_.item) for each in value]
    if type_.python is float:
        return float(value)
    return msgspec.convert(value, type_.python)
