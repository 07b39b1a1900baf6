"""The classes that `rows_as` maps rows to: read into fields, and checked against the columns of a query."""

from __future__ import annotations

import dataclasses
import sys
import types
import typing
from enum import Enum
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any, Literal, NamedTuple, Union, get_args, get_origin

import msgspec

from querykit.builder.compiled import Nested, did_you_mean
from querykit.builder.value_types import STR
from querykit.errors import BuildError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from querykit.builder.compiled import OutputColumn
    from querykit.builder.value_types import ValueType


class RowField(NamedTuple):
    """A field of a row's class.

    Attributes:
        name: The name of the column that fills it.
        keyword: What the constructor calls it.
        annotation: Its type.
        is_required: Whether it has no default.
    """

    name: str
    keyword: str
    annotation: Any
    is_required: bool


class RowType(NamedTuple):
    """A class that rows are made of.

    Attributes:
        python: The class.
        fields: Its fields, in order.
        made_by: ``"call"`` takes the fields as keywords, ``"dict"`` is a dict, ``"validate"`` checks a dict.
        takes_any_field: Whether columns may be without a field.
    """

    python: Any
    fields: tuple[RowField, ...]
    made_by: Literal["call", "dict", "validate"] = "call"
    takes_any_field: bool = False

    def __str__(self) -> str:
        """The name of the class."""
        return str(self.python.__name__)


@cache
def row_type_of(annotation: Any) -> RowType | None:
    """The fields of a dataclass, msgspec.Struct, TypedDict, NamedTuple, attrs class or pydantic model; None of others.

    Raises:
        BuildError: the annotations of its fields cannot be read.
    """
    for is_one, read in _KINDS:
        if isinstance(annotation, type) and is_one(annotation):
            row: RowType = read(annotation)
            return row
    return None


def _of_typed_dict(python: Any) -> RowType:
    fields = [
        RowField(name, name, hint, name in python.__required_keys__)
        for name, hint in _hints(python, extras=False).items()
    ]
    return RowType(python, tuple(fields), "dict")


def _of_struct(python: Any) -> RowType:
    _hints(python)
    return RowType(
        python,
        tuple([RowField(each.name, each.name, each.type, each.required) for each in msgspec.structs.fields(python)]),
    )


def _of_named_tuple(python: Any) -> RowType:
    hints = _hints(python)
    return RowType(
        python,
        tuple(
            [RowField(name, name, hints.get(name, Any), name not in python._field_defaults) for name in python._fields]
        ),
    )


def _of_dataclass(python: Any) -> RowType:
    hints = _hints(python)
    return RowType(
        python,
        tuple(
            [
                RowField(each.name, each.name, hints[each.name], _is_required(each))
                for each in dataclasses.fields(python)
                if each.init
            ]
        ),
    )


def _is_required(field: dataclasses.Field[Any]) -> bool:
    return field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING


def _of_attrs(python: Any) -> RowType:
    hints = _hints(python)
    nothing = sys.modules["attr"].NOTHING
    return RowType(
        python,
        tuple(
            [
                RowField(each.name, each.alias, hints.get(each.name, Any), each.default is nothing)
                for each in python.__attrs_attrs__
                if each.init
            ]
        ),
    )


def _of_pydantic(python: Any) -> RowType:
    fields = []
    for name, field in python.model_fields.items():
        alias = field.validation_alias if isinstance(field.validation_alias, str) else name
        fields.append(RowField(alias, alias, field.annotation, field.is_required()))
    return RowType(python, tuple(fields), "validate", python.model_config.get("extra") == "allow")


_KINDS: tuple[tuple[Any, Any], ...] = (
    (typing.is_typeddict, _of_typed_dict),
    (lambda python: issubclass(python, msgspec.Struct), _of_struct),
    (lambda python: issubclass(python, tuple) and hasattr(python, "_fields"), _of_named_tuple),
    (lambda python: hasattr(python, "__pydantic_validator__") and hasattr(python, "model_fields"), _of_pydantic),
    (lambda python: hasattr(python, "__attrs_attrs__"), _of_attrs),
    (dataclasses.is_dataclass, _of_dataclass),
)


def _hints(python: Any, *, extras: bool = True) -> dict[str, Any]:
    try:
        return typing.get_type_hints(python, include_extras=extras)
    except NameError as error:
        raise BuildError(
            f"rows_as({python.__name__}): {error}; the types of fields must be importable from the module of the class"
        ) from None


# -- checking -------------------------------------------------------------------------------------------------------


def check_rows(python: Any, columns: Sequence[OutputColumn]) -> RowType:
    """The class as a row type, if the columns fill it.

    Raises:
        BuildError: it is no class that rows are made of, a required field has no column, a column no field, or a column
            and its field are of different types.
    """
    found = row_type_of(python)
    if found is None:
        name = getattr(python, "__name__", repr(python))
        kinds = "a dataclass, msgspec.Struct, TypedDict, NamedTuple, attrs class or pydantic model"
        raise BuildError(f"rows_as takes {kinds}, not {name}")
    _check_fields(found, columns, f"rows_as({found})")
    return found


def _check_fields(row: RowType, columns: Sequence[OutputColumn], path: str) -> None:
    by_name = {column.name: column for column in columns}
    names = [field.name for field in row.fields]
    for field in row.fields:
        column = by_name.get(field.name)
        if column is not None:
            _check_value(field.annotation, column.shape, f"{path}.{field.name}", row)
        elif field.is_required:
            known = [str(column.name) for column in columns]
            raise BuildError(f"{path}: no column fills the field {field.name!r}{did_you_mean(field.name, known)}")
    if extra := [str(name) for name in by_name if name not in names and not row.takes_any_field]:
        raise BuildError(f"{path}: {row} has no field for the column {extra[0]!r}{did_you_mean(extra[0], names)}")


def _check_value(annotation: Any, shape: ValueType | Nested | None, path: str, row: RowType) -> None:
    wanted = field_type(annotation).inner
    if isinstance(shape, Nested):
        _check_nested(wanted, shape, path, row)
    elif shape is None or row.made_by == "validate":  # what cannot be known, and what checks by itself
        return
    elif get_origin(wanted) is list and shape.item is not None:
        _check_value(get_args(wanted)[0], shape.item, path, row)
    elif not _can_hold(wanted, shape):
        raise BuildError(f"{path} is a {_name(wanted)}, and its column a {shape}")


def _check_nested(wanted: Any, shape: Nested, path: str, row: RowType) -> None:
    if wanted in {Any, object}:
        return
    if shape.kind == "object":
        _check_row(wanted, shape, path)
        return
    if shape.kind in {"map", "members"}:
        _check_map(wanted, shape, path, row)
        return
    if wanted is list:
        return
    if get_origin(wanted) is not list:
        raise BuildError(f"{path} is a {_name(wanted)}, and its column a list: make the field a list[…]")
    item = get_args(wanted)[0]
    if shape.kind == "scalars":
        _check_value(item, shape.columns[0].shape if shape.columns else None, path, row)
    else:
        _check_row(field_type(item).inner, shape, path)


def _check_map(wanted: Any, shape: Nested, path: str, row: RowType) -> None:
    if (get_origin(wanted) or wanted) is not dict:
        raise BuildError(f"{path} is a {_name(wanted)}, and its column a dict: make the field a dict[…]")
    columns = {column.name: column.shape for column in shape.columns or ()}
    key, value = get_args(wanted) or (Any, Any)
    if shape.kind == "members":
        _check_value(key, STR, path, row)
        _check_value(value, columns["value"], path, row)
        return
    _check_value(key, columns.get(shape.key), path, row)
    if shape.value is None:
        _check_row(field_type(value).inner, shape, path)
    else:
        _check_value(value, columns.get(shape.value), path, row)


def _check_row(wanted: Any, shape: Nested, path: str) -> None:
    if wanted in {Any, object} or (get_origin(wanted) or wanted) is dict:
        return
    found = row_type_of(wanted)
    if found is None:
        raise BuildError(f"{path} is a {_name(wanted)}, and its column holds nested rows: make it a class or a dict")
    if shape.columns is not None:
        _check_fields(found, shape.columns, path)


class FieldType(NamedTuple):
    """An annotation taken apart.

    Attributes:
        inner: The type without None and marks; Any where it is a union of several.
        takes_null: Whether None was in it.
    """

    inner: Any
    takes_null: bool


@cache
def field_type(annotation: Any) -> FieldType:
    """An annotation without ``| None``, ``Annotated``, ``Required`` and the like."""
    origin = get_origin(annotation)
    if origin in {Annotated, typing.Required, typing.NotRequired} or str(origin) == "typing.ReadOnly":
        return field_type(get_args(annotation)[0])
    if origin in {Union, types.UnionType}:
        others = [each for each in get_args(annotation) if each is not types.NoneType]
        inner = field_type(others[0]).inner if len(others) == 1 else Any
        return FieldType(inner, len(others) < len(get_args(annotation)))
    if supertype := getattr(annotation, "__supertype__", None):  # a NewType
        return field_type(supertype)
    return FieldType(annotation, annotation in {Any, object, None})


def _can_hold(wanted: Any, shape: ValueType) -> bool:
    """Whether a value of the column's type is one of the field's, as type checkers see it."""
    python = get_origin(wanted) or wanted
    if shape.kind == "json" or not isinstance(python, type) or python is object:
        return True
    if issubclass(shape.python, python):
        return not (python is int and shape.python is bool)
    return python is float and shape.python is int and not issubclass(shape.python, Enum)


def _name(annotation: Any) -> str:
    return annotation.__name__ if isinstance(annotation, type) and not get_args(annotation) else str(annotation)
