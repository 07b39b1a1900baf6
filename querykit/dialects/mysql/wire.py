"""How MySQL and MariaDB write values for `fetch_json`. See `querykit.dialects.wire`.

Percent signs are doubled, because the drivers format the text.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from querykit.dialects.wire import UNWRITABLE, checked

if TYPE_CHECKING:
    from collections.abc import Callable

# TIME_TO_SEC has a fraction on MariaDB
_MICROSECONDS = "FLOOR(ABS(TIME_TO_SEC({0}))) * 1000000 + MICROSECOND({0})"
_DAY = "86400000000"


def _quoted(text: str) -> str:
    return f"CONCAT('\"', {text}, '\"')"


def _without_zeros(text: str) -> str:
    return f"REPLACE({text}, '.000000', '')"


def _duration(microseconds: str) -> str:
    """``-P1DT2.5S``."""
    size = f"ABS({microseconds})"  # a quotient would have four digits
    days = f"CASE WHEN {size} = 0 OR {size} >= {_DAY} THEN CONCAT({size} DIV {_DAY}, 'D') ELSE '' END"
    seconds = f"TRIM(TRAILING '.' FROM TRIM(TRAILING '0' FROM CAST(({size} MOD {_DAY}) * 0.000001 AS DECIMAL(20, 6))))"
    rest = f"CASE WHEN {size} MOD {_DAY} = 0 THEN '' ELSE CONCAT('T', {seconds}, 'S') END"
    return f"CONCAT(CASE WHEN {{0}} < 0 THEN '-P' ELSE 'P' END, {days}, {rest})"


_DATE = "DAYOFMONTH({0}) > 0 AND MONTH({0}) > 0"
_DATETIME = _without_zeros("DATE_FORMAT({0}, '%%Y-%%m-%%dT%%H:%%i:%%s.%%f')")


def wire_encodings(as_json: Callable[[str], str]) -> dict[str, str]:
    """The table of the two databases.

    Args:
        as_json: What makes JSON of a text that holds it.
    """

    def _checked(test: str, json: str) -> str:
        return as_json(checked(test, json, f"'{UNWRITABLE}'"))

    return {
        "bool": _checked("{0} IN (0, 1)", "CASE {0} WHEN 0 THEN 'false' ELSE 'true' END"),
        "decimal": "CAST({0} AS CHAR)",
        "bytes": "REPLACE(TO_BASE64(CAST({0} AS BINARY)), CHAR(10 USING utf8mb4), '')",
        # 0000-00-00 is no date
        "date": _checked(_DATE, _quoted("DATE_FORMAT({0}, '%%Y-%%m-%%d')")),
        # nor is a negative or longer TIME one of day
        "time": _checked(
            "{0} BETWEEN '00:00:00' AND '23:59:59.999999'",
            _quoted(_without_zeros("TIME_FORMAT({0}, '%%H:%%i:%%s.%%f')")),
        ),
        "datetime": _checked(_DATE, _quoted(_DATETIME)),
        "instant": _checked(_DATE, _quoted(f"{_DATETIME}, 'Z'")),
        "uuid": _checked("LENGTH({0}) > 16", _quoted("CONVERT({0} USING utf8mb4)")),  # not the bytes of a BINARY(16)
        "timedelta": _duration(_MICROSECONDS),
        "microseconds": _duration("{0}"),
    }


WIRE = wire_encodings("CAST({} AS JSON)".format) | {"float": "CAST(CONCAT({0}, '') AS DOUBLE)"}
AS_THEY_ARE = {kind: sql for kind, sql in WIRE.items() if kind != "decimal"}
WIRE_ENCODINGS = {"string": WIRE, "number": AS_THEY_ARE}
