"""The rows that a relation reaches from a table: as nested lists and objects, as counts, as predicates."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar

from querykit import (
    BuildError,
    Column,
    Condition,
    Expression,
    Table,
    and_,
    exists,
    fn,
    json_array_from,
    json_object_from,
    not_,
    scalar_subquery,
    select_from,
    value,
)
from querykit.access.fields import visible_columns

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from querykit.access.relations import Relation

T = TypeVar("T", bound=Table)
V = TypeVar("V")


class Related(Generic[T]):
    """The rows that belong to one row of a table, or of an alias of it: ``person.pets``.

    Attributes:
        relation: The declaration.
        source: The table, or the alias, whose row they belong to.
        table: The table that they are rows of: the target under its own name, or an alias (the relation's name) where
            that name is taken, as it is in relations of a table with itself.
    """

    def __init__(
        self, relation: Relation[Any], source: Table, table: T | None = None, *, taken: Collection[str] = ()
    ) -> None:
        """Reach from `source` to `table`, or to an alias of the target that is none of the names `taken`."""
        self.relation = relation
        self.source = source
        self.table: T = table if table is not None else self._free_table({source._reference, *taken})

    def _free_table(self, taken: Collection[str]) -> Any:
        target: Table = self.relation.joined_from(self.source).target
        name = next(each for each in self._possible_names(target) if each not in taken)
        return target if name == target._reference else target.as_(name)

    def _possible_names(self, target: Table) -> Iterator[str]:
        own, path = self.relation.name, f"{self.source._reference}_{self.relation.name}"
        yield from (target._reference, own, path)
        yield from (f"{path}_{number}" for number in count(2))

    def to(self, table: T) -> Self:
        """The same relation to an alias of its table, where the alias that it takes by itself will not do.

        Raises:
            BuildError: it is another table.
        """
        if not self._leads_to(table):
            raise BuildError(f"{self._described()} leads to {self.table._name}, not to {table!r}")
        return type(self)(self.relation, self.source, table)

    def _leads_to(self, table: object) -> bool:
        target = self.relation.joined_from(self.source).target
        return isinstance(table, type(target)) and (table._name, table._schema) == (target._name, target._schema)

    def rows(self) -> Any:
        """A correlated query of the rows, with no column selected yet: the relation for the whole builder.

        >>> from querykit import Column, Table, column, fn, scalar_subquery, select_from
        >>> from querykit.access import has_many
        >>> class Pet(Table, name="pet"):
        ...     weight: Column[float]
        ...     owner_id: Column[int]
        >>> class Person(Table, name="person"):
        ...     id: Column[int] = column(primary_key=True)
        ...     pets = has_many(Pet, by="owner_id")
        >>> person = Person()
        >>> heaviest = scalar_subquery(person.pets.rows().select(fn.max(person.pets.table.weight)))
        >>> query = select_from(person).select(person.id).where(heaviest > 5)
        >>> print(query.compile("sqlite").sql)  # doctest: +NORMALIZE_WHITESPACE
        SELECT "person"."id" FROM "person" WHERE (SELECT MAX("pet"."weight") FROM "pet"
        WHERE "pet"."owner_id" = "person"."id") > ?
        """
        joined, source, table = self.relation.joined_from(self.source), self.source, self.table
        query: Any = select_from(table)
        near: Table = table
        if joined.through is not None:
            near = self._through(joined.through)
            query = query.inner_join(near, *[near[name] == table[key] for name, key in joined.target_pairs])
            if self.relation.through_where is not None:
                query = query.where(self.relation.through_where(near))
        query = query.where(*[near[name] == source[key] for name, key in joined.source_pairs])
        if self.relation.when is not None:
            query = query.where(self.relation.when(source))
        return query if self.relation.where is None else query.where(self.relation.where(table))

    def _through(self, through: Table) -> Table:
        taken = (self.source._reference, self.table._reference)
        return through.as_(f"{self.relation.name}_through") if through._reference in taken else through

    def any(self, *criteria: Any) -> Condition:
        """Whether there is such a row that meets the criteria; without any, whether there is a row at all."""
        return exists(self._narrowed(criteria).select(self._a_column()))

    def none(self, *criteria: Any) -> Condition:
        """Whether no such row meets the criteria."""
        return not_(self.any(*criteria))

    def every(self, *criteria: Any) -> Condition:
        """Whether all such rows meet the criteria; true where there is no row, false where one gives NULL.

        Raises:
            BuildError: no criterion is given.
        """
        if not criteria:
            raise BuildError(f"{self._described()}.every() takes the criteria that all rows are to meet")
        return self.none(not_(fn.coalesce(and_(*criteria), value(False))))

    def count(self, *criteria: Any) -> Expression[int]:
        """How many such rows meet the criteria: to compare, to order by, to select."""
        return scalar_subquery(self._narrowed(criteria).select(fn.count()))

    def _narrowed(self, criteria: Sequence[Any]) -> Any:
        return self.rows().where(*criteria) if criteria else self.rows()

    def _a_column(self) -> Any:
        return next(iter(self.table._columns.values()))

    def _with_columns(self, columns: Sequence[Any]) -> Self:
        """The same, to the alias of the target that the columns are of, if they are."""
        tables = [each.table for each in columns if isinstance(each, Column) and self._leads_to(each.table)]
        found = next((each for each in tables if each._reference != self.source._reference), self.table)
        return self if found is self.table else self.to(found)

    def _included(self, columns: Sequence[Any], where: Any, include: Sequence[Any]) -> Any:
        query = self._narrowed(_several(where))
        query = query.select(*(columns or visible_columns(self.table).values()))
        nested = [self._nested(each) if isinstance(each, Related) else each for each in include]
        return query.select(*nested) if nested else query

    def _nested(self, related: Related[Any]) -> Expression[Any]:
        taken = {self.source._reference, self.table._reference}
        free = related.table._reference not in taken
        return (related if free else related.relation.reached_from(related.source, taken=taken)).include()

    def include(self) -> Expression[Any]:
        """The rows as one column, under the relation's name."""
        raise NotImplementedError

    def _described(self) -> str:
        return f"{self.source._reference}.{self.relation.name}"

    def __repr__(self) -> str:
        """From where to where it leads."""
        return f"<{type(self).__name__} {self._described()} → {self.table._reference}>"


class Many(Related[T]):
    """A relation that reaches any number of rows."""

    def include(
        self,
        *columns: Any,
        where: Any = (),
        order_by: Any = (),
        limit: int | None = None,
        offset: int | None = None,
        include: Sequence[Any] = (),
    ) -> Expression[list[Any]]:
        """The rows as a nested list, under the relation's name.

        Args:
            columns: What to take of each; nothing takes all declared columns that are not hidden.
            where: A criterion, or several, beside the relation's own.
            order_by: A key, or several, instead of the relation's own.
            limit: How many rows at most, for each row that they belong to.
            offset: How many rows to leave out.
            include: Relations of the related rows, each as it is or with its own ``include(…)``.
        """
        related = self._with_columns(columns)
        query = related._included(columns, where, include)
        own_order = self.relation.order_by
        keys = _several(order_by) or (() if own_order is None else _several(own_order(related.table)))
        query = query.order_by(*keys) if keys else query
        query = query if limit is None else query.limit(limit)
        query = query if offset is None else query.offset(offset)
        return json_array_from(query).as_(self.relation.name)


class One(Related[T]):
    """A relation that reaches one row or none."""

    def value(self, column: Expression[V]) -> Expression[V]:
        """A column of the row, or an expression of its columns: to compare, to order by, to select.

        NULL where there is no row. ``order_by(pet.owner.value(person.first_name))``
        """
        return scalar_subquery(self._with_columns([column]).rows().select(column))

    def include(self, *columns: Any, where: Any = (), include: Sequence[Any] = ()) -> Expression[Any]:
        """The row as a nested object, under the relation's name; None where there is no row.

        Args:
            columns: What to take of it; nothing takes all declared columns that are not hidden.
            where: A criterion, or several, beside the relation's own.
            include: Relations of the related row, each as it is or with its own ``include(…)``.
        """
        return json_object_from(self._with_columns(columns)._included(columns, where, include)).as_(self.relation.name)


def _several(given: Any) -> tuple[Any, ...]:
    return tuple(given) if isinstance(given, list | tuple) else (given,)
