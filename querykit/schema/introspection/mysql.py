"""What MySQL and MariaDB have, from their information schemas.

Source: https://dev.mysql.com/doc/refman/9.4/en/information-schema.html, https://mariadb.com/kb/en/information-schema/
"""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, LiteralString, NamedTuple

from querykit import sql
from querykit.schema.introspection.found import (
    FoundCheck,
    FoundColumn,
    FoundDatabase,
    FoundForeignKey,
    FoundIndex,
    FoundSequence,
    FoundTable,
    FoundTerm,
    FoundUnique,
)
from querykit.schema.introspection.rows import rows_by, rows_by_table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from querykit.schema.introspection.rows import Row

_UNSAID: Final = MappingProxyType({"RESTRICT": "NO ACTION"})
_NUMBERS: Final = re.compile(r"(tiny|small|medium|big)?int|decimal|float|double|year|bit")

_TABLES = """
SELECT t.TABLE_NAME AS `table`, t.TABLE_TYPE AS kind, t.TABLE_COMMENT AS comment, t.TABLE_COLLATION AS collation,
  v.VIEW_DEFINITION AS definition
FROM information_schema.TABLES t
LEFT JOIN information_schema.VIEWS v ON v.TABLE_SCHEMA = t.TABLE_SCHEMA AND v.TABLE_NAME = t.TABLE_NAME
WHERE t.TABLE_SCHEMA = {schema} AND t.TABLE_TYPE IN ('BASE TABLE', 'VIEW', 'SEQUENCE')
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
  s.COLLATION AS direction,
  s.INDEX_TYPE AS method, {expression} AS expression, u.CONSTRAINT_NAME IS NOT NULL AS is_constraint
FROM information_schema.STATISTICS s
LEFT JOIN information_schema.TABLE_CONSTRAINTS u
  ON u.TABLE_SCHEMA = s.TABLE_SCHEMA AND u.TABLE_NAME = s.TABLE_NAME AND u.CONSTRAINT_NAME = s.INDEX_NAME
  AND u.CONSTRAINT_TYPE = 'UNIQUE'
WHERE s.TABLE_SCHEMA = {schema} ORDER BY s.TABLE_NAME, s.INDEX_NAME, s.SEQ_IN_INDEX
"""

_MYSQL_CHECKS = """
SELECT c.CONSTRAINT_NAME AS name, c.CHECK_CLAUSE AS `condition`, 'Table' AS level
FROM information_schema.CHECK_CONSTRAINTS c WHERE c.CONSTRAINT_SCHEMA = {schema}
"""

_MYSQL_OWNERS = """
SELECT t.TABLE_NAME AS `table`, t.CONSTRAINT_NAME AS name
FROM information_schema.TABLE_CONSTRAINTS t WHERE t.CONSTRAINT_SCHEMA = {schema} AND t.CONSTRAINT_TYPE = 'CHECK'
ORDER BY t.TABLE_NAME, t.CONSTRAINT_NAME
"""

_MARIADB_CHECKS = """
SELECT c.TABLE_NAME AS `table`, c.CONSTRAINT_NAME AS name, c.CHECK_CLAUSE AS `condition`,
  c.LEVEL AS level
FROM information_schema.CHECK_CONSTRAINTS c
WHERE c.CONSTRAINT_SCHEMA = {schema} ORDER BY c.TABLE_NAME, c.CONSTRAINT_NAME
"""


async def read_mysql(db: Any, schema: str | None) -> FoundDatabase:
    """Everything in a database of MySQL's."""
    return await _read(db, schema, _Flavour(sql("s.EXPRESSION"), _MYSQL_CHECKS, is_escaped=True, owners=_MYSQL_OWNERS))


async def read_mariadb(db: Any, schema: str | None) -> FoundDatabase:
    """Everything in a database of MariaDB's, which has no indexes on expressions."""
    return await _read(db, schema, _Flavour(sql("NULL"), _MARIADB_CHECKS, is_escaped=False, actions=_UNSAID))


class _Flavour(NamedTuple):
    """What MySQL and MariaDB tell differently.

    Attributes:
        expression: Where an index has its expression.
        checks: The query for conditions.
        is_escaped: Whether expressions stand there with backslashes before their quotes, and plain defaults bare.
        actions: What is told of a foreign key that was told nothing: the two words mean the same.
        owners: The query for the tables of conditions, where the other does not tell them.
    """

    expression: Any
    checks: LiteralString
    is_escaped: bool
    actions: Mapping[str, str] = MappingProxyType({})
    owners: LiteralString | None = None

    def expression_of(self, text: str | None) -> str | None:
        """An expression as it can be written again."""
        return re.sub(r"\\(.)", r"\1", text) if text and self.is_escaped else text or None


async def _read(db: Any, schema: str | None, flavour: _Flavour) -> FoundDatabase:
    name = schema or await db.fetch_value(sql("SELECT DATABASE()"))
    tables = await db.fetch_all(sql(_TABLES, schema=name))
    columns = rows_by_table(await db.fetch_all(sql(_COLUMNS, schema=name)))
    keys = rows_by_table(await db.fetch_all(sql(_KEYS, schema=name)))
    indexes = rows_by_table(await db.fetch_all(sql(_INDEXES, schema=name, expression=flavour.expression)))
    checks = rows_by_table(await _checks(db, flavour, name))
    return FoundDatabase(
        tuple(
            [
                _table(flavour, row, name, columns[of], keys[of], indexes[of], checks[of])
                for row in tables
                if row["kind"] != "SEQUENCE"
                for of in [row["table"]]
            ]
        ),
        sequences=tuple([FoundSequence(row["table"], name) for row in tables if row["kind"] == "SEQUENCE"]),
    )


async def _checks(db: Any, flavour: _Flavour, schema: str) -> list[Row]:
    """The conditions; MySQL tells elsewhere whose they are, and is slow at joining the two."""
    found = await db.fetch_all(sql(flavour.checks, schema=schema))
    if flavour.owners is None:
        return list(found)
    by_name = {row["name"]: row for row in found}
    owners = await db.fetch_all(sql(flavour.owners, schema=schema))
    return [by_name[row["name"]] | {"table": row["table"]} for row in owners if row["name"] in by_name]


def _table(flavour: _Flavour, table: Row, schema: str, *parts: list[Row]) -> FoundTable:
    columns, key_rows, index_rows, checks = parts
    keys, indexes = rows_by(key_rows, "name"), rows_by(index_rows, "name")
    primary = indexes.pop("PRIMARY", [])
    uniques = {name: rows for name, rows in indexes.items() if rows[0]["is_constraint"]}
    documents = {row["name"] for row in checks if row["condition"] == f"json_valid(`{row['name']}`)"}
    return FoundTable(
        table["table"],
        schema,
        "view" if table["kind"] == "VIEW" else "table",
        tuple([_column(flavour, row, table["collation"], documents) for row in columns]),
        tuple([row["column"] for row in primary]),
        tuple([FoundUnique(name, tuple([row["column"] for row in rows])) for name, rows in uniques.items()]),
        tuple(
            [
                FoundCheck(row["name"], flavour.expression_of(row["condition"]) or "")
                for row in checks
                if row["level"] == "Table"
            ]
        ),
        tuple([_foreign_key(flavour, rows, has_own_index=name in indexes) for name, rows in keys.items()]),
        tuple([_index(flavour, rows) for name, rows in indexes.items() if name not in uniques and name not in keys]),
        None if table["kind"] == "VIEW" else table["comment"] or None,
        table["definition"],
    )


def _column(flavour: _Flavour, row: Row, collation: str | None, documents: set[str]) -> FoundColumn:
    """A column; MariaDB's JSON is a text with a condition of its own."""
    extra = row["extra"].lower()
    is_json = row["name"] in documents and row["type"] == "longtext"
    return FoundColumn(
        row["name"],
        "json" if is_json else row["type"],
        row["nullable"] == "YES",
        default=_default(flavour, row, extra),
        is_identity="auto_increment" in extra,
        generated=flavour.expression_of(row["generated"]),
        comment=row["comment"] or None,
        collation=None if is_json or row["collation"] == collation else row["collation"],
    )


def _default(flavour: _Flavour, row: Row, extra: str) -> str | None:
    """The expression; MySQL tells plain values without quotes, and expressions apart from them."""
    text: str | None = row["default"]
    if text is None or not flavour.is_escaped or "default_generated" in extra:
        return None if text == "NULL" else flavour.expression_of(text)
    return text if _NUMBERS.match(row["type"]) else "'" + str(text).replace("\\", "\\\\").replace("'", "''") + "'"


def _foreign_key(flavour: _Flavour, rows: list[Row], *, has_own_index: bool) -> FoundForeignKey:
    first = rows[0]
    return FoundForeignKey(
        first["name"],
        tuple([row["column"] for row in rows]),
        first["target"],
        tuple([row["key"] for row in rows]),
        first["target_schema"],
        flavour.actions.get(first["on_delete"], first["on_delete"]).lower(),
        flavour.actions.get(first["on_update"], first["on_update"]).lower(),
        has_own_index=has_own_index,
    )


def _index(flavour: _Flavour, rows: list[Row]) -> FoundIndex:
    first = rows[0]
    method = None if first["method"] == "BTREE" else first["method"].lower()
    return FoundIndex(first["name"], tuple([_term(flavour, row) for row in rows]), not first["is_plain"], None, method)


def _term(flavour: _Flavour, row: Row) -> FoundTerm:
    text = row["column"] or flavour.expression_of(row["expression"]) or ""
    return FoundTerm(text, row["column"] is None, row["direction"] == "D")
