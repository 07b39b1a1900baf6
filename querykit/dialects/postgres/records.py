"""Lists within nested rows, which stay arrays of records until the JSON around them is made."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from querykit.builder.json import JsonArray
from querykit.builder.select import Select
from querykit.dialects.postgres.compared import compares

if TYPE_CHECKING:
    from querykit.builder.compiled import Nested
    from querykit.builder.value_types import ValueType


class RecordArray(JsonArray):
    """The rows of a query as an array of records."""

    def __init__(self, rows: JsonArray) -> None:
        """Take the place of the same rows as JSON."""
        self.query = rows.query
        self.alias = rows.alias
        self.rows = rows

    @property
    def shape(self) -> ValueType | Nested | None:
        """That of the rows as JSON, which they become."""
        return self.rows.shape


def with_records(query: Any) -> Any:
    """A query whose rows are made into JSON, with the lists of rows in its select list as arrays of records.

    Only there: everywhere else JSON is expected, and records of different types do not go together in a UNION.
    """
    if type(query) is not Select:
        return query
    for each in query.columns:
        if _is_list_of_rows(each):
            return query if compares(query) else query.with_part("columns", tuple(map(_as_records, query.columns)))
    return query


def _is_list_of_rows(term: Any) -> bool:
    return type(term) is JsonArray and not term.is_scalar


def _as_records(term: Any) -> Any:
    return RecordArray(term) if _is_list_of_rows(term) else term
