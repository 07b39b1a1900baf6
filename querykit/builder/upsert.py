"""ON CONFLICT: what an INSERT does about a row that is there already."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar

from pypika.terms import Term

from querykit.builder.expressions import Expression
from querykit.builder.logic import condition
from querykit.builder.tables import Column, Source, Table, checked_name
from querykit.builder.write import Assignment, assignments, target_column
from querykit.errors import BuildError

if TYPE_CHECKING:
    from querykit.builder.insert import Insert
    from querykit.builder.value_types import ValueType

InsertT = TypeVar("InsertT", bound="Insert[Any, Any]")
TableT = TypeVar("TableT", bound=Table)


class Conflict(NamedTuple):
    """An ON CONFLICT clause.

    Attributes:
        targets: The columns or expressions of the unique index; none for any key.
        constraint: The name of a constraint instead, or None.
        predicates: The conditions of a partial index.
        assignments: What DO UPDATE sets; none for DO NOTHING.
        update_predicates: The conditions under which DO UPDATE updates.
    """

    targets: tuple[Term, ...] = ()
    constraint: str | None = None
    predicates: tuple[Term, ...] = ()
    assignments: tuple[Assignment, ...] = ()
    update_predicates: tuple[Term, ...] = ()


class OnConflict(Generic[InsertT]):
    """An INSERT whose answer to conflicts is still to be said; `Insert.on_conflict` makes it."""

    def __init__(self, insert: InsertT, conflict: Conflict) -> None:
        """Hold the INSERT and where it conflicts."""
        self._insert = insert
        self._conflict = conflict

    def do_nothing(self) -> InsertT:
        """Leave the row out.

        PostgreSQL and SQLite write ``DO NOTHING``. MySQL and MariaDB set a column to itself, because their ``IGNORE``
        would hide other errors too.

        >>> from querykit import insert_into, table
        >>> pet = table("pet")
        >>> print(insert_into(pet).values(id=1).on_conflict(pet.id).do_nothing().compile("sqlite").sql)
        INSERT INTO "pet" ("id") VALUES (?) ON CONFLICT ("id") DO NOTHING
        >>> print(insert_into(pet).values(id=1).on_conflict(pet.id).do_nothing().compile("mariadb").sql)
        INSERT INTO `pet` (`id`) VALUES (%s) ON DUPLICATE KEY UPDATE `id` = `pet`.`id`
        """
        return self._insert.with_part("conflict", self._conflict)

    def do_update(self, *values: Any, where: Any = None, **columns: Any) -> InsertT:
        """Update the row that is there.

        Columns of the table are those of the row that is there, those of `excluded` are those of the row that was to
        be inserted. A column by itself, or its name, takes the value that was to be inserted.

        >>> from querykit import excluded, insert_into, table
        >>> pet = table("pet")
        >>> new = insert_into(pet).values(id=1, name="Rex", visits=1).on_conflict(pet.id)
        >>> print(new.do_update(pet.name, visits=pet.visits + excluded.visits).compile("mariadb").sql)
        INSERT INTO `pet` (`id`, `name`, `visits`) VALUES (%s, %s, %s) ON DUPLICATE KEY UPDATE \
`name` = VALUES(`name`), `visits` = `pet`.`visits` + VALUES(`visits`)

        Args:
            values: Mappings from column to value or expression, and columns to take over.
            where: Update only rows for which this holds (PostgreSQL and SQLite).
            columns: Values or expressions by the name of their column.

        Raises:
            BuildError: nothing is set, a column is unknown or set twice, or a value has the wrong type.
        """
        table = self._insert.table
        given: dict[Any, Any] = {}
        for each in values:
            if isinstance(each, Mapping):
                given.update(each)
            else:
                column = target_column(table, each)
                given[column] = ExcludedColumn(column.name, column.value_type)
        changed = assignments(table, given, columns, where="do_update")
        predicates = () if where is None else (condition(where, "do_update"),)
        return self._insert.with_part(
            "conflict", self._conflict._replace(assignments=changed, update_predicates=predicates)
        )


def conflict_targets(table: Table, columns: tuple[Any, ...], constraint: str | None, where: Any) -> Conflict:
    """Where an INSERT conflicts, checked.

    Raises:
        BuildError: columns and a constraint are given, or a condition without columns.
    """
    if constraint is not None:
        if columns or where is not None:
            raise BuildError("on_conflict() takes columns or the name of a constraint, not both")
        return Conflict(constraint=checked_name(constraint, "a constraint"))
    if where is not None and not columns:
        raise BuildError("on_conflict(where=…) needs the columns of the partial index")
    targets = tuple([_target(table, each) for each in columns])
    return Conflict(targets, None, () if where is None else (condition(where, "on_conflict"),))


def _target(table: Table, given: Any) -> Term:
    if isinstance(given, Expression) and not isinstance(given, Column):
        return given
    return target_column(table, given)


class ExcludedColumn(Expression[Any]):
    """A column of the row that was to be inserted.

    It is no `Column`, or Python would turn ``column < excluded.column`` round.

    Attributes:
        name: The name that its table calls it by.
    """

    def __init__(self, name: str, type_: ValueType | None) -> None:
        """Hold the name and the type."""
        self.name = name
        self.value_type = type_

    def described(self) -> str:
        """What messages call it."""
        return f"excluded.{self.name}"


class ExcludedRow(Source):
    """The row that was to be inserted, in `do_update`: ``excluded.name``, or typed, ``excluded(person).name``."""

    _reference = "excluded"
    _is_open = True

    def __init__(self) -> None:
        """Know no column yet."""
        self._columns = {}

    def __call__(self, table: TableT) -> TableT:
        """The row with the columns of a declared table, their names checked and their types known.

        >>> from querykit import excluded, insert_into, Column, Table
        >>> class Pet(Table, name="pet"):
        ...     id: Column[int]
        ...     visits: Column[int]
        >>> pet = Pet()
        >>> query = insert_into(pet).values(id=1, visits=1).on_conflict(pet.id)
        >>> print(query.do_update(visits=pet.visits + excluded(pet).visits).compile("sqlite").sql)
        INSERT INTO "pet" ("id", "visits") VALUES (?, ?) ON CONFLICT ("id") DO UPDATE SET "visits" = "pet"."visits" + \
"excluded"."visits"
        """
        row = table.as_(self._reference)
        for name, column in row._columns.items():
            made: Any = ExcludedColumn(name, column.value_type)
            row._columns[name] = made
            if name in row.__dict__:
                row.__dict__[name] = made
        return row

    def _missing_column(self, name: str) -> Any:
        return ExcludedColumn(checked_name(name, "a column"), None)

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Column[Any]: ...


excluded = ExcludedRow()
