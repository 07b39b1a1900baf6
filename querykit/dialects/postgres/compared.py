"""Nested rows in DISTINCT, GROUP BY and set operations: the type json has no equality, so they are compared as text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from querykit.builder.compiled import Nested
from querykit.builder.functions import Cast
from querykit.builder.query import NestedColumn, Query, SetOperation, output_name, shape_of
from querykit.builder.select import Select
from querykit.builder.tables import Column
from querykit.builder.value_types import STR
from querykit.dialects.compiler import Compiler
from querykit.dialects.expressions import visits

if TYPE_CHECKING:
    from pypika.terms import Term

    from querykit.builder.query import AllColumns
    from querykit.builder.statement import Statement
    from querykit.builder.value_types import ValueType


class PostgresCompared(Compiler):
    """Writes nested rows as text where rows are compared, and makes JSON of the text where it is used further."""

    def selected(self, query: Select[Any, Any]) -> tuple[Term | AllColumns, ...]:
        """The select list."""
        return _as_text(query.columns) if compares(query) else query.columns

    def visit_set_operation(self, query: SetOperation[Any, Any]) -> str:
        """``SELECT … UNION SELECT …``."""
        return super().visit_set_operation(_with_text(query) if compares(query) else query)

    def repeated(self, term: Term, query: Query[Any, Any] | None) -> str:
        """A term of GROUP BY; nested rows by the position that they have as text."""
        if is_nested(term) and isinstance(query, Select):
            for position, column in enumerate(query.columns, 1):
                if column is term:
                    return str(position)
            return f"CAST({self.visit(term)} AS text)"
        return super().repeated(term, query)

    @visits(NestedColumn)
    def visit_nested_column(self, node: NestedColumn) -> str:
        """A column of a sub-query."""
        query = node.table.__dict__.get("_query")
        sql = self.visit_column(node)
        return sql if query is None else self.as_json(sql, node.nested, query)

    @staticmethod
    def as_json(sql: str, shape: ValueType | Nested | None, query: Statement[Any, Any]) -> str:
        """A column of a sub-query; nested rows as JSON, which they are not where the sub-query compares its rows."""
        return f"CAST({sql} AS json)" if isinstance(shape, Nested) and compares(query) else sql


def compares(query: Statement[Any, Any]) -> bool:
    """Whether rows of a query are compared with each other, so that nested rows in them are text."""
    if isinstance(query, SetOperation):
        return not query.is_all or compares(query.left) or compares(query.right)
    if not isinstance(query, Select) or not (query.is_distinct or query.groupings):
        return False
    return query.is_distinct or any(type(each) is not Column and is_nested(each) for each in query.groupings)


def is_nested(term: Any) -> bool:
    """Whether a term holds nested rows."""
    return isinstance(shape_of(term), Nested)


def _with_text(query: Query[Any, Any]) -> Any:
    """A query with its nested rows as text, in all parts of a set operation alike."""
    if isinstance(query, SetOperation):
        return query.replaced(left=_with_text(query.left), right=_with_text(query.right))
    return query.replaced(columns=_as_text(query.columns)) if isinstance(query, Select) else query


def _as_text(columns: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple([_named(Cast(each, STR), output_name(each)) if is_nested(each) else each for each in columns])


def _named(term: Cast[Any], name: str | None) -> Cast[Any]:
    return term if name is None else term.as_(name)
