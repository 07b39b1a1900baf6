"""A hundred thousand rows inserted, all or none, on each database.

python -m bench.bulk [--quick]
"""

from __future__ import annotations

import asyncio
from contextlib import ExitStack

from bench.command import command
from bench.inserts.rows import COUNT, content, create, empty
from bench.measure.rounds import Case, DifferentResultError
from bench.measure.run import Run, having
from bench.measure.worker import Worker

NAME = "bulk"
PROCESSES = ("bench.inserts.querykit", "bench.inserts.sqlalchemy", "bench.inserts.by_hand")
ROUNDS = {True: 2, False: 9}


def measure(run: Run) -> None:
    for database in ("postgres", "sqlite", "mysql", "mariadb"):
        url = run.databases.empty(database)
        asyncio.run(create(url))
        with ExitStack() as stack:
            workers = [stack.enter_context(Worker.of(module, url)) for module in PROCESSES]
            contenders = having(workers, Case("insert"))
            for _ in range(ROUNDS[run.is_quick]):
                expected: dict[str, object] = {}
                for name, worker in contenders.items():
                    taken = worker.ask(do="time", of=name, case="insert", count=COUNT, keys=1, tasks=1, times=1)
                    found = asyncio.run(content(url))
                    if found != (expected := expected or found):
                        raise DifferentResultError(f"{name} left {found} and the first {expected}")
                    asyncio.run(empty(url))
                    title = f"{database}, {COUNT:,} rows"
                    run.found.add(NAME, title, name, seconds=[taken["seconds"]], cpu=[taken["cpu"]])


if __name__ == "__main__":
    command(NAME, measure)
