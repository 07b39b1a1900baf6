"""FOR UPDATE and its like: locks on the rows that a query finds."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

from querykit.builder.query import as_source
from querykit.builder.tables import Source
from querykit.errors import BuildError

Strength = Literal["UPDATE", "NO KEY UPDATE", "SHARE", "KEY SHARE"]


class Lock(NamedTuple):
    """A locking clause.

    Attributes:
        strength: What others cannot do meanwhile.
        sources: The tables whose rows are locked; none for all of the query.
        waiting: What is done about rows that others have locked, or None to wait for them.
    """

    strength: Strength
    sources: tuple[Source, ...] = ()
    waiting: Literal["SKIP LOCKED", "NOWAIT"] | None = None


def lock(strength: Strength, of: Any, *, skip_locked: bool, nowait: bool) -> Lock:
    """A locking clause, checked.

    Raises:
        BuildError: both ways of not waiting are asked for, or `of` is no table.
    """
    if skip_locked and nowait:
        raise BuildError("a lock has skip_locked or nowait, not both")
    given = () if of is None else tuple(of) if isinstance(of, list | tuple) else (of,)
    return Lock(
        strength,
        tuple([as_source(each) for each in given]),
        "SKIP LOCKED" if skip_locked else "NOWAIT" if nowait else None,
    )
