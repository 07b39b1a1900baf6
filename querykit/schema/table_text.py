"""The text of a table of SQLite's, taken apart so that it can be changed, and put together again."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from querykit import BuildError
from querykit.schema.introspection.sqlite_text import closing_at, plain_name, split_at_commas, tokens_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from querykit.schema.introspection.sqlite_text import Token

_STARTS: Final = frozenset(
    {"CONSTRAINT", "PRIMARY", "NOT", "NULL", "UNIQUE", "CHECK", "DEFAULT", "COLLATE", "REFERENCES", "GENERATED", "AS"}
)
"""The words with which a clause of a column begins."""
_CONTINUES: Final = {
    "NULL": ("NOT", "SET", "DEFAULT"),
    "DEFAULT": ("SET",),
    "AS": ("ALWAYS",),
}
"""After which words these do not begin a clause: NOT NULL, SET NULL, DEFAULT NULL, SET DEFAULT, ALWAYS AS."""
_OF_TABLES: Final = ("CONSTRAINT", "CHECK", "UNIQUE", "PRIMARY", "FOREIGN")
_COMMENT: Final = re.compile(
    r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|`(?:[^`]|``)*`|\[[^\]]*\]|/\*.*?\*/|--([^\n]*)", re.DOTALL
)


@dataclass(slots=True)
class ClauseText:
    """A clause of a column, or a constraint of the table.

    Attributes:
        kind: Its first word: ``"NOT"``, ``"DEFAULT"``, ``"CHECK"``, ``"PRIMARY"``, ``"REFERENCES"``, …
        text: Its text, without its name.
        name: Its name, or None.
    """

    kind: str
    text: str
    name: str | None = None

    def __str__(self) -> str:
        """With its name."""
        return self.text if self.name is None else f"CONSTRAINT {quoted(self.name)} {self.text}"


@dataclass(slots=True)
class ColumnText:
    """A column.

    Attributes:
        name: Its name.
        type: The text of its type.
        clauses: What stands behind it.
    """

    name: str
    type: str
    clauses: list[ClauseText] = field(default_factory=list)

    def without(self, kind: str) -> None:
        """Drop the clauses of a kind."""
        self.clauses = [each for each in self.clauses if each.kind != kind]

    @property
    def is_generated(self) -> bool:
        """Whether it is computed."""
        return any(each.kind in ("GENERATED", "AS") for each in self.clauses)

    def __str__(self) -> str:
        """As it stands in CREATE TABLE."""
        return " ".join([each for each in (quoted(self.name), self.type, *map(str, self.clauses)) if each])


@dataclass(slots=True)
class TableText:
    """A table.

    Attributes:
        columns: Its columns.
        constraints: What stands behind them.
        tail: What stands behind the parenthesis: ``STRICT``, ``WITHOUT ROWID``.
        head: The comment before the columns, or nothing.
    """

    columns: list[ColumnText]
    constraints: list[ClauseText]
    tail: str
    head: str = ""

    def column(self, name: str) -> ColumnText:
        """The column of that name, in upper or lower case.

        Raises:
            BuildError: there is none.
        """
        for each in self.columns:
            if each.name.lower() == name.lower():
                return each
        raise BuildError(f"the table has no column {name!r}")

    def written(self, name: str) -> str:
        """CREATE TABLE under a name, which is quoted."""
        parts = ",\n  ".join([*map(str, self.columns), *map(str, self.constraints)])
        head = f" {self.head}" if self.head else ""
        return f"CREATE TABLE {name} ({head}\n  {parts}\n){self.tail}"

    def texts(self) -> Iterator[str]:
        """The clauses of columns and the constraints."""
        for each in self.columns:
            yield from map(str, each.clauses)
        yield from map(str, self.constraints)

    @property
    def is_numbered(self) -> bool:
        """Whether AUTOINCREMENT numbers its rows."""
        return any("AUTOINCREMENT" in words_of(str(each)) for column in self.columns for each in column.clauses)

    @property
    def has_integer_key(self) -> bool:
        """Whether a column of it is the number of the row."""
        own = [each for each in self.columns if each.type.upper() == "INTEGER"]
        if any(clause.kind == "PRIMARY" for each in own for clause in each.clauses):
            return True
        keys = [words_of(each.text) for each in self.constraints if each.kind == "PRIMARY"]
        return any(each.name.upper() in key for each in own for key in keys)

    @property
    def has_rowid(self) -> bool:
        """Whether its rows have numbers of their own, beside its columns."""
        names = {each.name.lower() for each in self.columns}
        return "WITHOUT" not in words_of(self.tail) and "rowid" not in names


def table_text(definition: str) -> TableText:
    """The parts of ``CREATE TABLE name (…)``.

    Raises:
        BuildError: it is none: a virtual table.
    """
    text = _COMMENT.sub(_kept_comment, definition)
    tokens = tokens_of(text)
    opening = next((at for at, each in enumerate(tokens) if each.text == "("), None)
    if opening is None or [each.text.upper() for each in tokens[:2]][-1:] == ["VIRTUAL"]:
        raise BuildError("a virtual table is not altered: drop it, and make it anew")
    closing = closing_at(tokens, opening)
    parts = [each.strip() for each in split_at_commas(text[tokens[opening].end : tokens[closing].start])]
    columns = [each for each in parts if not _is_constraint(each)]
    constraints = [constraint_text(each) for each in parts if _is_constraint(each)]
    return TableText(
        [column_text(each) for each in columns],
        constraints,
        text[tokens[closing].end :].rstrip(),
        text[tokens[opening].end : tokens[opening + 1].start].strip(),
    )


def words_of(text: str) -> frozenset[str]:
    """The words and names in a text, names without quotes, all in upper case; not what stands in texts."""
    return frozenset([plain_name(each.text).upper() for each in tokens_of(text) if not each.text.startswith("'")])


def quoted(name: str) -> str:
    """A name in quotes."""
    return '"' + name.replace('"', '""') + '"'


def _kept_comment(found: re.Match[str]) -> str:
    """A comment to the end of its line as one that ends by itself; anything else as it is."""
    return found[0] if found[1] is None else f"/*{found[1].replace('*/', '* /')} */"


def _is_constraint(part: str) -> bool:
    tokens = tokens_of(part)
    return bool(tokens) and tokens[0].text.upper() in _OF_TABLES


def column_text(part: str) -> ColumnText:
    """A column, of what stands in CREATE TABLE."""
    tokens = tokens_of(part)
    clauses = _clauses(part)
    start = next(_starts(part), len(part))
    return ColumnText(plain_name(tokens[0].text), part[tokens[0].end : start].strip(), clauses)


def _starts(part: str) -> Iterator[int]:
    """Where the clauses of a column begin."""
    tokens = tokens_of(part)
    at, before = 1, ""
    while at < len(tokens):
        word = tokens[at].text.upper()
        if word == "(":
            at = closing_at(tokens, at)
        elif word in _STARTS and before not in _CONTINUES.get(word, ()) and not _is_deferrable(tokens, at):
            yield tokens[at].start
            if word == "CONSTRAINT":
                at += 2  # its name, and the word that it names
        before, at = word, at + 1


def _is_deferrable(tokens: list[Token], at: int) -> bool:
    return [each.text.upper() for each in tokens[at : at + 2]] == ["NOT", "DEFERRABLE"]


def _clauses(part: str) -> list[ClauseText]:
    starts = [*_starts(part), len(part)]
    texts = [part[start:end].strip() for start, end in pairwise(starts)]
    return [constraint_text(each) for each in texts]


def constraint_text(text: str) -> ClauseText:
    """A constraint, or a clause of a column."""
    tokens = tokens_of(text)
    if tokens[0].text.upper() != "CONSTRAINT":
        return ClauseText(tokens[0].text.upper(), text)
    return ClauseText(tokens[2].text.upper(), text[tokens[2].start :], plain_name(tokens[1].text))
