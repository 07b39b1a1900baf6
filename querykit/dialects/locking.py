"""Writing FOR UPDATE and its like."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from querykit.dialects.combining import CombiningCompiler
from querykit.errors import CompileError

if TYPE_CHECKING:
    from querykit.builder.locking import Lock


class LockingCompiler(CombiningCompiler):
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

    def lock_clause(self, lock: Lock) -> str:
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
