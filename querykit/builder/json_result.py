"""A query whose rows become JSON in the database: what `fetch_json` runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from querykit.builder.compiled import OutputColumn, dialect_named
from querykit.builder.query import Query, refuse_unnamed
from querykit.builder.raw import RawStatement
from querykit.builder.statement import Statement
from querykit.errors import BuildError

if TYPE_CHECKING:
    from querykit.builder.compiled import CompiledQuery, Dialect

Decimals = Literal["string", "number"]
"""How `fetch_json` writes Decimals: as strings, which every reader keeps exactly, or as JSON numbers."""

_HELPER = "fetch_json()"


class JsonResult(Statement[Any, Any]):
    """The rows of a query as JSON objects, one per row, in the encoding of `fetch_json`.

    Attributes:
        query: A select, a set operation or raw SQL.
        decimals: How Decimals are written.
    """

    helper = _HELPER
    query: Any
    decimals: Decimals

    def __init__(self, query: Statement[Any, Any], decimals: Decimals) -> None:
        """Check that there are rows, and that each of their columns has a name of its own."""
        if decimals not in ("string", "number"):
            raise BuildError(f'{_HELPER}: decimals is "string" or "number", not {decimals!r}')
        if query.row_type is not None:
            raise BuildError(
                f"{_HELPER} makes JSON in the database: it does not go with rows_as({query.row_type.__name__})"
            )
        if isinstance(query, Query):
            refuse_unnamed(query, _HELPER)
        elif not isinstance(query, RawStatement):
            raise BuildError(f"{_HELPER} takes a query, not {type(query).__name__}: encode what fetch_all() gives")
        self.__dict__.update(query=query, decimals=decimals)

    @property
    def columns(self) -> tuple[OutputColumn, ...] | None:
        """The columns of the rows; None where only the database knows them."""
        return self.query.output_columns()  # type: ignore[no-any-return]

    def output_columns(self) -> tuple[OutputColumn, ...] | None:
        """One column, of JSON."""
        return (OutputColumn("json", None),)


def compiled_as_json(query: Statement[Any, Any], dialect: Dialect | str, decimals: Decimals) -> CompiledQuery:
    """A query as the SQL of `fetch_json`. It is kept by the query, like that of the query itself.

    Raises:
        BuildError: the query has no rows, columns without a name, or a class for its rows.
        UnsupportedError: the database cannot make JSON of it.
    """
    kept: dict[Any, CompiledQuery] | None = query._compiled
    if kept is None:
        kept = query.__dict__["_compiled"] = {}
    key = (dialect, decimals)
    if key not in kept:
        writer = dialect_named(dialect) if isinstance(dialect, str) else dialect
        kept[key] = writer.compile(JsonResult(query.with_part("_compiled", None), decimals))
    return kept[key]
