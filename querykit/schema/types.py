"""The types of columns, as each database calls them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from querykit import BuildError, UnsupportedError


@dataclass(frozen=True, slots=True)
class SqlType:
    """A type of column.

    Attributes:
        name: What messages call it.
        names: What each database calls it; one that is missing has no such type.
    """

    name: str
    names: tuple[tuple[str, str], ...]

    def on(self, dialect: str) -> str:
        """Its name in a dialect.

        Raises:
            UnsupportedError: the database has no such type.
        """
        found = dict(self.names).get(dialect)
        if found is None:
            raise UnsupportedError(dialect, f"columns of type {self.name}")
        return found


@dataclass(frozen=True, slots=True)
class EnumerationType(SqlType):
    """A type that has these texts alone.

    Attributes:
        enum: Its name on PostgreSQL.
        values: The texts.
        schema: Its schema, if it is to be named.
    """

    enum: str
    values: tuple[str, ...]
    schema: str | None = None


@dataclass(frozen=True, slots=True)
class ArrayType(SqlType):
    """A list of a type.

    Attributes:
        item: The type.
    """

    item: SqlType


def enumerations_in(type_: SqlType) -> list[EnumerationType]:
    """The enumeration that a type is, or is a list of; or none."""
    if isinstance(type_, ArrayType):
        return enumerations_in(type_.item)
    return [type_] if isinstance(type_, EnumerationType) else []


def _everywhere(name: str, written: str | None = None, **others: str | None) -> SqlType:
    names = dict.fromkeys(("postgres", "mysql", "mariadb", "sqlite"), written or name) | others
    return SqlType(name, tuple((dialect, each) for dialect, each in names.items() if each is not None))


def _length(size: Any, name: str, most: int) -> int:
    if type(size) is not int or not 0 < size <= most:
        raise BuildError(f"{name} takes a length from 1 to {most}, not {size!r}")
    return size


def Varchar(length: int) -> SqlType:  # noqa: N802 - a type's name, as in SQL
    """Text of at most so many characters. SQLite counts none."""
    return _everywhere(f"VARCHAR({_length(length, 'Varchar', 16_383)})")


def Char(length: int) -> SqlType:  # noqa: N802
    """Text of so many characters, which PostgreSQL fills with blanks. SQLite counts none."""
    return _everywhere(f"CHAR({_length(length, 'Char', 255)})")


def Numeric(precision: int, scale: int = 0) -> SqlType:  # noqa: N802
    """Decimals of so many digits, of which `scale` stand after the point. Text on SQLite, which keeps all digits.

    Raises:
        BuildError: the precision is not from 1 to 65, or the scale is larger than the precision or 30.
    """
    _length(precision, "Numeric", 65)
    if type(scale) is not int or not 0 <= scale <= min(precision, 30):
        raise BuildError(f"Numeric({precision}, …) takes a scale from 0 to {min(precision, 30)}, not {scale!r}")
    return _everywhere(f"NUMERIC({precision}, {scale})", sqlite="TEXT")


def Binary(length: int) -> SqlType:  # noqa: N802
    """Bytes, at most so many; PostgreSQL and SQLite count none."""
    size = _length(length, "Binary", 65_535)
    return _everywhere(f"VARBINARY({size})", postgres="BYTEA", sqlite="BLOB")


def Enumeration(*values: str, name: str, schema: str | None = None) -> SqlType:  # noqa: N802
    """One of these texts: a type of its own on PostgreSQL, made by `create_enum`; text on SQLite.

    Args:
        values: The texts, in their order.
        name: The type's name on PostgreSQL.
        schema: Its schema, if it is to be named.
    """
    if not values or not all(isinstance(each, str) and each.isascii() and each.isprintable() for each in values):
        raise BuildError("an enumeration has values, which are plain printable texts")
    listed = ", ".join("'" + each.replace("'", "''") + "'" for each in values)
    if "\\" in listed:
        raise BuildError("a backslash in an enumeration means different things on different databases")
    quoted = ".".join(['"' + each.replace('"', '""') + '"' for each in (schema, name) if each is not None])
    plain = _everywhere(f"Enumeration {name}", f"ENUM({listed})", postgres=quoted, sqlite="TEXT")
    return EnumerationType(plain.name, plain.names, name, values, schema)


def Array(item: SqlType) -> SqlType:  # noqa: N802
    """A list of a type: PostgreSQL's arrays, JSON elsewhere."""
    plain = _everywhere(f"Array of {item.name}", "JSON", postgres=f"{item.on('postgres')}[]", sqlite="TEXT")
    return ArrayType(plain.name, plain.names, item)


def Native(name: str, *, on: str) -> SqlType:  # noqa: N802
    """A type that one database alone has, by its own name: ``Native("citext", on="postgres")``."""
    return SqlType(name, ((on, name),))


Boolean: Final = _everywhere("BOOLEAN")
SmallInt: Final = _everywhere("SMALLINT")
Integer: Final = _everywhere("INTEGER")
BigInt: Final = _everywhere("BIGINT", sqlite="INTEGER")
Real: Final = _everywhere("REAL", mysql="FLOAT", mariadb="FLOAT")
Double: Final = _everywhere("DOUBLE PRECISION", sqlite="REAL")
Text: Final = _everywhere("TEXT", mysql="LONGTEXT", mariadb="LONGTEXT")
Bytes: Final = _everywhere("BYTES", "LONGBLOB", postgres="BYTEA", sqlite="BLOB")
Date: Final = _everywhere("DATE", sqlite="TEXT")
Time: Final = _everywhere("TIME", "TIME(6)", postgres="TIME", sqlite="TEXT")
DateTime: Final = _everywhere("DATETIME", "DATETIME(6)", postgres="TIMESTAMP", sqlite="TEXT")
Instant: Final = _everywhere("INSTANT", "DATETIME(6)", postgres="TIMESTAMPTZ", sqlite="TEXT")
Duration: Final = _everywhere("DURATION", "TIME(6)", postgres="INTERVAL", sqlite="INTEGER")
Uuid: Final = _everywhere("UUID", "CHAR(36)", postgres="UUID", sqlite="TEXT")
Json: Final = _everywhere("JSON", postgres="JSONB", sqlite="TEXT")
AnyNumeric: Final = SqlType("NUMERIC without a precision", (("postgres", "NUMERIC"), ("sqlite", "TEXT")))

OF_KINDS: Final[dict[str, SqlType]] = {
    "bool": Boolean,
    "int": BigInt,
    "float": Double,
    "decimal": AnyNumeric,
    "str": Text,
    "bytes": Bytes,
    "date": Date,
    "time": Time,
    "datetime": DateTime,
    "instant": Instant,
    "timedelta": Duration,
    "uuid": Uuid,
    "json": Json,
}
"""The type of a column that names none, by the kind of its values."""


def sql_type(value_type: Any) -> SqlType:
    """The type of a column, told by the annotation alone.

    Raises:
        BuildError: the annotation tells none.
    """
    if value_type is None:
        raise BuildError("an undeclared type of values tells no type of column: column(type=…)")
    if value_type.stored is not None:
        return sql_type(value_type.stored)
    if value_type.item is not None:
        return Array(sql_type(value_type.item))
    return OF_KINDS[value_type.kind]
