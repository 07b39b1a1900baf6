"""Requests a second: one process with 1, 10 and 50 tasks that read a person with relations, or a page, on PostgreSQL.

python -m bench.throughput [--quick]
"""

from __future__ import annotations

from bench.command import command
from bench.measure.rounds import Case
from bench.measure.run import Run
from bench.nested import PAGE, VILLAGE

NAME = "throughput"
TASKS = (1, 10, 50)
PROCESSES = (
    *("bench.readers.pooled", "bench.readers.querykit", "bench.readers.sqlalchemy", "bench.readers.tortoise"),
    *("bench.readers.piccolo", "readers_kysely.js", "readers_drizzle.js"),
)


def cases(tasks: int) -> dict[str, Case]:
    spoken = "1 task" if tasks == 1 else f"{tasks} tasks"
    return {
        f"{spoken}, one person": Case("one", keys=VILLAGE, tasks=tasks),
        f"{spoken}, page of {PAGE}": Case("page", size=PAGE, keys=VILLAGE - PAGE, tasks=tasks),
    }


def measure(run: Run) -> None:
    url = run.databases.village("postgres", VILLAGE)
    processes = [(module, url) for module in PROCESSES]
    all_cases = {title: case for tasks in TASKS for title, case in cases(tasks).items()}
    run.time(NAME, processes, all_cases, as_rate=True)


if __name__ == "__main__":
    command(NAME, measure)
