"""A page of people on aiomysql: one query with JSON, against one query for each level, on MySQL and MariaDB.

aiomysql reads rows in Python, so that few rows with JSON beat many rows.

    python -m bench.levels [--quick]
"""

from __future__ import annotations

from bench.command import command
from bench.measure.rounds import Case
from bench.measure.run import Run
from bench.nested import PAGE, VILLAGE

NAME = "levels"
PROCESSES = ("bench.readers.querykit", "bench.readers.by_hand", "bench.readers.by_level")
CONTENDERS = ("querykit", "querykit, Structs", "by hand, orjson", "by hand, one query per level")


def measure(run: Run) -> None:
    for database in ("mysql", "mariadb"):
        url = run.databases.village(database, VILLAGE)
        page = {f"{database}, page of {PAGE}": Case("page", size=PAGE, keys=VILLAGE - PAGE)}
        run.time(NAME, [(module, url) for module in PROCESSES], page, only=CONTENDERS)


if __name__ == "__main__":
    command(NAME, measure)
