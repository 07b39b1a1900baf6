"""Decimals on SQLite: text with all its digits, and the functions by which it is compared, ordered and added up.

SQLite's own numbers are 64 bits wide. Connections of querykit register these; any other client sees plain text.
"""

from __future__ import annotations

from decimal import MAX_EMAX, MAX_PREC, MIN_EMIN, Context, Decimal, DivisionByZero, InvalidOperation, Overflow
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable

# Every digit is kept; a quotient that has no end gets as many as Python gives by default.
_EXACT = Context(prec=MAX_PREC, Emax=MAX_EMAX, Emin=MIN_EMIN, traps=[InvalidOperation, DivisionByZero, Overflow])
_QUOTIENT = Context(prec=28)

COLLATION = "QUERYKIT_DECIMAL"


def number(value: Any) -> Decimal:
    """A Decimal of what SQLite holds: a text, an integer, or a float by its shortest digits."""
    return Decimal(repr(value)) if isinstance(value, float) else Decimal(value)


def text(value: Decimal) -> str:
    """A Decimal as SQLite holds it."""
    return format(value, "f")


def _rank(value: str) -> tuple[int, Decimal]:
    """Numbers in their order, then NaN as PostgreSQL has it, then what is no number."""
    try:
        found = Decimal(value)
    except InvalidOperation:
        return 2, Decimal(0)
    return (1, Decimal(0)) if found.is_nan() else (0, found)


def compare(one: str, other: str) -> int:
    """Which of two texts is the larger number: negative, zero or positive."""
    left, right = _rank(one), _rank(other)
    if left[0] == right[0] == 2:  # noqa: PLR2004 - the rank of what is no number
        return (one > other) - (one < other)
    return (left > right) - (left < right)


class _Sum:
    """``SUM``, over a group or a window: NULL where there is no value."""

    def __init__(self) -> None:
        self.total = Decimal(0)
        self.count = 0

    def step(self, value: Any) -> None:
        """Add a value that comes in."""
        if value is not None:
            self.total = _EXACT.add(self.total, number(value))
            self.count += 1

    def inverse(self, value: Any) -> None:
        """Take away a value that leaves the window."""
        if value is not None:
            self.total = _EXACT.subtract(self.total, number(value))
            self.count -= 1

    def value(self) -> str | None:
        """What it has come to."""
        return text(self.total) if self.count else None

    def finalize(self) -> str | None:
        """What it came to."""
        return self.value()


class _Average(_Sum):
    """``AVG``, over a group or a window: NULL where there is no value."""

    def value(self) -> str | None:
        """What it has come to."""
        return text(_QUOTIENT.divide(self.total, Decimal(self.count))) if self.count else None


def _of_two(operation: Callable[[Decimal, Decimal], Decimal]) -> Callable[[Any, Any], str | None]:
    def calculate(left: Any, right: Any) -> str | None:
        return None if left is None or right is None else text(operation(number(left), number(right)))

    return calculate


OPERATORS: dict[str, str] = {
    "+": "QUERYKIT_ADD",
    "-": "QUERYKIT_SUBTRACT",
    "*": "QUERYKIT_MULTIPLY",
    "%": "QUERYKIT_MOD",
}
"""What writes an operator between two Decimals. There is none for division, whose digits have no end."""

AGGREGATES: dict[str, str] = {"SUM": "QUERYKIT_SUM", "AVG": "QUERYKIT_AVG"}
"""What writes an aggregate of Decimals."""

CAST = "QUERYKIT_DECIMAL"


def register(connection: sqlite3.Connection) -> None:
    """Let a connection compare and calculate with Decimals."""
    connection.create_collation(COLLATION, compare)
    connection.create_window_function("QUERYKIT_SUM", 1, _Sum)
    connection.create_window_function("QUERYKIT_AVG", 1, _Average)
    for name, operation in (
        ("QUERYKIT_ADD", _EXACT.add),
        ("QUERYKIT_SUBTRACT", _EXACT.subtract),
        ("QUERYKIT_MULTIPLY", _EXACT.multiply),
        ("QUERYKIT_MOD", _EXACT.remainder),
    ):
        connection.create_function(name, 2, _of_two(operation), deterministic=True)
    connection.create_function(
        CAST, 1, lambda value: None if value is None else text(number(value)), deterministic=True
    )
