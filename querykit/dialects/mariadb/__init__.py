"""MariaDB 10.5 and later, through aiomysql or asyncmy."""

from querykit.dialects.base import Dialect, Features
from querykit.dialects.mariadb.compiler import MariaDBCompiler
from querykit.dialects.mariadb.indexes import indexes
from querykit.dialects.mariadb.literals import literal
from querykit.dialects.mariadb.types import VALUES

dialect = Dialect(
    name="mariadb",
    system_name="mariadb",
    features=Features(max_parameters=None, max_nesting=31, filters_upserts=False),
    compiler=MariaDBCompiler,
    values=VALUES,
    literal=literal,
    indexes=indexes,
)
