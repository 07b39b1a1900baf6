"""Rows of catalogs, by what they are about."""

from __future__ import annotations

from collections import defaultdict
from typing import Any, TypeAlias

Row: TypeAlias = "dict[str, Any]"


def rows_by(rows: list[Row], key: str) -> defaultdict[str, list[Row]]:
    """Rows by the value of one column, in their order; a value that no row has gives no rows."""
    found: defaultdict[str, list[Row]] = defaultdict(list)
    for row in rows:
        found[row[key]].append(row)
    return found


def rows_by_table(rows: list[Row]) -> defaultdict[str, list[Row]]:
    """Rows by the table that they are about."""
    return rows_by(rows, "table")
