"""What the page may ask for, as data: closed, so that nothing else passes."""

from __future__ import annotations

from typing import Literal

import msgspec

from querykit.errors import InputError

MAX_LEVELS = 40
"""How many tables a query may have in all."""
MAX_ITEMS = 1000
"""How many columns, filters or values may stand in one place."""


class Filter(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """A condition: a column, the name of an operator, and what stands beside it, as texts."""

    column: str
    operator: str
    values: list[str] = []


class Key(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """A column that rows are ordered by."""

    column: str
    descending: bool = False


class Rows(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """Rows of a table: what is taken of them, and which."""

    columns: list[str] = []
    filters: list[Filter] = []
    match: Literal["all", "any"] = "all"
    order_by: list[Key] = []
    limit: int | None = None
    relations: list[Nested] = []


class Nested(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """Rows of another table, which a relation reaches, under a name; its own, if none is said."""

    relation: str
    rows: Rows
    name: str | None = None


class Description(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """A query: rows of a table of the database."""

    table: str
    rows: Rows


_DECODER = msgspec.json.Decoder(Description)


def read_description(body: bytes) -> Description:
    """The description that a request brings; its names are not looked up yet.

    Raises:
        InputError: it is no JSON, or has another shape.
    """
    try:
        return _DECODER.decode(body)
    except msgspec.ValidationError as error:
        raise InputError((), str(error).replace("`", "")) from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise InputError((), "the request is no JSON") from None
    except RecursionError:
        raise InputError((), "tables are nested too deep") from None
