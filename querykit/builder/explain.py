"""EXPLAIN: how the database would run a statement, or did."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from querykit.builder.compiled import OutputColumn
from querykit.builder.rewrite import writes
from querykit.builder.statement import Statement
from querykit.builder.value_types import JSON


class Explain(Statement[dict[str, Any], Any]):
    """An EXPLAIN of a statement; `Statement.explain` runs one.

    Attributes:
        statement: What is explained.
        is_analyzed: Whether it is run, and its times and rows counted.
        form: How the plan is written (``"json"``, ``"text"``, ``"tree"`` …), or None for the server's usual way.
    """

    statement: Statement[Any, Any]
    is_analyzed: bool = False
    form: str | None = None

    @property
    def is_write(self) -> bool:  # type: ignore[override]
        """Whether running it may change data."""
        return self.is_analyzed and writes(self.statement)

    def output_columns(self) -> tuple[OutputColumn, ...] | None:
        """The plan, if it is JSON; else only the database knows."""
        return (OutputColumn("plan", JSON),) if self.form == "json" else None


def explained(statement: Statement[Any, Any], *, analyze: bool, form: str | None) -> Explain:
    """The EXPLAIN of a statement."""
    return object.__new__(Explain).replaced(statement=statement, is_analyzed=analyze, form=form and form.lower())


@dataclass(frozen=True)
class MissingIndex:
    """A column that a nested query is looked up by for each row around it, and that no index of its table begins with.

    Attributes:
        table: The table.
        columns: The columns that an index would have.
        sql: The statement that makes one.
    """

    table: str
    columns: tuple[str, ...]
    sql: str

    def __str__(self) -> str:
        """What is missing, and what to do."""
        names = ", ".join(self.columns)
        return (
            f"{self.table} is searched by {names} for each row of the query around, and has no index for it: {self.sql}"
        )


class Plan(list[dict[str, Any]]):
    """The rows of an EXPLAIN.

    Attributes:
        warnings: The indexes that nested queries would need.
    """

    warnings: tuple[MissingIndex, ...] = ()
