"""What a query says on each database, without any."""

from __future__ import annotations

from typing import Any, Final

from querykit.builder.statement import as_statement
from querykit.errors import CompileError

DIALECTS: Final = ("postgres", "mysql", "mariadb", "sqlite")


def in_every_dialect(query: Any) -> dict[str, tuple[str, tuple[Any, ...]] | CompileError]:
    """The SQL and the parameters of a query by dialect, or the error where a database cannot do it.

    Compare it with a table of what is expected; a database that refuses is a line of it too:
    ``isinstance(found["mysql"], UnsupportedError)``.
    """
    found: dict[str, tuple[str, tuple[Any, ...]] | CompileError] = {}
    for dialect in DIALECTS:
        try:
            compiled = as_statement(query).compile(dialect)
        except CompileError as error:
            found[dialect] = error
        else:
            found[dialect] = (compiled.sql, tuple(compiled.parameters))
    return found
