"""Finding rows by data: a filter, an order, columns and relations to include, as one query that can be printed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from querykit import Expression, Table, json_array_from, json_object_from, select_from
from querykit.access.fields import Place, did_you_mean, listed, shown, visible_columns
from querykit.access.filters import Limits, read_filter
from querykit.access.related import One
from querykit.access.relations import relations_of
from querykit.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from querykit import Column
    from querykit.access.related import Related

_OPTIONS: Final = ("where", "order_by", "limit", "offset", "columns", "include")
"""What a relation to many rows can be included with."""


def find_query(
    table: Table,
    *,
    where: Any = None,
    order_by: Any = (),
    limit: int | None = None,
    offset: int | None = None,
    columns: Sequence[Any] | None = None,
    include: Sequence[str] | Mapping[str, Any] = (),
    max_limit: int = 1000,
    max_depth: int = 8,
) -> Any:
    """The query that finds rows by data. All of it may come from outside.

    Args:
        table: The table, or an alias.
        where: A filter, as `parse_filter` reads it, or a condition of the program's own.
        order_by: Keys: ``"name"``, ``"-age"`` (descending), or expressions of the program's own.
        limit: How many rows at most.
        offset: How many rows to leave out.
        columns: Which columns, by name; unsaid, all that are not hidden.
        include: Which relations: a list of names, or a dict with ``True`` or an object of `where`, `order_by`,
            `limit`, `offset` (of relations to many rows), `columns` and `include` for each.
        max_limit: The most that any `limit` may be.
        max_depth: How deep filters, and relations, may stand in one another.

    Raises:
        InputError: something is unknown, hidden or of a wrong type; `InputError.path` says where.
    """
    given = {"where": where, "order_by": order_by, "limit": limit, "offset": offset}
    given |= {"columns": columns, "include": include}
    return Finder(max_limit, Limits(depth=max_depth)).select(select_from(table), table, given, Place.outermost(table))


class Finder:
    """Puts the query together; the same for the rows that are asked for, and for each relation in them."""

    def __init__(self, max_limit: int, limits: Limits) -> None:
        """Hold what is allowed."""
        self._max_limit = max_limit
        self._limits = limits

    def select(self, query: Any, table: Table, given: Mapping[str, Any], place: Place) -> Any:
        """A query with the columns, the relations, the filter, the order and the limit that are asked for."""
        if place.depth > self._limits.depth:
            raise InputError(place.path, f"relations stand in one another no deeper than {self._limits.depth} times")
        return self.narrowed(self.shaped(query, table, given, place), table, given, place)

    def shaped(self, query: Any, table: Table, given: Mapping[str, Any], place: Place) -> Any:
        """A query with the columns, the relations and the order that are asked for."""
        query = query.select(*self._columns(table, given.get("columns"), place))
        included = _included(given.get("include"), place)
        nested = [self._relation(table, name, options, place.at("include", name)) for name, options in included]
        query = query.select(*nested) if nested else query
        keys = [self._key(table, each, place, at) for at, each in enumerate(_several(given.get("order_by")))]
        return query.order_by(*keys) if keys else query

    def narrowed(self, query: Any, table: Table, given: Mapping[str, Any], place: Place) -> Any:
        """A query with the filter and the limit that are asked for."""
        where = given.get("where")
        if where is not None:
            query = query.where(self._condition(table, where, place.at("where")))
        for clause in ("limit", "offset"):
            count = given.get(clause)
            if count is not None:
                query = getattr(query, clause)(self._count(count, clause, place.at(clause)))
        return query

    def _condition(self, table: Table, where: Any, place: Place) -> Any:
        return where if isinstance(where, Expression) else read_filter(table, where, place, self._limits)

    def _columns(self, table: Table, names: Any, place: Place) -> list[Column[Any]]:
        visible = visible_columns(table)
        if names is None:
            return list(visible.values())
        if not isinstance(names, list | tuple) or not names:
            raise InputError((*place.path, "columns"), f"takes a list of columns, not {shown(names)}")
        found = [_named(visible, each, place, "columns", at) for at, each in enumerate(names)]
        if len(set(names)) < len(names):
            raise InputError((*place.path, "columns"), "names a column twice")
        return found

    def _key(self, table: Table, key: Any, place: Place, at: int) -> Any:
        if not isinstance(key, str):
            if isinstance(key, Expression) or hasattr(key, "direction"):
                return key
            message = f"a key is a column's name, with - before it to descend, not {shown(key)}"
            raise InputError((*place.path, "order_by", at), message)
        column = _named(visible_columns(table), key.removeprefix("-"), place, "order_by", at)
        return column.desc() if key.startswith("-") else column.asc()

    def _count(self, count: object, clause: str, place: Place) -> int:
        most = self._max_limit if clause == "limit" else 2**63 - 1
        if type(count) is not int or not 0 <= count <= most:
            raise InputError(place.path, f"takes a whole number from 0 to {most}")
        return count

    def _relation(self, table: Table, name: object, options: Any, place: Place) -> Expression[Any]:
        relations = relations_of(table)
        if not isinstance(name, str) or name not in relations:
            raise InputError(place.path, f"no such relation{did_you_mean(name, relations)}")
        related = relations[name].reached_from(table, taken=place.names)
        query = self.select(*self._rows(related, _options(related, options, place), place))
        nest = json_object_from if isinstance(related, One) else json_array_from
        return nest(query).as_(related.relation.name)

    @staticmethod
    def _rows(related: Related[Any], options: dict[str, Any], place: Place) -> tuple[Any, ...]:
        own_order = related.relation.order_by
        if own_order is not None and not options.get("order_by"):
            options = {**options, "order_by": own_order(related.table)}
        return related.rows(), related.table, options, place.inner(related.table._reference)


def _included(include: Any, place: Place) -> Iterable[tuple[Any, Any]]:
    if isinstance(include, dict):
        return include.items()
    if include is None:
        return ()
    if not isinstance(include, list | tuple):
        message = f"takes a list of relations, or an object, not {shown(include)}"
        raise InputError((*place.path, "include"), message)
    for at, each in enumerate(include):
        if not isinstance(each, str) or each in include[:at]:
            raise InputError((*place.path, "include", at), "takes the names of relations, each once")
    return [(each, True) for each in include]


def _options(related: Related[Any], options: Any, place: Place) -> dict[str, Any]:
    if options is True:
        return {}
    known = ("where", "columns", "include") if isinstance(related, One) else _OPTIONS
    if not isinstance(options, dict):
        raise InputError(place.path, f"takes true, or an object with any of {listed(known)}, not {shown(options)}")
    for name in options:
        if name not in known:
            raise InputError(place.at(name).path, f"no such option{did_you_mean(name, known)}")
    return options


def _several(keys: Any) -> Sequence[Any]:
    return keys if isinstance(keys, list | tuple) else () if keys is None else (keys,)


def _named(columns: Mapping[str, Column[Any]], name: object, place: Place, *keys: str | int) -> Column[Any]:
    if isinstance(name, str) and name in columns:
        return columns[name]
    raise InputError((*place.path, *keys), f"no such column{did_you_mean(name, columns)}")
