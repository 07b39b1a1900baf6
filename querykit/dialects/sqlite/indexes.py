"""The indexes of a table, for `explain`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from querykit.builder.raw import sql

if TYPE_CHECKING:
    from querykit.builder.raw import Fragment
    from querykit.builder.tables import Table

_INDEXES: Final = """
SELECT l.name AS "index", x.name AS "column", x.seqno AS place
FROM pragma_table_list({name}) AS t
LEFT JOIN pragma_index_list(t.name, t.schema) AS l ON NOT l.partial
LEFT JOIN pragma_index_xinfo(l.name, t.schema) AS x ON x."key"
WHERE t.type = 'table' AND {place}
UNION ALL
SELECT 'rowid', MIN(c.name), 0
FROM pragma_table_list({name}) AS t JOIN pragma_table_info(t.name, t.schema) AS c ON c.pk
WHERE t.type = 'table' AND {place}
GROUP BY t.schema HAVING COUNT(*) = 1 AND UPPER(MIN(c.type)) = 'INTEGER'
ORDER BY 1, 3
"""


def indexes(table: Table) -> Fragment[Any]:
    """Those that are whole, and the rowid under its name, an INTEGER PRIMARY KEY.

    A column is NULL where the index has an expression.

    Source: https://www.sqlite.org/pragma.html#pragma_index_xinfo
    """
    schema = table._schema
    return sql(_INDEXES, name=table._name, place=sql("TRUE") if schema is None else sql("t.schema = {}", schema))
