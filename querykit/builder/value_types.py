"""The types of values: read from annotations, told from values, and used to check what is bound."""

from __future__ import annotations

import datetime as dt
import types
import uuid
from decimal import Decimal
from enum import Enum
from functools import cache
from operator import attrgetter
from typing import TYPE_CHECKING, Annotated, Any, Final, TypeAlias, TypeVar, Union, get_args, get_origin

from querykit.errors import BuildError

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

_JSON = "querykit.Json"
_AWARE = "querykit.AwareDatetime"

KINDS: Final = (
    "bool",
    "int",
    "float",
    "decimal",
    "str",
    "bytes",
    "date",
    "time",
    "datetime",
    "instant",
    "timedelta",
    "uuid",
    "json",
)
"""The kinds that a database holds by themselves."""
LISTS: Final = ("list", *[f"list of {kind}" for kind in KINDS])
"""The kinds of lists, as `ValueType.stored_kind` has them."""

if TYPE_CHECKING:  # an annotation is no class to the checkers: param("at", AwareDatetime) would be refused
    Json: TypeAlias = Any
    AwareDatetime: TypeAlias = dt.datetime
else:
    Json = Annotated[Any, _JSON]
    """A column of JSON: ``profile: Column[Json]``. Any dict, list or scalar; JSON null and SQL NULL are None."""

    AwareDatetime = Annotated[dt.datetime, _AWARE]
    """A column of instants, with a time zone: ``created_at: Column[AwareDatetime]``. Plain datetime is naive."""


def _itself(value: Any) -> Any:
    return value


def _stored_kind(kind: str, item: ValueType | None, stored: ValueType | None) -> str:
    if stored is not None:
        return stored.stored_kind
    while item is not None and item.item is not None:
        item = item.item
    return kind if item is None else f"list of {item.stored_kind}"


_FAMILIES = {
    **dict.fromkeys(("int", "total", "float", "average", "decimal"), "number"),
    **{
        each: each
        for each in ("str", "bool", "bytes", "date", "time", "datetime", "instant", "timedelta", "uuid", "json")
    },
}


class ValueType:
    """What values an expression has. Made by `value_type` and `type_of`, so that equal types are one object.

    Attributes:
        kind: The word by which dialects look up how to write, encode and decode it: ``"bool"``, ``"int"``, ``"float"``,
            ``"decimal"``, ``"str"``, ``"bytes"``, ``"date"``, ``"time"``, ``"datetime"`` (naive), ``"instant"``
            (aware), ``"timedelta"``, ``"uuid"``, ``"enum"``, ``"custom"``, ``"list"`` or ``"json"``; ``"total"`` and
            ``"average"`` are an int and a float that an aggregate made of integers.
        python: The Python type of a value.
        item: Of a list, the type of its items.
        stored: Of an enum or a registered type, the type that the database holds.
        stored_kind: The kind that the database sees: that of `stored`, ``"list of float"`` and its like for lists.
        family: What every database compares with its like: every number is a ``"number"``; None of lists.
        encode: Of an enum or a registered type, what makes the stored value of a Python value.
        decode: Of an enum or a registered type, what makes the Python value of a stored one.
        is_nullable: Whether None was among the annotation's types.
    """

    __slots__ = (
        "accepts",
        "decode",
        "encode",
        "family",
        "is_nullable",
        "item",
        "kind",
        "python",
        "stored",
        "stored_kind",
    )

    def __init__(
        self,
        kind: str,
        python: type,
        *,
        item: ValueType | None = None,
        stored: ValueType | None = None,
        encode: Callable[[Any], Any] = _itself,
        decode: Callable[[Any], Any] = _itself,
        is_nullable: bool = False,
    ) -> None:
        """Keep the facts; `accepts` are the exact types that need no closer look."""
        self.kind: Final = kind
        self.python: Final = python
        self.item: Final = item
        self.stored: Final = stored
        self.stored_kind: Final = _stored_kind(kind, item, stored)
        self.family: Final = _FAMILIES.get(self.stored_kind)
        self.encode: Final = encode
        self.decode: Final = decode
        self.is_nullable: Final = is_nullable
        self.accepts: Final = _ACCEPTED_AS_THEY_ARE.get(kind, frozenset())

    def check(self, value: object, name: str) -> object:
        """The value, if it is of this type.

        Args:
            value: What is to be bound. None is always right: it is NULL.
            name: What it is for, for the message; the value itself is never shown.

        Raises:
            BuildError: it is of another type. A bool is no int, an int no str, a float no int.
        """
        if type(value) in self.accepts or value is None:
            return value
        if _MATCHES[self.kind](self, value):
            return value
        raise BuildError(f"{name} takes {self}, not {_described(value)}")

    def __str__(self) -> str:
        """The annotation, as a person would write it."""
        name = _NAMES_OF_KINDS.get(self.kind, self.python.__name__)
        return f"list[{self.item}]" if self.item is not None else name

    def __repr__(self) -> str:
        """The annotation, marked as a type of values."""
        return f"<ValueType {self}>"


_NAMES_OF_KINDS = {"instant": "AwareDatetime", "json": "Json"}


def _described(value: object) -> str:
    if isinstance(value, dt.datetime):
        return "a datetime without a time zone" if value.tzinfo is None else "a datetime with a time zone"
    return type(value).__name__


_ACCEPTED_AS_THEY_ARE: dict[str, frozenset[type]] = {
    "bool": frozenset({bool}),
    "int": frozenset({int}),
    "total": frozenset({int}),
    "float": frozenset({float, int}),
    "decimal": frozenset({Decimal, int}),
    "str": frozenset({str}),
    "bytes": frozenset({bytes, bytearray, memoryview}),
    "date": frozenset({dt.date}),
    "time": frozenset({dt.time}),
    "timedelta": frozenset({dt.timedelta}),
    "uuid": frozenset({uuid.UUID}),
    "json": frozenset({dict, list, str, int, float, bool, tuple}),
}


def _is_integer(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_item(type_: ValueType, value: object) -> bool:
    return value is None or type(value) in type_.accepts or bool(_MATCHES[type_.kind](type_, value))


_MATCHES: dict[str, Any] = {
    "bool": lambda _, value: isinstance(value, bool),
    "int": lambda _, value: _is_integer(value),
    "total": lambda _, value: _is_integer(value),
    "float": lambda _, value: isinstance(value, float) or _is_integer(value),
    "average": lambda _, value: isinstance(value, float) or _is_integer(value),
    "decimal": lambda _, value: isinstance(value, Decimal) or _is_integer(value),
    "str": lambda _, value: isinstance(value, str),
    "bytes": lambda _, value: isinstance(value, bytes | bytearray | memoryview),
    "date": lambda _, value: isinstance(value, dt.date) and not isinstance(value, dt.datetime),
    "time": lambda _, value: isinstance(value, dt.time),
    "datetime": lambda _, value: isinstance(value, dt.datetime) and value.tzinfo is None,
    "instant": lambda _, value: isinstance(value, dt.datetime) and value.tzinfo is not None,
    "timedelta": lambda _, value: isinstance(value, dt.timedelta),
    "uuid": lambda _, value: isinstance(value, uuid.UUID),
    "enum": lambda self, value: isinstance(value, self.python),
    "custom": lambda self, value: isinstance(value, self.python),
    "list": lambda self, value: isinstance(value, list | tuple) and all(_is_item(self.item, each) for each in value),
    "json": lambda _, value: isinstance(value, dict | list | tuple | str | int | float | bool),
}


def value_type(annotation: Any) -> ValueType | None:
    """The type that an annotation names, or None for `Any`, of which nothing is known.

    Args:
        annotation: A Python type, an Enum class, a type given to `register_type`, `AwareDatetime`, `Json`, ``list[X]``,
            ``dict[...]``, or one of them with ``| None``.

    Raises:
        BuildError: it is none of those.
    """
    return _read_annotation(annotation)


@cache
def _read_annotation(annotation: Any) -> ValueType | None:
    if annotation is Any:
        return None
    origin = get_origin(annotation)
    if origin in (Union, types.UnionType):
        return _nullable(annotation)
    if origin is Annotated:
        return _annotated(*get_args(annotation))
    if origin is list:
        return list_of(value_type(get_args(annotation)[0]) or JSON)
    python = origin or annotation
    if known := _registered.get(python) or _BY_PYTHON_TYPE.get(python):
        return known
    if isinstance(python, type) and issubclass(python, Enum):
        return ValueType("enum", python, stored=_stored_type(python), encode=_ENUM_VALUE, decode=python)
    raise BuildError(f"{annotation!r} is not a type that a column can have")


def _annotated(base: Any, *marks: Any) -> ValueType | None:
    if _JSON in marks:
        return JSON
    return INSTANT if _AWARE in marks else value_type(base)


def _nullable(annotation: Any) -> ValueType | None:
    others = [each for each in get_args(annotation) if each is not types.NoneType]
    if len(others) != 1:
        raise BuildError(f"{annotation} names more than one type; a column has one, or one and None")
    inner = value_type(others[0])
    return None if inner is None else nullable(inner)


@cache
def nullable(type_: ValueType) -> ValueType:
    """The same type, None included."""
    return ValueType(
        type_.kind,
        type_.python,
        item=type_.item,
        stored=type_.stored,
        encode=type_.encode,
        decode=type_.decode,
        is_nullable=True,
    )


@cache
def list_of(item: ValueType) -> ValueType:
    """A list of items of a type."""
    return ValueType("list", list, item=item)


_ENUM_VALUE = attrgetter("value")


def _stored_type(enum: type[Enum]) -> ValueType | None:
    kinds = {type_of(member.value) for member in enum}
    if len(kinds) == 1 and (kind := kinds.pop()) is not None:
        return kind
    raise BuildError(f"the values of {enum.__name__}'s members are of several types, or of one that no database holds")


_registered: dict[Any, ValueType] = {}


def register_type(python: type[T], stored: Any, *, encode: Callable[[T], Any], decode: Callable[[Any], T]) -> None:
    """Let columns and parameters have a type of your own, which databases hold as a type they know.

    >>> from typing import NamedTuple
    >>> from querykit import Column, Table, register_type
    >>> class Point(NamedTuple):
    ...     x: int
    ...     y: int
    >>> register_type(
    ...     Point, str, encode=lambda point: f"{point.x} {point.y}", decode=lambda text: Point(*map(int, text.split()))
    ... )
    >>> class Place(Table, name="place"):
    ...     location: Column[Point]

    Args:
        python: Your type; registered before the tables that use it are made.
        stored: The type that the database holds: `str`, `Decimal`, `Json`, …
        encode: Makes the stored value of one of yours.
        decode: Makes yours of a stored value. Neither is ever given None.
    """
    held = value_type(stored)
    if held is None or not isinstance(python, type):
        raise BuildError("register_type() takes a class, and a type that a column can have")
    is_new = python not in _registered
    _registered[python] = ValueType("custom", python, stored=held, encode=encode, decode=decode)
    if not is_new:  # of what could not be read before nothing is kept, and equal types stay one object
        _read_annotation.cache_clear()


BOOL: Final = ValueType("bool", bool)
INT: Final = ValueType("int", int)
FLOAT: Final = ValueType("float", float)
DECIMAL: Final = ValueType("decimal", Decimal)
STR: Final = ValueType("str", str)
BYTES: Final = ValueType("bytes", bytes)
DATE: Final = ValueType("date", dt.date)
TIME: Final = ValueType("time", dt.time)
DATETIME: Final = ValueType("datetime", dt.datetime)
INSTANT: Final = ValueType("instant", dt.datetime)
TIMEDELTA: Final = ValueType("timedelta", dt.timedelta)
UUID: Final = ValueType("uuid", uuid.UUID)
JSON: Final = ValueType("json", object)
TOTAL: Final = ValueType("total", int)
"""An integer that an aggregate made, which servers hold in a wider type than its items."""
AVERAGE: Final = ValueType("average", float)
"""A float that an aggregate made of integers, which servers hold as a decimal."""

_BY_PYTHON_TYPE: dict[Any, ValueType] = {
    bool: BOOL,
    int: INT,
    float: FLOAT,
    Decimal: DECIMAL,
    str: STR,
    bytes: BYTES,
    dt.date: DATE,
    dt.time: TIME,
    dt.datetime: DATETIME,
    dt.timedelta: TIMEDELTA,
    uuid.UUID: UUID,
    dict: JSON,
    list: list_of(JSON),
}

_TYPES_OF_VALUES: dict[type, ValueType] = {
    bool: BOOL,
    int: INT,
    float: FLOAT,
    Decimal: DECIMAL,
    str: STR,
    bytes: BYTES,
    bytearray: BYTES,
    memoryview: BYTES,
    dict: JSON,
    dt.date: DATE,
    dt.time: TIME,
    dt.timedelta: TIMEDELTA,
    uuid.UUID: UUID,
}


def type_of(value: object) -> ValueType | None:
    """The type of a Python value, or None for None and for types that only the driver knows."""
    if found := _TYPES_OF_VALUES.get(type(value)) or _registered.get(type(value)):
        return found
    if isinstance(value, dt.datetime):
        return DATETIME if value.tzinfo is None else INSTANT
    if isinstance(value, Enum):
        return value_type(type(value))
    if isinstance(value, list | tuple):
        return _type_of_list(value)
    for python, known in _TYPES_OF_VALUES.items():
        if isinstance(value, python):
            return known
    return None


def _type_of_list(values: list[Any] | tuple[Any, ...]) -> ValueType | None:
    items = {type_of(each) for each in values if each is not None}
    if len(items) != 1:
        return None
    item = items.pop()
    return list_of(JSON if item is None else item)
