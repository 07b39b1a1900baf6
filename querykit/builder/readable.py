"""SQL with its clauses on lines of their own, for reading. What runs is never taken from here."""

from __future__ import annotations

import re
from typing import Final

_TOKEN: Final = re.compile(
    r"""\s+
    |'(?:[^'\\]|''|\\.)*'|"(?:[^"]|"")*"|`(?:[^`]|``)*`  # texts and names, which are left alone
    |\w+|.""",
    re.VERBOSE | re.DOTALL,
)
_CLAUSES: Final = re.compile(
    r"(FROM|WHERE|GROUP BY|HAVING|WINDOW|ORDER BY|LIMIT|OFFSET|UNION|INTERSECT|EXCEPT|SET|VALUES|RETURNING|USING|FOR"
    r"|ON (?:CONFLICT|DUPLICATE)|WHEN|SELECT|(?:(?:INNER|LEFT|RIGHT|FULL|CROSS) )?(?:LATERAL )?JOIN)\b"
)
_QUERIES: Final = re.compile(r"\s*(SELECT|WITH|VALUES)\b")
_INDENT: Final = "  "


def readable(sql: str) -> str:
    """SQL with line breaks before its clauses; a sub-query stands further in.

    >>> print(readable("SELECT a, (SELECT b FROM c WHERE 'FROM' = d) FROM e WHERE f IN (1, 2)"))
    SELECT a, (
      SELECT b
      FROM c
      WHERE 'FROM' = d
    )
    FROM e
    WHERE f IN (1, 2)
    """
    lines: list[str] = []
    line = ""
    nesting: list[bool] = []  # of each open parenthesis, whether a query stands in it
    indent = 0
    for token in _TOKEN.finditer(sql):
        text, rest = token[0], sql[token.start() :]
        in_query = not nesting or nesting[-1]
        if in_query and line.strip() and _CLAUSES.match(rest) and not _continues(line):
            lines.append(line.rstrip())
            line = _INDENT * indent
        if text == "(":
            nesting.append(_QUERIES.match(sql, token.end()) is not None)
            line += text
            if nesting[-1]:
                lines.append(line.rstrip())
                indent += 1
                line = _INDENT * indent
            continue
        if text == ")" and nesting and nesting.pop():
            lines.append(line.rstrip())
            indent -= 1
            line = _INDENT * indent
        if not text.isspace():
            line += text
        elif line.strip():
            line += " "
    return "\n".join([*lines, line.rstrip()])


def _continues(line: str) -> bool:
    """Whether what stands last on a line asks for more, so that a keyword is not a clause's first word."""
    return line.rstrip().endswith((" DISTINCT", " DO UPDATE", " THEN", " LEFT", " RIGHT", " FULL", " INNER", " CROSS"))
