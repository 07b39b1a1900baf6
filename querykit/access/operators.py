"""The operators of filters: what each takes, on which columns it stands, and the predicate that it makes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple, TypeAlias

from querykit import Expression
from querykit.access.fields import read_as, shown
from querykit.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable

    from querykit import Condition
    from querykit.access.fields import Field, Path

Takes: TypeAlias = Literal["value", "values", "pair", "text", "flag"]
"""One value of the column's type, a list of them, two of them, a text, or true and false."""

ORDERED: Final = frozenset(
    ("int", "float", "decimal", "str", "date", "time", "datetime", "instant", "timedelta", "uuid", "bytes")
)
"""The kinds of types whose values have an order."""
TEXT: Final = frozenset(("str",))
PARTS_OF_TEXTS: Final = frozenset(("contains", "starts_with", "ends_with"))
"""The operators by which every text has an empty one."""


class Operator(NamedTuple):
    """An operator of filters.

    Attributes:
        takes: What stands beside it.
        predicate: Makes the condition of a column (or of a place in a JSON document) and what was given.
        kinds: The kinds of types that it is for; None is all.
        of_null: What it makes of None, where it takes None.
    """

    takes: Takes
    predicate: Callable[[Any, Any], Condition]
    kinds: frozenset[str] | None = None
    of_null: Callable[[Any], Condition] | None = None

    def stands_on(self, field: Field) -> bool:
        """Whether it is for columns of this type."""
        return self.kinds is None or field.kind in self.kinds

    def condition(self, field: Field, given: Any, path: Path) -> Condition:
        """The condition of a column and what the filter gives.

        Raises:
            InputError: what is given is not what the operator takes.
        """
        if given is None:
            if self.of_null is None:
                raise InputError(path, "null is no value here; is_null asks for it")
            return self.of_null(field.term)
        return self.predicate(field.term, _READERS[self.takes](field, given, path))


def _values(field: Field, given: Any, path: Path) -> list[Any]:
    if not isinstance(given, list | tuple):
        raise InputError(path, f"takes a list of values, not {shown(given)}")
    if any(each is None for each in given):
        raise InputError(path, "null is no value of a list; is_null asks for it")
    return [field.read(each, (*path, at)) for at, each in enumerate(given)]


def _text(_: Field, given: Any, path: Path) -> Any:
    return given if isinstance(given, Expression) else read_as(str, given, path)


def _pair(field: Field, given: Any, path: Path) -> list[Any]:
    values = _values(field, given, path)
    if len(values) != 2:  # noqa: PLR2004 - the lower end and the upper one
        raise InputError(path, f"takes two values, not {len(values)}")
    return values


_READERS: Final[dict[Takes, Callable[[Field, Any, Path], Any]]] = {
    "value": lambda field, given, path: field.read(given, path),
    "values": _values,
    "pair": _pair,
    "text": _text,
    "flag": lambda _, given, path: read_as(bool, given, path),
}

OPERATORS: Final[dict[str, Operator]] = {
    "eq": Operator("value", lambda term, value: term == value, of_null=lambda term: term.is_null()),
    "ne": Operator("value", lambda term, value: term != value, of_null=lambda term: term.is_not_null()),
    "gt": Operator("value", lambda term, value: term > value, ORDERED),
    "gte": Operator("value", lambda term, value: term >= value, ORDERED),
    "lt": Operator("value", lambda term, value: term < value, ORDERED),
    "lte": Operator("value", lambda term, value: term <= value, ORDERED),
    "between": Operator("pair", lambda term, pair: term.between(*pair), ORDERED),
    "in": Operator("values", lambda term, values: term.is_in(values)),
    "not_in": Operator("values", lambda term, values: term.not_in(values)),
    "is_null": Operator("flag", lambda term, flag: term.is_null() if flag else term.is_not_null()),
    "like": Operator("text", lambda term, text: term.like(text), TEXT),
    "ilike": Operator("text", lambda term, text: term.ilike(text), TEXT),
    "contains": Operator("text", lambda term, text: term.has_substring(text), TEXT),
    "starts_with": Operator("text", lambda term, text: term.starts_with(text), TEXT),
    "ends_with": Operator("text", lambda term, text: term.ends_with(text), TEXT),
}
