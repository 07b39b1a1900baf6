"""Rows read one after the other: how many a second, and how much the process grows, on each database.

Each is read by a process of its own, after a thousand rows were, so that its memory is its own.

    python -m bench.streaming [--quick]
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import ExitStack

from bench.command import command
from bench.measure.rounds import Case, compare
from bench.measure.run import Run, having
from bench.measure.worker import Worker
from bench.nested import on_asyncmy
from bench.streams.rows import ROWS, fill

NAME = "streaming"
PROCESSES = ("bench.streams.querykit", "bench.streams.by_hand", "bench.streams.sqlalchemy")
COUNTS = (10_000, ROWS)

Process = tuple[str, str]
"""A module and a URL."""


def measure(run: Run) -> None:
    for database in ("postgres", "sqlite", "mysql", "mariadb"):
        url = run.databases.empty(database)
        asyncio.run(fill(url))
        processes = [(module, url) for module in PROCESSES]
        if database in ("mysql", "mariadb"):  # where SQLAlchemy runs on asyncmy
            processes.append((PROCESSES[0], on_asyncmy(url)))
        names = checked(processes)
        for count in COUNTS:
            for _ in range(run.effort.processes):
                for process, name in names:
                    rate, grown = streamed(process, name, count)
                    run.found.add(NAME, f"{database}, {count:,} rows", name, rate=[rate], MiB=[grown])


def checked(processes: Sequence[Process]) -> list[tuple[Process, str]]:
    """The contenders of each process, of which all read the same."""
    with ExitStack() as stack:
        workers = {each: stack.enter_context(Worker.of(*each)) for each in processes}
        case = Case("stream", size=COUNTS[0])
        compare(having(list(workers.values()), case), case)
        return [(process, name) for process, worker in workers.items() for name in worker.contenders]


def streamed(process: Process, contender: str, count: int) -> tuple[float, float]:
    """Rows a second, and MiB more than before."""
    with Worker.of(*process) as worker:
        request = {"do": "time", "of": contender, "case": "stream", "keys": 1, "tasks": 1, "times": 1}
        worker.ask(**request, count=1_000)
        before = worker.resident()
        worker.forget_peak()
        seconds = worker.ask(**request, count=count)["seconds"]
        return count / seconds, worker.peak() - before


if __name__ == "__main__":
    command(NAME, measure)
