"""Full-text search."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, Literal

from querykit.builder.expressions import Condition
from querykit.builder.operands import Parameter, Value, operand
from querykit.errors import BuildError

if TYPE_CHECKING:
    from pypika.terms import Term

_LANGUAGE: Final = re.compile(r"[a-z_][a-z0-9_]*")
_MODES: Final = ("words", "native")


class TextMatch(Condition):
    """A full-text search of columns for words."""

    def __init__(self, terms: tuple[Term, ...], against: Term, mode: Literal["words", "native"], language: str) -> None:
        """Hold the columns and what is looked for."""
        self.terms = terms
        self.against = against
        self.mode = mode
        self.language = language


def match(
    *columns: Any, against: Any, mode: Literal["words", "native"] = "words", language: str = "english"
) -> Condition:
    """Whether texts hold all of the words that are looked for, by the server's full-text search.

    >>> from querykit import fn, select_from, table
    >>> note = table("note")
    >>> found = select_from(note).select(note.id).where(fn.match(note.text, against="big dog"))
    >>> for dialect in ("postgres", "mysql", "sqlite"):
    ...     print(found.compile(dialect).sql)  # doctest: +NORMALIZE_WHITESPACE
    SELECT "note"."id" FROM "note"
      WHERE (TO_TSVECTOR('english', "note"."text") @@ PLAINTO_TSQUERY('english', $1::text))
    SELECT `note`.`id` FROM `note` WHERE MATCH (`note`.`text`) AGAINST (%s IN BOOLEAN MODE)
    SELECT "note"."id" FROM "note" WHERE "note"."text" MATCH ?

    Which forms of a word are one, and which words are too short or too frequent to be found, is the server's. MySQL and
    MariaDB need a FULLTEXT index on just these columns, SQLite a table of FTS5.

    Args:
        columns: The columns; SQLite takes one.
        against: The words; in any order, all of them.
        mode: ``"native"`` takes `against` as the server's own query: ``"big & !dog"``, ``"+big -dog"``.
        language: PostgreSQL's configuration.
    """
    if not columns:
        raise BuildError("match() takes at least one column")
    if mode not in _MODES:
        raise BuildError(f'mode is "words" or "native", not {mode!r}')
    if not isinstance(language, str) or not _LANGUAGE.fullmatch(language):
        raise BuildError(f"{language!r} is no name of a text search configuration")
    found = operand(against)
    if mode == "words" and not isinstance(found, Value | Parameter):
        raise BuildError('match() looks for the words of a str or a param; an expression goes with mode="native"')
    return TextMatch(tuple([operand(each) for each in columns]), found, mode, language)


def words_of(text: str) -> list[str]:
    """The words of a text, without what stands between them."""
    return re.findall(r"\w+", text)
