"""What a plugin is: functions that a query, a result, or the running itself goes through."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from querykit.builder.operands import Parameter
from querykit.errors import PluginError, QueryKitError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence
    from types import TracebackType
    from typing import TypeAlias, TypeVar

    from querykit.builder.compiled import OutputColumn
    from querykit.builder.statement import Statement
    from querykit.builder.value_types import ValueType
    from querykit.dialects.base import Dialect
    from querykit.dialects.driver import DriverResult
    from querykit.plugins.call import Call

    T = TypeVar("T")
    Check: TypeAlias = Callable[[Mapping[str, object], Mapping[str, object]], None]

CONTEXT = "context."
"""Begins the names of parameters whose values the request's context gives; no name of a user's parameter has a dot."""


class Result(NamedTuple):
    """What a result plugin is given.

    Attributes:
        rows: The rows: dicts, in which nested rows are dicts and lists too.
        columns: What is known of their columns: a `Nested` shape is nested rows, a JSON type is a document, whose keys
            are data.
        row_type: The class that rows are made of afterwards (`rows_as`), by the columns' names, or None for dicts.
    """

    rows: list[Any]
    columns: tuple[OutputColumn, ...]
    row_type: type[Any] | None = None


class Request:
    """The request's context, as rules see it: ``ctx.tenant`` is the value that ``db.with_context(tenant=7)`` gives.

    A rule runs once for a query and serves all requests: what it takes from here is a named parameter, which has the
    type of the column that it stands beside.
    """

    def __getattr__(self, name: str) -> Parameter[Any]:
        """The value of that name."""
        if name.startswith("_"):
            raise AttributeError(name)
        return Parameter(CONTEXT + name, None)


def supplied(name: str, type_: ValueType | None, supply: Callable[[], object]) -> Parameter[Any]:
    """A value that a function gives each time the query runs; one value serves all of a name in a statement."""
    made: Parameter[Any] = Parameter("supplied." + name, type_)
    made.supply = supply
    return made


class PluginContext:
    """What a plugin may know beside the query.

    Attributes:
        dialect: The database's dialect.
        request: The values of the request, as parameters.
        data: A place for what the plugin wants to know again when the result comes. It is kept with the query, each
            plugin has its own, and it must not hold anything of a single request.
        checks: Functions that see the values of each request, and those of the query's own named parameters, before
            the statement runs, and raise where they do not fit.
    """

    __slots__ = ("checks", "data", "dialect", "request")

    def __init__(self, dialect: Dialect) -> None:
        """Start with nothing kept."""
        self.dialect = dialect
        self.request = Request()
        self.data: dict[str, Any] = {}
        self.checks: list[Check] = []


class Plugin:
    """The base of plugins. Each of the four functions is there to be overridden; leave out what is not needed.

    >>> from querykit import Database, Plugin, rewrite, select_from, table
    >>> from querykit.builder.select import Select
    >>> class AtMost(Plugin):
    ...     def __init__(self, rows):
    ...         self.rows = rows
    ...     def transform_query(self, query, context):
    ...         return query.limit(self.rows) if isinstance(query, Select) and query.row_limit is None else query
    >>> db = Database("sqlite:///:memory:", plugins=[AtMost(1000)])

    Attributes:
        name: What messages, `requires` and `conflicts_with` call it: the name of its class.
        priority: Plugins with a higher one transform queries earlier and results later; equals, in the order given.
        requires: Names of plugins that must be there too, and transform queries before.
        conflicts_with: Names of plugins that must not.
        reads_latest: Whether what is read through it must be the latest: then no replica is asked.
        sees_all: Whether no write may pass `around_execute` by, so that none is streamed where it is overridden.
    """

    priority: ClassVar[int] = 0
    requires: ClassVar[tuple[str, ...]] = ()
    conflicts_with: ClassVar[tuple[str, ...]] = ()
    sees_all: ClassVar[bool] = True
    reads_latest: ClassVar[bool] = False

    @property
    def name(self) -> str:
        """The name of its class."""
        return type(self).__name__

    def transform_query(self, query: Statement[Any, Any], context: PluginContext) -> Statement[Any, Any]:
        """The query to run instead. Called once for a query on a dialect: what it gives serves every request."""
        return query

    def transform_columns(
        self, columns: tuple[OutputColumn, ...], as_json: Sequence[int], context: PluginContext
    ) -> tuple[OutputColumn, ...]:
        """What is known of a result's columns, before its values are decoded by that. The names and places stay.

        Called for results of which the query does not tell all: raw SQL, ``*``, columns of unknown type. `as_json` are
        the places of those that the driver reports as JSON and gives as text.
        """
        return columns

    def transform_result(self, result: Result, context: PluginContext) -> Result:
        """The result to give instead. Called for each result, and for each chunk of a stream."""
        return result

    async def around_execute(self, call: Call, query: Statement[Any, Any], context: PluginContext) -> DriverResult:
        """Run the statement, with what belongs around it. `query` is the statement as the program made it."""
        return await call.proceed()

    async def around_begin(self, begin: Callable[[], Awaitable[T]]) -> T:
        """Connect, begin a transaction or take the connection of ``db.connection()``, with what belongs around it."""
        return await begin()

    def before_stream(self, call: Call) -> None:
        """Refuse a stream that the plugin cannot let pass unseen: streams do not go through `around_execute`.

        Writes, and raw SQL that may be one, are refused before it is asked.
        """


class naming:  # noqa: N801 - it is used as a function
    """Tell an error of a plugin's own by its name: ``with naming(plugin): …``."""

    __slots__ = ("_plugin",)

    def __init__(self, plugin: Plugin) -> None:
        """Hold the plugin. No generator, which would take longer than many a plugin."""
        self._plugin = plugin

    def __enter__(self) -> None:
        """Begin."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Name the plugin in an error of ours, and wrap another one."""
        if isinstance(error, QueryKitError):
            note = f"in the plugin {self._plugin.name}"
            if note not in getattr(error, "__notes__", ()):  # several tasks may be given one error
                error.add_note(note)
        elif isinstance(error, Exception):
            raise PluginError(self._plugin.name, error) from error
