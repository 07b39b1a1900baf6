"""How MySQL spells functions, where it differs from their names and from the others' meaning."""

from __future__ import annotations

from typing import TYPE_CHECKING

from querykit.dialects.functions import COMMON, Lacking

if TYPE_CHECKING:
    from querykit.dialects.functions import Spelling

CASTS: dict[str | tuple[str, str], Spelling] = {
    # CAST rounds; cut as Python does
    ("float", "int"): "CAST(TRUNCATE({0}, 0) AS SIGNED)",
    ("decimal", "int"): "CAST(TRUNCATE({0}, 0) AS SIGNED)",
    ("int", "bool"): "({0:o} <> 0)",
    ("bool", "str"): "(CASE WHEN {0} THEN 'true' WHEN NOT {0:o} THEN 'false' END)",
    ("datetime", "instant"): "CAST({0} AS DATETIME(6))",
    ("date", "instant"): "CAST({0} AS DATETIME(6))",
    ("instant", "instant"): "CAST({0} AS DATETIME(6))",
}

FUNCTIONS: dict[str | tuple[str, str], Spelling] = {
    **COMMON,
    "LENGTH": "CHAR_LENGTH",
    "BOOL_AND": "MIN({0})",
    "BOOL_OR": "MAX({0})",
    "STRING_AGG": "GROUP_CONCAT({distinct}{0}{order} SEPARATOR {1:s})",
    "ARRAY_AGG": Lacking("ARRAY_AGG", "json_array_from(query.scalars()) gives a list"),
    ("SUM", "timedelta"): Lacking("SUM of durations", "sum the difference of two datetimes"),
    "PERCENTILE_CONT": Lacking("PERCENTILE_CONT", "number the rows with row_number() and average those in the middle"),
    "PERCENTILE_DISC": Lacking("PERCENTILE_DISC", "rank the rows with cume_dist() and take the first that reaches it"),
    "MODE": Lacking("MODE", "group, order by count() and take the first"),
    ("CEIL", "decimal"): "CAST(CEIL({0}) AS DECIMAL(65, 0))",
    ("FLOOR", "decimal"): "CAST(FLOOR({0}) AS DECIMAL(65, 0))",
    "TRUNC": "TRUNCATE({0}, 0)",
    "ROUND_TO": "ROUND({0}, {1})",
    "DIV": "({0:o} DIV {1:o})",
    "RANDOM": "RAND()",
    "TRIM": "TRIM(BOTH {1} FROM {0})",
    "LTRIM": "TRIM(LEADING {1} FROM {0})",
    "RTRIM": "TRIM(TRAILING {1} FROM {0})",
    "POSITION": "LOCATE({0}, {1})",
    "NOW": "NOW(6)",
    "CURRENT_DATE": "UTC_DATE()",
    "CURRENT_TIME": "UTC_TIME(6)",
    "EXTRACT_WEEK": "WEEK({0}, 3)",
    "EXTRACT_ISODOW": "(WEEKDAY({0}) + 1)",
    "EXTRACT_DOY": "DAYOFYEAR({0})",
    "EXTRACT_EPOCH": "CAST(FLOOR(TIMESTAMPDIFF(MICROSECOND, '1970-01-01', {0}) / 1000000) AS SIGNED)",
}
for _field in ("YEAR", "QUARTER", "MONTH", "DAY", "HOUR", "MINUTE", "SECOND", "MICROSECOND"):
    FUNCTIONS[f"EXTRACT_{_field}"] = f"EXTRACT({_field} FROM {{0}})"

_DAYS = {
    "YEAR": "DATE_FORMAT({0}, '%Y-01-01')",
    "QUARTER": "CONCAT(YEAR({0}), '-', QUARTER({0}) * 3 - 2, '-01')",
    "MONTH": "DATE_FORMAT({0}, '%Y-%m-01')",
    "WEEK": "DATE({0}) - INTERVAL WEEKDAY({0}) DAY",
    "DAY": "{0}",
}
_TIMES = {"HOUR": "%Y-%m-%d %H:00:00", "MINUTE": "%Y-%m-%d %H:%i:00", "SECOND": "%Y-%m-%d %H:%i:%s"}
for _unit, _begin in _DAYS.items():
    FUNCTIONS[f"DATE_TRUNC_{_unit}"] = f"CAST(CAST({_begin} AS DATE) AS DATETIME(6))"
    FUNCTIONS[f"DATE_TRUNC_{_unit}", "date"] = f"CAST({_begin} AS DATE)"
for _unit, _format in _TIMES.items():
    FUNCTIONS[f"DATE_TRUNC_{_unit}"] = f"CAST(DATE_FORMAT({{0}}, '{_format}') AS DATETIME(6))"
