"""The JSON helpers: functions that nest the rows of a correlated sub-query into one column."""

from querykit.helpers.json_helpers import (
    json_array_agg,
    json_array_from,
    json_build_object,
    json_map_from,
    json_object_agg,
    json_object_from,
)

__all__ = [
    "json_array_agg",
    "json_array_from",
    "json_build_object",
    "json_map_from",
    "json_object_agg",
    "json_object_from",
]
