"""The row that a write leaves behind: by RETURNING, or by its key in the same transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from querykit import Expression, select_from
from querykit.errors import BuildError, UnsupportedError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from querykit import Column, Condition

_CHUNK: Final = 500
"""How many keys one statement asks for."""
_KEY: Final = "querykit_key"


def returning(db: Any, statement: Any, columns: Sequence[Column[Any]]) -> Any:
    """The statement with RETURNING; None where the database has none for it."""
    returns = statement.returning(*columns)
    try:
        returns.compile(db.dialect)
    except UnsupportedError:
        return None
    return returns


async def insert_returning(
    db: Any, statement: Any, columns: Sequence[Column[Any]], values: Mapping[str, Any], key: Sequence[Column[Any]]
) -> dict[str, Any]:
    """Add one row, and give it back as the database has it.

    Args:
        db: What runs it.
        statement: An INSERT of one row.
        columns: What to give back.
        values: The values of the row, by column.
        key: What finds it again where there is no RETURNING: from the values, or as the number that the database gave.

    Raises:
        BuildError: there is no RETURNING, and the key is neither among the values nor a number that was given.
    """
    returns = returning(db, statement, columns)
    if returns is not None:
        row: dict[str, Any] | None = await db.fetch_one_or_none(returns)
        if row is not None:
            return row  # no row: a conflict, and nothing to change
        return await _read(db, columns, [column == values[column.name] for column in key])
    async with db.transaction() as trx:
        done = await trx.execute(statement)
        missing = [column for column in key if not is_plain(values.get(column.name))]
        if len(missing) > 1 or (missing and done.insert_id is None):
            raise BuildError(
                f"the row cannot be found again: name {missing[0]!r}, as {db.dialect.name} returns no rows"
            )
        found = {column.name: done.insert_id for column in missing}
        return await _read(trx, columns, [column == found.get(column.name, values.get(column.name)) for column in key])


async def update_returning(
    db: Any, statement: Any, columns: Sequence[Column[Any]], is_row: Condition
) -> dict[str, Any] | None:
    """Change at most one row, and give it back as the database has it; None where there is none.

    Args:
        db: What runs it.
        statement: An UPDATE of one row.
        columns: What to give back.
        is_row: The condition that finds it again where there is no RETURNING.
    """
    returns = returning(db, statement, columns)
    row: dict[str, Any] | None
    if returns is not None:
        row = await db.fetch_one_or_none(returns)
        return row
    async with db.transaction() as trx:
        if not (await trx.execute(statement)).rows_affected:
            return None
        return await _read(trx, columns, [is_row])


async def read_by_key(
    db: Any, columns: Sequence[Column[Any]], key: Column[Any], values: Sequence[Any]
) -> list[dict[str, Any]]:
    """The rows of these keys, in their order."""
    found: dict[Any, dict[str, Any]] = {}
    for start in range(0, len(values), _CHUNK):
        query = select_from(key.table).select(*columns, key.as_(_KEY)).where(key.is_in(values[start : start + _CHUNK]))
        for row in await db.fetch_all(query):
            found[row.pop(_KEY)] = row
    return [found[each] for each in values]


def is_plain(value: Any) -> bool:
    """Whether a value is known here: neither missing nor an expression that the database evaluates."""
    return value is not None and not isinstance(value, Expression)


async def _read(db: Any, columns: Sequence[Column[Any]], is_row: Sequence[Condition]) -> dict[str, Any]:
    row: dict[str, Any] = await db.fetch_one(select_from(columns[0].table).select(*columns).where(*is_row))
    return row
