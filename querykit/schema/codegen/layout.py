"""Python as text, laid out as formatters do it: on one line where it fits, else an argument to a line."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from typing import Final, TypeAlias

WIDTH: Final = 88
"""Columns of a line: what formatters take if they are told nothing."""


@dataclass(frozen=True, slots=True)
class Text:
    """A string."""

    value: str


@dataclass(frozen=True, slots=True)
class Call:
    """A call, or what looks like one: ``name(1, type=Varchar(20))``, ``[a, b]``.

    Attributes:
        name: What stands before the parenthesis.
        arguments: Each with its keyword, or None.
        suffix: What stands behind it: ``.desc()``.
        brackets: What stands around the arguments.
    """

    name: str
    arguments: tuple[tuple[str | None, Code], ...]
    suffix: str = ""
    brackets: str = "()"


Code: TypeAlias = "str | Text | Call"
"""Code without a line break in it, a string, or a call."""


def call(name: str, /, *positional: Code, **named: Code) -> Call:
    """A call."""
    return Call(name, (*[(None, each) for each in positional], *named.items()))


def listed(items: list[Code]) -> Call:
    """A list."""
    return Call("", tuple([(None, each) for each in items]), brackets="[]")


def quoted(value: str) -> str:
    """A string as formatters write it: in double quotes, unless single ones save a backslash."""
    quote = "'" if value.count('"') > value.count("'") else '"'
    return quote + "".join([_character(each, quote) for each in value]) + quote


def _character(each: str, quote: str) -> str:
    if each in ("\\", quote):
        return f"\\{each}"
    return each if each.isprintable() else repr(each)[1:-1]


def on_one_line(code: Code) -> str:
    """Code on one line, however long."""
    if isinstance(code, str):
        return code
    if isinstance(code, Text):
        return quoted(code.value)
    inside = ", ".join([_keyword(name) + on_one_line(each) for name, each in code.arguments])
    return f"{code.name}{code.brackets[0]}{inside}{code.brackets[1]}{code.suffix}"


def laid_out(code: Code, *, indent: int, before: str = "", after: str = "") -> str:
    """Code behind `before`, in lines that start at column `indent`; the first line's blanks are there already."""
    line = f"{before}{on_one_line(code)}{after}"
    if indent + len(line) <= WIDTH or isinstance(code, str):
        return line
    if isinstance(code, Text):
        return _parts(code.value, indent, before, after)
    return f"{before}{_in_lines(code, indent)}{after}"


def _in_lines(code: Call, indent: int) -> str:
    opening, closing = code.brackets[0], code.brackets[1]
    inner = " " * (indent + 4)
    if len(code.arguments) == 1 and code.arguments[0][0] is None and isinstance(code.arguments[0][1], Text):
        pieces = _pieces(code.arguments[0][1].value, indent + 4)
        lines = [f"{inner}{each}" for each in pieces]  # a string alone stands without a comma behind it
        comma = "," if len(lines) == 1 else ""
        return f"{code.name}{opening}\n" + "\n".join(lines) + f"{comma}\n{' ' * indent}{closing}{code.suffix}"
    lines = [
        inner + laid_out(each, indent=indent + 4, before=_keyword(name), after=",") for name, each in code.arguments
    ]
    return f"{code.name}{opening}\n" + "\n".join(lines) + f"\n{' ' * indent}{closing}{code.suffix}"


def _parts(value: str, indent: int, before: str, after: str) -> str:
    """A long string as several, in parentheses."""
    pieces = _pieces(value, indent + 4)
    if len(pieces) == 1:
        return f"{before}{pieces[0]}{after}"
    inner = "\n".join([f"{' ' * (indent + 4)}{each}" for each in pieces])
    return f"{before}(\n{inner}\n{' ' * indent}){after}"


def _pieces(value: str, indent: int) -> list[str]:
    """A string in pieces that fit into lines, each with its quotes."""
    width = (WIDTH - indent) * 2 // 3  # what escapes take is not known before
    if len(quoted(value)) <= WIDTH - indent:
        return [quoted(value)]
    lines = textwrap.wrap(value, width, drop_whitespace=False, replace_whitespace=False, expand_tabs=False)
    return [quoted(each) for each in lines]


def _keyword(name: str | None) -> str:
    return "" if name is None else f"{name}="
