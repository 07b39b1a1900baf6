"""The columns that data from outside may name, and the values that it may give them."""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING, Annotated, Any, Final, NamedTuple, TypeAlias, get_origin

import msgspec

from querykit import Column, Expression, Table
from querykit.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Path: TypeAlias = "tuple[str | int, ...]"
"""Where in the data something is: ``("or", 0, "age", "gte")``."""

_SCALARS: Final[dict[type, str]] = {bool: "bool", int: "int", float: "float", str: "str"}


DECIMAL: Final = r"[+-]?[0-9]+(\.[0-9]+)?"
"""How a decimal number is written as a text."""


GREATEST_INDEX: Final = 2**31 - 1
"""Of a place in a list; databases take no more."""


class Place(NamedTuple):
    """Where in data from outside something stands.

    Attributes:
        path: The keys that lead to it.
        names: Of the tables around it, which aliases must not take.
        depth: In how many of its kind it stands, itself included.
    """

    path: Path
    names: tuple[str, ...]
    depth: int

    @classmethod
    def outermost(cls, table: Table) -> Place:
        """What stands in nothing else."""
        return cls((), (table._reference,), 1)

    def at(self, *keys: Any) -> Place:
        """What a key of it leads to, or one after the other."""
        return Place(self.path + keys, self.names, self.depth)

    def inner(self, *names: str) -> Place:
        """One in it, of a table of its own if one is named."""
        return Place(self.path, self.names + names, self.depth + 1)


class Field(NamedTuple):
    """What an operator of a filter stands on.

    Attributes:
        term: A column, or a place in a JSON document.
        kind: The kind of its values: ``"int"``, ``"str"``, ``"instant"``, …; empty where it is not known.
        annotation: By what `msgspec` reads and describes them.
    """

    term: Any
    kind: str
    annotation: Any

    @property
    def is_document(self) -> bool:
        """Whether it is a column of JSON."""
        return self.kind == "json"

    def read(self, value: object, path: Path) -> Any:
        """A value for it: as it is, or as JSON writes it (dates, decimals and UUIDs as texts, bytes as base64).

        An expression of the program's own, which nothing from outside can be, stands for a value.

        Raises:
            InputError: it is of another type, or cannot be read as this one.
        """
        if isinstance(value, Expression):
            return self._beside(value, path)
        if self.kind == "int" and type(value) is float and value.is_integer():
            value = int(value)  # JSON has one kind of numbers
        if self.kind == "decimal" and isinstance(value, str) and not re.fullmatch(DECIMAL, value):
            raise InputError(path, "expected a decimal number")
        if self.annotation is Any and isinstance(value, dict | list | tuple):
            raise InputError(path, f"expected a text, a number, true or false, got {shown(value)}")
        return read_as(self.annotation, value, path)

    def _beside(self, value: Expression[Any], path: Path) -> Expression[Any]:
        type_ = value.value_type
        if type_ is not None and type_.item is not None and get_origin(self.annotation) is not list:
            raise InputError(path, "takes one value here, and this expression is a list")
        return value


def read_as(annotation: Any, value: object, path: Path) -> Any:
    """A value of a type, told by its annotation; raises `InputError`."""
    if isinstance(value, str) and not _is_unicode(value):
        raise InputError(path, "is no text: it has half a character")
    try:
        return msgspec.convert(value, annotation)
    except msgspec.ValidationError as error:
        message = str(error).replace("`", "")
        raise InputError(path, message[:1].lower() + message[1:]) from None


def visible_columns(table: Table) -> Mapping[str, Column[Any]]:
    """The declared columns of a table that are not hidden, by name."""
    cls: Any = type(table)
    hidden = cls.__dict__.get("_hidden_names")
    if hidden is None:  # looked up once for each class: every read asks
        hidden = cls._hidden_names = frozenset(name for name in table._columns if table._options(name).hidden)
    return {name: each for name, each in table._columns.items() if name not in hidden} if hidden else table._columns


def field_of(column: Expression[Any]) -> Field:
    """A column, or another expression, as what operators stand on."""
    type_ = column.value_type
    if type_ is None:
        return Field(column, "", Any)
    is_ones_own = type_.kind in ("enum", "custom")  # its values are compared, and are no texts or numbers to data
    return Field(column, type_.kind if is_ones_own else type_.stored_kind, annotation_of(type_))


def key_value(column: Column[Any], value: Any, path: Path) -> Any:
    """A value of a column of a key; raises `InputError` for one of another type, and for None."""
    if value is None:
        raise InputError(path, "a key is a value, not null")
    return field_of(column).read(value, path)


def place_in(column: Column[Any], steps: object, sample: object, path: Path) -> Field:
    """A place in a JSON document, of the type of the value that it is compared with.

    Raises:
        InputError: the steps are no list of keys and indexes, or the value is no scalar.
    """
    if not isinstance(steps, list | tuple) or not steps or not all(map(_is_step, steps)):
        raise InputError((*path, "path"), "takes a list of keys and indexes: ['auth', 'roles', 0]")
    place: Any = column
    for step in steps:
        place = place[step]
    if isinstance(sample, list | tuple) and sample:  # of numbers, one that is no integer makes all floats
        sample = next((each for each in sample if type(each) is float), sample[0])
    if sample is None or sample == []:
        return Field(place, "", Any)
    if type(sample) not in _SCALARS:
        raise InputError(path, f"a place in JSON is compared with texts, numbers, true and false, not {shown(sample)}")
    return Field(place, _SCALARS[type(sample)], type(sample))


def _is_unicode(text: str) -> bool:
    """Whether a text has no lone surrogates, which JSON can write and no database holds."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _is_step(step: object) -> bool:
    return (isinstance(step, str) and _is_unicode(step)) or (type(step) is int and 0 <= step <= GREATEST_INDEX)


def annotation_of(type_: Any) -> Any:
    """The annotation by which `msgspec` reads and describes values of a column's type."""
    if type_ is None or type_.kind == "json":
        return Any
    if type_.kind in ("instant", "datetime", "time"):
        return Annotated[type_.python, msgspec.Meta(tz=type_.kind == "instant")]
    return list[annotation_of(type_.item)] if type_.item is not None else type_.python  # type: ignore[misc]


def listed(names: Iterable[object]) -> str:
    """Names as a message lists them."""
    return ", ".join(map(str, names))


def shown(value: object) -> str:
    """What a value is, in the words of JSON; the value itself is never shown."""
    words = {dict: "an object", list: "a list", str: "a text", bool: "true or false", type(None): "null"}
    return words.get(type(value), type(value).__name__)


def did_you_mean(name: object, known: Iterable[str]) -> str:
    """The name that was perhaps meant, or all that there are, to stand at a message's end."""
    names = list(known)
    close = difflib.get_close_matches(str(name), names, n=1)
    return f"; did you mean {close[0]}?" if close else f"; there are {listed(names)}"
