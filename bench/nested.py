"""Nested reads: people with their pets, the pets' toys, and the mother, on PostgreSQL, SQLite and MySQL.

python -m bench.nested [--quick]
"""

from __future__ import annotations

from collections.abc import Sequence

from bench.command import command
from bench.measure.rounds import Case
from bench.measure.run import Run

NAME = "nested"
EVERYWHERE = (
    *("bench.readers.by_hand", "bench.readers.querykit", "bench.readers.sqlalchemy", "bench.readers.tortoise"),
    *("bench.readers.peewee", "bench.readers.django", "readers_kysely.js", "readers_drizzle.js"),
)
PROCESSES = {
    "postgres": (*EVERYWHERE, "bench.readers.piccolo"),
    "sqlite": (*EVERYWHERE, "bench.readers.piccolo"),
    "mysql": EVERYWHERE,  # Piccolo has none
}
PAGE = 100
VILLAGE, TOWN = 1_000, 10_000


def cases(database: str) -> dict[str, Case]:
    return {
        f"{database}, one person": Case("one", keys=VILLAGE, shown=(1, 7, VILLAGE)),
        f"{database}, page of {PAGE}": Case("page", size=PAGE, keys=VILLAGE - PAGE, shown=(1, 450)),
        f"{database}, all {VILLAGE:,}": Case("every"),
    }


def measure(run: Run) -> None:
    for database, modules in PROCESSES.items():
        village, town = (run.databases.village(database, people) for people in (VILLAGE, TOWN))
        run.time(NAME, processes(modules, village), cases(database))
        run.time(NAME, processes(modules, town), {f"{database}, all {TOWN:,}": Case("every")})


def processes(modules: Sequence[str], url: str) -> list[tuple[str, str]]:
    """On MySQL querykit runs on both of its drivers: SQLAlchemy and Tortoise run on asyncmy."""
    found = [(module, url) for module in modules]
    if url.startswith("mysql:"):
        found.append(("bench.readers.querykit", on_asyncmy(url)))
    return found


def on_asyncmy(url: str) -> str:
    """The same database by another driver."""
    return url.replace("://", "+asyncmy://", 1)


if __name__ == "__main__":
    command(NAME, measure)
