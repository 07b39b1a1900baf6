"""What SQLite has, from its pragmas; checks, names of constraints and computed columns from the text of the tables.

Source: https://www.sqlite.org/pragma.html#pragfunc
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from querykit import sql
from querykit.schema.introspection.found import (
    FoundCheck,
    FoundColumn,
    FoundDatabase,
    FoundForeignKey,
    FoundIndex,
    FoundTable,
    FoundTerm,
    FoundUnique,
)
from querykit.schema.introspection.rows import rows_by, rows_by_table
from querykit.schema.introspection.sqlite_text import Clause, clauses_of, index_condition, index_terms

if TYPE_CHECKING:
    from querykit.schema.introspection.rows import Row

_TABLES = """
SELECT m.name AS "table", m.type AS kind, m.sql AS "text" FROM {schema}.sqlite_master m
WHERE m.type IN ('table', 'view') AND m.name NOT LIKE 'sqlite!_%' ESCAPE '!' ORDER BY m.name
"""

_COLUMNS = """
SELECT m.name AS "table", c.name, c.type, c."notnull" AS is_required, c.dflt_value AS "default", c.pk, c.hidden
FROM {schema}.sqlite_master m JOIN pragma_table_xinfo(m.name, {name}) c
WHERE m.type IN ('table', 'view') ORDER BY m.name, c.cid
"""

_KEYS = """
SELECT m.name AS "table", k.id, k."from" AS "column", k."table" AS target, k."to" AS "key",
  k.on_delete AS on_delete, k.on_update AS on_update
FROM {schema}.sqlite_master m JOIN pragma_foreign_key_list(m.name, {name}) k
WHERE m.type = 'table' ORDER BY m.name, k.id DESC, k.seq
"""

_INDEXES = """
SELECT m.name AS "table", i.name, i."unique" AS is_unique, i.origin, i.partial AS is_partial, c.name AS "column",
  c."desc" AS is_descending,
  (SELECT x.sql FROM {schema}.sqlite_master x WHERE x.type = 'index' AND x.name = i.name) AS "text"
FROM {schema}.sqlite_master m
JOIN pragma_index_list(m.name, {name}) i
JOIN pragma_index_xinfo(i.name, {name}) c
WHERE m.type = 'table' AND c."key" = 1 ORDER BY m.name, i.name, c.seqno
"""


async def read(db: Any, schema: str | None) -> FoundDatabase:
    """Everything in the database, or in an attached file."""
    name = schema or "main"
    at = {"schema": sql.id(name), "name": name}
    tables = await db.fetch_all(sql(_TABLES, schema=sql.id(name)))
    columns = rows_by_table(await db.fetch_all(sql(_COLUMNS, **at)))
    keys = rows_by_table(await db.fetch_all(sql(_KEYS, **at)))
    indexes = rows_by_table(await db.fetch_all(sql(_INDEXES, **at)))
    found = [_table(row, schema, columns[row["table"]], keys[row["table"]], indexes[row["table"]]) for row in tables]
    keys_of = {table.name.lower(): table.primary_key for table in found}
    return FoundDatabase(tuple([_with_keys(table, keys_of) for table in found]))


def _with_keys(table: FoundTable, keys_of: dict[str, tuple[str, ...]]) -> FoundTable:
    """With the columns that foreign keys refer to, which may be left out where they are the primary key."""
    keys = [
        key if None not in key.keys else replace(key, keys=keys_of.get(key.table.lower(), ()))
        for key in table.foreign_keys
    ]
    return replace(table, foreign_keys=tuple(keys))


def _table(table: Row, schema: str | None, columns: list[Row], keys: list[Row], indexes: list[Row]) -> FoundTable:
    if table["kind"] == "view":
        found = tuple([_column(row, [], set()) for row in columns])
        return FoundTable(table["table"], schema, "view", found, definition=table["text"])
    clauses = clauses_of(table["text"])
    primary = tuple([row["name"] for row in sorted(columns, key=lambda row: int(row["pk"])) if row["pk"]])
    numbered = {row["name"] for row in columns if primary == (row["name"],) and row["type"].upper() == "INTEGER"}
    by_name = rows_by(indexes, "name")
    return FoundTable(
        table["table"],
        schema,
        "table",
        tuple([_column(row, clauses, numbered) for row in columns]),
        primary,
        tuple([_unique(rows, clauses) for rows in by_name.values() if rows[0]["origin"] == "u"]),
        tuple([FoundCheck(each.name or "", each.text) for each in clauses if each.kind == "CHECK"]),
        tuple([_foreign_key(rows, clauses) for rows in rows_by(keys, "id").values()]),
        tuple([_index(rows) for rows in by_name.values() if rows[0]["origin"] == "c"]),
    )


def _column(row: Row, clauses: list[Clause], numbered: set[str]) -> FoundColumn:
    is_generated = row["hidden"] in (2, 3)
    generated = [each.text for each in clauses if each.kind == "AS" and each.column == row["name"]]
    collation = [each.text for each in clauses if each.kind == "COLLATE" and each.column == row["name"]]
    return FoundColumn(
        row["name"],
        row["type"],
        not row["is_required"] and row["name"] not in numbered,
        default=row["default"],
        is_identity=row["name"] in numbered,
        generated=generated[0] if is_generated and generated else None,
        collation=collation[0] if collation else None,
    )


def _unique(rows: list[Row], clauses: list[Clause]) -> FoundUnique:
    columns = tuple([row["column"] for row in rows])
    named = [each.name for each in clauses if each.kind == "UNIQUE" and each.name and each.columns == columns]
    return FoundUnique(named[0] if named else rows[0]["name"], columns)


def _foreign_key(rows: list[Row], clauses: list[Clause]) -> FoundForeignKey:
    first = rows[0]
    columns = tuple([row["column"] for row in rows])
    named = [each.name for each in clauses if each.kind == "FOREIGN KEY" and each.name and each.columns == columns]
    return FoundForeignKey(
        named[0] if named else "",
        columns,
        first["target"],
        tuple([row["key"] for row in rows]),
        None,
        first["on_delete"].lower(),
        first["on_update"].lower(),
    )


def _index(rows: list[Row]) -> FoundIndex:
    first = rows[0]
    terms = index_terms(first["text"])
    found = [
        FoundTerm(row["column"] or terms[at], row["column"] is None, bool(row["is_descending"]))
        for at, row in enumerate(rows)
    ]
    where = index_condition(first["text"]) if first["is_partial"] else None
    return FoundIndex(first["name"], tuple(found), bool(first["is_unique"]), where)
