"""How PostgreSQL writes values for `fetch_json`. See `querykit.dialects.wire`."""

from __future__ import annotations

from querykit.dialects.postgres.types import ITEMS
from querykit.dialects.wire import UNWRITABLE, checked


def _checked(test: str, json: str) -> str:
    return checked(test, f"TO_JSON({json})", f"CAST('{UNWRITABLE}' AS json)")


def _of_our_calendar(value: str, text: str) -> str:
    """A date that is neither infinite nor before Christ nor past the year 9999."""
    return _checked(f"{value} BETWEEN '0001-01-01' AND '9999-12-31 23:59:59.999999'", text)


def _moment(value: str, end: str = "") -> str:
    """A timestamp with six digits after the point, or none."""
    return f"REPLACE(TO_CHAR({value}, 'YYYY-MM-DD\"T\"HH24:MI:SS.US'), '.000000', '')" + end


def _duration(months: str, microseconds: str) -> str:
    """``-P1DT2.5S``; months are of no fixed length."""
    rest = "ABS(part.rest) % 86400000000"
    text = (
        "CASE WHEN part.rest < 0 THEN '-P' ELSE 'P' END "
        "|| CASE WHEN part.rest = 0 OR ABS(part.rest) >= 86400000000 "
        "THEN (ABS(part.rest) / 86400000000) || 'D' ELSE '' END "
        f"|| CASE WHEN {rest} = 0 THEN '' ELSE 'T' || TRIM_SCALE(({rest})::numeric / 1000000) || 'S' END"
    )
    found = _checked("part.months = 0", text)
    return f"(SELECT {found} FROM (SELECT {months} AS months, {microseconds} AS rest) AS part)"


# A time's fraction filled up to six digits, and the offset of a TIMETZ to hours and minutes.
_TIME = "TO_JSON({0}) #>> '{}'"
for _pattern, _replacement in (
    ("([.][0-9]+)", r"\\1" + "00000"),
    ("([.][0-9]{6})[0-9]*", r"\\1"),
    ("([+-][0-9][0-9])$", r"\\1:00"),
    ("[+]00:00$", "Z"),
):
    _TIME = f"REGEXP_REPLACE({_TIME}, '{_pattern}', E'{_replacement}')"

_MONTHS = "(EXTRACT(YEAR FROM {0}) * 12 + EXTRACT(MONTH FROM {0}))::bigint"
_MICROSECONDS = (
    "(EXTRACT(DAY FROM {0})::bigint * 86400000000 + EXTRACT(HOUR FROM {0})::bigint * 3600000000 "
    "+ EXTRACT(MINUTE FROM {0})::bigint * 60000000 + EXTRACT(MICROSECONDS FROM {0})::bigint)"
)

_WIRE = {
    # NaN and the infinite differ from themselves by NaN
    "float": _checked("{0}::float8 - {0}::float8 = 0", "{0}::float8"),
    "decimal": _checked("{0} - {0} = 0", "{0}::text"),
    "bytes": "REPLACE(ENCODE({0}, 'base64'), E'\\n', '')",
    "date": _of_our_calendar("{0}", "TO_CHAR({0}, 'YYYY-MM-DD')"),
    "time": _checked("{0} < '24:00:00'", _TIME),
    "datetime": _of_our_calendar("{0}", _moment("{0}")),
    "instant": _of_our_calendar("({0} AT TIME ZONE 'UTC')", _moment("({0} AT TIME ZONE 'UTC')", " || 'Z'")),
    "timedelta": _duration(_MONTHS, _MICROSECONDS),
    "microseconds": _duration("0", "{0}"),
}
_WIRE["average"] = _WIRE["float"]
_AS_NUMBERS = _WIRE | {"decimal": _checked("{0} - {0} = 0", "{0}")}


def _with_lists(encodings: dict[str, str]) -> dict[str, str]:
    """The table with lists of each kind, which are encoded item by item."""
    return encodings | {
        f"list of {kind}": ITEMS.replace("encoding", encoding.replace("{0}", "item.value"))
        for kind, encoding in encodings.items()
    }


WIRE_ENCODINGS = {"string": _with_lists(_WIRE), "number": _with_lists(_AS_NUMBERS)}
