"""What MySQL and MariaDB have, from their information schemas.

Source: https://dev.mysql.com/doc/refman/9.4/en/information-schema.html, https://mariadb.com/kb/en/information-schema/
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, LiteralString

from querykit import sql
from querykit.schema.introspection.found import (
    FoundCheck,
    FoundColumn,
    FoundDatabase,
    FoundForeignKey,
    FoundIndex,
    FoundTable,
    FoundUnique,
)
from querykit.schema.introspection.rows import rows_by, rows_by_table

if TYPE_CHECKING:
    from querykit.schema.introspection.rows import Row

_TABLES = """
SELECT t.TABLE_NAME AS `table`, t.TABLE_TYPE AS kind, t.TABLE_COMMENT AS comment, t.TABLE_COLLATION AS collation
FROM information_schema.TABLES t WHERE t.TABLE_SCHEMA = {schema} AND t.TABLE_TYPE IN ('BASE TABLE', 'VIEW')
ORDER BY t.TABLE_NAME
"""

_COLUMNS = """
SELECT c.TABLE_NAME AS `table`, c.COLUMN_NAME AS name, c.COLUMN_TYPE AS type, c.IS_NULLABLE AS nullable,
  c.COLUMN_DEFAULT AS `default`, c.EXTRA AS extra, c.GENERATION_EXPRESSION AS `generated`,
  c.COLUMN_COMMENT AS comment, c.COLLATION_NAME AS collation
FROM information_schema.COLUMNS c WHERE c.TABLE_SCHEMA = {schema} ORDER BY c.TABLE_NAME, c.ORDINAL_POSITION
"""

_KEYS = """
SELECT k.TABLE_NAME AS `table`, k.CONSTRAINT_NAME AS name, k.COLUMN_NAME AS `column`,
  k.REFERENCED_TABLE_NAME AS target, k.REFERENCED_COLUMN_NAME AS `key`,
  CASE WHEN k.REFERENCED_TABLE_SCHEMA <> k.TABLE_SCHEMA THEN k.REFERENCED_TABLE_SCHEMA END AS target_schema,
  r.DELETE_RULE AS on_delete, r.UPDATE_RULE AS on_update
FROM information_schema.KEY_COLUMN_USAGE k
JOIN information_schema.REFERENTIAL_CONSTRAINTS r
  ON r.CONSTRAINT_SCHEMA = k.CONSTRAINT_SCHEMA AND r.CONSTRAINT_NAME = k.CONSTRAINT_NAME AND r.TABLE_NAME = k.TABLE_NAME
WHERE k.TABLE_SCHEMA = {schema} AND k.REFERENCED_TABLE_NAME IS NOT NULL
ORDER BY k.TABLE_NAME, k.CONSTRAINT_NAME, k.ORDINAL_POSITION
"""

_INDEXES = """
SELECT s.TABLE_NAME AS `table`, s.INDEX_NAME AS name, s.COLUMN_NAME AS `column`, s.NON_UNIQUE AS is_plain,
  s.INDEX_TYPE AS method, {expression} AS expression, u.CONSTRAINT_NAME IS NOT NULL AS is_constraint
FROM information_schema.STATISTICS s
LEFT JOIN information_schema.TABLE_CONSTRAINTS u
  ON u.TABLE_SCHEMA = s.TABLE_SCHEMA AND u.TABLE_NAME = s.TABLE_NAME AND u.CONSTRAINT_NAME = s.INDEX_NAME
  AND u.CONSTRAINT_TYPE = 'UNIQUE'
WHERE s.TABLE_SCHEMA = {schema} ORDER BY s.TABLE_NAME, s.INDEX_NAME, s.SEQ_IN_INDEX
"""

_MYSQL_CHECKS = """
SELECT t.TABLE_NAME AS `table`, c.CONSTRAINT_NAME AS name, c.CHECK_CLAUSE AS `condition`
FROM information_schema.CHECK_CONSTRAINTS c
JOIN information_schema.TABLE_CONSTRAINTS t
  ON t.CONSTRAINT_SCHEMA = c.CONSTRAINT_SCHEMA AND t.CONSTRAINT_NAME = c.CONSTRAINT_NAME
  AND t.CONSTRAINT_TYPE = 'CHECK'
WHERE c.CONSTRAINT_SCHEMA = {schema} ORDER BY t.TABLE_NAME, c.CONSTRAINT_NAME
"""

_MARIADB_CHECKS = """
SELECT c.TABLE_NAME AS `table`, c.CONSTRAINT_NAME AS name, c.CHECK_CLAUSE AS `condition`
FROM information_schema.CHECK_CONSTRAINTS c
WHERE c.CONSTRAINT_SCHEMA = {schema} AND c.LEVEL = 'Table' ORDER BY c.TABLE_NAME, c.CONSTRAINT_NAME
"""


async def read_mysql(db: Any, schema: str | None) -> FoundDatabase:
    """Everything in a database of MySQL's."""
    return await _read(db, schema, sql("s.EXPRESSION"), _MYSQL_CHECKS)


async def read_mariadb(db: Any, schema: str | None) -> FoundDatabase:
    """Everything in a database of MariaDB's, which has no indexes on expressions."""
    return await _read(db, schema, sql("NULL"), _MARIADB_CHECKS)


async def _read(db: Any, schema: str | None, expression: Any, check_query: LiteralString) -> FoundDatabase:
    name = schema or await db.fetch_value(sql("SELECT DATABASE()"))
    tables = await db.fetch_all(sql(_TABLES, schema=name))
    columns = rows_by_table(await db.fetch_all(sql(_COLUMNS, schema=name)))
    keys = rows_by_table(await db.fetch_all(sql(_KEYS, schema=name)))
    indexes = rows_by_table(await db.fetch_all(sql(_INDEXES, schema=name, expression=expression)))
    checks = rows_by_table(await db.fetch_all(sql(check_query, schema=name)))
    return FoundDatabase(
        tuple(
            [
                _table(row, name, columns[of], keys[of], indexes[of], checks[of])
                for row in tables
                for of in [row["table"]]
            ]
        )
    )


def _table(table: Row, schema: str, *parts: list[Row]) -> FoundTable:
    columns, key_rows, index_rows, checks = parts
    keys, indexes = rows_by(key_rows, "name"), rows_by(index_rows, "name")
    primary = indexes.pop("PRIMARY", [])
    uniques = {name: rows for name, rows in indexes.items() if rows[0]["is_constraint"]}
    return FoundTable(
        table["table"],
        schema,
        "view" if table["kind"] == "VIEW" else "table",
        tuple([_column(row, table["collation"]) for row in columns]),
        tuple([row["column"] for row in primary]),
        tuple([FoundUnique(name, tuple([row["column"] for row in rows])) for name, rows in uniques.items()]),
        tuple([FoundCheck(row["name"], row["condition"]) for row in checks]),
        tuple([_foreign_key(rows) for rows in keys.values()]),
        tuple([_index(rows) for name, rows in indexes.items() if name not in uniques and name not in keys]),
        None if table["kind"] == "VIEW" else table["comment"] or None,
    )


def _column(row: Row, collation: str | None) -> FoundColumn:
    extra = row["extra"].lower()
    return FoundColumn(
        row["name"],
        row["type"],
        row["nullable"] == "YES",
        default=None if row["default"] in (None, "NULL") else row["default"],
        is_identity="auto_increment" in extra,
        generated=row["generated"] or None,
        comment=row["comment"] or None,
        collation=None if row["collation"] == collation else row["collation"],
    )


def _foreign_key(rows: list[Row]) -> FoundForeignKey:
    first = rows[0]
    return FoundForeignKey(
        first["name"],
        tuple([row["column"] for row in rows]),
        first["target"],
        tuple([row["key"] for row in rows]),
        first["target_schema"],
        first["on_delete"].lower(),
        first["on_update"].lower(),
    )


def _index(rows: list[Row]) -> FoundIndex:
    first = rows[0]
    columns = tuple([row["column"] or row["expression"] for row in rows])
    method = None if first["method"] == "BTREE" else first["method"].lower()
    return FoundIndex(first["name"], columns, not first["is_plain"], None, method)
