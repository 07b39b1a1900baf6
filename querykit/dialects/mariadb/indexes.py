"""The indexes of a table, for `explain`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from querykit.builder.raw import sql
from querykit.dialects.mysql.indexes import listed

if TYPE_CHECKING:
    from querykit.builder.raw import Fragment
    from querykit.builder.tables import Table


def indexes(table: Table) -> Fragment[Any]:
    """All of them: which ones are ignored (10.6) the catalogue of 10.5 cannot be asked.

    Source: https://mariadb.com/kb/en/information-schema-statistics-table/
    """
    return listed(table, sql("TRUE"))
