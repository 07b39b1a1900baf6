"""Writing INSERT, UPDATE and DELETE as ANSI SQL. A dialect overrides what its database says differently."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from querykit.builder.delete import Delete
from querykit.builder.insert import Insert
from querykit.builder.update import Update
from querykit.dialects.expressions import visits
from querykit.dialects.select import SelectCompiler
from querykit.errors import CompileError

if TYPE_CHECKING:
    from querykit.builder.tables import Column, Table


class WriteCompiler(SelectCompiler):
    """Writes the statements that change rows."""

    @visits(Insert)
    def visit_insert(self, statement: Insert[Any, Any]) -> str:
        """``INSERT INTO … (…) VALUES (…), (…) RETURNING …``."""
        if not statement.rows:
            raise CompileError(f"nothing is inserted into {statement.table._name!r}: add values(…)")
        columns = statement.columns
        sql = self.with_clause(statement) if statement.ctes else ""
        sql += f"INSERT INTO {self.table(statement.table)} ({', '.join([self.names[each.name] for each in columns])}) VALUES "
        sql += ", ".join([self.inserted_row(row, columns) for row in statement.rows])
        return sql + self.returning_clause(statement.returned, statement.table)

    def inserted_row(self, row: tuple[Any, ...], columns: tuple[Column[Any], ...]) -> str:
        """``(…)``: the values of one row."""
        return f"({', '.join([self.assigned(value, column) for value, column in zip(row, columns, strict=True)])})"

    @visits(Update)
    def visit_update(self, statement: Update[Any, Any]) -> str:
        """``UPDATE … SET … WHERE … RETURNING …``."""
        if not statement.assignments:
            raise CompileError(f"nothing is set in {statement.table._name!r}: add set(…)")
        sql = self.with_clause(statement) if statement.ctes else ""
        sql += f"UPDATE {self.table(statement.table)} SET "
        self.scope = frozenset([statement.table._reference])
        sql += ", ".join([f"{self.names[each.name]} = {self.assigned(value, each)}" for each, value in statement.assignments])
        sql += self.where_clause(statement.predicates)
        return sql + self.returning_clause(statement.returned, statement.table)

    @visits(Delete)
    def visit_delete(self, statement: Delete[Any, Any]) -> str:
        """``DELETE FROM … WHERE … RETURNING …``."""
        sql = self.with_clause(statement) if statement.ctes else ""
        sql += f"DELETE FROM {self.table(statement.table)}"
        self.scope = frozenset([statement.table._reference])
        sql += self.where_clause(statement.predicates)
        return sql + self.returning_clause(statement.returned, statement.table)

    def returning_clause(self, returned: tuple[Any, ...], table: Table) -> str:
        """``RETURNING …``."""
        if not returned:
            return ""
        self.scope = frozenset([table._reference])
        return " RETURNING " + ", ".join([self.output(each) for each in returned])
