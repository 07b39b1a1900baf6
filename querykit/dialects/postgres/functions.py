"""How PostgreSQL spells functions, where it differs from their names and from the others' meaning."""

from __future__ import annotations

from typing import TYPE_CHECKING

from querykit.dialects.functions import COMMON, Lacking

if TYPE_CHECKING:
    from querykit.dialects.functions import Spelling

_FLOAT = "CAST({0} AS double precision)"

CASTS: dict[str | tuple[str, str], Spelling] = {
    # CAST rounds; cut as Python does
    ("float", "int"): "CAST(TRUNC({0:t}) AS bigint)",
    ("decimal", "int"): "CAST(TRUNC({0:t}) AS bigint)",
    ("instant", "date"): "CAST({0:to} AT TIME ZONE 'UTC' AS date)",
    ("instant", "time"): "CAST({0:to} AT TIME ZONE 'UTC' AS time)",
    ("instant", "datetime"): "({0:to} AT TIME ZONE 'UTC')",
    ("datetime", "instant"): "({0:to} AT TIME ZONE 'UTC')",
    ("date", "instant"): "(CAST({0:t} AS timestamp) AT TIME ZONE 'UTC')",
    ("int", "bool"): "({0:to} <> 0)",
}

FUNCTIONS: dict[str | tuple[str, str], Spelling] = {
    **COMMON,
    "CARDINALITY": "CARDINALITY",
    "PG_NOTIFY": "PG_NOTIFY({0:t}, {1:t})",
    ("MIN", "bool"): "BOOL_AND({0:t})",
    ("MAX", "bool"): "BOOL_OR({0:t})",
    "BOOL_AND": "BOOL_AND({0:t})",
    "BOOL_OR": "BOOL_OR({0:t})",
    "STRING_AGG": "STRING_AGG({distinct}CAST({0} AS text), {1:t}{order})",
    ("STRING_AGG", "str"): "STRING_AGG({distinct}{0:t}, {1:t}{order})",
    "STDDEV_SAMP": f"STDDEV_SAMP({{distinct}}{_FLOAT})",
    "STDDEV_POP": f"STDDEV_POP({{distinct}}{_FLOAT})",
    "VAR_SAMP": f"VAR_SAMP({{distinct}}{_FLOAT})",
    "VAR_POP": f"VAR_POP({{distinct}}{_FLOAT})",
    "NTILE": "NTILE(CAST({0} AS integer))",
    "PERCENTILE_CONT": "PERCENTILE_CONT({0:t})",
    "SIGN": "CAST(SIGN({0:t}) AS integer)",
    ("CEIL", "int"): "CAST({0} AS bigint)",
    ("FLOOR", "int"): "CAST({0} AS bigint)",
    ("ROUND", "int"): "CAST({0} AS bigint)",
    ("TRUNC", "int"): "CAST({0} AS bigint)",
    "ROUND_TO": "ROUND({0:t}, CAST({1} AS integer))",
    # there is no ROUND of a float to digits
    ("ROUND_TO", "float"): "CAST(ROUND(CAST({0} AS numeric), CAST({1} AS integer)) AS double precision)",
    "DIV": "DIV({0:t}, {1:t})",
    ("DIV", "int"): "({0:to} / {1:to})",
    "POWER": f"POWER({_FLOAT}, {_FLOAT.replace('0', '1')})",
    "SQRT": f"SQRT({_FLOAT})",
    "EXP": f"EXP({_FLOAT})",
    "LN": f"LN({_FLOAT})",
    "LOG10": f"LOG10({_FLOAT})",
    "SUBSTR": "SUBSTR({0:t}, CAST({1} AS integer))",
    "SUBSTR_OF": "SUBSTR({0:t}, CAST({1} AS integer), CAST({2} AS integer))",
    "LEFT": "LEFT({0:t}, CAST({1} AS integer))",
    "RIGHT": "RIGHT({0:t}, CAST({1} AS integer))",
    "TRIM": "TRIM(BOTH {1} FROM {0:t})",
    "LTRIM": "TRIM(LEADING {1} FROM {0:t})",
    "RTRIM": "TRIM(TRAILING {1} FROM {0:t})",
    "REPLACE": "REPLACE({0:t}, {1:t}, {2:t})",
    "LPAD": "LPAD({0:t}, CAST({1} AS integer), {2:t})",
    "RPAD": "RPAD({0:t}, CAST({1} AS integer), {2:t})",
    "REPEAT": "REPEAT({0:t}, CAST({1} AS integer))",
    "POSITION": "POSITION({0:to} IN {1:to})",
    "CURRENT_DATE": "CAST(NOW() AT TIME ZONE 'UTC' AS date)",
    "CURRENT_TIME": "CAST(NOW() AT TIME ZONE 'UTC' AS time)",
}

_EXTRACTED = {
    "YEAR": "EXTRACT(YEAR FROM {})",
    "QUARTER": "EXTRACT(QUARTER FROM {})",
    "MONTH": "EXTRACT(MONTH FROM {})",
    "WEEK": "EXTRACT(WEEK FROM {})",
    "DAY": "EXTRACT(DAY FROM {})",
    "ISODOW": "EXTRACT(ISODOW FROM {})",
    "DOY": "EXTRACT(DOY FROM {})",
    "HOUR": "EXTRACT(HOUR FROM {})",
    "MINUTE": "EXTRACT(MINUTE FROM {})",
    "SECOND": "FLOOR(EXTRACT(SECOND FROM {}))",
    "MICROSECOND": "EXTRACT(MICROSECONDS FROM {}) % 1000000",
    "EPOCH": "FLOOR(EXTRACT(EPOCH FROM {}))",
}

for _field, _expression in _EXTRACTED.items():
    FUNCTIONS[f"EXTRACT_{_field}"] = f"CAST({_expression.format('{0:t}')} AS bigint)"
    _in_utc = _expression.format("{0:to} AT TIME ZONE 'UTC'")
    FUNCTIONS[f"EXTRACT_{_field}", "instant"] = f"CAST({_in_utc} AS bigint)"

for _unit in ("YEAR", "QUARTER", "MONTH", "WEEK", "DAY", "HOUR", "MINUTE", "SECOND"):
    _name = f"DATE_TRUNC_{_unit}"
    FUNCTIONS[_name, "date"] = f"CAST(DATE_TRUNC('{_unit.lower()}', CAST({{0}} AS timestamp)) AS date)"
    FUNCTIONS[_name, "datetime"] = f"DATE_TRUNC('{_unit.lower()}', {{0:t}})"
    FUNCTIONS[_name, "instant"] = f"(DATE_TRUNC('{_unit.lower()}', {{0:to}} AT TIME ZONE 'UTC') AT TIME ZONE 'UTC')"

for _name in ("MIN", "MAX"):
    for _kind in ("uuid", "json", "bytes"):
        FUNCTIONS[_name, _kind] = Lacking(f"{_name} of {_kind}", "order the rows and take the first")

for _kind in ("INT4RANGE", "INT8RANGE", "NUMRANGE", "DATERANGE", "TSRANGE", "TSTZRANGE"):
    for _bounds in ("[)", "[]", "(]", "()"):
        FUNCTIONS[f"{_kind} {_bounds}"] = f"{_kind}({{0}}, {{1}}, '{_bounds}')"
