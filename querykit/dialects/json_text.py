"""JSON as text, for the databases that take it so."""

from __future__ import annotations

import json
import math
from typing import Any

import msgspec

from querykit.errors import DataError


def json_text(value: Any) -> str:
    """A document as text: what Python can say and JSON can hold, exactly.

    Raises:
        DataError: it holds NaN or an infinite number, a text that is not Unicode, or an object that is no JSON.
    """
    try:
        text = msgspec.json.encode(value).decode()
    except OverflowError:
        return _with_large_integers(value)
    except (TypeError, UnicodeEncodeError) as error:
        raise DataError(f"a value cannot be written as JSON: {type(error).__name__}") from None
    # msgspec writes null for NaN; only a document with a null can be one of those
    if "null" in text and not is_finite(value):
        raise DataError("JSON holds neither NaN nor infinite numbers")
    return text


def _with_large_integers(value: Any) -> str:
    """The slow way, which takes integers of any size."""
    try:
        return json.dumps(
            value, ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=msgspec.to_builtins
        )
    except (TypeError, ValueError):
        raise DataError("a value cannot be written as JSON") from None


def is_finite(value: Any) -> bool:
    """Whether no number in a document is NaN or infinite."""
    if isinstance(value, float):
        return math.isfinite(value)
    if isinstance(value, dict):
        return all(is_finite(each) for each in value.values())
    if isinstance(value, list | tuple):
        return all(is_finite(each) for each in value)
    return True
