"""Writing SELECT as ANSI SQL. A dialect overrides what its database says differently."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from querykit.builder.expressions import Expression
from querykit.builder.query import AliasedQuery, AllColumns, Query
from querykit.builder.raw import RawStatement
from querykit.builder.select import Select
from querykit.builder.tables import Column, Table, UndeclaredTable
from querykit.dialects.combining import CombiningCompiler
from querykit.dialects.expressions import is_value, visits
from querykit.errors import CompileError

if TYPE_CHECKING:
    from pypika.terms import Term

    from querykit.builder.expressions import Ordering
    from querykit.builder.select import Join
    from querykit.builder.statement import Statement
    from querykit.builder.tables import Source


class SelectCompiler(CombiningCompiler):
    """Writes SELECT and its clauses."""

    def query(self, query: Statement[Any, Any]) -> str:
        """A query inside another."""
        if query.is_write and not isinstance(query, RawStatement):
            raise CompileError(f"a sub-query is a select or raw SQL, not a {type(query).__name__}")
        return self.visitors[type(query)](self, query)

    @visits(RawStatement)
    def visit_raw_statement(self, statement: RawStatement) -> str:
        """Raw SQL as it is."""
        return self.visit_fragment(statement.fragment)

    @visits(Select)
    def visit_select(self, query: Select[Any, Any]) -> str:
        """``SELECT … FROM … WHERE … GROUP BY … HAVING … ORDER BY … LIMIT …``."""
        if not query.columns:
            raise CompileError("the query selects nothing: add select(…) or select_all()")
        common = self.common
        sql = self.with_clause(query) if query.ctes else ""
        outer, self.scope = self.scope, self.scope_of(query)
        sql += self.select_words(query) if query.is_distinct or query.distinct_terms else "SELECT "
        visit_column, output = self.visit_column, self.output
        sql += ", ".join([visit_column(each) if type(each) is Column and each.alias is None else output(each) for each in query.columns])
        sql += self.from_clause(query, outer)
        if query.predicates:
            sql += " WHERE " + self.all_of(query.predicates)
        if query.groupings or query.group_predicates:
            sql += self.group_by_clause(query)
        if query.orderings:
            sql += self.order_by_clause(query)
        if query.row_limit is not None or query.row_offset is not None:
            sql += self.limit_clause(query)
        self.scope, self.common = outer, common
        return sql

    def select_words(self, query: Select[Any, Any]) -> str:
        """``SELECT DISTINCT``."""
        if query.distinct_terms:
            raise self.unsupported("DISTINCT ON", "number the rows with row_number() over a partition and filter by it")
        return "SELECT DISTINCT "

    def scope_of(self, query: Select[Any, Any]) -> frozenset[str]:
        """The names that columns of the query can refer to: its own tables', and those of the queries around it."""
        sources = query.sources
        if len(sources) == 1 and not query.joins and sources[0]._reference not in self.scope:
            return self.scope | {sources[0]._reference}
        references = [source._reference for source in sources] + [join.source._reference for join in query.joins]
        own = frozenset(references)
        if len(own) < len(references):
            twice = next(each for each in references if references.count(each) > 1)
            raise CompileError(f"{twice!r} stands twice in FROM: give one of them another name with .as_(…)")
        if not own.isdisjoint(self.scope):
            again = next(each for each in references if each in self.scope)
            raise CompileError(
                f"{again!r} stands in the FROM of a query and of one around it, so that its columns would silently mean "
                "the inner one: give one of them another name with .as_(…)"
            )
        return own | self.scope

    def output(self, column: Term | AllColumns) -> str:
        """One item of the select list, with its alias."""
        sql = self.visit_column(column) if type(column) is Column else self.typed(column)
        alias = column.alias if isinstance(column, Expression) else column.__dict__.get("alias")
        return sql if alias is None else f"{sql} AS {self.names[alias]}"

    def from_clause(self, query: Select[Any, Any], outer: frozenset[str]) -> str:
        """``FROM a, b JOIN c ON …``; a derived table sees what stands around the query, not its neighbours."""
        if not query.sources:
            if query.joins:
                raise CompileError("a join needs a table before it: add from_(…)")
            return ""
        if len(query.sources) == 1 and not query.joins and isinstance(query.sources[0], Table):
            return " FROM " + self.table(query.sources[0])
        inner, self.scope = self.scope, outer
        # a comma binds looser than JOIN, and the conditions after it would not see the first table
        separator, joined = (" INNER JOIN ", " ON TRUE") if query.joins else (", ", "")
        first, *others = query.sources
        sql = " FROM " + self.source(first) + "".join([f"{separator}{self.source(each)}{joined}" for each in others])
        for join in query.joins:
            self.scope = inner if join.is_lateral else outer
            sql += f" {self.join_words(join)} {self.source(join.source)}"
            self.scope = inner
            if join.predicates:
                sql += f" ON {self.all_of(join.predicates)}"
            elif join.using:
                sql += f" USING ({', '.join([self.names[name] for name in join.using])})"
            self.scope = outer
        self.scope = inner
        return sql

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
        return self.visitors[type(source)](self, source)

    @visits(AliasedQuery)
    def visit_aliased_query(self, source: AliasedQuery) -> str:
        """``(SELECT …) AS "name"``."""
        return f"({self.query(source._query)}) AS {self.names[source._reference]}"

    @visits(Table, UndeclaredTable)
    def table(self, table: Any) -> str:
        """``"schema"."table" AS "alias"``."""
        sql = self.names[table._name]
        if table._schema is not None:
            sql = f"{self.names[table._schema]}.{sql}"
        return sql if table._alias is None else f"{sql} AS {self.names[table._alias]}"

    def where_clause(self, predicates: tuple[Term, ...]) -> str:
        """``WHERE …``."""
        return f" WHERE {self.all_of(predicates)}" if predicates else ""

    def group_by_clause(self, query: Select[Any, Any]) -> str:
        """``GROUP BY … HAVING …``."""
        sql = ""
        if query.groupings:
            sql = " GROUP BY " + ", ".join([self.repeated(each, query) for each in query.groupings])
        if query.group_predicates:
            sql += f" HAVING {self.all_of(query.group_predicates)}"
        return sql

    def repeated(self, term: Term, query: Query[Any, Any]) -> str:
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
        if not query.orderings:
            return ""
        return " ORDER BY " + ", ".join([self.ordering(each, query) for each in query.orderings])

    def ordering(self, ordering: Ordering, query: Query[Any, Any]) -> str:
        """One key of ORDER BY: ascending is not written."""
        term = ordering.term
        sql = self.visit_column(term) if type(term) is Column and term.alias is None else self.ordered_term(term, query)
        return self.placed_nulls(sql, ordering)

    def ordered_term(self, term: Any, query: Query[Any, Any], at_least: int = 0) -> str:
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
