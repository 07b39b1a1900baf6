"""SELECT, and queries as tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Self, TypeVar, overload

from pypika import functions as pypika_functions
from pypika.terms import Field, Star, Term

from querykit.builder.compiled import OutputColumn
from querykit.builder.expressions import Expression, Ordering, Subquery, Value, condition, convert_operands, operand
from querykit.builder.statement import RowClassT, RowT, Statement, ValueT
from querykit.builder.tables import Column, Source, Table, checked_name
from querykit.builder.value_types import INT, ValueType
from querykit.errors import BuildError, CompileError

if TYPE_CHECKING:
    from collections.abc import Callable

    from querykit.builder.compiled import Nested

    T = TypeVar("T")

JoinKind = Literal["INNER", "LEFT", "RIGHT", "FULL", "CROSS"]


class Join(NamedTuple):
    """One JOIN: its kind, what is joined, and the conditions of ON, which are ANDed."""

    kind: JoinKind
    source: Source
    predicates: tuple[Term, ...]
    is_lateral: bool = False


class AllColumns:
    """``*`` or ``table.*``, where the columns are not declared."""

    alias = None

    def __init__(self, source: Source | None) -> None:
        """Hold the table, or None for every table of the query."""
        self.source = source


class Query(Statement[RowT, ValueT]):
    """A statement that gives rows: a select or a set operation."""

    orderings: tuple[Ordering, ...] = ()
    row_limit: Term | None = None
    row_offset: Term | None = None

    def output_names(self) -> list[str | None] | None:
        """The names of its columns, None for one that the database names; None where they are not known."""
        columns = self.output_columns()
        return None if columns is None else [column.name for column in columns]

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
        return self.with_part(
            "orderings",
            self.orderings
            + tuple([Ordering(each, "ASC") if isinstance(each, Expression) else _ordering(each) for each in terms]),
        )

    def clear_order_by(self) -> Self:
        """The query without ORDER BY."""
        return self.with_part("orderings", ())

    def limit(self, count: int | Expression[int]) -> Self:
        """``LIMIT``, replacing an earlier one. The number is bound."""
        return self.with_part("row_limit", _row_count(count, "limit"))

    def clear_limit(self) -> Self:
        """The query without LIMIT."""
        return self.with_part("row_limit", None)

    def offset(self, count: int | Expression[int]) -> Self:
        """``OFFSET``, replacing an earlier one. The number is bound."""
        return self.with_part("row_offset", _row_count(count, "offset"))

    def clear_offset(self) -> Self:
        """The query without OFFSET."""
        return self.with_part("row_offset", None)


class Select(Query[RowT, ValueT]):
    """A SELECT statement. `select_from` and `select` start one.

    Attributes:
        columns: The terms of the select list, with `AllColumns` for ``*``.
        sources: What stands in FROM.
        joins: The joins, in order.
        predicates: The conditions of WHERE, which are ANDed.
        groupings: The terms of GROUP BY.
        group_predicates: The conditions of HAVING, which are ANDed.
        orderings: The terms of ORDER BY with their directions.
        row_limit: LIMIT, or None.
        row_offset: OFFSET, or None.
        is_distinct: Whether DISTINCT stands after SELECT.
        is_scalar: Whether a JSON helper makes a list of values of it, not of rows.
    """

    columns: tuple[Term | AllColumns, ...] = ()
    sources: tuple[Source, ...] = ()
    joins: tuple[Join, ...] = ()
    predicates: tuple[Term, ...] = ()
    groupings: tuple[Term, ...] = ()
    group_predicates: tuple[Term, ...] = ()
    is_distinct: bool = False
    is_scalar: bool = False

    # -- the select list ----------------------------------------------------------------------------------------------

    @overload
    def select(self, column: Expression[T], /) -> Select[RowT, T]: ...

    @overload
    def select(self, *columns: Any) -> Select[RowT, Any]: ...

    def select(self, *columns: Any) -> Select[RowT, Any]:
        """Add columns to the result: expressions, and queries of one column under an alias.

        Raises:
            BuildError: something is none of those; a string is no column name here, use ``table["name"]``.
        """
        if not columns:
            raise BuildError("select() takes at least one column; select_all() takes all that the tables declare")
        for each in columns:
            if not isinstance(each, Expression):
                columns = tuple([_output(each) for each in columns])
                break
        return self.with_part("columns", self.columns + columns)

    def select_all(self, *tables: Source) -> Select[RowT, Any]:
        """Add every column of the tables, or of all tables of the query when none is named.

        Declared tables are written column by column; of others it is ``*`` or ``table.*``.
        """
        if not tables and not self._all_declared():
            return self.with_part("columns", (*self.columns, AllColumns(None)))
        expanded: list[Term | AllColumns] = []
        for each in tables or self._tables():
            source = as_source(each)
            expanded += [AllColumns(source)] if source._is_open else source._columns.values()
        return self.with_part("columns", (*self.columns, *expanded))

    def _tables(self) -> tuple[Source, ...]:
        return self.sources + tuple(join.source for join in self.joins)

    def _all_declared(self) -> bool:
        if not self.sources:
            raise BuildError("select_all() comes after FROM and the joins whose columns it takes")
        return not any(source._is_open for source in self._tables())

    def clear_select(self) -> Select[RowT, Any]:
        """The query without its select list."""
        return self.with_part("columns", ())

    def distinct(self) -> Self:
        """``SELECT DISTINCT``: equal rows once."""
        return self.with_part("is_distinct", True)

    def scalars(self) -> Self:
        """For the JSON helpers: the values of the one column, not rows.

        ``json_array_from(select_from(pet).select(pet.name).scalars())`` gives ``["Felix", "Rex"]``.
        """
        return self.with_part("is_scalar", True)

    # -- where the rows come from -------------------------------------------------------------------------------------

    def from_(self, *sources: Any) -> Self:
        """Add tables, aliased sub-queries or CTEs to FROM."""
        return self.with_part("sources", self.sources + tuple([as_source(each) for each in sources]))

    def inner_join(self, source: Any, *on: Any) -> Self:
        """``INNER JOIN source ON …``; conditions are ANDed."""
        return self._joined("INNER", source, on)

    def left_join(self, source: Any, *on: Any) -> Self:
        """``LEFT JOIN source ON …``; conditions are ANDed."""
        return self._joined("LEFT", source, on)

    def right_join(self, source: Any, *on: Any) -> Self:
        """``RIGHT JOIN source ON …``; conditions are ANDed. SQLite has it since 3.39."""
        return self._joined("RIGHT", source, on)

    def full_join(self, source: Any, *on: Any) -> Self:
        """``FULL JOIN source ON …``; conditions are ANDed. SQLite has it since 3.39; MySQL and MariaDB do not.

        Raises:
            UnsupportedError: when compiled for MySQL or MariaDB.
        """
        return self._joined("FULL", source, on)

    def cross_join(self, source: Any) -> Self:
        """``CROSS JOIN source``: every row with every row."""
        return self.with_part("joins", (*self.joins, Join("CROSS", as_source(source), ())))

    def _joined(self, kind: JoinKind, source: Any, on: tuple[Any, ...]) -> Self:
        if not on:
            raise BuildError(f"{kind.lower()}_join needs a condition; cross_join has none")
        predicates = tuple([condition(each, f"{kind.lower()}_join") for each in on])
        return self.with_part("joins", (*self.joins, Join(kind, as_source(source), predicates)))

    # -- which rows ---------------------------------------------------------------------------------------------------

    def where(self, *criteria: Any) -> Self:
        """``WHERE``; conditions given together or one after the other are ANDed.

        Raises:
            BuildError: no condition, or something that is none (a Python bool, a value).
        """
        return self.with_part("predicates", self.predicates + conditions(criteria, "where"))

    def clear_where(self) -> Self:
        """The query without WHERE."""
        return self.with_part("predicates", ())

    def group_by(self, *terms: Term) -> Self:
        """``GROUP BY``; more calls add terms."""
        if not terms:
            raise BuildError("group_by() takes at least one term")
        return self.with_part("groupings", self.groupings + tuple([_grouping(each) for each in terms]))

    def clear_group_by(self) -> Self:
        """The query without GROUP BY."""
        return self.with_part("groupings", ())

    def having(self, *criteria: Any) -> Self:
        """``HAVING``; conditions are ANDed."""
        return self.with_part("group_predicates", self.group_predicates + conditions(criteria, "having"))

    def clear_having(self) -> Self:
        """The query without HAVING."""
        return self.with_part("group_predicates", ())

    def rows_as(self, row_type: type[RowClassT]) -> Select[RowClassT, ValueT]:
        """The same query, whose rows are objects of a class; nested rows too, where its fields say so.

        >>> from dataclasses import dataclass
        >>> from querykit import Column, Table, select_from
        >>> class Pet(Table, name="pet"):
        ...     id: Column[int]
        ...     name: Column[str]
        >>> @dataclass
        ... class PetOut:
        ...     id: int
        ...     name: str
        >>> pet = Pet()
        >>> pets = select_from(pet).select(pet.id, pet.name).rows_as(PetOut)

        Args:
            row_type: A dataclass, msgspec.Struct, TypedDict, NamedTuple, attrs class or pydantic model. Its fields are
                filled by the columns of their names: ``pets: list[PetOut]`` by a `json_array_from`, ``mother: PersonRef |
                None`` by a `json_object_from`.

        Raises:
            BuildError: a required field has no column, a column no field, or a field's type does not fit its column.
        """
        return super().rows_as(row_type)  # type: ignore[return-value]

    # -- what it gives ------------------------------------------------------------------------------------------------

    def output_columns(self) -> tuple[OutputColumn, ...] | None:
        """The columns of its rows; None where one is ``*``."""
        names = self.output_names()
        if names is None:
            return None
        return tuple([OutputColumn(name, shape_of(each)) for name, each in zip(names, self.columns, strict=True)])

    def output_names(self) -> list[str | None] | None:
        """The names of its columns, None for one that the database names; None where one is ``*``."""
        names = [output_name(each) for each in self.columns]
        return None if None in names and AllColumns in map(type, self.columns) else names


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
                self._columns[name] = _column_of(name, self, shape)

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
        """The nested rows."""
        return self.nested


def _column_of(name: str, source: Source, shape: ValueType | Nested | None) -> Column[Any]:
    if shape is None or isinstance(shape, ValueType):
        return Column(name, source, shape)
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
    if isinstance(term, Expression):
        return term.shape
    return INT if type(term) is pypika_functions.Count else None


def refuse_unnamed(query: Query[Any, Any], helper: str) -> None:
    """Refuse a query that is to be nested, unless every column has a name of its own.

    Raises:
        BuildError: a column has no name, or two have the same.
    """
    names = query.output_names()
    if names is None:
        return
    if not names:
        raise BuildError(f"{helper}: the query selects nothing; add select(…)")
    if None in names:
        raise BuildError(
            f"{helper}: column {names.index(None) + 1} of the nested query has no name; give it one with .as_(…)"
        )
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise BuildError(f"{helper}: the nested query has two columns named {twice!r}; rename one with .as_(…)")


def refuse_duplicates(query: Query[Any, Any]) -> None:
    """Refuse a result in which one value would hide another.

    Raises:
        CompileError: two columns have one name.
    """
    names = query.output_names()
    if names is None or len(set(names)) == len(names):
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


def conditions(criteria: tuple[Any, ...], where: str) -> tuple[Term, ...]:
    """The criteria of a clause, at least one.

    Raises:
        BuildError: there is none, or one is no condition.
    """
    if not criteria:
        raise BuildError(f"{where}() takes at least one condition")
    for each in criteria:
        condition(each, where)
    return criteria


def _output(column: Any) -> Term | AllColumns:
    if isinstance(column, Expression | AllColumns):
        return column
    if isinstance(column, AliasedQuery):
        return Subquery(column._query).as_(column._reference)
    if type(column) is Star:
        return AllColumns(None if column.table is None else as_source(column.table))
    if isinstance(column, Term | Statement):
        return operand(column)
    if isinstance(column, Source):
        raise BuildError(f"select() takes columns; select_all({column._reference}) takes all columns of a table")
    hint = "; a column is reached through its table, table['name'], and a value through value(…)"
    raise BuildError(f"select() takes expressions, not {type(column).__name__}{hint}")


def _ordering(term: Any) -> Ordering:
    return term if type(term) is Ordering else Ordering(_grouping(term, "order_by"), "ASC")


def _grouping(term: Any, clause: str = "group_by") -> Term:
    if isinstance(term, Expression):
        return term
    if isinstance(term, Term | Statement):
        return operand(term)
    raise BuildError(f"{clause}() takes expressions, not {type(term).__name__}; a column is reached through its table")


def _row_count(count: Any, clause: str) -> Term:
    if isinstance(count, Expression):
        return count
    if not isinstance(count, int) or isinstance(count, bool):
        raise BuildError(f"{clause}() takes an int, not {type(count).__name__}")
    if count < 0:
        raise BuildError(f"{clause}() takes a number that is not negative")
    return Value(count, INT)


convert_operands(AliasedQuery, lambda aliased: Subquery(aliased._query))
