"""Between Python's values and a database's: what its driver takes and gives, and what its JSON holds."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

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
        lists_are_documents: Whether a list is held as a JSON document, for want of arrays.
    """

    to_driver: Mapping[str, Conversion]
    from_driver: Mapping[str, Conversion]
    from_json: Mapping[str, Conversion]
    lists_are_documents: bool = True
    adapters: Adapters = field(init=False)

    def __post_init__(self) -> None:
        """Make the table of adapters, which fills as types are met."""
        object.__setattr__(self, "adapters", Adapters(self))


class Adapters(dict["ValueType", "Conversion | None"]):
    """For each type, the function that makes of its values what the driver takes; None where it takes them as they are."""

    def __init__(self, values: Values) -> None:
        """Start empty."""
        super().__init__()
        self._values = values

    def __missing__(self, type_: ValueType) -> Conversion | None:
        found = self[type_] = self._made(type_)
        return found

    def _made(self, type_: ValueType) -> Conversion | None:
        if type_.stored is not None:
            return _after(type_.encode, self[type_.stored])
        if type_.item is not None and not self._values.lists_are_documents:
            return each(self[type_.item])
        return self._values.to_driver.get(type_.kind)


def _after(first: Conversion, second: Conversion | None) -> Conversion:
    return first if second is None else lambda value: second(first(value))


def each(convert: Conversion | None) -> Conversion | None:
    """The conversion of a list whose items need this one; an item may be None, or a list itself."""
    if convert is None:
        return None

    def convert_each(values: Any) -> list[Any]:
        return [
            None if value is None else convert_each(value) if isinstance(value, list | tuple) else convert(value)
            for value in values
        ]

    return convert_each
