"""The plugins of a database in their order, and the queries that went through them."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar
from weakref import WeakKeyDictionary, ref

from querykit.builder.operands import Parameter
from querykit.builder.rewrite import writes
from querykit.errors import ConfigurationError, UsageError
from querykit.plugins.base import CONTEXT, Plugin, Result, naming
from querykit.plugins.filtering import Filtering
from querykit.plugins.parse_json import ParseJSONResultsPlugin
from querykit.plugins.prepared import Prepared
from querykit.plugins.tables import TablePlugin

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from querykit.builder.compiled import CompiledQuery, OutputColumn
    from querykit.builder.statement import Statement
    from querykit.dialects.base import Dialect
    from querykit.dialects.driver import DriverResult
    from querykit.plugins.base import PluginContext
    from querykit.plugins.call import Call

T = TypeVar("T")

DEFAULT_PLUGINS: tuple[Plugin, ...] = (ParseJSONResultsPlugin(),)
"""What every database has, unless another of that name is given."""


class PluginChain:
    """Plugins in their order.

    Attributes:
        plugins: In the order in which they transform queries; results go through them the other way round.
        around: The places of those that wrap the running; the first is the outermost.
        describing: The places of those that say what columns are.
        transforms_results: Whether any changes results.
        around_begin: Those that wrap the beginning of transactions, in the order of `around`.
    """

    def __init__(self, plugins: Sequence[Plugin]) -> None:
        """Check that the plugins go together, and put them into their order.

        Raises:
            ConfigurationError: one is there twice, lacks one that it requires, conflicts with one, or they require each
                other.
        """
        self._kept: dict[Dialect, dict[ref[Statement[Any, Any]], Prepared]] = {}
        self._extended: WeakKeyDictionary[Statement[Any, Any], PluginChain] = WeakKeyDictionary()
        self._filterings: dict[Dialect, Filtering] = {}
        kept = _without_replaced(plugins)
        _check(kept)
        self.plugins = _ordered(sorted(kept, key=lambda plugin: -plugin.priority))
        self.around = tuple([place for place, each in enumerate(self.plugins) if _overrides(each, "around_execute")])
        self.around_begin = tuple([each for each in self.plugins if _overrides(each, "around_begin")])
        self._transforming = tuple(
            [place for place, each in enumerate(self.plugins) if _overrides(each, "transform_query")]
        )
        self._about_tables = any(isinstance(each, TablePlugin) for each in self.plugins)
        self.describing = tuple(
            [place for place, each in enumerate(self.plugins) if _overrides(each, "transform_columns")]
        )
        self.transforms_results = any(_overrides(each, "transform_result") for each in self.plugins)

    def prepare(self, statement: Statement[Any, Any], dialect: Dialect) -> Prepared:
        """The statement as the plugins want it. Kept for this chain and dialect alone, while the statement lives."""
        kept = self._kept.get(dialect)
        if kept is None:
            kept = self._kept[dialect] = {}
        found = kept.get(ref(statement))
        if found is None:
            # what weakref.WeakKeyDictionary does, without a call of Python's for each step
            found = kept[ref(statement, kept.pop)] = self._transformed(statement, dialect)
        return found

    def __del__(self) -> None:
        """Let go of what was kept, which refers to where it is kept."""
        for kept in self._kept.values():
            kept.clear()

    def extended(self, statement: Statement[Any, Any]) -> PluginChain:
        """The chain with the plugins that a statement brings, which is kept likewise."""
        found = self._extended.get(statement)
        if found is None:
            found = self._extended[statement] = PluginChain((*self.plugins, *statement.plugins))
        return found

    def _transformed(self, given: Statement[Any, Any], dialect: Dialect) -> Prepared:
        prepared = Prepared(given, dialect)
        for place in self._transforming:
            with naming(self.plugins[place]):
                prepared.statement = self.plugins[place].transform_query(prepared.statement, prepared.context(place))
        if self._about_tables:
            filtering = self._filterings.get(dialect) or self._filtering(dialect)
            prepared.statement = filtering.filtered(prepared, is_seen=bool(self.around))
        if prepared.contexts is not None:
            prepared.checks = prepared.found_checks()
        if prepared.statement is given:  # what is kept must not hold what it is kept for
            prepared.statement = given.with_part("_compiled", None)
        return prepared

    def _filtering(self, dialect: Dialect) -> Filtering:
        plugins = {place: each for place, each in enumerate(self.plugins) if isinstance(each, TablePlugin)}
        found = self._filterings[dialect] = Filtering(plugins, dialect)
        return found

    def described(
        self, columns: tuple[OutputColumn, ...], as_json: Sequence[int], context_of: Callable[[int], PluginContext]
    ) -> tuple[OutputColumn, ...]:
        """The columns of a result, with what plugins know of them."""
        for place in self.describing:
            with naming(self.plugins[place]):
                columns = self.plugins[place].transform_columns(columns, as_json, context_of(place))
        return columns

    def transform(self, result: Result, prepared: Prepared) -> Result:
        """The result as the plugins want it."""
        for place in reversed(range(len(self.plugins))):
            with naming(self.plugins[place]):
                result = self.plugins[place].transform_result(result, prepared.context(place))
        return result

    def refuse_stream(self, call: Call) -> None:
        """Refuse a stream that plugins would have to wrap.

        Raises:
            UsageError: it may write, or a plugin says so.
        """
        names = ", ".join([self.plugins[place].name for place in self.around if self.plugins[place].sees_all])
        if names and writes(call.compiled.statement):
            raise UsageError(f"{names}: a write, and raw SQL, which may be one, cannot be streamed; use fetch_all()")
        for place in self.around:
            with naming(self.plugins[place]):
                self.plugins[place].before_stream(call)

    async def run(self, number: int, call: Call, query: Statement[Any, Any], prepared: Prepared) -> DriverResult:
        """Run a call through one of the plugins that wrap the running."""
        place = self.around[number]
        with naming(self.plugins[place]):
            return await self.plugins[place].around_execute(call, query, prepared.context(place))

    async def begin(self, begin: Callable[[], Awaitable[T]]) -> T:
        """Begin a transaction, or take a connection, through the plugins that wrap that."""
        for plugin in reversed(self.around_begin):
            begin = partial(_begin_through, plugin, begin)
        return await begin()


async def _begin_through(plugin: Plugin, begin: Callable[[], Awaitable[T]]) -> T:
    with naming(plugin):
        return await plugin.around_begin(begin)


def with_context(
    compiled: CompiledQuery,
    parameters: Mapping[str, object] | None,
    context: Mapping[str, object],
    supplied: dict[str, object] | None = None,
) -> Mapping[str, object] | None:
    """The values of the named parameters of a query that has some, with those that it takes from the request's context.

    `supplied` has what was supplied to other parts of the same statement, and gets what is supplied to this one.

    Raises:
        UsageError: the context lacks one.
    """
    text = compiled.text
    if text.asked is None:
        text.asked = _asked(compiled.parameters)
    keys, places = text.asked
    if not keys and not places:
        return parameters
    named = dict(parameters) if parameters else {}
    for name, key in keys:
        if key not in context:
            raise UsageError(f"the query needs {key!r} of the request's context: run it on db.with_context({key}=…)")
        named[name] = context[key]
    if not places:
        return named
    supplied = {} if supplied is None else supplied
    for place in places:
        each: Any = compiled.parameters[place]
        if each.name not in supplied:
            supplied[each.name] = each.supply()
    return named | supplied


def _asked(parameters: Sequence[object]) -> tuple[tuple[tuple[str, str], ...], tuple[int, ...]]:
    """The names of parameters that the request gives, with its names for them, and the places of supplied ones."""
    named = [(place, each) for place, each in enumerate(parameters) if isinstance(each, Parameter)]
    keys = {each.name: each.name.removeprefix(CONTEXT) for _, each in named if each.name.startswith(CONTEXT)}
    return tuple(keys.items()), tuple([place for place, each in named if each.supply is not None])


def _without_replaced(plugins: Sequence[Plugin]) -> list[Plugin]:
    """The plugins, of which those that every database has give way to others of their names."""
    for each in plugins:
        if not isinstance(each, Plugin):
            raise ConfigurationError(f"plugins are objects of a subclass of Plugin, not {type(each).__name__}")
    chosen = {each.name for each in plugins if each not in DEFAULT_PLUGINS}
    return [each for each in plugins if each not in DEFAULT_PLUGINS or each.name not in chosen]


def _check(plugins: Sequence[Plugin]) -> None:
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
