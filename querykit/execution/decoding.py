"""Decoders: from a plan to a function that makes Python rows of a driver's, generated once and kept by the plan."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from querykit.builder.compiled import Nested, OutputColumn
from querykit.dialects.values import after, each
from querykit.execution.from_json import dict_literal, document_reader, json_reader, own_decoder

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


# -- from the driver ------------------------------------------------------------------------------------------------


def reader(shape: Shape, dialect: Dialect) -> Conversion | None:
    """What turns the driver's value of a column into Python's; None where it is Python's already."""
    if shape is None:
        return None
    if isinstance(shape, Nested):
        return json_reader(shape, dialect)
    values = dialect.values
    if shape.stored is not None:
        read = reader(shape.stored, dialect)
        return shape.decode if read is None else after(read, shape.decode)
    if shape.item is not None:
        if values.lists_are_documents:
            return document_reader(shape)
        return _array_reader(each(reader(shape.item, dialect)), document_reader(shape))
    return own_decoder(shape) or values.from_driver.get(shape.kind)


def _array_reader(read: Conversion | None, read_document: Conversion) -> Conversion:
    """A list that the driver gives as one, or as JSON where the column is JSON."""

    def read_list(value: Any) -> Any:
        if isinstance(value, str):
            return read_document(value)
        return value if read is None else read(value)

    return read_list


def _may_be_cut(shape: Shape) -> bool:
    return shape is None or isinstance(shape, Nested) or shape.kind in ("str", "bytes", "json", "list")


def is_list(shape: Shape) -> bool:
    """Whether it is a list of nested rows, which is never NULL unless the server cut it."""
    return isinstance(shape, Nested) and shape.kind != "object" and not shape.is_nullable
