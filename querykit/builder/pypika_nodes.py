"""What some of PyPika's terms become that means nothing of its own in querykit: data for the compilers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from pypika.terms import Field

from querykit.builder.expressions import Expression, known_type
from querykit.builder.value_types import BOOL, STR

if TYPE_CHECKING:
    from pypika.terms import Term

T_co = TypeVar("T_co", covariant=True)


class BareColumn(Expression[T_co], Field):  # pyright: ignore[reportIncompatibleMethodOverride] - as those of Column
    """A column without a table, whose table the server finds."""

    def __init__(self, name: str) -> None:
        """Hold the name."""
        self.name = name
        self.table: Any = None


class Operation(Expression[T_co]):
    """An operator that one database has: regular expressions as MySQL means them, GLOB, and PostgreSQL's for JSON.

    Attributes:
        operator: As PyPika writes it: ``"REGEXP"``, ``"GLOB"``, ``"?&"``, ``"#>>"``.
        left: The left side.
        right: The right side.
    """

    TESTS = frozenset({"GLOB", "REGEXP", "RLIKE", "?", "?&", "?|", "@>", "<@"})
    """Those that are true or false."""

    def __init__(self, operator: str, left: Term, right: Term) -> None:
        """Hold the operator and both sides."""
        self.operator = operator
        self.left = left
        self.right = right
        self.value_type = BOOL if operator in self.TESTS else STR if operator == "#>>" else None


class IntervalParts(Expression[T_co]):
    """An interval, as numbers of units such as ``("DAY", 3)``; quarters stand as months."""

    def __init__(self, parts: tuple[tuple[str, int], ...]) -> None:
        """Hold the numbers, largest unit first; there is at least one."""
        self.parts = parts


class AtTimeZone(Expression[T_co]):
    """``term AT TIME ZONE zone``; `is_offset` says that the zone is an interval such as ``-06:00``."""

    def __init__(self, term: Term, zone: Term, *, is_offset: bool) -> None:
        """Hold the term and the zone."""
        self.term = term
        self.zone = zone
        self.is_offset = is_offset


class Transcoding(Expression[T_co]):
    """``CONVERT(term USING encoding)``."""

    def __init__(self, term: Term, encoding: str) -> None:
        """Hold the term and the encoding's name, which was checked."""
        self.term = term
        self.encoding = encoding
        self.value_type = known_type(term)


class Extraction(Expression[T_co]):
    """``EXTRACT(part FROM term)`` of a part that databases count in different ways, or that one of them has."""

    def __init__(self, part: str, term: Term) -> None:
        """Hold the part's name, which was checked, and the term."""
        self.part = part
        self.term = term
