"""How far PostgreSQL's log is written, and how far a standby has replayed it.

Source: https://www.postgresql.org/docs/current/functions-admin.html#FUNCTIONS-ADMIN-BACKUP
"""

from querykit.builder.creator import select
from querykit.builder.functions import FunctionCall, known
from querykit.builder.operands import Value
from querykit.builder.value_types import type_of
from querykit.dialects.base import Replication


def _bytes_until(position: str) -> FunctionCall[int]:
    return known("pg_wal_lsn_diff", [known(position, []), Value(0, None)], type_of(0))


REPLICATION = Replication(
    written=select(_bytes_until("pg_current_wal_insert_lsn").as_("position")),
    replayed=select(_bytes_until("pg_last_wal_replay_lsn").as_("position")),
)
"""The inserted position, not the flushed one: with ``synchronous_commit=off`` a commit may not be flushed yet."""
