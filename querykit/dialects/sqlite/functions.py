"""How SQLite spells functions, where it differs from their names and from the others' meaning."""

from __future__ import annotations

from typing import TYPE_CHECKING

from querykit.dialects.functions import COMMON, Lacking

if TYPE_CHECKING:
    from querykit.dialects.functions import Spelling

CASTS: dict[str | tuple[str, str], Spelling] = {
    "date": "DATE({0})",
    "datetime": "QUERYKIT_DATETIME({0})",
    "instant": "QUERYKIT_INSTANT({0})",
    ("decimal", "float"): "CAST({0} AS REAL)",
    ("int", "bool"): "({0:o} <> 0)",
    ("bool", "str"): "(CASE WHEN {0} THEN 'true' WHEN NOT {0:o} THEN 'false' END)",
}

FUNCTIONS: dict[str | tuple[str, str], Spelling] = {
    **COMMON,
    "BOOL_AND": "MIN({0})",
    "BOOL_OR": "MAX({0})",
    "STRING_AGG": "GROUP_CONCAT({0}, {1})",
    "ARRAY_AGG": Lacking("ARRAY_AGG", "json_array_from(query.scalars()) gives a list"),
    "STDDEV_SAMP": "QUERYKIT_STDDEV_SAMP({distinct}{0})",
    "STDDEV_POP": "QUERYKIT_STDDEV_POP({distinct}{0})",
    "VAR_SAMP": "QUERYKIT_VAR_SAMP({distinct}{0})",
    "VAR_POP": "QUERYKIT_VAR_POP({distinct}{0})",
    "PERCENTILE_CONT": Lacking("PERCENTILE_CONT", "number the rows with row_number() and average those in the middle"),
    "PERCENTILE_DISC": Lacking("PERCENTILE_DISC", "rank the rows with cume_dist() and take the first that reaches it"),
    "MODE": Lacking("MODE", "group, order by count() and take the first"),
    "GROUPING": Lacking("GROUPING", "unite the groupings with union_all"),
    "GREATEST": "MAX",
    "LEAST": "MIN",
    ("ABS", "decimal"): "QUERYKIT_ABS",
    ("SIGN", "decimal"): "SIGN(CAST({0} AS REAL))",
    ("CEIL", "int"): "{0:o}",
    ("FLOOR", "int"): "{0:o}",
    ("ROUND", "int"): "{0:o}",
    ("TRUNC", "int"): "{0:o}",
    # ROUND goes away from zero, the others' and Python's to the even neighbour
    ("ROUND", "float"): "QUERYKIT_ROUND_EVEN({0})",
    ("ROUND", "decimal"): "QUERYKIT_ROUND({0}, 0)",
    ("ROUND_TO", "decimal"): "QUERYKIT_ROUND({0}, {1})",
    "ROUND_TO": "ROUND({0}, {1})",
    ("CEIL", "decimal"): "QUERYKIT_CEIL({0})",
    ("FLOOR", "decimal"): "QUERYKIT_FLOOR({0})",
    ("TRUNC", "decimal"): "QUERYKIT_TRUNC({0})",
    "DIV": "({0:o} / {1:o})",
    # SQLite's own gives 2.9999999999999996 for 1000
    "LOG10": "QUERYKIT_LOG10",
    "RANDOM": "(((RANDOM() >> 11) & 9007199254740991) / 9007199254740992.0)",
    "OCTET_LENGTH": "LENGTH(CAST({0} AS BLOB))",
    "LEFT": "SUBSTR({0}, 1, {1})",
    "RIGHT": "SUBSTR({0}, -{1:o}, {1})",
    "TRIM": "TRIM({0}, {1})",
    "LTRIM": "LTRIM({0}, {1})",
    "RTRIM": "RTRIM({0}, {1})",
    "LPAD": "QUERYKIT_LPAD",
    "RPAD": "QUERYKIT_RPAD",
    "REPEAT": "REPLACE(HEX(ZEROBLOB({1})), '00', {0})",
    "REVERSE": "QUERYKIT_REVERSE",
    "POSITION": "INSTR({1}, {0})",
    "NOW": "STRFTIME('%Y-%m-%d %H:%M:%f000+00:00', 'now')",
    "CURRENT_DATE": "DATE('now')",
    "CURRENT_TIME": "TIME('now')",
    "EXTRACT_QUARTER": "((CAST(STRFTIME('%m', {0}) AS INTEGER) + 2) / 3)",
    "EXTRACT_WEEK": "((STRFTIME('%j', DATE({0}, '-3 days', 'weekday 4')) - 1) / 7 + 1)",
    "EXTRACT_ISODOW": "((STRFTIME('%w', {0}) + 6) % 7 + 1)",
    "EXTRACT_MICROSECOND": "QUERYKIT_MICROSECOND({0})",
}
_EXTRACTED = {"YEAR": "%Y", "MONTH": "%m", "DAY": "%d", "DOY": "%j", "HOUR": "%H", "MINUTE": "%M", "SECOND": "%S"}
for _field, _format in (_EXTRACTED | {"EPOCH": "%s"}).items():
    FUNCTIONS[f"EXTRACT_{_field}"] = f"CAST(STRFTIME('{_format}', {{0}}) AS INTEGER)"

_DAYS = {
    "YEAR": "DATE({0}, 'start of year')",
    "QUARTER": "DATE({0}, 'start of month', '-' || ((STRFTIME('%m', {0}) - 1) % 3) || ' months')",
    "MONTH": "DATE({0}, 'start of month')",
    "WEEK": "DATE({0}, '-6 days', 'weekday 1')",
    "DAY": "DATE({0})",
}
for _unit, _begin in _DAYS.items():
    FUNCTIONS[f"DATE_TRUNC_{_unit}", "date"] = _begin
    FUNCTIONS[f"DATE_TRUNC_{_unit}", "datetime"] = f"({_begin} || ' 00:00:00')"
    FUNCTIONS[f"DATE_TRUNC_{_unit}", "instant"] = f"({_begin} || ' 00:00:00+00:00')"
for _unit, _format in {"HOUR": "%H:00:00", "MINUTE": "%H:%M:00", "SECOND": "%H:%M:%S"}.items():
    FUNCTIONS[f"DATE_TRUNC_{_unit}", "datetime"] = f"STRFTIME('%Y-%m-%d {_format}', {{0}})"
    FUNCTIONS[f"DATE_TRUNC_{_unit}", "instant"] = f"STRFTIME('%Y-%m-%d {_format}+00:00', {{0}})"
