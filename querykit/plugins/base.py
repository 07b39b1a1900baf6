"""What a plugin is: functions that a query, a result, or the running itself goes through."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, Protocol

from querykit.builder.expressions import Parameter

if TYPE_CHECKING:
    from querykit.builder.compiled import CompiledQuery, Executor, OutputColumn
    from querykit.builder.statement import Statement
    from querykit.dialects.base import Dialect
    from querykit.dialects.driver import DriverResult

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


class PluginContext:
    """What a plugin may know beside the query.

    Attributes:
        dialect: The database's dialect.
        request: The values of the request, as parameters.
        data: A place for what the plugin wants to know again when the result comes. It is kept with the query, each
            plugin has its own, and it must not hold anything of a single request.
    """

    __slots__ = ("data", "dialect", "request")

    def __init__(self, dialect: Dialect) -> None:
        """Start with nothing kept."""
        self.dialect = dialect
        self.request = Request()
        self.data: dict[str, Any] = {}


class Proceed(Protocol):
    """Runs the statement; `on` another handle of the same database, such as a transaction."""

    async def __call__(self, on: Executor | None = None, /) -> DriverResult:
        """What the driver gives: its rows, or what was done."""
        ...


class Call(NamedTuple):
    """A statement on its way to the database, as `around_execute` sees it.

    Attributes:
        executor: The database, connection or transaction that runs it.
        compiled: The statement after every plugin's `transform_query`, as SQL.
        arguments: What is bound, in order, as the driver takes it.
        is_in_transaction: Whether `executor` is a transaction, so that others do not see yet what it wrote.
        proceed: Runs it: the rows as the driver gives them, before they are decoded, or what was done.
    """

    executor: Executor
    compiled: CompiledQuery
    arguments: tuple[object, ...]
    is_in_transaction: bool
    proceed: Proceed


class Plugin:
    """The base of plugins. Each of the three functions is there to be overridden; leave out what is not needed.

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
    """

    priority: ClassVar[int] = 0
    requires: ClassVar[tuple[str, ...]] = ()
    conflicts_with: ClassVar[tuple[str, ...]] = ()

    @property
    def name(self) -> str:
        """The name of its class."""
        return type(self).__name__

    def transform_query(self, query: Statement[Any, Any], context: PluginContext) -> Statement[Any, Any]:
        """The query to run instead. Called once for a query on a dialect: what it gives serves every request."""
        return query

    def transform_result(self, result: Result, context: PluginContext) -> Result:
        """The result to give instead. Called for each result, and for each chunk of a stream."""
        return result

    async def around_execute(self, call: Call, query: Statement[Any, Any], context: PluginContext) -> DriverResult:
        """Run the statement, with what belongs around it. `query` is the statement as the program made it."""
        return await call.proceed()
