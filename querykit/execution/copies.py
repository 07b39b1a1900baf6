"""Making many rows at once, and copies of nested ones that were decoded before, for results that are given again.

Rows are kept as Structs, which the garbage collector does not look at, and are made into dicts in C. That takes two
thirds of the time in which their JSON is read again.
"""

from __future__ import annotations

import datetime as dt
import gc
import re
import uuid
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

import msgspec

from querykit.builder.compiled import Nested
from querykit.builder.value_types import ValueType
from querykit.execution.decoding import PLANS_KEPT
from querykit.execution.from_json import own_decoder

if TYPE_CHECKING:
    from collections.abc import Callable

    from querykit.builder.compiled import OutputColumn
    from querykit.dialects.driver import Decoded
    from querykit.execution.decoding import Rows, RowsDecoder

MANY = 20
"""From how many rows on the garbage collector waits: nested ones need not be more to be thousands of objects."""

_REFUSED: Final = re.compile(r'["\\\x00-\x1f]')
"""What msgspec does not take in the name of a field."""
_AS_THEY_ARE: Final = (bytes, Decimal, uuid.UUID, dt.date, dt.time, dt.datetime, dt.timedelta)


def made(make: Callable[[Rows], list[Any]], rows: Rows) -> list[Any]:
    """Python's rows. The garbage collector waits until there are all of them, if they are many.

    It would look at every new dict and list again and again and find nothing to collect, which took up to half of the
    time of ten thousand nested rows. Nothing else of this thread runs meanwhile.
    """
    if len(rows) < MANY or not gc.isenabled():
        return make(rows)
    gc.disable()
    try:
        return make(rows)
    finally:
        gc.enable()


def copies(decoded: Decoded, decoder: RowsDecoder, decode: Callable[[], list[Any]]) -> list[Any]:
    """The rows that a decoder makes of a result: dicts that nobody else has."""
    if decoded.decoder is not decoder:  # most results are never asked for again
        decoded.decoder, decoded.rows = decoder, None
        return decode()
    if decoded.rows is None:
        kind = _struct_of(decoder.columns)
        if kind is None:
            return decode()
        decoded.rows = msgspec.convert(decode(), list[kind])  # type: ignore[valid-type]
    return made(_copied, decoded.rows)


def _copied(rows: Any) -> Any:
    return msgspec.to_builtins(rows, builtin_types=_AS_THEY_ARE)


@lru_cache(PLANS_KEPT)
def _struct_of(columns: tuple[OutputColumn, ...]) -> Any:
    """A class for the rows of a plan; None where no row is nested in them, or a value is not copied exactly so."""
    return _struct(columns) if any(isinstance(column.shape, Nested) for column in columns) else None


def _struct(columns: tuple[OutputColumn, ...] | None) -> Any:
    types = [_type(column.shape) for column in columns or ()]
    if columns is None or None in types:
        return None
    # any column can be a field under another name, but not under every name
    fields = {f"f{place}": str(column.name) for place, column in enumerate(columns)}
    if any(_REFUSED.search(name) for name in fields.values()):
        return None
    return msgspec.defstruct("Row", list(zip(fields, types, strict=True)), rename=fields, gc=False)


def _type(shape: ValueType | Nested | None) -> Any:
    if isinstance(shape, ValueType):
        return Any if _is_copied_exactly(shape) else None
    if shape is None or shape.kind not in {"array", "object"}:
        return None
    row: Any = _struct(shape.columns)
    if row is None:
        return None
    made_of: Any = row if shape.kind == "object" else list[row]
    return made_of | None


def _is_copied_exactly(shape: ValueType) -> bool:
    """Whether values are what `to_builtins` copies or lets be: no enums, no objects of a user's or of a plugin's."""
    if shape.stored is not None or own_decoder(shape) is not None:
        return False
    return shape.item is None or _is_copied_exactly(shape.item)
