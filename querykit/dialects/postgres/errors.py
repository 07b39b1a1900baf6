"""What PostgreSQL's SQLSTATEs mean.

Source: https://www.postgresql.org/docs/current/errcodes-appendix.html
"""

from __future__ import annotations

import re

from querykit.builder.row_filters import Enforced
from querykit.dialects.failure import Failure, Rule, misfit
from querykit.dialects.postgres.codecs import ExactMoment
from querykit.errors import (
    AccessDeniedError,
    CheckViolationError,
    ConnectError,
    ConnectionLostError,
    DatabaseError,
    DataError,
    DeadlockError,
    DiskFullError,
    ExclusionViolationError,
    ForeignKeyViolationError,
    IntegrityError,
    LockTimeoutError,
    MultipleResultsError,
    NotNullViolationError,
    PermissionDeniedError,
    PolicyViolationError,
    QueryCanceledError,
    QueryTimeoutError,
    ReadOnlyError,
    SerializationError,
    SQLSyntaxError,
    StatementError,
    TooManyConnectionsError,
    UndefinedColumnError,
    UndefinedTableError,
    UniqueViolationError,
)

# A key of two characters stands for the whole class. The primary message of these holds names, never values: those
# are in DETAIL, which is not shown. Class 22 and PL/pgSQL's own errors quote values in the primary message too.
RULES: dict[str, Rule] = {
    "08": Rule(ConnectionLostError),
    "0A": Rule(StatementError, shows_text=True),
    "21000": Rule(MultipleResultsError),
    "22": Rule(DataError),
    "23": Rule(IntegrityError, shows_text=True),
    "23001": Rule(ForeignKeyViolationError, shows_text=True),
    "23502": Rule(NotNullViolationError, shows_text=True),
    "23503": Rule(ForeignKeyViolationError, shows_text=True),
    "23505": Rule(UniqueViolationError, shows_text=True),
    "23514": Rule(CheckViolationError, shows_text=True),
    "23P01": Rule(ExclusionViolationError, shows_text=True),
    "25": Rule(DatabaseError, shows_text=True),
    "25006": Rule(ReadOnlyError, shows_text=True),
    "25P03": Rule(ConnectionLostError, shows_text=True),
    "26": Rule(DatabaseError, shows_text=True),
    "28": Rule(AccessDeniedError, shows_text=True),
    "3D": Rule(AccessDeniedError, shows_text=True),
    "3F": Rule(UndefinedTableError, shows_text=True),
    "40": Rule(SerializationError, shows_text=True),
    "40P01": Rule(DeadlockError, shows_text=True),
    "42": Rule(StatementError, shows_text=True),
    "42501": Rule(PermissionDeniedError, shows_text=True),
    "42601": Rule(SQLSyntaxError, shows_text=True),
    "42703": Rule(UndefinedColumnError, shows_text=True),
    "42P01": Rule(UndefinedTableError, shows_text=True),
    "53": Rule(DatabaseError, shows_text=True),
    "53100": Rule(DiskFullError, shows_text=True),
    "53300": Rule(TooManyConnectionsError, shows_text=True),
    "54": Rule(StatementError, shows_text=True),
    "55": Rule(DatabaseError, shows_text=True),
    "55P03": Rule(LockTimeoutError, shows_text=True),
    "57014": Rule(QueryCanceledError, shows_text=True),
    "57P01": Rule(ConnectionLostError, shows_text=True),
    "57P02": Rule(ConnectionLostError, shows_text=True),
    "57P03": Rule(ConnectError, shows_text=True),
    "57P05": Rule(ConnectionLostError, shows_text=True),
    "58": Rule(DatabaseError, shows_text=True),
}

# DETAIL of a unique, foreign key or exclusion violation: «Key (a, b)=(1, 2) already exists.», in every language.
_KEY = re.compile(r"\((.+?)\)=\(", re.DOTALL)

# What class 22 says without quoting a value, and asyncpg of a value that it cannot encode.
_PLAIN = re.compile(
    r"value too long for type [a-z ]+\(\d+\)|numeric field overflow|division by zero|(?:[a-z]+ )+out of range"
    r"|(?:LIMIT|OFFSET) must not be negative|cannot take (?:square root|logarithm) of (?:a negative number|zero)"
)
_ARGUMENT = re.compile(
    r"invalid input for query argument \$(\d+)(?: in element #(\d+) of executemany\(\) sequence)?: .*\((.*)\)$",
    re.DOTALL,
)
_REASON = re.compile(
    r"(?:invalid array element at index \d+: )?"
    r"(?:value out of \w+ range|expected [\w., ]+, got '?[\w.]+'?|'[\w.]+' object cannot be interpreted as an integer"
    r"|must be real number, not \w+)"
)
SAVEPOINT_HINT = (
    "a statement of this transaction failed before, and PostgreSQL takes no more until it is rolled back: run what may "
    "fail in a savepoint, `async with trx.transaction()`, or go back to one with rollback_to()"
)


def failure_of(error: Exception, sql: str | None = None) -> Failure:
    """What is known of an exception of asyncpg."""
    sqlstate = getattr(error, "sqlstate", None)
    if not isinstance(sqlstate, str):
        return _failure_of_client(error)
    rule = RULES.get(sqlstate) or RULES.get(sqlstate[:2]) or Rule(DatabaseError)
    text = str(error.args[0]) if error.args else None
    if text and (found := _ARGUMENT.match(text)):
        return _failure_of_argument(found, sql, sqlstate)
    if text and rule.kind is DataError and _PLAIN.fullmatch(text):
        rule = Rule(DataError, shows_text=True)
    if sqlstate == "57014" and text and "statement timeout" in text:
        rule = Rule(QueryTimeoutError, shows_text=True)
    if sqlstate == "22P02" and text and Enforced.MARK in text:
        rule = Rule(PolicyViolationError)
    return Failure(
        rule.kind,
        text=text if rule.shows_text else None,
        sqlstate=sqlstate,
        constraint=getattr(error, "constraint_name", None),
        table=getattr(error, "table_name", None),
        columns=_columns(error),
        note=f"{type(error).__name__}, SQLSTATE {sqlstate}",
        hint=SAVEPOINT_HINT if sqlstate == "25P02" else None,
    )


def _failure_of_argument(found: re.Match[str], sql: str | None, sqlstate: str) -> Failure:
    """A value that asyncpg cannot encode as the type that the server expects; its reason may quote it."""
    argument, number, reason = found.groups()
    said = reason if _REASON.fullmatch(reason) else "not of the type that the server expects"
    if ExactMoment.__name__ in reason:
        said = "the first or last moment, which asyncpg sends as infinity on the connections of a pool of yours"
    said += f", in set {number}" if number else ""
    return misfit(sql, int(argument), said)._replace(sqlstate=sqlstate)


def _failure_of_client(error: Exception) -> Failure:
    """An error that no server sent: the network's, or asyncpg's own."""
    if isinstance(error, (OSError, EOFError)):
        return Failure(ConnectionLostError, note=type(error).__name__)
    if isinstance(error, (TypeError, ValueError, OverflowError)):  # encoding the rows of COPY
        return Failure(DataError, note=type(error).__name__)
    return Failure(DatabaseError, note=type(error).__name__)


def _columns(error: Exception) -> tuple[str, ...]:
    column = getattr(error, "column_name", None)
    if column:
        return (column,)
    if str(error).startswith("update or delete on"):  # DETAIL has the columns of the other table
        return ()
    found = _KEY.search(getattr(error, "detail", None) or "")
    return tuple(name.strip().strip('"') for name in found.group(1).split(",")) if found else ()
