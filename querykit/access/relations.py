"""Relations between tables, declared once as attributes of their classes.

Reached through a table or an alias of it, a relation is a `Related`, which makes correlated sub-queries.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, Self, TypeAlias, TypeVar, overload

from querykit import BuildError, Table
from querykit.access.keys import Keys, Pairs, foreign_key
from querykit.access.related import Many, One, Related

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

T = TypeVar("T", bound=Table)
RelatedT = TypeVar("RelatedT", bound=Related[Any])

Target: TypeAlias = "type[T] | Callable[[], type[T] | T]"
"""A table's class, or a function that gives it, or a table: called late, so that tables may refer to each other."""


@dataclass(frozen=True, slots=True)
class Joined:
    """How a relation reaches its rows from a table.

    Attributes:
        target: The table that it leads to.
        source_pairs: Columns that are equal: of the target (or of `through`), and of the source.
        through: The table between the two, of many-to-many relations.
        target_pairs: Columns of `through` and of the target that are equal.
    """

    target: Table
    source_pairs: Pairs
    through: Table | None = None
    target_pairs: Pairs = ()


class Relation(Generic[RelatedT]):
    """A relation as it is declared, by `has_many`, `has_one`, `belongs_to` or `many_to_many`.

    Attributes:
        name: The attribute's name.
        owner: The class that declares it.
        where: What the related rows must meet: a function of their table.
        when: What the row that they belong to must meet: a function of its table.
        order_by: The keys that order the related rows: a function of their table.
        through_where: What the rows between must meet, of many-to-many relations: a function of their table.
    """

    name: str = ""
    owner: type[Table] = Table

    def __init__(
        self,
        related: type[RelatedT],
        join: Callable[[Relation[Any], Table], Joined],
        *,
        where: Callable[[Any], Any] | None = None,
        when: Callable[[Any], Any] | None = None,
        order_by: Callable[[Any], Any] | None = None,
        through_where: Callable[[Any], Any] | None = None,
    ) -> None:
        """Hold what was declared; the other tables are looked up when they are first asked for."""
        self._related = related
        self._join = join
        self._joined: dict[type[Table], Joined] = {}
        self.where = where
        self.when = when
        self.order_by = order_by
        self.through_where = through_where

    def __set_name__(self, owner: type[Table], name: str) -> None:
        """Learn its name, and whose it is."""
        self.name, self.owner = name, owner

    @overload
    def __get__(self, source: None, owner: type[Table]) -> Self: ...

    @overload
    def __get__(self, source: Table, owner: type[Table]) -> RelatedT: ...

    def __get__(self, source: Table | None, owner: type[Table]) -> Any:
        """Of a table or an alias, what makes queries; of the class, the declaration."""
        return self if source is None else self.reached_from(source)

    def reached_from(self, source: Table, *, taken: Collection[str] = ()) -> RelatedT:
        """What makes queries of the rows that belong to a row of `source`, under a name that is not `taken`."""
        return self._related(self, source, taken=taken)

    def joined_from(self, source: Table) -> Joined:
        """How it reaches its rows from a table of the class that declares it, or of one that inherits it."""
        joined = self._joined.get(type(source))
        if joined is None:
            joined = self._joined[type(source)] = self._join(self, source)
        return joined

    def table_of(self, target: Any) -> Table:
        """The table that a declaration names: by class, by a function, or by a class's name.

        Raises:
            BuildError: it is no table.
        """
        module = self.owner.__module__
        found = target
        if isinstance(target, str):
            module, _, name = target.rpartition(".") if "." in target else (module, "", target)
            found = getattr(sys.modules.get(module), name, None)
        if callable(found) and not isinstance(found, type):
            found = found()
        if isinstance(found, type) and issubclass(found, Table):
            return found()
        if isinstance(found, Table):
            return found
        hint = f"; {module} has no such table, or is not imported" if isinstance(target, str) else ""
        raise BuildError(f"{self!r} leads to a table, not to {target!r}{hint}")

    def __repr__(self) -> str:
        """Where it stands."""
        return f"{self.owner.__name__}.{self.name}"


@overload
def has_many(
    target: Target[T],
    *,
    by: Keys | None = None,
    key: Keys | None = None,
    where: Callable[[T], Any] | None = None,
    order_by: Callable[[T], Any] | None = None,
) -> Relation[Many[T]]: ...


@overload
def has_many(
    target: str,
    *,
    by: Keys | None = None,
    key: Keys | None = None,
    where: Callable[[Any], Any] | None = None,
    order_by: Callable[[Any], Any] | None = None,
) -> Relation[Many[Any]]: ...


def has_many(
    target: Any,
    *,
    by: Keys | None = None,
    key: Keys | None = None,
    where: Callable[[Any], Any] | None = None,
    order_by: Callable[[Any], Any] | None = None,
) -> Relation[Many[Any]]:
    """Rows of another table that refer to a row of this one.

    Args:
        target: The other table: its class, a function that gives it, or its class's name: that of one in the same
            module, or with its module before it, ``"shop.pets.Pet"``.
        by: The columns of the other table that refer to this one; needed where `references` does not say it.
        key: The columns of this table that they hold, if not the primary key.
        where: What the rows must meet beside that, such as the type in a polymorphic relation.
        order_by: The keys that order the rows, unless a query says others.
    """
    return Relation(Many, _referring(target, by, key), where=where, order_by=order_by)


def _referring(target: Any, by: Keys | None, key: Keys | None) -> Callable[[Relation[Any], Table], Joined]:
    """How rows that refer to a row of the source are joined to it."""

    def join(relation: Relation[Any], source: Table) -> Joined:
        table = relation.table_of(target)
        return Joined(table, foreign_key(table, source, by, key, repr(relation)))

    return join


@overload
def has_one(
    target: Target[T], *, by: Keys | None = None, key: Keys | None = None, where: Callable[[T], Any] | None = None
) -> Relation[One[T]]: ...


@overload
def has_one(
    target: str, *, by: Keys | None = None, key: Keys | None = None, where: Callable[[Any], Any] | None = None
) -> Relation[One[Any]]: ...


def has_one(
    target: Any, *, by: Keys | None = None, key: Keys | None = None, where: Callable[[Any], Any] | None = None
) -> Relation[One[Any]]:
    """The one row of another table that refers to a row of this one; a second one raises when it is read.

    The arguments are those of `has_many`.
    """
    return Relation(One, _referring(target, by, key), where=where)


@overload
def belongs_to(
    target: Target[T],
    *,
    by: Keys | None = None,
    key: Keys | None = None,
    where: Callable[[T], Any] | None = None,
    when: Callable[[Any], Any] | None = None,
) -> Relation[One[T]]: ...


@overload
def belongs_to(
    target: str,
    *,
    by: Keys | None = None,
    key: Keys | None = None,
    where: Callable[[Any], Any] | None = None,
    when: Callable[[Any], Any] | None = None,
) -> Relation[One[Any]]: ...


def belongs_to(
    target: Any,
    *,
    by: Keys | None = None,
    key: Keys | None = None,
    where: Callable[[Any], Any] | None = None,
    when: Callable[[Any], Any] | None = None,
) -> Relation[One[Any]]:
    """The row of another table that a row of this one refers to.

    Args:
        target: The other table, as `has_many` takes it.
        by: The columns of this table that refer to the other; needed where `references` does not say it.
        key: The columns of the other table that they hold, if not its primary key.
        where: What the other row must meet.
        when: What this row must meet, such as its type in a polymorphic relation.
    """

    def join(relation: Relation[Any], source: Table) -> Joined:
        table = relation.table_of(target)
        pairs = foreign_key(source, table, by, key, repr(relation))
        return Joined(table, tuple([(referred, own) for own, referred in pairs]))

    return Relation(One, join, where=where, when=when)


@overload
def many_to_many(
    target: Target[T],
    *,
    through: Target[Any] | str,
    by: Keys | None = None,
    to: Keys | None = None,
    key: Keys | None = None,
    target_key: Keys | None = None,
    where: Callable[[T], Any] | None = None,
    order_by: Callable[[T], Any] | None = None,
    through_where: Callable[[Any], Any] | None = None,
) -> Relation[Many[T]]: ...


@overload
def many_to_many(
    target: str,
    *,
    through: Target[Any] | str,
    by: Keys | None = None,
    to: Keys | None = None,
    key: Keys | None = None,
    target_key: Keys | None = None,
    where: Callable[[Any], Any] | None = None,
    order_by: Callable[[Any], Any] | None = None,
    through_where: Callable[[Any], Any] | None = None,
) -> Relation[Many[Any]]: ...


def many_to_many(
    target: Any,
    *,
    through: Any,
    by: Keys | None = None,
    to: Keys | None = None,
    key: Keys | None = None,
    target_key: Keys | None = None,
    where: Callable[[Any], Any] | None = None,
    order_by: Callable[[Any], Any] | None = None,
    through_where: Callable[[Any], Any] | None = None,
) -> Relation[Many[Any]]:
    """Rows of another table that a third table ties to rows of this one.

    Args:
        target: The other table, as `has_many` takes it.
        through: The table between the two.
        by: Its columns that refer to this table.
        to: Its columns that refer to the other table.
        key: The columns of this table that are referred to, if not the primary key.
        target_key: The columns of the other table that are referred to, if not its primary key.
        where: What the other rows must meet.
        order_by: The keys that order them, unless a query says others.
        through_where: What the rows between must meet, such as the type in a polymorphic relation.
    """

    def join(relation: Relation[Any], source: Table) -> Joined:
        table, between = relation.table_of(target), relation.table_of(through)
        near = foreign_key(between, source, by, key, repr(relation))
        return Joined(table, near, between, foreign_key(between, table, to, target_key, repr(relation)))

    return Relation(Many, join, where=where, order_by=order_by, through_where=through_where)


def relations_of(table: Table | type[Table]) -> dict[str, Relation[Any]]:
    """The relations that a table declares or inherits, by name."""
    cls: Any = table if isinstance(table, type) else type(table)
    relations: dict[str, Relation[Any]] | None = cls.__dict__.get("_relations")
    if relations is None:  # looked up once for each class: every read asks
        found = {name: each for base in reversed(cls.__mro__) for name, each in vars(base).items()}
        relations = cls._relations = {name: each for name, each in found.items() if isinstance(each, Relation)}
    return relations
