"""What is read from JSON: texts, values of a type, kinds and lengths; and comparisons of documents."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from querykit.builder.expressions import Condition, Expression, known_type
from querykit.builder.value_types import BOOL, DECIMAL, FLOAT, INT, STR
from querykit.errors import BuildError

if TYPE_CHECKING:
    from pypika.terms import Term

    from querykit.builder.value_types import ValueType


Reading = Literal["int", "number", "float", "decimal", "bool", "string"]
"""As what a JSON value is read: ``"number"`` is compared as it is, ``"int"`` is its whole part."""
_TYPES: dict[str, ValueType] = {
    "int": INT, "number": INT, "float": FLOAT, "decimal": DECIMAL, "bool": BOOL, "string": STR
}  # fmt: skip  # fmt: skip
_READINGS: dict[str, Reading] = {
    "bool": "bool", "int": "number", "total": "number", "float": "float", "decimal": "decimal", "str": "string"
}  # fmt: skip  # fmt: skip


class JsonText(Expression[str]):
    """The text of a JSON value."""

    value_type = STR

    def __init__(self, document: Term) -> None:
        """Hold the JSON."""
        self.document = document


class JsonValue(Expression[Any]):
    """A JSON value read as a type; NULL where it is of another kind."""

    def __init__(self, document: Term, reading: Reading, type_: ValueType | None = None) -> None:
        """Hold the JSON and what it is read as."""
        self.document = document
        self.reading: Reading = reading
        self.value_type = type_ or _TYPES[reading]


class JsonType(Expression[str]):
    """The kind of a JSON value, in the words of `JsonExpression.json_type`."""

    value_type = STR

    def __init__(self, document: Term) -> None:
        """Hold the JSON."""
        self.document = document


class JsonLength(Expression[int]):
    """The number of items of a JSON array."""

    value_type = INT

    def __init__(self, document: Term) -> None:
        """Hold the JSON."""
        self.document = document


class JsonEquals(Condition):
    """Whether two documents are equal, whatever the order of their keys."""

    def __init__(self, left: Term, right: Term, *, is_negated: bool = False) -> None:
        """Hold both documents."""
        self.left = left
        self.right = right
        self.is_negated = is_negated


class JsonContains(Condition):
    """Whether a document holds another."""

    def __init__(self, document: Term, part: Term) -> None:
        """Hold both documents."""
        self.document = document
        self.part = part


def reading_beside(other: Term) -> Reading:
    """As what JSON is read to be compared with a term.

    Raises:
        BuildError: its type is not known, or is none that JSON has.
    """
    known = known_type(other)
    kind = None if known is None else known.stored_kind
    if kind in _READINGS:
        return _READINGS[kind]
    if kind is None:
        raise BuildError(
            "JSON is compared with values and typed expressions: of this one the type is not known; "
            "say .as_text(), .as_int(), .as_float() or .as_bool() first"
        )
    raise BuildError(f"JSON has no {known}: compare its .as_text()")
