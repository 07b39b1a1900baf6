"""querykit: an async SQL query builder for PostgreSQL, MySQL, MariaDB and SQLite, on PyPika's expressions.

Start with `Database` and `Table`; nest related rows with `json_array_from` and `json_object_from`.
"""

from querykit import dialects as _dialects  # noqa: F401 - registers the four dialects by name
from querykit.builder.compiled import CompiledQuery, ExecuteResult, OutputColumn
from querykit.builder.creator import (
    delete_from,
    insert_into,
    merge_into,
    replace_into,
    select,
    select_from,
    update,
    with_,
    with_recursive,
)
from querykit.builder.cte import cte, recursive_cte
from querykit.builder.expressions import DEFAULT, Condition, Expression, and_, exists, not_, or_, param, value
from querykit.builder.functions import case, cast, fn
from querykit.builder.raw import sql
from querykit.builder.rewrite import rewrite, walk
from querykit.builder.tables import Column, Table, table
from querykit.builder.upsert import excluded
from querykit.builder.value_types import AwareDatetime, Json, register_type
from querykit.execution.database import Database
from querykit.helpers import json_array_from, json_build_object, json_map_from, json_object_from

__all__ = [
    "DEFAULT",
    "AwareDatetime",
    "Column",
    "CompiledQuery",
    "Condition",
    "Database",
    "ExecuteResult",
    "Expression",
    "Json",
    "OutputColumn",
    "Table",
    "and_",
    "case",
    "cast",
    "cte",
    "delete_from",
    "excluded",
    "exists",
    "fn",
    "insert_into",
    "json_array_from",
    "json_build_object",
    "json_map_from",
    "json_object_from",
    "merge_into",
    "not_",
    "or_",
    "param",
    "recursive_cte",
    "register_type",
    "replace_into",
    "rewrite",
    "select",
    "select_from",
    "sql",
    "table",
    "update",
    "value",
    "walk",
    "with_",
    "with_recursive",
]
