"""Tables without a schema get one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from querykit.builder.rewrite import rewrite
from querykit.builder.tables import Table, checked_name
from querykit.plugins.base import Plugin

if TYPE_CHECKING:
    from querykit.builder.statement import Statement
    from querykit.plugins.base import PluginContext


class WithSchemaPlugin(Plugin):
    """Tables that name no schema are those of one: ``db.with_schema("shop_7")`` sees a query so.

    >>> from querykit import Database, cte, select_from, table, with_
    >>> from querykit.plugins import WithSchemaPlugin
    >>> db = Database("sqlite:///:memory:", plugins=[WithSchemaPlugin("shop")])

    CTEs, aliases and aliased sub-queries are no tables of a schema, and stay as they are; so does raw SQL.

    Args:
        schema: The schema; a database, on MySQL and MariaDB.
    """

    priority = -1000
    """After those that compare names of tables."""

    def __init__(self, schema: str) -> None:
        """Hold the schema's name."""
        self.schema = checked_name(schema, "a schema")

    def transform_query(self, query: Statement[Any, Any], context: PluginContext) -> Statement[Any, Any]:
        """The query with every table that names no schema in this one."""
        return rewrite(query, self._qualified)

    def _qualified(self, node: Any) -> Any:
        if not isinstance(node, Table) or node._schema is not None:
            return node
        qualified = object.__new__(type(node))
        qualified.__dict__.update(node.__dict__, _schema=self.schema)
        return qualified
