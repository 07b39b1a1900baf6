"""Definitions as SQLite writes them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from querykit.schema.writer import Writer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from querykit import Table
    from querykit.schema.constraints import Index
    from querykit.schema.definition import ColumnDefinition, TableDefinition


class SQLiteWriter(Writer):
    """SQLite's definitions.

    Source: https://www.sqlite.org/lang_createtable.html
    """

    dialect = "sqlite"

    def type(self, column: ColumnDefinition, definition: TableDefinition) -> str:
        """The type's name; a key that numbers the rows is an INTEGER, by that very word."""
        if column.is_identity:
            if definition.primary_key is None or definition.primary_key.columns != (column.name,):
                raise self.unsupported(f"a column that numbers the rows and is not their key ({column.name})")
            return "INTEGER PRIMARY KEY"
        return super().type(column, definition)

    def constraints(self, definition: TableDefinition) -> Iterator[str]:
        """What stands behind the columns; a key that numbers the rows stands with its column."""
        numbered = any(column.is_identity for column in definition.columns)
        key = None if definition.primary_key is None else f"PRIMARY KEY {self.names(definition.primary_key.columns)}"
        yield from [each for each in super().constraints(definition) if not (numbered and each == key)]

    def cascade(self, is_wanted: bool) -> str:
        """Refuse: there is no such word."""
        if is_wanted:
            raise self.unsupported("DROP … CASCADE", "drop what depends on it first")
        return ""

    def create_view(
        self, view: Table, query: Any, *, or_replace: bool = False, materialized: bool = False
    ) -> list[str]:
        """CREATE VIEW; in the place of another, that one goes first."""
        created = super().create_view(view, query, materialized=materialized)
        return [*self.drop_view(view, if_exists=True), *created] if or_replace else created

    def create_schema(self, name: str, *, if_not_exists: bool = False) -> list[str]:
        """Refuse: schemas are attached files."""
        raise self.unsupported("CREATE SCHEMA", "ATTACH DATABASE, by raw SQL")

    def drop_schema(self, name: str, *, if_exists: bool = False, cascade: bool = False) -> list[str]:
        """Refuse: schemas are attached files."""
        raise self.unsupported("DROP SCHEMA", "DETACH DATABASE, by raw SQL")

    def identity(self) -> str:
        """Nothing: an INTEGER PRIMARY KEY numbers the rows."""
        return ""

    def column(self, column: ColumnDefinition, definition: TableDefinition) -> str:
        """A column, with its comment as one of the SQL, which the database keeps."""
        comment = "" if column.comment is None else f" /* {column.comment.replace('*/', '* /')} */"
        return super().column(column, definition) + comment

    def index_name(self, table: Table, index: Index) -> str:
        """The index's name; it is the index that names the schema."""
        return self.name(table._schema, index.name)
