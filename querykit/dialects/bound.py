"""Which column a bound value was meant for, read from the SQL: drivers know an argument by its number at most."""

from __future__ import annotations

import re

_QUOTED = r"""(?:"(?:[^"]|"")*"|`(?:[^`]|``)*`)"""
_NAME = rf"(?:{_QUOTED}|\w+)"
_TOKEN = re.compile(rf"{_QUOTED}|'(?:[^']|'')*'|\$\d+|\?|%%|%s|[(),]")
_BESIDE = re.compile(rf"({_NAME}) (?:=|<>|!=|<=|>=|<|>|I?LIKE|IS (?:NOT )?DISTINCT FROM) $", re.IGNORECASE)
_INSERT = re.compile(
    rf"(?:INSERT|REPLACE) (?:IGNORE )?INTO {_NAME}(?:\.{_NAME})* \(({_NAME}(?:, {_NAME})*)\) VALUES ", re.IGNORECASE
)


def column_of(sql: str, argument: int) -> str | None:
    """The column that an argument, the first being 1, is compared with or written to; None where SQL does not show it.

    >>> column_of('UPDATE "pet" SET "age" = $1 WHERE "pet"."id" = $2', 2)
    'id'
    >>> column_of("INSERT INTO `pet` (`id`, `name`) VALUES (%s, %s), (%s, %s)", 4)
    'name'
    """
    found = _INSERT.match(sql)
    columns = re.findall(_NAME, found.group(1)) if found else []
    depth = column = number = 0
    for token in _TOKEN.finditer(sql, found.end() if found else 0):
        text = token.group()
        if text == "(":
            depth += 1
            column = column if depth > 1 else 0
        elif text == ")":
            depth -= 1
        elif text == ",":
            column += depth == 1
        elif text[0] in "$?" or text == "%s":
            number = int(text[1:]) if text[0] == "$" else number + 1
            if number == argument:
                return _beside(sql[: token.start()], columns[column] if depth == 1 and column < len(columns) else None)
    return None


def _beside(before: str, column: str | None) -> str | None:
    """The name that stands before a placeholder and an operator, or the column of the VALUES that it is alone in."""
    if found := _BESIDE.search(before):
        column = found.group(1)
    elif not before.endswith(("(", ", ")):
        column = None
    if column is None or column[0] not in '"`':
        return column
    return column[1:-1].replace(column[0] * 2, column[0])
