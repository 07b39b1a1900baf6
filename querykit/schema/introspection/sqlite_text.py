"""What only the text of a definition tells in SQLite: names of constraints, checks, computed columns, collations."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

_TOKEN: Final = re.compile(
    r"""\s+|--[^\n]*|/\*.*?\*/          # what says nothing
    |'(?:[^']|'')*'                     # a text
    |"(?:[^"]|"")*"|`(?:[^`]|``)*`|\[[^\]]*\]  # a quoted name
    |\w+|.""",
    re.VERBOSE | re.DOTALL,
)
_OF_TABLES: Final = ("CONSTRAINT", "CHECK", "UNIQUE", "PRIMARY", "FOREIGN")
_QUOTES: Final = {'"': '"', "`": "`", "[": "]"}


class Clause(NamedTuple):
    """A part of a table's definition.

    Attributes:
        kind: ``"CHECK"``, ``"UNIQUE"``, ``"FOREIGN KEY"``, ``"AS"`` (of a computed column) or ``"COLLATE"``.
        text: What stands in its parentheses; the name of a collation.
        name: The constraint's name, or None.
        column: The column that it stands with, or None.
        columns: The columns in its parentheses, of keys.
    """

    kind: str
    text: str
    name: str | None
    column: str | None
    columns: tuple[str, ...] = ()


def clauses_of(definition: str) -> list[Clause]:
    """The clauses of ``CREATE TABLE name (…)``."""
    body = _inner(definition)
    return [] if body is None else [clause for part in split_at_commas(body) for clause in _clauses(part)]


def index_terms(definition: str) -> list[str]:
    """The terms of ``CREATE INDEX name ON table (…)``, without their directions."""
    body = _inner(definition) or ""
    return [re.sub(r"\s+(ASC|DESC)$", "", part.strip(), flags=re.IGNORECASE) for part in split_at_commas(body)]


def index_condition(definition: str) -> str | None:
    """What stands behind the WHERE of an index."""
    tokens = tokens_of(definition)
    at = 0
    while at < len(tokens):
        if tokens[at].text == "(":
            at = closing_at(tokens, at)
        elif tokens[at].text.upper() == "WHERE":
            return definition[tokens[at].end :].strip()
        at += 1
    return None


class Token(NamedTuple):
    """A word, a name, a text or a sign, and where it stands."""

    text: str
    start: int
    end: int


def tokens_of(text: str) -> list[Token]:
    """The words, names, texts and signs of a definition, without blanks and comments."""
    found = [Token(each[0], each.start(), each.end()) for each in _TOKEN.finditer(text)]
    return [each for each in found if not each.text.isspace() and not each.text.startswith(("--", "/*"))]


def _clauses(part: str) -> Iterator[Clause]:
    tokens = tokens_of(part)
    words = [each.text.upper() for each in tokens]
    column = None if not words or words[0] in _OF_TABLES else plain_name(tokens[0].text)
    name, at = None, 0 if column is None else 1
    while at < len(tokens):
        kind = " ".join(words[at : at + 2]) if words[at] == "FOREIGN" else words[at]
        opening = at + len(kind.split())
        inside = inside_of(part, tokens, opening)
        if kind == "CONSTRAINT":
            name, at = plain_name(tokens[at + 1].text), at + 1
        elif kind == "COLLATE" and column is not None:
            yield Clause(kind, plain_name(tokens[at + 1].text), None, column)
        elif kind in ("CHECK", "AS") and inside is not None:
            yield Clause(kind, inside, name, column)
            name = None
        elif kind in ("UNIQUE", "FOREIGN KEY"):
            listed = (
                [column or ""] if inside is None else [plain_name(each.strip()) for each in split_at_commas(inside)]
            )
            yield Clause(kind, inside or "", name, column, tuple(listed))
            name = None
        elif kind == "REFERENCES" and column is not None:
            yield Clause("FOREIGN KEY", "", name, column, (column,))
            name = None
        at = closing_at(tokens, at) if words[at] == "(" else at
        at += 1


def _inner(definition: str) -> str | None:
    """What stands between the first parenthesis and the one that closes it."""
    tokens = tokens_of(definition)
    opening = next((at for at, each in enumerate(tokens) if each.text == "("), None)
    return None if opening is None else inside_of(definition, tokens, opening)


def inside_of(text: str, tokens: list[Token], opening: int) -> str | None:
    """What stands between the parenthesis at a place and the one that closes it; None where there is none."""
    if opening >= len(tokens) or tokens[opening].text != "(":
        return None
    return text[tokens[opening].end : tokens[closing_at(tokens, opening)].start].strip()


def closing_at(tokens: list[Token], opening: int) -> int:
    """The place of the parenthesis that closes the one at a place."""
    depth = 0
    for at in range(opening, len(tokens)):
        depth += (tokens[at].text == "(") - (tokens[at].text == ")")
        if depth == 0:
            return at
    return len(tokens) - 1


def split_at_commas(body: str) -> list[str]:
    """The parts between commas that stand in no parentheses."""
    parts, start, depth = [], 0, 0
    for token in tokens_of(body):
        depth += (token.text == "(") - (token.text == ")")
        if token.text == "," and depth == 0:
            parts.append(body[start : token.start])
            start = token.end
    return [*parts, body[start:]]


def plain_name(name: str) -> str:
    """A name without its quotes."""
    closing = _QUOTES.get(name[:1])
    return name if closing is None else name[1:-1].replace(closing * 2, closing)
