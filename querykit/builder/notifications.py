"""NOTIFY, which PostgreSQL has."""

from __future__ import annotations

from typing import Any

from querykit.builder.expressions import known_type
from querykit.builder.functions import FunctionCall, known
from querykit.builder.operands import operand
from querykit.errors import BuildError


def pg_notify(channel: Any, payload: Any = "") -> FunctionCall[Any]:
    """``PG_NOTIFY``: send a text to those who listen to a channel, once the transaction commits. PostgreSQL.

    >>> from querykit import fn, select
    >>> print(select(fn.pg_notify("orders", "17")).compile("postgres").sql)
    SELECT PG_NOTIFY($1::text, $2::text)

    `Database.listen` receives it. A select of it is no read that could be run twice.

    Args:
        channel: The channel's name, at most 63 bytes.
        payload: The text, less than 8,000 bytes.

    Raises:
        BuildError: one of them is no text.

    Source: https://www.postgresql.org/docs/current/sql-notify.html
    """
    args = [operand(channel), operand(payload)]
    for each in args:
        type_ = known_type(each)
        if type_ is not None and type_.stored_kind != "str":
            raise BuildError(f"pg_notify() takes texts, not {type_}")
    made = known("PG_NOTIFY", args)
    made.is_known = False
    return made
