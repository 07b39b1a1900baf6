"""The rows that a write leaves behind: by RETURNING, or by their keys in the same transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from querykit import Column, Expression, param, select_from, tuple_
from querykit.errors import BuildError, NoResultError, UnsupportedError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from querykit import Condition

_CHUNK: Final = 500
"""How many keys one statement asks for."""
_KEY: Final = "querykit_key_"
_LATE: Final[Any] = type(param("late", int))


def returning(db: Any, statement: Any, columns: Sequence[Any]) -> Any:
    """The statement with RETURNING; None where the database has none for it."""
    returns = statement.returning(*columns)
    return returns if _lacking(db, returns) is None else None


def _lacking(db: Any, statement: Any) -> UnsupportedError | None:
    """What the database lacks of what a statement asks for."""
    try:
        statement.compile(db.dialect)
    except UnsupportedError as error:
        return error
    return None


# -- rows that are added ----------------------------------------------------------------------------------------------


async def insert_returning(
    db: Any,
    statement: Any,
    columns: Sequence[Column[Any]],
    values: Mapping[str, Any],
    key: Sequence[Column[Any]],
    *,
    parameters: Mapping[str, Any] | None = None,
    returns: Any = None,
) -> dict[str, Any]:
    """Add one row, and give it back as the database has it.

    Args:
        db: What runs it.
        statement: An INSERT of one row.
        columns: What to give back.
        values: The values of the row, by column.
        key: What finds it again where there is no RETURNING: from the values, or as the number that the database gave.
            Of a statement with ON CONFLICT it is what that names.
        parameters: The values of the statement's named parameters.
        returns: The statement with RETURNING, where it is kept.

    Raises:
        BuildError: there is no RETURNING, and the key is neither among the values nor a number that was given.
        UnsupportedError: there is no RETURNING, and no key.
        NoResultError: no row was added, because of one that is in its way, and that one is not known by its key.
    """
    returns = statement.returning(*columns) if returns is None else returns
    key = _found_by(statement, [values], key)
    lack = _lacking(db, returns)
    if lack is None:
        row: dict[str, Any] | None = await db.fetch_one_or_none(returns, parameters=parameters)
        if row is not None:
            return row  # no row: a conflict, and nothing to change
        if not key or not _knows([values], key):
            raise NoResultError("no row was inserted, and the one that is in its way is not known by its key")
        return await _read(db, columns, [column == values[column.name] for column in key])
    _refuse_keyless(lack, key)
    async with db.transaction() as trx:
        done = await trx.execute(statement, parameters=parameters)
        missing = [column for column in key if not is_plain(values.get(column.name))]
        if len(missing) > 1 or (missing and (done.insert_id is None or not _is_numbered(missing[0]))):
            raise BuildError(
                f"the row cannot be found again: name {missing[0]!r}, as {db.dialect.name} returns no rows"
            )
        found = {column.name: done.insert_id for column in missing}
        return await _read(trx, columns, [column == found.get(column.name, values.get(column.name)) for column in key])


async def insert_all_returning(
    db: Any,
    statement: Any,
    columns: Sequence[Column[Any]],
    rows: Sequence[Mapping[str, Any]],
    key: Sequence[Column[Any]],
) -> list[dict[str, Any]]:
    """Add rows, all or none, and give them back in the order given.

    Where the key of every row is known it is one INSERT, and one SELECT that reads them; else it is an INSERT for each
    row, as no database promises which number goes to which row. All of it is in a transaction.

    Args:
        db: What runs it.
        statement: An INSERT without rows.
        columns: What to give back.
        rows: The values of the rows, by column.
        key: As in `insert_returning`.
    """
    key = _found_by(statement, rows, key)
    async with db.transaction() as trx:
        if key and _knows(rows, key):
            await trx.execute(statement.values(rows))
            return await read_by_key(trx, columns, key, [tuple([row[column.name] for column in key]) for row in rows])
        return [await insert_returning(trx, statement.values(row), columns, row, key) for row in rows]


# -- rows that are changed --------------------------------------------------------------------------------------------


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


async def update_all_returning(
    db: Any,
    statement: Any,
    columns: Sequence[Column[Any]],
    key: Sequence[Column[Any]],
    *,
    parameters: Mapping[str, Any] | None = None,
    returns: Any = None,
) -> list[dict[str, Any]]:
    """Change rows, and give them back as the database has them.

    Where there is no RETURNING, the rows are locked and their keys read, then they are changed, and read again by their
    keys, in one transaction.

    Args:
        db: What runs it.
        statement: An UPDATE of one table.
        columns: What to give back.
        key: What tells the table's rows apart.
        parameters: The values of the statement's named parameters.
        returns: The statement with RETURNING, where it is kept.

    Raises:
        UnsupportedError: there is no RETURNING, and the rows cannot be found again: there is no key, it is set by an
            expression, or the statement has joins.
    """
    returns = statement.returning(*columns) if returns is None else returns
    lack = _lacking(db, returns)
    if lack is None:
        changed: list[dict[str, Any]] = await db.fetch_all(returns, parameters=parameters)
        return changed
    _refuse_keyless(lack, key)
    if statement.joins or statement.sources or statement.ctes:
        raise UnsupportedError(
            db.dialect.name, "UPDATE … RETURNING of joined tables", "select the rows before or after"
        )
    set_to = {column.name: value for column, value in statement.assignments if any(column is each for each in key)}
    if any(isinstance(each, Expression) and not isinstance(each, _LATE) for each in set_to.values()):
        raise UnsupportedError(
            db.dialect.name, "UPDATE … RETURNING that sets a key by an expression", "set it by value"
        )
    named = parameters or {}
    new = {name: named.get(each.name) if isinstance(each, _LATE) else each for name, each in set_to.items()}
    async with db.transaction() as trx:
        keys = await _lock(trx, statement, key, parameters)
        narrowed = statement.clear_order_by().clear_limit()
        for chunk in _chunks(keys):
            await trx.execute(narrowed.where(_is_among(key, chunk)), parameters=parameters)
        now = [tuple([new.get(column.name, old) for column, old in zip(key, each, strict=True)]) for each in keys]
        return await read_by_key(trx, columns, key, now)


async def _lock(
    trx: Any, statement: Any, key: Sequence[Column[Any]], parameters: Mapping[str, Any] | None
) -> list[tuple[Any, ...]]:
    """The keys of the rows that an UPDATE is about, which nobody else changes from here on."""
    query: Any = select_from(statement.table).select(*[column.as_(f"{_KEY}{at}") for at, column in enumerate(key)])
    query = query.replaced(
        predicates=statement.predicates, orderings=statement.orderings, row_limit=statement.row_limit
    ).for_update()
    wanted = {each.name for each in query.compile(trx.dialect).parameters if isinstance(each, _LATE)}
    own = {name: each for name, each in (parameters or {}).items() if name in wanted}
    return [tuple(row.values()) for row in await trx.fetch_all(query, parameters=own)]


# -- rows by their keys -----------------------------------------------------------------------------------------------


async def read_by_key(
    db: Any, columns: Sequence[Column[Any]], key: Sequence[Column[Any]], values: Sequence[tuple[Any, ...]]
) -> list[dict[str, Any]]:
    """The rows of these keys, in their order.

    Raises:
        NoResultError: a row is not there: the database has its key in another form, or a trigger changed it.
    """
    found: dict[Any, dict[str, Any]] = {}
    selected = [column.as_(f"{_KEY}{at}") for at, column in enumerate(key)]
    for chunk in _chunks(values):
        query = select_from(key[0].table).select(*columns, *selected).where(_is_among(key, chunk))
        for row in await db.fetch_all(query):  # a plugin may have given the columns other names
            found[tuple([row.popitem()[1] for _ in key][::-1])] = row
    if any(each not in found for each in values):
        raise NoResultError(f"{key[0].table!r}: a row that was written is not found by its key")
    return [found[each] for each in values]


def is_plain(value: Any) -> bool:
    """Whether a value is known here: neither missing nor an expression that the database evaluates."""
    return value is not None and not isinstance(value, Expression)


def _is_among(key: Sequence[Column[Any]], values: Sequence[tuple[Any, ...]]) -> Condition:
    if len(key) == 1:
        return key[0].is_in([each[0] for each in values])
    return tuple_(*key).is_in(values)


def _chunks(values: Sequence[tuple[Any, ...]]) -> Iterator[Sequence[tuple[Any, ...]]]:
    for start in range(0, len(values), _CHUNK):
        yield values[start : start + _CHUNK]


def _knows(rows: Sequence[Mapping[str, Any]], key: Sequence[Column[Any]]) -> bool:
    return all(is_plain(row.get(column.name)) for row in rows for column in key)


def _found_by(statement: Any, rows: Sequence[Mapping[str, Any]], key: Sequence[Column[Any]]) -> Sequence[Column[Any]]:
    """What finds rows again: where one may be in the way, the columns that it is known by, else the key."""
    conflict = statement.conflict
    if conflict is None or conflict.predicates or not conflict.targets:
        return key
    changed = [column for column, _ in conflict.assignments]
    if any(not isinstance(each, Column) or any(each is other for other in changed) for each in conflict.targets):
        return key
    targets: Sequence[Column[Any]] = conflict.targets
    return targets if _knows(rows, targets) else key


def _is_numbered(column: Column[Any]) -> bool:
    """Whether the number that a database gave may be this column's: none other is declared to have it."""
    table = column.table
    return table._options(column.name).identity or not any(table._options(name).identity for name in table._columns)


def _refuse_keyless(lack: UnsupportedError, key: Sequence[Column[Any]]) -> None:
    if not key:
        raise UnsupportedError(lack.dialect, lack.feature, "name the key by which the rows can be read again")


async def _read(db: Any, columns: Sequence[Column[Any]], is_row: Sequence[Condition]) -> dict[str, Any]:
    row: dict[str, Any] = await db.fetch_one(select_from(columns[0].table).select(*columns).where(*is_row))
    return row
