"""A statement on its way through a chain of plugins, and what they keep of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from querykit.plugins.base import PluginContext

if TYPE_CHECKING:
    from querykit.builder.statement import Statement
    from querykit.dialects.base import Dialect
    from querykit.plugins.base import Check


class Prepared:
    """A statement that goes, and then went, through a chain.

    Attributes:
        statement: The statement as the plugins want it.
        dialect: What it is for.
        checks: What looks at the values of a request before the statement runs, once it went through.
    """

    __slots__ = ("_contexts", "checks", "dialect", "statement")

    def __init__(self, statement: Statement[Any, Any], dialect: Dialect) -> None:
        """Begin with the statement as the program made it."""
        self.statement = statement
        self.dialect = dialect
        self.checks: tuple[Check, ...] = ()
        self._contexts: dict[int, PluginContext] | None = None

    def context(self, place: int) -> PluginContext:
        """The context of the plugin at a place in the chain, made when it is asked for: most statements need none."""
        if self._contexts is None:
            self._contexts = {}
        found = self._contexts.get(place)
        if found is None:
            found = self._contexts[place] = PluginContext(self.dialect)
        return found

    def found_checks(self) -> tuple[Check, ...]:
        """What plugins put into their contexts, in the order of the plugins."""
        contexts = self._contexts or {}
        return tuple([check for place in sorted(contexts) for check in contexts[place].checks])
