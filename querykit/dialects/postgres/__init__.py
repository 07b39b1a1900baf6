"""PostgreSQL 13 and later, through asyncpg."""

from querykit.dialects.base import Dialect, Features
from querykit.dialects.postgres.compiler import PostgresCompiler
from querykit.dialects.postgres.types import VALUES

dialect = Dialect(
    name="postgres",
    features=Features(max_parameters=32_767, max_nesting=60),
    compiler=PostgresCompiler,
    values=VALUES,
)
