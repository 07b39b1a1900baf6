"""The plugins of a handle and the values of its request, and what a statement goes through."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from querykit.errors import ResultError, UsageError
from querykit.execution.copies import made
from querykit.execution.typed_rows import rows_from_dicts
from querykit.plugins.base import PluginContext, Result
from querykit.plugins.chain import DEFAULT_PLUGINS, PluginChain, with_context
from querykit.plugins.prepared import Prepared

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from querykit.builder.compiled import CompiledQuery, OutputColumn
    from querykit.builder.statement import Statement
    from querykit.dialects.base import Dialect
    from querykit.plugins.base import Plugin

NO_PLUGINS = PluginChain(())
DEFAULT = PluginChain(DEFAULT_PLUGINS)
"""The plugins of a database to which none were given. They only say what columns are, so that no query goes through."""


class Plugged(NamedTuple):
    """What a handle has besides its connections.

    Attributes:
        chain: Its plugins.
        context: The values of the request.
    """

    chain: PluginChain
    context: Mapping[str, object]


def plugins_of(plugged: Plugged | None) -> tuple[Plugin, ...]:
    """The plugins of a handle."""
    return (DEFAULT if plugged is None else plugged.chain).plugins


def plugged_with(plugged: Plugged | None, plugin: Plugin, *, in_place: bool = False) -> Plugged:
    """One more plugin, or with `in_place` that one in the place of another of its name."""
    chain, context = plugged or Plugged(DEFAULT, {})
    others = [each for each in chain.plugins if not (in_place and each.name == plugin.name)]
    return Plugged(PluginChain((*others, plugin)), context)


def without_plugins(plugged: Plugged | None) -> Plugged:
    """No plugins; the values stay."""
    return Plugged(NO_PLUGINS, {} if plugged is None else plugged.context)


def with_values(plugged: Plugged | None, values: Mapping[str, object]) -> Plugged:
    """More values of the request."""
    chain, context = plugged or Plugged(DEFAULT, {})
    return Plugged(chain, {**context, **values})


class Through(NamedTuple):
    """What one statement goes through.

    Attributes:
        chain: The plugins.
        context: The values of the request.
        prepared: The statement as the plugins want it.
        statement: The statement as the program made it.
    """

    chain: PluginChain
    context: Mapping[str, object]
    prepared: Prepared
    statement: Statement[Any, Any]

    @property
    def transforms_results(self) -> bool:
        """Whether a plugin changes results."""
        return self.chain.transforms_results

    def parameters(
        self,
        compiled: CompiledQuery,
        given: Mapping[str, object] | None,
        *,
        is_json: bool = False,
        supplied: dict[str, object] | None = None,
    ) -> Mapping[str, object] | None:
        """The values of the named parameters, with those of the request, and those that plugins supply.

        Raises:
            UsageError: the request lacks one; or plugins cannot do their work on JSON of the database's.
        """
        if is_json and self.transforms_results:
            names = ", ".join([each.name for each in self.chain.plugins])
            raise UsageError(f"fetch_json() composes its JSON in the database, where no plugin sees rows ({names})")
        for check in self.prepared.checks:
            check(self.context, given or {})
        return with_context(compiled, given, self.context, supplied) if compiled.text.has_named else given

    def rows(self, compiled: CompiledQuery, rows: list[Any], columns: tuple[OutputColumn, ...]) -> list[Any]:
        """The rows as the plugins want them, as objects of a class where `rows_as` asked for them."""
        row_type: Any = compiled.statement.row_type

        def transformed(given: Any) -> list[Any]:
            result = self.chain.transform(Result(given, columns, row_type), self.prepared)
            return result.rows if row_type is None else rows_from_dicts(result.columns, row_type)(result.rows)

        return made(transformed, rows)

    def values(self, rows: list[Any], columns: tuple[OutputColumn, ...]) -> list[Any]:
        """The values of the only column, as the plugins want them."""
        result = self.chain.transform(Result(rows, columns), self.prepared)
        if len(result.columns) != 1:
            raise ResultError(f"one column was asked for, and plugins left {len(result.columns)}")
        name = result.columns[0].name
        return [row[name] for row in result.rows]


def described(
    columns: tuple[OutputColumn, ...], as_json: Sequence[int], dialect: Dialect, through: Through | None
) -> tuple[OutputColumn, ...]:
    """The columns of a result, with what plugins know of them; `as_json` are those that the driver reports as JSON."""
    if through is None:
        return DEFAULT.described(columns, as_json, lambda _: PluginContext(dialect))
    return through.chain.described(columns, as_json, through.prepared.context)


def gone_through(plugged: Plugged | None, statement: Statement[Any, Any], dialect: Dialect) -> Through:
    """The statement after the plugins of a handle and its own."""
    chain, context = plugged or Plugged(DEFAULT, {})
    if statement.plugins:
        chain = chain.extended(statement)
    return Through(chain, context, chain.prepare(statement, dialect), statement)
