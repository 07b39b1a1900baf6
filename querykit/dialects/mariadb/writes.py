"""MariaDB's INSERT, UPDATE and DELETE: MySQL's, with RETURNING, and without a name for the new row."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from querykit.dialects.compiler import Compiler
from querykit.dialects.mysql.writes import MySQLWrites

if TYPE_CHECKING:
    from querykit.builder.delete import Delete
    from querykit.builder.explain import Explain
    from querykit.builder.insert import Insert
    from querykit.builder.locking import Lock
    from querykit.builder.query import AliasedQuery
    from querykit.builder.statement import Statement
    from querykit.builder.update import Update
    from querykit.builder.upsert import Conflict, ExcludedColumn
    from querykit.builder.values_table import ValuesTable
    from querykit.builder.write import Write


class MariaDBWrites(MySQLWrites):
    """Writes the statements that change rows.

    Attributes:
        deletes_joined: Whether a DELETE of joined tables is written, whose sub-queries cannot read its table.
    """

    deletes_joined: bool = False

    reads_what_it_writes = True
    drops_conditions = False

    lock_words: ClassVar = {"UPDATE": "FOR UPDATE", "SHARE": "LOCK IN SHARE MODE"}

    plan_formats = frozenset({"json"})

    def visit_values_table(self, source: ValuesTable) -> str:
        """``(WITH v (a, b) AS (VALUES (…), (…)) SELECT * FROM v) AS v``: a derived table cannot name its columns."""
        name = self.names[source._reference]
        columns = ", ".join([self.names[each] for each in source._columns])
        return f"(WITH {name} ({columns}) AS ({self.values_rows(source, '')}) SELECT * FROM {name}) AS {name}"

    def explain_words(self, statement: Explain) -> str:
        """``EXPLAIN FORMAT=JSON``, and ``ANALYZE FORMAT=JSON``.

        Source: https://mariadb.com/kb/en/analyze-statement/
        """
        word = "ANALYZE" if statement.is_analyzed else "EXPLAIN"
        return word if statement.form is None else f"{word} FORMAT={statement.form.upper()}"

    def locked_tables(self, lock: Lock) -> str:
        """Refuse OF."""
        raise self.unsupported("FOR UPDATE OF", "leave of= out, which locks the rows of every table of the query")

    # -- ON DUPLICATE KEY UPDATE --------------------------------------------------------------------------------------

    def conflict_clause(self, statement: Insert[Any, Any], conflict: Conflict) -> str:
        """``ON DUPLICATE KEY UPDATE …``, whose RETURNING has the rows that are left as they are, too."""
        if not conflict.assignments and statement.returned:
            raise self.unsupported(
                "ON CONFLICT DO NOTHING … RETURNING",
                "say ignore(), or select the rows by their key in the same transaction",
            )
        return super().conflict_clause(statement, conflict)

    def new_row_of_query(self, statement: Insert[Any, Any]) -> str:
        """```new```."""
        return self.names[self.new_row(statement)]

    def visit_excluded(self, node: ExcludedColumn) -> str:
        """``VALUES(`name`)``.

        Source: https://mariadb.com/kb/en/values-value/
        """
        return f"VALUES({self.excluded_name(node, self.check_excluded(node))})"

    # -- UPDATE, DELETE -----------------------------------------------------------------------------------------------

    def visit_update(self, statement: Update[Any, Any]) -> str:
        """``UPDATE …``, which has no RETURNING."""
        if statement.returned:
            raise self.unsupported("UPDATE … RETURNING", "select the rows by their key in the same transaction")
        return super().visit_update(statement)

    def visit_delete(self, statement: Delete[Any, Any]) -> str:
        """``DELETE …``, which has RETURNING in the form for one table only."""
        if self.names_what_is_deleted(statement):
            if statement.returned:
                raise self.unsupported("DELETE of joined tables … RETURNING", "delete by the keys of a sub-query")
            if statement.orderings or statement.row_limit is not None:
                raise self.unsupported("DELETE … AS … ORDER BY … LIMIT", "name the table without as_(…)")
            self.deletes_joined = True
        return super().visit_delete(statement)

    def query(self, query: Statement[Any, Any]) -> str:
        """A query inside another; in a DELETE of joined tables it does not read the table (error 1093)."""
        reads, self.reads_written = self.reads_written, False
        sql = super().query(query)
        if self.deletes_joined and self.reads_written:
            raise self.unsupported(
                "DELETE of joined tables with a sub-query of the same table",
                "join the sub-query as a table, query.as_(…), or delete by keys, without joins and as_(…)",
            )
        self.reads_written = reads
        return sql

    def visit_aliased_query(self, source: AliasedQuery) -> str:
        """A derived table, which is read before rows are written."""
        deletes, self.deletes_joined = self.deletes_joined, False
        reads = self.reads_written
        sql = super().visit_aliased_query(source)
        self.deletes_joined, self.reads_written = deletes, reads
        return sql

    def names_what_is_deleted(self, statement: Delete[Any, Any]) -> bool:
        """Whether the statement needs the form for several tables: an alias does too, before MariaDB 11.6."""
        return statement.table._alias is not None or super().names_what_is_deleted(statement)

    def returning_clause(self, statement: Write[Any, Any]) -> str:
        """`` RETURNING …``."""
        return Compiler.returning_clause(self, statement)
