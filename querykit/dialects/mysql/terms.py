"""MySQL's own expressions: intervals, regular expressions, CONVERT."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from querykit.builder.value_types import INT
from querykit.dialects.compiler import Compiler

if TYPE_CHECKING:
    from querykit.builder.pypika_nodes import IntervalParts, Transcoding


class MySQLTerms(Compiler):
    """Writes the expressions that MySQL and MariaDB have and others have not."""

    operations: ClassVar = {"REGEXP": "REGEXP", "RLIKE": "REGEXP"}

    def visit_interval_parts(self, node: IntervalParts[Any]) -> str:
        """``INTERVAL %s DAY``, of one unit: several are counted in the smallest.

        Source: https://dev.mysql.com/doc/refman/8.4/en/expressions.html#temporal-intervals
        """
        units = [unit for unit, _ in node.parts]
        sizes = _MONTHS if units[0] in _MONTHS else _MICROSECONDS
        if not all(unit in sizes for unit in units):
            raise self.unsupported("an interval of months and days", "add one after the other")
        smallest = sizes[units[-1]]
        total = sum(sizes[unit] * count for unit, count in node.parts) // smallest
        return f"INTERVAL {self.bind(total, INT)} {units[-1]}"

    def visit_transcoding(self, node: Transcoding[Any]) -> str:
        """``CONVERT(a USING encoding)``."""
        return f"CONVERT({self.visit(node.term)} USING {node.encoding})"


_MONTHS = {"YEAR": 12, "MONTH": 1}
_MICROSECONDS = {
    "DAY": 86_400_000_000,
    "HOUR": 3_600_000_000,
    "MINUTE": 60_000_000,
    "SECOND": 1_000_000,
    "MICROSECOND": 1,
}
