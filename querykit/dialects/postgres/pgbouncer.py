"""What has no place behind PgBouncer in transaction mode: the next transaction may meet another session of the server.

PgBouncer resets none of them, so that a setting would stay for whichever client gets the session next.
Source: https://www.pgbouncer.org/features.html#sql-feature-map-for-pooling-modes
"""

from __future__ import annotations

import re

from querykit.errors import UnsupportedError

_START = r"(?:\s|--[^\n]*(?:\n|$)|/\*.*?\*/)*"
_IN_SESSION = re.compile(
    rf"""{_START}(?:
        (?P<setting>SET\s+(?!LOCAL\b|TRANSACTION\b|CONSTRAINTS\b))
        |(?P<listen>LISTEN)\b
        |(?P<prepare>PREPARE)\s+(?!TRANSACTION\b)
        |(?P<cursor>DECLARE)\b.*\bWITH\s+HOLD\b
        |(?P<table>CREATE\s+(?:LOCAL\s+|GLOBAL\s+)?TEMP(?:ORARY)?\s)(?!.*\bON\s+COMMIT\s+DROP\b)
    )""",
    re.IGNORECASE | re.DOTALL | re.VERBOSE,
)
_LOCK = re.compile(r"\bpg_(?:try_)?advisory_lock(?:_shared)?\b", re.IGNORECASE)
_REFUSED = {
    "setting": ("SET", "use SET LOCAL in a transaction"),
    "listen": ("LISTEN", "connect to PostgreSQL itself for that"),
    "prepare": ("PREPARE", "the same statement is written once with prepare() of a query"),
    "cursor": ("DECLARE … WITH HOLD", "stream() reads in a transaction"),
    "table": ("CREATE TEMPORARY TABLE", "say ON COMMIT DROP, in a transaction"),
    "lock": ("pg_advisory_lock", "pg_advisory_xact_lock ends with its transaction"),
}


def refuse_session_state(sql: str) -> None:
    """Refuse a statement whose effect is meant for a session. What a function does by itself is not seen.

    Raises:
        UnsupportedError: it is one.
    """
    found = _IN_SESSION.match(sql)
    kind = found.lastgroup if found else "lock" if _LOCK.search(sql) else None
    if kind is not None:
        feature, hint = _REFUSED[kind]
        raise UnsupportedError("postgres", f"{feature} behind PgBouncer, where sessions are shared", hint)
