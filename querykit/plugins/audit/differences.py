"""Whether a row is as it was: decided by what the database holds, where Python's ``==`` says too much or too little."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from querykit.builder.tables import Table
    from querykit.builder.value_types import ValueType


def is_as_it_was(old: Mapping[str, Any], new: Mapping[str, Any], table: Table) -> bool:
    """Whether two readings of a row are the same.

    Digits count, as an entry keeps them: Decimal 1.0 is not 1.00, nor 0.0 -0.0, nor in a JSON document 1 what 1.0 or
    true is. NaN is NaN, an instant is the same in every zone, and the keys of a JSON object have no order. Values of
    registered types are compared as the database holds them.
    """
    if old.keys() != new.keys():
        return False
    columns = table._columns
    return all(
        _is_same(value, new[name], columns[name].value_type if name in columns else None) for name, value in old.items()
    )


def _is_same(old: Any, new: Any, type_: ValueType | None) -> bool:
    if old is new or type(old) is not type(new):  # true is 1 to Python, and 1 is 1.0
        return old is new
    if type_ is not None and type_.stored is not None:
        return _is_same(type_.encode(old), type_.encode(new), type_.stored)
    if isinstance(old, float | Decimal | dt.time):  # which are equal without being the same, or not equal to themselves
        return str(old) == str(new)
    if isinstance(old, list):
        item = type_ and type_.item
        return len(old) == len(new) and all(_is_same(one, other, item) for one, other in zip(old, new, strict=True))
    if isinstance(old, dict):
        return old.keys() == new.keys() and all(_is_same(value, new[name], None) for name, value in old.items())
    return bool(old == new)
