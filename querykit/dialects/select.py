"""Writing SELECT as ANSI SQL. A dialect overrides what its database says differently."""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING, Any

from querykit.builder.expressions import Expression
from querykit.builder.groupings import GroupingSets
from querykit.builder.marks import refuse_unheard
from querykit.builder.query import AliasedQuery, AllColumns, Query, output_name
from querykit.builder.raw import RawStatement, RawTable
from querykit.builder.select import Select
from querykit.builder.tables import RENAMED, Column, Table, UndeclaredTable
from querykit.dialects.expressions import BOUND, Written, is_value, visits
from querykit.dialects.locking import LockingCompiler
from querykit.errors import CompileError

if TYPE_CHECKING:
    from pypika.terms import Term

    from querykit.builder.expressions import Ordering
    from querykit.builder.select import Join
    from querykit.builder.statement import Statement
    from querykit.builder.tables import Source


PLAIN_PARTS = frozenset(
    {
        "columns",
        "sources",
        "predicates",
        "orderings",
        "executor",
        "row_type",
        "is_scalar",
        "_compiled",
        "plugins",
    }
)
"""What most selects consist of. To ask once whether there is more takes a third of the time of asking for each part."""


_REFERENCE, _REFERENCE_JOINED = attrgetter("_reference"), attrgetter("source._reference")


class TableSql:
    """What is written of a table in FROM, and the names that columns can refer to where it stands alone."""

    __slots__ = ("from_clause", "name", "reference", "references")

    def __init__(self, table: Table, name: str) -> None:
        """Take the table and its name, with its alias."""
        self.name = name
        self.reference = table._reference
        self.references = frozenset([table._reference])
        self.from_clause = " FROM " + name


class SelectCompiler(LockingCompiler):
    """Writes SELECT and its clauses."""

    tables: Written[Table, TableSql]

    def __init_subclass__(cls) -> None:
        """Begin with no table written."""
        super().__init_subclass__()
        cls.tables = Written(lambda table: TableSql(table, cls.named(table)), limit=1000)

    def query(self, query: Statement[Any, Any]) -> str:
        """A query inside another."""
        if query.is_write and not isinstance(query, RawStatement):
            raise CompileError(f"a sub-query is a select or raw SQL, not a {type(query).__name__}")
        return self.visitor_of[type(query)](self, query)

    @visits(RawStatement)
    def visit_raw_statement(self, statement: RawStatement) -> str:
        """Raw SQL as it is."""
        return self.visit_fragment(statement.fragment)

    @visits(Select)
    def visit_select(self, query: Select[Any, Any]) -> str:
        """``SELECT … FROM … WHERE … GROUP BY … HAVING … ORDER BY … LIMIT …``."""
        if not query.columns:
            raise CompileError("the query selects nothing: add select(…) or select_all()")
        sources = query.sources
        if len(sources) == 1 and PLAIN_PARTS.issuperset(query.__dict__) and isinstance(sources[0], Table):
            only = self.tables[sources[0]]
            if only.reference not in self.scope and not self.windows:
                return self.plain_select(query, only)
        return self.full_select(query)

    def full_select(self, query: Select[Any, Any]) -> str:
        """A select with all of its clauses."""
        if query.filtering is not None:
            return self.visit_select(query.filtering.applied(query))
        refuse_unheard(query.marks)
        outer, common, windows = self.scope, self.common, self.windows
        sql = self.with_clause(query) if query.ctes else ""
        self.scope = self.scope_of(query)
        is_compared = query.is_distinct or query.distinct_terms or query.groupings
        sql += self.select_words(query) if is_compared else "SELECT "
        if query.front_modifiers:
            sql += "".join([f"{self.visit(each)} " for each in query.front_modifiers])
        if query.windows or windows:
            self.windows = self.declared_windows(query)
        sql += self.select_list(self.selected(query) if is_compared else query.columns)
        sql += self.from_clause(query, outer)
        if query.predicates:
            sql += f" WHERE {self.all_of(query.predicates)}"
        if query.groupings or query.group_predicates:
            sql += self.group_by_clause(query)
        if query.windows:
            sql += self.window_clause(query.windows)
        if query.orderings:
            sql += self.order_by_clause(query)
        sql += self.limit_clause(query)
        if query.lock is not None:
            sql += self.lock_clause(query.lock, query)
        if query.end_modifiers:
            sql += "".join([f" {self.visit(each)}" for each in query.end_modifiers])
        self.scope, self.common, self.windows = outer, common, windows
        return sql

    def plain_select(self, query: Select[Any, Any], only: TableSql) -> str:
        """A select from one table without rarer clauses, as most are: written in half the time."""
        outer = self.scope
        self.scope = outer | only.references if outer else only.references
        columns = self.select_list(query.columns)
        where, predicates = "", query.predicates
        if len(predicates) == 1:
            where = " WHERE " + self.visitor_of[type(predicates[0])](self, predicates[0])
        elif predicates:
            where = " WHERE " + self.all_of(predicates)
        order_by = ""
        for ordering in query.orderings:
            order_by += (", " if order_by else " ORDER BY ") + self.ordering(ordering, query)
        self.scope = outer
        return f"SELECT {columns}{only.from_clause}{where}{order_by}"

    def select_list(self, columns: tuple[Any, ...]) -> str:
        """``a, b AS c``."""
        column_sql, scope, sql = self.column_sql, self.scope, ""
        for each in columns:  # columns are written in place, because a comprehension or a method is a call
            is_plain = type(each) is Column and each.alias is None and each.reference in scope
            item = column_sql[each] if is_plain else self.output(each)
            sql = f"{sql}, {item}" if sql else item
        return sql

    def select_words(self, query: Select[Any, Any]) -> str:
        """``SELECT DISTINCT``."""
        if query.distinct_terms:
            raise self.unsupported("DISTINCT ON", "number the rows with row_number() over a partition and filter by it")
        return "SELECT DISTINCT " if query.is_distinct else "SELECT "

    def selected(self, query: Select[Any, Any]) -> tuple[Term | AllColumns, ...]:
        """The items of the select list of a query that compares its rows."""
        return query.columns

    def declared_windows(self, query: Select[Any, Any]) -> frozenset[str]:
        """The names of the clause WINDOW, and those that a window of it can be based on."""
        names = [str(each.name) for each in query.windows]
        if len(set(names)) < len(names):
            raise CompileError(
                f"the query has two windows named {next(one for one in names if names.count(one) > 1)!r}"
            )
        return frozenset(names)

    def scope_of(self, query: Select[Any, Any]) -> frozenset[str]:
        """The names that columns of the query can refer to: its own tables', and those of the queries around it."""
        sources = query.sources
        if len(sources) == 1 and not query.joins and sources[0]._reference not in self.scope:
            return self.scope | {sources[0]._reference}
        references = [*map(_REFERENCE, sources), *map(_REFERENCE_JOINED, query.joins)]
        own = frozenset(references)
        if len(own) < len(references):
            twice = next(each for each in references if references.count(each) > 1)
            raise CompileError(f"{twice!r} stands twice in FROM: give one of them another name with .as_(…)")
        if not own.isdisjoint(self.scope):
            again = next(each for each in references if each in self.scope)
            raise CompileError(
                f"{again!r} stands in the FROM of a query and of one around it, so that its columns "
                "would silently mean the inner one: give one of them another name with .as_(…)"
            )
        return own | self.scope

    def output(self, column: Term | AllColumns) -> str:
        """One item of the select list, with its alias."""
        kind = type(column)
        sql = self.typed(column) if kind in BOUND else self.visitor_of[kind](self, column)
        alias = column.alias if isinstance(column, Expression) else column.__dict__.get("alias")
        if alias is None:
            return f"{sql} AS {self.names[str(output_name(column))]}" if kind in RENAMED else sql
        return f"{sql} AS {self.names[alias]}"

    def from_clause(self, query: Select[Any, Any], outer: frozenset[str]) -> str:
        """``FROM a, b JOIN c ON …``; a derived table sees what stands around the query, not its neighbours."""
        if not query.sources:
            if query.joins:
                raise CompileError("a join needs a table before it: add from_(…)")
            return ""
        inner, self.scope = self.scope, outer
        around, self.from_scope = self.from_scope, inner
        first, *others = query.sources
        sql = " FROM " + self.visitor_of[type(first)](self, first)
        # a comma binds looser than JOIN, and the conditions after it would not see the first table
        separator, joined = (" INNER JOIN ", " ON TRUE") if query.joins else (", ", "")
        for each in others:
            sql += f"{separator}{self.source(each)}{joined}"
        for join in query.joins:
            if join.is_lateral:
                self.scope = inner
            sql += f" {self.join_words(join)} {self.visitor_of[type(join.source)](self, join.source)}"
            self.scope = inner
            if join.predicates:
                sql += f" ON {self.all_of(join.predicates)}"
            elif join.using:
                sql += f" USING ({', '.join(self.using_names(query, join))})"
            self.scope = outer
        self.scope, self.from_scope = inner, around
        return sql

    def using_names(self, query: Query[Any, Any], join: Join) -> list[str]:
        """The names of the columns that both sides of a join have.

        Raises:
            CompileError: one has another name in the database on the other side.
        """
        sources = (*getattr(query, "sources", ()), *[each.source for each in getattr(query, "joins", ())])
        tables = [each for each in sources if isinstance(each, Table) and each._column_names]
        names = []
        for name in join.using:
            column_names = getattr(join.source, "_column_names", {})
            own = column_names.get(name, name)
            other = next((each for each in tables if name in each._columns and each[name].column_name != own), None)
            if other is not None:
                raise CompileError(
                    f"using={name!r}: it is {own!r} on one side and {other[name].column_name!r} on the other: say on"
                )
            names.append(self.names[own])
        return names

    def join_words(self, join: Join) -> str:
        """``INNER JOIN`` and its like."""
        if join.is_lateral:
            self.refuse_lateral()
            return f"{join.kind} JOIN LATERAL"
        return f"{join.kind} JOIN"

    def refuse_lateral(self) -> None:
        """Refuse LATERAL, where the database has none."""

    def source(self, source: Source) -> str:
        """A table or derived table in FROM."""
        return self.visitor_of[type(source)](self, source)

    @visits(AliasedQuery)
    def visit_aliased_query(self, source: AliasedQuery) -> str:
        """``(SELECT …) AS "name"``."""
        return f"({self.query(source._query)}) AS {self.names[source._reference]}"

    @visits(RawTable)
    def visit_raw_table(self, source: RawTable) -> str:
        """``function(…) AS "name"``, which sees the tables beside it."""
        outer, self.scope = self.scope, self.from_scope or self.scope
        sql = f"{self.visit_fragment(source._fragment)} AS {self.names[source._reference]}"
        self.scope = outer
        return f"{sql}{self.renamed_columns(source)}" if source._is_renamed else sql

    def renamed_columns(self, source: RawTable) -> str:
        """``("a", "b")`` after the name of a table."""
        raise self.unsupported("names for the columns of a function in FROM", "use the names that the columns have")

    @visits(Table, UndeclaredTable)
    def table(self, table: Any) -> str:
        """``"schema"."table" AS "alias"``."""
        return self.tables[table].name

    @classmethod
    def named(cls, table: Table) -> str:
        """A table by its name and its alias."""
        sql = cls.names[table._name]
        if table._schema is not None:
            sql = f"{cls.names[table._schema]}.{sql}"
        return sql if table._alias is None else f"{sql} AS {cls.names[table._alias]}"

    def where_clause(self, predicates: tuple[Term, ...]) -> str:
        """``WHERE …``."""
        return f" WHERE {self.all_of(predicates)}" if predicates else ""

    def group_by_clause(self, query: Select[Any, Any]) -> str:
        """``GROUP BY … HAVING …``."""
        sql = ""
        for each in query.groupings:
            sql += ", " if sql else " GROUP BY "
            if type(each) is Column:
                sql += self.visit_column(each)
            else:
                sql += self.grouping_sets(each, query) if type(each) is GroupingSets else self.repeated(each, query)
        if query.group_predicates:
            sql += f" HAVING {self.all_of(query.group_predicates)}"
        return sql

    def grouping_sets(self, grouping: GroupingSets, query: Select[Any, Any]) -> str:
        """``ROLLUP (a, b)``, ``GROUPING SETS ((a, b), ())``."""
        has_parentheses = grouping.kind == "GROUPING SETS"
        sets = []
        for each in grouping.sets:
            terms = ", ".join([self.repeated(term, query) for term in each])
            sets.append(f"({terms})" if has_parentheses or len(each) > 1 else terms)
        return f"{grouping.kind} ({', '.join(sets)})"

    @visits(GroupingSets)
    def visit_grouping_sets(self, grouping: GroupingSets) -> str:
        """Refuse grouping sets that stand anywhere but in GROUP BY."""
        raise CompileError(f"{grouping.kind} stands in group_by(…) only")

    def repeated(self, term: Term, query: Query[Any, Any] | None) -> str:
        """A term of GROUP BY or ORDER BY, by its position if it is an item of the select list that binds values.

        Written twice, such an item is two expressions to the database, because its parameters are two.
        """
        before, adapted = len(self.parameters), len(self.adapters)
        sql = self.visit(term)
        if len(self.parameters) == before:
            return sql
        if isinstance(query, Select):
            for position, column in enumerate(query.columns, 1):
                if column is term or _is_alias_of(column, term):
                    del self.parameters[before:], self.adapters[adapted:]
                    return str(position)
        if is_value(term):
            raise CompileError(
                "ORDER BY and GROUP BY take expressions, not a value, which some databases read as the position of a "
                'column; a column is reached through its table, table["name"]'
            )
        return sql

    def order_by_clause(self, query: Query[Any, Any]) -> str:
        """``ORDER BY …``."""
        sql = ""
        for each in query.orderings:
            sql += (", " if sql else " ORDER BY ") + self.ordering(each, query)
        return sql

    def ordering(self, ordering: Ordering, query: Query[Any, Any] | None) -> str:
        """One key of ORDER BY: ascending is not written."""
        term: Any = ordering.term
        is_column = type(term) is Column and term.alias is None and term.reference in self.scope
        sql = self.column_sql[term] if is_column else self.ordered_term(term, query)
        is_plain = ordering.direction == "ASC" and ordering.nulls is None
        return sql if is_plain else self.placed_nulls(sql, ordering)

    def ordered_term(self, term: Any, query: Query[Any, Any] | None, at_least: int = 0) -> str:
        """What is ordered by: the alias of an item of the select list, or the term; as an operand, never a position."""
        alias = term.alias if isinstance(term, Expression) else term.__dict__.get("alias")
        if alias is not None and isinstance(query, Select) and any(each is term for each in query.columns):
            return self.names[alias]
        return self.operand(term, at_least) if at_least else self.repeated(term, query)


def _is_alias_of(column: Any, term: Any) -> bool:
    """Whether an item of the select list is a term under another name: `as_` copies, and keeps the operands."""
    if type(column) is not type(term) or not isinstance(term, Expression):
        return False
    own, others = column.__dict__, term.__dict__
    return all(own.get(each) is others.get(each) for each in own.keys() | others.keys() if each != "alias")
