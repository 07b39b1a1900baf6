"""What plugins cost: the nested query through none, and with soft deletion and row-level security together.

Built and compiled each time, and as a prepared query on SQLite. Beside them stands the same query with the conditions
of the plugins written by hand, which is what the database runs then.

    python -m bench.plugins [--quick]
"""

from __future__ import annotations

import asyncio
import json
from contextlib import ExitStack
from typing import Any

import asyncpg

from bench.command import command
from bench.compile import effect
from bench.measure.rounds import Case
from bench.measure.run import Run
from bench.tenants import settle_tenants

NAME = "plugins"
BUILT, PREPARED = "nested relations", "sqlite, one person, prepared"
PEOPLE = 100


def measure(run: Run) -> None:
    url, file = run.databases.empty("postgres"), run.databases.empty("sqlite")
    with ExitStack() as stack:
        runner = stack.enter_context(asyncio.Runner())
        for each in (url, file):
            runner.run(settle_tenants(each, PEOPLE))
        connection = runner.run(asyncpg.connect(url))
        stack.callback(connection.terminate)
        runner.run(connection.set_type_codec("json", schema="pg_catalog", encoder=str, decoder=json.loads))

        def rows(case: Case, written: Any) -> Any:
            return runner.run(effect(connection, case, *written))

        built = Case("nested", keys=90, shown=(50,))
        run.time(NAME, [("bench.statements.plugins", url)], {BUILT: built}, judged=rows)
    run.time(NAME, [("bench.readers.plugins", file)], {PREPARED: Case("one", keys=90, shown=(1, 50))})


if __name__ == "__main__":
    command(NAME, measure)
