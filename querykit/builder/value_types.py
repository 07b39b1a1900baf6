"""The types of values: read from annotations, told from values, and used to check what is bound."""

from __future__ import annotations

import datetime as dt
import types
import uuid
from decimal import Decimal
from enum import Enum
from functools import cache
from typing import Annotated, Any, Final, TypeAlias, Union, get_args, get_origin

from querykit.errors import BuildError

_JSON = "querykit.Json"
_AWARE = "querykit.AwareDatetime"

Json: TypeAlias = Annotated[Any, _JSON]
"""A column that holds JSON: ``profile: Column[Json]``. Any dict, list or scalar; JSON null and SQL NULL are None."""

AwareDatetime: TypeAlias = Annotated[dt.datetime, _AWARE]
"""A column that holds instants, with a time zone: ``created_at: Column[AwareDatetime]``. Plain datetime is naive."""


class ValueType:
    """What values an expression has. Made by `value_type`, so that equal annotations give one object.

    Attributes:
        kind: The word by which dialects look up how to write, encode and decode it: ``"bool"``, ``"int"``, ``"float"``,
            ``"decimal"``, ``"str"``, ``"bytes"``, ``"date"``, ``"time"``, ``"datetime"`` (naive), ``"instant"`` (aware),
            ``"timedelta"``, ``"uuid"``, ``"enum"``, ``"list"`` or ``"json"``.
        python: The Python type of a value.
        item: Of a list, the type of its items.
        stored: Of an enum, the type of its members' values.
        stored_kind: The kind that the database sees: an enum's is that of its members' values.
        is_nullable: Whether None was among the annotation's types.
    """

    __slots__ = ("accepts", "is_nullable", "item", "kind", "python", "stored", "stored_kind")

    def __init__(
        self,
        kind: str,
        python: type,
        *,
        item: ValueType | None = None,
        stored: ValueType | None = None,
        is_nullable: bool = False,
    ) -> None:
        """Keep the facts; `accepts` are the exact types that need no closer look."""
        self.kind: Final = kind
        self.python: Final = python
        self.item: Final = item
        self.stored: Final = stored
        self.stored_kind: Final = stored.kind if stored is not None else kind
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
        name = {"instant": "AwareDatetime", "json": "Json"}.get(self.kind, self.python.__name__)
        return f"list[{self.item}]" if self.item is not None else name

    def __repr__(self) -> str:
        """The annotation, marked as a type of values."""
        return f"<ValueType {self}>"


def _described(value: object) -> str:
    if isinstance(value, dt.datetime):
        return "a datetime without a time zone" if value.tzinfo is None else "a datetime with a time zone"
    return type(value).__name__


_ACCEPTED_AS_THEY_ARE: dict[str, frozenset[type]] = {
    "bool": frozenset({bool}),
    "int": frozenset({int}),
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


_MATCHES: dict[str, Any] = {
    "bool": lambda _, value: isinstance(value, bool),
    "int": lambda _, value: _is_integer(value),
    "float": lambda _, value: isinstance(value, float) or _is_integer(value),
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
    "list": lambda self, value: isinstance(value, list | tuple) and all(self.item.check(each, "an item") is each for each in value),
    "json": lambda _, value: isinstance(value, dict | list | tuple | str | int | float | bool),
}

_KINDS_BY_PYTHON_TYPE: dict[type, str] = {
    bool: "bool",
    int: "int",
    float: "float",
    Decimal: "decimal",
    str: "str",
    bytes: "bytes",
    dt.date: "date",
    dt.time: "time",
    dt.datetime: "datetime",
    dt.timedelta: "timedelta",
    uuid.UUID: "uuid",
    dict: "json",
}


@cache
def value_type(annotation: Any) -> ValueType | None:
    """The type that an annotation names, or None for `Any`, of which nothing is known.

    Args:
        annotation: A Python type, an Enum class, `AwareDatetime`, `Json`, ``list[X]``, ``dict[...]``, or one of them
            with ``| None``.

    Raises:
        BuildError: it is none of those.
    """
    if annotation is Any:
        return None
    if get_origin(annotation) in (Union, types.UnionType):
        return _nullable(annotation)
    if get_origin(annotation) is Annotated:
        base, *marks = get_args(annotation)
        if _JSON in marks:
            return ValueType("json", object)
        return ValueType("instant", dt.datetime) if _AWARE in marks else value_type(base)
    if get_origin(annotation) is list:
        return ValueType("list", list, item=value_type(get_args(annotation)[0]) or _ANY_ITEM)
    python = get_origin(annotation) or annotation
    if kind := _KINDS_BY_PYTHON_TYPE.get(python):
        return ValueType(kind, python)
    if isinstance(python, type) and issubclass(python, Enum):
        return ValueType("enum", python, stored=_stored_type(python))
    if python is list:
        return ValueType("list", list, item=_ANY_ITEM)
    raise BuildError(f"{annotation!r} is not a type that a column can have")


_ANY_ITEM = ValueType("json", object)


def _nullable(annotation: Any) -> ValueType | None:
    others = [each for each in get_args(annotation) if each is not types.NoneType]
    if len(others) != 1:
        raise BuildError(f"{annotation} names more than one type; a column has one, or one and None")
    inner = value_type(others[0])
    if inner is None:
        return None
    return ValueType(inner.kind, inner.python, item=inner.item, stored=inner.stored, is_nullable=True)


def _stored_type(enum: type[Enum]) -> ValueType | None:
    kinds = {type_of(member.value) for member in enum}
    return kinds.pop() if len(kinds) == 1 else None


BOOL: Final = ValueType("bool", bool)
INT: Final = ValueType("int", int)
FLOAT: Final = ValueType("float", float)
DECIMAL: Final = ValueType("decimal", Decimal)
STR: Final = ValueType("str", str)
BYTES: Final = ValueType("bytes", bytes)
JSON: Final = ValueType("json", object)
_DATETIME: Final = ValueType("datetime", dt.datetime)
_INSTANT: Final = ValueType("instant", dt.datetime)

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
    dt.date: ValueType("date", dt.date),
    dt.time: ValueType("time", dt.time),
    dt.timedelta: ValueType("timedelta", dt.timedelta),
    uuid.UUID: ValueType("uuid", uuid.UUID),
}


def type_of(value: object) -> ValueType | None:
    """The type of a Python value, or None for None and for types that only the driver knows."""
    if found := _TYPES_OF_VALUES.get(type(value)):
        return found
    if isinstance(value, dt.datetime):
        return _DATETIME if value.tzinfo is None else _INSTANT
    if isinstance(value, Enum):
        return value_type(type(value))
    if isinstance(value, list | tuple):
        items = {type_of(each) for each in value if each is not None}
        return ValueType("list", list, item=items.pop() or _ANY_ITEM) if len(items) == 1 else None
    for python, known in _TYPES_OF_VALUES.items():
        if isinstance(value, python):
            return known
    return None
