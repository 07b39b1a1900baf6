"""Definitions that run: tables, indexes, views, schemas and types are created, altered and dropped.

A definition knows no dialect until it is written or run: ``create_table(person).sql("mysql")``, ``await
create_table(person).run(db)``. Values in it are literals, names are quoted, and what a database lacks is refused.
"""

from __future__ import annotations

from dataclasses import replace
from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING, Any, Final

from querykit import BuildError, Table, sql
from querykit.schema.definition import definition_of, name_of
from querykit.schema.mysql import MariaDBWriter, MySQLWriter
from querykit.schema.postgres import PostgresWriter
from querykit.schema.sqlite import SQLiteWriter

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from querykit.schema.altering import AlteringWriter
    from querykit.schema.constraints import Index

_WRITERS: Final[dict[str, type[AlteringWriter]]] = {
    each.dialect: each for each in (PostgresWriter, MySQLWriter, MariaDBWriter, SQLiteWriter)
}


class Definition:
    """Something to create, alter or drop, as data."""

    def __init__(self, write: Callable[[AlteringWriter], Sequence[str]]) -> None:
        """Hold what writes it."""
        self._write = write

    def sql(self, dialect: str) -> list[str]:
        """Its statements, in order.

        Raises:
            UnsupportedError: the database cannot do it.
            BuildError: there is no such dialect.
        """
        return list(self._write(writer_of(dialect)))

    async def run(self, db: Any) -> None:
        """Run its statements on a database, a connection or a transaction."""
        statement: Any  # a str, but not one that stands in the program
        for statement in self.sql(db.dialect.name):
            await db.execute(sql.raw(statement))


def writer_of(dialect: str) -> AlteringWriter:
    """What writes definitions for a dialect.

    Raises:
        BuildError: there is no such dialect.
    """
    writer = _WRITERS.get(dialect)
    if writer is None:
        raise BuildError(f"there are the dialects {', '.join(_WRITERS)}, and no {dialect!r}")
    return writer()


def create_table(table: Table, *, if_not_exists: bool = False) -> Definition:
    """``CREATE TABLE`` of a declared table, with its keys, checks and indexes.

    Raises:
        UnsupportedError: when written, where the database lacks something that the table asks for.
        BuildError: when written, where a column tells no type.
    """
    return Definition(lambda writer: writer.create_table(definition_of(table), if_not_exists=if_not_exists))


def create_tables(*tables: Table, if_not_exists: bool = False) -> Definition:
    """``CREATE TABLE`` of several declared tables, those that others refer to first.

    Raises:
        BuildError: tables refer to each other in a circle; one of these foreign keys is added by `alter_table`.
    """
    ordered = in_order(tables)
    return Definition(
        lambda writer: [
            statement
            for table in ordered
            for statement in writer.create_table(definition_of(table), if_not_exists=if_not_exists)
        ]
    )


def drop_table(table: Table, *, if_exists: bool = False, cascade: bool = False) -> Definition:
    """``DROP TABLE``; `cascade` drops what depends on it too, on PostgreSQL."""
    return Definition(lambda writer: writer.drop_table(table, if_exists=if_exists, cascade=cascade))


def drop_tables(*tables: Table, if_exists: bool = False) -> Definition:
    """``DROP TABLE`` of several tables, those that refer to others first."""
    ordered = in_order(tables)[::-1]
    return Definition(lambda writer: [each for one in ordered for each in writer.drop_table(one, if_exists=if_exists)])


def create_index(table: Table, index: Index, *, if_not_exists: bool = False, concurrently: bool = False) -> Definition:
    """``CREATE INDEX``; `concurrently` lets others write meanwhile, on PostgreSQL and outside of transactions."""
    named = replace(index, name=name_of(table, index))
    return Definition(
        lambda writer: [writer.create_index(table, named, if_not_exists=if_not_exists, concurrently=concurrently)]
    )


def drop_index(table: Table, index: Index | str, *, if_exists: bool = False) -> Definition:
    """``DROP INDEX``, by its name or as it was declared."""
    name = index if isinstance(index, str) else name_of(table, index)
    return Definition(lambda writer: writer.drop_index(table, name, if_exists=if_exists))


def create_view(view: Table, query: Any, *, or_replace: bool = False, materialized: bool = False) -> Definition:
    """``CREATE VIEW`` of a query, whose values stand in it as literals.

    Args:
        view: A table, declared or by name: queries read the view through it.
        query: The query.
        or_replace: Whether it takes the place of a view of that name.
        materialized: Whether its rows are kept, on PostgreSQL.
    """
    return Definition(lambda writer: writer.create_view(view, query, or_replace=or_replace, materialized=materialized))


def drop_view(view: Table, *, if_exists: bool = False, materialized: bool = False) -> Definition:
    """``DROP VIEW``."""
    return Definition(lambda writer: writer.drop_view(view, if_exists=if_exists, materialized=materialized))


def create_schema(name: str, *, if_not_exists: bool = False) -> Definition:
    """``CREATE SCHEMA``: a database, on MySQL and MariaDB."""
    return Definition(lambda writer: writer.create_schema(name, if_not_exists=if_not_exists))


def drop_schema(name: str, *, if_exists: bool = False, cascade: bool = False) -> Definition:
    """``DROP SCHEMA``."""
    return Definition(lambda writer: writer.drop_schema(name, if_exists=if_exists, cascade=cascade))


def create_enum(name: str, *values: str) -> Definition:
    """``CREATE TYPE … AS ENUM``, for `Enumeration` on PostgreSQL; nothing elsewhere."""
    return Definition(lambda writer: writer.create_enum(name, values))


def drop_enum(name: str) -> Definition:
    """``DROP TYPE``, on PostgreSQL; nothing elsewhere."""
    return Definition(lambda writer: writer.drop_enum(name))


def in_order(tables: Sequence[Table]) -> list[Table]:
    """Tables with those that others refer to first.

    Raises:
        BuildError: they refer to each other in a circle.
    """
    by_name = {(table._schema, table._name): table for table in tables}
    needs = {
        name: {(key.schema, key.table) for key in definition_of(table).foreign_keys} & (by_name.keys() - {name})
        for name, table in by_name.items()
    }
    try:
        return [by_name[name] for name in TopologicalSorter(needs).static_order()]
    except CycleError as error:
        circle = " → ".join([name for _, name in error.args[1]])
        raise BuildError(f"tables refer to each other in a circle: {circle}") from None
