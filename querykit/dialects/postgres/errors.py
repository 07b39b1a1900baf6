"""What PostgreSQL's SQLSTATEs mean.

Source: https://www.postgresql.org/docs/current/errcodes-appendix.html
"""

from __future__ import annotations

import re

from querykit.dialects.failure import Failure, Rule
from querykit.errors import (
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
    "28": Rule(ConnectError, shows_text=True),
    "3D": Rule(ConnectError, shows_text=True),
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


def failure_of(error: Exception) -> Failure:
    """What is known of an exception of asyncpg."""
    sqlstate = getattr(error, "sqlstate", None)
    if not isinstance(sqlstate, str):
        return _failure_of_client(error)
    rule = RULES.get(sqlstate) or RULES.get(sqlstate[:2]) or Rule(DatabaseError)
    text = str(error.args[0]) if error.args else None
    if sqlstate == "57014" and text and "statement timeout" in text:
        rule = Rule(QueryTimeoutError, shows_text=True)
    return Failure(
        rule.kind,
        text=text if rule.shows_text else None,
        sqlstate=sqlstate,
        constraint=getattr(error, "constraint_name", None),
        table=getattr(error, "table_name", None),
        columns=_columns(error),
        note=f"{type(error).__name__}, SQLSTATE {sqlstate}",
    )


def _failure_of_client(error: Exception) -> Failure:
    """An error that no server sent: the network's, or asyncpg's own."""
    if isinstance(error, (OSError, EOFError)):
        return Failure(ConnectionLostError, note=type(error).__name__)
    return Failure(DatabaseError, note=type(error).__name__)


def _columns(error: Exception) -> tuple[str, ...]:
    column = getattr(error, "column_name", None)
    if column:
        return (column,)
    found = _KEY.search(getattr(error, "detail", None) or "")
    return tuple(name.strip().strip('"') for name in found.group(1).split(",")) if found else ()
