"""Between Python's values and a database's: what its driver takes and gives, and what its JSON holds."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from querykit.builder.value_types import type_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from querykit.builder.value_types import ValueType

    Conversion = Callable[[Any], Any]
    """A function of one value that is not None."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Values:
    """How a database holds values, by kind of type. A kind that is not named needs nothing.

    Attributes:
        to_driver: From a Python value to what the driver takes.
        from_driver: From what the driver gives to the Python value.
        from_json: From what stands in JSON that our compiler wrote to the Python value.
        json_types: What JSON holds of a kind that is in `from_json`, as a type of msgspec's, where any will not do.
        lists_are_documents: Whether a list is held as a JSON document, for want of arrays.
    """

    to_driver: Mapping[str, Conversion]
    from_driver: Mapping[str, Conversion]
    from_json: Mapping[str, Conversion]
    json_types: Mapping[str, Any] = field(default_factory=dict)
    lists_are_documents: bool = True
    adapters: Adapters = field(init=False)

    def __post_init__(self) -> None:
        """Make the table of adapters, which fills as types are met."""
        object.__setattr__(self, "adapters", Adapters(self))

    def adapted(self, value: object) -> object:
        """What the driver takes for a value, by its own type."""
        type_ = None if value is None else type_of(value)
        adapt = None if type_ is None else self.adapters[type_]
        return value if adapt is None else adapt(value)


class Adapters(dict["ValueType", "Conversion | None"]):
    """For each type, what makes of its values what the driver takes; None where it takes them as they are."""

    def __init__(self, values: Values) -> None:
        """Start empty."""
        super().__init__()
        self._values = values

    def __missing__(self, type_: ValueType) -> Conversion | None:
        found = self[type_] = self._made(type_)
        return found

    def _made(self, type_: ValueType) -> Conversion | None:
        values = self._values
        if type_.stored is not None:
            return after(type_.encode, self[type_.stored])
        if type_.item is None:
            return values.to_driver.get(type_.kind)
        if not values.lists_are_documents:
            return each(self[type_.item])
        items = each(_document_item(type_.item))
        return values.to_driver["list"] if items is None else after(items, values.to_driver["list"])


def _document_item(type_: ValueType) -> Conversion | None:
    """What makes of an item what a JSON document can hold, so that its type tells how to read it back."""
    if type_.stored is not None:
        return after(type_.encode, _document_item(type_.stored))
    if type_.item is not None:
        return each(_document_item(type_.item))
    return _in_utc if type_.kind == "instant" else None


def _in_utc(value: dt.datetime) -> dt.datetime:
    return value.astimezone(dt.UTC)


def after(first: Conversion, second: Conversion | None) -> Conversion:
    """One conversion and then another."""
    return first if second is None else lambda value: second(first(value))


def each(convert: Conversion | None) -> Conversion | None:
    """The conversion of a list whose items need this one; an item may be None."""
    if convert is None:
        return None
    return lambda values: [None if value is None else convert(value) for value in values]
