"""The table in which an audit is kept."""

from __future__ import annotations

from querykit.builder.columns import column
from querykit.builder.tables import Column, Table
from querykit.builder.value_types import AwareDatetime, Json


class AuditTable(Table):
    """The columns that `AuditPlugin` fills, for a class of your own: ``class AuditLog(AuditTable, name="audit_log")``.

    A column can be declared anew with another type, such as ``actor: Column[int]``; others are given by the plugin's
    ``columns=``, or need a default in the database.

    Attributes:
        id: A number that grows from entry to entry.
        changed_at: When the change was made.
        actor: Who made it.
        action: ``"insert"``, ``"update"``, ``"delete"``; with `SoftDeletePlugin`, ``"soft_delete"`` and ``"restore"``.
        table_name: The table that was changed, with its schema where the statement named one.
        row_key: The primary key of the row, as the new row has it: an object of its columns.
        old_values: The row before; NULL for one that was inserted.
        new_values: The row afterwards; NULL for one that was deleted.
    """

    id: Column[int] = column(primary_key=True, identity=True)
    changed_at: Column[AwareDatetime]
    actor: Column[str | None]
    action: Column[str]
    table_name: Column[str]
    row_key: Column[Json]
    old_values: Column[Json | None]
    new_values: Column[Json | None]


def audit_table(name: str) -> AuditTable:
    """The table of that name."""

    class AuditLog(AuditTable, name=name):
        """An audit that declares no more."""

    return AuditLog()
