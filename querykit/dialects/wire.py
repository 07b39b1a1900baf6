"""What the tables of `fetch_json` share: which SQL writes which kind of value, so that any client can read it.

The encoding is that of `msgspec.json.encode`: dates and times as ISO 8601, instants in UTC with a Z, durations as
``P1DT2.5S``, bytes in base64, UUIDs and Decimals as text; Decimals can also be numbers. In place of what it cannot say
stands `UNWRITABLE`, which is refused when the result is read.
"""

from __future__ import annotations

UNWRITABLE = "1e999999"
"""A JSON number that no reader takes for a finite one, in place of NaN, an infinite date, a bool that is none."""


def checked(test: str, json: str, unwritable: str) -> str:
    """SQL for a value that passes a test, with `UNWRITABLE` for another, and NULL for NULL.

    Args:
        test: What holds for values that JSON can say, with ``{0}`` for the value.
        json: The JSON of such a value.
        unwritable: `UNWRITABLE` as the database writes it.
    """
    return f"CASE WHEN {test} THEN {json} WHEN {{0}} IS NOT NULL THEN {unwritable} END"
