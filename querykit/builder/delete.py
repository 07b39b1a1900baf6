"""DELETE."""

from __future__ import annotations

from typing import Any, Self

from querykit.builder.query import as_source
from querykit.builder.statement import RowT, ValueT
from querykit.builder.tables import Table
from querykit.builder.write import Restricted


class Delete(Restricted[RowT, ValueT]):
    """A DELETE statement. `delete_from` starts one.

    >>> from querykit import delete_from, table
    >>> pet = table("pet")
    >>> print(delete_from(pet).where(pet.name == "Rex").compile("mysql").sql)
    DELETE FROM `pet` WHERE `pet`.`name` = %s

    Attributes:
        table: What rows are deleted from.
        others: Other tables that rows are deleted from, which are joined (MySQL and MariaDB).
    """

    others: tuple[Table, ...] = ()

    def using(self, *sources: Any) -> Self:
        """Other tables, aliased queries or CTEs that conditions refer to.

        PostgreSQL writes ``USING``, MySQL and MariaDB a CROSS JOIN. `where` tells which rows belong together.

        >>> from querykit import delete_from, table
        >>> pet, owner = table("pet"), table("owner")
        >>> query = delete_from(pet).using(owner).where(owner.id == pet.owner_id, owner.name == "Tom")
        >>> print(query.compile("postgres").sql)
        DELETE FROM "pet" USING "owner" WHERE "owner"."id" = "pet"."owner_id" AND "owner"."name" = $1
        >>> print(query.compile("mysql").sql)
        DELETE `pet` FROM `pet` CROSS JOIN `owner` WHERE `owner`.`id` = `pet`.`owner_id` AND `owner`.`name` = %s

        Raises:
            UnsupportedError: when compiled for SQLite, which has no joins here.
        """
        return self.with_part("sources", self.sources + tuple([as_source(each) for each in sources]))

    def returning(self, *columns: Any) -> Delete[RowT, Any]:
        """``RETURNING``: columns of the deleted rows, helpers included. Without columns, all that the table declares.

        Raises:
            UnsupportedError: when compiled for MySQL, which has none.
        """
        return self._returning(columns)
