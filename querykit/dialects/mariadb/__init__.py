"""MariaDB 10.5 and later, through aiomysql."""

from querykit.dialects.base import Dialect, Features
from querykit.dialects.mariadb.compiler import MariaDBCompiler
from querykit.dialects.mariadb.types import VALUES

dialect = Dialect(
    name="mariadb",
    features=Features(max_parameters=None, max_nesting=31),
    compiler=MariaDBCompiler,
    values=VALUES,
)
