"""Going through a statement once for all plugins about tables, and putting in what they ask of rows.

`rewrite` gives each node to a rule that does not know where it stands. Here that matters: what the statements around
say to plugins, which tables CTEs hide, where a condition may stand.
"""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Any

from pypika.terms import Term

from querykit.builder.cte import CommonTable
from querykit.builder.delete import Delete
from querykit.builder.expressions import Ordering
from querykit.builder.functions import FunctionCall
from querykit.builder.insert import Insert
from querykit.builder.merge import Merge
from querykit.builder.operands import Keyword, Parameter, Value
from querykit.builder.pypika_nodes import BareColumn
from querykit.builder.query import AllColumns, SetOperation
from querykit.builder.raw import Fragment, Name, RawStatement
from querykit.builder.rewrite import copied, walk
from querykit.builder.row_filters import RowFilter
from querykit.builder.select import Select
from querykit.builder.statement import Statement
from querykit.builder.tables import Column, Source, Table
from querykit.builder.update import Update
from querykit.builder.upsert import ExcludedColumn
from querykit.builder.value_types import ValueType
from querykit.builder.values_table import ValuesQuery
from querykit.builder.windows import Window
from querykit.builder.write import Restricted
from querykit.dialects.writes import refuse_unrestricted
from querykit.errors import CompileError
from querykit.plugins.base import PluginContext, naming
from querykit.plugins.filtered_texts import FilteredTexts
from querykit.plugins.places import in_merge, in_select, in_upsert, in_write
from querykit.plugins.prepared import Prepared
from querykit.plugins.tables import folded, opened

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from collections.abc import Set as AbstractSet

    from querykit.dialects.base import Dialect
    from querykit.plugins.tables import Marks, TablePlugin

_LEAVES = (
    Column,
    Table,
    CommonTable,
    Name,
    Keyword,
    Value,
    Parameter,
    BareColumn,
    ExcludedColumn,
    AllColumns,
    ValueType,
)
"""Nodes in which no other statement stands."""
_PLAIN: frozenset[type] = frozenset(
    {str, int, float, bool, type(None), bytes, dict, frozenset, Column, Value, Parameter}
)
"""Types that hold no other node, to be told at once: those of most attributes and items."""
_ELSEWHERE = frozenset({"executor", "_compiled", "plugins", "row_type", "value_type", "marks", "_columns", "_origin"})
"""Attributes that lead out of a statement."""
_LOOKED_INTO = (Term, Source, Window, Ordering, tuple, list)
_MAX_KEPT = 1000
"""How many tables' conditions are kept, so that made-up names cannot fill the memory."""


class Filtering:
    """What the table plugins of a chain ask on one dialect."""

    def __init__(self, plugins: Mapping[int, TablePlugin], dialect: Dialect) -> None:
        """Take the plugins by their places in the chain, and ask for nothing yet."""
        self.plugins = plugins
        self.dialect = dialect
        self.words = frozenset(chain.from_iterable([each.words for each in plugins.values()]))
        self._context = PluginContext(dialect)
        self._filters: dict[Any, RowFilter | None] = {}
        self._texts = FilteredTexts(self)

    def filtered(self, prepared: Prepared, *, is_seen: bool) -> Statement[Any, Any]:
        """A statement with the conditions of its tables.

        `is_seen` says that other plugins look at what became of the statement. Otherwise one in a shape that was met
        before is not gone through: its text is known, and should it be written in another way, it gets them then.
        """
        if not is_seen and type(prepared.statement) is Select:
            found = self._texts.found(prepared.statement)
            if found is not None:
                return found
        return self.whole(prepared)

    def whole(self, prepared: Prepared) -> Statement[Any, Any]:
        """A statement that was gone through."""
        found: Statement[Any, Any] = Passage(self, prepared).statement(prepared.statement)
        return found

    def applied(self, query: Select[Any, Any]) -> Select[Any, Any]:
        """A select of which only the text is known, gone through after all."""
        found: Any = self.whole(Prepared(query.with_part("filtering", None), self.dialect))
        return found  # type: ignore[no-any-return]

    def condition(self, table: Table, marks: Marks) -> RowFilter | None:
        """What must hold of a table's rows, under what statements say: one object for a table."""
        key = (table, marks)
        if key not in self._filters:
            if len(self._filters) >= _MAX_KEPT:
                self._filters.clear()
            self._filters[key] = self._asked(table, marks)
        return self._filters[key]

    def _asked(self, table: Table, marks: Marks) -> RowFilter | None:
        made = opened(table)
        asked: list[Term | None] = []
        for plugin in self.plugins.values():
            with naming(plugin):
                asked.append(plugin.condition(made, marks, self._context))
        terms = tuple([each for each in asked if each is not None])
        if not terms:
            return None
        reads = {folded(each._name, self.dialect) for term in terms for each in walk(term) if isinstance(each, Table)}
        return RowFilter(terms, table._reference, frozenset(reads))


class Passage:
    """The way through one statement.

    Attributes:
        filtering: What is asked.
        prepared: What the plugins keep of the statement.
        marks: What the statements around say to plugins.
        hidden: The names of CTEs that hide tables here.
        done: What became of nodes that changed. One object stays one: ORDER BY knows a column of SELECT by that.
    """

    marks: Marks = ()
    hidden: frozenset[str] = frozenset()

    def __init__(self, filtering: Filtering, prepared: Prepared) -> None:
        """Start at the outermost statement."""
        self.filtering = filtering
        self.prepared = prepared
        self.done: dict[int, Any] = {}

    # -- nodes --------------------------------------------------------------------------------------------------------

    def value(self, value: Any) -> Any:
        """What stands in place of whatever an attribute or a tuple holds."""
        if self.done and (found := self.done.get(id(value))) is not None:
            return found
        changed = _ways[type(value)](self, value)
        if changed is not value:
            self.done[id(value)] = changed
        return changed

    def items(self, values: Any) -> Any:
        """A tuple or a list."""
        changed: list[Any] | None = None
        for place, each in enumerate(values):
            if type(each) in _PLAIN:
                continue
            made = self.value(each)
            if made is not each:
                changed = changed or list(values)
                changed[place] = made
        if changed is None:
            return values
        return type(values)(*changed) if hasattr(values, "_fields") else type(values)(changed)

    def parts(self, node: Any) -> dict[str, Any]:
        """The attributes of a node that change."""
        changes = {}
        for name, value in node.__dict__.items():
            if type(value) in _PLAIN or name in _ELSEWHERE:
                continue
            changed = self.value(value)
            if changed is not value:
                changes[name] = changed
        return changes

    def node(self, node: Any) -> Any:
        """A term, or a query in FROM."""
        changes = self.parts(node)
        return copied(node, **changes) if changes else node

    def ordering(self, ordering: Ordering) -> Ordering:
        """A key of ORDER BY."""
        term = self.value(ordering.term)
        return ordering if term is ordering.term else Ordering(term, ordering.direction, ordering.nulls)

    def leaf(self, node: Any) -> Any:
        """What holds nothing."""
        return node

    def call(self, node: FunctionCall[Any]) -> Any:
        """A call of a function."""
        return self.node(node) if node.is_spelled else self.opaque(node)

    def opaque(self, node: Any) -> Any:
        """What cannot be looked into; what it shows is gone through all the same."""
        self.meet(node)
        return self.node(node)

    def meet(self, node: Any) -> None:
        """Let the plugins refuse what cannot be looked into."""
        for place, plugin in self.filtering.plugins.items():
            with naming(plugin):
                plugin.met(node, self.marks, self.prepared.context(place))

    # -- statements ---------------------------------------------------------------------------------------------------

    def statement(self, statement: Statement[Any, Any]) -> Any:
        """A statement, where it says something to plugins with all in it."""
        if not statement.marks:
            return _statement_way(type(statement))(self, statement)
        outer, done = self.marks, self.done
        self.marks, self.done = outer + statement.marks, {}
        found = _statement_way(type(statement))(self, statement)
        self.marks, self.done = outer, done
        unheard = tuple([each for each in found.marks if each.word not in self.filtering.words])
        return found if len(unheard) == len(found.marks) else found.with_part("marks", unheard)

    def inner(self, statement: Any) -> Any:
        """A statement with what stands in it: its CTEs hide tables of their names."""
        if not statement.ctes:
            changes = self.parts(statement)
            return statement.replaced(**changes) if changes else statement
        outer = self.hidden, self.done
        names = [folded(each._name, self.filtering.dialect) for each in statement.ctes]
        is_recursive = statement.is_recursive or any(each._is_recursive for each in statement.ctes)
        ctes = []
        for place, each in enumerate(statement.ctes):
            # a CTE that is not recursive can read the table that it hides from the others
            self.hide(outer[0].union(names if is_recursive else names[:place] + names[place + 1 :]))
            query = self.value(each._query)
            ctes.append(each if query is each._query else copied(each, _query=query))
        self.hide(outer[0].union(names))
        changes = self.parts(statement.with_part("ctes", ()))
        self.hidden, self.done = outer
        return statement.replaced(**changes, ctes=tuple(ctes))

    def hide(self, names: frozenset[str]) -> None:
        """Go on where CTEs have these names. A query that stands elsewhere too may mean other tables here."""
        self.hidden, self.done = names, {}

    def select(self, query: Select[Any, Any]) -> Select[Any, Any]:
        """A SELECT."""
        found: Select[Any, Any] = self.placed(self.inner(query), in_select)
        return found

    def placed(self, statement: Any, put: Callable[[Any, Callable[[Table], RowFilter | None]], Any]) -> Any:
        """A statement with the conditions of its own tables, some of which its CTEs hide."""
        if not statement.ctes:
            return put(statement, self.condition_of)
        outer = self.hidden
        self.hidden = outer.union([folded(each._name, self.filtering.dialect) for each in statement.ctes])
        found = put(statement, self.condition_of)
        self.hidden = outer
        return found

    def opaque_statement(self, statement: Statement[Any, Any]) -> Any:
        """A statement that cannot be looked into."""
        self.meet(statement)
        return self.inner(statement)

    def insert(self, statement: Insert[Any, Any]) -> Any:
        """An INSERT; its rows are gone through only if an expression stands in them."""
        kinds = set(map(type, chain.from_iterable(statement.rows)))
        if any(issubclass(each, Term | Statement) for each in kinds):
            changed = self.inner(statement)
        else:
            changed = self.inner(statement.with_part("rows", ())).replaced(rows=statement.rows)
        written = self.written(changed)
        condition = self.filtering.condition(written.table, self.marks)
        if condition is None:
            return written
        self.refuse_hidden(condition.reads, written)
        if written.conflict is None:
            return written
        return in_upsert(written, condition, filters_upserts=self.filtering.dialect.features.filters_upserts)

    def restricted(self, statement: Restricted[Any, Any]) -> Any:
        """An UPDATE or DELETE, which must have been about some rows before a condition makes it so."""
        refuse_unrestricted(statement, type(statement).__name__.upper())
        return self.placed(self.written(self.inner(statement)), in_write)

    def merge(self, statement: Merge[Any, Any]) -> Any:
        """A MERGE."""
        return self.placed(self.written(self.inner(statement)), in_merge)

    def written(self, statement: Any) -> Any:
        """A write as the plugins want it."""
        for place, plugin in self.filtering.plugins.items():
            with naming(plugin):
                statement = plugin.written(statement, self.marks, self.prepared.context(place))
        return statement

    # -- conditions ---------------------------------------------------------------------------------------------------

    def condition_of(self, table: Table) -> RowFilter | None:
        """What must hold of the rows of a table that is read here.

        Raises:
            CompileError: a CTE of its name hides the table, or one that its condition reads.
        """
        condition = self.filtering.condition(table, self.marks)
        if self.hidden and condition is not None:
            own = set() if table._schema else {folded(table._name, self.filtering.dialect)}
            self.refuse_hidden(own | condition.reads)
        return condition

    def refuse_hidden(self, names: AbstractSet[str], statement: Statement[Any, Any] | None = None) -> None:
        """Refuse names that CTEs of a statement, or those around, take from tables."""
        own = [] if statement is None else [folded(each._name, self.filtering.dialect) for each in statement.ctes]
        for name in names & self.hidden.union(own):
            raise CompileError(
                f"{name!r} is a table here and the name of a CTE, which hides it: give the CTE another name"
            )


class _Ways(dict[type, "Callable[[Passage, Any], Any]"]):
    """How nodes of a type are gone through; types that are met the first time are looked at by their bases."""

    def __missing__(self, kind: type) -> Callable[[Passage, Any], Any]:
        found = self[kind] = _way_of(kind)
        return found


def _way_of(kind: type) -> Callable[[Passage, Any], Any]:
    if issubclass(kind, Statement):
        return Passage.statement
    if issubclass(kind, _LEAVES) or not issubclass(kind, _LOOKED_INTO):
        return Passage.leaf
    if issubclass(kind, tuple | list):
        return Passage.items
    if issubclass(kind, Ordering):
        return Passage.ordering
    if issubclass(kind, FunctionCall):
        return Passage.call
    is_seen = kind.__module__.startswith("querykit.") and not issubclass(kind, Fragment)
    return Passage.node if is_seen else Passage.opaque


def _statement_way(kind: type) -> Callable[[Passage, Any], Any]:
    return _STATEMENT_WAYS.get(kind, Passage.opaque_statement)


_ways = _Ways()
_STATEMENT_WAYS: dict[type, Callable[[Passage, Any], Any]] = {
    Select: Passage.select,
    SetOperation: Passage.inner,
    ValuesQuery: Passage.inner,
    RawStatement: Passage.inner,  # its fragment is met
    Insert: Passage.insert,
    Update: Passage.restricted,
    Delete: Passage.restricted,
    Merge: Passage.merge,
}
