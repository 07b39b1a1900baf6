"""The plugins of a database in their order, and the queries that went through them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from querykit.errors import ConfigurationError, PluginError, QueryKitError, UsageError
from querykit.plugins.base import ContextValue, Plugin, PluginContext, Result

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from querykit.builder.compiled import CompiledQuery
    from querykit.builder.statement import Statement
    from querykit.dialects.base import Dialect

T = TypeVar("T")


class Prepared:
    """A statement that went through the chain: what is compiled, and what each plugin kept of it."""

    __slots__ = ("compiled", "contexts")

    def __init__(self, compiled: CompiledQuery, contexts: tuple[PluginContext, ...]) -> None:
        """Keep both."""
        self.compiled = compiled
        self.contexts = contexts


class PluginChain:
    """Plugins in their order.

    Attributes:
        plugins: In the order in which they transform queries; results go through them the other way round.
        around: Those that wrap the running.
        transforms_results: Whether any changes results.
    """

    def __init__(self, plugins: Sequence[Plugin]) -> None:
        """Check that the plugins go together, and put them into their order.

        Raises:
            ConfigurationError: one is there twice, lacks one that it requires, or conflicts with one.
        """
        _check(plugins)
        self.plugins = tuple(sorted(plugins, key=lambda plugin: -plugin.priority))
        self.around = tuple([each for each in self.plugins if _overrides(each, "around_execute")])
        self.transforms_results = any(_overrides(each, "transform_result") for each in self.plugins)

    def prepare(self, statement: Statement[Any, Any], dialect: Dialect) -> Prepared:
        """The statement as the plugins want it, compiled. Kept with the statement, for this chain and dialect alone."""
        return statement.kept((self, dialect.name), lambda: self._prepared(statement, dialect))

    def _prepared(self, statement: Statement[Any, Any], dialect: Dialect) -> Prepared:
        contexts = tuple([PluginContext(dialect) for _ in self.plugins])
        for plugin, context in zip(self.plugins, contexts, strict=True):
            statement = _named(plugin, lambda: plugin.transform_query(statement, context))  # noqa: B023 - called at once
        return Prepared(statement.compile(dialect), contexts)

    def transform(self, result: Result, prepared: Prepared) -> Result:
        """The result as the plugins want it."""
        for plugin, context in zip(reversed(self.plugins), reversed(prepared.contexts), strict=True):
            result = _named(plugin, lambda: plugin.transform_result(result, context))  # noqa: B023 - called at once
        return result


def with_context(
    compiled: CompiledQuery, parameters: Mapping[str, object] | None, context: Mapping[str, object]
) -> Mapping[str, object]:
    """The values of a query's named parameters, with those that it takes from the request's context.

    Raises:
        UsageError: the context lacks one.
    """
    named = dict(parameters or {})
    for each in compiled.parameters:
        if isinstance(each, ContextValue):
            if each.key not in context:
                raise UsageError(f"the query needs {each.key!r} of its context: run it on db.with_context({each.key}=…)")
            named[each.name] = context[each.key]
    return named


def _check(plugins: Sequence[Plugin]) -> None:
    for each in plugins:
        if not isinstance(each, Plugin):
            raise ConfigurationError(f"plugins are objects of a subclass of Plugin, not {type(each).__name__}")
    names = [each.name for each in plugins]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise ConfigurationError(f"the plugin {twice[0]} is there twice")
    for each in plugins:
        if missing := [name for name in each.requires if name not in names]:
            raise ConfigurationError(f"the plugin {each.name} requires {missing[0]}, which is not there")
        if clash := [name for name in each.conflicts_with if name in names]:
            raise ConfigurationError(f"the plugins {each.name} and {clash[0]} cannot be used together")


def _overrides(plugin: Plugin, function: str) -> bool:
    return getattr(type(plugin), function) is not getattr(Plugin, function)


def _named(plugin: Plugin, call: Callable[[], T]) -> T:
    """What a plugin's function gives; an error of its own is told by its name."""
    try:
        return call()
    except QueryKitError as error:
        error.add_note(f"in the plugin {plugin.name}")
        raise
    except Exception as error:
        raise PluginError(plugin.name, error) from error
