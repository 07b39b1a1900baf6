"""The same page of people with their pets, toys and mother, again and again: with `CachePlugin`, and without.

python -m bench.cache [--quick]
"""

from __future__ import annotations

from bench.command import command
from bench.measure.rounds import Case
from bench.measure.run import Run
from bench.nested import PAGE, VILLAGE

NAME = "cache"
CONTENDERS = ("querykit", "querykit, Structs", "querykit, cached", "querykit, cached, Structs")


def measure(run: Run) -> None:
    for database in ("postgres", "sqlite", "mysql", "mariadb"):
        url = run.databases.village(database, VILLAGE)
        processes = [(module, url) for module in ("bench.readers.querykit", "bench.readers.cached")]
        cases = {
            f"{database}, one person again": Case("one"),
            f"{database}, page of {PAGE} again": Case("page", size=PAGE),
        }
        run.time(NAME, processes, cases, only=CONTENDERS)


if __name__ == "__main__":
    command(NAME, measure)
