"""A query whose rows become JSON in the database: what `fetch_json` runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from querykit.builder.compiled import OutputColumn, dialect_named
from querykit.builder.json import JsonBuildObject
from querykit.builder.query import Query, refuse_unnamed
from querykit.builder.raw import RawStatement
from querykit.builder.select import Select
from querykit.builder.statement import Statement
from querykit.builder.write import Write
from querykit.errors import BuildError

if TYPE_CHECKING:
    from querykit.builder.compiled import CompiledQuery, Dialect

Decimals = Literal["string", "number"]
"""How `fetch_json` writes Decimals: as strings, which every reader keeps exactly, or as JSON numbers."""

_HELPER = "fetch_json()"


class JsonResult(Statement[Any, Any]):
    """The rows of a query as JSON objects, one per row, in the encoding of `fetch_json`.

    Attributes:
        query: A select, a set operation, a write with RETURNING or raw SQL.
        decimals: How Decimals are written.
    """

    helper = _HELPER
    query: Any
    decimals: Decimals

    @classmethod
    def of(cls, query: Statement[Any, Any], decimals: Decimals) -> JsonResult:
        """The rows of a query, which has some, and of whose columns each has a name of its own."""
        if decimals not in ("string", "number"):
            raise BuildError(f'{_HELPER}: decimals is "string" or "number", not {decimals!r}')
        if query.row_type is not None:
            raise BuildError(
                f"{_HELPER} makes JSON in the database: it does not go with rows_as({query.row_type.__name__})"
            )
        if isinstance(query, Query):
            refuse_unnamed(query, _HELPER)
        elif isinstance(query, Write):
            query = _returning_one(query)
        elif not isinstance(query, RawStatement):
            raise BuildError(f"{_HELPER} takes a query, not {type(query).__name__}: encode what fetch_all() gives")
        return cls().replaced(query=query, decimals=decimals, is_write=isinstance(query, Write))

    @property
    def columns(self) -> tuple[OutputColumn, ...] | None:
        """The columns of the rows; None where only the database knows them."""
        return self.query.output_columns()  # type: ignore[no-any-return]

    def output_columns(self) -> tuple[OutputColumn, ...] | None:
        """One column, of JSON."""
        return (OutputColumn("json", None),)


def _returning_one(query: Write[Any, Any]) -> Write[Any, Any]:
    """A write whose RETURNING gives one object for each row."""
    names = query.output_names()
    if names is None:
        raise BuildError(f"{_HELPER}: returning(…) has to name its columns, or the table to declare them")
    listed = Select[Any, Any]().replaced(columns=query.returned)
    refuse_unnamed(listed, _HELPER)
    pairs: Any = tuple([(str(name), term) for name, term in zip(names, query.returned, strict=True)])
    return query.with_part("returned", (JsonBuildObject(pairs).as_("json"),))


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
        kept[key] = writer.compile(JsonResult.of(query.with_part("_compiled", None), decimals))
    return kept[key]
