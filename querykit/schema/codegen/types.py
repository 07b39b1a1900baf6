"""The types of found columns: which annotation, and which type of `querykit.schema`, they are declared by."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from querykit import BuildError, UnsupportedError
from querykit.schema import types as declared
from querykit.schema.codegen.layout import Call, Code, Text, call

if TYPE_CHECKING:
    from collections.abc import Mapping

ANNOTATIONS: Final[dict[str, str]] = {
    "bool": "bool",
    "int": "int",
    "float": "float",
    "decimal": "Decimal",
    "str": "str",
    "bytes": "bytes",
    "date": "dt.date",
    "time": "dt.time",
    "datetime": "dt.datetime",
    "instant": "AwareDatetime",
    "timedelta": "dt.timedelta",
    "uuid": "UUID",
    "json": "Json",
    "unknown": "Any",
}
"""How a kind of values is annotated."""


class ColumnType(NamedTuple):
    """How a column is declared.

    Attributes:
        annotation: The type of its values.
        type: What ``column(type=…)`` takes; None where the annotation says it.
    """

    annotation: str
    type: Code | None = None


_POSTGRES: Final[dict[str, tuple[str, str]]] = {
    "boolean": ("bool", "Boolean"),
    "smallint": ("int", "SmallInt"),
    "integer": ("int", "Integer"),
    "bigint": ("int", "BigInt"),
    "real": ("float", "Real"),
    "double precision": ("float", "Double"),
    "numeric": ("decimal", "AnyNumeric"),
    "text": ("str", "Text"),
    "bytea": ("bytes", "Bytes"),
    "date": ("date", "Date"),
    "time without time zone": ("time", "Time"),
    "timestamp without time zone": ("datetime", "DateTime"),
    "timestamp with time zone": ("instant", "Instant"),
    "interval": ("timedelta", "Duration"),
    "uuid": ("uuid", "Uuid"),
    "jsonb": ("json", "Json"),
}
_MYSQL: Final[dict[str, tuple[str, str]]] = {
    "tinyint(1)": ("bool", "Boolean"),
    "smallint": ("int", "SmallInt"),
    "int": ("int", "Integer"),
    "bigint": ("int", "BigInt"),
    "float": ("float", "Real"),
    "double": ("float", "Double"),
    "longtext": ("str", "Text"),
    "longblob": ("bytes", "Bytes"),
    "date": ("date", "Date"),
    "time(6)": ("time", "Time"),
    "datetime(6)": ("datetime", "DateTime"),
    "json": ("json", "Json"),
}
_SQLITE: Final[dict[str, tuple[str, str]]] = {
    "boolean": ("bool", "Boolean"),
    "smallint": ("int", "SmallInt"),
    "integer": ("int", "BigInt"),
    "real": ("float", "Double"),
    "text": ("str", "Text"),
    "blob": ("bytes", "Bytes"),
}
_EXACT: Final[dict[str, dict[str, tuple[str, str]]]] = {
    "postgres": _POSTGRES,
    "mysql": _MYSQL,
    "mariadb": _MYSQL,
    "sqlite": _SQLITE,
}

_LENGTHS: Final[dict[str, tuple[str, str]]] = {
    "character varying": ("str", "Varchar"),
    "varchar": ("str", "Varchar"),
    "character": ("str", "Char"),
    "char": ("str", "Char"),
    "numeric": ("decimal", "Numeric"),
    "decimal": ("decimal", "Numeric"),
    "varbinary": ("bytes", "Binary"),
}
"""Types that are declared by a function of their lengths."""

_OTHERS: Final[tuple[tuple[str, str], ...]] = (
    (r"(tiny|small|medium|big)?int(eger)?\b.*", "int"),
    (r"int[248]|serial|year.*", "int"),
    (r"(double|float|real)\b.*", "float"),
    (r"json\b.*", "json"),
    (r"uuid", "uuid"),
    (r"(tiny|medium|long)?text.*|(var)?char.*|character\b.*|n(var)?char.*|clob|citext|name|set\(.*", "str"),
    (r"(tiny|medium|long)?blob|(var)?binary.*|bytea", "bytes"),
    (r"timestamp\(\d\) with time zone", "instant"),
    (r"(timestamp|datetime)\b.*", "datetime"),
    (r"time\(\d\) with time zone|time with time zone", "unknown"),
    (r"time\b.*", "time"),
    (r"interval.*", "timedelta"),
    (r"date", "date"),
    (r"(numeric|decimal).*", "decimal"),
)
"""Types that have no declaration of their own: they are named as the database does, and hold such values."""

NO_DECIMALS: Final = frozenset(("sqlite",))
"""Where a NUMERIC column holds floats."""


def is_kind(name: str) -> bool:
    """Whether a name is that of a kind of values, or of lists of one: ``"uuid"``, ``"list[int]"``."""
    return (_item(name) or name) in ANNOTATIONS


def annotation_of(kind: str) -> str:
    """How a kind of values is annotated."""
    item = _item(kind)
    return ANNOTATIONS[kind] if item is None else f"list[{ANNOTATIONS[item]}]"


def _item(kind: str) -> str | None:
    """The kind of a list's items; None of what is no list."""
    return kind[5:-1] if kind.startswith("list[") and kind.endswith("]") else None


class Types:
    """Reads types for one dialect.

    Args:
        dialect: The dialect.
        enums: The enumerations of the database: the names of their classes and types, by name.
    """

    def __init__(self, dialect: str, enums: Mapping[str, tuple[str, str]]) -> None:
        """Hold both."""
        self._dialect = dialect
        self._enums = enums

    def read(self, name: str, kind: str | None = None) -> ColumnType:
        """How a type is declared.

        Args:
            name: The type, as the database calls it.
            kind: The kind of values that it is to hold; None lets the type say it.
        """
        if name in self._enums and kind is None:
            return ColumnType(*self._enums[name])
        if name.endswith("[]") and kind is None:
            return self._list(name.removesuffix("[]"))
        found, type_, is_usual = self._scalar(name)
        if kind is None:
            return ColumnType(ANNOTATIONS[found], None if is_usual else type_)
        return ColumnType(annotation_of(kind), None if self._is_usual(name, kind) else type_)

    def _is_usual(self, name: str, kind: str) -> bool:
        """Whether the database calls the type so that columns of a kind of values have if they name none."""
        own = declared.OF_KINDS.get(_item(kind) or kind)
        if own is None:
            return False
        try:
            usual = (declared.Array(own) if _item(kind) else own).on(self._dialect)
        except UnsupportedError:
            return False
        return _plain(usual, self._dialect) == _plain(name, self._dialect)

    def type_of(self, name: str) -> Code:
        """What ``column(type=…)`` takes, whatever the annotation says."""
        return self._scalar(name)[1]

    def _list(self, item: str) -> ColumnType:
        inner = self.read(item)
        annotation = f"list[{inner.annotation}]"
        return ColumnType(annotation, None if inner.type is None else call("Array", inner.type))

    def _scalar(self, name: str) -> tuple[str, Code, bool]:
        """The kind, the type, and whether the kind alone says the type."""
        plain = _plain(name, self._dialect)
        exact = _EXACT[self._dialect].get(plain)
        if exact is not None:
            kind, type_ = exact
            return kind, type_, declared.OF_KINDS[kind] == getattr(declared, type_)
        sized = re.fullmatch(r"([a-z ]+)\((\d+)(?:,(\d+))?\)", plain)
        if sized and sized[1] in _LENGTHS and (found := self._sized(sized)) is not None:
            return found
        kind = next((kind for pattern, kind in _OTHERS if re.fullmatch(pattern, plain)), "unknown")
        kind = "float" if kind == "decimal" and self._dialect in NO_DECIMALS else kind
        return kind, Call("Native", ((None, Text(name)), ("on", Text(self._dialect)))), False

    def _sized(self, sized: re.Match[str]) -> tuple[str, Code, bool] | None:
        """A type with lengths; None where `querykit.schema` has none of such lengths."""
        kind, function = _LENGTHS[sized[1]]
        lengths = [int(each) for each in sized.groups()[1:] if each is not None]
        try:
            made = getattr(declared, function)(*lengths)
        except BuildError:
            return None
        if _plain(made.on(self._dialect), self._dialect) != _plain(sized[0], self._dialect):
            return None
        return kind, call(function, *[str(each) for each in lengths]), False


_SAME: Final[dict[str, dict[str, str]]] = {
    "postgres": {
        "timestamptz": "timestamp with time zone",
        "timestamp": "timestamp without time zone",
        "time": "time without time zone",
        "varchar": "character varying",
        "char": "character",
    },
    "mysql": {"boolean": "tinyint(1)", "integer": "int", "double precision": "double", "numeric": "decimal"},
    "sqlite": {},
}
_SAME["mariadb"] = _SAME["mysql"]


def _plain(name: str, dialect: str) -> str:
    """A type in one spelling, whichever of its names it is called by."""
    plain = re.sub(r"\s*,\s*", ",", name.strip().lower()) if "'" not in name else name
    plain = re.sub(r"^((?:small|medium|big)?int)\(\d+\)", r"\1", plain)
    word, opening, rest = plain.partition("(")
    if " time zone" not in rest:  # as in timestamp(3) with time zone, whose word alone means another type
        word = _SAME[dialect].get(word, word)
    return word + opening + rest
