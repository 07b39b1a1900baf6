"""Decoders: from a plan to a function that makes Python rows of a driver's, generated once and kept by the plan."""

from __future__ import annotations

import typing
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from querykit.builder.compiled import Nested, OutputColumn
from querykit.dialects.values import after, each
from querykit.errors import MultipleResultsError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from querykit.builder.value_types import ValueType
    from querykit.dialects.base import Dialect
    from querykit.dialects.values import Conversion

    Shape = ValueType | Nested | None
    Rows = Sequence[Sequence[Any]]

PLANS_KEPT = 4096


class RowsDecoder(NamedTuple):
    """How the rows of one plan become Python's.

    Attributes:
        rows: A list of dicts out of the driver's rows.
        values: A list of values out of the driver's rows of one column.
        readers: For each column what turns the driver's value into Python's; None where nothing needs to be done.
        columns: The plan.
        may_be_cut: Whether a column can hold what a server cuts: an aggregate, or text that may come of one.
    """

    rows: Callable[[Rows], list[Any]]
    values: Callable[[Rows], list[Any]]
    readers: tuple[Conversion | None, ...]
    columns: tuple[OutputColumn, ...]
    may_be_cut: bool


@lru_cache(PLANS_KEPT)
def rows_decoder(columns: tuple[OutputColumn, ...], dialect: Dialect) -> RowsDecoder:
    """The decoder of a plan, in which every column has a name."""
    readers = tuple([reader(column.shape, dialect) for column in columns])
    names = [str(column.name) for column in columns]
    return RowsDecoder(
        rows=rows_function(columns, readers, lambda values: dict_literal(names, values), {}),
        values=rows_function(columns[:1], readers[:1], lambda values: values[0] if values else "None", {}),
        readers=readers,
        columns=columns,
        may_be_cut=any(_may_be_cut(column.shape) for column in columns),
    )


def rows_function(
    columns: Sequence[OutputColumn],
    readers: Sequence[Conversion | None],
    row: Callable[[list[str]], str],
    names: dict[str, Any],
) -> Callable[[Rows], list[Any]]:
    """A list comprehension over the driver's rows, compiled: 2.7 times faster than ``dict(record)`` for each.

    Args:
        columns: The plan.
        readers: For each column what its values go through, or None.
        row: Given the source of each column's value, the source of a row. Nothing from outside may stand in it but
            literals that `repr` wrote.
        names: What the source of a row refers to; the readers are added to it.
    """
    values = []
    for place, (column, read) in enumerate(zip(columns, readers, strict=True)):
        names[f"read{place}"] = read
        if read is None:
            values.append(f"v{place}")
        elif is_list(column.shape):  # never NULL: its decoder refuses None, which shows that the server cut the list
            values.append(f"read{place}(v{place})")
        else:
            values.append(f"None if v{place} is None else read{place}(v{place})")
    targets = "".join([f"v{place}, " for place in range(len(columns))]) or "_"
    source = f"lambda rows: [{row(values)} for {targets} in rows]"
    return eval(source, names)  # type: ignore[no-any-return]  # noqa: S307 - only numbered names and literals stand in it


def dict_literal(names: Sequence[str], values: Sequence[str]) -> str:
    """``{'name': value, …}``."""
    return "{" + ", ".join([f"{str(name)!r}: {value}" for name, value in zip(names, values, strict=True)]) + "}"


# -- from the driver ------------------------------------------------------------------------------------------------


def reader(shape: Shape, dialect: Dialect) -> Conversion | None:
    """What turns the driver's value of a column into Python's; None where it is Python's already."""
    if shape is None:
        return None
    if isinstance(shape, Nested):
        return _json_reader(shape, dialect)
    values = dialect.values
    if shape.stored is not None:
        read = reader(shape.stored, dialect)
        return shape.decode if read is None else after(read, shape.decode)
    if shape.item is not None:
        if values.lists_are_documents:
            return document_reader(shape)
        return _array_reader(each(reader(shape.item, dialect)), document_reader(shape))
    return values.from_driver.get(shape.kind)


def _array_reader(read: Conversion | None, read_document: Conversion) -> Conversion:
    """A list that the driver gives as one, or as JSON where the column is JSON."""

    def read_list(value: Any) -> Any:
        if isinstance(value, str):
            return read_document(value)
        return value if read is None else read(value)

    return read_list


def document_reader(shape: ValueType) -> Conversion:
    """A list that is held as a JSON document, in msgspec's own way of writing its items."""
    return msgspec.json.Decoder(_document_type(shape), dec_hook=_read_encoded).decode


def _document_type(shape: ValueType) -> Any:
    if shape.stored is not None:
        return _encoded(_stored_reader(shape, _document_type(shape.stored)))
    if shape.item is not None:
        return list[_document_type(shape.item) | None]  # type: ignore[misc]
    return Any if shape.kind == "json" else shape.python


@lru_cache(PLANS_KEPT)
def _stored_reader(shape: ValueType, stored_type: Any) -> Conversion:
    """What makes a member of an enum, or a value of a user's type, of the JSON that stands for it."""
    convert = msgspec.convert
    return lambda value: shape.decode(convert(value, stored_type, dec_hook=_read_encoded))


# -- from JSON ------------------------------------------------------------------------------------------------------


def _json_reader(shape: Nested, dialect: Dialect) -> Conversion:
    decode = msgspec.json.Decoder(json_type(shape, dialect), dec_hook=_read_encoded).decode
    finish = finisher(shape, dialect)
    return after(decode, finish)


def json_type(shape: Shape, dialect: Dialect) -> Any:
    """The type by which msgspec decodes a value inside JSON that our compiler wrote."""
    if shape is None:
        return Any
    if isinstance(shape, Nested):
        return _nested_type(shape, dialect)
    if shape.stored is not None:
        return _encoded(_stored_reader(shape, json_type(shape.stored, dialect))) | None
    if shape.item is not None:
        item = _document_type(shape.item) if dialect.values.lists_are_documents else json_type(shape.item, dialect)
        return list[item | None] | None  # type: ignore[valid-type]
    read = dialect.values.from_json.get(shape.kind)
    if read is not None:
        return _encoded(read) | None
    return Any if shape.kind == "json" else shape.python | None


def _nested_type(shape: Nested, dialect: Dialect) -> Any:
    row: Any
    if shape.columns is None:
        row = dict[str, Any]
    elif shape.kind in {"scalars", "members"}:
        row = json_type(shape.columns[0].shape, dialect)
    else:
        row = _typed_dict("Row", {_key(column.name): json_type(column.shape, dialect) for column in shape.columns})
    nested: Any = row | None if shape.kind == "object" else dict[str, row] if shape.kind == "members" else list[row]
    return nested | None if shape.is_nullable else nested


def _key(name: str | None) -> str:
    """A name as msgspec finds it: by its UTF-8 form, which Python keeps of a text only once it was asked for."""
    key = str(name)
    msgspec.json.encode(key)
    return key


_typed_dict: Any = typing.TypedDict
"""The function, of which checkers take only literal dicts."""


class _AnyInstance(type):
    """Classes that say yes to every isinstance: msgspec checks with it what the hook gives."""

    def __instancecheck__(cls, instance: object) -> bool:
        return True


@lru_cache(PLANS_KEPT)
def _encoded(read: Conversion) -> Any:
    """A type that msgspec hands to the hook, which reads it with `read`."""
    return _AnyInstance("Encoded", (), {"read": staticmethod(read)})


def _read_encoded(type_: Any, value: Any) -> Any:
    return type_.read(value)


def finisher(shape: Shape, dialect: Dialect) -> Conversion | None:
    """What is left to do when msgspec has decoded nested rows: put the columns in order where the server sorts keys."""
    if not isinstance(shape, Nested) or shape.columns is None:
        return None
    inner = [finisher(column.shape, dialect) for column in shape.columns]
    if shape.kind == "scalars":
        finish = inner[0]
        return None if finish is None else lambda rows: [finish(each) for each in rows]
    if shape.kind == "members":
        value = inner[0]
        return None if value is None else lambda row: {key: value(each) for key, each in row.items()}
    if shape.kind == "map":
        return _map_maker(shape, inner, dialect)
    if dialect.features.keeps_json_key_order and not any(inner):
        return None
    return _finish_rows(shape, inner)


def _map_maker(shape: Nested, inner: Sequence[Conversion | None], dialect: Dialect) -> Conversion:
    """What makes a dict of the list of rows that was decoded."""
    in_order = dialect.features.keeps_json_key_order and not any(inner)
    finish = None if in_order else _finish_rows(shape, inner)
    key, value = shape.key, shape.value

    def make(rows: list[dict[Any, Any]] | None) -> dict[Any, Any] | None:
        if rows is None:  # a nullable map of rows that are not there
            return None
        found = rows if finish is None else finish(rows)
        made = {row[key]: row if value is None else row[value] for row in found}
        if len(made) < len(rows):
            raise MultipleResultsError(f"json_map_from: two rows have one key (column {key!r})")
        return made

    return make


def _finish_rows(shape: Nested, inner: Sequence[Conversion | None]) -> Conversion:
    assert shape.columns is not None  # noqa: S101 - the caller looked
    names = [str(column.name) for column in shape.columns]
    values = [f"row[{name!r}]" for name in names]
    items = [
        value if each is None else f"read{place}({value})"
        for place, (value, each) in enumerate(zip(values, inner, strict=True))
    ]
    row = dict_literal(names, items)
    source = f"lambda row: None if row is None else {row}"
    if shape.kind != "object":
        source = f"lambda rows: None if rows is None else [{row} for row in rows]"
    readers = {f"read{place}": each for place, each in enumerate(inner)}
    return eval(source, readers)  # type: ignore[no-any-return]  # noqa: S307 - only numbered names and literals stand in it


def _may_be_cut(shape: Shape) -> bool:
    return shape is None or isinstance(shape, Nested) or shape.kind in ("str", "bytes", "json", "list")


def is_list(shape: Shape) -> bool:
    """Whether it is a list of nested rows, which is never NULL unless the server cut it."""
    return isinstance(shape, Nested) and shape.kind != "object" and not shape.is_nullable
