"""Values as PostgreSQL reads them in the text of a definition, each with its type.

Source: https://www.postgresql.org/docs/current/sql-syntax-lexical.html#SQL-SYNTAX-CONSTANTS
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from querykit.dialects.postgres.compiler import PostgresCompiler
from querykit.errors import CompileError

if TYPE_CHECKING:
    from collections.abc import Callable


def literal(value: Any) -> str:
    """A value as the text of a definition.

    Raises:
        CompileError: it is of a type that has no literal here.
    """
    for base in type(value).__mro__:
        if base in _WRITERS:
            return _WRITERS[base](value)
    raise CompileError(f"a {type(value).__name__} has no literal in a definition")


def _number(value: float | Decimal, type_: str) -> str:
    return f"'{value}'::{type_}"


def _interval(value: dt.timedelta) -> str:
    return f"INTERVAL '{value.days} days {value.seconds} seconds {value.microseconds} microseconds'"


def _list(values: list[Any]) -> str:
    return f"ARRAY[{', '.join(map(literal, values))}]" if values else "'{}'"


_WRITERS: Final[dict[type, Callable[[Any], str]]] = {
    type(None): lambda _: "NULL",
    bool: lambda value: "TRUE" if value else "FALSE",
    int: lambda value: str(int(value)) if value >= 0 else f"({int(value)})",
    float: lambda value: _number(float(value), "float8"),
    Decimal: lambda value: _number(value, "numeric"),
    str: lambda value: PostgresCompiler.string_literal(str.__str__(value)),
    bytes: lambda value: f"'\\x{value.hex()}'::bytea",
    dt.datetime: lambda value: f"'{value.isoformat(' ')}'::{'timestamp' if value.tzinfo is None else 'timestamptz'}",
    dt.date: lambda value: f"'{value.isoformat()}'::date",
    dt.time: lambda value: f"'{value.isoformat()}'::time",
    dt.timedelta: _interval,
    UUID: lambda value: f"'{value}'::uuid",
    list: _list,
}
