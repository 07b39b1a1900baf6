"""Enumerations that are types of their own, which PostgreSQL has; elsewhere the values stand with the column."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple, Self

from querykit import BuildError
from querykit.schema.ddl import Definition

if TYPE_CHECKING:
    from querykit.schema.altering import AlteringWriter


class EnumChange(NamedTuple):
    """One change of an enumeration.

    Attributes:
        verb: What is done.
        value: The value, or the new name of the type or of its schema.
        beside: The value that stands beside it, or its new name.
        place: On which side that stands.
        if_not_exists: Whether it may be there already.
    """

    verb: Literal["ADD VALUE", "RENAME VALUE", "RENAME TO", "SET SCHEMA"]
    value: str
    beside: str | None = None
    place: Literal["BEFORE", "AFTER"] = "AFTER"
    if_not_exists: bool = False


class AlterEnum(Definition):
    """``ALTER TYPE``, made by `alter_enum`; every method gives a new one, with one more change at its end."""

    def __init__(self, name: str, schema: str | None = None, changes: tuple[EnumChange, ...] = ()) -> None:
        """Hold the type, and what is changed."""
        super().__init__(self._statements)
        self.name, self.schema, self.changes = name, schema, changes

    def _statements(self, writer: AlteringWriter) -> list[str]:
        if not self.changes:
            raise BuildError(f"nothing is altered in the enumeration {self.name!r}")
        return writer.alter_enum(self.name, self.schema, self.changes)

    def _with(self, change: EnumChange) -> Self:
        return type(self)(self.name, self.schema, (*self.changes, change))

    def add_value(
        self, value: str, *, before: str | None = None, after: str | None = None, if_not_exists: bool = False
    ) -> Self:
        """Add a value, at the end or beside another. The transaction that adds it cannot use it.

        Raises:
            BuildError: it is to stand on two sides.
        """
        if before is not None and after is not None:
            raise BuildError("add_value() takes before or after, not both")
        place: Literal["BEFORE", "AFTER"] = "AFTER" if before is None else "BEFORE"
        return self._with(EnumChange("ADD VALUE", value, after if before is None else before, place, if_not_exists))

    def rename_value(self, value: str, new_value: str) -> Self:
        """Give a value another name, in every row that has it."""
        return self._with(EnumChange("RENAME VALUE", value, new_value))

    def rename_to(self, new_name: str) -> Self:
        """Give the type another name; what follows is done to the type of that name."""
        return self._with(EnumChange("RENAME TO", new_name))

    def set_schema(self, schema: str) -> Self:
        """Move the type to another schema."""
        return self._with(EnumChange("SET SCHEMA", schema))


def create_enum(name: str, *values: str, schema: str | None = None) -> Definition:
    """``CREATE TYPE … AS ENUM``, for `Enumeration` on PostgreSQL; nothing elsewhere."""
    return Definition(lambda writer: writer.create_enum(name, values, schema))


def alter_enum(name: str, *, schema: str | None = None) -> AlterEnum:
    r"""Start an ``ALTER TYPE`` of an enumeration (PostgreSQL).

    >>> from querykit.schema import alter_enum
    >>> print("\n".join(alter_enum("mood").add_value("calm", before="sad").rename_to("state").sql("postgres")))
    ALTER TYPE "mood" ADD VALUE 'calm' BEFORE 'sad'
    ALTER TYPE "mood" RENAME TO "state"

    Raises:
        UnsupportedError: when written for another database; there, the values are the column's:
            ``alter_table(table).set_type(column)``.
    """
    return AlterEnum(name, schema)


def drop_enum(name: str, *, schema: str | None = None, if_exists: bool = False, cascade: bool = False) -> Definition:
    """``DROP TYPE``, on PostgreSQL; nothing elsewhere."""
    return Definition(lambda writer: writer.drop_enum(name, schema, if_exists=if_exists, cascade=cascade))
