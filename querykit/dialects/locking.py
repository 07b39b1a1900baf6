"""Writing FOR UPDATE and its like."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from querykit.dialects.row_filters import RowFilterCompiler
from querykit.errors import CompileError

if TYPE_CHECKING:
    from querykit.builder.locking import Lock
    from querykit.builder.select import Select
    from querykit.builder.tables import Source


class LockingCompiler(RowFilterCompiler):
    """Writes the locking clause of SELECT."""

    lock_words: ClassVar[dict[str, str]] = {
        "UPDATE": "FOR UPDATE",
        "NO KEY UPDATE": "FOR NO KEY UPDATE",
        "SHARE": "FOR SHARE",
        "KEY SHARE": "FOR KEY SHARE",
    }
    """How the database says each strength; one that it does not have is not there."""
    weaker_locks: ClassVar[dict[str, str]] = {
        "NO KEY UPDATE": "for_update() locks a little more",
        "KEY SHARE": "for_share() locks a little more",
    }
    """The nearest way to a strength that is not there."""

    def lock_clause(self, lock: Lock, query: Select[Any, Any]) -> str:
        """`` FOR UPDATE OF a SKIP LOCKED``."""
        if lock.strength not in self.lock_words:
            raise self.unsupported(f"SELECT … FOR {lock.strength}", self.weaker_locks.get(lock.strength))
        sql = " " + self.lock_words[lock.strength]
        if lock.sources:
            sql += self.locked_tables(lock)
        return sql if lock.waiting is None else f"{sql} {lock.waiting}"

    def locked_tables(self, lock: Lock) -> str:
        """`` OF a, b``."""
        for source in lock.sources:
            if source._reference not in self.scope:
                raise CompileError(f"the rows of {source._reference!r} are locked, which is not in FROM")
        return f" OF {', '.join([self.names[source._reference] for source in lock.sources])}"


def may_be_missing(query: Select[Any, Any]) -> list[Source]:
    """The tables of a query of which an outer join may find no row."""
    before, missing = list(query.sources), []
    for join in query.joins:
        if join.kind in ("RIGHT", "FULL"):
            missing += before
        if join.kind in ("LEFT", "FULL"):
            missing.append(join.source)
        before.append(join.source)
    return missing
