"""What PostgreSQL has, from its catalogs.

Source: https://www.postgresql.org/docs/current/catalogs.html
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, Literal

from querykit import sql
from querykit.schema.introspection.found import (
    FoundCheck,
    FoundColumn,
    FoundDatabase,
    FoundEnum,
    FoundForeignKey,
    FoundIndex,
    FoundSequence,
    FoundTable,
    FoundTerm,
    FoundUnique,
)
from querykit.schema.introspection.rows import rows_by, rows_by_table

if TYPE_CHECKING:
    from querykit.schema.introspection.rows import Row

_ACTIONS: Final = {"a": "no action", "r": "restrict", "c": "cascade", "n": "set null", "d": "set default"}
_LITERAL: Final = r"'(?:[^']|'')*'"
_CAST_TEXT: Final = re.compile(rf"\(({_LITERAL})::character varying\)::text")
_CAST_LIST: Final = re.compile(
    rf"\((ARRAY\[{_LITERAL}::character varying(?:, {_LITERAL}::character varying)*\])\)::text\[\]"
)
_KINDS: Final = {"v": "view", "m": "materialized view"}

_COLUMNS = """
SELECT c.relname::text AS "table", c.relkind::text AS kind, obj_description(c.oid, 'pg_class') AS table_comment,
  CASE WHEN a.attnum = 1 AND c.relkind IN ('v', 'm') THEN pg_get_viewdef(c.oid) END AS definition,
  a.attname::text AS name, format_type(a.atttypid, a.atttypmod) AS type, NOT a.attnotnull AS is_nullable,
  pg_get_expr(d.adbin, d.adrelid) AS "default", a.attidentity <> '' AS is_identity,
  a.attgenerated <> '' AS is_generated, col_description(c.oid, a.attnum) AS comment,
  CASE WHEN a.attcollation <> t.typcollation THEN l.collname::text END AS collation
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
LEFT JOIN pg_type t ON t.oid = a.atttypid
LEFT JOIN pg_collation l ON l.oid = a.attcollation
LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
WHERE n.nspname = {schema} AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
ORDER BY c.relname, a.attnum
"""

_CONSTRAINTS = """
SELECT c.relname::text AS "table", k.conname::text AS name, k.contype::text AS kind,
  ARRAY(SELECT a.attname::text FROM unnest(k.conkey) WITH ORDINALITY AS u(number, place)
    JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = u.number ORDER BY u.place) AS columns,
  f.relname::text AS target, CASE WHEN f.relnamespace <> c.relnamespace THEN fn.nspname::text END AS target_schema,
  ARRAY(SELECT a.attname::text FROM unnest(k.confkey) WITH ORDINALITY AS u(number, place)
    JOIN pg_attribute a ON a.attrelid = k.confrelid AND a.attnum = u.number ORDER BY u.place) AS keys,
  k.confdeltype::text AS on_delete, k.confupdtype::text AS on_update,
  k.condeferrable AND k.condeferred AS is_deferred,
  CASE WHEN k.contype = 'c' THEN pg_get_expr(k.conbin, k.conrelid) END AS condition
FROM pg_constraint k
JOIN pg_class c ON c.oid = k.conrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_class f ON f.oid = k.confrelid
LEFT JOIN pg_namespace fn ON fn.oid = f.relnamespace
WHERE n.nspname = {schema} AND k.contype IN ('p', 'u', 'f', 'c')
ORDER BY c.relname, k.conname
"""

_INDEXES = """
SELECT c.relname::text AS "table", x.relname::text AS name, i.indisunique AS is_unique, m.amname::text AS method,
  pg_get_expr(i.indpred, i.indrelid) AS "where",
  ARRAY(SELECT coalesce(a.attname::text, pg_get_indexdef(i.indexrelid, u.place::int, true))
    FROM unnest(i.indkey) WITH ORDINALITY AS u(number, place)
    LEFT JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = u.number AND u.number > 0
    ORDER BY u.place) AS columns,
  string_to_array(i.indkey::text, ' ')::int[] AS numbers, string_to_array(i.indoption::text, ' ')::int[] AS options
FROM pg_index i
JOIN pg_class c ON c.oid = i.indrelid
JOIN pg_class x ON x.oid = i.indexrelid
JOIN pg_am m ON m.oid = x.relam
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = {schema}
  AND NOT EXISTS (SELECT 1 FROM pg_constraint k WHERE k.conindid = i.indexrelid AND k.contype IN ('p', 'u', 'x'))
ORDER BY c.relname, x.relname
"""

_ENUMS = """
SELECT t.typname::text AS name, array_agg(e.enumlabel::text ORDER BY e.enumsortorder) AS values
FROM pg_type t JOIN pg_enum e ON e.enumtypid = t.oid JOIN pg_namespace n ON n.oid = t.typnamespace
WHERE n.nspname = {schema} GROUP BY t.typname ORDER BY t.typname
"""


_SEQUENCES = """
SELECT c.relname::text AS name, q.seqstart AS start, q.seqincrement AS increment, q.seqmin AS min_value,
  q.seqmax AS max_value, q.seqcycle AS cycle
FROM pg_sequence q JOIN pg_class c ON c.oid = q.seqrelid JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = {schema} AND NOT EXISTS (SELECT 1 FROM pg_depend d
  WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.refobjsubid > 0 AND d.deptype IN ('a', 'i'))
ORDER BY c.relname
"""


async def read(db: Any, schema: str | None) -> FoundDatabase:
    """Everything in a schema."""
    name = schema or await db.fetch_value(sql("SELECT current_schema()::text"))
    columns = await db.fetch_all(sql(_COLUMNS, schema=name))
    constraints = rows_by_table(await db.fetch_all(sql(_CONSTRAINTS, schema=name)))
    indexes = rows_by_table(await db.fetch_all(sql(_INDEXES, schema=name)))
    enums = await db.fetch_all(sql(_ENUMS, schema=name))
    sequences = await db.fetch_all(sql(_SEQUENCES, schema=name))
    return FoundDatabase(
        tuple(
            [
                _table(rows, name, constraints[rows[0]["table"]], indexes[rows[0]["table"]])
                for rows in rows_by_table(columns).values()
            ]
        ),
        tuple([FoundEnum(row["name"], name, tuple(row["values"])) for row in enums]),
        tuple([FoundSequence(schema=name, **row) for row in sequences]),
    )


def _table(columns: list[Row], schema: str, constraints: list[Row], indexes: list[Row]) -> FoundTable:
    first = columns[0]
    of_kind = rows_by(constraints, "kind")
    return FoundTable(
        first["table"],
        schema,
        _KINDS.get(first["kind"], "table"),  # type: ignore[arg-type]
        tuple([_column(row) for row in columns if row["name"] is not None]),
        tuple(of_kind["p"][0]["columns"]) if of_kind["p"] else (),
        tuple([FoundUnique(row["name"], tuple(row["columns"])) for row in of_kind["u"]]),
        tuple([FoundCheck(row["name"], _settled(row["condition"])) for row in of_kind["c"]]),
        tuple([_foreign_key(row) for row in of_kind["f"]]),
        tuple([_index(row) for row in indexes]),
        first["table_comment"],
        first["definition"],
    )


def _column(row: Row) -> FoundColumn:
    return FoundColumn(
        row["name"],
        row["type"],
        row["is_nullable"],
        default=None if row["is_generated"] else row["default"],
        is_identity=row["is_identity"] or str(row["default"]).startswith("nextval("),
        generated=row["default"] if row["is_generated"] else None,
        comment=row["comment"],
        collation=row["collation"],
    )


def _foreign_key(row: Row) -> FoundForeignKey:
    return FoundForeignKey(
        row["name"],
        tuple(row["columns"]),
        row["target"],
        tuple(row["keys"]),
        row["target_schema"],
        _ACTIONS[row["on_delete"]],
        _ACTIONS[row["on_update"]],
        row["is_deferred"],
    )


def _settled(condition: str) -> str:
    """A condition as it is told however often it is read and written: texts in lists lose casts that do nothing."""
    plain = _CAST_TEXT.sub(r"\1::text", condition)
    return _CAST_LIST.sub(lambda found: found[1].replace("::character varying", "::text"), plain)


def _index(row: Row) -> FoundIndex:
    method = None if row["method"] == "btree" else row["method"]
    terms = [_term(*each) for each in zip(row["columns"], row["numbers"], row["options"], strict=False)]
    include = row["columns"][len(terms) :]
    return FoundIndex(row["name"], tuple(terms), row["is_unique"], row["where"], method, tuple(include))


def _term(text: str, number: int, option: int) -> FoundTerm:
    """A term; its option has a bit for DESC, and one for NULLS FIRST, which DESC is by itself."""
    is_descending, has_nulls_first = bool(option & 1), bool(option & 2)
    nulls: Literal["first", "last"] | None = "first" if has_nulls_first else "last"
    return FoundTerm(text, number == 0, is_descending, nulls if is_descending != has_nulls_first else None)
