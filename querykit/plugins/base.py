"""What a plugin is: functions that a query, a result, or the running itself goes through."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from querykit.builder.compiled import LateValue
from querykit.builder.expressions import Expression

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from querykit.builder.compiled import Executor, ExecuteResult, OutputColumn
    from querykit.builder.statement import Statement
    from querykit.dialects.base import Dialect


class Result(NamedTuple):
    """What a result plugin is given.

    Attributes:
        rows: The rows: dicts, in which nested rows are dicts and lists too.
        columns: What is known of their columns: a `Nested` shape is nested rows, a JSON type is a document, whose keys
            are data. None where only the database knew them.
    """

    rows: list[Any]
    columns: tuple[OutputColumn, ...] | None


class ContextValue(LateValue, Expression[Any]):
    """A value of the request's context, by its name: bound when the query runs, never kept with it."""

    def __init__(self, name: str) -> None:
        """Hold the name that `with_context` gives the value under."""
        self.name = f"context.{name}"
        self.key = name

    def checked(self, value: object) -> object:
        """The value, if it has the type of the column that it stands beside."""
        return self.value_type.check(value, f"the context's {self.key!r}") if self.value_type else value


class Request:
    """The request's context, as rules see it: ``ctx.tenant`` is the value that ``db.with_context(tenant=7)`` gives.

    A rule runs once for a query and serves all requests: what it takes from here is a named parameter.
    """

    def __getattr__(self, name: str) -> ContextValue:
        """The value of that name."""
        if name.startswith("_"):
            raise AttributeError(name)
        return ContextValue(name)


class PluginContext:
    """What a plugin may know beside the query.

    Attributes:
        dialect: The database's dialect.
        request: The values of the request, as parameters.
        data: A place for what the plugin wants to know again when the result comes. It is kept with the compiled query,
            each plugin has its own, and it must not hold anything of a single request.
    """

    __slots__ = ("data", "dialect", "request")

    def __init__(self, dialect: Dialect) -> None:
        """Start with nothing kept."""
        self.dialect = dialect
        self.request = Request()
        self.data: dict[str, Any] = {}


class Call(NamedTuple):
    """A statement on its way to the database, as `around_execute` sees it.

    Attributes:
        executor: The database, connection or transaction that runs it.
        statement: The statement after every plugin's `transform_query`.
        sql: Its text.
        arguments: What is bound, in order, as the driver takes it.
        proceed: Runs it: the rows that it gives, or for `execute` what it did.
    """

    executor: Executor
    statement: Statement[Any, Any]
    sql: str
    arguments: tuple[object, ...]
    proceed: Callable[[], Awaitable[list[Any] | ExecuteResult]]


class Plugin:
    """The base of plugins. Each of the three functions is there to be overridden; leave out what is not needed.

    Attributes:
        name: What messages, `requires` and `conflicts_with` call it: the name of its class.
        priority: Plugins with a higher one transform queries earlier and results later; among equals, in the order given.
        requires: Names of plugins that must be there too.
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
        """The query to run instead. Called once for a query on a dialect: what it gives is kept and serves every request."""
        return query

    def transform_result(self, result: Result, context: PluginContext) -> Result:
        """The result to give instead. Called for each result, and for each chunk of a stream."""
        return result

    async def around_execute(
        self, call: Call, query: Statement[Any, Any], context: PluginContext
    ) -> list[Any] | ExecuteResult:
        """Run the statement, with what belongs around it. `query` is the statement as the program made it."""
        return await call.proceed()
