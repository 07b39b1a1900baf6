"""Definitions as SQLite writes them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from querykit import Expression
from querykit.schema.alterations import (
    AddColumn,
    AddConstraint,
    ChangeColumn,
    DropColumn,
    DropConstraint,
    DropPrimaryKey,
    RenameConstraint,
)
from querykit.schema.altering import Altered, AlteringWriter, constraints_of, indexes_of
from querykit.schema.constraints import ForeignKey
from querykit.schema.definition import definition_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from querykit import Table
    from querykit.schema.alterations import Alteration, CommentTable, SetSchema
    from querykit.schema.constraints import Index
    from querykit.schema.definition import ColumnDefinition, TableDefinition


class SQLiteWriter(AlteringWriter):
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
        name = super().type(column, definition)
        is_key = definition.primary_key is not None and definition.primary_key.columns == (column.name,)
        if is_key and name == "INTEGER" and column.default is not None:
            raise self.unsupported(f"a default of an integer that is the key ({column.name}), which it would number")
        return name

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

    def create_view(self, view: Table, query: Any, *, or_replace: bool = False, **options: Any) -> list[str]:
        """CREATE VIEW; in the place of another, that one goes first."""
        created = super().create_view(view, query, **options)
        return [*self.drop_view(view, if_exists=True), *created] if or_replace else created

    def table_head(self, definition: TableDefinition) -> str:
        """The description as one of the SQL, which the database keeps."""
        return "" if definition.comment is None else f" /* {definition.comment.replace('*/', '* /')} */"

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

    def rebuilds(self, alteration: Alteration, table: Table) -> bool:
        """Whether ALTER TABLE falls short, as it does of most."""
        if isinstance(alteration, AddColumn):
            return not _is_simple(alteration, table)
        if isinstance(alteration, ChangeColumn):
            return alteration.comment is None
        if isinstance(alteration, AddConstraint):
            return alteration.is_validated
        return isinstance(alteration, DropColumn | DropConstraint | DropPrimaryKey | RenameConstraint)

    # -- alterations that take no rebuild -----------------------------------------------------------------------------

    def add_column(self, action: AddColumn, table: Table) -> Altered:
        """``ADD COLUMN name type CONSTRAINT …``: constraints stand with the column."""
        definition = definition_of(table)
        column = next(each for each in definition.columns if each.declared is action.column)
        text = f"ADD COLUMN {self.column(column, definition)}"
        for each in constraints_of(table, action.column):
            constraint = self.constraint(each, table)
            if isinstance(each, ForeignKey):
                constraint = constraint.replace(f" FOREIGN KEY {self.names(each.columns)}", "", 1)
            text += f" {constraint}"
        indexes = [self.create_index(table, each) for each in indexes_of(table, action.column)]
        return Altered(alone=text, after=indexes)

    def change_column(self, action: ChangeColumn, table: Table) -> Altered:
        """Refuse: descriptions are part of the SQL of a new table."""
        raise self.unsupported("COMMENT ON COLUMN", "a description stands in CREATE TABLE only")

    def comment_table(self, action: CommentTable, table: Table) -> Altered:
        """Refuse: descriptions are part of the SQL of a new table."""
        raise self.unsupported("COMMENT ON TABLE", "a description stands in CREATE TABLE only")

    def set_schema(self, action: SetSchema, table: Table) -> Altered:
        """Refuse: schemas are files."""
        raise self.unsupported("ALTER TABLE … SET SCHEMA")


def _is_simple(action: AddColumn, table: Table) -> bool:
    """Whether ADD COLUMN takes a column: every row has its value without being written."""
    options, type_ = table._options(action.column.name), action.column.value_type
    if options.primary_key or options.unique or options.generated is not None or action.if_not_exists:
        return False
    is_nullable = type_ is None or type_.is_nullable
    if not options.has_default:
        return is_nullable
    is_value = options.default is not None and not isinstance(options.default, Expression)
    return is_value and options.references is None
