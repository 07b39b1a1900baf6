"""Queries: what select and set operations have in common, and queries as tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, Self
from typing import cast as static_cast

from pypika import functions as pypika_functions
from pypika.terms import Field, Term

from querykit.builder.compiled import OutputColumn
from querykit.builder.expressions import Expression, Ordering
from querykit.builder.operands import Subquery, Value, convert_operands, operand, query_of
from querykit.builder.statement import RowT, Statement, ValueT
from querykit.builder.tables import Column, Source, Table, checked_name, typed_column
from querykit.builder.value_types import INT, ValueType
from querykit.errors import BuildError, CompileError

if TYPE_CHECKING:
    from collections.abc import Callable

    from querykit.builder.compiled import Nested
    from querykit.builder.locking import Lock
    from querykit.builder.write import Write

SetOperator = Literal["UNION", "INTERSECT", "EXCEPT"]

_FIRST = "limited to one"
"""Under what a query keeps itself with LIMIT 1, beside its compiled forms."""


class AllColumns:
    """``*`` or ``table.*``, where the columns are not declared."""

    alias = None
    value_type = None

    def __init__(self, source: Source | None) -> None:
        """Hold the table, or None for every table of the query."""
        self.source = source


class Query(Statement[RowT, ValueT]):
    """A statement that gives rows: a select or a set operation.

    Attributes:
        orderings: The terms of ORDER BY with their directions.
        row_limit: LIMIT, or None.
        row_offset: OFFSET, or None.
        has_ties: Whether rows that are equal to the last one in order come too.
        is_scalar: Whether a JSON helper makes a list of values of it, not of rows.
        lock: FOR UPDATE and its like, or None.
        end_modifiers: What stands at the end, as raw SQL.
    """

    orderings: tuple[Ordering, ...] = ()
    row_limit: Term | None = None
    row_offset: Term | None = None
    has_ties: bool = False
    is_scalar: bool = False
    lock: Lock | None = None
    end_modifiers: tuple[Term, ...] = ()

    def output_names(self) -> list[str | None] | None:
        """The names of its columns, None for one that the database names; None where they are not known."""
        columns = self.output_columns()
        return None if columns is None else [column.name for column in columns]

    def has_unique_names(self) -> bool:
        """Whether every column is known to have a name of its own."""
        names = self.output_names() or []
        return 0 < len(set(names)) == len(names) and None not in names

    def as_(self, alias: str) -> AliasedQuery:
        """The query under a name: a table in FROM, a value (of its one column) in SELECT.

        >>> from querykit import select_from, table
        >>> pet = table("pet")
        >>> cats = select_from(pet).select(pet.name).where(pet.species == "cat").as_("cats")
        >>> print(select_from(cats).select(cats.name).compile("postgres").sql)
        SELECT "cats"."name" FROM (SELECT "pet"."name" FROM "pet" WHERE "pet"."species" = $1) AS "cats"
        """
        return AliasedQuery(self, alias)

    def order_by(self, *terms: Term | Ordering) -> Self:
        """``ORDER BY``; more calls add less significant keys. Terms are ascending unless ``.desc()`` is said.

        >>> from querykit import select_from, table
        >>> pet = table("pet")
        >>> print(select_from(pet).select(pet.id).order_by(pet.name.desc(nulls="last")).compile("mysql").sql)
        SELECT `pet`.`id` FROM `pet` ORDER BY `pet`.`name` IS NULL, `pet`.`name` DESC
        """
        if not terms:
            raise BuildError("order_by() takes at least one term")
        orderings = self.orderings
        for each in terms:
            orderings += (Ordering(each, "ASC") if isinstance(each, Expression) else ordering_of(each),)
        return self.with_part("orderings", orderings)

    def clear_order_by(self) -> Self:
        """The query without ORDER BY."""
        return self.with_part("orderings", ())

    def limit(self, count: int | Expression[int], *, with_ties: bool = False) -> Self:
        """``LIMIT``, replacing an earlier one. The number is bound.

        The standard's ``FETCH FIRST n ROWS`` is the same and is written here too, with its WITH TIES: `fetch_first`, as
        everything named ``fetch_…``, runs the query, and reads its first row.

        >>> from querykit import select_from, table
        >>> pet = table("pet")
        >>> heaviest = select_from(pet).select(pet.name).order_by(pet.weight.desc()).limit(3, with_ties=True)
        >>> print(heaviest.compile("postgres").sql)
        SELECT "pet"."name" FROM "pet" ORDER BY "pet"."weight" DESC FETCH FIRST $1 ROWS WITH TIES

        Args:
            count: How many rows at most.
            with_ties: Also the rows that ORDER BY does not tell from the last one.

        Raises:
            UnsupportedError: when compiled for MySQL or SQLite `with_ties`, which PostgreSQL and MariaDB (10.6) have.
        """
        return self.replaced(row_limit=row_count(count, "limit"), has_ties=with_ties)

    def limited_to_one(self) -> Self:
        """The query with ``LIMIT 1`` that `fetch_first` runs: kept, so that it is compiled once."""
        kept = self._compiled
        if kept is None:
            kept = self.__dict__["_compiled"] = {}
        if _FIRST not in kept:
            kept[_FIRST] = self.limit(1)
        found: Self = kept[_FIRST]
        return found

    def clear_limit(self) -> Self:
        """The query without LIMIT."""
        return self.replaced(row_limit=None, has_ties=False)

    def offset(self, count: int | Expression[int]) -> Self:
        """``OFFSET``, replacing an earlier one. The number is bound."""
        return self.with_part("row_offset", row_count(count, "offset"))

    def clear_offset(self) -> Self:
        """The query without OFFSET."""
        return self.with_part("row_offset", None)

    # -- set operations -----------------------------------------------------------------------------------------------

    def union(self, *others: Any) -> SetOperation[RowT, ValueT]:
        """``UNION``: the rows of all queries, equal ones once. What is grouped here is grouped in the SQL.

        >>> from querykit import select_from, table
        >>> person, pet = table("person"), table("pet")
        >>> pets = select_from(pet).select(pet.name)
        >>> names = select_from(person).select(person.name).union(pets).order_by(person.name)
        >>> print(names.compile("postgres").sql)
        SELECT "person"."name" FROM "person" UNION SELECT "pet"."name" FROM "pet" ORDER BY "name"

        Raises:
            BuildError: a query has another number of columns.
        """
        return _combined(self, "UNION", others)

    def union_all(self, *others: Any) -> SetOperation[RowT, ValueT]:
        """``UNION ALL``: the rows of all queries, one after the other."""
        return _combined(self, "UNION", others, is_all=True)

    def intersect(self, *others: Any) -> SetOperation[RowT, ValueT]:
        """``INTERSECT``: the rows that every query has. MySQL has it since 8.0.31."""
        return _combined(self, "INTERSECT", others)

    def intersect_all(self, *others: Any) -> SetOperation[RowT, ValueT]:
        """``INTERSECT ALL``: as often as every query has them.

        Raises:
            UnsupportedError: when compiled for SQLite.
        """
        return _combined(self, "INTERSECT", others, is_all=True)

    def except_(self, *others: Any) -> SetOperation[RowT, ValueT]:
        """``EXCEPT``: the rows that the others do not have. MySQL has it since 8.0.31."""
        return _combined(self, "EXCEPT", others)

    def except_all(self, *others: Any) -> SetOperation[RowT, ValueT]:
        """``EXCEPT ALL``: each row of the others takes one away.

        Raises:
            UnsupportedError: when compiled for SQLite.
        """
        return _combined(self, "EXCEPT", others, is_all=True)


class SetOperation(Query[RowT, ValueT]):
    """Two queries joined by UNION, INTERSECT or EXCEPT; made by the methods of `Query`.

    Attributes:
        operator: ``"UNION"``, ``"INTERSECT"`` or ``"EXCEPT"``.
        is_all: Whether equal rows are kept.
        left: The first query.
        right: The second query.
    """

    operator: SetOperator
    is_all: bool
    left: Query[Any, Any]
    right: Query[Any, Any]

    def output_names(self) -> list[str | None] | None:
        """The names of its columns: those of the first query."""
        return self.left.output_names()

    def output_columns(self) -> tuple[OutputColumn, ...] | None:
        """The columns of its rows: the names of the first query, and the types on which both agree."""
        left, right = self.left.output_columns(), self.right.output_columns()
        if left is None or right is None:
            return None if left is None else tuple([OutputColumn(column.name, None) for column in left])
        return tuple(
            [
                OutputColumn(one.name, one.shape if _agree(one.shape, other.shape) else None)
                for one, other in zip(left, right, strict=True)
            ]
        )


def _agree(one: ValueType | Nested | None, other: ValueType | Nested | None) -> bool:
    if isinstance(one, ValueType) and isinstance(other, ValueType):
        return one.kind == other.kind and one.python is other.python
    return one == other


def _combined(
    first: Query[RowT, ValueT], operator: SetOperator, others: tuple[Any, ...], *, is_all: bool = False
) -> SetOperation[RowT, ValueT]:
    if not others:
        raise BuildError(f"{operator.lower()} takes at least one other query")
    left = first
    for each in others:
        right = each if isinstance(each, Query) else query_of(each, operator.lower())
        if not isinstance(right, Query):
            raise BuildError(f"{operator} joins queries, not a {type(right).__name__}")
        names, more = left.output_names(), right.output_names()
        if names is not None and more is not None and len(names) != len(more):
            raise BuildError(f"{operator} joins queries of as many columns: here are {len(names)} and {len(more)}")
        parts = {"operator": operator, "is_all": is_all, "left": left, "right": right, "executor": left.executor}
        left = SetOperation[RowT, ValueT]().replaced(**parts)
    return static_cast("SetOperation[RowT, ValueT]", left)


class AliasedQuery(Source):
    """A query under a name: a table to select from, with the types of what it selects."""

    def __init__(self, query: Statement[Any, Any], alias: str) -> None:
        """Hold the query, and make a column for each it gives."""
        self._query = query
        self._alias: str | None = checked_name(alias, "an alias")
        self._reference = alias
        known = query.output_columns()
        self._is_open = known is None
        self._columns = {}
        for name, shape in known or ():
            if name is not None:
                self._columns[name] = column_of(name, self, shape)

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Column[Any]: ...


class NestedColumn(Column[Any]):
    """A column of a sub-query that holds nested rows."""

    def __init__(self, name: str, table: Source, nested: Nested) -> None:
        """Hold the shape of the rows."""
        super().__init__(name, table)
        self.nested = nested

    @property
    def shape(self) -> ValueType | Nested | None:
        """The nested rows; NULL where a join finds no row of the sub-query."""
        return self.nested._replace(is_nullable=True)


def column_of(name: str, source: Source, shape: ValueType | Nested | None) -> Column[Any]:
    """A column of a query that is a table: typed, or with nested rows."""
    if shape is None or isinstance(shape, ValueType):
        return typed_column(name, source, shape)
    return NestedColumn(name, source, shape)


def output_name(term: Any) -> str | None:
    """The name of a term in a result: its alias, or that of the column it is."""
    if type(term) is Column:
        return term.alias or term.name
    if isinstance(term, Expression):
        return term.alias or (term.name if isinstance(term, Field) else None)
    alias: str | None = term.__dict__.get("alias")  # PyPika's terms are read as data; not all have an alias
    return alias or (term.name if isinstance(term, Field) else None)


def shape_of(term: Any) -> ValueType | Nested | None:
    """How a term's value is decoded; None where only the database knows."""
    if type(term) is Column:
        return term.value_type
    if isinstance(term, Expression):
        return term.shape
    return INT if type(term) is pypika_functions.Count else None


def refuse_unnamed(query: Query[Any, Any], helper: str) -> None:
    """Refuse a query that is to be nested, unless every column has a name of its own.

    Raises:
        BuildError: a column has no name, or two have the same; or the query locks rows.
    """
    if query.lock is not None:
        raise BuildError(f"{helper}: a nested query takes no lock; lock the rows in a query of their own")
    if query.has_unique_names():
        return
    names = query.output_names()
    if names is None:
        return
    if not names:
        raise BuildError(f"{helper}: the query selects nothing; add select(…)")
    if None in names:
        raise BuildError(
            f"{helper}: column {names.index(None) + 1} of the nested query has no name; give it one with .as_(…)"
        )
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise BuildError(f"{helper}: the nested query has two columns named {twice!r}; rename one with .as_(…)")


def refuse_duplicates(query: Query[Any, Any] | Write[Any, Any]) -> None:
    """Refuse a result in which one value would hide another.

    Raises:
        CompileError: two columns have one name.
    """
    names = query.output_names()
    if names is None:
        return
    twice = next((name for name in names if name is not None and names.count(name) > 1), None)
    if twice is not None:
        raise CompileError(f"two columns of the result are named {twice!r}; rename one with .as_(…)")


def as_source(source: Any) -> Source:
    """What FROM and JOIN take: a table, an aliased sub-query, a CTE.

    Raises:
        BuildError: it is something else.
    """
    if isinstance(source, Source):
        return source
    for of_type, convert in _source_converters:
        if isinstance(source, of_type):
            return convert(source)
    if isinstance(source, type) and issubclass(source, Table):
        raise BuildError(f"{source.__name__} is the class of a table; make one with {source.__name__}()")
    if isinstance(source, Statement):
        raise BuildError("a query in FROM needs a name: query.as_(…)")
    hint = f"; use table({source!r})" if isinstance(source, str) else ""
    raise BuildError(f"FROM takes tables and aliased queries, not {type(source).__name__}{hint}")


_source_converters: list[tuple[type, Callable[[Any], Source]]] = []


def convert_sources(of_type: type, with_: Callable[[Any], Source]) -> None:
    """Let objects of a type stand in FROM."""
    _source_converters.append((of_type, with_))


def ordering_of(term: Any) -> Ordering:
    """A key of ORDER BY: ascending unless it says otherwise.

    Raises:
        BuildError: it is no expression.
    """
    return term if type(term) is Ordering else Ordering(grouping(term, "order_by"), "ASC")


def grouping(term: Any, clause: str = "group_by") -> Term:
    """What GROUP BY and ORDER BY take.

    Raises:
        BuildError: it is no expression.
    """
    if isinstance(term, Expression):
        return term
    if isinstance(term, Term | Statement):
        return operand(term)
    raise BuildError(f"{clause}() takes expressions, not {type(term).__name__}; a column is reached through its table")


def row_count(count: Any, clause: str) -> Term:
    """The number of a LIMIT or OFFSET.

    Raises:
        BuildError: it is no int, or negative.
    """
    if isinstance(count, Expression):
        return count
    if not isinstance(count, int) or isinstance(count, bool):
        raise BuildError(f"{clause}() takes an int, not {type(count).__name__}")
    if count < 0:
        raise BuildError(f"{clause}() takes a number that is not negative")
    if count >= 2**63:
        raise BuildError(f"{clause}() takes a number of at most 64 bits; without {clause}() there is none")
    return Value(count, INT)


convert_operands(AliasedQuery, lambda aliased: Subquery(aliased._query))
