"""DELETE."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from querykit.builder.insert import returned_columns, returning
from querykit.builder.query import AllColumns
from querykit.builder.select import conditions
from querykit.builder.statement import RowT, Statement, ValueT

if TYPE_CHECKING:
    from pypika.terms import Term

    from querykit.builder.compiled import OutputColumn
    from querykit.builder.tables import Table


class Delete(Statement[RowT, ValueT]):
    """A DELETE statement. `delete_from` starts one.

    Attributes:
        table: What rows are deleted from.
        predicates: The conditions of WHERE, which are ANDed.
        returned: The terms of RETURNING.
    """

    is_write = True
    table: Table
    predicates: tuple[Term, ...] = ()
    returned: tuple[Term | AllColumns, ...] = ()

    def where(self, *criteria: Any) -> Self:
        """``WHERE``; conditions given together or one after the other are ANDed.

        >>> from querykit import delete_from, table
        >>> pet = table("pet")
        >>> print(delete_from(pet).where(pet.name == "Rex").compile("mysql").sql)
        DELETE FROM `pet` WHERE `pet`.`name` = %s
        """
        return self.replaced(predicates=self.predicates + conditions(criteria, "where"))

    def returning(self, *columns: Any) -> Delete[RowT, Any]:
        """``RETURNING``: columns of the deleted rows, helpers included. Without columns, all that the table declares.

        Raises:
            UnsupportedError: when compiled for MySQL, which has none.
        """
        return returning(self, columns)

    @property
    def returns_rows(self) -> bool:  # type: ignore[override]
        """Whether RETURNING was asked for."""
        return bool(self.returned)

    def output_columns(self) -> tuple[OutputColumn, ...] | None:
        """The columns of RETURNING."""
        return returned_columns(self.returned)
