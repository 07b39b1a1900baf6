"""PyPika's queries, turned into our statements where they enter: a snapshot, below which there is no PyPika.

Queries are read through ``type(query)`` and ``vars(query)`` only. What can be converted, and where, says `_CLAUSES`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeVar

from pypika import queries as pypika
from pypika import terms as pypika_terms
from pypika.enums import JoinType, SetOperation

from querykit.builder import pypika_criteria as _pypika_criteria  # noqa: F401 - registers what it translates
from querykit.builder import pypika_writes
from querykit.builder.cte import CommonTable
from querykit.builder.expressions import Expression, Ordering
from querykit.builder.groupings import GroupingSets
from querykit.builder.operands import Subquery, convert_operands
from querykit.builder.pypika_functions import direction
from querykit.builder.pypika_nodes import BareColumn
from querykit.builder.pypika_tables import FOREIGN, is_understood, reference_of, refuse_builder, table_of
from querykit.builder.pypika_terms import Terms, column_under, is_constant
from querykit.builder.query import AliasedQuery, AllColumns, Query, convert_sources
from querykit.builder.same import is_same
from querykit.builder.select import Join, JoinKind, Select
from querykit.builder.statement import Statement, adopt_statements
from querykit.builder.tables import Source, Table, UndeclaredTable, checked_name
from querykit.errors import BuildError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

QueryT = TypeVar("QueryT", bound="Query[Any, Any]")

_CLAUSES: Final[dict[str, tuple[str, frozenset[str]]]] = {
    name: (clause, frozenset(kinds.split()))
    for name, clause, kinds in (
        ("_with", "WITH", "SELECT INSERT UPDATE DELETE"),
        ("_selects", "SELECT", "SELECT"),
        ("_distinct", "DISTINCT", "SELECT"),
        ("_distinct_on", "DISTINCT ON", "SELECT"),
        ("_from", "FROM", "SELECT UPDATE DELETE"),
        ("_joins", "JOIN", "SELECT UPDATE DELETE"),
        ("_using", "USING", "DELETE"),
        ("_wheres", "WHERE", "SELECT UPDATE DELETE"),
        ("_groupbys", "GROUP BY", "SELECT"),
        ("_mysql_rollup", "WITH ROLLUP", "SELECT"),
        ("_havings", "HAVING", "SELECT"),
        ("_orderbys", "ORDER BY", "SELECT DELETE"),
        ("_limit", "LIMIT", "SELECT UPDATE DELETE"),
        ("_offset", "OFFSET", "SELECT"),
        ("_for_update", "FOR UPDATE", "SELECT"),
        ("_columns", "columns", "INSERT"),
        ("_values", "VALUES", "INSERT"),
        ("_replace", "REPLACE", "INSERT"),
        ("_ignore", "IGNORE", "INSERT"),
        ("_on_conflict", "ON CONFLICT", "INSERT"),
        ("_duplicate_updates", "ON DUPLICATE KEY UPDATE", "INSERT"),
        ("_ignore_duplicates", "ON DUPLICATE KEY IGNORE", "INSERT"),
        ("_updates", "SET", "UPDATE"),
        ("_returns", "RETURNING", "INSERT UPDATE DELETE"),
        # what no statement of ours says, or not yet
        ("_select_into", "SELECT … INTO", ""),
        ("_force_indexes", "FORCE INDEX", ""),
        ("_use_indexes", "USE INDEX", ""),
        ("_modifiers", "a modifier after SELECT", ""),
        ("_prewheres", "PREWHERE", ""),
        ("_qualifys", "QUALIFY", ""),
        ("_with_totals", "WITH TOTALS", ""),
    )
}
"""What a query of PyPika's can hold: by the attribute, its name in SQL, and the statements in which it is converted.

In any other it is refused by its name; PyPika leaves some out of the text without a word.
"""

_JOINS: Final[dict[JoinType, JoinKind]] = {
    JoinType.inner: "INNER",
    JoinType.left: "LEFT",
    JoinType.left_outer: "LEFT",
    JoinType.right: "RIGHT",
    JoinType.right_outer: "RIGHT",
    JoinType.outer: "FULL",
    JoinType.cross: "CROSS",
}


def statement_of(query: Any) -> Statement[Any, Any]:
    """A query of PyPika's as a statement of ours.

    Raises:
        BuildError: it asks for what our statements do not say, or cannot be written safely.
    """
    return Conversion({}).statement(query)


class Conversion(Terms):
    """The conversion of one query: which tables its columns can mean, and which CTEs stand around it.

    Attributes:
        ctes: The CTEs that FROM can name, by name.
        sources: The tables of FROM and of the joins, by the name that qualifies their columns.
        aliases: The items of the select list that have an alias, by alias, where a bare column can mean one.
    """

    def __init__(self, ctes: Mapping[str, CommonTable]) -> None:
        """Start a query that sees these CTEs."""
        self.ctes = dict(ctes)
        self.sources: dict[str, Source] = {}
        self.aliases: dict[str, Any] = {}

    # -- what terms mean here -----------------------------------------------------------------------------------------

    def statement(self, query: Any) -> Statement[Any, Any]:
        """A query, which sees the CTEs of the one around it."""
        if isinstance(query, Statement):
            return query
        inner = Conversion(self.ctes)
        if type(query) is pypika._SetOperation:
            return inner.set_operation(query)
        if not isinstance(query, pypika.QueryBuilder) or not is_understood(type(query)):
            refuse_builder(query)
        return inner.converted(vars(query))

    def column(self, node: pypika_terms.Field) -> Any:
        """A column; one without a table belongs to the only table there is."""
        table, name = vars(node)["table"], checked_name(vars(node)["name"], "a column")
        if table is not None:
            reference = reference_of(table)
            own = self.sources.get(reference)
            return column_under(UndeclaredTable(reference) if own is None else own, name)
        if name in self.aliases:
            return _unnamed(self.aliases[name])
        if len(self.sources) == 1:
            return column_under(next(iter(self.sources.values())), name)
        if not self.sources:
            raise BuildError(f"the column {name!r} stands in a PyPika query without a table")
        raise BuildError(
            f"the column {name!r} has no table, and the PyPika query has several ({', '.join(self.sources)}): "
            f'say which, as in Table("…").{name}'
        )

    def source(self, table: Any) -> Source:
        """What stands in FROM or JOIN."""
        if isinstance(table, Source):
            raise BuildError(
                f"{table!r} stands in FROM of a PyPika query, which takes PyPika's tables only: start with "
                "select_from(…), which takes both"
            )
        if isinstance(table, pypika.AliasedQuery):
            return self._common_table(table)
        if isinstance(table, pypika.QueryBuilder | pypika._SetOperation):
            return AliasedQuery(self.statement(table), reference_of(table))
        return table_of(table)

    def _common_table(self, table: pypika.AliasedQuery) -> Source:
        name, query, alias = (vars(table)[each] for each in ("name", "query", "alias"))
        found = self.ctes.get(name)
        if found is not None:
            return found if alias in (None, name) else found.as_(alias)
        if query is None:
            known = f"; there are {', '.join(self.ctes)}" if self.ctes else ""
            raise BuildError(f"the PyPika query has no CTE {name!r} in WITH{known}")
        return AliasedQuery(self.statement(query), alias)

    # -- statements ---------------------------------------------------------------------------------------------------

    def converted(self, state: dict[str, Any]) -> Statement[Any, Any]:
        """A query, by its kind."""
        kinds, convert = _kinds(state)
        self._refuse_clauses(frozenset(kinds), state)
        ctes = self._bring_in(state["_with"])
        made = convert(self, state)
        return made.replaced(ctes=ctes) if ctes else made

    @staticmethod
    def _refuse_clauses(kinds: frozenset[str], state: dict[str, Any]) -> None:
        for name, (clause, taken_in) in _CLAUSES.items():
            if not kinds & taken_in and _is_set(state.get(name)):
                where = f" in {' … '.join(sorted(kinds))}" if taken_in else ""
                raise BuildError(f"a PyPika query with {clause}{where} cannot be converted: build it with querykit")

    def _bring_in(self, named: Iterable[Any]) -> tuple[CommonTable, ...]:
        brought = []
        for each in named:
            name, query = vars(each)["name"], vars(each)["query"]
            table = CommonTable(name, self.statement(query), (), materialized=None)
            self.ctes[name] = table
            brought.append(table)
        return tuple(brought)

    def add_source(self, source: Source) -> Source:
        """Note a table of FROM, to which columns can refer."""
        if source._reference in self.sources:
            raise BuildError(
                f"{source._reference!r} stands twice in a PyPika query: give one of them an alias with .as_(…)"
            )
        self.sources[source._reference] = source
        return source

    def select(self, state: dict[str, Any]) -> Select[Any, Any]:
        """A SELECT, or that of an INSERT."""
        if not state["_selects"]:
            raise BuildError("the PyPika query is not complete: it selects, inserts, updates and deletes nothing")
        sources = tuple([self.add_source(self.source(each)) for each in state["_from"]])
        joins = tuple([self.join(each) for each in state["_joins"]])
        columns = tuple([self.item(each) for each in state["_selects"]])
        groupings = tuple([self._grouping(each, columns) for each in state["_groupbys"]])
        if state["_mysql_rollup"]:
            groupings = (GroupingSets("ROLLUP", tuple([(each,) for each in groupings])),)
        is_single = len(sources) == 1 and not joins and not isinstance(sources[0], AliasedQuery)
        is_qualified = not is_single or state["_foreign_table"]
        orderings = [
            self.ordering(node, order, columns, is_qualified=is_qualified) for node, order in state["_orderbys"]
        ]
        query: Select[Any, Any] = Select().replaced(
            columns=columns,
            sources=sources,
            joins=joins,
            predicates=self.predicates(state["_wheres"]),
            groupings=groupings,
            orderings=tuple(orderings),
            is_distinct=state["_distinct"],
            distinct_terms=tuple([self.term(each) for each in state.get("_distinct_on", ())]),
        )
        self.aliases = _by_alias(columns)
        query = query.replaced(group_predicates=self.predicates(state["_havings"]))
        return _limited(self._locked(query, state), state)

    def _locked(self, query: Select[Any, Any], state: dict[str, Any]) -> Select[Any, Any]:
        if not state["_for_update"]:
            return query
        return query.for_update(
            of=[self._own(each) for each in sorted(state.get("_for_update_of", ()))] or None,
            skip_locked=state.get("_for_update_skip_locked", False),
            nowait=state.get("_for_update_nowait", False),
        )

    def item(self, node: Any) -> Any:
        """An item of a select list or of RETURNING."""
        if type(node) is pypika_terms.Star:
            table = vars(node)["table"]
            return AllColumns(None if table is None else self._own(reference_of(table)))
        return self.term(node)

    def _own(self, reference: str) -> Source:
        own = self.sources.get(reference)
        if own is None:
            raise BuildError(f"a PyPika query refers to {reference!r}, which is not in its FROM")
        return own

    def predicates(self, criterion: Any) -> tuple[Any, ...]:
        """The conditions of WHERE, HAVING or ON."""
        return () if criterion is None else (self.condition(criterion, "a PyPika query"),)

    def join(self, join: Any) -> Join:
        """A JOIN, whose table columns can refer to from here on."""
        state = vars(join)
        kind = _JOINS.get(state["how"])
        if kind is None:
            raise BuildError(f"a PyPika query with {state['how'].value} JOIN cannot be converted: no database has it")
        if _is_set(state.get("collate")):
            raise BuildError("a PyPika query with JOIN … COLLATE cannot be converted: its text would be SQL")
        source = self.source(state["item"])
        found = self.sources.get(source._reference)
        if isinstance(found, Table) and is_same(source, found):  # refused when compiled, unless a plugin joins it once
            source = found
        else:
            self.add_source(source)
        if type(join) is pypika.JoinUsing:
            return Join(kind, source, using=tuple([vars(each)["name"] for each in state["fields"]]))
        predicates = self.predicates(state.get("criterion"))
        if bool(predicates) == (kind == "CROSS"):
            raise BuildError(
                f"a PyPika query with {kind} JOIN {'and' if predicates else 'without'} ON cannot be converted"
            )
        return Join(kind, source, predicates)

    # -- GROUP BY, ORDER BY -------------------------------------------------------------------------------------------

    def _grouping(self, node: Any, columns: tuple[Any, ...]) -> Any:
        if type(node) is pypika_terms.Rollup:
            return GroupingSets("ROLLUP", tuple([self._level(each, columns) for each in vars(node)["args"]]))
        if (item := _selected(node, columns)) is not None:
            return item
        name = vars(node).get("name")
        if _is_field(node) and _is_unqualified(vars(node)["table"], name) and name in _by_alias(columns):
            # of an alias and a column of one name, every server takes the column
            return BareColumn(name)
        return self.term(node)

    def _level(self, node: Any, columns: tuple[Any, ...]) -> tuple[Any, ...]:
        """One level of a ROLLUP: a term, or several."""
        terms = vars(node)["values"] if type(node) is pypika_terms.Tuple else [node]
        return tuple([self._grouping(each, columns) for each in terms])

    def ordering(self, node: Any, order: Any, columns: tuple[Any, ...], *, is_qualified: bool) -> Ordering:
        """A key of ORDER BY: an item of the select list, by position or alias, or a term."""
        item = _selected(node, columns)
        if item is None and _is_field(node):
            table, name = vars(node)["table"], vars(node)["name"]
            if table is None or (not is_qualified and _is_unqualified(table, name)):
                # of an alias and a column of one name, every server takes the alias
                item = _by_alias(columns).get(name)
        return Ordering(self.term(node) if item is None else item, direction(order))

    # -- set operations -----------------------------------------------------------------------------------------------

    def set_operation(self, query: pypika._SetOperation) -> Statement[Any, Any]:
        """Queries joined by UNION, INTERSECT, EXCEPT, one after the other."""
        state = vars(query)
        made = self._query(state["base_query"])
        before: set[SetOperation] = set()
        for operation, other in state["_set_operation"]:
            if operation is SetOperation.intersect and before - {operation}:
                raise BuildError(
                    "a PyPika query with INTERSECT after UNION or EXCEPT cannot be converted: databases do not agree "
                    "which comes first; build it with querykit, which keeps your grouping"
                )
            before.add(operation)
            made = _COMBINE[operation](made, self._query(other))
        orderings = [Ordering(_result_column(node), direction(order)) for node, order in state["_orderbys"]]
        return _limited(made.replaced(orderings=tuple(orderings)), state)

    def _query(self, query: Any) -> Query[Any, Any]:
        made = self.statement(query)
        if not isinstance(made, Query):
            raise BuildError(f"a PyPika set operation joins queries, not a {type(made).__name__}")
        return made


def _kinds(
    state: dict[str, Any],
) -> tuple[tuple[str, ...], Callable[[Conversion, dict[str, Any]], Statement[Any, Any]]]:
    """Which statement a builder holds, and what converts it."""
    if state["_update_table"] is not None:
        return ("UPDATE",), pypika_writes.update_rows
    if state["_delete_from"]:
        return ("DELETE",), pypika_writes.delete_rows
    if state["_insert_table"] is not None and not state["_select_into"]:
        return ("INSERT", "SELECT") if state["_selects"] else ("INSERT",), pypika_writes.insert
    return ("SELECT",), Conversion.select


# -- small questions --------------------------------------------------------------------------------------------------


def _is_set(part: Any) -> bool:
    """Whether a clause is there; terms are not asked for their truth."""
    if part is None or part is False:
        return False
    return not isinstance(part, list | tuple | set | frozenset) or len(part) > 0


def _is_field(node: Any) -> bool:
    return isinstance(node, pypika_terms.Field) and not isinstance(node, Expression)


def _is_unqualified(table: Any, name: Any) -> bool:
    """Whether PyPika writes the column without its table where there is only one."""
    return isinstance(name, str) and (table is None or vars(table).get("alias") is None)


def _by_alias(columns: tuple[Any, ...]) -> dict[str, Any]:
    return {each.alias: each for each in columns if isinstance(each, Expression) and each.alias is not None}


def _unnamed(item: Expression[Any]) -> Expression[Any]:
    copied = item.__copy__()
    copied.alias = None
    return copied


def _selected(node: Any, columns: tuple[Any, ...]) -> Any:
    """The item of the select list that GROUP BY or ORDER BY means by a position, or by a term with its alias."""
    if not is_constant(node):
        return _by_alias(columns).get(vars(node).get("alias"))
    position = vars(node)["value"]
    if type(position) is not int or not 1 <= position <= len(columns) or type(columns[position - 1]) is AllColumns:
        raise BuildError(
            f"ORDER BY and GROUP BY of a PyPika query take expressions and positions of columns, not {position!r}"
        )
    return columns[position - 1]


def _result_column(node: Any) -> BareColumn[Any]:
    name = vars(node).get("alias") or vars(node).get("name")
    if not isinstance(name, str):
        raise BuildError("a set operation of PyPika is ordered by columns of its result, by their names")
    return BareColumn(name)


def _limited(query: QueryT, state: dict[str, Any]) -> QueryT:
    if state["_limit"] is not None:
        query = query.limit(state["_limit"])
    return query.offset(state["_offset"]) if state["_offset"] else query


_COMBINE: Final[dict[SetOperation, Callable[[Query[Any, Any], Query[Any, Any]], Query[Any, Any]]]] = {
    SetOperation.union: lambda one, other: one.union(other),
    SetOperation.union_all: lambda one, other: one.union_all(other),
    SetOperation.intersect: lambda one, other: one.intersect(other),
    SetOperation.except_of: lambda one, other: one.except_(other),
    SetOperation.minus: lambda one, other: one.except_(other),
}


def _aliased(query: Any) -> Source:
    return AliasedQuery(statement_of(query), reference_of(query))


def _value_of(query: Any) -> Any:
    made: Subquery[Any] = Subquery(statement_of(query))
    alias = vars(query).get("alias")
    return made if alias is None else made.as_(alias)


for _builder in (pypika.QueryBuilder, pypika._SetOperation):
    adopt_statements(_builder, statement_of)
    convert_operands(_builder, _value_of)
    convert_sources(_builder, _aliased)
for _foreign in FOREIGN:
    if not issubclass(_foreign, pypika.QueryBuilder):
        adopt_statements(_foreign, refuse_builder)
convert_sources(pypika.Table, table_of)
convert_sources(pypika.AliasedQuery, lambda table: Conversion({}).source(table))
