"""Definitions as SQL: what all databases share. The writers of each stand beside this file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from querykit import Column, Table, UnsupportedError, literal_sql, sql

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from querykit.schema.constraints import Check, ForeignKey, Index, Unique
    from querykit.schema.definition import ColumnDefinition, TableDefinition


class Writer:
    """Writes definitions for one database; each method gives the text of one statement, or of a part of one."""

    dialect: ClassVar[str]

    # -- names and values ---------------------------------------------------------------------------------------------

    def name(self, *names: str | None) -> str:
        """A name, quoted, behind the schema's if there is one."""
        return self.written(sql.id(*[each for each in names if each is not None]))

    def names(self, columns: Sequence[str]) -> str:
        """Names in parentheses."""
        return f"({', '.join([self.name(each) for each in columns])})"

    def table(self, table: Table) -> str:
        """A table's name."""
        return self.name(table._schema, table._name)

    def written(self, term: Any, of: Table | None = None, *, like: Column[Any] | None = None) -> str:
        """An expression, a query or a value, without parameters."""
        return literal_sql(term, self.dialect, of=of, like=like)

    def unsupported(self, feature: str, hint: str | None = None) -> UnsupportedError:
        """The error for what this database lacks."""
        return UnsupportedError(self.dialect, feature, hint)

    # -- tables -------------------------------------------------------------------------------------------------------

    def create_table(self, definition: TableDefinition, *, if_not_exists: bool = False) -> list[str]:
        """CREATE TABLE, and what the database wants in statements of its own: indexes, comments."""
        parts = [self.column(column, definition) for column in definition.columns]
        parts += self.constraints(definition)
        words = "CREATE TABLE IF NOT EXISTS" if if_not_exists else "CREATE TABLE"
        created = f"{words} {self.table(definition.table)} (\n  " + ",\n  ".join(parts) + "\n)"
        indexes = [
            self.create_index(definition.table, each, if_not_exists=if_not_exists) for each in definition.indexes
        ]
        return [created, *indexes, *self.comments(definition)]

    def drop_table(self, table: Table, *, if_exists: bool = False, cascade: bool = False) -> list[str]:
        """DROP TABLE."""
        return [f"DROP TABLE {'IF EXISTS ' * if_exists}{self.table(table)}{self.cascade(cascade)}"]

    def cascade(self, is_wanted: bool) -> str:
        """What drops that which depends on it, too."""
        return " CASCADE" * is_wanted

    def drop_index(self, table: Table, name: str, *, if_exists: bool = False) -> list[str]:
        """DROP INDEX."""
        return [f"DROP INDEX {'IF EXISTS ' * if_exists}{self.name(table._schema, name)}"]

    # -- views, schemas, types ----------------------------------------------------------------------------------------

    def create_view(
        self, view: Table, query: Any, *, or_replace: bool = False, materialized: bool = False
    ) -> list[str]:
        """CREATE VIEW."""
        words = "OR REPLACE " * or_replace + self.materialized(materialized)
        return [f"CREATE {words}VIEW {self.table(view)} AS {self.written(query)}"]

    def drop_view(self, view: Table, *, if_exists: bool = False, materialized: bool = False) -> list[str]:
        """DROP VIEW."""
        return [f"DROP {self.materialized(materialized)}VIEW {'IF EXISTS ' * if_exists}{self.table(view)}"]

    def materialized(self, is_wanted: bool) -> str:
        """Refuse: a view is a query."""
        if is_wanted:
            raise self.unsupported("materialized views", "a table that is filled by insert_into(…).from_select(query)")
        return ""

    def create_schema(self, name: str, *, if_not_exists: bool = False) -> list[str]:
        """CREATE SCHEMA."""
        return [f"CREATE SCHEMA {'IF NOT EXISTS ' * if_not_exists}{self.name(name)}"]

    def drop_schema(self, name: str, *, if_exists: bool = False, cascade: bool = False) -> list[str]:
        """DROP SCHEMA."""
        return [f"DROP SCHEMA {'IF EXISTS ' * if_exists}{self.name(name)}{self.cascade(cascade)}"]

    def create_enum(self, name: str, values: Sequence[str]) -> list[str]:
        """Nothing: the values stand with the column."""
        return []

    def drop_enum(self, name: str) -> list[str]:
        """Nothing: the values stand with the column."""
        return []

    def constraints(self, definition: TableDefinition) -> Iterator[str]:
        """What stands behind the columns."""
        if definition.primary_key is not None:
            named = definition.primary_key.name
            constraint = "" if named is None else f"CONSTRAINT {self.name(named)} "
            yield f"{constraint}PRIMARY KEY {self.names(definition.primary_key.columns)}"
        yield from [self.unique(each) for each in definition.uniques]
        yield from [self.check(each, definition.table) for each in definition.checks]
        yield from [self.foreign_key(each) for each in definition.foreign_keys]

    def unique(self, unique: Unique) -> str:
        """``CONSTRAINT name UNIQUE (columns)``."""
        return f"CONSTRAINT {self.name(unique.name)} UNIQUE {self.names(unique.columns)}"

    def check(self, check: Check, table: Table) -> str:
        """``CONSTRAINT name CHECK (condition)``."""
        return f"CONSTRAINT {self.name(check.name)} CHECK ({self.written(check.condition, table)})"

    def foreign_key(self, key: ForeignKey) -> str:
        """``CONSTRAINT name FOREIGN KEY (columns) REFERENCES table (columns) ON DELETE …``."""
        text = f"CONSTRAINT {self.name(key.name)} FOREIGN KEY {self.names(key.columns)}"
        text += f" REFERENCES {self.name(key.schema, key.table)} {self.names(key.keys)}"
        for event, action in (("DELETE", key.on_delete), ("UPDATE", key.on_update)):
            if action != "no action":
                text += f" ON {event} {action.upper()}"
        return text + (self.deferred() if key.is_deferred else "")

    def deferred(self) -> str:
        """What makes a foreign key be checked at the end of the transaction."""
        return " DEFERRABLE INITIALLY DEFERRED"

    # -- columns ------------------------------------------------------------------------------------------------------

    def column(self, column: ColumnDefinition, definition: TableDefinition) -> str:
        """A column: its name, its type and what it is held to."""
        parts = [self.name(column.name), self.type(column, definition)]
        if column.collation is not None:
            parts.append(f"COLLATE {self.collation(column.collation)}")
        if column.generated is not None:
            parts.append(f"GENERATED ALWAYS AS ({self.written(column.generated, definition.table)}) STORED")
        if column.is_identity:
            parts.append(self.identity())
        if not column.is_nullable:
            parts.append("NOT NULL")
        if column.default is not None:
            parts.append(f"DEFAULT {self.default(column, definition)}")
        return " ".join([each for each in parts if each])

    def type(self, column: ColumnDefinition, definition: TableDefinition) -> str:
        """The type's name."""
        return column.type.on(self.dialect)

    def default(self, column: ColumnDefinition, definition: TableDefinition) -> str:
        """What a row gets that names no value."""
        value = None if column.default is None else column.default.value
        return f"({self.written(value, definition.table, like=column.declared)})"

    def identity(self) -> str:
        """What numbers the rows."""
        raise NotImplementedError

    def collation(self, name: str) -> str:
        """A collation's name."""
        return self.name(name)

    def comments(self, definition: TableDefinition) -> list[str]:
        """The statements that set comments, where columns do not carry theirs."""
        return []

    # -- indexes ------------------------------------------------------------------------------------------------------

    def create_index(
        self, table: Table, index: Index, *, if_not_exists: bool = False, concurrently: bool = False
    ) -> str:
        """CREATE INDEX."""
        text = f"CREATE {self.index_kind(index)}INDEX {self.index_words(if_not_exists, concurrently)}"
        text += f"{self.index_name(table, index)} ON {self.table(table)}{self.index_method(index)}"
        text += f" ({', '.join([self.index_term(each, table) for each in index.terms])})"
        text += self.included(index)
        return text + ("" if index.where is None else self.index_where(index, table))

    def index_kind(self, index: Index) -> str:
        """``UNIQUE`` and its like."""
        return "UNIQUE " if index.is_unique else ""

    def index_words(self, if_not_exists: bool, concurrently: bool) -> str:
        """What stands before the name."""
        if concurrently:
            raise self.unsupported("CREATE INDEX CONCURRENTLY")
        return "IF NOT EXISTS " if if_not_exists else ""

    def index_name(self, table: Table, index: Index) -> str:
        """The index's name."""
        return self.name(index.name)

    def index_method(self, index: Index) -> str:
        """How it is built."""
        if index.method is not None:
            raise self.unsupported(f"indexes USING {index.method}")
        return ""

    def index_term(self, term: Any, table: Table) -> str:
        """A column, or an expression in parentheses, with its direction."""
        ordering = term if hasattr(term, "direction") else None
        bare = term if ordering is None else ordering.term
        text = self.written(bare, table)
        text = text if isinstance(bare, Column) else f"({text})"
        if ordering is None or (ordering.direction == "ASC" and ordering.nulls is None):
            return text
        return f"{text} {ordering.direction}{self.index_nulls(ordering.nulls)}"

    def index_nulls(self, nulls: str | None) -> str:
        """Where NULLs stand in it."""
        if nulls is not None:
            raise self.unsupported(f"indexes with NULLS {nulls.upper()}")
        return ""

    def included(self, index: Index) -> str:
        """Columns that it carries along."""
        if index.include:
            raise self.unsupported("indexes that INCLUDE columns")
        return ""

    def index_where(self, index: Index, table: Table) -> str:
        """The condition of its rows."""
        return f" WHERE {self.written(index.where, table)}"
