"""MERGE: its table is locked against other writers, so that what is found before it is what it finds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from querykit.builder.comparisons import exists
from querykit.builder.creator import select_from
from querykit.builder.operands import DEFAULT, TRUE, operand
from querykit.builder.raw import RawStatement, sql
from querykit.builder.rewrite import copied
from querykit.builder.select import Select
from querykit.errors import UsageError
from querykit.plugins.audit.rows import Outcome, changes_of

if TYPE_CHECKING:
    from querykit.builder.merge import Branch, Merge
    from querykit.plugins.audit.rows import Key, Work


async def merge(work: Work, statement: Merge[Any, Any]) -> Outcome:
    """Run a MERGE. What it inserts is known by the keys that it gives."""
    keyed = work.keyed
    _refuse_new_keys(work, statement)
    inserting = [_inserted(work, statement, each) for each in statement.branches if each.action == "INSERT"]
    lock = sql("LOCK TABLE {} IN SHARE ROW EXCLUSIVE MODE", sql.table(_real_name(work)))
    await work.call.run(RawStatement.of(lock), work.on)
    before = keyed.by_key(await work.call.fetch_all(_touched(work, statement), work.on))
    inserted: list[Key] = []
    for query in inserting:
        inserted += [tuple(row.values()) for row in await work.call.fetch_all(query, work.on)]
    result = await work.run(statement)
    after = await work.by_key([*before, *inserted])
    return Outcome(result, changes_of(keyed.table, before, after))


def _real_name(work: Work) -> str:
    table = work.keyed.table
    return table._name if table._schema is None else f"{table._schema}.{table._name}"


def _refuse_new_keys(work: Work, statement: Merge[Any, Any]) -> None:
    names = {column.name for column in work.keyed.columns}
    for branch in statement.branches:
        for column, _ in branch.assignments:
            if branch.action == "UPDATE" and column.name in names:
                raise UsageError(f"a MERGE that sets {column.name!r}, which is the key, is not audited")


def _touched(work: Work, statement: Merge[Any, Any]) -> Select[Any, Any]:
    """The rows of the table that the MERGE may change."""
    rows = work.keyed.selected().replaced(ctes=statement.ctes, is_recursive=statement.is_recursive)
    if any(branch.kind == "NOT MATCHED BY SOURCE" for branch in statement.branches):
        return rows
    return rows.where(exists(select_from(statement.source).select(TRUE).where(*statement.join_predicates)))


def _inserted(work: Work, statement: Merge[Any, Any], branch: Branch) -> Select[Any, Any]:
    """The keys of the rows that a branch may insert."""
    set_to = {column.name: value for column, value in branch.assignments}
    columns = []
    for place, column in enumerate(work.keyed.columns):
        value = set_to.get(column.name, DEFAULT)
        if value is DEFAULT:
            raise UsageError(f"a MERGE that inserts rows without their key, {column.name!r}, is not audited")
        columns.append(copied(operand(value, column), alias=f"querykit_key_{place}"))
    there = select_from(work.keyed.table).select(TRUE).where(*statement.join_predicates)
    rows = select_from(statement.source).where(~exists(there))
    return rows.replaced(columns=tuple(columns), ctes=statement.ctes, is_recursive=statement.is_recursive)
