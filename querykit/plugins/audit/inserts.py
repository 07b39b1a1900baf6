"""INSERT: the rows are read by the keys that they are given, that RETURNING tells, or that are made one by one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pypika.terms import Term

from querykit.builder.operands import Value
from querykit.builder.rewrite import copied
from querykit.dialects.driver import DriverResult
from querykit.errors import UnsupportedError, UsageError
from querykit.plugins.audit.rows import Outcome, changes_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from querykit.builder.insert import Insert
    from querykit.plugins.audit.rows import Key, Work

_KEY = "querykit_key_{}"


async def insert(work: Work, statement: Insert[Any, Any]) -> Outcome:
    """Run an INSERT that leaves no row out and replaces none."""
    keys = _given_keys(work, statement)
    if keys is not None:
        result = await work.run(statement)
    elif (telling := _telling_keys(work, statement)) is not None:
        result, keys = await _told(work, statement, telling)
    else:
        result, keys = await _one_by_one(work, statement)
    after = await work.by_key(keys, is_locking=False)
    if len(after) < len(set(keys)):
        raise UsageError(f"rows that were inserted into {work.keyed.table._name!r} are not found under their keys")
    return Outcome(result, changes_of(work.keyed.table, {}, after))


def plain(value: Any) -> Any:
    """A value that is bound, without its type; None where it is an expression, a default or NULL."""
    if type(value) is Value:
        return value.value
    return None if isinstance(value, Term) else value


def _given_keys(work: Work, statement: Insert[Any, Any]) -> list[Key] | None:
    """The keys of the rows, if all of them are given as values."""
    places = {target.name: place for place, target in enumerate(statement.targets)}
    names = [column.name for column in work.keyed.columns]
    if not statement.rows or not all(name in places for name in names):
        return None
    keys = [tuple([plain(row[places[name]]) for name in names]) for row in statement.rows]
    return None if any(None in key for key in keys) else keys


def _telling_keys(work: Work, statement: Insert[Any, Any]) -> Insert[Any, Any] | None:
    """The INSERT with RETURNING of the keys, where the database has that."""
    columns = [copied(each, alias=_KEY.format(place)) for place, each in enumerate(work.keyed.columns)]
    telling = statement.replaced(returned=(*statement.returned, *columns), row_type=None)
    try:
        telling.compile(work.dialect)
    except UnsupportedError:
        return None
    return telling


async def _told(work: Work, statement: Insert[Any, Any], telling: Insert[Any, Any]) -> tuple[DriverResult, list[Key]]:
    """Run it, and take the keys out of what the program gets."""
    count = len(work.keyed.columns)
    result = await work.call.run(telling, work.on, "described rows")
    rows = work.call.decoded(telling, result, work.on)
    keys = [tuple([row[_KEY.format(place)] for place in range(count)]) for row in rows]
    if not statement.returned:
        made = keys[0][0] if keys and count == 1 and isinstance(keys[0][0], int) else None
        return DriverResult((), rows_affected=len(keys), insert_id=result.insert_id or made), keys
    own = len(result.names) - count
    return result._replace(
        rows=[tuple(row)[:own] for row in result.rows],
        names=result.names[:own],
        json_columns=[place for place in result.json_columns if place < own],
    ), keys


async def _one_by_one(work: Work, statement: Insert[Any, Any]) -> tuple[DriverResult, list[Key]]:
    """Insert each row by a statement of its own, which tells the number that the server gave it."""
    if statement.is_of_defaults:
        singles = [statement]
    else:
        statement = await with_rows(work, statement)
        singles = [statement.with_part("rows", (row,)) for row in statement.rows]
    results, keys = [], []
    for single in singles:
        results.append(await work.run(single))
        keys.append(_key_of_one(work, single, results[-1].insert_id))
    return together(results), keys


def _key_of_one(work: Work, single: Insert[Any, Any], made: int | None) -> Key:
    given = dict(zip([target.name for target in single.targets], single.rows[0] if single.rows else (), strict=False))
    key = [plain(given.get(column.name)) for column in work.keyed.columns]
    missing = [place for place, value in enumerate(key) if value is None]
    if len(missing) > 1 or (missing and made is None):
        raise UsageError(
            f"the key of a row that was inserted into {work.keyed.table._name!r} is not known: give it, since the "
            "database has no RETURNING"
        )
    for place in missing:
        key[place] = made
    return tuple(key)


async def with_rows(work: Work, statement: Insert[Any, Any]) -> Insert[Any, Any]:
    """The INSERT of the rows that its query gives now.

    Raises:
        UsageError: a column of the query has no name, or that of another.
    """
    if statement.query is None:
        return statement
    names = [column.name for column in statement.query.output_columns() or ()]
    if len(set(names)) < len(statement.targets) or None in names:
        raise UsageError(
            "an INSERT … SELECT is audited here if each column of the query has a name of its own: .as_(…)"
        )
    query = statement.query.replaced(row_type=None, ctes=statement.ctes + statement.query.ctes)
    found = await work.call.fetch_all(query, work.on)
    rows = [tuple([row[str(name)] for name in names]) for row in found]
    start = statement.replaced(query=None, ctes=())
    return start.values(*rows) if rows else start


def together(results: Sequence[DriverResult]) -> DriverResult:
    """The results of statements that did the work of one."""
    if not results:
        return DriverResult((), rows_affected=0)
    counts = [each.rows_affected for each in results]
    return results[0]._replace(
        rows=[row for each in results for row in each.rows],
        rows_affected=None if None in counts else sum(count or 0 for count in counts),
    )
