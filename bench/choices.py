"""What querykit's dependencies were chosen by: the JSON decoder, the event loop, the drivers.

python -m bench.choices [--quick]
"""

from __future__ import annotations

from bench.command import command
from bench.measure.rounds import Case
from bench.measure.run import Run
from bench.nested import PAGE, VILLAGE, on_asyncmy

NAME = "choices"
ONE = Case("one", keys=VILLAGE, shown=(1, 7, VILLAGE))
WHOLE_PAGE = Case("page", size=PAGE, keys=VILLAGE - PAGE)


DRIVERS = (
    *("by hand, orjson", "querykit", "querykit, asyncmy", "psycopg", "psqlpy", "asyncmy"),
    *("sqlite3, in the loop's thread", "sqlite3, asyncio.to_thread()", "APSW"),
)
LOOPS = tuple(
    f"{name}{loop}"
    for name in ("by hand, orjson", "by hand, pool without reset", "querykit")
    for loop in ("", ", uvloop")
)


def measure(run: Run) -> None:
    run.time(NAME, [("bench.decoders", "")], {"decoder, a page": Case("page")})
    for database in ("postgres", "sqlite", "mysql"):
        url = run.databases.village(database, VILLAGE)
        reads = {f"{database}, one person": ONE, f"{database}, page of 100": WHOLE_PAGE}
        modules = ("bench.readers.by_hand", "bench.readers.querykit", "bench.readers.drivers")
        drivers = [(module, url) for module in modules]
        if database == "mysql":
            drivers.append(("bench.readers.querykit", on_asyncmy(url)))
        run.time(NAME, drivers, {f"driver, {title}": case for title, case in reads.items()}, only=DRIVERS)
        on_loops = both_loops(url, "bench.readers.by_hand", "bench.readers.querykit")
        run.time(NAME, on_loops, {f"event loop, {title}": case for title, case in reads.items()}, only=LOOPS)
    url = run.databases.village("postgres", VILLAGE)
    on_loops = both_loops(url, "bench.readers.pooled", "bench.readers.querykit")
    fifty = {"event loop, postgres, 50 tasks, one person": ONE._replace(tasks=50)}
    run.time(NAME, on_loops, fifty, only=LOOPS, as_rate=True)


def both_loops(url: str, *modules: str) -> list[tuple[str, ...]]:
    return [(module, url, *options) for module in modules for options in ((), ("--uvloop",))]


if __name__ == "__main__":
    command(NAME, measure)
