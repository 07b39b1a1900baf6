"""The types of found columns: as annotations of declared tables, and as the text of those annotations."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from uuid import UUID

from querykit import AwareDatetime, Json
from querykit.schema.codegen.types import Types

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


class Annotation(NamedTuple):
    """What stands in ``Column[…]``.

    Attributes:
        type: The type itself.
        code: As a program writes it.
    """

    type: Any
    code: str


_TYPES: Final[Mapping[str, Any]] = {
    "bool": bool,
    "int": int,
    "float": float,
    "Decimal": Decimal,
    "str": str,
    "bytes": bytes,
    "dt.date": dt.date,
    "dt.time": dt.time,
    "dt.datetime": dt.datetime,
    "AwareDatetime": AwareDatetime,
    "dt.timedelta": dt.timedelta,
    "UUID": UUID,
    "Json": Json,
    "Any": Any,
}


class Annotations:
    """Reads the types of columns of one database, as `querykit codegen` does; enumerations are texts here.

    Args:
        dialect: The database's dialect.
        enums: The names of its enumerations.
    """

    def __init__(self, dialect: str, enums: Iterable[str]) -> None:
        """Hold both."""
        self._types = Types(dialect, dict.fromkeys(enums, ("str", "")))

    def read(self, name: str, *, is_nullable: bool) -> Annotation:
        """The annotation of a column: its type is named in the database's words; one that is not known is `Any`."""
        code = "str" if name.lower().startswith("enum(") else self._types.read(name).annotation
        item = code.removeprefix("list[").removesuffix("]")
        found = _TYPES[item]
        if found is Any:
            return Annotation(Any, "Any")
        found = list[found] if item != code else found  # type: ignore[valid-type]
        return Annotation(found | None, f"{code} | None") if is_nullable else Annotation(found, code)
