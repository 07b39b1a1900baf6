"""Reads by the compiled queries of a `TableMapper`, beside prepared queries that say the same.

python -m bench.mapper [--quick]
"""

from __future__ import annotations

from bench.command import command
from bench.measure.rounds import Case
from bench.measure.run import Run
from bench.nested import PAGE, VILLAGE

NAME = "mapper"


def measure(run: Run) -> None:
    for database in ("postgres", "sqlite"):
        url = run.databases.village(database, VILLAGE)
        cases = {
            f"{database}, one row": Case("flat", keys=VILLAGE, shown=(1, 7, VILLAGE)),
            f"{database}, one person with relations": Case("one", keys=VILLAGE, shown=(1, 7, VILLAGE)),
            f"{database}, page of {PAGE} with relations": Case("page", size=PAGE, keys=VILLAGE - PAGE, shown=(1, 450)),
        }
        run.time(NAME, [("bench.readers.mapped", url)], cases)


if __name__ == "__main__":
    command(NAME, measure)
