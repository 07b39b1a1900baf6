"""What SQLite's extended result codes and messages mean.

Source: https://www.sqlite.org/rescode.html
"""

from __future__ import annotations

import re
import sqlite3
from typing import TYPE_CHECKING

from querykit.dialects.failure import Failure, Rule, misfit
from querykit.errors import (
    CheckViolationError,
    ConnectError,
    DatabaseError,
    DataError,
    DiskFullError,
    ForeignKeyViolationError,
    IntegrityError,
    LockTimeoutError,
    NotNullViolationError,
    PermissionDeniedError,
    QueryCanceledError,
    ReadOnlyError,
    SerializationError,
    SQLSyntaxError,
    StatementError,
    UndefinedColumnError,
    UndefinedTableError,
    UniqueViolationError,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

# Extended codes, and primary codes (the lowest byte) for those that are not listed.
RULES: dict[int, Rule] = {
    3: Rule(PermissionDeniedError),  # SQLITE_PERM
    5: Rule(LockTimeoutError, shows_text=True),  # SQLITE_BUSY
    517: Rule(SerializationError, shows_text=True),  # SQLITE_BUSY_SNAPSHOT: what was read is out of date
    6: Rule(LockTimeoutError, shows_text=True),  # SQLITE_LOCKED
    8: Rule(ReadOnlyError, shows_text=True),  # SQLITE_READONLY
    9: Rule(QueryCanceledError, shows_text=True),  # SQLITE_INTERRUPT
    10: Rule(DatabaseError, shows_text=True),  # SQLITE_IOERR
    11: Rule(DatabaseError, shows_text=True),  # SQLITE_CORRUPT
    13: Rule(DiskFullError, shows_text=True),  # SQLITE_FULL
    14: Rule(ConnectError, shows_text=True),  # SQLITE_CANTOPEN
    18: Rule(DataError, shows_text=True),  # SQLITE_TOOBIG
    19: Rule(IntegrityError),  # SQLITE_CONSTRAINT; a trigger's RAISE may quote values
    275: Rule(CheckViolationError, shows_text=True),
    787: Rule(ForeignKeyViolationError, shows_text=True),
    1299: Rule(NotNullViolationError, shows_text=True),
    1555: Rule(UniqueViolationError, shows_text=True),  # PRIMARY KEY
    2067: Rule(UniqueViolationError, shows_text=True),
    2579: Rule(UniqueViolationError, shows_text=True),  # ROWID
    3091: Rule(DataError),  # SQLITE_CONSTRAINT_DATATYPE: a STRICT table
    20: Rule(DataError, shows_text=True),  # SQLITE_MISMATCH
    23: Rule(PermissionDeniedError, shows_text=True),  # SQLITE_AUTH
    25: Rule(StatementError),  # SQLITE_RANGE
    26: Rule(ConnectError, shows_text=True),  # SQLITE_NOTADB
}

# SQLITE_ERROR is one code for everything wrong with a statement: its message tells. Those quote the SQL, not values.
MESSAGES: tuple[tuple[re.Pattern[str], Rule], ...] = (
    (re.compile(r"no such table: "), Rule(UndefinedTableError, shows_text=True)),
    (re.compile(r"no such column: |has no column named "), Rule(UndefinedColumnError, shows_text=True)),
    (re.compile(r": syntax error$|^incomplete input$|^unrecognized token: "), Rule(SQLSyntaxError, shows_text=True)),
    (re.compile(r"^malformed JSON|^integer overflow|^bad JSON path|too big$|^JSON "), Rule(DataError)),
    (re.compile(r"^no such |^ambiguous |^wrong number|^misuse of |^parser "), Rule(StatementError, shows_text=True)),
)  # fmt: skip

# «UNIQUE constraint failed: person.a, person.b», «NOT NULL constraint failed: person.a», «… failed: index 'name'»
_COLUMNS = re.compile(r"^(?:UNIQUE|NOT NULL) constraint failed: (?!index )(.*)$", re.DOTALL)
_NAMED = re.compile(r"^(?:CHECK constraint failed: |UNIQUE constraint failed: index ')(.*?)'?$", re.DOTALL)
BOUND = "SQLite takes None, int of 64 bits, float, str of whole characters and bytes"


def failure_of(error: Exception, sql: str | None = None, arguments: Sequence[object] = ()) -> Failure:
    """What is known of an exception of sqlite3."""
    code = getattr(error, "sqlite_errorcode", None)
    if not isinstance(code, int):
        return _failure_of_client(error, sql, arguments)
    text = str(error)
    rule = _rule(code, text)
    found, named = _COLUMNS.match(text), _NAMED.match(text)
    paths = [path.strip().rpartition(".") for path in found.group(1).split(",")] if found else []
    return Failure(
        rule.kind,
        text=text if rule.shows_text else None,
        code=code,
        constraint=named.group(1) if named else None,
        table=paths[0][0] if paths else None,
        columns=tuple(column for _, _, column in paths),
        note=getattr(error, "sqlite_errorname", None),
    )


def _rule(code: int, text: str) -> Rule:
    if code == 1:
        return next((rule for pattern, rule in MESSAGES if pattern.search(text)), Rule(StatementError))
    return RULES.get(code) or RULES.get(code & 0xFF) or Rule(DatabaseError)


def _failure_of_client(error: Exception, sql: str | None, arguments: Sequence[object]) -> Failure:
    """An error of Python's own: a value that cannot be bound, or a wrong number of them."""
    note = type(error).__name__
    if isinstance(error, (OverflowError, UnicodeError, sqlite3.InterfaceError)) or "binding parameter" in str(error):
        unfit = [place for place, value in enumerate(arguments, 1) if not _can_be_bound(value)]
        if unfit:
            return misfit(sql, unfit[0], f"{type(arguments[unfit[0] - 1]).__name__}; {BOUND}")
        return Failure(DataError, note=f"{note}: {BOUND}")
    if "decode to UTF-8" in str(error):
        return Failure(DataError, note="a text is not UTF-8; read it as bytes: CAST(… AS BLOB)")
    if isinstance(error, sqlite3.ProgrammingError):
        return Failure(StatementError, note=note)
    return Failure(DatabaseError, note=note)


def _can_be_bound(value: object) -> bool:
    if isinstance(value, int):
        return -(2**63) <= value < 2**63
    if isinstance(value, str):
        return not any("\ud800" <= character <= "\udfff" for character in value)
    return value is None or isinstance(value, float | bytes | bytearray | memoryview)
