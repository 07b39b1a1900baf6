"""Definitions as SQL: what all databases share. The writers of each stand beside this file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Literal, TypeAlias

from querykit import BuildError, Column, Table, UnsupportedError, literal_sql, sql

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from querykit.schema.constraints import Check, ForeignKey, Index, Unique
    from querykit.schema.definition import ColumnDefinition, TableDefinition
    from querykit.schema.enums import EnumChange
    from querykit.schema.sequences import SequenceOptions


OnCommit: TypeAlias = Literal["preserve rows", "delete rows", "drop"]
"""What becomes of a temporary table at the end of a transaction."""


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

    def create_table(
        self,
        definition: TableDefinition,
        *,
        if_not_exists: bool = False,
        temporary: bool = False,
        on_commit: OnCommit | None = None,
    ) -> list[str]:
        """CREATE TABLE, and what the database wants in statements of its own: indexes, comments."""
        parts = [self.column(column, definition) for column in definition.columns]
        parts += self.constraints(definition)
        words = f"CREATE {'TEMPORARY ' * temporary}TABLE {'IF NOT EXISTS ' * if_not_exists}"
        created = f"{words}{self.table(definition.table)} ({self.table_head(definition)}\n  " + ",\n  ".join(parts)
        created += f"\n){self.table_options(definition)}{self.on_commit(on_commit)}"
        indexes = [
            self.create_index(definition.table, each, if_not_exists=if_not_exists) for each in definition.indexes
        ]
        return [created, *indexes, *self.comments(definition)]

    def table_head(self, definition: TableDefinition) -> str:
        """What stands before the columns."""
        return ""

    def table_options(self, definition: TableDefinition) -> str:
        """What stands behind the columns."""
        return ""

    def on_commit(self, action: OnCommit | None) -> str:
        """What becomes of a temporary table's rows at the end of the transaction."""
        if action is not None:
            raise self.unsupported(f"ON COMMIT {action.upper()}")
        return ""

    def create_table_as(self, table: Table, query: Any, *, if_not_exists: bool = False, temporary: bool = False) -> str:
        """CREATE TABLE … AS."""
        words = f"CREATE {'TEMPORARY ' * temporary}TABLE {'IF NOT EXISTS ' * if_not_exists}"
        return f"{words}{self.table(table)} AS {self.written(query)}"

    def drop_table(
        self, table: Table, *, if_exists: bool = False, cascade: bool = False, temporary: bool = False
    ) -> list[str]:
        """DROP TABLE."""
        words = f"DROP {self.temporary_word(temporary)}TABLE {'IF EXISTS ' * if_exists}"
        return [f"{words}{self.table(table)}{self.cascade(cascade)}"]

    def temporary_word(self, is_wanted: bool) -> str:
        """What keeps DROP TABLE from a table that is not temporary."""
        if is_wanted:
            raise self.unsupported("DROP TEMPORARY TABLE", "a temporary table hides another of its name: drop_table(…)")
        return ""

    def cascade(self, is_wanted: bool) -> str:
        """What drops that which depends on it, too."""
        return " CASCADE" * is_wanted

    def drop_index(
        self, table: Table, name: str, *, if_exists: bool = False, cascade: bool = False, concurrently: bool = False
    ) -> list[str]:
        """DROP INDEX."""
        words = f"DROP INDEX {self.concurrently('DROP', concurrently)}{'IF EXISTS ' * if_exists}"
        return [f"{words}{self.name(table._schema, name)}{self.cascade(cascade)}"]

    def concurrently(self, verb: str, is_wanted: bool) -> str:
        """What lets others write meanwhile."""
        if is_wanted:
            raise self.unsupported(f"{verb} INDEX CONCURRENTLY")
        return ""

    # -- views, schemas, types ----------------------------------------------------------------------------------------

    def create_view(
        self,
        view: Table,
        query: Any,
        *,
        or_replace: bool = False,
        if_not_exists: bool = False,
        materialized: bool = False,
        temporary: bool = False,
        with_data: bool = True,
    ) -> list[str]:
        """CREATE VIEW."""
        if or_replace and (materialized or if_not_exists):
            raise BuildError("or_replace is for a view that is not materialized, and stands without if_not_exists")
        if not with_data and not materialized:
            raise BuildError("with_data=False is for a materialized view: another has no rows of its own")
        words = f"CREATE {'OR REPLACE ' * or_replace}{self.temporary_view(temporary)}{self.materialized(materialized)}"
        words += f"VIEW {self.view_if_not_exists(if_not_exists, materialized)}{self.table(view)}"
        return [f"{words} AS {self.written(query)}{' WITH NO DATA' * (not with_data)}"]

    def temporary_view(self, is_wanted: bool) -> str:
        """``TEMPORARY``."""
        return "TEMPORARY " * is_wanted

    def view_if_not_exists(self, is_wanted: bool, materialized: bool) -> str:
        """``IF NOT EXISTS``."""
        return "IF NOT EXISTS " * is_wanted

    def drop_view(
        self, view: Table, *, if_exists: bool = False, materialized: bool = False, cascade: bool = False
    ) -> list[str]:
        """DROP VIEW."""
        words = f"DROP {self.materialized(materialized)}VIEW {'IF EXISTS ' * if_exists}"
        return [f"{words}{self.table(view)}{self.cascade(cascade)}"]

    def refresh_view(self, view: Table, *, concurrently: bool = False, with_data: bool = True) -> list[str]:
        """REFRESH MATERIALIZED VIEW."""
        words = f"REFRESH {self.materialized(True)}VIEW {'CONCURRENTLY ' * concurrently}"
        return [f"{words}{self.table(view)}{' WITH NO DATA' * (not with_data)}"]

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

    def create_enum(self, name: str, values: Sequence[str], schema: str | None = None) -> list[str]:
        """Nothing: the values stand with the column."""
        return []

    def drop_enum(
        self, name: str, schema: str | None = None, *, if_exists: bool = False, cascade: bool = False
    ) -> list[str]:
        """Nothing: the values stand with the column."""
        return []

    def alter_enum(self, name: str, schema: str | None, changes: Sequence[EnumChange]) -> list[str]:
        """Refuse: the values stand with the column."""
        raise self.unsupported(
            "ALTER TYPE of an enumeration", "alter_table(…).set_type(column) gives a column its values"
        )

    # -- sequences ----------------------------------------------------------------------------------------------------

    def sequence(self, verb: str, name: str, schema: str | None, options: SequenceOptions) -> list[str]:
        """Refuse: there are none."""
        raise self.unsupported("sequences", "a column(identity=True) counts rows")

    def drop_sequence(
        self, name: str, schema: str | None, *, if_exists: bool = False, cascade: bool = False
    ) -> list[str]:
        """Refuse: there are none."""
        raise self.unsupported("sequences")

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
        nulls = self.nulls_not_distinct(unique.nulls_not_distinct)
        return f"CONSTRAINT {self.name(unique.name)} UNIQUE{nulls} {self.names(unique.columns)}"

    def nulls_not_distinct(self, is_wanted: bool) -> str:
        """What makes NULLs the same."""
        if is_wanted:
            raise self.unsupported("UNIQUE NULLS NOT DISTINCT", "an index on fn.coalesce(column, value)")
        return ""

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
        text += self.included(index) + self.nulls_not_distinct(index.nulls_not_distinct)
        return text + ("" if index.where is None else self.index_where(index, table))

    def index_kind(self, index: Index) -> str:
        """``UNIQUE`` and its like."""
        return "UNIQUE " if index.is_unique else ""

    def index_words(self, if_not_exists: bool, concurrently: bool) -> str:
        """What stands before the name."""
        return self.concurrently("CREATE", concurrently) + "IF NOT EXISTS " * if_not_exists

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
