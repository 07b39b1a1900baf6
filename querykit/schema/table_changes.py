"""What alterations make of the text of a table of SQLite's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from querykit import BuildError
from querykit.schema.altering import constraints_of
from querykit.schema.definition import definition_of
from querykit.schema.sqlite import SQLiteWriter
from querykit.schema.table_text import ClauseText, TableText, column_text, constraint_text, table_text, words_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from querykit import Table
    from querykit.schema.alterations import (
        AddColumn,
        AddConstraint,
        Alteration,
        ChangeColumn,
        DropColumn,
        DropConstraint,
        DropPrimaryKey,
        RenameConstraint,
    )


def changed(definition: str, table: Table, alterations: Sequence[Alteration]) -> TableText:
    """The text of a table, changed.

    Raises:
        BuildError: there is no such column or constraint, or a constraint stands on a column that is dropped.
    """
    changes = _Changes(table_text(definition), table)
    for each in alterations:
        getattr(changes, each.method)(each)
    return changes.text


class _Changes:
    """Changes a text; each method is called as its alteration's `method`."""

    def __init__(self, text: TableText, table: Table) -> None:
        """Hold the text, and the table that declares it."""
        self.text = text
        self.table = table

    def add_column(self, action: AddColumn) -> None:
        """A column behind the others, with its constraints."""
        name = action.column.column_name.lower()
        if any(each.name.lower() == name for each in self.text.columns):
            if action.if_not_exists:
                return
            raise BuildError(f"there is a column {action.column.column_name!r} already")
        definition = definition_of(self.table)
        column = next(each for each in definition.columns if each.declared is action.column)
        writer = SQLiteWriter()
        self.text.columns.append(column_text(writer.column(column, definition)))
        self.text.constraints += [
            constraint_text(writer.constraint(each, self.table)) for each in constraints_of(self.table, action.column)
        ]

    def drop_column(self, action: DropColumn) -> None:
        """A column goes, with the constraints that are its own."""
        SQLiteWriter().cascade(action.cascade)
        name = action.name.upper()
        if action.if_exists and all(each.name.upper() != name for each in self.text.columns):
            return
        column = self.text.column(action.name)
        names = {each.name.upper() for each in self.text.columns}
        self.text.columns.remove(column)
        kept = []
        for each in self.text.constraints:
            read = _columns_of(each) & names
            if name not in read:
                kept.append(each)
            elif read != {name}:
                raise BuildError(f"the constraint {each} has the column {action.name!r}: drop it first")
        self.text.constraints = kept
        for other in self.text.columns:
            for clause in other.clauses:
                if clause.kind != "REFERENCES" and name in _columns_of(clause):
                    raise BuildError(f"the column {other.name!r} reads {action.name!r} ({clause}): drop that first")

    def change_column(self, action: ChangeColumn) -> None:
        """Another type, default or nullability."""
        writer, column = SQLiteWriter(), self.text.column(action.name)
        if action.type is not None:
            column.type = action.type.on("sqlite")
        if action.is_nullable is not None:
            column.without("NOT")
            column.without("NULL")
            if not action.is_nullable:
                column.clauses.append(ClauseText("NOT", "NOT NULL"))
        if action.default is not None or action.drops_default:
            column.without("DEFAULT")
        if action.default is not None:
            value = writer.written(action.default.value, self.table, like=action.declared)
            column.clauses.append(ClauseText("DEFAULT", f"DEFAULT ({value})"))

    def add_constraint(self, action: AddConstraint) -> None:
        """A constraint more."""
        self.text.constraints.append(constraint_text(SQLiteWriter().constraint(action.constraint, self.table)))

    def drop_constraint(self, action: DropConstraint) -> None:
        """A constraint less."""
        SQLiteWriter().cascade(action.cascade)
        found = self._named(action.name)
        if found is not None:
            found[0].remove(found[1])
        elif not action.if_exists:
            raise BuildError(f"the table has no constraint {action.name!r}")

    def rename_constraint(self, action: RenameConstraint) -> None:
        """A constraint under another name."""
        found = self._named(action.name)
        if found is None:
            raise BuildError(f"the table has no constraint {action.name!r}")
        found[1].name = action.new_name

    def drop_primary_key(self, action: DropPrimaryKey) -> None:
        """The key goes; the columns stay."""
        lists = (self.text.constraints, *[each.clauses for each in self.text.columns])
        keys = [(clauses, each) for clauses in lists for each in clauses if each.kind == "PRIMARY"]
        if not keys:
            raise BuildError("the table has no primary key")
        for clauses, each in keys:
            clauses.remove(each)

    def _named(self, name: str) -> tuple[list[ClauseText], ClauseText] | None:
        """A constraint by its name, and the list in which it stands."""
        for clauses in (self.text.constraints, *[each.clauses for each in self.text.columns]):
            for each in clauses:
                if each.name is not None and each.name.lower() == name.lower():
                    return clauses, each
        return None


def _columns_of(constraint: ClauseText) -> frozenset[str]:
    """The names that stand in a clause's parentheses; of a foreign key, those on its own side."""
    inside = constraint.text.partition("(")[2]
    return words_of(inside.split(")")[0] if constraint.kind == "FOREIGN" else inside)
