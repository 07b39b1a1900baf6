"""Writing INSERT as ANSI SQL, with ON CONFLICT. A dialect overrides what its database says differently."""

from __future__ import annotations

from contextlib import contextmanager
from itertools import chain
from typing import TYPE_CHECKING, Any

from pypika.terms import Term

from querykit.builder.insert import Insert
from querykit.builder.marks import refuse_unheard
from querykit.builder.query import refuse_duplicates
from querykit.builder.tables import Column
from querykit.builder.upsert import ExcludedColumn
from querykit.builder.value_types import BOOL, FLOAT, INT, STR, type_of
from querykit.dialects.expressions import Written, visits
from querykit.dialects.select import SelectCompiler
from querykit.errors import BuildError, CompileError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from querykit.builder.statement import Statement
    from querykit.builder.upsert import Conflict
    from querykit.builder.write import Assignment, Write

    Rows = Sequence[tuple[Any, ...]]
    Targets = tuple[Column[Any], ...]

_SIMPLE = {int: INT, str: STR, float: FLOAT, bool: BOOL, type(None): None}
"""Types of values whose type in the database follows from them alone."""

SPARE_PARAMETERS = 1000
"""Room for values outside the rows (in DO UPDATE and RETURNING), below which they are not counted."""


class InsertCompiler(SelectCompiler):
    """Writes INSERT.

    Attributes:
        inserting: The INSERT whose DO UPDATE is written, or None.
    """

    inserting: Insert[Any, Any] | None = None

    @visits(Insert)
    def visit_insert(self, statement: Insert[Any, Any]) -> str:
        """``INSERT INTO … (…) VALUES (…), (…) ON CONFLICT … RETURNING …``."""
        refuse_unheard(statement.marks)
        outer, self.scope = self.scope, frozenset()
        sql = self.leading_with(statement) if statement.ctes else ""
        sql += f"{self.insert_words(statement)} {self.table(statement.table)}{self.inserted(statement)}"
        self.scope = frozenset([statement.table._reference])
        if statement.conflict is not None:
            self.inserting = statement
            sql += self.conflict_clause(statement, statement.conflict)
            self.inserting = None
        sql += self.end(statement)
        self.scope = outer
        return sql

    def leading_with(self, statement: Insert[Any, Any]) -> str:
        """WITH, before the INSERT."""
        return self.with_clause(statement)

    def insert_words(self, statement: Insert[Any, Any]) -> str:
        """``INSERT INTO``."""
        if statement.resolution is not None:
            raise self.unsupported(
                f"INSERT OR {statement.resolution}", "say on_conflict(…).do_nothing() or do_update(…)"
            )
        return "INSERT INTO"

    def inserted(self, statement: Insert[Any, Any]) -> str:
        """`` (…) VALUES (…)``, `` (…) SELECT …`` or `` DEFAULT VALUES``."""
        targets = statement.targets
        if statement.is_of_defaults:
            return self.default_row(statement)
        columns = (
            " " if statement.is_positional else f" ({', '.join([self.names[each.column_name] for each in targets])}) "
        )
        if statement.query is not None:
            return columns + self.inserted_query(statement, statement.query)
        if not statement.rows:
            raise CompileError(f"nothing is inserted into {statement.table._name!r}: add values(…)")
        return f"{columns}VALUES {self.inserted_rows(statement.rows, targets)}"

    def default_row(self, statement: Insert[Any, Any]) -> str:
        """`` DEFAULT VALUES``."""
        return " DEFAULT VALUES"

    def inserted_query(self, statement: Insert[Any, Any], query: Statement[Any, Any]) -> str:
        """The query whose rows are inserted."""
        return self.query(query)

    # -- rows ---------------------------------------------------------------------------------------------------------

    def inserted_rows(self, rows: Rows, targets: Targets) -> str:
        """``(…), (…)``: without expressions in them, the rows are bound all at once."""
        kinds = set(map(type, chain.from_iterable(rows)))
        if self.need_a_look(rows, targets, kinds):
            return ", ".join([self.inserted_row(row, targets) for row in rows])
        start, width = len(self.parameters), len(targets)
        self.parameters.extend(chain.from_iterable(rows))
        are_simple = self.are_taken_as_they_are(kinds)
        for position, target in enumerate(targets):
            if target.value_type is not None or not are_simple:
                self.adapt_column(position, target, rows, range(start + position, len(self.parameters), width))
        return self.marks(start, len(rows), width)

    def need_a_look(self, rows: Rows, targets: Targets, kinds: set[type]) -> bool:
        """Whether a value cannot just be bound; `kinds` are the types of all."""
        return any(issubclass(kind, Term) for kind in kinds)

    def are_taken_as_they_are(self, kinds: set[type]) -> bool:
        """Whether the driver takes values of these types as they are, where that of their column is not known."""
        adapters = self.dialect.values.adapters
        return all(kind in _SIMPLE and ((known := _SIMPLE[kind]) is None or adapters[known] is None) for kind in kinds)

    def inserted_row(self, row: tuple[Any, ...], targets: Targets) -> str:
        """``(…)``: the values of one row."""
        return f"({', '.join([self.assigned(value, target) for value, target in zip(row, targets, strict=True)])})"

    def adapt_column(self, position: int, target: Column[Any], rows: Rows, places: range) -> None:
        """Note which of a column's values the driver takes only in another form."""
        adapters = self.dialect.values.adapters
        if target.value_type is not None:
            adapter = adapters[target.value_type]
            if adapter is not None:
                self.adapters.extend([(place, adapter) for place in places])
            return
        if self.are_taken_as_they_are({type(row[position]) for row in rows}):
            return
        for place, row in zip(places, rows, strict=True):
            type_ = type_of(row[position])
            if type_ is not None and (adapter := adapters[type_]) is not None:
                self.adapters.append((place, adapter))

    def marks(self, start: int, rows: int, width: int) -> str:
        """The placeholders of rows: ``(?, ?), (?, ?)``."""
        return ", ".join([f"({', '.join([self.placeholder(0)] * width)})"] * rows)

    # -- more than one statement takes --------------------------------------------------------------------------------

    def parts(self, statement: Statement[Any, Any]) -> Sequence[Statement[Any, Any]]:
        """The statements that together do what one does: an INSERT of more values than it takes is split."""
        limit = self.dialect.features.max_parameters
        if not isinstance(statement, Insert) or limit is None or not statement.rows:
            return (statement,)
        rows, width = statement.rows, len(statement.targets)
        has_terms = any(issubclass(kind, Term) for kind in set(map(type, chain.from_iterable(rows))))
        if not has_terms and len(rows) * width + SPARE_PARAMETERS <= limit:
            return (statement,)
        plain = (None,) * width
        room = limit - (self._count(statement, plain) - width)
        if not has_terms:
            size = max(room // width, 1)
            return [statement.replaced(rows=rows[start : start + size]) for start in range(0, len(rows), size)]
        return self._parts_by_count(statement, room, limit - room)

    def _parts_by_count(self, statement: Insert[Any, Any], room: int, elsewhere: int) -> list[Insert[Any, Any]]:
        parts: list[list[tuple[Any, ...]]] = [[]]
        left = room
        for row in statement.rows:
            has_terms = any(isinstance(value, Term) for value in row)
            count = self._count(statement, row) - elsewhere if has_terms else len(row)
            if count > left and parts[-1]:
                parts.append([])
                left = room
            parts[-1].append(row)
            left -= count
        return [statement.replaced(rows=tuple(rows)) for rows in parts]

    def _count(self, statement: Insert[Any, Any], row: tuple[Any, ...]) -> int:
        """How many parameters the statement has with this row alone."""
        return len(self.dialect.compile(statement.replaced(rows=(row,))).parameters)

    # -- ON CONFLICT --------------------------------------------------------------------------------------------------

    def conflict_clause(self, statement: Insert[Any, Any], conflict: Conflict) -> str:
        """``ON CONFLICT (…) WHERE … DO UPDATE SET … WHERE …``."""
        sql = " ON CONFLICT"
        if conflict.constraint is not None:
            sql += f" ON CONSTRAINT {self.names[conflict.constraint]}"
        elif conflict.targets:
            sql += self.conflict_target(conflict)
        if not conflict.assignments:
            return f"{sql} DO NOTHING"
        sql += f" DO UPDATE SET {self.set_clause(conflict.assignments, statement)}"
        return sql + self.where_clause(conflict.update_predicates)

    def conflict_target(self, conflict: Conflict) -> str:
        """`` (…) WHERE …``: the columns of a unique index, which are not qualified here."""
        before = len(self.parameters)
        with self.columns_as(lambda column: self.names[column.column_name]):
            targets = [
                self.visit(each) if isinstance(each, Column) else f"({self.visit(each)})" for each in conflict.targets
            ]
            sql = f" ({', '.join(targets)}){self.where_clause(conflict.predicates)}"
        if len(self.parameters) > before:
            raise CompileError(
                "on_conflict(): the database finds an index by its text, so that no value in it can be bound: "
                "write sql.lit(…), or the condition as sql(…)"
            )
        return sql

    @contextmanager
    def columns_as(self, write: Callable[[Column[Any]], str]) -> Iterator[None]:
        """Write columns in another way."""
        before, self.column_sql = self.column_sql, Written[Column[Any], str](write)
        yield
        self.column_sql = before

    def set_clause(self, assignments: Sequence[Assignment], statement: Write[Any, Any]) -> str:
        """``a = …, b = …``."""
        written = []
        for column, value in assignments:
            if column.reference != statement.table._reference:
                raise self.unsupported(
                    f"statements that set columns of several tables ({column.described()})",
                    "run one for each table, in one transaction",
                )
            written.append(f"{self.names[column.column_name]} = {self.assigned(value, column)}")
        return ", ".join(written)

    @visits(ExcludedColumn)
    def visit_excluded(self, node: ExcludedColumn) -> str:
        """``"excluded"."name"``."""
        return f"{self.names['excluded']}.{self.excluded_name(node, self.check_excluded(node))}"

    def excluded_name(self, node: ExcludedColumn, inserting: Insert[Any, Any]) -> str:
        """The name of a column of the new row."""
        return self.names[inserting.table[node.name].column_name]

    def check_excluded(self, node: ExcludedColumn) -> Insert[Any, Any]:
        """The INSERT that is written; a column of its new row is refused where there is none, or no such column."""
        if self.inserting is None:
            raise CompileError(f"excluded.{node.name} is for on_conflict(…).do_update(…) alone")
        try:
            self.inserting.table[node.name]
        except BuildError as error:
            raise CompileError(f"excluded.{node.name}: {error}") from None
        return self.inserting

    # -- RETURNING ----------------------------------------------------------------------------------------------------

    def end(self, statement: Write[Any, Any]) -> str:
        """`` RETURNING …``, and raw SQL after it."""
        sql = ""
        if statement.returned:
            refuse_duplicates(statement)
            sql = self.returning_clause(statement)
        return sql + "".join([f" {self.visit(each)}" for each in statement.end_modifiers])

    def returning_clause(self, statement: Write[Any, Any]) -> str:
        """`` RETURNING …``."""
        return " RETURNING " + ", ".join([self.output(each) for each in statement.returned])
