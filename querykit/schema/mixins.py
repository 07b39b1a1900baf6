"""Columns that many tables have: bases for declared tables, which plugins know how to fill."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID, uuid4

from querykit import AwareDatetime, Column, Table, column, fn
from querykit.schema.types import Varchar


class Identity(Table):
    """Rows are numbered by the database.

    >>> from querykit import Column, Table
    >>> from querykit.schema import Identity, Timestamps, create_table
    >>> class Pet(Identity, Timestamps, Table, name="pet"):
    ...     name: Column[str]
    >>> list(Pet()._columns)
    ['id', 'name', 'created_at', 'updated_at']

    Attributes:
        id: The number, which is the primary key.
    """

    id: Column[int] = column(primary_key=True, identity=True)


class UuidIdentity(Table):
    """Rows have keys that the program makes, unique without asking the database.

    Attributes:
        id: The key.
    """

    id: Column[UUID] = column(primary_key=True, default_factory=uuid4)


class Timestamps(Table):
    """When rows were made and changed: the columns of `TimestampsPlugin`, which sets both.

    Without the plugin the database sets them in new rows, and nobody at a change.

    Attributes:
        created_at: When the row was made.
        updated_at: When it was changed.
    """

    _columns_last: ClassVar[bool] = True

    created_at: Column[AwareDatetime] = column(default=fn.now())
    updated_at: Column[AwareDatetime] = column(default=fn.now())


class SoftDelete(Table):
    """Rows that are deleted stay: the column of ``SoftDeletePlugin("deleted_at", …)``.

    Attributes:
        deleted_at: When the row was deleted; NULL for one that is there.
    """

    _columns_last: ClassVar[bool] = True

    deleted_at: Column[AwareDatetime | None] = column(index=True)


class ChangedBy(Table):
    """Who made and changed rows; ``TimestampsPlugin(…, created_at="created_by", updated_at="updated_by", clock=…)``.

    Its `clock` tells who. Whom rows belong to, who changed what, and what it was before, `AuditPlugin` keeps apart. For
    numbers of users, declare the columns anew: ``created_by: Column[int | None] = column()``.

    Attributes:
        created_by: Who made the row.
        updated_by: Who changed it.
    """

    _columns_last: ClassVar[bool] = True

    created_by: Column[str | None] = column(type=Varchar(255))
    updated_by: Column[str | None] = column(type=Varchar(255))
