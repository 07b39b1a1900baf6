"""PostgreSQL 13 and later, through asyncpg."""

from querykit.dialects.base import Dialect, Features
from querykit.dialects.postgres.compiler import PostgresCompiler
from querykit.dialects.postgres.indexes import indexes
from querykit.dialects.postgres.literals import literal
from querykit.dialects.postgres.replication import REPLICATION
from querykit.dialects.postgres.types import VALUES

dialect = Dialect(
    name="postgres",
    system_name="postgresql",
    features=Features(
        max_parameters=32_767, max_nesting=60, takes_arrays=True, composes_results=True, names_have_case=True
    ),
    compiler=PostgresCompiler,
    values=VALUES,
    literal=literal,
    indexes=indexes,
    replication=REPLICATION,
)
