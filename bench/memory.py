"""How much memory a process takes to read people: the most it ever has while it reads, beyond what it had before.

Each is read by a process of its own, after one person was read, so that what is loaded once counts for nobody.

    python -m bench.memory [--quick]
"""

from __future__ import annotations

from bench.command import command
from bench.measure.run import Run
from bench.measure.worker import Worker
from bench.nested import PROCESSES, TOWN, VILLAGE

NAME = "memory"


def measure(run: Run) -> None:
    for people in (VILLAGE, TOWN):
        url = run.databases.village("postgres", people)
        for module in PROCESSES["postgres"]:
            for name in contenders(module, url):
                grown = [growth(module, url, name) for _ in range(run.effort.processes)]
                run.found.add(NAME, f"{people:,} people", name, MiB=grown)


def contenders(module: str, url: str) -> list[str]:
    with Worker.of(module, url) as worker:
        return [name for name, cases in worker.contenders.items() if "every" in cases]


def growth(module: str, url: str, contender: str) -> float:
    """The memory of one read, in MiB."""
    with Worker.of(module, url) as worker:
        first = "one" if "one" in worker.contenders[contender] else "page"
        worker.ask(do="time", of=contender, case=first, count=1, keys=1, tasks=1, times=1)
        before = worker.resident()
        worker.forget_peak()
        worker.ask(do="time", of=contender, case="every", count=1, keys=1, tasks=1, times=1)
        return worker.peak() - before


if __name__ == "__main__":
    command(NAME, measure)
