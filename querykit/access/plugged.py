"""The plugins of a database that repositories have methods for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from querykit import AuditPlugin, SoftDeletePlugin
from querykit.errors import UsageError

if TYPE_CHECKING:
    from querykit import Table


def soft_deletion(db: Any, table: Table, method: str) -> SoftDeletePlugin:
    """The plugin that keeps deleted rows of a table.

    Raises:
        UsageError: the database has none that does.
    """
    for each in db.plugins:
        if isinstance(each, SoftDeletePlugin) and each.keeps(table, db.dialect):
            return each
    raise UsageError(
        f"{method} needs the database to keep deleted rows of {table._name!r}: "
        f"Database(…, plugins=[SoftDeletePlugin(column=…, tables=[{table._name!r}])])"
    )


def audit(db: Any, table: Table, method: str) -> AuditPlugin:
    """The plugin that writes down changes of a table.

    Raises:
        UsageError: the database has none that does.
    """
    for each in db.plugins:
        if isinstance(each, AuditPlugin) and each.audits(table, db.dialect):
            return each
    raise UsageError(
        f"{method} needs the database to write down changes of {table._name!r}: "
        "Database(…, plugins=[AuditPlugin(table=…, actor=…)])"
    )
