"""What INSERT, UPDATE, DELETE and MERGE have in common: a table, values for its columns, and RETURNING."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from operator import itemgetter
from typing import Any, Final, Self

from pypika.terms import Term

from querykit.builder.compiled import OutputColumn
from querykit.builder.expressions import Expression, Ordering, known_type, name_of
from querykit.builder.logic import condition
from querykit.builder.operands import Value, operand
from querykit.builder.query import AllColumns, as_source, ordering_of, output_name, row_count, shape_of
from querykit.builder.select import Join, JoinKind, Select, checked_modifier, conditions
from querykit.builder.statement import RowT, Statement, ValueT
from querykit.builder.tables import Column, Source, Table
from querykit.errors import BuildError

Assignment = tuple[Column[Any], Any]
"""A column and what it is set to: a checked Python value, or a term."""

PLAIN: Final = frozenset(
    {
        *(type(None), bool, int, float, Decimal, str, bytes, bytearray, dict, list, uuid.UUID),
        *(dt.date, dt.time, dt.datetime, dt.timedelta),
    }
)
"""Types of which an object is a value and nothing else."""


_FRACTIONAL: Final = frozenset({"float", "average", "decimal"})


class Write(Statement[RowT, ValueT]):
    """A statement that changes the rows of a table.

    Attributes:
        table: The table.
        returned: The terms of RETURNING.
        end_modifiers: Raw SQL at the end.
    """

    is_write = True
    table: Table
    returned: tuple[Term | AllColumns, ...] = ()
    end_modifiers: tuple[Term, ...] = ()

    def modify_end(self, modifier: Expression[Any]) -> Self:
        """Raw SQL at the end of the statement; more calls add more.

        >>> from querykit import delete_from, sql, table
        >>> print(delete_from(table("pet")).all_rows().modify_end(sql("/* spring cleaning */")).compile("sqlite").sql)
        DELETE FROM "pet" /* spring cleaning */
        """
        return self.with_part("end_modifiers", (*self.end_modifiers, checked_modifier(modifier, "modify_end")))

    def clear_modifiers(self) -> Self:
        """The statement without the raw SQL at its end."""
        return self.with_part("end_modifiers", ())

    def clear_returning(self) -> Self:
        """The statement without RETURNING."""
        return self.with_part("returned", ())

    def hard_delete(self) -> Self:
        """Delete rows for good where `SoftDeletePlugin` would keep them: those it holds for deleted already too.

        ``only_deleted().hard_delete()`` empties the bin. It also lets `Insert.or_replace` and MERGE delete rows.
        """
        return self.marked("hard_delete", self.table)

    def _returning(self, columns: tuple[Any, ...]) -> Self:
        """The statement with more in RETURNING, by the rules of a select list."""
        listed = Select[Any, Any]().replaced(sources=(self.table,))
        listed = listed.select(*columns) if columns else listed.select_all()
        return self.with_part("returned", self.returned + listed.columns)

    @property
    def returns_rows(self) -> bool:  # type: ignore[override]
        """Whether RETURNING was asked for."""
        return bool(self.returned)

    def output_columns(self) -> tuple[OutputColumn, ...] | None:
        """The columns of RETURNING; None where one is ``*``."""
        if any(type(each) is AllColumns for each in self.returned):
            return None
        return tuple([OutputColumn(output_name(each), shape_of(each)) for each in self.returned])

    def output_names(self) -> list[str | None] | None:
        """The names of those columns, None for one that the database names; None where one is ``*``."""
        columns = self.output_columns()
        return None if columns is None else [column.name for column in columns]


class Restricted(Write[RowT, ValueT]):
    """An UPDATE or a DELETE: which rows it is about, and which other tables help to say so.

    Attributes:
        sources: Other tables: FROM of an UPDATE, USING of a DELETE.
        joins: The joins, in order.
        predicates: The conditions of WHERE, which are ANDed.
        orderings: The terms of ORDER BY with their directions.
        row_limit: LIMIT, or None.
        is_of_all_rows: Whether every row is meant, without a condition.
    """

    sources: tuple[Source, ...] = ()
    joins: tuple[Join, ...] = ()
    predicates: tuple[Term, ...] = ()
    orderings: tuple[Ordering, ...] = ()
    row_limit: Term | None = None
    is_of_all_rows: bool = False

    def inner_join(self, source: Any, *on: Any) -> Self:
        """Join another table, so that conditions and values can refer to it; only rows that find a partner are meant.

        MySQL and MariaDB write ``INNER JOIN``; PostgreSQL and SQLite have ``FROM`` (``USING``, of a DELETE), and the
        condition stands in WHERE. A row that finds several partners is written once.
        """
        return self._joined("INNER", source, on)

    def left_join(self, source: Any, *on: Any) -> Self:
        """Join another table; rows without a partner are meant too.

        MySQL and MariaDB can join the table that is written so; everywhere another table has to come before it.
        """
        return self._joined("LEFT", source, on)

    def cross_join(self, source: Any) -> Self:
        """Join every row of another table; the conditions of `where` tell which belong together."""
        return self.with_part("joins", (*self.joins, Join("CROSS", as_source(source))))

    def _joined(self, kind: JoinKind, source: Any, on: tuple[Any, ...]) -> Self:
        if not on:
            raise BuildError(f"{kind.lower()}_join needs a condition; cross_join has none")
        for each in on:
            condition(each, f"{kind.lower()}_join")
        return self.with_part("joins", (*self.joins, Join(kind, as_source(source), on)))

    def where(self, *criteria: Any) -> Self:
        """``WHERE``; conditions given together or one after the other are ANDed.

        A statement without a condition is refused when compiled, unless `all_rows` is said: a condition that got lost
        on its way must not empty a table.
        """
        return self.with_part("predicates", self.predicates + conditions(criteria, "where"))

    def clear_where(self) -> Self:
        """The statement without WHERE."""
        return self.with_part("predicates", ())

    def all_rows(self) -> Self:
        """Mean every row of the table, on purpose.

        >>> from querykit import delete_from, table
        >>> print(delete_from(table("pet")).all_rows().compile("sqlite").sql)
        DELETE FROM "pet"
        """
        return self.with_part("is_of_all_rows", True)

    def order_by(self, *terms: Term | Ordering) -> Self:
        """``ORDER BY``, for `limit` (MySQL and MariaDB, one table).

        Raises:
            UnsupportedError: when compiled for PostgreSQL or SQLite.
        """
        return self.with_part("orderings", self.orderings + tuple([ordering_of(each) for each in terms]))

    def clear_order_by(self) -> Self:
        """The statement without ORDER BY."""
        return self.with_part("orderings", ())

    def limit(self, count: Any) -> Self:
        """``LIMIT``: the first rows only (MySQL and MariaDB, one table).

        Raises:
            UnsupportedError: when compiled for PostgreSQL or SQLite. Everywhere
                ``where(pet.id.is_in(select_from(other).select(other.id).order_by(…).limit(9)))`` does the same.
        """
        return self.with_part("row_limit", row_count(count, "limit"))

    def clear_limit(self) -> Self:
        """The statement without LIMIT."""
        return self.with_part("row_limit", None)


def target_column(table: Table, key: Any, *, may_be_joined: bool = False) -> Column[Any]:
    """The column of a table that is written, given by its name or as ``table.column``.

    Args:
        table: The table that is written.
        key: The name or the column.
        may_be_joined: Whether a column of another table may be meant (UPDATE of several tables).

    Raises:
        BuildError: it is neither, the table does not have it, or it belongs to another table.
    """
    if isinstance(key, str):
        return table[key]
    if not isinstance(key, Column):
        raise BuildError(f"a column is given by its name or as table.column, not as {type(key).__name__}")
    is_same = isinstance(key.table, Table) and key.table._name == table._name
    if is_same and (key.reference == table._reference or not may_be_joined):
        return table._column_named(key.column_name)
    if may_be_joined and isinstance(key.table, Table):
        return key
    raise BuildError(f"{key.described()} is no column of {table._reference!r}, which is written")


def assigned(column: Column[Any], value: Any) -> Any:
    """What a column is set to: a checked Python value, or a term.

    Raises:
        BuildError: the value has another type than the column.
    """
    known = column.value_type
    if known is None:
        if type(value) in PLAIN:
            return value
    elif value is None or type(value) in known.accepts:
        return value
    elif type(value) is known.python:
        return known.check(value, column.described())
    term = operand(value, column)
    if type(term) is Value:
        return term.value
    given = known_type(term)
    if known is not None and known.stored_kind == "int" and given is not None and given.kind in _FRACTIONAL:
        raise BuildError(
            f"{column.described()} takes int, and {name_of(term)} is a {given}, which databases cut or round in "
            "different ways: say cast(x, int), fn.round(x) or fn.div(a, b)"
        )
    return term


def assignments(
    table: Table,
    values: Mapping[Any, Any] | None,
    columns: Mapping[str, Any],
    before: tuple[Assignment, ...] = (),
    *,
    where: str,
    may_be_joined: bool = False,
) -> tuple[Assignment, ...]:
    """Columns with what they are set to, given as a mapping, as keywords, or both, after those `before`.

    Raises:
        BuildError: nothing is set, a column is unknown or set twice, or a value has the wrong type.
    """
    if values is not None and not isinstance(values, Mapping):
        raise BuildError(f"{where}() takes a mapping from column to value, not {type(values).__name__}")
    given: list[Assignment] = list(before)
    for key, value in (*(values or {}).items(), *columns.items()):
        column = target_column(table, key, may_be_joined=may_be_joined)
        if any(other is column for other, _ in given):
            raise BuildError(f"{where}(): the column {column.name!r} is set twice")
        given.append((column, assigned(column, value)))
    if len(given) == len(before):
        raise BuildError(f"{where}() takes at least one column")
    return tuple(given)


def listed(rows: Iterable[Any], named: Mapping[str, Any]) -> list[Any]:
    """The rows that were given: mappings (or tuples), iterables of them, or one row as keywords."""
    given: list[Any] = []
    if not named and rows and {dict, tuple}.issuperset(map(type, rows)):
        return list(rows)
    for each in rows:
        if isinstance(each, Mapping | tuple):
            given.append(each)
        elif isinstance(each, Iterable) and not isinstance(each, str | bytes):
            given += each
        else:
            raise BuildError(f"values() takes mappings from column to value, not {type(each).__name__}")
    if named:
        given.append(named)
    if not given:
        raise BuildError("values() takes at least one row")
    return given


def checked_rows(targets: tuple[Column[Any], ...], rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """The rows with their values checked against the columns, column by column: most need no look at each value."""
    changed: dict[int, list[Any]] = {}
    for position, target in enumerate(targets):
        value_of = itemgetter(
            position
        )  # a column at a time: to turn thousands of rows by zip() takes three times as long
        kinds = set(map(type, map(value_of, rows)))
        kinds.discard(type(None))
        if not kinds <= (PLAIN if target.value_type is None else target.value_type.accepts):
            changed[position] = [assigned(target, value) for value in map(value_of, rows)]
    return with_columns(rows, changed) if changed else rows


def with_columns(rows: Sequence[tuple[Any, ...]], changed: Mapping[int, Sequence[Any]]) -> list[tuple[Any, ...]]:
    """The rows with other values in some columns."""
    columns = [changed.get(place) or list(map(itemgetter(place), rows)) for place in range(len(rows[0]))]
    return list(zip(*columns, strict=True))
