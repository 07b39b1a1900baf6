"""A plan of changes: for a person to read, and to be run."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from querykit import UsageError, sql
from querykit.schema.diff.rebuilding import run_with_rebuilds

TRANSACTIONAL: Final = frozenset(("postgres", "sqlite"))
"""The databases whose definitions can be undone."""

if TYPE_CHECKING:
    from collections.abc import Sequence

    from querykit.schema.diff.compare import Difference


@dataclass(frozen=True, slots=True)
class Change:
    """One change of the database.

    Attributes:
        text: What it does, in a line: ``"+ column pet.age: bigint NOT NULL"``.
        statements: Its SQL, in order; none, where the database cannot do it and a person has to.
        loss: What is lost for good, or None.
        risk: Why it may fail, or None.
        differences: What it does away with.
        is_rebuild: Whether it makes a table of SQLite's anew, with foreign keys let alone.
    """

    text: str
    statements: tuple[str, ...]
    loss: str | None = None
    risk: str | None = None
    differences: tuple[Difference, ...] = field(default=(), repr=False)
    is_rebuild: bool = False

    def __str__(self) -> str:
        """What it does, and what is to be known of it."""
        told = [f"DATA LOSS: {self.loss}"] * bool(self.loss) + [self.risk or ""] * bool(self.risk)
        told += ["no statement does this: do it by hand"] * (not self.statements)
        return self.text + "".join([f"\n    ! {each}" for each in told])


@dataclass(frozen=True, slots=True)
class Plan:
    """The changes that make one database of another, in order. A plan without changes is false.

    Attributes:
        changes: The changes.
        dialect: The dialect of their SQL.
    """

    changes: tuple[Change, ...]
    dialect: str

    def __bool__(self) -> bool:
        """Whether there is anything to change."""
        return bool(self.changes)

    @property
    def statements(self) -> list[str]:
        """The SQL of all changes, in order."""
        return [statement for change in self.changes for statement in change.statements]

    @property
    def loses_data(self) -> bool:
        """Whether something is lost for good."""
        return any(change.loss for change in self.changes)

    @property
    def has_rebuilds(self) -> bool:
        """Whether a table of SQLite's is made anew."""
        return any(change.is_rebuild for change in self.changes)

    def __str__(self) -> str:
        """The plan, for a person; ``no differences`` where there are none."""
        return "\n".join(map(str, self.changes)) if self.changes else "no differences"

    async def run(self, db: Any, *, lose_data: bool = False) -> None:
        """Run it: in one transaction, except on MySQL and MariaDB, which commit with each statement.

        Args:
            db: The database.
            lose_data: Whether what is lost may be.

        Raises:
            UsageError: it would lose data, or a part of it has to be done by hand.
        """
        if self.loses_data and not lose_data:
            lost = "; ".join(
                [f"{change.text.partition(':')[0]}: {change.loss}" for change in self.changes if change.loss]
            )
            raise UsageError(f"the plan loses data: {lost}. run(db, lose_data=True) says that it may")
        by_hand = [change.text for change in self.changes if not change.statements]
        if by_hand:
            raise UsageError(f"no statement does this: {'; '.join(by_hand)}")
        if self.has_rebuilds:
            await run_with_rebuilds(db, self.statements)
            return
        if self.dialect not in TRANSACTIONAL:
            await _run(db, self.statements)
            return
        async with db.transaction() as trx:
            await _run(trx, self.statements)


async def _run(db: Any, statements: Sequence[Any]) -> None:
    for statement in statements:
        await db.execute(sql.raw(statement))
