"""Prepared queries: compiled once, run with the values of their named parameters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from querykit.builder.compiled import ExecuteResult
    from querykit.builder.executor import Executor, Streamed
    from querykit.builder.statement import Statement

RowT = TypeVar("RowT")
ValueT = TypeVar("ValueT")


class PreparedQuery(Generic[RowT, ValueT]):
    """A statement with what runs it. Its methods take the values of the named parameters, by name; made by `prepare`.

    Each raises `BuildError` for a value that is missing, that no parameter takes, or that is of another type.

    Attributes:
        statement: The statement.
        executor: What runs it.
        timeout: The seconds that each run may take; None takes the database's default.
    """

    __slots__ = ("executor", "statement", "timeout")

    def __init__(self, statement: Statement[RowT, ValueT], executor: Executor, timeout: float | None) -> None:
        """Hold them."""
        self.statement = statement
        self.executor = executor
        self.timeout = timeout

    def using(self, executor: Executor) -> PreparedQuery[RowT, ValueT]:
        """The same query in a transaction, or on another database."""
        return PreparedQuery(self.statement, executor, self.timeout)

    # These are no coroutines themselves: each coroutine takes its part of the time of a short query.

    def fetch_all(self, /, **arguments: Any) -> Coroutine[Any, Any, list[RowT]]:
        """Every row."""
        return self.executor.fetch_all(self.statement, parameters=arguments, timeout=self.timeout)

    def fetch_one(self, /, **arguments: Any) -> Coroutine[Any, Any, RowT]:
        """The only row; `NoResultError` where there is none, `MultipleResultsError` where there is a second one."""
        return self.executor.fetch_one(self.statement, parameters=arguments, timeout=self.timeout)

    def fetch_one_or_none(self, /, **arguments: Any) -> Coroutine[Any, Any, RowT | None]:
        """The only row, or None; `MultipleResultsError` where there is a second one."""
        return self.executor.fetch_one_or_none(self.statement, parameters=arguments, timeout=self.timeout)

    def fetch_first(self, /, **arguments: Any) -> Coroutine[Any, Any, RowT | None]:
        """The first row, or None. A select is run with ``LIMIT 1``."""
        return self.executor.fetch_first(self.statement, parameters=arguments, timeout=self.timeout)

    def fetch_value(self, /, **arguments: Any) -> Coroutine[Any, Any, ValueT]:
        """The value of the only column of the only row."""
        return self.executor.fetch_value(self.statement, parameters=arguments, timeout=self.timeout)

    def fetch_column(self, /, **arguments: Any) -> Coroutine[Any, Any, list[ValueT]]:
        """The values of the only column."""
        return self.executor.fetch_column(self.statement, parameters=arguments, timeout=self.timeout)

    def fetch_json(self, /, **arguments: Any) -> Coroutine[Any, Any, bytes]:
        """The whole result as JSON bytes."""
        return self.executor.fetch_json(self.statement, parameters=arguments, timeout=self.timeout)

    def execute(self, /, **arguments: Any) -> Coroutine[Any, Any, ExecuteResult]:
        """Run it for what it does."""
        return self.executor.execute(self.statement, parameters=arguments, timeout=self.timeout)

    def stream(self, /, **arguments: Any) -> Streamed[RowT]:
        """The rows one after the other, read a thousand at a time."""
        return self.executor.stream(self.statement, parameters=arguments, timeout=self.timeout)

    def __repr__(self) -> str:
        """What it is; `print(prepared.statement)` shows its SQL."""
        return f"<{type(self).__name__} of a {type(self.statement).__name__}>"
