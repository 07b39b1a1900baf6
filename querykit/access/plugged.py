"""The plugins of a database that repositories have methods for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from querykit import AuditPlugin, RowLevelSecurityPlugin, SoftDeletePlugin
from querykit.errors import PolicyError, UsageError

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
        PolicyError: the table has a policy, and the audit's has none.
    """
    for each in db.plugins:
        if isinstance(each, AuditPlugin) and each.audits(table, db.dialect):
            _see_no_others(db, table, each.table, method)
            return each
    raise UsageError(
        f"{method} needs the database to write down changes of {table._name!r}: "
        "Database(…, plugins=[AuditPlugin(table=…, actor=…)])"
    )


def _see_no_others(db: Any, table: Table, log: Table, method: str) -> None:
    for each in db.plugins:
        is_guarding = isinstance(each, RowLevelSecurityPlugin) and each.guards(table, db.dialect)
        if is_guarding and not each.guards(log, db.dialect):
            raise PolicyError(
                f"{method} could tell of rows of {table._name!r} that its policy hides: give {log._name!r} a policy "
                "too; AuditPlugin(columns={…}) fills the columns that it compares"
            )
