"""Values as SQLite reads them in the text of a definition.

Source: https://www.sqlite.org/lang_expr.html#literal_values_constants_
"""

from __future__ import annotations

import math
from typing import Any

from querykit.dialects.sqlite.compiler import SQLiteCompiler
from querykit.errors import CompileError


def literal(value: Any) -> str:
    """A value, as the driver would take it, as the text of a definition.

    Raises:
        CompileError: it is of a type that has no literal here.
    """
    if value is None:
        return "NULL"
    if isinstance(value, int):
        return str(int(value)) if value >= 0 else f"({int(value)})"
    if isinstance(value, float):
        return _float(value)
    if isinstance(value, str):
        return SQLiteCompiler.string_literal(str.__str__(value))
    if isinstance(value, bytes):
        return f"X'{value.hex()}'"
    raise CompileError(f"a {type(value).__name__} has no literal in a definition")


def _float(value: float) -> str:
    if math.isnan(value):
        raise CompileError("SQLite holds no NaN")
    if math.isinf(value):
        return "9e999" if value > 0 else "(-9e999)"
    return repr(value) if value >= 0 else f"({value!r})"
