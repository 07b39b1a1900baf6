"""From JSON that our compiler wrote to Python's values: msgspec decodes what it knows, generated code does the rest.

Rows of which something is left to do are decoded as Structs, of which dicts or objects are made. That takes less time
than changing dicts, and much less than a hook of msgspec's, which is called for each value.
"""

from __future__ import annotations

import typing
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import msgspec

from querykit.builder.compiled import Nested
from querykit.builder.value_types import JSON
from querykit.dialects.values import after, each
from querykit.errors import MultipleResultsError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from querykit.builder.compiled import OutputColumn
    from querykit.builder.value_types import ValueType
    from querykit.dialects.base import Dialect
    from querykit.dialects.values import Conversion

    Shape = ValueType | Nested | None


class Decoding(NamedTuple):
    """How a value comes out of JSON.

    Attributes:
        type: The type by which msgspec decodes it.
        finish: What makes the Python value of what msgspec gives, None aside; None where it is that already.
    """

    type: Any
    finish: Conversion | None = None


class Objects(Protocol):
    """Which objects nested rows become, instead of dicts."""

    names: dict[str, Any]
    """What the source of a row refers to."""

    def row(self, columns: Sequence[OutputColumn], values: Sequence[str]) -> str:
        """The source of an object, given that of each column's value."""
        ...

    def within(self, column: OutputColumn) -> Objects | None:
        """Which objects the rows nested in a column become; None for dicts."""
        ...


def json_reader(shape: Nested, dialect: Dialect, objects: Objects | None = None) -> Conversion:
    """What makes nested rows of the driver's text."""
    type_, finish = _decoding_of_rows(shape, dialect, objects)
    return _finished(msgspec.json.Decoder(type_).decode, finish)


def document_reader(shape: ValueType) -> Conversion:
    """A list that is held as a JSON document, in msgspec's own way of writing its items."""
    type_, finish = _decoding_of_document(shape)
    return _finished(msgspec.json.Decoder(type_).decode, finish)


def _finished(decode: Conversion, finish: Conversion | None) -> Conversion:
    if finish is None:
        return decode

    def read(text: str | bytes) -> Any:
        found = decode(text)
        return None if found is None else finish(found)

    return read


def own_decoder(shape: Shape) -> Conversion | None:
    """What a plugin wants JSON to be decoded by; None where we decode it."""
    if shape is None or isinstance(shape, Nested) or shape.kind != "json" or shape.decode is JSON.decode:
        return None
    return shape.decode


def dict_literal(names: Sequence[str], values: Sequence[str]) -> str:
    """``{'name': value, …}``."""
    return "{" + ", ".join([f"{str(name)!r}: {value}" for name, value in zip(names, values, strict=True)]) + "}"


# -- values ---------------------------------------------------------------------------------------------------------


def _decoding(shape: Shape, dialect: Dialect, objects: Objects | None = None) -> Decoding:
    """How a value of a column comes out of JSON; of any but a list of nested rows, None is one of the values."""
    if shape is None or isinstance(shape, Nested):
        return Decoding(Any) if shape is None else _decoding_of_rows(shape, dialect, objects)
    if shape.stored is not None:
        return _decoded_after(shape, _decoding(shape.stored, dialect))
    if shape.item is not None:
        is_document = dialect.values.lists_are_documents
        item = _decoding_of_document(shape.item) if is_document else _decoding(shape.item, dialect)
        return Decoding(list[item.type | None] | None, each(item.finish))  # type: ignore[name-defined]
    if (decode := own_decoder(shape)) is not None:
        return Decoding(msgspec.Raw, lambda raw: None if bytes(raw) == b"null" else decode(bytes(raw).decode()))
    values = dialect.values
    if (read := values.from_json.get(shape.kind)) is not None:
        return Decoding(values.json_types.get(shape.kind, Any) | None, read)
    return Decoding(Any if shape.kind == "json" else shape.python | None)


def _decoding_of_document(shape: ValueType) -> Decoding:
    if shape.stored is not None:
        return _decoded_after(shape, _decoding_of_document(shape.stored))
    if shape.item is not None:
        item = _decoding_of_document(shape.item)
        return Decoding(list[item.type | None], each(item.finish))  # type: ignore[name-defined]
    return Decoding(Any if shape.kind == "json" else shape.python)


def _decoded_after(shape: ValueType, stored: Decoding) -> Decoding:
    """A member of an enum, or a value of a user's type, out of what stands for it."""
    return Decoding(stored.type, shape.decode if stored.finish is None else after(stored.finish, shape.decode))


# -- nested rows ----------------------------------------------------------------------------------------------------


def _decoding_of_rows(shape: Nested, dialect: Dialect, objects: Objects | None) -> Decoding:
    if shape.columns is None:
        row = Decoding(dict[str, Any])
    elif shape.kind in {"scalars", "members"}:
        row = _decoding(shape.columns[0].shape, dialect)
    else:
        row = _decoding_of_row(shape, shape.columns, dialect, objects)
    type_: Any = {"object": row.type | None, "members": dict[str, row.type]}.get(shape.kind, list[row.type])  # type: ignore[name-defined]
    if shape.kind in {"scalars", "members"} and row.finish is not None:
        row = row._replace(finish=_each_value(shape, row.finish))
    return Decoding(type_ | None if shape.is_nullable else type_, row.finish)


def _each_value(shape: Nested, finish: Conversion) -> Conversion:
    if shape.kind == "scalars":
        return lambda values: [None if value is None else finish(value) for value in values]
    return lambda members: {key: None if value is None else finish(value) for key, value in members.items()}


def _decoding_of_row(
    shape: Nested, columns: Sequence[OutputColumn], dialect: Dialect, objects: Objects | None
) -> Decoding:
    """How one row comes out of JSON, and all of them are finished."""
    inner = [_decoding(column.shape, dialect, objects and objects.within(column)) for column in columns]
    names = [str(column.name) for column in columns]
    is_ready = dialect.features.keeps_json_key_order and not any(each.finish for each in inner)
    if objects is None and shape.kind != "map" and is_ready:
        return Decoding(_dict(names, inner))
    is_struct = all(map(_is_plain, names))
    finishing = {} if objects is None else objects.names
    values = []
    for place, (name, (_, finish)) in enumerate(zip(names, inner, strict=True)):
        finishing[f"finish{place}"] = finish
        value = f"row.v{place}" if is_struct else f"row[{name!r}]"
        values.append(value if finish is None else f"(None if {value} is None else finish{place}({value}))")
    row = dict_literal(names, values) if objects is None else objects.row(columns, values)
    rows = _rows_function(shape, row, dict(zip(names, values, strict=True)), finishing)
    return Decoding(_struct(names, inner) if is_struct else _dict(names, inner), rows)


def _rows_function(shape: Nested, row: str, values: dict[str, str], names: dict[str, Any]) -> Conversion:
    """What makes the row, or all of them, of Structs. In the source stand numbered names and literals of `repr`."""
    if shape.kind == "object":
        source = row
    elif shape.kind != "map":
        source = f"[{row} for row in row]"
    else:
        source = f"unique({{{values[str(shape.key)]}: {values.get(str(shape.value), row)} for row in row}}, row)"
        names["unique"] = _Unique(shape.key)
    return eval(f"lambda row: {source}", names)  # type: ignore[no-any-return]  # noqa: S307 - see above


class _Unique:
    """Refuses a map in which one row hides another."""

    def __init__(self, key: str | None) -> None:
        self._key = key

    def __call__(self, made: dict[Any, Any], rows: list[Any]) -> dict[Any, Any]:
        if len(made) < len(rows):
            raise MultipleResultsError(f"json_map_from: two rows have one key (column {self._key!r})")
        return made


def _is_plain(name: str) -> bool:
    """Whether a field of a Struct can have a name in JSON: one that JSON escapes, msgspec refuses."""
    return msgspec.json.encode(name) == f'"{name}"'.encode()


def _struct(names: Sequence[str], inner: Sequence[Decoding]) -> Any:
    fields = [f"v{place}" for place in range(len(names))]
    types = [(field, each.type) for field, each in zip(fields, inner, strict=True)]
    return msgspec.defstruct("Row", types, rename=dict(zip(fields, names, strict=True)), gc=False)


def _dict(names: Sequence[str], inner: Sequence[Decoding]) -> Any:
    # msgspec finds a key by its UTF-8 form, which Python keeps of a text only once it was asked for
    msgspec.json.encode(names)
    return _typed_dict("Row", {name: each.type for name, each in zip(names, inner, strict=True)})


_typed_dict: Any = typing.TypedDict
"""The function, of which checkers take only literal dicts."""
