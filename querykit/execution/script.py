"""What is said to the server in the life of a transaction."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from querykit.dialects.driver import ISOLATION_LEVELS, TransactionOptions
from querykit.errors import BuildError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from querykit.dialects.driver import Driver, IsolationLevel


class Script(NamedTuple):
    """The statements of a transaction's life.

    Attributes:
        begin: Those that open it.
        rollback: Those that undo it.
        release: Those that keep a savepoint; empty for a transaction, which commits.
        after: Those that tidy up after a commit; a rollback has them at its end.
    """

    begin: Sequence[str]
    rollback: Sequence[str]
    release: Sequence[str] = ()
    after: Sequence[str] = ()

    @classmethod
    def of_transaction(cls, driver: Driver, options: TransactionOptions) -> Script:
        """The life of a transaction.

        Raises:
            UnsupportedError: the database has no such transaction.
        """
        after = driver.after(options)
        return cls(driver.begin(options), ("ROLLBACK", *after), after=after)

    @classmethod
    def of_savepoint(cls, name: str) -> Script:
        """The life of a savepoint."""
        release = f"RELEASE SAVEPOINT {name}"
        return cls((f"SAVEPOINT {name}",), (f"ROLLBACK TO SAVEPOINT {name}", release), (release,))


def transaction_options(
    isolation_level: IsolationLevel | None, *, read_only: bool, deferrable: bool
) -> TransactionOptions:
    """The options of a transaction.

    Raises:
        BuildError: there is no such isolation level, or a flag is neither True nor False.
    """
    for name, flag in (("read_only", read_only), ("deferrable", deferrable)):
        if type(flag) is not bool:
            raise BuildError(f"{name} is True or False, not {flag!r}")
    if isolation_level is None:
        return TransactionOptions(None, read_only, deferrable)
    wanted = str(isolation_level).lower().replace("_", " ")
    for level in ISOLATION_LEVELS:
        if level == wanted:
            return TransactionOptions(level, read_only, deferrable)
    raise BuildError(f"isolation_level is one of {', '.join(map(repr, ISOLATION_LEVELS))}, not {isolation_level!r}")


def savepoint_name(name: str) -> str:
    """A name that needs no quotes, under which no name of ours can be met."""
    if not isinstance(name, str) or not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]{0,50}", name):
        raise BuildError(f"a savepoint's name is letters, digits and underscores, at most 51, not {name!r}")
    return f"user_{name}"
