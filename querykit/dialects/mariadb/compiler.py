"""MariaDB's SQL: MySQL's, with nested rows flattened, because a derived table cannot refer to the query around it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pypika.terms import Term

from querykit.builder.functions import FunctionCall
from querykit.builder.intervals import Interval
from querykit.builder.json import JsonAggregate
from querykit.builder.marks import refuse_unheard
from querykit.builder.query import output_name
from querykit.builder.rewrite import walk
from querykit.builder.select import Select
from querykit.builder.sequences import SequenceValue
from querykit.builder.statement import Statement
from querykit.builder.tables import Column
from querykit.dialects.expressions import OTHER, is_value
from querykit.dialects.mariadb.functions import FUNCTIONS
from querykit.dialects.mariadb.json_paths import MariaDBJsonCompiler
from querykit.dialects.mariadb.types import CAST_TYPES, JSON_ENCODINGS, TEXT_FORMS
from querykit.dialects.mariadb.wire import WIRE_ENCODINGS
from querykit.dialects.mariadb.writes import MariaDBWrites
from querykit.dialects.operators import kind_of
from querykit.dialects.wire import UNWRITABLE

if TYPE_CHECKING:
    from collections.abc import Iterable

    from querykit.builder.cte import CommonTable
    from querykit.builder.groupings import GroupingSets
    from querykit.builder.json import JsonArray, JsonArrayAggregate, JsonMap, JsonObject, JsonRows
    from querykit.builder.query import AliasedQuery, Query
    from querykit.builder.texts import Matching
    from querykit.builder.windows import Window


class MariaDBCompiler(MariaDBWrites, MariaDBJsonCompiler):
    """Writes MariaDB's SQL."""

    cast_types = CAST_TYPES
    json_encodings = JSON_ENCODINGS
    wire_encodings = WIRE_ENCODINGS
    text_forms = TEXT_FORMS
    functions = FUNCTIONS

    # -- clauses ------------------------------------------------------------------------------------------------------

    def refuse_lateral(self) -> None:
        """Refuse LATERAL."""
        raise self.unsupported("LATERAL joins", "put a correlated sub-query into the select list")

    def visit_sequence_value(self, node: SequenceValue) -> str:
        """``NEXTVAL(name)``; what the session got last is ``LASTVAL(name)``.

        Source: https://mariadb.com/kb/en/sequence-functions/
        """
        name = "NEXTVAL" if node.name == "NEXTVAL" else "LASTVAL"
        return f"{name}({'.'.join([self.names[each] for each in node.sequence])})"

    def limit_with_ties(self, query: Query[Any, Any]) -> str:
        """``OFFSET … ROWS FETCH FIRST … ROWS WITH TIES``, since 10.6."""
        return self.fetch_with_ties(query)

    def with_clause(self, statement: Statement[Any, Any]) -> str:
        """``WITH …``, before a select only."""
        if statement.is_write:
            raise self.unsupported(f"WITH before {type(statement).__name__.upper()}", "put the query where it is used")
        return super().with_clause(statement)

    def common_query(self, table: CommonTable) -> str:
        """The query of a CTE, which sees nothing around it."""
        outer, self.scope = self.scope, frozenset()
        sql = super().common_query(table)
        self.scope = outer
        return sql

    def visit_aliased_query(self, source: AliasedQuery) -> str:
        """A derived table, which sees nothing around it."""
        outer, self.scope = self.scope, frozenset()
        sql = super().visit_aliased_query(source)
        self.scope = outer
        return sql

    def visit_matching(self, node: Matching) -> str:
        """``(a REGEXP b)``, with the case as asked, whatever the collation."""
        term = self.operand(node.term, OTHER)
        pattern = f"CONCAT('(?{'i' if node.ignores_case else '-i'})', {self.visit(node.pattern)})"
        return f"({term} {'NOT ' if node.is_negated else ''}REGEXP {pattern})"

    def frame_offset(self, offset: Any, window: Window) -> str:
        """How far a frame reaches: there is no INTERVAL.

        Source: https://mariadb.com/docs/server/reference/sql-functions/special-functions/window-functions
        """
        if isinstance(offset, Interval) or kind_of(offset) == "timedelta":
            raise self.unsupported("RANGE frames of durations", "order by fn.extract('epoch', x) and take seconds")
        return super().frame_offset(offset, window)

    def as_text(self, sql: str) -> str:
        """``CONCAT(a)``: the bytes of a UUID are not those of its text; those of bytes stay as they are."""
        return f"CONCAT({sql})"

    def grouping_sets(self, grouping: GroupingSets, query: Select[Any, Any]) -> str:
        """``a, b WITH ROLLUP``, which excludes ORDER BY (error 1221)."""
        if query.orderings:
            raise self.unsupported("ORDER BY of a query with ROLLUP", "order in a query around it")
        return super().grouping_sets(grouping, query)

    # -- nested rows --------------------------------------------------------------------------------------------------

    def json_aggregate_order(self, node: JsonArrayAggregate) -> str:
        """`` ORDER BY …``."""
        return self.order_by_clause(Select[Any, Any]().replaced(orderings=node.orderings))

    def json_array(self, node: JsonArray) -> str:
        """``JSON_ARRAYAGG(… ORDER BY … LIMIT …)`` in the query itself."""
        query = self._select(node)
        if query.is_distinct or query.groupings or query.group_predicates:
            raise self.unsupported(
                "json_array_from of a query with DISTINCT, GROUP BY or HAVING",
                "nest a query over an aliased sub-query that is not correlated, or group in a CTE",
            )
        if any(_has_window(each) for each in query.columns):
            raise self.unsupported(
                "json_array_from of a query with window functions",
                "nest a query over an aliased sub-query that is not correlated, or number the rows in a CTE",
            )
        if not query.sources or any(_is_aggregate(each) for each in query.columns):
            return self._array_of_one(node, query)
        self._refuse_columns_of_others_alone(query)
        outer, self.scope = self.scope, self.scope_of(query)
        sql = (
            f"(SELECT CASE WHEN {self._is_empty(query)} THEN JSON_ARRAY() ELSE JSON_ARRAYAGG("
            + (self.encoded_term(query.columns[0]) if node.is_scalar else self._pairs(query))
            + self.order_by_clause(query)
            + self.limit_clause(query)
            + ") END"
            + self.from_clause(query, outer)
            + self.where_clause(query.predicates)
            + ")"
        )
        self.scope = outer
        return sql

    def _refuse_columns_of_others_alone(self, query: Select[Any, Any]) -> None:
        """An aggregate belongs to the query whose columns stand in it, here to the one around (error 1140)."""
        own = {each._reference for each in query._tables()}
        terms = (*query.columns, *[each.term for each in query.orderings])
        nodes = [each for term in terms for each in walk(term)]
        used = {each.reference for each in nodes if isinstance(each, Column)}
        if used and used.isdisjoint(own) and not any(isinstance(each, Statement) for each in nodes):
            raise self.unsupported(
                "json_array_from of columns of the query around it alone", "select or order by one of its own, too"
            )

    def _array_of_one(self, node: JsonArray, query: Select[Any, Any]) -> str:
        """``JSON_ARRAY(…)`` of a query with one row at most: of an aggregate, or without FROM."""
        empty = [] if query.sources or not query.predicates else [f"({self.all_of(query.predicates)}) IS NOT TRUE"]
        if query.row_offset is not None:
            empty.append(f"{self.row_count(query.row_offset)} > 0")
        if query.row_limit is not None:
            empty.append(f"{self.row_count(query.row_limit)} = 0")
        kept = query.predicates if query.sources else ()
        row = self._row(query.replaced(row_limit=None, row_offset=None, orderings=(), predicates=kept), node.is_scalar)
        if not empty:
            return f"JSON_ARRAY({row})"
        return f"CASE WHEN {' OR '.join(empty)} THEN JSON_ARRAY() ELSE JSON_ARRAY({row}) END"

    def _is_empty(self, query: Select[Any, Any]) -> str:
        """Whether the list has no item: no row, none past the offset, or none within the limit."""
        sql = "COUNT(*) = 0" if query.row_offset is None else f"COUNT(*) <= {self.row_count(query.row_offset)}"
        return sql if query.row_limit is None else f"{sql} OR {self.row_count(query.row_limit)} = 0"

    def json_map(self, node: JsonMap) -> str:
        """``JSON_OBJECTAGG`` in the query itself, unless two rows have one key, whatever the collation."""
        query = self._select(node)
        is_plain = query.sources and not (query.is_distinct or query.groupings or query.group_predicates)
        has_limit = query.row_limit is not None or query.row_offset is not None
        if not is_plain or has_limit or any(_is_aggregate(each) or _has_window(each) for each in query.columns):
            raise self.unsupported(
                "json_map_from within fetch_json(), of a query with DISTINCT, GROUP BY, LIMIT, aggregates or windows",
                "json_array_from gives the same rows as a list",
            )
        terms = {output_name(each): each for each in query.columns}
        outer, self.scope = self.scope, self.scope_of(query)
        sql = (
            "(SELECT CASE WHEN COUNT(*) = 0 THEN JSON_OBJECT() "
            f"WHEN COUNT(DISTINCT CAST({self.visit(terms[node.key])} AS BINARY)) = COUNT(*) "
            f"THEN JSON_OBJECTAGG({self.visit(terms[node.key])}, "
            + (self._pairs(query) if node.value is None else self.encoded_term(terms[node.value]))
            + f") ELSE JSON_EXTRACT('{UNWRITABLE}', '$') END"
            + self.from_clause(query, outer)
            + self.where_clause(query.predicates)
            + ")"
        )
        self.scope = outer
        return sql

    def json_object(self, node: JsonObject) -> str:
        """``(SELECT JSON_OBJECT(…) FROM …)``; the server refuses a second row."""
        return self._row(self._select(node))

    def _row(self, query: Select[Any, Any], is_scalar: bool = False) -> str:
        """The only row of a query as an object, or as its only value."""
        outer, self.scope = self.scope, self.scope_of(query)
        sql = (
            f"(SELECT {'DISTINCT ' if query.is_distinct else ''}"
            + (self.encoded_term(query.columns[0]) if is_scalar else self._pairs(query))
            + self.from_clause(query, outer)
            + self.where_clause(query.predicates)
            + self.group_by_clause(query)
            + self.order_by_clause(query)
            + self.limit_clause(query)
            + ")"
        )
        self.scope = outer
        return sql

    def _select(self, node: JsonRows) -> Select[Any, Any]:
        self.known_columns(node)
        if not isinstance(node.query, Select):
            raise self.unsupported(f"{node.helper} of a set operation", "nest a query over it as an aliased sub-query")
        if node.query.ctes:
            raise self.unsupported(f"WITH in a nested query ({node.helper})", "say with_(…) on the outermost query")
        if node.query.front_modifiers or node.query.end_modifiers:
            raise self.unsupported(f"{node.helper} of a query with modify_front or modify_end")
        refuse_unheard(node.query.marks)
        return node.query

    def _pairs(self, query: Select[Any, Any]) -> str:
        return self.json_pairs([(str(output_name(each)), self.encoded_term(each)) for each in query.columns])

    def ordered_term(self, term: Any, query: Any, at_least: int = 0) -> str:
        """What is ordered by; inside an aggregate there are no aliases."""
        if self.depth and term.__dict__.get("alias") is not None and not isinstance(term, Column):
            # a number would be read as the position of an argument
            return "NULL" if is_value(term) else self.operand(term, at_least)
        return super().ordered_term(term, query, at_least)


_AGGREGATES = MariaDBJsonCompiler.SKIPPING_NULL


def _is_aggregate(term: Any) -> bool:
    """Whether a term makes one row of all: an aggregate, or an expression with one in it."""
    if _is_window(term):
        return False
    if isinstance(term, JsonAggregate) or (isinstance(term, FunctionCall) and term.name.upper() in _AGGREGATES):
        return True
    return any(_is_aggregate(each) for each in _parts(term))


def _has_window(term: Any) -> bool:
    """Whether a term is a window function or has one in it."""
    return _is_window(term) or any(_has_window(each) for each in _parts(term))


def _is_window(term: Any) -> bool:
    return isinstance(term, FunctionCall) and term.window is not None


def _parts(term: Any) -> Iterable[Any]:
    """The terms that a term holds, itself or in a tuple; those of a query within are not its own."""
    if isinstance(term, Column):
        return
    for value in vars(term).values():
        for each in value if isinstance(value, tuple) else (value,):
            if isinstance(each, Term):
                yield each
            elif isinstance(each, tuple):
                yield from [one for one in each if isinstance(one, Term)]
