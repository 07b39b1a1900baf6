"""Where MariaDB's types differ from MySQL's."""

from dataclasses import replace

from querykit.builder.value_types import LISTS
from querykit.dialects.mysql.text_rows import TEXT_FORMS as MYSQL_TEXT_FORMS
from querykit.dialects.mysql.types import CAST_TYPES as MYSQL_CAST_TYPES
from querykit.dialects.mysql.types import VALUES as MYSQL_VALUES

# there is no type JSON to cast to
CAST_TYPES = {kind: name for kind, name in MYSQL_CAST_TYPES.items() if kind != "json"}

JSON_ENCODINGS = {
    # of a BIT, HEX alone gives the digits of a number
    "bytes": "HEX(CAST({0} AS BINARY))",
    # held in UTC, and read so without a second look
    "instant": "CONCAT({0}, 'Z')",
    # a latin1 column would send invalid UTF-8
    "str": "CONVERT({0} USING utf8mb4)",
    # a JSON column is text, and would be quoted
    "json": "JSON_EXTRACT({0}, '$')",
    **dict.fromkeys(LISTS, "JSON_EXTRACT({0}, '$')"),
}

# JSON_QUOTE gives NULL for numbers; a text that was declared to be one stays a text, which the decoder refuses
TEXT_FORMS = {
    **MYSQL_TEXT_FORMS,
    **dict.fromkeys(("int", "decimal", "bool", "float"), "COALESCE(JSON_QUOTE({0}), {0}, 'null')"),
}

# floats stand in JSON as numbers, with all their digits
VALUES = replace(
    MYSQL_VALUES, from_json={kind: read for kind, read in MYSQL_VALUES.from_json.items() if kind != "float"}
)
