"""Rows as objects of a class: what `rows_as` asked for, made straight from the driver's rows where that can be."""

from __future__ import annotations

import dataclasses
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NoReturn, get_args

import msgspec

from querykit.builder.compiled import Nested
from querykit.builder.row_types import check_rows, field_type, row_type_of
from querykit.errors import DecodeError
from querykit.execution.decoding import PLANS_KEPT, RowsDecoder, reader, rows_decoder, rows_function
from querykit.execution.from_json import dict_literal, json_reader, own_decoder

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from querykit.builder.compiled import OutputColumn
    from querykit.builder.row_types import RowField, RowType
    from querykit.dialects.base import Dialect
    from querykit.dialects.values import Conversion
    from querykit.execution.decoding import Shape


@lru_cache(PLANS_KEPT)
def typed_decoder(columns: tuple[OutputColumn, ...], dialect: Dialect, python: Any) -> RowsDecoder:
    """The decoder of a plan whose rows are objects of a class.

    Raises:
        BuildError: the columns do not fill the class.
    """
    row = check_rows(python, columns)
    fields = {field.name: field for field in row.fields}
    readers = tuple([_typed_reader(column, fields.get(str(column.name)), dialect) for column in columns])
    objects = _Objects(row)
    rows = rows_function(columns, readers, lambda values: objects.row(columns, values), objects.names)
    return rows_decoder(columns, dialect)._replace(rows=rows, readers=readers)


@lru_cache(PLANS_KEPT)
def rows_from_dicts(columns: tuple[OutputColumn, ...], python: Any) -> Callable[[list[Any]], list[Any]]:
    """What makes objects of a class of decoded rows, for rows that plugins have had in their hands."""
    return _converter(Nested("array", columns), check_rows(python, columns))


def _typed_reader(column: OutputColumn, field: RowField | None, dialect: Dialect) -> Conversion | None:
    shape = column.shape
    if field is None or not isinstance(shape, Nested):
        return reader(shape, dialect)
    if _is_native(shape, field.annotation, dialect):
        return msgspec.json.Decoder(_native_type(shape, field.annotation)).decode
    row = _row_type(shape, field.annotation)
    return json_reader(shape, dialect, None if row is None else _Objects(row))


# -- made by msgspec itself -----------------------------------------------------------------------------------------


def _is_native(shape: Shape, annotation: Any, dialect: Dialect) -> bool:
    """Whether msgspec can decode a column right into the type of its field: no value in it is encoded by us."""
    wanted = field_type(annotation).inner
    if shape is None:
        return wanted in {Any, object}
    if isinstance(shape, Nested):
        return _is_native_rows(shape, wanted, dialect)
    if shape.kind == "json":
        return wanted in {Any, object} and own_decoder(shape) is None
    return wanted is shape.python and shape.stored is None and shape.kind not in {"list", *dialect.values.from_json}


def _is_native_rows(shape: Nested, wanted: Any, dialect: Dialect) -> bool:
    if shape.kind != "object":
        wanted = field_type(get_args(wanted)[0]).inner if get_args(wanted) else None
    row = row_type_of(wanted)
    if row is None or shape.columns is None or shape.kind not in {"array", "object"} or not _is_plain_class(wanted):
        return False
    fields = {field.name: field for field in row.fields}
    return all(_is_native(column.shape, fields[str(column.name)].annotation, dialect) for column in shape.columns)


def _is_plain_class(python: Any) -> bool:
    """Whether msgspec makes objects of a class as its constructor would, by the same names."""
    if issubclass(python, msgspec.Struct):
        config = python.__struct_config__
        renamed = any(each.name != each.encode_name for each in msgspec.structs.fields(python))
        return not (renamed or config.array_like or config.tag)
    if "__dataclass_fields__" not in vars(python) or "__init__" not in vars(python):
        return False
    has_own_init = vars(python)["__init__"].__code__.co_filename != "<string>"
    return not has_own_init and all(each.init for each in dataclasses.fields(python))


def _native_type(shape: Nested, annotation: Any) -> Any:
    inner = field_type(annotation).inner
    return inner if shape.kind != "object" and not shape.is_nullable else inner | None


# -- made by generated code -----------------------------------------------------------------------------------------


def _row_type(shape: Shape, annotation: Any) -> RowType | None:
    """The class that the nested rows of a column become; None where the field takes dicts and lists."""
    if not isinstance(shape, Nested) or shape.columns is None or shape.kind in {"scalars", "members"}:
        return None
    wanted = field_type(annotation).inner
    if shape.kind != "object":
        wanted = field_type(get_args(wanted)[-1]).inner if get_args(wanted) else Any
    return None if shape.value is not None else row_type_of(wanted)


def _converter(shape: Nested, row: RowType) -> Conversion:
    """What makes objects of decoded rows, which are dicts and lists."""
    columns = shape.columns or ()
    objects = _Objects(row)
    source = objects.row(columns, objects.converted(columns))
    if shape.kind == "map":
        source = f"{{key: {source} for key, row in row.items()}}"
    elif shape.kind != "object":
        source = f"[{source} for row in row]"
    return eval(f"lambda row: {source}", objects.names)  # type: ignore[no-any-return]  # noqa: S307 - see rows_function


class _Objects:
    """Writes the source that makes an object of a class, and holds what that source refers to."""

    def __init__(self, row: RowType) -> None:
        self._row = row
        self.names: dict[str, Any] = {"null": _refuse_null}

    def row(self, columns: Sequence[OutputColumn], values: Sequence[str]) -> str:
        """``make(name=value, …)``, a dict, or a dict that is validated."""
        row = self._row
        by_name = {str(column.name): value for column, value in zip(columns, values, strict=True)}
        if row.made_by == "validate":
            self.names["make"] = row.python.model_validate
            return f"make({dict_literal(list(by_name), list(by_name.values()))})"
        fields = [field for field in row.fields if field.name in by_name]
        given = [_not_null(row, field, by_name[field.name]) for field in fields]
        if row.made_by == "dict":
            return dict_literal([field.name for field in fields], given)
        self.names["make"] = row.python
        return f"make({', '.join([f'{field.keyword}={value}' for field, value in zip(fields, given, strict=True)])})"

    def within(self, column: OutputColumn) -> _Objects | None:
        """What writes the objects of the rows nested in a column; None for dicts."""
        row = self._nested(column)
        return None if row is None else _Objects(row)

    def converted(self, columns: Sequence[OutputColumn]) -> list[str]:
        """The source of each column's value out of a decoded row, nested ones made into objects too."""
        values = []
        for place, column in enumerate(columns):
            value = f"row[{str(column.name)!r}]"
            if (row := self._nested(column)) is not None and isinstance(column.shape, Nested):
                self.names[f"convert{place}"] = _converter(column.shape, row)
                value = f"(None if {value} is None else convert{place}({value}))"
            values.append(value)
        return values

    def _nested(self, column: OutputColumn) -> RowType | None:
        if self._row.made_by == "validate":  # it makes its own nested objects
            return None
        annotations = {field.name: field.annotation for field in self._row.fields}
        return _row_type(column.shape, annotations.get(str(column.name), Any))


def _not_null(row: RowType, field: RowField, value: str) -> str:
    """The source of a value that is refused where it is None and the field does not take that."""
    if field_type(field.annotation).takes_null:
        return value
    return f"(given if (given := {value}) is not None else null({f'{row}.{field.name}'!r}))"


def _refuse_null(field: str) -> NoReturn:
    raise DecodeError(f"the field {field} takes no None, and its column is NULL")
