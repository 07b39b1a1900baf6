"""The indexes of a table, for `explain`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from querykit.builder.raw import sql

if TYPE_CHECKING:
    from querykit.builder.raw import Fragment
    from querykit.builder.tables import Table

_INDEXES: Final = """
SELECT i.indexrelid::regclass::text AS "index", a.attname::text AS "column"
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN (pg_index i JOIN pg_class x ON x.oid = i.indexrelid JOIN pg_am m ON m.oid = x.relam)
  ON i.indrelid = c.oid AND i.indisvalid AND i.indpred IS NULL AND m.amname IN ('btree', 'hash')
LEFT JOIN LATERAL unnest(i.indkey) WITH ORDINALITY AS u(number, place) ON u.place <= i.indnkeyatts
LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = u.number AND u.number > 0
WHERE c.relname = {name} AND c.relkind IN ('r', 'p', 'm') AND {place}
ORDER BY i.indexrelid, u.place
"""


def indexes(table: Table) -> Fragment[Any]:
    """Those that serve any search for equal values: whole, valid ones that are a B-tree or a hash.

    A column is NULL where the index has an expression.

    Source: https://www.postgresql.org/docs/current/catalog-pg-index.html
    """
    schema = table._schema
    place = sql("pg_table_is_visible(c.oid)") if schema is None else sql("n.nspname = {}", schema)
    return sql(_INDEXES, name=table._name, place=place)
