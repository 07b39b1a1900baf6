"""Definitions as MySQL and MariaDB write them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from querykit import BuildError
from querykit.schema.alterations import ChangeColumn, RenameColumn, RenameTable
from querykit.schema.altering import Altered, AlteringWriter
from querykit.schema.definition import definition_of
from querykit.schema.types import AnyNumeric

if TYPE_CHECKING:
    from collections.abc import Sequence

    from querykit import Table
    from querykit.schema.alterations import AddColumn, Alteration, CommentTable, DropColumn, DropConstraint, SetSchema
    from querykit.schema.constraints import Index
    from querykit.schema.definition import ColumnDefinition, TableDefinition
    from querykit.schema.sequences import SequenceOptions


class MySQLWriter(AlteringWriter):
    """MySQL's definitions.

    Source: https://dev.mysql.com/doc/refman/9.4/en/create-table.html
    """

    dialect = "mysql"

    def type(self, column: ColumnDefinition, definition: TableDefinition) -> str:
        """The type's name; a type that would lose digits, or cannot be a key, is refused."""
        if column.type == AnyNumeric:
            raise self.unsupported(
                f"a column of decimals without a precision ({column.name})", "column(type=Numeric(10, 2)) says it"
            )
        name = column.type.on(self.dialect)
        if name in ("LONGTEXT", "LONGBLOB") and self._is_key(column, definition):
            raise self.unsupported(f"a key of unlimited length ({column.name})", "column(type=Varchar(255)) says one")
        return name

    @staticmethod
    def _is_key(column: ColumnDefinition, definition: TableDefinition) -> bool:
        keys = [definition.primary_key, *definition.uniques, *definition.foreign_keys]
        indexed = [term for index in definition.indexes if index.method is None for term in index.terms]
        return any(column.name in key.columns for key in keys if key is not None) or any(
            getattr(getattr(term, "term", term), "column_name", None) == column.name for term in indexed
        )

    def column(self, column: ColumnDefinition, definition: TableDefinition) -> str:
        """A column with its comment."""
        comment = "" if column.comment is None else f" COMMENT {_plain_text(column.comment)}"
        return super().column(column, definition) + comment

    def cascade(self, is_wanted: bool) -> str:
        """Refuse: the word is taken and does nothing."""
        if is_wanted:
            raise self.unsupported("DROP … CASCADE", "drop what depends on it first")
        return ""

    def drop_index(
        self, table: Table, name: str, *, if_exists: bool = False, cascade: bool = False, concurrently: bool = False
    ) -> list[str]:
        """DROP INDEX … ON table."""
        words = f"DROP INDEX {self.concurrently('DROP', concurrently)}{self.index_if_exists(if_exists)}"
        return [f"{words}{self.name(name)} ON {self.table(table)}{self.cascade(cascade)}"]

    def index_if_exists(self, is_wanted: bool) -> str:
        """``IF EXISTS``, where indexes have it."""
        if is_wanted:
            raise self.unsupported("DROP INDEX IF EXISTS")
        return ""

    def temporary_word(self, is_wanted: bool) -> str:
        """``TEMPORARY``."""
        return "TEMPORARY " * is_wanted

    def table_options(self, definition: TableDefinition) -> str:
        """`` COMMENT = 'text'``."""
        return "" if definition.comment is None else f" COMMENT = {_plain_text(definition.comment)}"

    def temporary_view(self, is_wanted: bool) -> str:
        """Refuse: views stay."""
        if is_wanted:
            raise self.unsupported("temporary views", "a CTE, or a temporary table")
        return ""

    def view_if_not_exists(self, is_wanted: bool, materialized: bool) -> str:
        """Refuse what it does not know."""
        if is_wanted:
            raise self.unsupported("CREATE VIEW IF NOT EXISTS", "or_replace=True")
        return ""

    def identity(self) -> str:
        """A number that a row may name too."""
        return "AUTO_INCREMENT"

    def deferred(self) -> str:
        """Refuse: keys are checked row by row."""
        raise self.unsupported("foreign keys that are checked at the end of the transaction")

    def index_words(self, if_not_exists: bool, concurrently: bool) -> str:
        """Refuse what it does not know."""
        if if_not_exists:
            raise self.unsupported("CREATE INDEX IF NOT EXISTS")
        return super().index_words(if_not_exists, concurrently)

    def index_kind(self, index: Index) -> str:
        """``FULLTEXT`` and ``SPATIAL`` are kinds of indexes here."""
        if index.method is not None and index.method.lower() in ("fulltext", "spatial"):
            return f"{index.method.upper()} "
        return super().index_kind(index)

    def index_method(self, index: Index) -> str:
        """``USING btree``."""
        if index.method is None or index.method.lower() in ("fulltext", "spatial"):
            return ""
        if index.method.lower() not in ("btree", "hash"):
            return super().index_method(index)
        return f" USING {index.method.upper()}"

    def index_where(self, index: Index, table: Table) -> str:
        """Refuse: an index holds every row."""
        raise self.unsupported("partial indexes", "an index on an expression that is NULL for the other rows")

    # -- alterations --------------------------------------------------------------------------------------------------

    def alter_table(self, table: Table, alterations: Sequence[Alteration]) -> list[str]:
        """What is changed of a column is written at once: each MODIFY writes the whole column."""
        together: list[Alteration] = []
        changed: dict[str, int] = {}
        for each in alterations:
            if isinstance(each, RenameColumn | RenameTable):
                changed.clear()
            if isinstance(each, ChangeColumn) and each.name in changed:
                at = changed[each.name]
                together[at] = _both(together[at], each)
            else:
                if isinstance(each, ChangeColumn):
                    changed[each.name] = len(together)
                together.append(each)
        return super().alter_table(table, together)

    def change_column(self, action: ChangeColumn, table: Table) -> Altered:
        """``MODIFY COLUMN``, with the whole column as it is declared but for the change; a default by itself."""
        if action.type is None and action.is_nullable is None and action.comment is None:
            return Altered(self.changed_default(action, table))
        if action.using is not None:
            raise self.unsupported("ALTER COLUMN … TYPE … USING", "update the rows in a statement of their own")
        if action.declared is None:
            raise self.unsupported(
                f"a change of {action.name!r} alone", "MODIFY writes the whole column: alter a table that declares it"
            )
        definition = definition_of(table)
        column = next(each for each in definition.columns if each.declared is action.declared)
        default = None if action.drops_default else action.default or column.default
        changed = replace(
            column,
            type=action.type or column.type,
            is_nullable=column.is_nullable if action.is_nullable is None else action.is_nullable,
            comment=column.comment if action.comment is None else action.comment or None,
            default=default,
        )
        return Altered([f"MODIFY COLUMN {self.column(changed, definition)}"])

    def changed_default(self, action: ChangeColumn, table: Table) -> list[str]:
        """``ALTER COLUMN name SET DEFAULT``; without any, a column that takes NULL would not get it.

        Source: https://dev.mysql.com/doc/refman/8.4/en/data-type-defaults.html
        """
        type_ = None if action.declared is None else action.declared.value_type
        if action.drops_default and type_ is not None and type_.is_nullable:
            return [f"ALTER COLUMN {self.name(action.name)} SET DEFAULT (NULL)"]
        return super().changed_default(action, table)

    def set_schema(self, action: SetSchema, table: Table) -> Altered:
        """``RENAME TO schema.name``."""
        return Altered(alone=f"RENAME TO {self.name(action.schema, table._name)}")

    def comment_table(self, action: CommentTable, table: Table) -> Altered:
        """``COMMENT = 'text'``."""
        return Altered([f"COMMENT = {_plain_text(action.comment)}"])


class MariaDBWriter(MySQLWriter):
    """MariaDB's definitions.

    Source: https://mariadb.com/kb/en/create-table/
    """

    dialect = "mariadb"

    def index_words(self, if_not_exists: bool, concurrently: bool) -> str:
        """``IF NOT EXISTS``."""
        return super().index_words(False, concurrently) + "IF NOT EXISTS " * if_not_exists

    def index_if_exists(self, is_wanted: bool) -> str:
        """``IF EXISTS``."""
        return "IF EXISTS " * is_wanted

    def view_if_not_exists(self, is_wanted: bool, materialized: bool) -> str:
        """``IF NOT EXISTS``."""
        return "IF NOT EXISTS " * is_wanted

    def sequence(self, verb: str, name: str, schema: str | None, options: SequenceOptions) -> list[str]:
        """CREATE SEQUENCE, ALTER SEQUENCE."""
        return [f"{verb} {self.name(schema, name)}{options.written('NOCYCLE')}"]

    def drop_sequence(
        self, name: str, schema: str | None, *, if_exists: bool = False, cascade: bool = False
    ) -> list[str]:
        """DROP SEQUENCE."""
        return [f"DROP SEQUENCE {'IF EXISTS ' * if_exists}{self.name(schema, name)}{self.cascade(cascade)}"]

    def index_term(self, term: object, table: Table) -> str:
        """A column; expressions are refused."""
        text = super().index_term(term, table)
        if text.startswith("("):
            raise self.unsupported("indexes on expressions", "a generated column with an index")
        return text

    def if_not_exists(self, action: AddColumn) -> str:
        """``IF NOT EXISTS``."""
        return "IF NOT EXISTS " * action.if_not_exists

    def if_exists(self, action: DropColumn | DropConstraint) -> str:
        """``IF EXISTS``."""
        return "IF EXISTS " * action.if_exists


def _both(one: Any, other: ChangeColumn) -> ChangeColumn:
    """Two changes of a column as one; where they contradict each other, the later."""
    names = ("type", "using", "is_nullable", "default", "comment")
    said = {name: value for name in names if (value := getattr(other, name)) is not None}
    if other.drops_default:
        said["default"] = None
    drops = other.drops_default or (one.drops_default and other.default is None)
    changed: ChangeColumn = replace(one, **said, drops_default=drops)
    return changed


def _plain_text(text: str) -> str:
    """A literal where the grammar takes no other; backslashes escape in our sessions."""
    if "\0" in text:
        raise BuildError("a comment cannot contain a NUL")
    if any(character > "\uffff" for character in text):  # the server would keep a question mark
        raise BuildError("a comment on MySQL and MariaDB holds no characters beyond U+FFFF, such as emoji")
    return "'" + text.replace("\\", "\\\\").replace("'", "''") + "'"
