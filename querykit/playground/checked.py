"""A description, looked up in the catalog: tables under names of their own, columns, values of the columns' types."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import msgspec

from querykit.access.fields import Field, did_you_mean, field_of
from querykit.errors import InputError
from querykit.playground.description import MAX_ITEMS, MAX_LEVELS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import TypeAlias

    from querykit import Column, Table
    from querykit.playground.catalog import Catalog, CatalogTable, Relation
    from querykit.playground.description import Description, Filter, Key, Rows

    Path: TypeAlias = "tuple[str | int, ...]"
    Links: TypeAlias = "tuple[tuple[Column[Any], Column[Any]], ...]"

MAX_LIMIT: Final = 1_000_000
MAX_NAME: Final = 63
_COUNTS: Final = {"is_null": 0, "is_not_null": 0, "between": 2}
"""How many values stand beside an operator; one beside the others, and any number beside those of lists."""
TAKES: Final = {
    "bool": "true or false",
    "int": "a whole number",
    "float": "a number",
    "decimal": "a number: 12.50",
    "date": "a date: 2026-01-31",
    "time": "a time: 12:30:00",
    "datetime": "a date and time: 2026-01-31T12:30:00",
    "instant": "a date and time with its zone: 2026-01-31T12:30:00Z",
    "timedelta": "a duration: P1DT2H30M",
    "uuid": "a UUID",
    "bytes": "bytes in base64: AAEC",
    "str": "a text",
}
"""What is typed for a column, by the kind of its values."""
_LISTS: Final = ("in", "not_in")


class Comparison(NamedTuple):
    """A condition: a column, the name of an operator, and values of the column's type."""

    column: Column[Any]
    operator: str
    values: tuple[Any, ...]


class Order(NamedTuple):
    """A column that rows are ordered by."""

    column: Column[Any]
    is_descending: bool


@dataclass(frozen=True, slots=True, eq=False)
class Level:
    """Rows of a table, checked.

    Attributes:
        of: The table in the catalog.
        table: The table, or an alias of it where its name is taken by one around it.
        columns: What is taken of it.
        comparisons: Which rows.
        is_any: Whether one of the comparisons is enough.
        order_by: In which order.
        limit: How many at most.
        relation: What leads to it, if it is nested.
        name: The name that it is nested under.
        links: Columns that are equal: its own (or those of `through`), and of the table that it is nested in.
        through: The table between the two, where one ties them.
        through_links: Columns of it and of this one that are equal.
        nested: The levels in it.
    """

    of: CatalogTable
    table: Table
    columns: tuple[Column[Any], ...]
    comparisons: tuple[Comparison, ...]
    is_any: bool
    order_by: tuple[Order, ...]
    limit: int | None
    relation: Relation | None
    name: str
    links: Links
    through: Table | None
    through_links: Links
    nested: tuple[Level, ...]

    @property
    def is_many(self) -> bool:
        """Whether it is any number of rows; else, one or none."""
        return self.relation is None or self.relation.is_many

    def walk(self) -> Iterator[Level]:
        """This level and all that are in it, the outer ones first."""
        yield self
        for each in self.nested:
            yield from each.walk()


def checked(description: Description, catalog: Catalog) -> Level:
    """What a description means in a database.

    Raises:
        InputError: it names what is not there, or a value is not of its column's type; `InputError.path` says where.
    """
    found = catalog.tables.get(description.table)
    if found is None:
        raise InputError(("table",), f"no such table{did_you_mean(description.table, catalog.tables)}")
    return _Checker(catalog).level(found, description.rows, ("rows",))


class _Way(NamedTuple):
    """How a nested level is reached: by a relation, under a name, from a table whose names the catalog has."""

    relation: Relation
    name: str
    outer: Table
    outer_names: dict[str, str]

    def links(self, names: dict[str, str], table: Table) -> Links:
        """The columns of the table that the relation leads to first, and of the one that it leads from."""
        return _linked(self.relation.links, names, table, self.outer_names, self.outer)


def _linked(
    links: Sequence[tuple[str, str]], names: dict[str, str], table: Table, other_names: dict[str, str], other: Table
) -> Links:
    return tuple([(table[names[own]], other[other_names[to]]) for own, to in links])


class _Checker:
    """Checks one description, and counts its levels."""

    def __init__(self, catalog: Catalog) -> None:
        """Start with no level."""
        self._catalog = catalog
        self._levels = 0

    def level(
        self, of: CatalogTable, rows: Rows, path: Path, around: tuple[str, ...] = (), way: _Way | None = None
    ) -> Level:
        """One level and those in it; `around` are the names of the tables that it stands in."""
        self._levels += 1
        if self._levels > MAX_LEVELS:
            raise InputError(path, f"a query has no more than {MAX_LEVELS} tables")
        _refuse_sizes(rows, path)
        table = _free_table(of.declared, around, way)
        around = (*around, table._reference)
        through, near = None, of
        if way is not None and way.relation.through is not None:
            near = self._catalog.tables[way.relation.through]
            through = _free_table(near.declared, around, way)
            around = (*around, through._reference)
        comparisons = [_comparison(of, table, each, (*path, "filters", at)) for at, each in enumerate(rows.filters)]
        keys = [_order(of, table, each, (*path, "order_by", at)) for at, each in enumerate(rows.order_by)]
        return Level(
            of,
            table,
            tuple([_column(of, table, name, (*path, "columns", at)) for at, name in enumerate(rows.columns)]),
            tuple(comparisons),
            rows.match == "any",
            tuple(keys),
            _limit(rows.limit, (*path, "limit"), way),
            None if way is None else way.relation,
            "" if way is None else way.name,
            () if way is None else way.links(near.names, through or table),
            through,
            ()
            if way is None or through is None
            else _linked(way.relation.through_links, near.names, through, of.names, table),
            tuple(self._nested(of, table, rows, (*path, "relations"), around)),
        )

    def _nested(
        self, of: CatalogTable, table: Table, rows: Rows, path: Path, around: tuple[str, ...]
    ) -> Iterator[Level]:
        taken = {of.names[each] for each in rows.columns}
        for at, each in enumerate(rows.relations):
            relation = of.relations.get(each.relation)
            if relation is None:
                reason = f"no such relation{did_you_mean(each.relation, of.relations)}"
                raise InputError((*path, at, "relation"), reason)
            name = relation.name if each.name is None else _fit_name(each.name, (*path, at, "name"))
            if name in taken:
                raise InputError((*path, at, "name"), "is taken by a column or another table")
            taken.add(name)
            target, way = self._catalog.tables[relation.target], _Way(relation, name, table, of.names)
            yield self.level(target, each.rows, (*path, at, "rows"), around, way)


def _refuse_sizes(rows: Rows, path: Path) -> None:
    for part in ("columns", "filters", "order_by", "relations"):
        if len(getattr(rows, part)) > MAX_ITEMS:
            raise InputError((*path, part), f"no more than {MAX_ITEMS} are allowed")
    if not rows.columns and not rows.relations:
        raise InputError((*path, "columns"), "choose at least one column")
    for at, name in enumerate(rows.columns):
        if name in rows.columns[:at]:
            raise InputError((*path, "columns", at), "is named twice")


def _free_table(table: Table, taken: Sequence[str], way: _Way | None) -> Table:
    """The table, or an alias of it that is none of the names taken."""
    if way is None or table._reference not in taken:
        return table
    own = way.relation.name
    names = (own if number == 1 else f"{own}_{number}" for number in count(1))
    return table.as_(next(each for each in names if each not in taken))


def _column(of: CatalogTable, table: Table, name: str, path: Path) -> Column[Any]:
    if name not in of.names:
        raise InputError(path, f"no such column{did_you_mean(name, of.names)}")
    return table[of.names[name]]


def _comparison(of: CatalogTable, table: Table, given: Filter, path: Path) -> Comparison:
    column = _column(of, table, given.column, (*path, "column"))
    known = of.operators(given.column)
    if given.operator not in known:
        raise InputError((*path, "operator"), f"no such operator here{did_you_mean(given.operator, known)}")
    wanted = _COUNTS.get(given.operator, 1)
    if given.operator in _LISTS:
        if len(given.values) > MAX_ITEMS:
            raise InputError((*path, "values"), f"no more than {MAX_ITEMS} are allowed")
    elif len(given.values) != wanted:
        raise InputError((*path, "values"), f"takes {wanted} {'value' if wanted == 1 else 'values'}")
    field = field_of(column)
    values = [_value(field, text, (*path, "values", at)) for at, text in enumerate(given.values)]
    return Comparison(column, given.operator, tuple(values))


def _order(of: CatalogTable, table: Table, key: Key, path: Path) -> Order:
    return Order(_column(of, table, key.column, (*path, "column")), key.descending)


def _value(field: Field, text: str, path: Path) -> Any:
    """A value as people type it."""
    try:
        return msgspec.convert(text, field.annotation, strict=False)
    except msgspec.ValidationError:
        raise InputError(path, f"takes {TAKES[field.kind]}") from None


def _limit(limit: int | None, path: Path, way: _Way | None) -> int | None:
    if limit is None:
        return None
    if not 0 <= limit <= MAX_LIMIT:
        raise InputError(path, f"is a number from 0 to {MAX_LIMIT}")
    if way is not None and not way.relation.is_many:
        raise InputError(path, "stands on rows, not on the one row of this relation")
    return limit


def _fit_name(name: str, path: Path) -> str:
    if not name.strip() or not name.isprintable() or len(name.encode()) > MAX_NAME:
        raise InputError(path, f"is a name of 1 to {MAX_NAME} printable characters")
    return name
