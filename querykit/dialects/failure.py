"""From what a driver says went wrong to the exception that querykit raises; each dialect has a table of rules."""

from __future__ import annotations

from typing import NamedTuple

from querykit.dialects.bound import column_of
from querykit.errors import (
    AccessDeniedError,
    ConnectError,
    DatabaseError,
    DataError,
    PermissionDeniedError,
    ResultError,
    TooManyConnectionsError,
)

MAX_SQL_SHOWN = 2000
"""How much of a statement a message shows: one with thousands of placeholders says no more than its beginning."""


class Rule(NamedTuple):
    """What a code of a database means.

    Attributes:
        kind: The exception to raise.
        shows_text: Whether the database's own words are shown. They are not where they quote values.
    """

    kind: type[DatabaseError | ResultError]
    shows_text: bool = False


class Failure(NamedTuple):
    """What is known of an error.

    Attributes:
        kind: The exception to raise.
        text: The database's own words, or None where they quote values.
        sqlstate: The five characters of the SQL standard.
        code: The driver's own code.
        constraint: The violated constraint.
        table: The table.
        columns: The columns.
        note: What else helps, such as the name of the database's error.
        hint: What to do.
    """

    kind: type[DatabaseError | ResultError]
    text: str | None = None
    sqlstate: str | None = None
    code: int | None = None
    constraint: str | None = None
    table: str | None = None
    columns: tuple[str, ...] = ()
    note: str | None = None
    hint: str | None = None


def failure_to_error(failure: Failure, sql: str | None, driver_error: BaseException) -> DatabaseError | ResultError:
    """The exception to raise for a failure of a statement."""
    if issubclass(failure.kind, ResultError):
        return failure.kind(failure.kind.summary + _with_sql(sql))
    hint = f"; {failure.hint}" if failure.hint else ""
    return failure.kind(
        _message(failure) + hint + _with_sql(sql),
        sql=sql,
        sqlstate=failure.sqlstate,
        code=failure.code,
        constraint=failure.constraint,
        table=failure.table,
        columns=failure.columns,
        driver_error=driver_error,
    )


def connect_kind(failure: Failure) -> type[DatabaseError]:
    """The exception for a connection that could not be made."""
    if issubclass(failure.kind, PermissionDeniedError):
        return AccessDeniedError
    if issubclass(failure.kind, ConnectError | TooManyConnectionsError):
        return failure.kind
    return ConnectError


def misfit(sql: str | None, argument: int, reason: str) -> Failure:
    """The failure of a value that cannot be bound, told by its number and, where the SQL shows it, its column."""
    column = column_of(sql, argument) if sql else None
    return Failure(DataError, columns=() if column is None else (column,), note=f"argument {argument}: {reason}")


def _message(failure: Failure) -> str:
    if failure.text is not None:
        return failure.text
    known = [
        failure.constraint and f"constraint {failure.constraint!r}",
        failure.table and f"table {failure.table!r}",
        failure.columns and f"column{'s' * (len(failure.columns) > 1)} {', '.join(map(repr, failure.columns))}",
        failure.note,
    ]
    facts = ", ".join(fact for fact in known if fact)
    summary = failure.kind.summary
    return f"{summary} ({facts})" if facts else summary


def _with_sql(sql: str | None) -> str:
    if sql is None:
        return ""
    return f"\nSQL: {sql}" if len(sql) <= MAX_SQL_SHOWN else f"\nSQL: {sql[:MAX_SQL_SHOWN]} … ({len(sql)} characters)"
