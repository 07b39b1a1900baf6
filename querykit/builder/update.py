"""UPDATE."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

from querykit.builder.query import as_source
from querykit.builder.statement import RowT, ValueT
from querykit.builder.write import Assignment, Restricted, assignments


class Update(Restricted[RowT, ValueT]):
    """An UPDATE statement. `update` starts one.

    Attributes:
        table: What is updated.
        assignments: Pairs of a column and what it is set to: a checked Python value, or a term.
    """

    assignments: tuple[Assignment, ...] = ()

    def set(self, values: Mapping[Any, Any] | None = None, /, **columns: Any) -> Self:
        """Set columns to values or expressions, given as a mapping, as keywords, or both.

        Every expression sees the row as it was before: on MySQL and MariaDB, which set one column after the other, the
        assignments are put in an order in which that holds, or refused where there is none.

        >>> from querykit import table, update
        >>> pet = table("pet")
        >>> print(update(pet).set(age=pet.age + 1).where(pet.name == "Rex").compile("sqlite").sql)
        UPDATE "pet" SET "age" = "pet"."age" + ? WHERE "pet"."name" = ?

        On MySQL and MariaDB columns of joined tables can be set too: ``{pet.name: "Rex", owner.pets: owner.pets + 1}``.

        Raises:
            BuildError: nothing is set, a column is unknown or set twice, or a value has the wrong type.
        """
        changed = assignments(self.table, values, columns, self.assignments, where="set", may_be_joined=True)
        return self.with_part("assignments", changed)

    def restore(self) -> Self:
        """Bring rows back that `SoftDeletePlugin` holds for deleted; with `set`, other columns can change with it.

        ``db.update(person).restore().where(person.id == 7)``

        Raises:
            CompileError: when compiled without that plugin.
        """
        return self.marked("restore", self.table)

    def from_(self, *sources: Any) -> Self:
        """Other tables, aliased queries or CTEs that values and conditions refer to.

        PostgreSQL and SQLite write ``FROM``, MySQL and MariaDB a CROSS JOIN. `where` tells which rows belong together.

        >>> from querykit import table, update
        >>> pet, owner = table("pet"), table("owner")
        >>> query = update(pet).from_(owner).set(city=owner.city).where(owner.id == pet.owner_id)
        >>> print(query.compile("postgres").sql)
        UPDATE "pet" SET "city" = "owner"."city" FROM "owner" WHERE "owner"."id" = "pet"."owner_id"
        >>> print(query.compile("mysql").sql)
        UPDATE `pet` CROSS JOIN `owner` SET `pet`.`city` = `owner`.`city` WHERE `owner`.`id` = `pet`.`owner_id`
        """
        return self.with_part("sources", self.sources + tuple([as_source(each) for each in sources]))

    def returning(self, *columns: Any) -> Update[RowT, Any]:
        """``RETURNING``: columns of the updated rows, helpers included. Without columns, all that the table declares.

        Raises:
            UnsupportedError: when compiled for MySQL or MariaDB, which have none.
        """
        return self._returning(columns)
