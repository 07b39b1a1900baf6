"""Filters as data, for what comes from outside: strict, closed, and never SQL.

A filter is a dict (a JSON object) whose keys are columns, relations, ``and``, ``or`` and ``not``; all of them hold.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from querykit import Condition, Table, and_, not_, or_
from querykit.access.fields import Field, Path, Place, did_you_mean, field_of, listed, place_in, shown, visible_columns
from querykit.access.operators import OPERATORS, PARTS_OF_TEXTS
from querykit.access.related import One
from querykit.access.relations import relations_of
from querykit.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sized

    from querykit.access.related import Related

TO_MANY: Final = ("some", "none", "every")
"""What a filter asks of a relation to many rows."""
TO_ONE: Final = ("is", "is_not")
"""What a filter asks of a relation to one row."""


def parse_filter(table: Table, data: Mapping[str, Any], *, max_depth: int = 8, max_conditions: int = 100) -> Condition:
    """The condition that a filter means, to stand in `where`.

    Of a column: a value, which it equals; None, for NULL; or operators, all of which hold: ``eq``, ``ne``, ``gt``,
    ``gte``, ``lt``, ``lte``, ``between``, ``in``, ``not_in``, ``is_null``, and of texts ``like``, ``ilike``,
    ``contains``, ``starts_with``, ``ends_with``. Of JSON: ``{"path": ["auth", "roles", 0], "eq": "admin"}``.
    Of a relation to many rows: ``some``, ``none`` and ``every`` with a filter of theirs; to one row: ``is`` and
    ``is_not``, which take None too, for no row. An empty ``or`` is false, an empty filter is true.

    Args:
        table: The table, or alias, whose declared columns and relations the filter may name, hidden ones excepted.
        data: The filter.
        max_depth: How deep filters may stand in one another.
        max_conditions: How many conditions it may have in all; each value of a list counts as one, and so does each
            filter of ``and`` and ``or``, and each step of a path.

    Raises:
        InputError: it names what is not there, or a value is not of its column's type; `InputError.path` says where.
    """
    return read_filter(table, data, Place.outermost(table), Limits(max_depth, max_conditions))


class Limits(NamedTuple):
    """How large filters may be.

    Attributes:
        depth: How deep they may stand in one another.
        conditions: How many conditions one has in all.
        may_be_empty: Whether a part that asks for nothing is allowed: it would make a write reach every row.
    """

    depth: int = 8
    conditions: int = 100
    may_be_empty: bool = True


def read_filter(table: Table, data: object, place: Place, limits: Limits) -> Condition:
    """The condition of a filter that stands at a place in other data."""
    return _Reader(limits).read(table, data, place)


class _Reader:
    """Reads one filter; what is left of its limits is counted here."""

    def __init__(self, limits: Limits) -> None:
        """Start with all that is allowed."""
        self._limits = limits
        self._conditions = 0

    def read(self, table: Table, data: object, place: Place) -> Condition:
        """The condition of a filter."""
        if not isinstance(data, dict):
            raise InputError(place.path, f"a filter is an object, not {shown(data)}")
        if place.depth > self._limits.depth:
            raise InputError(place.path, f"filters stand in one another no deeper than {self._limits.depth} times")
        self._refuse_empty(data, place.path)
        return and_(*[self._entry(table, key, given, place.at(key)) for key, given in data.items()])

    def _entry(self, table: Table, key: Any, given: object, place: Place) -> Condition:
        if key in ("and", "or"):
            if not isinstance(given, list | tuple):
                raise InputError(place.path, f"takes a list of filters, not {shown(given)}")
            self._refuse_empty(given, place.path)
            self._count(place.path, len(given))
            parts = [self.read(table, each, place.inner().at(index)) for index, each in enumerate(given)]
            return and_(*parts) if key == "and" else or_(*parts)
        if key == "not":
            return not_(self.read(table, given, place.inner()))
        columns, relations = visible_columns(table), relations_of(table)
        if key in columns:
            field = field_of(columns[key])
            return (self._document if field.is_document else self._column)(field, given, place.path)
        if key in relations:
            return self._relation(relations[key].reached_from(table, taken=place.names), given, place)
        known = (*columns, *relations, "and", "or", "not")
        raise InputError(place.path, f"no such column or relation{did_you_mean(key, known)}")

    def _relation(self, related: Related[Any], given: object, place: Place) -> Condition:
        known = TO_ONE if isinstance(related, One) else TO_MANY
        if not isinstance(given, dict) or not given:
            raise InputError(place.path, f"takes an object with {listed(known)}, not {shown(given)}")
        return and_(*[self._asked(related, key, each, place.at(key)) for key, each in given.items()])

    def _asked(self, related: Related[Any], key: Any, filter_: object, place: Place) -> Condition:
        known: dict[str, Callable[..., Condition]] = (
            {"is": related.any, "is_not": related.none}
            if isinstance(related, One)
            else {"some": related.any, "none": related.none, "every": related.every}
        )
        if key not in known:
            raise InputError(place.path, f"no such operator; there are {listed(known)}")
        self._count(place.path)
        if filter_ is None and isinstance(related, One):
            return related.none() if key == "is" else related.any()
        return known[key](self.read(related.table, filter_, place.inner(related.table._reference)))

    def _column(self, field: Field, given: object, path: Path) -> Condition:
        operators = given if isinstance(given, dict) else {"eq": given}
        known = [name for name, each in OPERATORS.items() if each.stands_on(field)]
        if not operators:
            raise InputError(path, f"an object here names operators: {listed(known)}")
        conditions = []
        for name, operand in operators.items():
            if name not in known:
                raise InputError((*path, name), f"no such operator here{did_you_mean(name, known)}")
            if isinstance(operand, list | tuple) or (isinstance(operand, str) and name in PARTS_OF_TEXTS):
                self._refuse_empty(operand, (*path, name))
            self._count(path, len(operand) if isinstance(operand, list | tuple) else 1)
            conditions.append(OPERATORS[name].condition(field, operand, (*path, name)))
        return and_(*conditions)

    def _document(self, field: Field, given: object, path: Path) -> Condition:
        if given is None:
            given = {"is_null": True}
        if not isinstance(given, dict) or ("path" not in given and set(given) != {"is_null"}):
            raise InputError(path, 'takes {"path": ["auth", "roles", 0], "eq": "admin"}, or is_null')
        operators = {name: operand for name, operand in given.items() if name != "path"}
        if "path" not in given:
            return self._column(field, operators, path)
        if not operators:
            raise InputError(path, "a path has operators beside it")
        self._count(path, len(given["path"]) if isinstance(given["path"], list | tuple) else 1)
        places = [place_in(field.term, given["path"], operand, path) for operand in operators.values()]
        each = zip(places, operators.items(), strict=True)
        return and_(*[self._column(place, {name: operand}, path) for place, (name, operand) in each])

    def _count(self, path: Path, conditions: int = 1) -> None:
        self._conditions += conditions
        if self._conditions > self._limits.conditions:
            raise InputError(path, f"a filter has no more than {self._limits.conditions} conditions")

    def _refuse_empty(self, given: Sized, path: Path) -> None:
        if not given and not self._limits.may_be_empty:
            raise InputError(path, "is empty, and a write would reach every row by it")
