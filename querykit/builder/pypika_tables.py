"""PyPika's builders and tables: which of its queries are understood, and what stands in their FROM."""

from __future__ import annotations

from typing import Any, Final, NoReturn

from pypika import queries as pypika
from pypika.dialects import (
    ClickHouseQueryBuilder,
    JiraQueryBuilder,
    MSSQLQueryBuilder,
    MySQLLoadQueryBuilder,
    MySQLQueryBuilder,
    OracleQueryBuilder,
    PostgreSQLQueryBuilder,
    RedShiftQueryBuilder,
    SnowflakeQueryBuilder,
    SQLLiteQueryBuilder,
    VerticaCopyQueryBuilder,
    VerticaQueryBuilder,
)

from querykit.builder.tables import Source, UndeclaredTable, checked_name
from querykit.errors import BuildError

BUILDERS: Final = (
    pypika.QueryBuilder,
    MySQLQueryBuilder,
    PostgreSQLQueryBuilder,
    SQLLiteQueryBuilder,
    RedShiftQueryBuilder,
    SnowflakeQueryBuilder,
)
"""The builders whose queries are understood; a subclass that writes SQL of its own is not."""

FOREIGN: Final[dict[type, str]] = {
    ClickHouseQueryBuilder: "ClickHouse is none of the databases",
    JiraQueryBuilder: "Jira's queries are no SQL",
    MSSQLQueryBuilder: "SQL Server is none of the databases",
    OracleQueryBuilder: "Oracle is none of the databases",
    VerticaQueryBuilder: "Vertica is none of the databases",
    MySQLLoadQueryBuilder: "LOAD DATA takes a file's name as text; insert_into(table).values(rows) loads rows",
    VerticaCopyQueryBuilder: "Vertica is none of the databases",
    pypika.CreateQueryBuilder: "it is no query; write sql('CREATE TABLE …'), or declare the table: querykit.schema",
    pypika.CreateIndexBuilder: "it is no query; write sql('CREATE INDEX …'), or querykit.schema.create_index",
    pypika.DropQueryBuilder: "it is no query; write sql('DROP TABLE …'), or querykit.schema.drop_table",
}
"""Builders that are refused, and why."""


def is_understood(builder: type) -> bool:
    """Whether a builder's queries can be read: one of PyPika's own, or a subclass that writes no SQL of its own."""
    for base in builder.__mro__:
        if base in BUILDERS:
            return True
        if base in FOREIGN or any(name.endswith("_sql") or name == "_apply_pagination" for name in vars(base)):
            return False
    return False


def refuse_builder(query: Any) -> NoReturn:
    """Refuse a builder by name.

    Raises:
        BuildError: always.
    """
    for each in type(query).__mro__:
        if each in FOREIGN:
            raise BuildError(f"PyPika's {type(query).__name__} cannot be run: {FOREIGN[each]}")
    raise BuildError(
        f"{type(query).__name__} is a builder of your own that writes SQL, which querykit does not run: build its "
        "queries with PyPika's own builders, or with querykit's"
    )


def table_of(table: Any) -> UndeclaredTable:
    """A table of PyPika's as one of ours.

    Raises:
        BuildError: it is a temporal table, its schema is within another, or its class writes SQL of its own.
    """
    if not isinstance(table, pypika.Table) or _writes_sql(type(table)):
        raise BuildError(f"FROM takes tables and queries, not PyPika's {type(table).__name__}")
    state = vars(table)
    if state["_for"] is not None or state["_for_portion"] is not None:
        raise BuildError(f"the table {state['_table_name']!r} is asked for another time (FOR …): no database has it so")
    made = UndeclaredTable(checked_name(state["_table_name"], "a table"), _schema_name(state["_schema"]))
    return made if state["alias"] is None else made.as_(state["alias"])


def _writes_sql(table: type) -> bool:
    own = table.__mro__[: table.__mro__.index(pypika.Table)]
    return any("get_sql" in vars(each) for each in own)


def _schema_name(schema: Any) -> str | None:
    if schema is None:
        return None
    if vars(schema)["_parent"] is not None:
        raise BuildError(
            f"the schema {vars(schema)['_name']!r} stands within another, which no database takes in a query"
        )
    return checked_name(vars(schema)["_name"], "a schema")


def reference_of(table: Any) -> str:
    """The name that qualifies the columns of what stands in FROM.

    Raises:
        BuildError: it is a query without an alias, or nothing that has columns.
    """
    if isinstance(table, Source):
        return table._reference
    if isinstance(table, pypika.Table):
        return checked_name(vars(table)["alias"] or vars(table)["_table_name"], "a table")
    if isinstance(table, pypika.Selectable) and vars(table).get("alias") is not None:
        return checked_name(vars(table)["alias"], "a query in FROM")
    raise BuildError(f"a column belongs to a table or to a query with an alias, not to a {type(table).__name__}")
