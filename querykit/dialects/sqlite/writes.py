"""SQLite's INSERT, UPDATE and DELETE."""

from __future__ import annotations

from contextlib import nullcontext
from itertools import chain, groupby
from typing import TYPE_CHECKING, Any

from querykit.builder.insert import Insert
from querykit.builder.operands import DEFAULT, TRUE, Keyword
from querykit.builder.query import AllColumns
from querykit.builder.select import Select
from querykit.dialects.compiler import Compiler

if TYPE_CHECKING:
    from collections.abc import Sequence

    from querykit.builder.delete import Delete
    from querykit.builder.explain import Explain
    from querykit.builder.locking import Lock
    from querykit.builder.merge import Merge
    from querykit.builder.statement import Statement
    from querykit.builder.tables import Column, Table
    from querykit.builder.upsert import Conflict
    from querykit.builder.values_table import ValuesTable
    from querykit.builder.write import Write


class SQLiteWrites(Compiler):
    """Writes the statements that change rows."""

    def visit_values_table(self, source: ValuesTable) -> str:
        """``(SELECT column1 AS a, column2 AS b FROM (VALUES (…), (…))) AS v``: a table cannot name its columns."""
        columns = [f"column{place} AS {self.names[name]}" for place, name in enumerate(source._columns, 1)]
        rows = self.values_rows(source)
        return f"(SELECT {', '.join(columns)} FROM ({rows})) AS {self.names[source._reference]}"

    def explain_words(self, statement: Explain) -> str:
        """``EXPLAIN QUERY PLAN``."""
        if statement.is_analyzed:
            raise self.unsupported("EXPLAIN ANALYZE", "explain() shows the plan; measure the time around the call")
        return "EXPLAIN QUERY PLAN"

    @classmethod
    def index_for(cls, table: Table, columns: tuple[str, ...]) -> str:
        """``CREATE INDEX "main"."pet_owner_id_idx" ON "pet" ("owner_id")``: the schema stands before the index."""
        name, place = cls.index_name(table, columns), cls.names[table._name]
        if table._schema is not None:
            name = f"{cls.names[table._schema]}.{name}"
        return f"CREATE INDEX {name} ON {place} {cls.name_list(columns)}"

    def lock_clause(self, lock: Lock, query: Select[Any, Any]) -> str:
        """Refuse locks on rows."""
        raise self.unsupported(
            f"SELECT … FOR {lock.strength}", "a transaction that writes locks the whole database from its beginning"
        )

    # -- INSERT -------------------------------------------------------------------------------------------------------

    def insert_words(self, statement: Insert[Any, Any]) -> str:
        """``INSERT OR REPLACE INTO`` and its like."""
        return f"INSERT OR {statement.resolution} INTO" if statement.resolution else "INSERT INTO"

    def inserted(self, statement: Insert[Any, Any]) -> str:
        """`` (…) VALUES (…)``: there is no word for a default, so a column of defaults is left out."""
        if not any(each is Keyword for each in set(map(type, chain.from_iterable(statement.rows)))):
            return super().inserted(statement)
        masks = {_defaults(row) for row in statement.rows}
        if len(masks) > 1:
            raise self.unsupported(
                "DEFAULT as a value, which rows with different columns need",
                "run the statement, which splits it, or insert rows of the same columns",
            )
        given = _without_defaults(statement)
        if not given.is_of_defaults:
            return super().inserted(given)
        if len(statement.rows) > 1:
            raise self.unsupported("DEFAULT VALUES for several rows", "run the statement, which splits it")
        return self.default_row(given)

    def default_row(self, statement: Insert[Any, Any]) -> str:
        """`` DEFAULT VALUES``."""
        if statement.conflict is not None:
            raise self.unsupported("DEFAULT VALUES … ON CONFLICT", "name a column with its value")
        return super().default_row(statement)

    def inserted_query(self, statement: Insert[Any, Any], query: Statement[Any, Any]) -> str:
        """The query whose rows are inserted; before ON CONFLICT it needs a WHERE, or ON is taken for that of a join.

        Source: https://www.sqlite.org/lang_upsert.html#parsing_ambiguity
        """
        if statement.conflict is None or (isinstance(query, Select) and query.predicates):
            return self.query(query)
        if isinstance(query, Select) and query.sources:
            return self.query(query.where(TRUE))
        return f"SELECT * FROM ({self.query(query)}) WHERE TRUE"

    def conflict_clause(self, statement: Insert[Any, Any], conflict: Conflict) -> str:
        """``ON CONFLICT …``; constraints have no names here."""
        if conflict.constraint is not None:
            raise self.unsupported("ON CONFLICT ON CONSTRAINT", "name the columns")
        return super().conflict_clause(statement, conflict)

    def parts(self, statement: Statement[Any, Any]) -> Sequence[Statement[Any, Any]]:
        """Statements in place of one: rows that leave out other columns than those before them begin a new one."""
        if not isinstance(statement, Insert) or not any(
            each is Keyword for each in set(map(type, chain.from_iterable(statement.rows)))
        ):
            return super().parts(statement)
        parts: list[Statement[Any, Any]] = []
        for defaults, run in groupby(statement.rows, _defaults):
            rows = tuple(run)
            if len(defaults) == len(statement.targets):
                parts += [_without_defaults(statement.replaced(rows=(row,))) for row in rows]
            else:
                parts += super().parts(_without_defaults(statement.replaced(rows=rows)))
        return parts

    # -- UPDATE, DELETE, MERGE ----------------------------------------------------------------------------------------

    def visit_delete(self, statement: Delete[Any, Any]) -> str:
        """``DELETE FROM … WHERE …``, of one table."""
        if statement.sources or statement.joins:
            raise self.unsupported("DELETE … USING", "say where(exists(query)) or where(table.id.is_in(query))")
        return super().visit_delete(statement)

    def returning_clause(self, statement: Write[Any, Any]) -> str:
        """`` RETURNING …``: of the table that is written alone, under its name.

        Source: https://www.sqlite.org/lang_returning.html
        """
        table = statement.table
        self.scope = frozenset([table._reference])
        columns = [AllColumns(None) if type(each) is AllColumns else each for each in statement.returned]
        with self.columns_as(lambda column: self._by_name(column, table)) if table._alias else nullcontext():
            return " RETURNING " + ", ".join([self.output(each) for each in columns])

    def _by_name(self, column: Column[Any], table: Table) -> str:
        if column.reference != table._reference:
            return self.qualified(column)
        return f"{self.names[table._name]}.{self.names[column.column_name]}"

    def visit_merge(self, statement: Merge[Any, Any]) -> str:
        """Refuse MERGE."""
        raise self.unsupported("MERGE", "insert with on_conflict(…).do_update(…), from_select(…) if need be")


def _defaults(row: tuple[Any, ...]) -> tuple[int, ...]:
    """The positions of a row that are left to their defaults."""
    return tuple([position for position, value in enumerate(row) if value is DEFAULT])


def _without_defaults(statement: Insert[Any, Any]) -> Insert[Any, Any]:
    """The statement without the columns that its first row, and so every row, leaves to their defaults."""
    given = [position for position, value in enumerate(statement.rows[0]) if value is not DEFAULT]
    if not given:
        return statement.replaced(targets=(), rows=(), is_of_defaults=True)
    targets = tuple([statement.targets[position] for position in given])
    return statement.replaced(
        targets=targets, rows=tuple([tuple([row[position] for position in given]) for row in statement.rows])
    )
