"""What «the same value» means here: equal, of the same Python type, and the same in what equality overlooks."""

import datetime as dt
import struct
from decimal import Decimal
from typing import Any


def exact(value: Any) -> Any:
    """A form of a value that is equal only to that of the very same value."""
    if isinstance(value, dict):
        return dict, [(key, exact(item)) for key, item in value.items()]  # in order
    if isinstance(value, list):
        return list, [exact(item) for item in value]
    if type(value) is float:
        return float, struct.pack(">d", value) if value == value else "NaN"  # noqa: PLR0124 - NaN alone differs from itself
    if type(value) is Decimal:
        return Decimal, value.as_tuple()
    if isinstance(value, dt.datetime | dt.time):
        return type(value), value.replace(tzinfo=None), value.utcoffset()
    return type(value), value


def as_mysql_keeps(document: Any) -> Any:
    """A JSON document as MySQL keeps it: with the keys of objects sorted by their length in bytes.

    Source: https://dev.mysql.com/doc/refman/8.4/en/json.html#json-normalization
    """
    if isinstance(document, dict):
        return {
            key: as_mysql_keeps(document[key]) for key in sorted(document, key=lambda key: (len(key.encode()), key))
        }
    return [as_mysql_keeps(item) for item in document] if isinstance(document, list) else document
