"""PyPika's queries, turned into our statements where they enter: a snapshot, below which there is no PyPika.

Queries are read through ``type(query)`` and ``vars(query)`` only. What they ask for and our statements cannot say yet
stands in `_NOT_YET` and is refused by its name; what PyPika would leave out without a word is refused too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NoReturn

from pypika import queries as pypika
from pypika import terms as pypika_terms
from pypika.dialects import (
    ClickHouseQueryBuilder,
    JiraQueryBuilder,
    MSSQLQueryBuilder,
    MySQLLoadQueryBuilder,
    MySQLQueryBuilder,
    OracleQueryBuilder,
    PostgreSQLQueryBuilder,
    RedShiftQueryBuilder,
    SnowflakeQueryBuilder,
    SQLLiteQueryBuilder,
    VerticaCopyQueryBuilder,
    VerticaQueryBuilder,
)
from pypika.enums import JoinType, SetOperation

from querykit.builder.creator import delete_from, insert_into, update
from querykit.builder.cte import CommonTable
from querykit.builder.expressions import NULL, Expression, Ordering, Subquery, Value, convert_operands
from querykit.builder.insert import Insert
from querykit.builder.pypika_functions import direction
from querykit.builder.pypika_nodes import BareColumn
from querykit.builder.pypika_terms import Terms, column_under, is_constant, refused, translation_of
from querykit.builder.query import AliasedQuery, AllColumns, Query, as_source, convert_sources, output_name
from querykit.builder.select import Join, JoinKind, Select
from querykit.builder.statement import Statement, adopt_statements
from querykit.builder.tables import Column, Source, Table, UndeclaredTable, checked_name
from querykit.errors import BuildError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

BUILDERS: Final = (
    pypika.QueryBuilder,
    MySQLQueryBuilder,
    PostgreSQLQueryBuilder,
    SQLLiteQueryBuilder,
    RedShiftQueryBuilder,
    SnowflakeQueryBuilder,
)
"""The builders whose queries are understood; a subclass that writes SQL of its own is not."""

_FOREIGN: Final[dict[type, str]] = {
    ClickHouseQueryBuilder: "ClickHouse is none of the databases",
    JiraQueryBuilder: "Jira's queries are no SQL",
    MSSQLQueryBuilder: "SQL Server is none of the databases",
    OracleQueryBuilder: "Oracle is none of the databases",
    VerticaQueryBuilder: "Vertica is none of the databases",
    MySQLLoadQueryBuilder: "LOAD DATA takes a file's name as text; insert_into(table).values(rows) loads rows",
    VerticaCopyQueryBuilder: "Vertica is none of the databases",
    pypika.CreateQueryBuilder: "it is no query; sql(…) takes CREATE",
    pypika.CreateIndexBuilder: "it is no query; sql(…) takes CREATE INDEX",
    pypika.DropQueryBuilder: "it is no query; sql(…) takes DROP",
}

_CLAUSES: Final = {
    "_with": "WITH",
    "_selects": "SELECT",
    "_columns": "column list",
    "_values": "VALUES",
    "_distinct": "DISTINCT",
    "_distinct_on": "DISTINCT ON",
    "_from": "FROM",
    "_joins": "JOIN",
    "_wheres": "WHERE",
    "_groupbys": "GROUP BY",
    "_havings": "HAVING",
    "_orderbys": "ORDER BY",
    "_limit": "LIMIT",
    "_offset": "OFFSET",
    "_updates": "SET",
    "_returns": "RETURNING",
}
_NOT_YET: Final = {
    "_for_update": "FOR UPDATE",
    "_on_conflict": "ON CONFLICT",
    "_duplicate_updates": "ON DUPLICATE KEY UPDATE",
    "_ignore_duplicates": "ON DUPLICATE KEY IGNORE",
    "_ignore": "INSERT IGNORE",
    "_replace": "REPLACE INTO",
    "_mysql_rollup": "WITH ROLLUP",
    "_using": "DELETE … USING",
    "_select_into": "SELECT … INTO",
    "_force_indexes": "FORCE INDEX",
    "_use_indexes": "USE INDEX",
    "_modifiers": "a modifier after SELECT",
    "_prewheres": "PREWHERE",
    "_qualifys": "QUALIFY",
    "_with_totals": "WITH TOTALS",
}
"""What no statement of ours says yet: where a query has one of these, it is refused by this name."""

_TAKEN: Final = {
    "SELECT": frozenset(
        "_with _selects _distinct _distinct_on _from _joins _wheres _groupbys _havings _orderbys _limit _offset".split()
    ),
    "INSERT": frozenset("_with _columns _values _returns".split()),
    "UPDATE": frozenset("_with _updates _wheres _returns".split()),
    "DELETE": frozenset("_with _from _wheres _returns".split()),
}
"""The clauses that each kind of statement takes; any other is refused by its name."""

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


def refuse_builder(query: Any) -> NoReturn:
    """Refuse a builder by name.

    Raises:
        BuildError: always.
    """
    for each in type(query).__mro__:
        if each in _FOREIGN:
            raise BuildError(f"PyPika's {type(query).__name__} cannot be run: {_FOREIGN[each]}")
    raise BuildError(
        f"{type(query).__name__} is a builder of your own that writes SQL, which querykit does not run: build its queries "
        "with PyPika's own builders, or with querykit's"
    )


def _is_understood(builder: type) -> bool:
    for base in builder.__mro__:
        if base in BUILDERS:
            return True
        if base in _FOREIGN or any(name.endswith("_sql") or name == "_apply_pagination" for name in vars(base)):
            return False
    return False


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
        if not isinstance(query, pypika.QueryBuilder) or not _is_understood(type(query)):
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
        if state["_update_table"] is not None:
            kind, convert = "UPDATE", self._update
        elif state["_delete_from"]:
            kind, convert = "DELETE", self._delete
        elif state["_insert_table"] is not None and not state["_select_into"]:
            kind, convert = "INSERT", self._insert
        else:
            kind, convert = "SELECT", self._select
        self._refuse_clauses(kind, state)
        ctes = self._bring_in(state["_with"])
        made = convert(state)
        return made.replaced(ctes=ctes) if ctes else made

    @staticmethod
    def _refuse_clauses(kind: str, state: dict[str, Any]) -> None:
        for name, clause in (*_NOT_YET.items(), *_CLAUSES.items()):
            if name not in _TAKEN[kind] and _is_set(state.get(name)):
                where = "" if name in _NOT_YET else f" in {kind}"
                raise BuildError(f"a PyPika query with {clause}{where} cannot be converted: build it with querykit")

    def _bring_in(self, named: Iterable[Any]) -> tuple[CommonTable, ...]:
        brought = []
        for each in named:
            name, query = vars(each)["name"], vars(each)["query"]
            table = CommonTable(name, self.statement(query), (), materialized=None)
            self.ctes[name] = table
            brought.append(table)
        return tuple(brought)

    def _add_source(self, source: Source) -> Source:
        if source._reference in self.sources:
            raise BuildError(f"{source._reference!r} stands twice in a PyPika query: give one of them an alias with .as_(…)")
        self.sources[source._reference] = source
        return source

    def _select(self, state: dict[str, Any]) -> Select[Any, Any]:
        if not state["_selects"]:
            raise BuildError("the PyPika query is not complete: it selects, inserts, updates and deletes nothing")
        sources = tuple([self._add_source(self.source(each)) for each in state["_from"]])
        joins = tuple([self._join(each) for each in state["_joins"]])
        columns = tuple([self._item(each) for each in state["_selects"]])
        groupings = tuple([self._grouping(each, columns) for each in state["_groupbys"]])
        is_single = len(sources) == 1 and not joins and not isinstance(sources[0], AliasedQuery)
        is_qualified = not is_single or state["_foreign_table"]
        orderings = [self._ordering(*each, columns, is_qualified=is_qualified) for each in state["_orderbys"]]
        query: Select[Any, Any] = Select().replaced(
            columns=columns,
            sources=sources,
            joins=joins,
            predicates=self._predicates(state["_wheres"]),
            groupings=groupings,
            orderings=tuple(orderings),
            is_distinct=state["_distinct"],
            distinct_terms=tuple([self.term(each) for each in state.get("_distinct_on", ())]),
        )
        self.aliases = _by_alias(columns)
        query = query.replaced(group_predicates=self._predicates(state["_havings"]))
        return _limited(query, state)

    def _item(self, node: Any) -> Any:
        if type(node) is pypika_terms.Star:
            table = vars(node)["table"]
            return AllColumns(None if table is None else self._own(reference_of(table)))
        return self.term(node)

    def _own(self, reference: str) -> Source:
        own = self.sources.get(reference)
        if own is None:
            raise BuildError(f"{reference}.* is selected in a PyPika query that has no {reference!r} in FROM")
        return own

    def _predicates(self, criterion: Any) -> tuple[Any, ...]:
        return () if criterion is None else (self.condition(criterion, "a PyPika query"),)

    def _join(self, join: Any) -> Join:
        state = vars(join)
        kind = _JOINS.get(state["how"])
        if kind is None:
            raise BuildError(f"a PyPika query with {state['how'].value} JOIN cannot be converted: no database has it")
        if _is_set(state.get("collate")):
            raise BuildError("a PyPika query with JOIN … COLLATE cannot be converted: its text would be SQL")
        source = self._add_source(self.source(state["item"]))
        if type(join) is pypika.JoinUsing:
            return Join(kind, source, using=tuple([vars(each)["name"] for each in state["fields"]]))
        predicates = self._predicates(state.get("criterion"))
        if bool(predicates) == (kind == "CROSS"):
            raise BuildError(f"a PyPika query with {kind} JOIN {'and' if predicates else 'without'} ON cannot be converted")
        return Join(kind, source, predicates)

    # -- GROUP BY, ORDER BY -------------------------------------------------------------------------------------------

    def _grouping(self, node: Any, columns: tuple[Any, ...]) -> Any:
        if isinstance(node, pypika_terms.Rollup):
            raise BuildError("a PyPika query with ROLLUP cannot be converted: build it with querykit")
        if (item := _selected(node, columns)) is not None:
            return item
        name = vars(node).get("name")
        if _is_field(node) and _is_unqualified(vars(node)["table"], name) and name in _by_alias(columns):
            return BareColumn(name)  # of an alias and a column of one name, every server takes the column
        return self.term(node)

    def _ordering(self, node: Any, order: Any, columns: tuple[Any, ...], *, is_qualified: bool) -> Ordering:
        item = _selected(node, columns)
        if item is None and _is_field(node):
            table, name = vars(node)["table"], vars(node)["name"]
            if table is None or (not is_qualified and _is_unqualified(table, name)):
                item = _by_alias(columns).get(name)  # of an alias and a column of one name, every server takes the alias
        return Ordering(self.term(node) if item is None else item, direction(order))

    # -- set operations -----------------------------------------------------------------------------------------------

    def set_operation(self, query: pypika._SetOperation) -> Statement[Any, Any]:
        """Queries joined by UNION, INTERSECT, EXCEPT, one after the other."""
        state = vars(query)
        made: Any = self.statement(state["base_query"])
        before: set[SetOperation] = set()
        for operation, other in state["_set_operation"]:
            if operation is SetOperation.intersect and before - {operation}:
                raise BuildError(
                    "a PyPika query with INTERSECT after UNION or EXCEPT cannot be converted: databases do not agree "
                    "which comes first; build it with querykit, which keeps your grouping"
                )
            before.add(operation)
            made = _COMBINE[operation](made, self.statement(other))
        orderings = [Ordering(_result_column(node), direction(order)) for node, order in state["_orderbys"]]
        return _limited(made.replaced(orderings=tuple(orderings)), state)

    # -- INSERT, UPDATE, DELETE ---------------------------------------------------------------------------------------

    def _insert(self, state: dict[str, Any]) -> Insert[Any, Any]:
        target = self._target(state["_insert_table"])
        if _is_set(state["_selects"]):
            raise BuildError("a PyPika query with INSERT … SELECT cannot be converted: build it with querykit")
        if not state["_columns"] or not state["_values"]:
            raise BuildError("a PyPika INSERT needs columns(…) and insert(…): which value goes where is not guessed")
        columns = tuple([target[_column_name(each)] for each in state["_columns"]])
        rows = [self._row(row, columns) for row in state["_values"]]
        return insert_into(target).replaced(columns=columns, rows=tuple(rows), returned=self._returned(state))

    def _row(self, row: list[Any], columns: tuple[Column[Any], ...]) -> tuple[Any, ...]:
        if len(row) != len(columns):
            raise BuildError(f"a PyPika INSERT has a row of {len(row)} values for {len(columns)} columns")
        return tuple([self._assigned(value) for value in row])

    def _assigned(self, node: Any) -> Any:
        made = vars(node)["value"] if is_constant(node) else self.term(node)
        return None if made is NULL else made.value if type(made) is Value else made

    def _update(self, state: dict[str, Any]) -> Statement[Any, Any]:
        target = self._target(state["_update_table"])
        if not state["_updates"]:
            raise BuildError("a PyPika UPDATE sets nothing: add set(…)")
        made = update(target).set({target[_column_name(field)]: self._assigned(value) for field, value in state["_updates"]})
        return made.replaced(predicates=self._predicates(state["_wheres"]), returned=self._returned(state))

    def _delete(self, state: dict[str, Any]) -> Statement[Any, Any]:
        if len(state["_from"]) != 1:
            raise BuildError("a PyPika DELETE is from one table")
        made = delete_from(self._target(state["_from"][0]))
        return made.replaced(predicates=self._predicates(state["_wheres"]), returned=self._returned(state))

    def _target(self, table: Any) -> Table:
        source = self.source(table)
        if not isinstance(source, Table):
            raise BuildError(f"a PyPika query changes rows of a table, not of a {type(table).__name__}")
        self._add_source(source)
        return source

    def _returned(self, state: dict[str, Any]) -> tuple[Any, ...]:
        return tuple([self._item(each) for each in state.get("_returns", ())])


# -- tables -----------------------------------------------------------------------------------------------------------


def table_of(table: Any) -> UndeclaredTable:
    """A table of PyPika's as one of ours.

    Raises:
        BuildError: it is a temporal table, its schema is within another, or its class writes SQL of its own.
    """
    if not isinstance(table, pypika.Table) or any("get_sql" in vars(each) for each in _before(type(table), pypika.Table)):
        raise BuildError(f"FROM takes tables and queries, not PyPika's {type(table).__name__}")
    state = vars(table)
    if state["_for"] is not None or state["_for_portion"] is not None:
        raise BuildError(f"the table {state['_table_name']!r} is asked for another time (FOR …): no database has it so")
    made = UndeclaredTable(checked_name(state["_table_name"], "a table"), _schema_name(state["_schema"]))
    return made if state["alias"] is None else made.as_(state["alias"])


def _before(cls: type, base: type) -> tuple[type, ...]:
    return cls.__mro__[: cls.__mro__.index(base)]


def _schema_name(schema: Any) -> str | None:
    if schema is None:
        return None
    if vars(schema)["_parent"] is not None:
        raise BuildError(f"the schema {vars(schema)['_name']!r} stands within another, which no database takes in a query")
    return checked_name(vars(schema)["_name"], "a schema")


def reference_of(table: Any) -> str:
    """The name that qualifies the columns of what stands in FROM.

    Raises:
        BuildError: it is a query without an alias, or nothing that has columns.
    """
    if isinstance(table, Source):
        return table._reference
    if isinstance(table, pypika.Table):
        return checked_name(vars(table)["alias"] or vars(table)["_table_name"], "a table")
    if isinstance(table, pypika.Selectable) and vars(table).get("alias") is not None:
        return checked_name(vars(table)["alias"], "a query in FROM")
    raise BuildError(f"a column belongs to a table or to a query with an alias, not to a {type(table).__name__}")


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


def _column_name(field: Any) -> str:
    if not isinstance(field, pypika_terms.Field) or translation_of(type(field)) is None:
        raise BuildError(f"a column is expected, not {type(field).__name__}")
    return checked_name(vars(field)["name"], "a column")


def _limited(query: Any, state: dict[str, Any]) -> Any:
    if state["_limit"] is not None:
        query = query.limit(state["_limit"])
    return query.offset(state["_offset"]) if state["_offset"] else query


_COMBINE: Final = {
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


for _class in (pypika.QueryBuilder, pypika._SetOperation):
    adopt_statements(_class, statement_of)
    convert_operands(_class, _value_of)
    convert_sources(_class, _aliased)
for _class in _FOREIGN:
    if not issubclass(_class, pypika.QueryBuilder):
        adopt_statements(_class, refuse_builder)
convert_sources(pypika.Table, table_of)
convert_sources(pypika.AliasedQuery, lambda table: Conversion({}).source(table))
