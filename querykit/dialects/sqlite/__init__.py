"""SQLite 3.38 and later, through aiosqlite."""

from querykit.dialects.base import Dialect, Features
from querykit.dialects.sqlite.compiler import SQLiteCompiler
from querykit.dialects.sqlite.indexes import indexes
from querykit.dialects.sqlite.literals import literal
from querykit.dialects.sqlite.types import VALUES

dialect = Dialect(
    name="sqlite",
    system_name="sqlite",
    features=Features(max_parameters=32_766, max_nesting=7),
    compiler=SQLiteCompiler,
    values=VALUES,
    literal=literal,
    indexes=indexes,
)
