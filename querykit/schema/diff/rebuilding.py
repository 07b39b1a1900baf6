"""Tables of SQLite's that are made anew, since ALTER TABLE cannot change them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from querykit import ForeignKeyViolationError, UsageError, sql

if TYPE_CHECKING:
    from collections.abc import Sequence


async def run_with_rebuilds(db: Any, statements: Sequence[Any]) -> None:
    """Run statements in a transaction during which foreign keys are let alone; they are checked at its end.

    Without that, dropping the old table would delete what refers to its rows.

    Args:
        db: A database, or a connection that is in no transaction.
        statements: The statements.

    Raises:
        UsageError: it is a transaction, in which foreign keys cannot be let alone.
        ForeignKeyViolationError: rows would refer to nothing, and all stays as it was.

    Source: https://www.sqlite.org/lang_altertable.html#otheralter
    """
    if hasattr(db, "connection"):
        async with db.connection() as connection:
            await _run(connection, statements)
    elif hasattr(db, "savepoint"):
        raise UsageError("a table of SQLite's is made anew outside of transactions: `transactional = False`")
    else:
        await _run(db, statements)


async def _run(connection: Any, statements: Sequence[Any]) -> None:
    told = await connection.fetch_all(sql("PRAGMA foreign_keys"))
    were_kept = any(row["foreign_keys"] for row in told)
    await connection.execute(sql("PRAGMA foreign_keys = OFF"))
    await connection.execute(sql("PRAGMA legacy_alter_table = ON"))
    try:
        async with connection.transaction() as trx:
            for statement in statements:
                await trx.execute(sql.raw(statement))
            broken = await trx.fetch_all(sql("PRAGMA foreign_key_check"))
            if broken:
                tables = ", ".join(sorted({str(row["table"]) for row in broken}))
                raise ForeignKeyViolationError(f"rows of {tables} would refer to nothing")
    finally:
        await connection.execute(sql("PRAGMA legacy_alter_table = OFF"))
        if were_kept:
            await connection.execute(sql("PRAGMA foreign_keys = ON"))
