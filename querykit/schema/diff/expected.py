"""What declared tables are once a database has made them: told by the database itself, in a place of its own.

A database writes types, defaults and conditions in its own words (``VARCHAR(50)`` is ``character varying(50)``,
``name IN ('a')`` an ``= ANY (ARRAY[…])``). So declared tables are made where nobody else sees them, read back, and gone
again: in the session's temporary schema on PostgreSQL, in a transaction that is rolled back; in a database of their own
on MySQL and MariaDB; in memory on SQLite.
"""

from __future__ import annotations

import secrets
from copy import copy
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from querykit import Database, Table, sql
from querykit.schema.ddl import create_defined, create_enum_in
from querykit.schema.definition import definition_of
from querykit.schema.introspection import FoundDatabase, FoundEnum, FoundForeignKey, FoundTable, introspect
from querykit.schema.types import enumerations_in

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from querykit.schema.definition import TableDefinition


async def expected(db: Any, tables: Sequence[Table], *, shadow: Any = None) -> FoundDatabase:
    """What a database has, if it has these tables.

    Args:
        db: The database.
        tables: The declared tables.
        shadow: Another database of that kind to make them in.

    Raises:
        UnsupportedError: the database lacks something that a table asks for.
    """
    place = db if shadow is None else shadow
    definitions = [definition_of(table) for table in tables]
    by_schema: dict[str | None, list[TableDefinition]] = {}
    for definition in definitions:
        by_schema.setdefault(definition.table._schema, []).append(definition)
    found: list[FoundTable] = []
    for schema, together in by_schema.items():
        made = await _PLACES[db.dialect.name](place, together)
        same = _SAME_ACTIONS.get(db.dialect.name, {})
        found += [_complete(made.table(each.table._name), each, schema, same) for each in together]
    enums = enumerations_of(definitions) if db.dialect.name in _WITH_ENUMS else {}
    return FoundDatabase(tuple(found), tuple([FoundEnum(name, None, values) for name, values in enums.items()]))


def enumerations_of(definitions: Sequence[TableDefinition]) -> dict[str, tuple[str, ...]]:
    """The enumerations that columns have, by name; those that name their schema are made by hand."""
    return {
        each.enum: each.values
        for definition in definitions
        for column in definition.columns
        for each in enumerations_in(column.type)
        if each.schema is None
    }


def _complete(
    found: FoundTable, definition: TableDefinition, schema: str | None, same: Mapping[str, str]
) -> FoundTable:
    """With foreign keys, which cannot be made where the tables are alone."""
    indexed = [found.primary_key, *[each.columns for each in found.uniques], *[each.columns for each in found.indexes]]
    keys = [
        FoundForeignKey(
            each.name or "",
            each.columns,
            each.table,
            each.keys,
            None if each.schema == schema else each.schema,
            same.get(each.on_delete, each.on_delete),
            same.get(each.on_update, each.on_update),
            each.is_deferred,
            has_own_index=not any(each.columns == columns[: len(each.columns)] for columns in indexed),
        )
        for each in definition.foreign_keys
    ]
    return replace(found, schema=schema, foreign_keys=tuple(keys))


def _moved(definition: TableDefinition, schema: str | None) -> TableDefinition:
    """The same table in another schema, and without foreign keys."""
    table = copy(definition.table)
    table._schema = schema
    return replace(definition, table=table, foreign_keys=())


async def _in_temporary_schema(db: Any, definitions: Sequence[TableDefinition]) -> FoundDatabase:
    async with db.transaction() as trx:
        for name, values in enumerations_of(definitions).items():
            await create_enum_in("pg_temp", name, values).run(trx)
        for each in definitions:
            await create_defined(_moved(each, "pg_temp")).run(trx)
        schema = await trx.fetch_value(sql("SELECT nspname::text FROM pg_namespace WHERE oid = pg_my_temp_schema()"))
        found = await introspect(trx, schema=schema)
        await trx.rollback()
    return found


async def _in_own_database(db: Any, definitions: Sequence[TableDefinition]) -> FoundDatabase:
    name = f"querykit_shadow_{secrets.token_hex(6)}"
    kind = await db.fetch_one(sql("SELECT @@character_set_database AS charset, @@collation_database AS collation"))
    await db.execute(
        sql(
            "CREATE DATABASE {} CHARACTER SET {} COLLATE {}",
            sql.id(name),
            sql.id(kind["charset"]),
            sql.id(kind["collation"]),
        )
    )
    try:
        for each in definitions:
            await create_defined(_moved(each, name)).run(db)
        return await introspect(db, schema=name)
    finally:
        await db.execute(sql("DROP DATABASE {}", sql.id(name)))


async def _in_memory(_: Any, definitions: Sequence[TableDefinition]) -> FoundDatabase:
    async with Database("sqlite:///:memory:") as empty:
        for each in definitions:
            await create_defined(_moved(each, None)).run(empty)
        return await introspect(empty)


_SAME_ACTIONS: Final[dict[str, dict[str, str]]] = {"mariadb": {"restrict": "no action"}}
_WITH_ENUMS: Final = frozenset(("postgres",))
_PLACES: Final[dict[str, Callable[[Any, Sequence[TableDefinition]], Awaitable[FoundDatabase]]]] = {
    "postgres": _in_temporary_schema,
    "mysql": _in_own_database,
    "mariadb": _in_own_database,
    "sqlite": _in_memory,
}
