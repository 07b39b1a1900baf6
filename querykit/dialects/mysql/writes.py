"""MySQL's INSERT, UPDATE and DELETE."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from querykit.builder.insert import Insert
from querykit.builder.marks import refuse_unheard
from querykit.builder.query import Query
from querykit.builder.select import Select
from querykit.builder.tables import Column
from querykit.dialects.mysql.semijoins import MySQLSemijoins
from querykit.dialects.writes import refuse_unrestricted, written_from
from querykit.errors import CompileError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from querykit.builder.delete import Delete
    from querykit.builder.explain import Explain
    from querykit.builder.merge import Merge
    from querykit.builder.statement import Statement
    from querykit.builder.update import Update
    from querykit.builder.upsert import Conflict, ExcludedColumn
    from querykit.builder.values_table import ValuesTable
    from querykit.builder.write import Assignment, Restricted, Write
    from querykit.dialects.select import TableSql


PART_LENGTH = 1 << 20
"""About how many characters of values one INSERT carries: servers take 16 MiB or more, old ones 1 or 4, and longer
texts are no quicker.

Source: https://dev.mysql.com/doc/refman/8.4/en/packet-too-large.html
"""
ROWS_NOT_WORTH_A_LOOK = 100
_LONG = (str, bytes, bytearray)


class MySQLWrites(MySQLSemijoins):
    """Writes the statements that change rows.

    Attributes:
        written: The name of the table that the statement writes, or None.
        reads_written: Whether the query that is being written reads that table.
        uses_new_row: Whether the row that was to be inserted was referred to.
    """

    ALL_ROWS: ClassVar = "18446744073709551615"
    """The number of rows that LIMIT calls all.

    Source: https://dev.mysql.com/doc/refman/8.4/en/select.html
    """
    reads_what_it_writes: ClassVar[bool] = False
    """Whether a sub-query of UPDATE or DELETE can read the table that is written."""

    written: str | None = None
    reads_written: bool = False
    uses_new_row: bool = False

    lock_words: ClassVar = {"UPDATE": "FOR UPDATE", "SHARE": "FOR SHARE"}
    plan_formats = frozenset({"traditional", "json", "tree"})

    def parts(self, statement: Statement[Any, Any]) -> Sequence[Statement[Any, Any]]:
        """Split an INSERT whose text would be longer than the server takes (max_allowed_packet)."""
        if not isinstance(statement, Insert) or len(statement.rows) < ROWS_NOT_WORTH_A_LOOK:
            return (statement,)
        parts: list[list[tuple[Any, ...]]] = [[]]
        room = PART_LENGTH
        for row in statement.rows:
            length = sum([2 * len(value) + 8 if isinstance(value, _LONG) else 32 for value in row])
            if length > room and parts[-1]:
                parts.append([])
                room = PART_LENGTH
            parts[-1].append(row)
            room -= length
        return [statement.replaced(rows=tuple(rows)) for rows in parts] if len(parts) > 1 else (statement,)

    # -- VALUES, EXPLAIN ----------------------------------------------------------------------------------------------

    def values_rows(self, source: ValuesTable, word: str = "ROW") -> str:
        """``VALUES ROW(…), ROW(…)``, since 8.0.19."""
        return super().values_rows(source, word)

    def explain_words(self, statement: Explain) -> str:
        """``EXPLAIN ANALYZE`` and ``EXPLAIN FORMAT=…``; what is analysed is shown as a tree."""
        if statement.is_analyzed:
            if statement.form not in (None, "tree"):
                raise self.unsupported(f"EXPLAIN ANALYZE FORMAT={statement.form.upper()}", 'say format="tree"')
            return "EXPLAIN ANALYZE"
        return "EXPLAIN" if statement.form is None else f"EXPLAIN FORMAT={statement.form.upper()}"

    # -- sub-queries that read the table that is written --------------------------------------------------------------

    def table(self, table: Any) -> str:
        """A table in FROM."""
        if table._name == self.written:
            self.reads_written = True
        return super().table(table)

    def plain_select(self, query: Select[Any, Any], only: TableSql) -> str:
        """A select from one table; within a write, `table` has to meet it."""
        return super().plain_select(query, only) if self.written is None else self.full_select(query)

    def query(self, query: Statement[Any, Any]) -> str:
        """A query inside another; one that reads the table that is written is read whole first.

        LIMIT keeps the server from merging the derived table, which would bring the error (1093) back.

        Source: https://dev.mysql.com/doc/refman/8.4/en/derived-table-optimization.html
        """
        if self.written is None or self.reads_what_it_writes:
            return super().query(query)
        before, self.reads_written = self.reads_written, False
        sql = super().query(query)
        if self.reads_written:
            limit = f" LIMIT {self.ALL_ROWS}" if isinstance(query, Query) and _is_bare(query) else ""
            sql = f"SELECT * FROM ({sql}{limit}) AS {self.names['read']}"
        self.reads_written = before
        return sql

    # -- INSERT -------------------------------------------------------------------------------------------------------

    def visit_insert(self, statement: Insert[Any, Any]) -> str:
        """``INSERT INTO … VALUES … ON DUPLICATE KEY UPDATE …``."""
        if statement.table._alias is not None:
            raise self.unsupported("INSERT INTO … AS", "name the table without as_(…)")
        self.written = statement.table._name
        sql = super().visit_insert(statement)
        self.written = None
        return sql

    def insert_words(self, statement: Insert[Any, Any]) -> str:
        """``INSERT IGNORE INTO`` and ``REPLACE INTO``."""
        words = {None: "INSERT INTO", "IGNORE": "INSERT IGNORE INTO", "REPLACE": "REPLACE INTO"}
        if statement.resolution not in words:
            raise self.unsupported(
                f"INSERT OR {statement.resolution}", "it does that by itself, or run it in a transaction"
            )
        return words[statement.resolution]

    def default_row(self, statement: Insert[Any, Any]) -> str:
        """`` () VALUES ()``."""
        return " () VALUES ()"

    def leading_with(self, statement: Insert[Any, Any]) -> str:
        """WITH, which stands before the SELECT."""
        if statement.query is None:
            raise self.unsupported("WITH before INSERT … VALUES", "insert from_select(…), which can have a WITH")
        return ""

    def inserted_query(self, statement: Insert[Any, Any], query: Statement[Any, Any]) -> str:
        """The query whose rows are inserted; before ON DUPLICATE KEY, which sees its tables, as a derived table."""
        if statement.ctes:
            query = query.replaced(
                ctes=statement.ctes + query.ctes, is_recursive=statement.is_recursive or query.is_recursive
            )
        written, self.written = self.written, None
        sql = self.query(query)
        self.written = written
        if statement.conflict is None:
            return sql
        return f"SELECT * FROM ({sql}) AS {self.new_row_of_query(statement)}"

    def new_row_of_query(self, statement: Insert[Any, Any]) -> str:
        """```new` (`a`, `b`)``: the name of the row that a query gave, and of its columns."""
        columns = ", ".join([self.names[each.column_name] for each in statement.targets])
        return f"{self.names[self.new_row(statement)]} ({columns})"

    # -- ON DUPLICATE KEY UPDATE --------------------------------------------------------------------------------------

    def conflict_clause(self, statement: Insert[Any, Any], conflict: Conflict) -> str:
        """``AS `new` ON DUPLICATE KEY UPDATE …``, which means every unique key of the table.

        Source: https://dev.mysql.com/doc/refman/8.4/en/insert-on-duplicate.html
        """
        self.refuse_conflict(conflict)
        if not conflict.assignments:
            return f" ON DUPLICATE KEY UPDATE {self.unchanged(statement, conflict)}"
        self.uses_new_row = False
        changed = self.set_clause(conflict.assignments, statement)
        is_named = self.uses_new_row and statement.query is None
        alias = f" AS {self.names[self.new_row(statement)]}" if is_named else ""
        return f"{alias} ON DUPLICATE KEY UPDATE {changed}"

    def refuse_conflict(self, conflict: Conflict) -> None:
        """Refuse what ON DUPLICATE KEY UPDATE would do differently."""
        if conflict.constraint is not None:
            raise self.unsupported("ON CONFLICT ON CONSTRAINT", "name the columns, or none: every unique key counts")
        if conflict.predicates:
            raise self.unsupported("ON CONFLICT … WHERE", "there are no partial indexes")
        if not all(isinstance(each, Column) for each in conflict.targets):
            raise self.unsupported("ON CONFLICT of an expression", "name no columns: every unique key counts")
        if conflict.update_predicates:
            raise self.unsupported(
                "ON CONFLICT DO UPDATE … WHERE", "choose between the old and the new value with case() in each column"
            )

    def unchanged(self, statement: Insert[Any, Any], conflict: Conflict) -> str:
        """A column set to itself: ``INSERT IGNORE`` would hide other errors too."""
        column = next(iter((*conflict.targets, *statement.targets)), None)
        if not isinstance(column, Column):
            raise self.unsupported("ON CONFLICT DO NOTHING for DEFAULT VALUES", "name a column in on_conflict(…)")
        name = self.names[column.column_name]
        return f"{name} = {self.names[statement.table._reference]}.{name}"

    def new_row(self, statement: Insert[Any, Any]) -> str:
        """The name of the row that was to be inserted."""
        return "new" if statement.table._name != "new" else "new_row"

    def visit_excluded(self, node: ExcludedColumn) -> str:
        """```new`.`name```."""
        inserting = self.check_excluded(node)
        self.uses_new_row = True
        return f"{self.names[self.new_row(inserting)]}.{self.excluded_name(node, inserting)}"

    # -- SET ----------------------------------------------------------------------------------------------------------

    def set_clause(self, assignments: Sequence[Assignment], statement: Write[Any, Any]) -> str:
        """``a = …, b = …``, in an order in which no value sees a column that was set before.

        Source: https://dev.mysql.com/doc/refman/8.4/en/update.html
        """
        is_joined = bool(getattr(statement, "sources", ()) or getattr(statement, "joins", ()))
        waiting = [self.apart(each, statement, is_joined=is_joined) for each in assignments]
        written = []
        while waiting:
            free = next((at for at, each in enumerate(waiting) if not self.is_read(each, waiting)), None)
            if free is None or (is_joined and free):
                raise self.unsupported(
                    f"SET of columns that read one another ({waiting[0][0].described()})",
                    "here each assignment sees those before it: set them in two statements",
                )
            _, sql, parameters, adapters = waiting.pop(free)
            before = len(self.parameters)
            self.adapters += [(before + place, adapter) for place, adapter in adapters]
            self.parameters += parameters
            written.append(sql)
        return ", ".join(written)

    def apart(self, assignment: Assignment, statement: Write[Any, Any], *, is_joined: bool) -> tuple[Any, ...]:
        """The column, ``a = …``, and its parameters by themselves."""
        column, value = assignment
        if column.reference not in self.scope:
            raise self.out_of_scope(column.reference, column.name)
        parameters, adapters = self.parameters, self.adapters
        self.parameters, self.adapters = [], []
        name = self.names[column.column_name]
        if is_joined:
            name = f"{self.names[column.reference]}.{name}"
        sql = f"{name} = {self.assigned(value, column)}"
        apart = (column, sql, self.parameters, self.adapters)
        self.parameters, self.adapters = parameters, adapters
        return apart

    def is_read(self, own: tuple[Any, ...], waiting: list[tuple[Any, ...]]) -> bool:
        """Whether another assignment that is still to be written reads the column of this one."""
        column = own[0]
        name = f"{self.names[column.reference]}.{self.names[column.column_name]}".casefold()  # as servers see columns
        return any(each is not own and name in each[1].partition(" = ")[2].casefold() for each in waiting)

    # -- UPDATE, DELETE -----------------------------------------------------------------------------------------------

    def visit_update(self, statement: Update[Any, Any]) -> str:
        """``UPDATE … JOIN … SET … WHERE … ORDER BY … LIMIT …``."""
        refuse_unheard(statement.marks)
        if not statement.assignments:
            raise CompileError(f"nothing is set in {statement.table._name!r}: add set(…)")
        refuse_unrestricted(statement, "UPDATE")
        outer = self.scope
        sql = self.with_clause(statement) if statement.ctes else ""
        self.written = statement.table._name
        self.scope = self.scope_of(written_from(statement))
        sql += f"UPDATE{self.written_tables(statement, outer)} SET {self.set_clause(statement.assignments, statement)}"
        sql += self.tail(statement, "UPDATE")
        self.written, self.scope = None, outer
        return sql

    def visit_delete(self, statement: Delete[Any, Any]) -> str:
        """``DELETE FROM … WHERE … ORDER BY … LIMIT …``, or ``DELETE a, b FROM a JOIN b ON … WHERE …``."""
        refuse_unheard(statement.marks)
        refuse_unrestricted(statement, "DELETE")
        outer = self.scope
        sql = self.with_clause(statement) if statement.ctes else ""
        self.written = statement.table._name
        self.scope = self.scope_of(written_from(statement))
        for other in statement.others:
            if other._reference not in self.scope:
                raise CompileError(f"rows of {other._reference!r} are deleted too: join it")
        names = [self.deleted_name(each) for each in (statement.table, *statement.others)]
        deleted = f" {', '.join(names)}" if self.names_what_is_deleted(statement) else ""
        sql += f"DELETE{deleted} FROM{self.written_tables(statement, outer)}{self.tail(statement, 'DELETE')}"
        self.written, self.scope = None, outer
        return sql

    def names_what_is_deleted(self, statement: Delete[Any, Any]) -> bool:
        """Whether the statement needs the form for several tables."""
        return bool(statement.sources or statement.joins or statement.others)

    def deleted_name(self, table: Any) -> str:
        """A table between DELETE and FROM."""
        if table._alias is not None or table._schema is None:
            return self.names[table._reference]
        return f"{self.names[table._schema]}.{self.names[table._name]}"

    def written_tables(self, statement: Restricted[Any, Any], outer: frozenset[str]) -> str:
        """The table that is written, with those that are joined."""
        return self.from_clause(written_from(statement), outer).removeprefix(" FROM")

    def tail(self, statement: Restricted[Any, Any], verb: str) -> str:
        """`` WHERE … ORDER BY … LIMIT … RETURNING …``."""
        sql = self.where_clause(statement.predicates)
        if statement.orderings or statement.row_limit is not None:
            if statement.sources or statement.joins:
                raise self.unsupported(f"{verb} … JOIN … ORDER BY … LIMIT", "take the keys from an ordered query")
            ordered = Select[Any, Any]().replaced(orderings=statement.orderings, row_limit=statement.row_limit)
            sql += self.order_by_clause(ordered) + self.limit_clause(ordered)
        return sql + self.end(statement)

    def returning_clause(self, statement: Write[Any, Any]) -> str:
        """Refuse RETURNING."""
        raise self.unsupported("RETURNING", "select the rows by their key in the same transaction")

    def visit_merge(self, statement: Merge[Any, Any]) -> str:
        """Refuse MERGE."""
        raise self.unsupported("MERGE", "insert with on_conflict().do_update(…), from_select(…) if need be")


def _is_bare(query: Query[Any, Any]) -> bool:
    """Whether a query ends before LIMIT."""
    return query.row_limit is None and query.row_offset is None and query.lock is None
