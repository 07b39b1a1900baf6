"""From what a driver says went wrong to the exception that querykit raises; each dialect has a table of rules."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from querykit.errors import (
    CheckViolationError,
    ConnectError,
    ConnectionLostError,
    DatabaseError,
    DataError,
    DeadlockError,
    DiskFullError,
    ForeignKeyViolationError,
    IntegrityError,
    LockTimeoutError,
    MultipleResultsError,
    NotNullViolationError,
    PermissionDeniedError,
    QueryCanceledError,
    QueryTimeoutError,
    ReadOnlyError,
    ResultError,
    SerializationError,
    SQLSyntaxError,
    StatementError,
    TooManyConnectionsError,
    TruncatedResultError,
    UndefinedColumnError,
    UndefinedTableError,
    UniqueViolationError,
)

if TYPE_CHECKING:
    from querykit.errors import QueryKitError

MAX_SQL_SHOWN = 2000
"""How much of a statement a message shows: one with thousands of placeholders says no more than its beginning."""

_PHRASES: dict[type[QueryKitError], str] = {
    CheckViolationError: "a CHECK constraint was violated",
    ConnectError: "no connection could be made",
    ConnectionLostError: "the connection to the database was lost",
    DataError: "a value does not fit",
    DeadlockError: "the transaction was the victim of a deadlock",
    DiskFullError: "the database ran out of room",
    ForeignKeyViolationError: "a foreign key was violated",
    IntegrityError: "a constraint was violated",
    LockTimeoutError: "a lock was not to be had in time",
    NotNullViolationError: "a column that must not be NULL was given NULL",
    PermissionDeniedError: "the user may not do this",
    QueryCanceledError: "the server stopped the statement",
    QueryTimeoutError: "the statement ran out of time",
    ReadOnlyError: "a write where only reads are allowed",
    SerializationError: "concurrent transactions could not be serialized",
    SQLSyntaxError: "the database cannot parse the statement",
    StatementError: "the database refused the text of the statement",
    TooManyConnectionsError: "the server takes no more clients",
    UndefinedColumnError: "the statement names a column that does not exist",
    UndefinedTableError: "the statement names a table that does not exist",
    UniqueViolationError: "a unique constraint was violated",
}


_RESULTS: dict[type[ResultError], str] = {
    MultipleResultsError: "a nested query that gives one row (json_object_from, or a scalar) found more",
    TruncatedResultError: "the server would cut a nested list: raise its limit, or ask for fewer rows",
}


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
    """

    kind: type[DatabaseError | ResultError]
    text: str | None = None
    sqlstate: str | None = None
    code: int | None = None
    constraint: str | None = None
    table: str | None = None
    columns: tuple[str, ...] = ()
    note: str | None = None


def failure_to_error(failure: Failure, sql: str | None, driver_error: BaseException) -> DatabaseError | ResultError:
    """The exception to raise for a failure of a statement."""
    if issubclass(failure.kind, ResultError):
        return failure.kind(_RESULTS[failure.kind] + _with_sql(sql))
    return failure.kind(
        _message(failure) + _with_sql(sql),
        sql=sql,
        sqlstate=failure.sqlstate,
        code=failure.code,
        constraint=failure.constraint,
        table=failure.table,
        columns=failure.columns,
        driver_error=driver_error,
    )


def _message(failure: Failure) -> str:
    if failure.text is not None:
        return failure.text
    phrase = next(
        (_PHRASES[kind] for kind in failure.kind.__mro__ if kind in _PHRASES), "the database reported an error"
    )
    known = [
        failure.constraint and f"constraint {failure.constraint!r}",
        failure.table and f"table {failure.table!r}",
        failure.columns and f"columns {', '.join(map(repr, failure.columns))}",
        failure.note,
    ]
    facts = ", ".join(fact for fact in known if fact)
    return f"{phrase} ({facts})" if facts else phrase


def _with_sql(sql: str | None) -> str:
    if sql is None:
        return ""
    return f"\nSQL: {sql}" if len(sql) <= MAX_SQL_SHOWN else f"\nSQL: {sql[:MAX_SQL_SHOWN]} … ({len(sql)} characters)"
