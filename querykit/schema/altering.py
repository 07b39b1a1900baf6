"""Alterations as SQL: what all databases share. The writers of each are in their own files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from querykit.schema.alterations import RenameTable, SetSchema
from querykit.schema.constraints import Check, ForeignKey, PrimaryKey, Unique
from querykit.schema.definition import definition_of
from querykit.schema.writer import Writer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from querykit import Column, Table
    from querykit.schema.alterations import (
        AddColumn,
        AddConstraint,
        Alteration,
        ChangeColumn,
        CommentTable,
        DropColumn,
        DropConstraint,
        DropPrimaryKey,
        RenameColumn,
        RenameConstraint,
        ValidateConstraint,
    )
    from querykit.schema.constraints import Index


class Altered(NamedTuple):
    """What an alteration is written as.

    Attributes:
        clauses: What stands behind ALTER TABLE, beside other clauses.
        alone: What stands there by itself, or None.
        after: Statements of their own, behind it.
    """

    clauses: Sequence[str] = ()
    alone: str | None = None
    after: Sequence[str] = ()


class AlteringWriter(Writer):
    """Writes alterations, by methods of their names."""

    def alter_table(self, table: Table, alterations: Sequence[Alteration]) -> list[str]:
        """``ALTER TABLE table clause, clause``: as few statements as the database takes."""
        statements: list[str] = []
        clauses: list[str] = []
        schema, name = table._schema, table._name

        def finish() -> None:
            if clauses:
                statements.append(f"ALTER TABLE {self.name(schema, name)} {', '.join(clauses)}")
                clauses.clear()

        for each in alterations:
            written: Altered = getattr(self, each.method)(each, table)
            clauses += written.clauses
            if written.alone is not None or written.after:
                finish()
            if written.alone is not None:
                statements.append(f"ALTER TABLE {self.name(schema, name)} {written.alone}")
            statements += written.after
            name = each.new_name if isinstance(each, RenameTable) else name
            schema = each.schema if isinstance(each, SetSchema) else schema
        finish()
        return statements

    def rebuilds(self, alteration: Alteration, table: Table) -> bool:
        """Whether the database takes a rebuild of the table for it, rather than doing it by itself or not at all."""
        return False

    # -- columns ------------------------------------------------------------------------------------------------------

    def add_column(self, action: AddColumn, table: Table) -> Altered:
        """``ADD COLUMN name type …``, with the constraints and the index of its options."""
        definition = definition_of(table)
        column = next(each for each in definition.columns if each.declared is action.column)
        clauses = [f"ADD COLUMN {self.if_not_exists(action)}{self.column(column, definition)}"]
        clauses += [f"ADD {self.constraint(each, table)}" for each in constraints_of(table, action.column)]
        indexes = [self.create_index(table, each) for each in indexes_of(table, action.column)]
        comments = [each for each in self.comments(definition) if f".{self.name(column.name)} IS " in each]
        return Altered(clauses, after=[*indexes, *comments])

    def if_not_exists(self, action: AddColumn) -> str:
        """``IF NOT EXISTS``, where columns have it."""
        if action.if_not_exists:
            raise self.unsupported("ADD COLUMN IF NOT EXISTS")
        return ""

    def drop_column(self, action: DropColumn, table: Table) -> Altered:
        """``DROP COLUMN name``."""
        return Altered([f"DROP COLUMN {self.if_exists(action)}{self.name(action.name)}{self.cascade(action.cascade)}"])

    def if_exists(self, action: DropColumn | DropConstraint) -> str:
        """``IF EXISTS``, where ALTER TABLE has it."""
        if action.if_exists:
            raise self.unsupported("ALTER TABLE … DROP … IF EXISTS")
        return ""

    def rename_column(self, action: RenameColumn, table: Table) -> Altered:
        """``RENAME COLUMN name TO name``."""
        return Altered(alone=f"RENAME COLUMN {self.name(action.name)} TO {self.name(action.new_name)}")

    def change_column(self, action: ChangeColumn, table: Table) -> Altered:
        """A change of a column."""
        raise NotImplementedError

    def changed_default(self, action: ChangeColumn, table: Table) -> list[str]:
        """``ALTER COLUMN name SET DEFAULT (value)``."""
        name = self.name(action.name)
        if action.drops_default:
            return [f"ALTER COLUMN {name} DROP DEFAULT"]
        if action.default is None:
            return []
        return [f"ALTER COLUMN {name} SET DEFAULT ({self.written(action.default.value, table, like=action.declared)})"]

    # -- constraints --------------------------------------------------------------------------------------------------

    def constraint(self, constraint: Any, table: Table) -> str:
        """``CONSTRAINT name …``, of any kind."""
        if isinstance(constraint, PrimaryKey):
            named = "" if constraint.name is None else f"CONSTRAINT {self.name(constraint.name)} "
            return f"{named}PRIMARY KEY {self.names(constraint.columns)}"
        if isinstance(constraint, Check):
            return self.check(constraint, table)
        return self.foreign_key(constraint) if isinstance(constraint, ForeignKey) else self.unique(constraint)

    def add_constraint(self, action: AddConstraint, table: Table) -> Altered:
        """``ADD CONSTRAINT …``."""
        if not action.is_validated:
            raise self.unsupported("constraints that are NOT VALID yet")
        return Altered([f"ADD {self.constraint(action.constraint, table)}"])

    def drop_constraint(self, action: DropConstraint, table: Table) -> Altered:
        """``DROP CONSTRAINT name``."""
        name = self.name(action.name)
        return Altered([f"DROP CONSTRAINT {self.if_exists(action)}{name}{self.cascade(action.cascade)}"])

    def drop_primary_key(self, action: DropPrimaryKey, table: Table) -> Altered:
        """``DROP PRIMARY KEY``."""
        return Altered(["DROP PRIMARY KEY"])

    def validate_constraint(self, action: ValidateConstraint, table: Table) -> Altered:
        """Refuse: constraints hold for every row."""
        raise self.unsupported("VALIDATE CONSTRAINT")

    def rename_constraint(self, action: RenameConstraint, table: Table) -> Altered:
        """Refuse: names of constraints stay."""
        raise self.unsupported("RENAME CONSTRAINT", "drop it and add it under the other name")

    # -- the table ----------------------------------------------------------------------------------------------------

    def rename_table(self, action: RenameTable, table: Table) -> Altered:
        """``RENAME TO name``."""
        return Altered(alone=f"RENAME TO {self.name(action.new_name)}")

    def set_schema(self, action: SetSchema, table: Table) -> Altered:
        """Move the table."""
        raise NotImplementedError

    def comment_table(self, action: CommentTable, table: Table) -> Altered:
        """Describe the table."""
        raise NotImplementedError


def constraints_of(table: Table, column: Column[Any]) -> list[Unique | Check | ForeignKey]:
    """The constraints that the options of a column say, with their names."""
    definition, options = definition_of(table), table._options(column.name)
    own = (column.column_name,)
    found: list[Unique | Check | ForeignKey] = []
    if options.unique:
        found += [each for each in definition.uniques if each.columns == own][:1]
    if options.check is not None:  # those of columns come first, in the order of the columns
        with_checks = [name for name in table._columns if table._options(name).check is not None]
        found.append(definition.checks[with_checks.index(column.name)])
    if options.references is not None:
        found += [each for each in definition.foreign_keys if each.columns == own][:1]
    return found


def indexes_of(table: Table, column: Column[Any]) -> list[Index]:
    """The index that the options of a column say, with its name."""
    if not table._options(column.name).index:
        return []
    return [each for each in definition_of(table).indexes if len(each.terms) == 1 and each.terms[0] is column][:1]
