"""The shape of a query: everything in it but its values, on which its text and the way its rows are read depend.

Most queries are built anew for each request, in the shape they had before. To find out a shape takes a fifth of the
time of writing the text and of planning how to read the rows, so both are done once for a shape and kept.

Only the nodes that most queries consist of have a reader here, those whose text depends on nothing but the attributes
that are read. A query with another node in it, raw SQL or a sub-query in FROM, has no shape, and is written every time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from querykit.builder.comparisons import Between, Comparison, DistinctTest, Exists, InList, NullTest
from querykit.builder.compiled import CompiledQuery
from querykit.builder.functions import FunctionCall
from querykit.builder.json import JsonArray, JsonMap, JsonObject
from querykit.builder.json_result import JsonResult
from querykit.builder.logic import Logic, Negation
from querykit.builder.operands import Keyword, Parameter, Subquery, Value
from querykit.builder.patterns import Like
from querykit.builder.query import AllColumns
from querykit.builder.select import Select
from querykit.builder.tables import RENAMED, Column, JsonColumn, RenamedColumn, RenamedJsonColumn, Table
from querykit.builder.value_types import type_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from querykit.builder.compiled import QueryText
    from querykit.builder.select import Join
    from querykit.builder.statement import Statement
    from querykit.dialects.base import Dialect

    Reader = Callable[["ShapeReader", Any], None]

HAVE_SHAPES = frozenset({Select, JsonResult})
SHAPES_KEPT = 2000
"""How many texts a dialect keeps, so that made-up queries cannot fill the memory."""
MANY_VALUES = 100
"""A longer list of IN, bound value by value, is not worth a text of its own."""

PLAIN_PARTS = frozenset(
    {"columns", "sources", "predicates", "orderings", "executor", "row_type", "is_scalar", "_compiled", "plugins"}
)
RARER_PARTS = PLAIN_PARTS | {
    "joins",
    "groupings",
    "group_predicates",
    "is_distinct",
    "row_limit",
    "row_offset",
    "has_ties",
}


class ShapeReader:
    """Reads one query.

    Attributes:
        key: What the shape consists of: two queries whose keys are equal have the same text.
        values: The values, in an order that is the same for all queries of the shape.
    """

    __slots__ = ("key", "lists_are_arrays", "values")

    def __init__(self, lists_are_arrays: bool) -> None:
        """Start; lists of IN may be one value, an array, whose length changes nothing."""
        self.key: list[Any] = []
        self.values: list[Any] = []
        self.lists_are_arrays = lists_are_arrays

    def statement(self, statement: Statement[Any, Any]) -> None:
        """A select, or the JSON of one.

        Raises:
            LookupError: it is of another kind, or has a node of another kind in it.
        """
        if type(statement) is Select:
            self.select(statement)
        elif type(statement) is JsonResult:
            self.key += (JsonResult, statement.decimals)
            self.statement(statement.query)
        else:
            raise LookupError

    def select(self, query: Select[Any, Any]) -> None:
        """A select, in the order of its clauses. What most consist of is read in place: a call takes longer."""
        parts, key = query.__dict__, self.key
        if not PLAIN_PARTS.issuperset(parts):
            self.rarer(query, parts)
        predicates, orderings = query.predicates, query.orderings
        key += (Select, query.row_type, query.is_scalar)
        key += (len(query.columns), len(query.sources), len(predicates), len(orderings))
        each: Any
        for each in query.columns:
            kind = type(each)
            if kind is Column:
                key += (each.reference, each.name, each.value_type, each.alias)
            else:
                key.append(each.alias)
                self.term(each)
        for source in query.sources:
            if not isinstance(source, Table):
                raise LookupError  # noqa: TRY004 - a source of another kind is no wrong one
            key += (type(source), source._name, source._schema, source._alias)
        for predicate in predicates:
            self.term(predicate)
        for ordering in orderings:
            term: Any = ordering.term
            if (
                type(term) not in COLUMNS or term.alias is not None
            ):  # another may be written as the position of a column
                raise LookupError
            key += (term.reference, term.column_name, term.value_type, ordering.direction, ordering.nulls)

    def rarer(self, query: Select[Any, Any], parts: dict[str, Any]) -> None:
        """The clauses that few selects have."""
        if not RARER_PARTS.issuperset(parts):
            raise LookupError
        self.key += (
            RARER_PARTS,
            query.is_distinct,
            query.has_ties,
            len(query.joins),
            len(query.groupings),
            len(query.group_predicates),
        )
        for join in query.joins:
            self.join(join)
        grouping: Any
        for grouping in query.groupings:
            if type(grouping) not in COLUMNS or grouping.alias is not None:  # as in ORDER BY
                raise LookupError
            self.key += (grouping.reference, grouping.column_name, grouping.value_type)
        for each in query.group_predicates:
            self.term(each)
        for count in (query.row_limit, query.row_offset):
            if count is None:
                self.key.append(None)
            else:
                self.term(count)

    def join(self, join: Join) -> None:
        """A join of a table."""
        if not isinstance(join.source, Table):
            raise LookupError  # noqa: TRY004 - as in FROM
        source = join.source
        self.key += (type(source), source._name, source._schema, source._alias)
        self.key += (join.kind, join.using, join.is_lateral, len(join.predicates))
        for each in join.predicates:
            self.term(each)

    def term(self, node: Any) -> None:
        """Any term."""
        kind = type(node)
        if kind is Column:
            self.key += (node.reference, node.name, node.value_type)
        else:
            read, parts = READERS[kind]
            if not parts.issuperset(node.__dict__):
                raise LookupError
            self.key += (kind, node.value_type)
            read(self, node)

    def terms(self, nodes: Sequence[Any]) -> None:
        """Several terms."""
        self.key.append(len(nodes))
        for each in nodes:
            self.term(each)

    # -- kinds of nodes -----------------------------------------------------------------------------------------------

    def other_column(self, node: JsonColumn | RenamedColumn[Any]) -> None:
        """A column of JSON, or one that has another name in the database."""
        self.key += (node.reference, node.name, node.column_name)

    def value(self, node: Value[Any]) -> None:
        """A value, of which only the type is part of the shape."""
        if node.value_type is None:
            raise LookupError
        self.key.append(node.value is None)
        self.values.append(node.value)

    def parameter(self, node: Parameter[Any]) -> None:
        """A value that comes later."""
        self.key.append(node.name)
        self.values.append(node)

    def keyword(self, node: Keyword[Any]) -> None:
        """A word."""
        self.key.append(node.word)

    def comparison(self, node: Comparison) -> None:
        """``a = b``."""
        left, right = node.left, node.right
        if type(left) is Column:
            if type(right) is Column:
                self.key += (
                    *(node.operator, left.reference, left.name, left.value_type),
                    *(right.reference, right.name, right.value_type),
                )
                return
            self.key += (node.operator, left.reference, left.name, left.value_type)
        else:
            self.key.append(node.operator)
            self.term(left)
        self.term(right)

    def distinct_test(self, node: DistinctTest) -> None:
        """``a IS DISTINCT FROM b``."""
        self.key.append(node.is_negated)
        self.term(node.left)
        self.term(node.right)

    def null_test(self, node: NullTest) -> None:
        """``a IS NULL``."""
        self.key.append(node.is_negated)
        self.term(node.term)

    def between(self, node: Between) -> None:
        """``a BETWEEN b AND c``."""
        self.key.append(node.is_symmetric)
        for each in (node.term, node.lower, node.upper):
            self.term(each)

    def like(self, node: Like) -> None:
        """``a LIKE b``."""
        self.key += (node.ignores_case, node.has_escapes, node.is_negated)
        self.term(node.term)
        self.term(node.pattern)

    def in_list(self, node: InList) -> None:
        """``a IN (b, c)``."""
        self.key.append(node.is_negated)
        self.term(node.term)
        values = node.values
        if self.lists_are_arrays:
            self.key.append(type_of(values[0]))
            self.values.append(node.array)
        elif len(values) > MANY_VALUES:
            raise LookupError
        else:
            self.key += (len(values), *[type_of(each) for each in values])
            self.values += values

    def logic(self, node: Logic) -> None:
        """``a AND b``."""
        self.key.append(node.operator)
        self.terms(node.terms)

    def negation(self, node: Negation) -> None:
        """``NOT a``."""
        self.term(node.term)

    def exists(self, node: Exists) -> None:
        """``EXISTS (SELECT …)``."""
        self.key.append(node.is_negated)
        self.statement(node.query)

    def subquery(self, node: Subquery[Any]) -> None:
        """``(SELECT …)``."""
        self.statement(node.query)

    def all_columns(self, node: AllColumns) -> None:
        """The ``*`` of ``COUNT(*)``."""
        if node.source is not None:
            raise LookupError

    def function(self, node: FunctionCall[Any]) -> None:
        """A function of columns, or of other functions; of values, some functions write more than the value."""
        self.key += (node.name, node.is_known, node.is_spelled, node.is_distinct, len(node.args))
        for each in node.args:
            if type(each) is Value or type(each) is Parameter:
                raise LookupError
            self.term(each)

    def json_rows(self, node: JsonArray | JsonObject) -> None:
        """Nested rows."""
        query = node.query
        if type(query) is not Select:
            raise LookupError
        self.select(query)

    def json_map(self, node: JsonMap) -> None:
        """Nested rows by a key."""
        self.key += (node.key, node.value)
        self.json_rows(node)


def _reader(read: Reader, parts: str) -> tuple[Reader, frozenset[str]]:
    """Who reads a kind of node, and the attributes that it reads: a node that has another one has no shape."""
    return read, frozenset({*parts.split(), "alias", "value_type"})


COLUMNS = RENAMED | {Column}

READERS: dict[type, tuple[Reader, frozenset[str]]] = {
    **{
        kind: _reader(ShapeReader.other_column, "reference name column_name table")
        for kind in (JsonColumn, RenamedColumn, RenamedJsonColumn)
    },
    Value: _reader(ShapeReader.value, "value"),
    Parameter: _reader(ShapeReader.parameter, "name"),
    Keyword: _reader(ShapeReader.keyword, "word"),
    Comparison: _reader(ShapeReader.comparison, "operator left right"),
    DistinctTest: _reader(ShapeReader.distinct_test, "left right is_negated"),
    NullTest: _reader(ShapeReader.null_test, "term is_negated"),
    Between: _reader(ShapeReader.between, "term lower upper is_symmetric"),
    Like: _reader(ShapeReader.like, "term pattern ignores_case has_escapes is_negated"),
    InList: _reader(ShapeReader.in_list, "term values is_negated _array"),
    Logic: _reader(ShapeReader.logic, "operator terms"),
    Negation: _reader(ShapeReader.negation, "term"),
    Exists: _reader(ShapeReader.exists, "query is_negated"),
    Subquery: _reader(ShapeReader.subquery, "query"),
    AllColumns: _reader(ShapeReader.all_columns, "source"),
    FunctionCall: _reader(ShapeReader.function, "name args is_known is_spelled is_distinct"),
    JsonArray: _reader(ShapeReader.json_rows, "query"),
    JsonObject: _reader(ShapeReader.json_rows, "query"),
    JsonMap: _reader(ShapeReader.json_map, "query key value"),
}


class Shaped:
    """A text that is kept, and which of the values of its shape stand where among its parameters."""

    __slots__ = ("places", "text")

    def __init__(self, text: QueryText, places: tuple[int, ...]) -> None:
        """Keep both."""
        self.text = text
        self.places = places


class Shapes:
    """The texts that a dialect wrote, by the shapes of their queries."""

    def __init__(self, dialect: Dialect) -> None:
        """Start with none."""
        self._dialect = dialect
        self._kept: dict[tuple[Any, ...], Shaped] = {}

    def clear(self) -> None:
        """Forget all, because something is written in another way from now on."""
        self._kept.clear()

    def compiled(self, statement: Statement[Any, Any]) -> CompiledQuery:
        """The statement as SQL: with a text that is kept, or with one that is written for it."""
        if type(statement) not in HAVE_SHAPES:
            return self._dialect.written(statement)
        reader = ShapeReader(self._dialect.features.takes_arrays)
        try:
            reader.statement(statement)
        except LookupError:
            return self._dialect.written(statement)
        key, values = tuple(reader.key), reader.values
        shaped = self._kept.get(key)
        if shaped is None:
            return self._written(statement, key, values)
        return CompiledQuery.of(shaped.text, tuple([values[place] for place in shaped.places]), statement)

    def _written(self, statement: Statement[Any, Any], key: tuple[Any, ...], values: list[Any]) -> CompiledQuery:
        """A text of a shape that is met for the first time, which is kept if it is certain what stands where."""
        compiled = self._dialect.written(statement)
        place_of = {id(value): place for place, value in enumerate(values)}
        places = [place_of.get(id(each), -1) for each in compiled.parameters]
        # each value is an object of its own, and stands among the parameters, which hold nothing else
        if len(place_of) == len(values) and set(places) == set(range(len(values))):
            if len(self._kept) >= SHAPES_KEPT:
                self._kept.clear()
            self._kept[key] = Shaped(compiled.shared_text(), tuple(places))
        return compiled
