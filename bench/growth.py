"""How time grows with the number of people that are read, and with the depth of a tree, on PostgreSQL.

python -m bench.growth [--quick]
"""

from __future__ import annotations

from bench.command import command
from bench.measure.rounds import Case
from bench.measure.run import Run
from bench.nested import TOWN
from bench.village import DEPTH

NAME = "growth"
PROCESSES = (
    *("bench.readers.by_hand", "bench.readers.querykit", "bench.readers.sqlalchemy", "bench.readers.tortoise"),
    *("readers_kysely.js", "readers_drizzle.js"),
)
CONTENDERS = (
    *("by hand, orjson", "querykit", "querykit, Structs"),
    *("SQLAlchemy, selectinload", "Tortoise", "Kysely", "Drizzle"),
)
PEOPLE = (1, 10, 100, 1_000, 5_000)
"""Tortoise sends the key of every pet, and PostgreSQL takes 32,767."""


def measure(run: Run) -> None:
    url = run.databases.village("postgres", TOWN)
    rows = {f"{count:,} people": Case("page", size=count, keys=TOWN - count) for count in PEOPLE}
    depths = {f"depth {depth}": Case("tree", size=depth) for depth in range(1, DEPTH + 1)}
    run.time(NAME, [(module, url) for module in PROCESSES], rows | depths, only=CONTENDERS)


if __name__ == "__main__":
    command(NAME, measure)
