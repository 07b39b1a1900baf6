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
        contexts: The contexts of those plugins that asked for theirs, by their places in the chain.
    """

    __slots__ = ("checks", "contexts", "dialect", "statement")

    def __init__(self, statement: Statement[Any, Any], dialect: Dialect) -> None:
        """Begin with the statement as the program made it."""
        self.statement = statement
        self.dialect = dialect
        self.checks: tuple[Check, ...] = ()
        self.contexts: dict[int, PluginContext] | None = None

    def context(self, place: int) -> PluginContext:
        """The context of the plugin at a place in the chain, made when it is asked for: most statements need none."""
        if self.contexts is None:
            self.contexts = {}
        found = self.contexts.get(place)
        if found is None:
            found = self.contexts[place] = PluginContext(self.dialect)
        return found

    def found_checks(self) -> tuple[Check, ...]:
        """What plugins put into their contexts, in the order of the plugins."""
        return tuple([check for _, context in sorted((self.contexts or {}).items()) for check in context.checks])
