"""Results: a driver's rows made into Python's by the plan of the query, or refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

import msgspec

from querykit.builder.compiled import Nested, OutputColumn
from querykit.errors import DecodeError, ResultError, TruncatedResultError
from querykit.execution.copies import copies, made
from querykit.execution.decoding import is_list, rows_decoder
from querykit.execution.plugged import described
from querykit.execution.typed_rows import typed_decoder

if TYPE_CHECKING:
    from collections.abc import Sequence

    from querykit.builder.compiled import CompiledQuery
    from querykit.dialects.base import Dialect
    from querykit.dialects.driver import DriverResult
    from querykit.execution.decoding import RowsDecoder
    from querykit.execution.plugged import Through


def decode_rows(
    compiled: CompiledQuery, dialect: Dialect, result: DriverResult, through: Through | None = None
) -> list[Any]:
    """The rows of a result, as the query's plan says, and as plugins want them.

    Raises:
        TruncatedResultError: the server cut a nested list.
        DecodeError: a value cannot be read as its type.
        ResultError: two columns have one name, and one would hide the other.
    """
    if through is not None and through.transforms_results:
        return through.rows(compiled, *_untyped(compiled, dialect, result, through))
    decoder = _decoder(compiled, dialect, result, through)
    if result.decoded is not None and compiled.statement.row_type is None:
        return copies(result.decoded, decoder, lambda: _rows(decoder, result))
    return _rows(decoder, result)


def _rows(decoder: RowsDecoder, result: DriverResult) -> list[Any]:
    try:
        return made(decoder.rows, result.rows)
    except Exception as error:  # noqa: BLE001 - whatever a reader raises means that it cannot read
        _explain(error, decoder, result.rows)


def decode_column(
    compiled: CompiledQuery, dialect: Dialect, result: DriverResult, through: Through | None = None
) -> list[Any]:
    """The values of the only column of a result.

    Raises:
        ResultError: there is another number of columns.
        TruncatedResultError: the server cut a nested list.
        DecodeError: a value cannot be read as its type.
    """
    decoder = _decoder(compiled, dialect, result, through)
    if len(decoder.columns) != 1:
        raise ResultError(f"one column was asked for, and the result has {len(decoder.columns)}")
    if through is not None and through.transforms_results:
        return through.values(*_untyped(compiled, dialect, result, through))
    try:
        return made(decoder.values, result.rows)
    except Exception as error:  # noqa: BLE001 - whatever a reader raises means that it cannot read
        _explain(error, decoder, result.rows)


def _untyped(
    compiled: CompiledQuery, dialect: Dialect, result: DriverResult, through: Through
) -> tuple[list[Any], tuple[OutputColumn, ...]]:
    """The rows as dicts, for plugins, with their plan."""
    decoder = _decoder(compiled, dialect, result, through, are_dicts=True)
    return _rows(decoder, result), decoder.columns


def _decoder(
    compiled: CompiledQuery,
    dialect: Dialect,
    result: DriverResult,
    through: Through | None,
    *,
    are_dicts: bool = False,
) -> RowsDecoder:
    decoder: RowsDecoder | None = None if are_dicts else compiled.text.decoder
    if decoder is None:
        columns = compiled.columns
        is_known = compiled.knows_columns
        if columns is None or not is_known:
            columns = described(_named(columns, result.names), result.json_columns, dialect, through)
        row_type: Any = None if are_dicts else compiled.statement.row_type
        decoder = rows_decoder(columns, dialect) if row_type is None else typed_decoder(columns, dialect, row_type)
        if is_known and not are_dicts:
            compiled.text.decoder = decoder
    if result.is_truncated or (result.is_truncated is None and decoder.may_be_cut):
        raise TruncatedResultError("the server cut an aggregate of this result: raise its limit, or ask for fewer rows")
    return decoder


def _named(columns: tuple[OutputColumn, ...] | None, names: Sequence[str]) -> tuple[OutputColumn, ...]:
    """The plan of a result, with the names that the database gave to columns of which the query says none.

    Raises:
        ResultError: two columns have one name.
    """
    if columns is not None:
        return tuple([each._replace(name=each.name or name) for each, name in zip(columns, names, strict=True)])
    if len(set(names)) < len(names):
        twice = next(name for name in names if list(names).count(name) > 1)
        raise ResultError(f"two columns of the result are named {twice!r}, and one would hide the other: rename one")
    return tuple([OutputColumn(name, None) for name in names])


def _explain(error: Exception, decoder: RowsDecoder, rows: Sequence[Sequence[Any]]) -> NoReturn:
    """Find the value that could not be read, and say what is wrong with it without showing it."""
    if isinstance(error, ResultError):
        raise error
    for number, row in enumerate(rows, 1):
        for column, read, value in zip(decoder.columns, decoder.readers, row, strict=True):
            if read is not None and not (value is None and not is_list(column.shape)):
                try:
                    read(value)
                except ResultError:
                    raise
                except Exception as reason:  # noqa: BLE001 - see above
                    raise _reading_error(reason, column, value, number) from None
    if errors := getattr(error, "errors", None):  # pydantic's, whose text shows the values
        problems = [f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in errors(include_input=False)]
        raise DecodeError(f"rows_as: {'; '.join(problems)}") from None
    raise error  # it came out of the class that rows are made of


def _reading_error(reason: Exception, column: OutputColumn, value: Any, number: int) -> ResultError:
    where = f"column {column.name!r} of row {number}"
    if isinstance(column.shape, Nested):
        if _is_cut(column.shape, value):
            return TruncatedResultError(
                f"{where}: the server cut a nested list (raise its limit, or ask for fewer rows), or wrote what is no "
                "JSON (say the types of columns that are not declared)"
            )
        detail = f": {reason}" if isinstance(reason, msgspec.ValidationError) else ""
        return DecodeError(f"{where}: nested rows are not of the types that the query says{detail}")
    return DecodeError(f"{where} cannot be read as {column.shape}: {type(reason).__name__}")


def _is_cut(shape: Nested, value: Any) -> bool:
    """Whether a nested value is no JSON, or has NULL where a list must stand."""
    if value is None:
        return True
    try:
        return _has_null_list(shape, msgspec.json.decode(value))
    except msgspec.ValidationError:  # JSON, with a number that is none in Python
        return False
    except (msgspec.DecodeError, UnicodeDecodeError):
        return True


def _has_null_list(shape: Any, value: Any) -> bool:
    if value is None:
        return is_list(shape)
    if not isinstance(shape, Nested) or shape.columns is None:
        return False
    if shape.kind == "scalars":
        return any(_has_null_list(shape.columns[0].shape, each) for each in value)
    if shape.kind == "members":
        return any(_has_null_list(shape.columns[0].shape, each) for each in value.values())
    rows = [row for row in ([value] if shape.kind == "object" else value) if row is not None]
    return any(_has_null_list(column.shape, row.get(column.name)) for row in rows for column in shape.columns)
