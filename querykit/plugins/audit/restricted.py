"""UPDATE and DELETE: the rows they are about are locked and read, written, and read again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pypika.terms import Term

from querykit.builder.rewrite import copied
from querykit.builder.select import Join
from querykit.builder.tables import Column
from querykit.errors import UsageError
from querykit.plugins.audit.rows import Change, Outcome, changes_of

if TYPE_CHECKING:
    from querykit.builder.delete import Delete
    from querykit.builder.select import Select
    from querykit.builder.update import Update
    from querykit.builder.write import Restricted
    from querykit.plugins.audit.rows import Key, Row, Work

_NEW_KEY = "querykit_key_{}"


async def update(work: Work, statement: Update[Any, Any]) -> Outcome:
    """Run an UPDATE on the rows that it is about now, whatever else comes to meet its conditions meanwhile."""
    _refuse_others(work, statement)
    keyed = work.keyed
    new_key = _NewKey(work, statement)
    before: dict[Key, Row] = {}
    moved: dict[Key, Key] = {}
    for row in await work.locked(new_key.selected_by(_matching(work, statement))):
        key, moved_to = keyed.key_of(row), new_key.of(row)
        if key in before and not _is_joined(statement):
            raise keyed.not_unique()
        before[key], moved[key] = row, moved_to
    result = await work.run(statement.where(keyed.among(before)))
    after = await work.by_key(moved.values())
    if len(before) == len(after) == 1:  # whose key the database may write otherwise: CHAR is filled with blanks
        moved = dict(zip(before, after, strict=True))
    if not all(key in after for key in moved.values()):
        raise UsageError(f"rows of {keyed.table._name!r} are not found again under the keys that this UPDATE gave them")
    return Outcome(result, changes_of(keyed.table, before, after, moved))


async def delete(work: Work, statement: Delete[Any, Any]) -> Outcome:
    """Run a DELETE likewise."""
    if statement.others:
        raise UsageError("a DELETE of several tables at once is not audited: delete from each by itself")
    keyed = work.keyed
    rows = await work.locked(_matching(work, statement))
    before = {keyed.key_of(row): row for row in rows} if _is_joined(statement) else keyed.by_key(rows)
    result = await work.run(statement.where(keyed.among(before)))
    count, is_limited = result.rows_affected, statement.row_limit is not None
    left = {} if count == len(before) and not is_limited else await work.by_key(before)
    if (count or 0) > len(before) or (is_limited and left):
        raise keyed.not_unique()
    return Outcome(result, [Change(key, old, None) for key, old in before.items() if key not in left])


def _is_joined(statement: Restricted[Any, Any]) -> bool:
    """Whether a row may come several times, as it is joined to several."""
    return bool(statement.sources or statement.joins)


def _refuse_others(work: Work, statement: Update[Any, Any]) -> None:
    name = work.keyed.table._reference
    for column, _ in statement.assignments:
        if isinstance(column, Column) and column.reference != name:
            raise UsageError(
                f"an UPDATE of several tables at once ({column.described()}) is not audited: update each by itself"
            )


def _matching(work: Work, statement: Restricted[Any, Any]) -> Select[Any, Any]:
    """The rows that an UPDATE or a DELETE is about."""
    others = tuple([Join("CROSS", each) for each in statement.sources])
    return work.keyed.selected().replaced(
        joins=(*others, *statement.joins),
        predicates=statement.predicates,
        orderings=statement.orderings,
        row_limit=statement.row_limit,
        ctes=statement.ctes,
        is_recursive=statement.is_recursive,
    )


class _NewKey:
    """The keys that rows have after an UPDATE that may set columns of the key."""

    def __init__(self, work: Work, statement: Update[Any, Any]) -> None:
        set_to = {column.name: value for column, value in statement.assignments}
        self._columns = work.keyed.columns
        self._values = {name: set_to[name] for column in self._columns if (name := column.name) in set_to}
        if self._values and (statement.sources or statement.joins):
            raise UsageError(
                f"an UPDATE that sets {', '.join(self._values)}, which is the key, is audited without joins"
            )

    def selected_by(self, query: Select[Any, Any]) -> Select[Any, Any]:
        """The query with the expressions that the key is set to, of the rows as they were before."""
        terms = {name: value for name, value in self._values.items() if isinstance(value, Term)}
        columns = tuple([copied(term, alias=_NEW_KEY.format(name)) for name, term in terms.items()])
        return query.replaced(columns=query.columns + columns) if columns else query

    def of(self, row: Row) -> Key:
        """The new key of a row, from which what was selected for it is taken."""
        return tuple([self._of(column.name, row) for column in self._columns])

    def _of(self, name: str, row: Row) -> Any:
        if name not in self._values:
            return row[name]
        value = self._values[name]
        return row.pop(_NEW_KEY.format(name)) if isinstance(value, Term) else value
