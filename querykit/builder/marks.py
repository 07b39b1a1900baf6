"""Marks: words that a query says to plugins about itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from querykit.errors import CompileError

if TYPE_CHECKING:
    from querykit.builder.tables import Table

NEEDING_A_PLUGIN = {"only_deleted": "SoftDeletePlugin", "restore": "SoftDeletePlugin"}
"""Words without whose plugin a statement would mean other rows."""


class Mark(NamedTuple):
    """A word to plugins.

    Attributes:
        word: The word.
        tables: The tables that it is about; none for all of them.
    """

    word: str
    tables: tuple[Table, ...] = ()

    def is_about(self, table: Table) -> bool:
        """Whether it is about a table under its name or alias."""
        own = (table._name, table._reference)
        return not self.tables or any((each._name, each._reference) == own for each in self.tables)


def refuse_unheard(marks: tuple[Mark, ...]) -> None:
    """Refuse a statement that says to a plugin what none has heard.

    Raises:
        CompileError: it would mean other rows.
    """
    for word in [each.word for each in marks if each.word in NEEDING_A_PLUGIN]:
        raise CompileError(f"{word}() is said to {NEEDING_A_PLUGIN[word]}, which this statement does not go through")
