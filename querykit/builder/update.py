"""UPDATE."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from querykit.builder.insert import assigned, column_name, returned_columns, returning
from querykit.builder.query import AllColumns
from querykit.builder.select import conditions
from querykit.builder.statement import RowT, Statement, ValueT
from querykit.errors import BuildError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pypika.terms import Term

    from querykit.builder.compiled import OutputColumn
    from querykit.builder.tables import Column, Table


class Update(Statement[RowT, ValueT]):
    """An UPDATE statement. `update` starts one.

    Attributes:
        table: What is updated.
        assignments: Pairs of a column and what it is set to: a checked Python value, or a term.
        predicates: The conditions of WHERE, which are ANDed.
        returned: The terms of RETURNING.
    """

    is_write = True
    table: Table
    assignments: tuple[tuple[Column[Any], Any], ...] = ()
    predicates: tuple[Term, ...] = ()
    returned: tuple[Term | AllColumns, ...] = ()

    def set(self, values: Mapping[Any, Any] | None = None, /, **columns: Any) -> Self:
        """Set columns to values or expressions, given as a mapping, as keywords, or both.

        >>> from querykit import table, update
        >>> pet = table("pet")
        >>> print(update(pet).set(age=pet.age + 1).where(pet.name == "Rex").compile("sqlite").sql)
        UPDATE "pet" SET "age" = "pet"."age" + ? WHERE "pet"."name" = ?

        Raises:
            BuildError: nothing is set, a column is unknown or set twice, or a value has the wrong type.
        """
        given = [(column_name(key), value) for key, value in (*(values or {}).items(), *columns.items())]
        if not given:
            raise BuildError("set() takes at least one column")
        names = [column.name for column, _ in self.assignments] + [name for name, _ in given]
        if len(set(names)) < len(names):
            raise BuildError(f"the column {next(name for name in names if names.count(name) > 1)!r} is set twice")
        added = [(column := self.table[name], assigned(column, value)) for name, value in given]
        return self.replaced(assignments=(*self.assignments, *added))

    def where(self, *criteria: Any) -> Self:
        """``WHERE``; conditions given together or one after the other are ANDed."""
        return self.replaced(predicates=self.predicates + conditions(criteria, "where"))

    def returning(self, *columns: Any) -> Update[RowT, Any]:
        """``RETURNING``: columns of the updated rows, helpers included. Without columns, all that the table declares.

        Raises:
            UnsupportedError: when compiled for MySQL or MariaDB, which have none.
        """
        return returning(self, columns)

    @property
    def returns_rows(self) -> bool:  # type: ignore[override]
        """Whether RETURNING was asked for."""
        return bool(self.returned)

    def output_columns(self) -> tuple[OutputColumn, ...] | None:
        """The columns of RETURNING."""
        return returned_columns(self.returned)
