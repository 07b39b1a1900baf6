"""Definitions that run: tables, indexes, views, schemas and types are created, altered and dropped.

A definition knows no dialect until it is written or run: ``create_table(person).sql("mysql")``, ``await
create_table(person).run(db)``. Values in it are literals, names are quoted, and what a database lacks is refused.
"""

from __future__ import annotations

from dataclasses import replace
from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING, Any, Final, get_args

from querykit import BuildError, Table, sql
from querykit.schema.definition import declared, definition_of, name_of
from querykit.schema.mysql import MariaDBWriter, MySQLWriter
from querykit.schema.postgres import PostgresWriter
from querykit.schema.sqlite import SQLiteWriter
from querykit.schema.writer import OnCommit

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from querykit.schema.altering import AlteringWriter
    from querykit.schema.constraints import Index
    from querykit.schema.definition import TableDefinition

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


def create_table(
    table: Table, *, if_not_exists: bool = False, temporary: bool = False, on_commit: OnCommit | None = None
) -> Definition:
    """``CREATE TABLE`` of a declared table, with its keys, checks, indexes and comments.

    Args:
        table: The table.
        if_not_exists: Whether one of that name may be there, which stays as it is.
        temporary: Whether it is this connection's alone: use it on ``db.connection()`` or in a transaction.
        on_commit: What becomes of a temporary one at the end of the transaction: ``"preserve rows"``,
            ``"delete rows"`` or ``"drop"`` (PostgreSQL).

    Raises:
        UnsupportedError: when written, where the database lacks something that the table asks for.
        BuildError: when written, where a column tells no type.
    """
    if on_commit is not None and (not temporary or on_commit not in get_args(OnCommit)):
        raise BuildError(f"on_commit is {', '.join(get_args(OnCommit))}, of a temporary table, not {on_commit!r}")
    return Definition(
        lambda writer: writer.create_table(
            definition_of(table), if_not_exists=if_not_exists, temporary=temporary, on_commit=on_commit
        )
    )


def create_table_as(table: Table, query: Any, *, if_not_exists: bool = False, temporary: bool = False) -> Definition:
    """``CREATE TABLE … AS`` a query, with its rows and the types of its columns, and nothing else."""
    return Definition(
        lambda writer: [writer.create_table_as(table, query, if_not_exists=if_not_exists, temporary=temporary)]
    )


def create_defined(definition: TableDefinition) -> Definition:
    """``CREATE TABLE`` of a definition."""
    return Definition(lambda writer: writer.create_table(definition))


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


def drop_table(table: Table, *, if_exists: bool = False, cascade: bool = False, temporary: bool = False) -> Definition:
    """``DROP TABLE``.

    Args:
        table: The table.
        if_exists: Whether it may be gone.
        cascade: Whether what depends on it goes too (PostgreSQL).
        temporary: Whether it is dropped only if it is temporary (MySQL and MariaDB).
    """
    checked = declared(table)
    return Definition(
        lambda writer: writer.drop_table(checked, if_exists=if_exists, cascade=cascade, temporary=temporary)
    )


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


def drop_index(
    table: Table, index: Index | str, *, if_exists: bool = False, cascade: bool = False, concurrently: bool = False
) -> Definition:
    """``DROP INDEX``, by its name or as it was declared; `cascade` and `concurrently` are PostgreSQL's."""
    name = index if isinstance(index, str) else name_of(table, index)
    return Definition(
        lambda writer: writer.drop_index(table, name, if_exists=if_exists, cascade=cascade, concurrently=concurrently)
    )


def create_view(
    view: Table,
    query: Any,
    *,
    or_replace: bool = False,
    if_not_exists: bool = False,
    materialized: bool = False,
    temporary: bool = False,
    with_data: bool = True,
) -> Definition:
    """``CREATE VIEW`` of a query, whose values stand in it as literals.

    Args:
        view: A table, declared or by name: queries read the view through it.
        query: The query; its columns are the view's.
        or_replace: Whether it takes the place of a view of that name.
        if_not_exists: Whether one of that name may be there, which stays (MariaDB, SQLite; PostgreSQL: materialized).
        materialized: Whether its rows are kept, until `refresh_view` (PostgreSQL).
        temporary: Whether it is this connection's alone (PostgreSQL and SQLite).
        with_data: Whether a materialized one has its rows at once; without, it cannot be read before `refresh_view`.

    Raises:
        BuildError: when written, for options that contradict each other.
    """
    return Definition(
        lambda writer: writer.create_view(
            view,
            query,
            or_replace=or_replace,
            if_not_exists=if_not_exists,
            materialized=materialized,
            temporary=temporary,
            with_data=with_data,
        )
    )


def drop_view(view: Table, *, if_exists: bool = False, materialized: bool = False, cascade: bool = False) -> Definition:
    """``DROP VIEW``; `cascade` drops what depends on it too, on PostgreSQL."""
    return Definition(
        lambda writer: writer.drop_view(view, if_exists=if_exists, materialized=materialized, cascade=cascade)
    )


def refresh_view(view: Table, *, concurrently: bool = False, with_data: bool = True) -> Definition:
    """``REFRESH MATERIALIZED VIEW`` (PostgreSQL): its query is run again.

    Args:
        view: The view.
        concurrently: Whether others read the old rows meanwhile, for which it needs a unique index.
        with_data: Whether it has rows afterwards.
    """
    if concurrently and not with_data:
        raise BuildError("refresh_view(concurrently=True) is with data: who reads meanwhile reads something")
    return Definition(lambda writer: writer.refresh_view(view, concurrently=concurrently, with_data=with_data))


def create_schema(name: str, *, if_not_exists: bool = False) -> Definition:
    """``CREATE SCHEMA``: a database, on MySQL and MariaDB."""
    return Definition(lambda writer: writer.create_schema(name, if_not_exists=if_not_exists))


def drop_schema(name: str, *, if_exists: bool = False, cascade: bool = False) -> Definition:
    """``DROP SCHEMA``."""
    return Definition(lambda writer: writer.drop_schema(name, if_exists=if_exists, cascade=cascade))


def create_enum_in(schema: str, name: str, values: Sequence[str]) -> Definition:
    """``CREATE TYPE … AS ENUM`` in a schema."""
    return Definition(lambda writer: writer.create_enum(name, values, schema=schema))


def in_order(tables: Sequence[Table]) -> list[Table]:
    """Tables with those that others refer to first.

    Raises:
        BuildError: they refer to each other in a circle, or one is no table.
    """
    by_name = {(table._schema, table._name): table for table in map(declared, tables)}
    needs = {
        name: {(key.schema, key.table) for key in definition_of(table).foreign_keys} & (by_name.keys() - {name})
        for name, table in by_name.items()
    }
    try:
        return [by_name[name] for name in TopologicalSorter(needs).static_order()]
    except CycleError as error:
        circle = " → ".join([name for _, name in error.args[1]])
        raise BuildError(f"tables refer to each other in a circle: {circle}") from None
