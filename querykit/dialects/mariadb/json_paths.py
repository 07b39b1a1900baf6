"""JSON on MariaDB, where it is text: MySQL's functions, without a type JSON to cast to."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from querykit.builder.operands import Value
from querykit.dialects.mysql.compiler import MySQLCompiler

if TYPE_CHECKING:
    from querykit.builder.json_paths import Key
    from querykit.builder.json_values import JsonEquals


class MariaDBJsonCompiler(MySQLCompiler):
    """Writes JSON for MariaDB."""

    JSON_NULL: ClassVar = "'null'"
    NUMBERS: ClassVar = "('INTEGER', 'DOUBLE')"
    READINGS: ClassVar = MySQLCompiler.READINGS | {
        # the text of a number is no number yet
        "number": "CAST({0} AS DECIMAL(65, 30))",
        "string": "JSON_UNQUOTE({0}) COLLATE utf8mb4_nopad_bin",
    }

    def json_as_text(self, sql: str) -> str:
        """JSON is text."""
        return sql

    def path_step(self, key: Key) -> str:
        """A key that begins with a hyphen is a syntax error in a path, quoted or not, and finds NULL."""
        if isinstance(key, str) and key.startswith("-"):
            raise self.unsupported(f"the JSON key {key!r}: its paths take no key that begins with a hyphen")
        return super().path_step(key)

    def visit_json_equals(self, node: JsonEquals) -> str:
        """``JSON_EQUALS(a, b)``, which MariaDB has since 10.7, and which takes NULL for equal."""
        tests = " AND ".join(
            [f"{self.visit(each)} IS NOT NULL" for each in (node.left, node.right) if type(each) is not Value]
        )
        word = "NOT JSON_EQUALS" if node.is_negated else "JSON_EQUALS"
        return f"CASE WHEN {tests} THEN {word}({self.json_of(node.left)}, {self.json_of(node.right)}) END"

    # -- values as JSON -----------------------------------------------------------------------------------------------

    def json_value(self, sql: str) -> str:
        """``JSON_EXTRACT(%s, '$')``, which other functions take for JSON, not for a text."""
        return f"JSON_EXTRACT({sql}, '$')"

    def json_again(self, sql: str) -> str:
        """``JSON_EXTRACT(…, '$')``."""
        return self.json_value(sql)
