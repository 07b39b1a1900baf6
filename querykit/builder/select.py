"""SELECT."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Self, TypeVar, overload

from pypika.terms import Star, Term

from querykit.builder.compiled import OutputColumn
from querykit.builder.expressions import Condition, Expression
from querykit.builder.locking import lock
from querykit.builder.logic import condition
from querykit.builder.operands import TRUE, Subquery, operand
from querykit.builder.query import AliasedQuery, AllColumns, Query, as_source, grouping, output_name, shape_of
from querykit.builder.statement import RowClassT, RowT, Statement, ValueT
from querykit.builder.tables import Column, Source, checked_name
from querykit.builder.windows import Window
from querykit.errors import BuildError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from querykit.builder.row_filters import Filters

    T = TypeVar("T")

JoinKind = Literal["INNER", "LEFT", "RIGHT", "FULL", "CROSS"]


class Join(NamedTuple):
    """One JOIN: its kind, what is joined, the conditions of ON, which are ANDed, or the columns of USING."""

    kind: JoinKind
    source: Source
    predicates: tuple[Term, ...] = ()
    using: tuple[str, ...] = ()
    is_lateral: bool = False


class Select(Query[RowT, ValueT]):
    """A SELECT statement. `select_from` and `select` start one.

    Attributes:
        columns: The terms of the select list, with `AllColumns` for ``*``.
        sources: What stands in FROM.
        joins: The joins, in order.
        predicates: The conditions of WHERE, which are ANDed.
        groupings: The terms of GROUP BY.
        group_predicates: The conditions of HAVING, which are ANDed.
        windows: The windows of the clause WINDOW.
        orderings: The terms of ORDER BY with their directions.
        row_limit: LIMIT, or None.
        row_offset: OFFSET, or None.
        is_distinct: Whether DISTINCT stands after SELECT.
        distinct_terms: The terms of DISTINCT ON.
        front_modifiers: What stands between SELECT and the columns, as raw SQL.
        filtering: What puts the conditions of plugins into it when it is written.
    """

    columns: tuple[Term | AllColumns, ...] = ()
    sources: tuple[Source, ...] = ()
    joins: tuple[Join, ...] = ()
    predicates: tuple[Term, ...] = ()
    groupings: tuple[Term, ...] = ()
    group_predicates: tuple[Term, ...] = ()
    windows: tuple[Window, ...] = ()
    is_distinct: bool = False
    distinct_terms: tuple[Term, ...] = ()
    front_modifiers: tuple[Term, ...] = ()
    filtering: Filters | None = None

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

    def distinct_on(self, *terms: Term) -> Self:
        """``SELECT DISTINCT ON (…)``: the first row for each value of the terms, which ORDER BY begins with.

        >>> from querykit import select_from, table
        >>> pet = table("pet")
        >>> oldest = select_from(pet).distinct_on(pet.species).select(pet.name).order_by(pet.species, pet.age.desc())
        >>> print(oldest.compile("postgres").sql)  # doctest: +NORMALIZE_WHITESPACE
        SELECT DISTINCT ON ("pet"."species") "pet"."name" FROM "pet" ORDER BY "pet"."species", "pet"."age" DESC

        Raises:
            UnsupportedError: when compiled for another database than PostgreSQL.
        """
        if not terms:
            raise BuildError("distinct_on() takes at least one term; distinct() takes none")
        return self.with_part(
            "distinct_terms", self.distinct_terms + tuple([grouping(each, "distinct_on") for each in terms])
        )

    def clear_distinct(self) -> Self:
        """The query without DISTINCT and DISTINCT ON."""
        return self.replaced(is_distinct=False, distinct_terms=())

    def modify_front(self, modifier: Expression[Any]) -> Self:
        """Raw SQL between SELECT and the columns; more calls add more.

        >>> from querykit import select_from, sql, table
        >>> pet = table("pet")
        >>> query = select_from(pet).modify_front(sql("SQL_NO_CACHE")).select(pet.name)
        >>> print(query.compile("mysql").sql)
        SELECT SQL_NO_CACHE `pet`.`name` FROM `pet`
        """
        return self.with_part("front_modifiers", (*self.front_modifiers, checked_modifier(modifier, "modify_front")))

    def modify_end(self, modifier: Expression[Any]) -> Self:
        """Raw SQL at the end of the statement; more calls add more.

        >>> from querykit import select_from, sql, table
        >>> pet = table("pet")
        >>> print(select_from(pet).select(pet.name).modify_end(sql("/* names */")).compile("sqlite").sql)
        SELECT "pet"."name" FROM "pet" /* names */
        """
        return self.with_part("end_modifiers", (*self.end_modifiers, checked_modifier(modifier, "modify_end")))

    def clear_modifiers(self) -> Self:
        """The query without the raw SQL at its edges."""
        return self.replaced(front_modifiers=(), end_modifiers=())

    def scalars(self) -> Self:
        """For the JSON helpers: the values of the one column, not rows.

        ``json_array_from(select_from(pet).select(pet.name).scalars())`` gives ``["Felix", "Rex"]``.
        """
        return self.with_part("is_scalar", True)

    # -- where the rows come from -------------------------------------------------------------------------------------

    def from_(self, *sources: Any) -> Self:
        """Add tables, aliased sub-queries or CTEs to FROM."""
        return self.with_part("sources", self.sources + tuple([as_source(each) for each in sources]))

    def clear_from(self) -> Self:
        """The query without FROM and its joins."""
        return self.replaced(sources=(), joins=())

    def inner_join(self, source: Any, *on: Any, using: Sequence[str] = ()) -> Self:
        """``INNER JOIN source ON …``; conditions are ANDed. `using` names columns that both sides have instead."""
        return self._joined("INNER", source, on, using)

    def left_join(self, source: Any, *on: Any, using: Sequence[str] = ()) -> Self:
        """``LEFT JOIN source ON …``; conditions are ANDed. `using` names columns that both sides have instead."""
        return self._joined("LEFT", source, on, using)

    def right_join(self, source: Any, *on: Any, using: Sequence[str] = ()) -> Self:
        """``RIGHT JOIN source ON …``, as `inner_join`. SQLite has it since 3.39."""
        return self._joined("RIGHT", source, on, using)

    def full_join(self, source: Any, *on: Any, using: Sequence[str] = ()) -> Self:
        """``FULL JOIN source ON …``, as `inner_join`. SQLite has it since 3.39; MySQL and MariaDB do not."""
        return self._joined("FULL", source, on, using)

    def cross_join(self, source: Any) -> Self:
        """``CROSS JOIN source``: every row with every row."""
        return self.with_part("joins", (*self.joins, Join("CROSS", as_source(source))))

    def inner_join_lateral(self, source: AliasedQuery, *on: Any) -> Self:
        """``INNER JOIN LATERAL (SELECT …) ON …``: a sub-query that refers to the tables before it.

        Without a condition, ``ON TRUE``. PostgreSQL and MySQL have it.
        """
        return self._joined_laterally("INNER", source, on or (TRUE,))

    def left_join_lateral(self, source: AliasedQuery, *on: Any) -> Self:
        """``LEFT JOIN LATERAL (SELECT …) ON …``: a sub-query that refers to the tables before it.

        Without a condition, ``ON TRUE``. PostgreSQL and MySQL have it.
        """
        return self._joined_laterally("LEFT", source, on or (TRUE,))

    def cross_join_lateral(self, source: AliasedQuery) -> Self:
        """``CROSS JOIN LATERAL (SELECT …)``: a sub-query that refers to the tables before it."""
        return self._joined_laterally("CROSS", source, ())

    def clear_joins(self) -> Self:
        """The query without its joins."""
        return self.with_part("joins", ())

    def _joined(self, kind: JoinKind, source: Any, on: tuple[Any, ...], using: Sequence[str]) -> Self:
        if isinstance(using, str):
            raise BuildError(f"using is a list of names: using=[{using!r}]")
        if bool(on) == bool(using):
            raise BuildError(f"{kind.lower()}_join needs either conditions or using=[…]; cross_join has none")
        on = conditions(on, f"{kind.lower()}_join") if on else ()
        names = tuple([checked_name(each, "a column of using") for each in using]) if using else ()
        return self.with_part("joins", (*self.joins, Join(kind, as_source(source), on, names)))

    def _joined_laterally(self, kind: JoinKind, source: Any, on: tuple[Any, ...]) -> Self:
        if not isinstance(source, AliasedQuery):
            raise BuildError(f"a lateral join takes an aliased query, not {type(source).__name__}")
        on = conditions(on, f"{kind.lower()}_join_lateral") if on else ()
        return self.with_part("joins", (*self.joins, Join(kind, source, on, is_lateral=True)))

    # -- which rows ---------------------------------------------------------------------------------------------------

    def where(self, *criteria: Any) -> Self:
        """``WHERE``; conditions given together or one after the other are ANDed.

        Raises:
            BuildError: no condition, or something that is none (a Python bool, a value).
        """
        if len(criteria) != 1 or not isinstance(criteria[0], Condition):  # one condition, as is usual, needs no call
            criteria = conditions(criteria, "where")
        return self.with_part("predicates", self.predicates + criteria)

    def clear_where(self) -> Self:
        """The query without WHERE."""
        return self.with_part("predicates", ())

    def group_by(self, *terms: Term) -> Self:
        """``GROUP BY``; more calls add terms."""
        if not terms:
            raise BuildError("group_by() takes at least one term")
        return self.with_part("groupings", self.groupings + tuple([grouping(each) for each in terms]))

    def clear_group_by(self) -> Self:
        """The query without GROUP BY."""
        return self.with_part("groupings", ())

    def having(self, *criteria: Any) -> Self:
        """``HAVING``; conditions are ANDed."""
        return self.with_part("group_predicates", self.group_predicates + conditions(criteria, "having"))

    def window(self, *windows: Window) -> Self:
        """``WINDOW``: declare windows that `window` made, for ``over(w)``; more calls add some."""
        for each in windows:
            if not isinstance(each, Window) or each.name is None:
                raise BuildError(f'window() takes windows made by window("w", …), not {type(each).__name__}')
        if not windows:
            raise BuildError("window() takes at least one window")
        return self.with_part("windows", self.windows + windows)

    def clear_windows(self) -> Self:
        """The query without the clause WINDOW."""
        return self.with_part("windows", ())

    def clear_having(self) -> Self:
        """The query without HAVING."""
        return self.with_part("group_predicates", ())

    def rows_as(self, row_type: type[RowClassT]) -> Select[RowClassT, ValueT]:
        """The same query, whose rows are objects of a class; nested rows too, where its fields say so.

        >>> from dataclasses import dataclass
        >>> from querykit import select_from, table
        >>> @dataclass
        ... class PetOut:
        ...     id: int
        ...     name: str
        >>> pet = table("pet")
        >>> pets = select_from(pet).select(pet.id, pet.name).rows_as(PetOut)

        Args:
            row_type: A dataclass, msgspec.Struct, TypedDict, NamedTuple, attrs class or pydantic model. Its fields are
                filled by the columns of their names: ``pets: list[PetOut]`` by a `json_array_from`,
                ``mother: PersonRef | None`` by a `json_object_from`.

        Raises:
            BuildError: a required field has no column, a column no field, or a field's type does not fit its column.
        """
        return super().rows_as(row_type)  # type: ignore[return-value]

    # -- locks --------------------------------------------------------------------------------------------------------

    def for_update(self, *, of: Any = None, skip_locked: bool = False, nowait: bool = False) -> Self:
        """``FOR UPDATE``: nobody else changes or locks the rows until the transaction ends.

        >>> from querykit import select_from, table
        >>> job = table("job")
        >>> query = select_from(job).select(job.id).where(job.done == False).limit(1).for_update(skip_locked=True)
        >>> print(query.compile("mysql").sql)
        SELECT `job`.`id` FROM `job` WHERE `job`.`done` = %s LIMIT %s FOR UPDATE SKIP LOCKED

        Args:
            of: The table, or a list of tables, whose rows are locked (PostgreSQL and MySQL); None is all.
            skip_locked: Leave out rows that others have locked.
            nowait: Raise `LockTimeoutError` if others have locked one.

        Raises:
            UnsupportedError: when compiled for SQLite, whose write transactions lock the whole database.
        """
        return self.with_part("lock", lock("UPDATE", of, skip_locked=skip_locked, nowait=nowait))

    def for_share(self, *, of: Any = None, skip_locked: bool = False, nowait: bool = False) -> Self:
        """``FOR SHARE``, on MariaDB ``LOCK IN SHARE MODE``: nobody else changes the rows. See `for_update`."""
        return self.with_part("lock", lock("SHARE", of, skip_locked=skip_locked, nowait=nowait))

    def for_no_key_update(self, *, of: Any = None, skip_locked: bool = False, nowait: bool = False) -> Self:
        """``FOR NO KEY UPDATE`` (PostgreSQL): as FOR UPDATE, but others can still refer to the rows by foreign keys."""
        return self.with_part("lock", lock("NO KEY UPDATE", of, skip_locked=skip_locked, nowait=nowait))

    def for_key_share(self, *, of: Any = None, skip_locked: bool = False, nowait: bool = False) -> Self:
        """``FOR KEY SHARE`` (PostgreSQL): nobody else deletes the rows or changes their keys."""
        return self.with_part("lock", lock("KEY SHARE", of, skip_locked=skip_locked, nowait=nowait))

    def clear_lock(self) -> Self:
        """The query without its lock."""
        return self.with_part("lock", None)

    # -- what it gives ------------------------------------------------------------------------------------------------

    def output_columns(self) -> tuple[OutputColumn, ...] | None:
        """The columns of its rows; None where one is ``*``."""
        found = [OutputColumn(output_name(each), shape_of(each)) for each in self.columns]
        return None if AllColumns in map(type, self.columns) else tuple(found)

    def output_names(self) -> list[str | None] | None:
        """The names of its columns, None for one that the database names; None where one is ``*``."""
        names = [output_name(each) for each in self.columns]
        return None if None in names and AllColumns in map(type, self.columns) else names

    def has_unique_names(self) -> bool:
        """Whether every column is known to have a name of its own; every query that is compiled or nested is asked."""
        columns, names = self.columns, set()
        for each in columns:
            names.add(each.name if type(each) is Column and each.alias is None else output_name(each))
        return 0 < len(names) == len(columns) and None not in names


def conditions(criteria: tuple[Any, ...], where: str) -> tuple[Term, ...]:
    """The criteria of a clause, at least one.

    Raises:
        BuildError: there is none, or one is no condition.
    """
    if not criteria:
        raise BuildError(f"{where}() takes at least one condition")
    for each in criteria:
        if not isinstance(each, Condition):
            return tuple([condition(each, where) for each in criteria])
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
    if hasattr(column, "include"):
        hint = "; a relation is nested by .include(…), counted by .count()"
    raise BuildError(f"select() takes expressions, not {type(column).__name__}{hint}")


def checked_modifier(modifier: Any, where: str) -> Term:
    """Raw SQL at an edge of a statement.

    Raises:
        BuildError: it is something else.
    """
    if not isinstance(modifier, Expression):
        raise BuildError(f'{where}() takes raw SQL, sql("…"), not {type(modifier).__name__}')
    return modifier
