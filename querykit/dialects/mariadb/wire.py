"""How MariaDB writes values for `fetch_json`. See `querykit.dialects.wire`."""

from __future__ import annotations

from querykit.dialects.mariadb.types import JSON_ENCODINGS
from querykit.dialects.mysql.wire import wire_encodings

# a text that holds JSON is JSON after JSON_EXTRACT, and else it would be quoted
_WIRE = {**JSON_ENCODINGS, **wire_encodings("JSON_EXTRACT({}, '$')".format)}
WIRE_ENCODINGS = {"string": _WIRE, "number": {kind: sql for kind, sql in _WIRE.items() if kind != "decimal"}}
