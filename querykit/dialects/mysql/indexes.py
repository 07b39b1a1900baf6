"""The indexes of a table, for `explain`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from querykit.builder.raw import sql

if TYPE_CHECKING:
    from querykit.builder.raw import Fragment
    from querykit.builder.tables import Table

_INDEXES: Final = """
SELECT s.index_name, s.column_name
FROM information_schema.tables t
LEFT JOIN information_schema.statistics s
  ON s.table_schema = t.table_schema AND s.table_name = t.table_name AND s.index_type IN ('BTREE', 'HASH') AND {seen}
WHERE t.table_schema = {schema} AND t.table_name = {name} AND t.table_type = 'BASE TABLE'
ORDER BY s.index_name, s.seq_in_index
"""


def indexes(table: Table) -> Fragment[Any]:
    """Those that the server may use: the visible ones.

    Source: https://dev.mysql.com/doc/refman/8.4/en/information-schema-statistics-table.html
    """
    return listed(table, sql("s.is_visible = 'YES'"))


def listed(table: Table, seen: Fragment[Any]) -> Fragment[Any]:
    """The indexes of a table for which that holds."""
    schema = sql("DATABASE()") if table._schema is None else table._schema
    return sql(_INDEXES, seen=seen, schema=schema, name=table._name)
