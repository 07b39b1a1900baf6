"""What the error numbers of MySQL and MariaDB mean.

Source: https://dev.mysql.com/doc/mysql-errors/en/server-error-reference.html
Source: https://mariadb.com/docs/server/reference/error-codes/mariadb-error-code-reference
"""

from __future__ import annotations

import re

from querykit.builder.row_filters import Enforced
from querykit.dialects.failure import Failure, Rule
from querykit.errors import (
    AccessDeniedError,
    CheckViolationError,
    ConnectionLostError,
    DatabaseError,
    DataError,
    DeadlockError,
    DiskFullError,
    ForeignKeyViolationError,
    LockTimeoutError,
    MultipleResultsError,
    NotNullViolationError,
    PermissionDeniedError,
    PolicyViolationError,
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

FIRST_CLIENT_ERROR, LAST_CLIENT_ERROR = 2000, 2999
"""The numbers that no server sends: they are the client library's own."""

OUT_OF_RANGE = 1690

# Values are part of the text of a statement here, so a message that quotes the statement (1064) quotes them.
_SHOWN: dict[type[DatabaseError | ResultError], tuple[int, ...]] = {
    CheckViolationError: (3819, 4025),
    AccessDeniedError: (1049,),
    ConnectionLostError: (1053, 1077, 1158, 1159, 1160, 1161, 1927, 3169, 4031),
    DataError: (1264, 1406, 1153, 1118, 3140, 3141),
    DeadlockError: (1213,),
    DiskFullError: (1021, 1114),
    ForeignKeyViolationError: (1215, 1216, 1217, 1451, 1452),
    LockTimeoutError: (1205, 3572),
    NotNullViolationError: (1048, 1364),
    PermissionDeniedError: (1044, 1045, 1142, 1143, 1227, 1370, 1410, 1698, 3118),
    QueryCanceledError: (1317,),
    QueryTimeoutError: (1969, 3024),
    ReadOnlyError: (1290, 1792, 1836),
    SerializationError: (1020,),
    StatementError: (
        1055,
        1056,
        1060,
        1065,
        1066,
        1111,
        1052,
        1140,
        1149,
        1222,
        1235,
        1241,
        1247,
        1248,
        1305,
        1630,
        1582,
    ),
    TooManyConnectionsError: (1040, 1203, 1226),
    UndefinedColumnError: (1054,),
    UndefinedTableError: (1051, 1109, 1146),
}
_HIDDEN: dict[type[DatabaseError | ResultError], tuple[int, ...]] = {
    ConnectionLostError: (2002, 2003, 2006, 2012, 2013, 2014, 2055),
    DataError: (
        1265,
        1292,
        1365,
        1366,
        1367,
        1411,
        1425,
        1427,
        1441,
        1525,
        1690,
        3143,
        3144,
        3146,
        3147,
        3156,
        3617,
        4037,
        4038,
    ),
    MultipleResultsError: (1242,),
    SQLSyntaxError: (1064,),
    # an error in some plans, a warning in others
    TruncatedResultError: (1260, 1301),
    UniqueViolationError: (1022, 1062, 1169, 1557, 1586, 1761, 1762, 1859),
}
RULES: dict[int, Rule] = {
    **{code: Rule(kind, shows_text=True) for kind, codes in _SHOWN.items() for code in codes},
    **{code: Rule(kind) for kind, codes in _HIDDEN.items() for code in codes},
}

# The key's name stands last: «Duplicate entry 'a' for key 'person.email'»; the entry may hold anything.
_KEY = re.compile(r".*for key '([^']+)'$", re.DOTALL)
_FOREIGN_KEY = re.compile(r"\(`[^`]*`\.`([^`]+)`, CONSTRAINT `([^`]+)` FOREIGN KEY \(([^)]+)\)")
_NULL = re.compile(r"^(?:Column|Field) '([^']+)'")
_CHECK = re.compile(r"^Check constraint '([^']+)'|^CONSTRAINT `([^`]+)` failed for `[^`]*`\.`([^`]+)`")
_VALUE = re.compile(r"for column '([^']+)' at row|for column (?:`[^`]*`\.){0,2}`([^`]+)` at row")


def failure_of(error: Exception) -> Failure:
    """What is known of an exception of PyMySQL, which has the number and the text as its arguments."""
    code = error.args[0] if error.args else None
    if not isinstance(code, int) or isinstance(error, OSError):
        return _failure_of_client(error)
    text = str(error.args[1]) if len(error.args) > 1 else ""
    rule = RULES.get(code) or Rule(ConnectionLostError if is_client_error(code) else DatabaseError)
    if code == OUT_OF_RANGE and str(Enforced.MARK_NUMBER) in text:
        rule = Rule(PolicyViolationError)
    constraint, table, columns = _facts(code, text)
    return Failure(
        rule.kind,
        text=text if rule.shows_text and text else None,
        code=code,
        constraint=constraint,
        table=table,
        columns=columns,
        note=f"error {code}",
    )


def is_client_error(code: int) -> bool:
    """Whether an error comes from the client's side of the wire, after which the two may be out of step."""
    return not code or FIRST_CLIENT_ERROR <= code <= LAST_CLIENT_ERROR


def _failure_of_client(error: Exception) -> Failure:
    kind = ConnectionLostError if isinstance(error, (OSError, EOFError)) else DatabaseError
    return Failure(kind, note=type(error).__name__)


def _facts(code: int, text: str) -> tuple[str | None, str | None, tuple[str, ...]]:
    """The constraint, the table and the columns that a message names."""
    kind = RULES[code].kind if code in RULES else None
    if kind is UniqueViolationError and (found := _KEY.match(text)):
        table, _, key = found.group(1).rpartition(".")  # MySQL says `table.key`, MariaDB `key`
        return key, table or None, ()
    if kind is ForeignKeyViolationError and (found := _FOREIGN_KEY.search(text)):
        return found.group(2), found.group(1), tuple(name.strip(" `") for name in found.group(3).split(","))
    if kind is NotNullViolationError and (found := _NULL.match(text)):
        return None, None, (found.group(1),)
    if kind is CheckViolationError and (found := _CHECK.match(text)):
        return found.group(1) or found.group(2), found.group(3), ()
    if kind is DataError and (found := _VALUE.search(text)):
        return None, None, (found.group(1) or found.group(2),)
    return None, None, ()
