"""How SQLite writes values for `fetch_json`. See `querykit.dialects.wire`."""

from __future__ import annotations

from querykit.dialects.sqlite.types import JSON_ENCODINGS
from querykit.dialects.wire import UNWRITABLE, checked

_UNWRITABLE = f"JSON('{UNWRITABLE}')"
_DAY = "86400000000"

# what stands behind the seconds: a fraction, and the offset of an instant
_REST = "SUBSTR({0}, 20)"
_OFFSET = f"LTRIM({_REST}, '.0123456789')"
_FRACTION = f"SUBSTR({_REST}, 1, LENGTH({_REST}) - LENGTH({_OFFSET}))"
_DURATION = (
    "CASE WHEN {0} < 0 THEN '-P' ELSE 'P' END "
    f"|| CASE WHEN {{0}} = 0 OR ABS({{0}}) >= {_DAY} THEN (ABS({{0}}) / {_DAY}) || 'D' ELSE '' END "
    f"|| CASE WHEN {{0}} % {_DAY} = 0 THEN '' ELSE 'T' "
    f"|| RTRIM(RTRIM(PRINTF('%d.%06d', ABS({{0}}) % {_DAY} / 1000000, ABS({{0}}) % 1000000), '0'), '.') || 'S' END"
)


def _checked(test: str, json: str) -> str:
    return checked(test, json, _UNWRITABLE)


# A modifier makes SQLite count the days; without one it takes the 30th of February as it is.
_DAYS = "'+0 days'"


def _decimal(json: str) -> str:
    return _checked("CAST({0} AS TEXT) NOT GLOB '*[^-.0-9]*'", json)


_WIRE = {
    **JSON_ENCODINGS,
    "bool": _checked("{0} IN (0, 1)", "JSON(CASE {0} WHEN 0 THEN 'false' ELSE 'true' END)"),
    "float": _checked("{0} - {0} = 0", "JSON(PRINTF('%!.20e', {0}))"),
    "decimal": _decimal("CAST({0} AS TEXT)"),
    "bytes": "QUERYKIT_BASE64({0})",
    "date": _checked(f"DATE({{0}}, {_DAYS}) = {{0}}", "{0}"),
    "time": _checked("TIME(SUBSTR({0}, 1, 8)) = SUBSTR({0}, 1, 8)", "REPLACE({0}, '+00:00', 'Z')"),
    "datetime": _checked(
        f"DATETIME(SUBSTR({{0}}, 1, 19), {_DAYS}) = REPLACE(SUBSTR({{0}}, 1, 19), 'T', ' ')", "REPLACE({0}, ' ', 'T')"
    ),
    "instant": _checked(
        f"DATETIME(SUBSTR({{0}}, 1, 19) || {_OFFSET}) IS NOT NULL",
        f"STRFTIME('%Y-%m-%dT%H:%M:%S', SUBSTR({{0}}, 1, 19) || {_OFFSET}) || {_FRACTION} || 'Z'",
    ),
    "timedelta": _checked("TYPEOF({0}) = 'integer'", _DURATION),
    "microseconds": _checked("TYPEOF({0}) = 'integer'", _DURATION),
}
_WIRE["average"] = _WIRE["float"]
WIRE_ENCODINGS = {"string": _WIRE, "number": _WIRE | {"decimal": _decimal("JSON({0})")}}
