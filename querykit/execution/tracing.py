"""Spans of OpenTelemetry for what a database does, as its conventions for database clients have them.

Source: https://opentelemetry.io/docs/specs/semconv/database/database-spans/
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from querykit.builder.compiled import dialect_named
from querykit.builder.query import Query
from querykit.builder.raw import RawStatement
from querykit.builder.rewrite import walk
from querykit.builder.tables import Table
from querykit.dialects.packages import Package
from querykit.errors import DatabaseError, QueryKitError

if TYPE_CHECKING:
    from opentelemetry.trace import Span, TracerProvider

    from querykit.builder.statement import Statement
    from querykit.dialects.base import Dialect
    from querykit.execution.log import LogEntry, LogHook

PACKAGE = Package("opentelemetry-api", "opentelemetry", (1, 20), module="opentelemetry.trace")
MAX_SUMMARY = 255
"""How long the conventions let a summary be."""

_FIRST_WORD = re.compile(r"(?:\s|--[^\n]*\n|/\*.*?\*/)*(START TRANSACTION|[A-Za-z]+)", re.DOTALL)


def trace_to(tracer_provider: TracerProvider | None = None, *, show_values: bool = False) -> LogHook:
    """A hook for ``Database(…, log=…)`` that makes a span of every statement, stream, command and new connection.

    ``Database(url, log=trace_to())``, or with others ``log=[log_to(), trace_to()]``. A span is a child of the one that
    is current where the statement is awaited, and is made when that has ended.

    Args:
        tracer_provider: Where spans go; None is the program's own.
        show_values: Whether spans hold the values of parameters too, where ``Database(show_values=True)`` lets them.

    Raises:
        ConfigurationError: the package opentelemetry-api is not installed.
    """
    trace: Any = PACKAGE.load()
    tracer = trace.get_tracer("querykit", tracer_provider=tracer_provider)

    def write(entry: LogEntry) -> None:
        began = int(entry.started_at * 1e9)
        operation, tables = summed_up(entry)
        attributes = described(entry, operation, tables)
        if show_values and entry.parameters:
            attributes |= {f"db.query.parameter.{place}": str(each) for place, each in enumerate(entry.parameters)}
        name = attributes.get("db.query.summary") or f"{operation or entry.kind} {_namespace(entry) or ''}".rstrip()
        span: Span = tracer.start_span(name, kind=trace.SpanKind.CLIENT, start_time=began, attributes=attributes)
        if entry.error is not None:
            text = str(entry.error).partition("\n")[0] if isinstance(entry.error, QueryKitError) else None
            span.set_status(trace.Status(trace.StatusCode.ERROR, text))
        span.end(began + int(entry.duration * 1e9))

    return write


def summed_up(entry: LogEntry) -> tuple[str | None, list[str]]:
    """The operation of an entry, and its tables; what is written to comes first."""
    if entry.kind == "connect":
        return "CONNECT", []
    if entry.statement is None or isinstance(entry.statement, RawStatement):
        found = _FIRST_WORD.match(entry.sql)
        return (found.group(1).upper() if found else None), []
    tables = dict.fromkeys(_full_name(node) for node in walk(entry.statement) if isinstance(node, Table))
    target = getattr(entry.statement, "table", None)
    if isinstance(target, Table):
        tables = {_full_name(target): None} | tables
    return "COPY" if entry.kind == "copy" else _operation(entry.statement), list(tables)


def described(entry: LogEntry, operation: str | None, tables: list[str]) -> dict[str, str | int]:
    """The attributes of a span."""
    target = entry.target
    dialect: Dialect = dialect_named(entry.dialect)  # type: ignore[assignment]  # the core knows of one method only
    attributes: dict[str, str | int | None] = {
        "db.system.name": dialect.system_name,
        "db.operation.name": operation,
        "db.query.text": entry.sql or None,
        "db.operation.batch.size": entry.sets if entry.sets != 1 else None,
        "db.namespace": _namespace(entry),
        "server.address": target.host,
        "server.port": target.port,
    }
    if tables:
        attributes["db.query.summary"] = _cut(" ".join([str(operation), *tables]))
        if len(tables) == 1 or getattr(entry.statement, "is_write", False):
            attributes["db.collection.name"] = tables[0]
    if entry.rows is not None and (entry.kind == "stream" or isinstance(entry.statement, Query)):
        attributes["db.response.returned_rows"] = entry.rows
    if entry.error is not None:
        attributes |= _failed(entry.error)
    return {name: value for name, value in attributes.items() if value is not None}


def _namespace(entry: LogEntry) -> str | None:
    """The name of the database; of SQLite's file, without its folder."""
    target = entry.target
    return None if target.label is not None or target.database is None else target.database.rpartition("/")[2]


def _failed(error: BaseException) -> dict[str, str | int | None]:
    kind = type(error)
    module = "" if kind.__module__ == "builtins" else f"{kind.__module__}."
    code = (error.sqlstate or error.code) if isinstance(error, DatabaseError) else None
    return {
        "error.type": f"{module}{kind.__qualname__}",
        "db.response.status_code": None if code is None else str(code),
    }


def _operation(statement: Statement[Any, Any]) -> str:
    if isinstance(statement, Query):
        return "SELECT"
    return type(statement).__name__.removesuffix("Query").upper()  # INSERT, UPDATE, DELETE, MERGE, EXPLAIN, VALUES


def _full_name(table: Table) -> str:
    return f"{table._schema}.{table._name}" if table._schema else table._name


def _cut(summary: str) -> str:
    """A summary, without the tables that it has no room for."""
    if len(summary) <= MAX_SUMMARY:
        return summary
    return summary[:MAX_SUMMARY].rpartition(" ")[0]
