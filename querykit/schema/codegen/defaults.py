"""Defaults as databases write them, read as values where they are plain ones."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from querykit.schema.codegen.layout import Call, Code, Text, call

if TYPE_CHECKING:
    from collections.abc import Callable

_TEXT: Final = re.compile(r"(?:_\w+|E)?'((?:[^'\\]|''|\\.)*)'(?:::[\w\s\"\.]+(?:\(\d+\))?)?")
_NUMBER: Final = re.compile(r"-?\d+(?:\.\d+)?(?:e[+-]?\d+)?", re.IGNORECASE)
BACKSLASHES: Final = frozenset(("mysql", "mariadb"))
"""Where a backslash in a text escapes what follows."""


def raw(text: str) -> Call:
    """SQL as it is."""
    return call("sql.raw", Text(text))


def default_of(text: str, annotation: str, dialect: str, members: dict[str, str]) -> Code:
    """What ``column(default=…)`` takes: a value where the default is a plain one, else its SQL.

    Args:
        text: The default, as the database writes it.
        annotation: The type of the column's values.
        dialect: The dialect.
        members: Of an enumeration, its members by their values.
    """
    plain = _without_parentheses(text)
    if annotation in members.values() or members:
        value = _text(plain, dialect)
        return members[value] if value in members else raw(text)
    read = _READ.get(annotation)
    found = None if read is None else read(plain, dialect)
    return raw(text) if found is None else found


def _bool(text: str, _: str) -> Code | None:
    return {"true": "True", "1": "True", "false": "False", "0": "False"}.get(text.lower())


def _int(text: str, dialect: str) -> Code | None:
    number = _number(text, dialect)
    return number if number is not None and re.fullmatch(r"-?\d+", number) else None


def _float(text: str, dialect: str) -> Code | None:
    number = _number(text, dialect)
    return None if number is None else repr(float(number))


def _decimal(text: str, dialect: str) -> Code | None:
    number = _number(text, dialect)
    return None if number is None else call("Decimal", Text(number))


def _str(text: str, dialect: str) -> Code | None:
    value = _text(text, dialect)
    return None if value is None else Text(value)


_READ: Final[dict[str, Callable[[str, str], Code | None]]] = {
    "bool": _bool,
    "int": _int,
    "float": _float,
    "Decimal": _decimal,
    "str": _str,
}


def _number(text: str, dialect: str) -> str | None:
    """``-3``, also out of ``'-3'::integer`` and ``-(3)``."""
    quoted = _text(text, dialect)
    plain = re.sub(r"^-\((.*)\)$", r"-\1", text if quoted is None else quoted)
    return plain if _NUMBER.fullmatch(plain) else None


def _text(text: str, dialect: str) -> str | None:
    """The value of a literal; None where it is something else."""
    found = _TEXT.fullmatch(text)
    if found is None:
        return None
    escapes = dialect in BACKSLASHES or text.startswith("E")
    value = found[1].replace("''", "'")
    if escapes and re.search(r"\\[^'\"\\%_]", value.replace("\\\\", "")):
        return None  # a control character: left to the database
    return re.sub(r"\\(.)", r"\1", value) if escapes else value


def _without_parentheses(text: str) -> str:
    plain = text.strip()
    while plain.startswith("(") and plain.endswith(")") and _is_pair(plain):
        plain = plain[1:-1].strip()
    return plain


def _is_pair(text: str) -> bool:
    """Whether the first parenthesis is closed by the last one."""
    depth = 0
    for at, each in enumerate(re.sub(r"'(?:[^'\\]|''|\\.)*'", lambda found: "x" * len(found[0]), text)):
        depth += (each == "(") - (each == ")")
        if depth == 0:
            return at == len(text) - 1
    return False
