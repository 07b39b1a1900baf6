"""Writing VALUES as a table, and EXPLAIN."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from querykit.builder.explain import Explain
from querykit.builder.values_table import ValuesQuery, ValuesTable
from querykit.dialects.expressions import visits
from querykit.dialects.writes import WriteCompiler

if TYPE_CHECKING:
    from querykit.builder.tables import Column, Table


class ValuesCompiler(WriteCompiler):
    """Writes rows of values where a table stands, and EXPLAIN."""

    plan_formats: ClassVar[frozenset[str]] = frozenset()
    """The words that FORMAT takes."""

    # -- VALUES -------------------------------------------------------------------------------------------------------

    @visits(ValuesQuery)
    def visit_values_query(self, query: ValuesQuery) -> str:
        """``SELECT * FROM (VALUES …) AS "values" (…)``: only a table can name its columns."""
        return f"SELECT * FROM {self.visit_values_table(ValuesTable(query, 'values'))}"

    @visits(ValuesTable)
    def visit_values_table(self, source: ValuesTable) -> str:
        """``(VALUES (…), (…)) AS "name" ("a", "b")``."""
        columns = ", ".join([self.names[name] for name in source._columns])
        return f"({self.values_rows(source)}) AS {self.names[source._reference]} ({columns})"

    def values_rows(self, source: ValuesTable, word: str = "") -> str:
        """``VALUES (…), (…)``."""
        query: Any = source._query
        columns = tuple(source._columns.values())
        outer, self.scope = self.scope, frozenset()
        first, *others = query.rows
        rows = [self.first_row(first, columns), *[self.inserted_row(row, columns) for row in others]]
        self.scope = outer
        return "VALUES " + ", ".join([word + row for row in rows])

    def first_row(self, row: tuple[Any, ...], columns: tuple[Column[Any], ...]) -> str:
        """The row that tells the types of the columns."""
        return self.inserted_row(row, columns)

    # -- EXPLAIN ------------------------------------------------------------------------------------------------------

    @visits(Explain)
    def visit_explain(self, statement: Explain) -> str:
        """``EXPLAIN …``."""
        if statement.form is not None and statement.form not in self.plan_formats:
            known = ", ".join(sorted(self.plan_formats)) or "none"
            raise self.unsupported(f"EXPLAIN FORMAT {statement.form}", f"it has {known}")
        return f"{self.explain_words(statement)} {self.visit(statement.statement)}"

    def explain_words(self, statement: Explain) -> str:
        """``EXPLAIN (ANALYZE, FORMAT JSON)``."""
        options = ["ANALYZE"] if statement.is_analyzed else []
        if statement.form is not None:
            options.append(f"FORMAT {statement.form.upper()}")
        return f"EXPLAIN ({', '.join(options)})" if options else "EXPLAIN"

    @classmethod
    def index_for(cls, table: Table, columns: tuple[str, ...]) -> str:
        """``CREATE INDEX "pet_owner_id_idx" ON "pet" ("owner_id")``, for a plan that lacks it."""
        place = cls.names[table._name]
        if table._schema is not None:
            place = f"{cls.names[table._schema]}.{place}"
        return f"CREATE INDEX {cls.index_name(table, columns)} ON {place} {cls.name_list(columns)}"

    @classmethod
    def index_name(cls, table: Table, columns: tuple[str, ...]) -> str:
        """``"pet_owner_id_idx"``, within the length that every database takes."""
        return cls.names["_".join([table._name, *columns])[:59] + "_idx"]

    @classmethod
    def name_list(cls, columns: tuple[str, ...]) -> str:
        """``("a", "b")``."""
        return f"({', '.join([cls.names[each] for each in columns])})"
