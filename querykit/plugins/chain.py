"""The plugins of a database in their order, and the queries that went through them."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from querykit.builder.expressions import Parameter
from querykit.errors import ConfigurationError, PluginError, QueryKitError, UsageError
from querykit.plugins.base import CONTEXT, Call, Plugin, PluginContext, Result

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from querykit.builder.compiled import CompiledQuery
    from querykit.builder.statement import Statement
    from querykit.dialects.base import Dialect
    from querykit.dialects.driver import DriverResult


class Prepared:
    """A statement that went through a chain, and what each plugin kept of it."""

    __slots__ = ("contexts", "statement")

    def __init__(self, statement: Statement[Any, Any], contexts: tuple[PluginContext, ...]) -> None:
        """Keep both."""
        self.statement = statement
        self.contexts = contexts


class PluginChain:
    """Plugins in their order.

    Attributes:
        plugins: In the order in which they transform queries; results go through them the other way round.
        around: The places of those that wrap the running; the first is the outermost.
        transforms_results: Whether any changes results.
    """

    def __init__(self, plugins: Sequence[Plugin]) -> None:
        """Check that the plugins go together, and put them into their order.

        Raises:
            ConfigurationError: one is there twice, lacks one that it requires, conflicts with one, or they require each
                other.
        """
        _check(plugins)
        self.plugins = _ordered(sorted(plugins, key=lambda plugin: -plugin.priority))
        self.around = tuple([place for place, each in enumerate(self.plugins) if _overrides(each, "around_execute")])
        self.transforms_results = any(_overrides(each, "transform_result") for each in self.plugins)

    def prepare(self, statement: Statement[Any, Any], dialect: Dialect) -> Prepared:
        """The statement as the plugins want it. Kept with the statement, for this chain and dialect alone."""
        return statement.kept(self, dialect, lambda: self._prepared(statement, dialect))

    def _prepared(self, given: Statement[Any, Any], dialect: Dialect) -> Prepared:
        contexts = tuple([PluginContext(dialect) for _ in self.plugins])
        statement = given
        for plugin, context in zip(self.plugins, contexts, strict=True):
            with _named(plugin):
                statement = plugin.transform_query(statement, context)
        # a copy, because the statement keeps what is made here
        return Prepared(statement.with_part("_compiled", None) if statement is given else statement, contexts)

    def transform(self, result: Result, prepared: Prepared) -> Result:
        """The result as the plugins want it."""
        for plugin, context in zip(reversed(self.plugins), reversed(prepared.contexts), strict=True):
            with _named(plugin):
                result = plugin.transform_result(result, context)
        return result

    async def run(self, number: int, call: Call, query: Statement[Any, Any], prepared: Prepared) -> DriverResult:
        """Run a call through one of the plugins that wrap the running."""
        place = self.around[number]
        with _named(self.plugins[place]):
            return await self.plugins[place].around_execute(call, query, prepared.contexts[place])


def with_context(
    compiled: CompiledQuery, parameters: Mapping[str, object] | None, context: Mapping[str, object]
) -> Mapping[str, object] | None:
    """The values of a query's named parameters, with those that it takes from the request's context.

    Raises:
        UsageError: the context lacks one.
    """
    if not compiled.has_named:
        return parameters
    named = dict(parameters or {})
    for each in compiled.parameters:
        if isinstance(each, Parameter) and each.name.startswith(CONTEXT):
            key = each.name.removeprefix(CONTEXT)
            if key not in context:
                raise UsageError(
                    f"the query needs {key!r} of the request's context: run it on db.with_context({key}=…)"
                )
            named[each.name] = context[key]
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


def _ordered(plugins: list[Plugin]) -> tuple[Plugin, ...]:
    """The plugins, each after those that it requires."""
    by_name = {each.name: each for each in plugins}
    done: dict[str, Plugin] = {}

    def place(plugin: Plugin, under_way: tuple[str, ...]) -> None:
        if plugin.name in under_way:
            circle = " → ".join((*under_way[under_way.index(plugin.name) :], plugin.name))
            raise ConfigurationError(f"plugins require each other: {circle}")
        for name in plugin.requires:
            place(by_name[name], (*under_way, plugin.name))
        done.setdefault(plugin.name, plugin)

    for each in plugins:
        place(each, ())
    return tuple(done.values())


def _overrides(plugin: Plugin, function: str) -> bool:
    return getattr(type(plugin), function) is not getattr(Plugin, function)


@contextmanager
def _named(plugin: Plugin) -> Iterator[None]:
    """Tell an error of a plugin's own by its name."""
    try:
        yield
    except QueryKitError as error:
        error.add_note(f"in the plugin {plugin.name}")
        raise
    except Exception as error:
        raise PluginError(plugin.name, error) from error
