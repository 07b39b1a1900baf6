"""Data access: people with their pets, toys and mother, found by data, beside the same query built by hand.

Tortoise, Piccolo and SQLAlchemy do the same with their relations.

    python -m bench.access [--quick]
"""

from __future__ import annotations

from bench.command import command
from bench.measure.rounds import Case
from bench.measure.run import Run
from bench.nested import PAGE, VILLAGE

NAME = "access"
READERS = ("bench.readers.access", "bench.readers.querykit", "bench.readers.sqlalchemy", "bench.readers.tortoise")
PROCESSES = {
    "postgres": (*READERS, "bench.readers.piccolo"),
    "sqlite": (*READERS, "bench.readers.piccolo"),
    "mysql": READERS,
    "mariadb": READERS[:2],  # Tortoise and SQLAlchemy are as on MySQL
}
CONTENDERS = (
    *("querykit, find()", "querykit, built each time", "querykit"),
    *("SQLAlchemy, selectinload", "SQLAlchemy, joinedload", "Tortoise", "Piccolo"),
)


def measure(run: Run) -> None:
    for database, modules in PROCESSES.items():
        url = run.databases.village(database, VILLAGE)
        cases = {
            f"{database}, one person": Case("one", keys=VILLAGE, shown=(1, 7, VILLAGE)),
            f"{database}, page of {PAGE}": Case("page", size=PAGE, keys=VILLAGE - PAGE, shown=(1, 450)),
        }
        run.time(NAME, [(module, url) for module in modules], cases, only=CONTENDERS)


if __name__ == "__main__":
    command(NAME, measure)
