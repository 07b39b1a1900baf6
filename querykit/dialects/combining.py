"""Writing what combines queries: WITH and the set operations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from querykit.builder.cte import CommonTable
from querykit.builder.marks import refuse_unheard
from querykit.builder.operands import Parameter
from querykit.builder.query import Query, SetOperation, output_name
from querykit.dialects.expressions import visits
from querykit.dialects.nesting import NestingCompiler
from querykit.errors import BuildError, CompileError

if TYPE_CHECKING:
    from pypika.terms import Term

    from querykit.builder.expressions import Ordering
    from querykit.builder.statement import Statement


class CombiningCompiler(NestingCompiler):
    """Writes WITH and set operations.

    Attributes:
        common: The names of the common tables that FROM can refer to here.
    """

    common: frozenset[str] = frozenset()

    has_materialized: ClassVar[bool] = False
    """Whether a CTE can be MATERIALIZED or NOT MATERIALIZED."""
    has_writing_ctes: ClassVar[bool] = False
    """Whether a CTE can be an INSERT, UPDATE or DELETE."""

    # -- WITH ---------------------------------------------------------------------------------------------------------

    def with_clause(self, statement: Statement[Any, Any]) -> str:
        """``WITH [RECURSIVE] a AS (…), b AS (…) ``; each sees those before it."""
        names, is_recursive, sql = set(), statement.is_recursive, ""
        for table in statement.ctes:
            if table._name in names:
                raise CompileError(f"WITH has two CTEs named {table._name!r}")
            names.add(table._name)
            is_recursive = is_recursive or table._is_recursive
            sql += f", {self.common_table(table)}" if sql else self.common_table(table)
        return f"WITH RECURSIVE {sql} " if is_recursive else f"WITH {sql} "

    def common_table(self, table: CommonTable) -> str:
        """``name (column, …) AS [NOT] [MATERIALIZED] (query)``."""
        if table._is_recursive:
            self.common |= {table._name}
        sql = self.names[table._name]
        if table._listed:
            sql += f" ({', '.join([self.names[name] for name in table._listed])})"
        sql += f" AS {self.materialized(table)}({self.common_query(table)})"
        self.common |= {table._name}
        return sql

    def materialized(self, table: CommonTable) -> str:
        """``MATERIALIZED``, where the database takes such a hint."""
        if table._materialized is None:
            return ""
        if not self.has_materialized:
            raise self.unsupported("WITH … AS MATERIALIZED", "leave materialized out of cte(…)")
        return "MATERIALIZED " if table._materialized else "NOT MATERIALIZED "

    def common_query(self, table: CommonTable) -> str:
        """The query of a CTE; a write, where the database takes one."""
        query = table._query
        if not query.is_write or query.returns_rows is None:
            return self.query(query)
        if not self.has_writing_ctes:
            raise self.unsupported(
                f"{type(query).__name__.upper()} in WITH", "run it on its own, in the same transaction"
            )
        outer, self.scope = self.scope, frozenset()
        sql = self.visit(query)
        self.scope = outer
        return sql

    @visits(CommonTable)
    def visit_common_table(self, table: CommonTable) -> str:
        """A CTE in FROM, by its name."""
        if table._name not in self.common:
            raise CompileError(f"the CTE {table._name!r} is used where no with_({table._name}) brings it in")
        sql = self.names[table._name]
        return sql if table._alias is None else f"{sql} AS {self.names[table._alias]}"

    # -- set operations -----------------------------------------------------------------------------------------------

    @visits(SetOperation)
    def visit_set_operation(self, query: SetOperation[Any, Any]) -> str:
        """``SELECT … UNION SELECT … ORDER BY … LIMIT …``, grouped as it was put together."""
        refuse_unheard(query.marks)
        common = self.common
        sql = self.with_clause(query) if query.ctes else ""
        words = self.set_words(query)
        sql += f"{self.left_operand(query)} {words} {self.right_operand(query)}"
        if query.orderings:
            sql += " ORDER BY " + ", ".join([self.combined_ordering(each, query) for each in query.orderings])
        sql += self.limit_clause(query)
        self.common = common
        return sql

    def set_words(self, query: SetOperation[Any, Any]) -> str:
        """``UNION ALL`` and its like."""
        return query.operator + (" ALL" if query.is_all else "")

    def left_operand(self, query: SetOperation[Any, Any]) -> str:
        """The first query; one that is joined by the same operator needs no parentheses."""
        left = query.left
        is_chain = isinstance(left, SetOperation) and left.operator == query.operator and not has_tail(left)
        return self.query(left) if is_chain else self.set_operand(left)

    def right_operand(self, query: SetOperation[Any, Any]) -> str:
        """The second query."""
        return self.set_operand(query.right)

    def set_operand(self, query: Query[Any, Any]) -> str:
        """A query in a set operation, in parentheses if its end would be taken for the whole's."""
        sql = self.query(query)
        return f"({sql})" if isinstance(query, SetOperation) or has_tail(query) else sql

    def combined_ordering(self, ordering: Ordering, query: SetOperation[Any, Any]) -> str:
        """A key of ORDER BY over a set operation: a column of the result, by its name."""
        name = output_name(ordering.term)
        names = query.output_names()
        if name is None or (names is not None and name not in names):
            raise CompileError(
                "a set operation is ordered by columns of its result: "
                f"{', '.join(str(each) for each in names or ())}; select from query.as_(…) to order by anything else"
            )
        return self.placed_nulls(self.names[name], ordering)

    def placed_nulls(self, sql: str, ordering: Ordering) -> str:
        """``name DESC NULLS LAST``."""
        sql = f"{sql} DESC" if ordering.direction == "DESC" else sql
        return sql if ordering.nulls is None else f"{sql} NULLS {ordering.nulls.upper()}"

    def limit_clause(self, query: Query[Any, Any]) -> str:
        """``LIMIT … OFFSET …``."""
        if query.has_ties:
            return self.limit_with_ties(query)
        sql = "" if query.row_limit is None else f" LIMIT {self.row_count(query.row_limit)}"
        return sql if query.row_offset is None else f"{sql} OFFSET {self.row_count(query.row_offset)}"

    def row_count(self, term: Term) -> str:
        """The number of LIMIT or OFFSET; that of a named parameter is looked at when the query runs."""
        if type(term) is Parameter:
            self.adapters.append((len(self.parameters), not_negative))
        return self.visit(term)

    def limit_with_ties(self, query: Query[Any, Any]) -> str:
        """``OFFSET … ROWS FETCH FIRST … ROWS WITH TIES``, where the database has it."""
        raise self.unsupported("FETCH FIRST … WITH TIES", "rank the rows with a window function and filter by the rank")

    def fetch_with_ties(self, query: Query[Any, Any]) -> str:
        """What the databases that have it write."""
        if not query.orderings or query.row_limit is None:
            raise CompileError("limit(…, with_ties=True) needs an order_by(…): ties are rows that are equal in order")
        offset = "" if query.row_offset is None else f" OFFSET {self.row_count(query.row_offset)} ROWS"
        return f"{offset} FETCH FIRST {self.row_count(query.row_limit)} ROWS WITH TIES"


def has_tail(query: Query[Any, Any]) -> bool:
    """Whether a query ends or begins with a clause that would be taken for the whole set operation's."""
    has_limit = query.row_limit is not None or query.row_offset is not None
    return bool(query.orderings or query.ctes) or has_limit or query.lock is not None or bool(query.end_modifiers)


def not_negative(count: int) -> int:
    """The number of a LIMIT or OFFSET, which a database may take for «all» if it is negative."""
    if count < 0:
        raise BuildError("LIMIT and OFFSET take a number that is not negative")
    return count
