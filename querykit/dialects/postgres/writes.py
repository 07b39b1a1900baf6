"""PostgreSQL's INSERT and UPDATE."""

from __future__ import annotations

from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from pypika.terms import Term

from querykit.builder.operands import Value
from querykit.builder.value_types import type_of
from querykit.dialects.compiler import Compiler
from querykit.errors import CompileError

if TYPE_CHECKING:
    from querykit.builder.insert import Insert
    from querykit.builder.row_filters import Enforced
    from querykit.builder.tables import Column
    from querykit.builder.upsert import Conflict
    from querykit.dialects.inserts import Rows, Targets

_FRACTIONAL = frozenset({float, Decimal})
"""What asyncpg cuts to an integer where the server takes the parameter for one."""


@lru_cache(maxsize=32)
def _marks(start: int, rows: int, width: int) -> str:
    row = f"({', '.join(['$%d'] * width)})"
    return ", ".join([row] * rows) % tuple(range(start + 1, start + 1 + rows * width))


class PostgresWrites(Compiler):
    """Writes the statements that change rows."""

    plan_formats = frozenset({"text", "json", "xml", "yaml"})

    def assigned(self, value: Any, column: Column[Any]) -> str:
        """What a column is set to; a fraction tells its type where that of the column is not known."""
        if column.value_type is None and type(value) in _FRACTIONAL:
            return self.typed(Value(value, type_of(value)))
        return super().assigned(value, column)

    def need_a_look(self, rows: Rows, targets: Targets, kinds: set[type]) -> bool:
        """Whether a value cannot just be bound; `kinds` are the types of all."""
        if kinds.isdisjoint(_FRACTIONAL):
            return super().need_a_look(rows, targets, kinds)
        for position, target in enumerate(targets):
            if target.value_type is None and not _FRACTIONAL.isdisjoint([type(row[position]) for row in rows]):
                return True
        return super().need_a_look(rows, targets, kinds)

    def marks(self, start: int, rows: int, width: int) -> str:
        """The placeholders of rows: ``($1, $2), ($3, $4)``."""
        return _marks(start, rows, width)

    def first_row(self, row: tuple[Any, ...], columns: tuple[Column[Any], ...]) -> str:
        """The row of VALUES that tells the types of the columns."""
        values = [
            self.visit(value) if isinstance(value, Term) else self.typed(Value(value, column.value_type))
            for value, column in zip(row, columns, strict=True)
        ]
        return f"({', '.join(values)})"

    def visit_enforced(self, node: Enforced[Any]) -> str:
        """A cast that fails with a text of ours. A constant may be cast before anything else, so it is none."""
        test = f"CASE WHEN {self.visit(node.condition)} THEN 'true' ELSE '{node.MARK}' END"
        return f"CASE WHEN CAST({test} AS boolean) THEN {self.typed(node.term)} END"

    def conflict_clause(self, statement: Insert[Any, Any], conflict: Conflict) -> str:
        """``ON CONFLICT …``; an update has to know the key."""
        if conflict.assignments and not conflict.targets and conflict.constraint is None:
            raise CompileError(
                "on_conflict().do_update(…): postgres has to know the key: name its columns or constraint"
            )
        return super().conflict_clause(statement, conflict)
