"""INSERT … ON CONFLICT: row by row, so that it is known of each whether it was there before."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from querykit.builder.operands import DEFAULT
from querykit.builder.tables import Column
from querykit.builder.upsert import ExcludedColumn
from querykit.errors import UniqueViolationError, UsageError
from querykit.plugins.audit.inserts import insert, plain, together, with_rows
from querykit.plugins.audit.rows import Outcome, changes_of

if TYPE_CHECKING:
    from pypika.terms import Term

    from querykit.builder.insert import Insert
    from querykit.builder.select import Select
    from querykit.plugins.audit.rows import Key, Row, Work


async def upsert(work: Work, statement: Insert[Any, Any]) -> Outcome:
    """Lock and update the row that is there, or insert the one that is not.

    A row that somebody else inserts between the two makes a plain INSERT fail, which is undone: that row is updated.
    INSERT … ON CONFLICT would do so at once, and nobody would know what it held before.
    """
    targets = _targets(statement)
    statement = await with_rows(work, statement)
    outcomes = [await _one(work, statement.with_part("rows", (row,)), targets) for row in statement.rows]
    return Outcome(together([each.result for each in outcomes]), [each for one in outcomes for each in one.changes])


def _targets(statement: Insert[Any, Any]) -> list[Column[Any]]:
    conflict = statement.conflict
    targets = [each for each in conflict.targets if isinstance(each, Column)] if conflict else []
    if conflict is None or not targets or len(targets) < len(conflict.targets) or conflict.predicates:
        raise UsageError(
            "an upsert is audited if it names the columns of its key: on_conflict(table.id), not a constraint, an "
            "expression, a partial index or every key"
        )
    return targets


async def _one(work: Work, single: Insert[Any, Any], targets: list[Column[Any]]) -> Outcome:
    query = _in_the_way(work, single, targets)
    found = await _there(work, query)
    if found is not None:
        return await _update(work, single, found)
    try:
        async with work.savepoint() as savepoint:
            return await insert(work._replace(on=savepoint), single.with_part("conflict", None))
    except UniqueViolationError:
        found = await _locked(work, query)
        if found is None:  # another key than the one that was named
            raise
        return await _update(work, single, found)


def _in_the_way(work: Work, single: Insert[Any, Any], targets: list[Column[Any]]) -> Select[Any, Any] | None:
    """The row that has the key already; None where the new one has no key yet."""
    given = dict(zip([target.name for target in single.targets], single.rows[0], strict=True))
    criteria: list[Term] = []
    for target in targets:
        value = given.get(target.name, DEFAULT)
        if value is DEFAULT or value is None:
            return None
        criteria.append(target == value)
    return work.keyed.selected().where(*criteria)


async def _there(work: Work, query: Select[Any, Any] | None) -> Row | None:
    """The row that is in the way, locked, if there is one.

    It is looked for without a lock first: MySQL would lock the gap where it is not, and of two who lock one gap neither
    can insert.

    Source: https://dev.mysql.com/doc/refman/8.4/en/innodb-locking.html#innodb-gap-locks
    """
    if query is None or not await work.call.fetch_all(query, work.on):
        return None
    return await _locked(work, query)


async def _locked(work: Work, query: Select[Any, Any] | None) -> Row | None:
    rows = [] if query is None else await work.locked(query)
    if len(rows) > 1:
        raise UsageError(
            f"an upsert of {work.keyed.table._name!r} is audited if one row at most is in its way: the columns that "
            "on_conflict(…) names are not unique"
        )
    return rows[0] if rows else None


async def _update(work: Work, single: Insert[Any, Any], old: Row) -> Outcome:
    assignments = single.conflict.assignments if single.conflict else ()
    if not assignments:
        return Outcome(await work.run(single), [])
    key = work.keyed.key_of(old)
    new_key = _new_key(work, single, old)
    result = await work.run(single)
    after = await work.by_key([new_key])
    if not after:
        raise UsageError(
            f"a row of {work.keyed.table._name!r} is not found again under the key that this upsert gave it"
        )
    return Outcome(result, changes_of(work.keyed.table, {key: old}, after, {key: next(iter(after))}))


def _new_key(work: Work, single: Insert[Any, Any], old: Row) -> Key:
    """The key of the row after DO UPDATE."""
    set_to = {column.name: value for column, value in (single.conflict.assignments if single.conflict else ())}
    given = dict(zip([target.name for target in single.targets], single.rows[0], strict=True))
    key = []
    for column in work.keyed.columns:
        value = set_to.get(column.name, old[column.name])
        value = given.get(value.name) if isinstance(value, ExcludedColumn) else value
        if plain(value) is None:
            raise UsageError(f"an upsert that sets {column.name!r}, which is the key, to an expression is not audited")
        key.append(plain(value))
    return tuple(key)
