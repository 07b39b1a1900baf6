"""What a database did, told to a function of the program's: every statement, and every connection that is opened."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

    from querykit.builder.statement import Statement
    from querykit.dialects.driver import Target

    LogHook = Callable[["LogEntry"], object]

EntryKind = Literal["connect", "query", "stream", "command", "many", "copy"]


class LogEntry(NamedTuple):
    """Something that ended: well, or with an error.

    Attributes:
        kind: ``"query"`` and ``"stream"`` are statements of the program's, ``"many"`` one that ran with many sets of
            values, ``"copy"`` the rows of a COPY, ``"command"`` BEGIN, COMMIT, SAVEPOINT and such of ours,
            ``"connect"`` a connection that was opened.
        sql: The text as the server got it, with placeholders; empty where there is none.
        parameters: The values, with ``show_values=True`` alone; else None.
        started_at: When it began, in seconds since 1970.
        duration: How long it took, in seconds; of a stream, until its reader was done.
        rows: How many rows came, or were written; None where that is not known.
        error: The exception it ended with, a cancellation too, or None.
        target: Where the server is; prints without the password.
        dialect: What the server speaks: ``"postgres"``, ``"mysql"``, ``"mariadb"`` or ``"sqlite"``.
        statement: What the text was written from; None for commands and connections.
        sets: How many sets of values a ``"many"`` had; else None.
    """

    kind: EntryKind
    sql: str
    parameters: tuple[object, ...] | None
    started_at: float
    duration: float
    rows: int | None
    error: BaseException | None
    target: Target
    dialect: str
    statement: Statement[Any, Any] | None = None
    sets: int | None = None


def log_to(
    logger: logging.Logger | str = "querykit.sql",
    *,
    level: int | None = logging.DEBUG,
    slow_after: float | None = None,
    slow_level: int = logging.WARNING,
) -> LogHook:
    """A hook for ``Database(…, log=…)`` that writes to `logging`.

    ``Database(url, log=log_to(level=None, slow_after=0.5))`` writes only what took half a second or longer.

    Args:
        logger: A logger, or the name of one.
        level: The level of every entry; None writes only the slow ones.
        slow_after: The seconds from which on something is slow; None is never.
        slow_level: The level of the slow ones.
    """
    target = logging.getLogger(logger) if isinstance(logger, str) else logger

    def write(entry: LogEntry) -> None:
        is_slow = slow_after is not None and entry.duration >= slow_after
        wanted = slow_level if is_slow else level
        if wanted is not None and target.isEnabledFor(wanted):
            target.log(wanted, "%s", described(entry, is_slow=is_slow), extra={"querykit": entry})

    return write


def described(entry: LogEntry, *, is_slow: bool = False) -> str:
    """An entry as one line: ``query 1.3 ms, 5 rows: SELECT …``."""
    text = f"{'slow ' * is_slow}{entry.kind} {entry.duration * 1000:.1f} ms"
    if entry.rows is not None:
        text += f", {entry.rows} row{'s' * (entry.rows != 1)}"
    if entry.error is not None:
        reason = str(entry.error).partition("\n")[0]
        text += f", {type(entry.error).__name__}{f' ({reason})' if reason else ''}"
    text += f": {entry.sql or entry.target}"
    if entry.parameters:
        text += f" {entry.parameters!r}"
    return text
