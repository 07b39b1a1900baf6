"""MySQL 8.0.14 and later, through aiomysql or asyncmy."""

from querykit.dialects.base import Dialect, Features
from querykit.dialects.mysql.compiler import MySQLCompiler
from querykit.dialects.mysql.indexes import indexes
from querykit.dialects.mysql.literals import literal
from querykit.dialects.mysql.types import VALUES

dialect = Dialect(
    name="mysql",
    system_name="mysql",
    features=Features(max_parameters=None, max_nesting=30, keeps_json_key_order=False, filters_upserts=False),
    compiler=MySQLCompiler,
    values=VALUES,
    literal=literal,
    indexes=indexes,
)
