"""The bytes of `fetch_json`: what the database wrote for each row, looked over and joined."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import msgspec

from querykit.dialects.wire import UNWRITABLE
from querykit.errors import DecodeError, TruncatedResultError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from querykit.dialects.driver import DriverResult

_skim = msgspec.json.Decoder(list[msgspec.Raw]).decode
"""Reads JSON without making values of it, which takes an eighth of the time."""


def json_bytes(result: DriverResult) -> bytes:
    """A JSON array of the rows of a result, whose only column is JSON.

    Raises:
        TruncatedResultError: the server cut a nested list, or a row.
        DecodeError: a value is none that JSON can say, or a column of unknown type is no JSON.
    """
    rows: list[Any] = [row[0] for row in result.rows]
    if result.is_truncated or None in rows:
        raise TruncatedResultError("the server cut an aggregate of this result: raise its limit, or ask for fewer rows")
    try:
        found = "[" + ",".join(rows) + "]"
        data = found.encode()
        _skim(data)
    except (msgspec.DecodeError, TypeError):  # MariaDB sends bytes for what is no text
        raise DecodeError(
            "fetch_json(): the database wrote what is no JSON; say the types of columns that are not declared"
        ) from None
    if UNWRITABLE in found:
        _refuse_unwritable(rows)
    return data


def _refuse_unwritable(rows: Sequence[str]) -> None:
    for number, row in enumerate(rows, 1):
        if UNWRITABLE not in row:
            continue
        for path in _unwritable(json.loads(row, parse_float=_found), ""):
            raise DecodeError(
                f"column {path!r} of row {number} has a value that fetch_json() cannot write: NaN, a number or date "
                "without end, or one that is not of the column's type"
            )


class _Unwritable:
    """Stands for `UNWRITABLE` in a row."""


def _found(number: str) -> object:
    return _Unwritable if number.lstrip("-") == UNWRITABLE else number


def _unwritable(value: Any, path: str) -> Iterator[str]:
    """Where `UNWRITABLE` stands as a number; a text may hold the same characters."""
    if value is _Unwritable:
        yield path
    elif isinstance(value, dict):
        for key, each in value.items():
            yield from _unwritable(each, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        for each in value:
            yield from _unwritable(each, path)
