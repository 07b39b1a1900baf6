"""What `alter_table` does to a table, one by one, as data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from querykit import Column
    from querykit.schema.constraints import Check, ForeignKey, PrimaryKey, Unique
    from querykit.schema.definition import Default
    from querykit.schema.types import SqlType


@dataclass(frozen=True, slots=True, eq=False)
class Alteration:
    """One change. `method` is that of the writers that writes it."""

    method: ClassVar[str] = ""


@dataclass(frozen=True, slots=True, eq=False)
class AddColumn(Alteration):
    """A new column, with what its declaration says."""

    method: ClassVar[str] = "add_column"
    column: Column[Any]
    if_not_exists: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class DropColumn(Alteration):
    """A column goes."""

    method: ClassVar[str] = "drop_column"
    name: str
    if_exists: bool = False
    cascade: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class RenameColumn(Alteration):
    """A column gets another name."""

    method: ClassVar[str] = "rename_column"
    name: str
    new_name: str


@dataclass(frozen=True, slots=True, eq=False)
class ChangeColumn(Alteration):
    """A column gets another type, takes NULL or no longer, gets a default or loses it, or another comment.

    Attributes:
        name: Its name.
        declared: The column that declares it; None where only its name is known.
        type: The new type, or None.
        using: The expression that makes the new values of the old, or None.
        is_nullable: Whether NULL may stand in it from now on; None leaves that.
        default: The new default, or None.
        drops_default: Whether the default goes.
        comment: The new comment, or None; the empty text drops it.
    """

    method: ClassVar[str] = "change_column"
    name: str
    declared: Column[Any] | None = None
    type: SqlType | None = None
    using: Any = None
    is_nullable: bool | None = None
    default: Default | None = None
    drops_default: bool = False
    comment: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class AddConstraint(Alteration):
    """A new key or check, with its name."""

    method: ClassVar[str] = "add_constraint"
    constraint: PrimaryKey | Unique | Check | ForeignKey
    is_validated: bool = True


@dataclass(frozen=True, slots=True, eq=False)
class DropConstraint(Alteration):
    """A key or check goes, by its name."""

    method: ClassVar[str] = "drop_constraint"
    name: str
    if_exists: bool = False
    cascade: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class DropPrimaryKey(Alteration):
    """The primary key goes; its name, where keys have one."""

    method: ClassVar[str] = "drop_primary_key"
    name: str


@dataclass(frozen=True, slots=True, eq=False)
class ValidateConstraint(Alteration):
    """The rows that were there are held to a constraint, too."""

    method: ClassVar[str] = "validate_constraint"
    name: str


@dataclass(frozen=True, slots=True, eq=False)
class RenameConstraint(Alteration):
    """A constraint gets another name."""

    method: ClassVar[str] = "rename_constraint"
    name: str
    new_name: str


@dataclass(frozen=True, slots=True, eq=False)
class RenameTable(Alteration):
    """The table gets another name."""

    method: ClassVar[str] = "rename_table"
    new_name: str


@dataclass(frozen=True, slots=True, eq=False)
class SetSchema(Alteration):
    """The table moves to another schema."""

    method: ClassVar[str] = "set_schema"
    schema: str


@dataclass(frozen=True, slots=True, eq=False)
class CommentTable(Alteration):
    """The table gets another description; the empty text drops it."""

    method: ClassVar[str] = "comment_table"
    comment: str
