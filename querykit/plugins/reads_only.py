"""What a program says of statements that cannot be looked into."""

from __future__ import annotations

from typing import TYPE_CHECKING

from querykit.plugins.base import Plugin

if TYPE_CHECKING:
    from querykit.builder.tables import Table
    from querykit.plugins.call import Call


class ReadsOnly(Plugin):
    """Says of raw SQL, or of a function that is not in `fn`, that it only reads, and from which tables.

    ``query.with_plugin(ReadsOnly(pet))``, or ``db.with_plugin(ReadsOnly(pet)).fetch_all(sql("…"))``: then a
    `CachePlugin` keeps its rows, and an `AuditPlugin` lets it pass.

    Args:
        tables: The tables, or their names: all that its rows come from.
    """

    def __init__(self, *tables: Table | str) -> None:
        """Hold the tables."""
        self.tables = tables


def said_to_read(call: Call) -> ReadsOnly | None:
    """What the program said of a call, if it did."""
    for each in call.plugins:
        if isinstance(each, ReadsOnly):
            return each
    return None
