"""The dialects: one folder each, with a compiler, a driver, its types and its errors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from querykit.builder.compiled import dialect_named, register_dialect
from querykit.builder.pypika_terms import leave_alone
from querykit.dialects import mariadb, mysql, postgres, sqlite
from querykit.dialects.base import Dialect, Features
from querykit.dialects.expressions import ExpressionCompiler

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Dialect", "Features", "dialect_named", "register_dialect", "register_visitor"]

for _each in (postgres, mysql, mariadb, sqlite):
    register_dialect(_each.dialect)


def register_visitor(node: type, function: Callable[[Any, Any], str], *, dialect: str | None = None) -> None:
    """Let the compilers write a kind of term of your own.

    Args:
        node: The class of the term.
        function: Called with the compiler and the term; gives SQL. Values go through ``compiler.bind(value, None)``,
            other terms through ``compiler.visit(term)``.
        dialect: The only dialect that it is for; None is all.
    """
    leave_alone(node)
    names = (dialect,) if dialect else ("postgres", "mysql", "mariadb", "sqlite")
    for name in names:
        found: Dialect = dialect_named(name)  # type: ignore[assignment]
        compiler: type[ExpressionCompiler] = found.compiler
        compiler.visitors[node] = function
        found.shapes.clear()  # texts that were written otherwise
