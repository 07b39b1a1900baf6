"""Where MariaDB's types differ from MySQL's."""

from querykit.builder.value_types import LISTS
from querykit.dialects.mysql.types import CAST_TYPES as MYSQL_CAST_TYPES
from querykit.dialects.mysql.types import VALUES

__all__ = ["CAST_TYPES", "JSON_ENCODINGS", "VALUES"]

# there is no type JSON to cast to
CAST_TYPES = {kind: name for kind, name in MYSQL_CAST_TYPES.items() if kind != "json"}

JSON_ENCODINGS = {
    # a negative zero would lose its sign
    "float": "CONCAT({0}, '')",
    "bytes": "HEX({0})",
    # a latin1 column would send invalid UTF-8
    "str": "CONVERT({0} USING utf8mb4)",
    # a JSON column is text, and would be quoted
    "json": "JSON_EXTRACT({0}, '$')",
    **dict.fromkeys(LISTS, "JSON_EXTRACT({0}, '$')"),
}
