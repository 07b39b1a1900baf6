"""Shapes of SQL that were tried and not taken: native record arrays on PostgreSQL, and lists by joins with groups.

Beside querykit's own, for a page, all 1,000 and all 10,000. It is not in a whole run.

    python -m bench.shapes [--quick]
"""

from __future__ import annotations

from bench.command import command
from bench.measure.rounds import Case
from bench.measure.run import Run
from bench.nested import PAGE, TOWN, VILLAGE

NAME = "shapes"
PROCESSES = ("bench.readers.querykit", "bench.readers.by_hand", "bench.readers.shapes")
CONTENDERS = ("querykit", "by hand, orjson", "native arrays", "grouped")


def measure(run: Run) -> None:
    for database, people in (("postgres", VILLAGE), ("postgres", TOWN), ("mysql", VILLAGE)):
        url = run.databases.village(database, people)
        cases = {f"{database}, all {people:,}": Case("every")}
        if people == VILLAGE:
            cases[f"{database}, page of {PAGE}"] = Case("page", size=PAGE, keys=VILLAGE - PAGE)
        run.time(NAME, [(module, url) for module in PROCESSES], cases, only=CONTENDERS)


if __name__ == "__main__":
    command(NAME, measure)
