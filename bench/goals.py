"""The goals, and whether a run reached them.

python -m bench.goals [FILE]
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import NamedTuple

from bench.measure.report import table
from bench.measure.saved import SAVED, Found
from bench.measure.spread import Spread
from bench.tenants import SECURED, WITHOUT, WRITTEN

BY_HAND, LOADED = "by hand, orjson", "SQLAlchemy, selectinload"
OURS, BUILT, STRUCTS = "querykit", "querykit, built each time", "querykit, Structs"
FOUND = "querykit, find()"
JSON, ENCODED = "querykit, fetch_json()", "querykit, fetch_all() and encoding"


class Goal(NamedTuple):
    """A figure to reach; `measured` raises KeyError where a run has nothing about it."""

    subject: str
    words: str
    limit: float
    is_least: bool
    measured: Callable[[Found], Spread]

    def is_met(self, found: Spread) -> bool:
        return found.median >= self.limit if self.is_least else found.median <= self.limit


def goals_table(found: Found) -> str:
    """Every goal that the run says something about: what is wanted, what was measured, whether it is met."""
    rows = []
    for goal in GOALS:
        try:
            spread = goal.measured(found)
        except KeyError:
            continue
        wanted = f"{'≥' if goal.is_least else '≤'} {goal.limit:g}"
        measured = f"{spread.median:.3g} ({spread.low:.3g} to {spread.high:.3g})"
        rows.append((goal.subject, goal.words, wanted, measured, "met" if goal.is_met(spread) else "NOT MET"))
    return table(("goal", "figure", "wanted", "measured", ""), rows, words=2) if rows else "No goal was measured."


def faster(bench: str, case: str, peer: str, ours: str, times: float, *, quantity: str = "seconds") -> Goal:
    """We are so many times faster than a peer."""
    measured = partial(Found.ratio, bench=bench, case=case, contender=peer, other=ours, quantity=quantity)
    return Goal(f"{bench}: {case}", f"{peer} / {ours}", times, is_least=True, measured=measured)


def within(bench: str, case: str, ours: str, other: str, times: float, *, quantity: str = "seconds") -> Goal:
    """We take at most so many times what something else takes."""
    measured = partial(Found.ratio, bench=bench, case=case, contender=ours, other=other, quantity=quantity)
    words = f"{ours} / {other}" + (f", {quantity}" if quantity != "seconds" else "")
    return Goal(f"{bench}: {case}", words, times, is_least=False, measured=measured)


def _building() -> Iterator[Goal]:
    for peer, times in (("PyPika", 15), ("SQLAlchemy Core", 10), ("Kysely", 1)):
        yield faster("compile", "nested relations", peer, OURS, times)


def _one_person() -> Iterator[Goal]:
    case = "postgres, one person"
    yield within("nested", case, OURS, BY_HAND, 1.10)
    for peer, times in (("Kysely", 4), (LOADED, 10), ("Tortoise", 6), ("Piccolo", 6)):
        yield faster("nested", case, peer, OURS, times)
    yield within("nested", case, BUILT, BY_HAND, 1.25)
    case = "sqlite, one person"
    yield within("nested", case, OURS, BY_HAND, 1.15)
    for peer, times in (("Kysely", 3), ("Tortoise", 12), (LOADED, 30)):
        yield faster("nested", case, peer, OURS, times)


def _many_people() -> Iterator[Goal]:
    for database in ("postgres", "sqlite", "mysql"):
        for case in (f"{database}, page of 100", f"{database}, all 1,000", f"{database}, all 10,000"):
            yield within("nested", case, OURS, BY_HAND, 1.0)
            ours = "querykit, asyncmy" if database == "mysql" else OURS  # as SQLAlchemy does
            yield faster("nested", case, LOADED, ours, 4)
            yield within("nested", case, STRUCTS, OURS, 1.0)
            yield within("nested", case, STRUCTS, BY_HAND, 0.85)
        page = f"{database}, page of 100"
        yield faster("nested", page, ENCODED, JSON, 1.2)
        if database != "sqlite":  # where the database runs in the client
            yield within("nested", page, JSON, OURS, 0.25, quantity="cpu")


def _throughput() -> Iterator[Goal]:
    for what, tortoise, sqlalchemy in (("one person", 9, 18), ("page of 100", 6, 9)):
        case = f"50 tasks, {what}"
        yield faster("throughput", case, "querykit's SQL, pool without reset", OURS, 0.9)
        yield faster("throughput", case, "Tortoise", OURS, tortoise)
        yield faster("throughput", case, LOADED, OURS, sqlalchemy)


def _memory() -> Iterator[Goal]:
    yield within("memory", "10,000 people", STRUCTS, LOADED, 1 / 5, quantity="MiB")


def _levels() -> Iterator[Goal]:
    for database in ("mysql", "mariadb"):
        yield faster("levels", f"{database}, page of 100", "by hand, one query per level", OURS, 2)


def _streaming() -> Iterator[Goal]:
    for database in ("postgres", "sqlite", "mysql", "mariadb"):
        yield Goal(
            f"streaming: {database}",
            "MB more for 1,000,000 rows than for 10,000",
            20,
            is_least=False,
            measured=partial(_growth, database=database),
        )


def _growth(found: Found, database: str) -> Spread:
    few, many = (
        found.samples["streaming"][f"{database}, {rows} rows"][OURS]["MiB"] for rows in ("10,000", "1,000,000")
    )
    megabyte = 1e6 / 2**20
    return Spread.of([(one - other) / megabyte for one, other in zip(many, few, strict=True)])


def _bulk() -> Iterator[Goal]:
    for database in ("postgres", "sqlite", "mariadb"):
        yield faster("bulk", f"{database}, 100,000 rows", "SQLAlchemy, insertmanyvalues", OURS, 1)
    yield faster("bulk", "mysql, 100,000 rows", "SQLAlchemy, executemany", OURS, 1)  # it has no RETURNING
    yield within("bulk", "postgres, 100,000 rows", "querykit, copy_into()", "asyncpg, copy_records_to_table()", 1.1)


def _cache() -> Iterator[Goal]:
    for database in ("postgres", "sqlite", "mysql", "mariadb"):
        yield faster("cache", f"{database}, page of 100 again", OURS, "querykit, cached", 8)


def _plugins() -> Iterator[Goal]:
    built, prepared = "nested relations", "sqlite, one person, prepared"
    yield within("plugins", built, SECURED, OURS, 1.30)
    yield within("plugins", prepared, SECURED, WRITTEN, 1.10)
    for case in (built, prepared):
        yield within("plugins", case, WITHOUT, OURS, 1.10)


def _mapper() -> Iterator[Goal]:
    for database in ("postgres", "sqlite"):
        for what in ("one row", "one person with relations", "page of 100 with relations"):
            yield within("mapper", f"{database}, {what}", "querykit, mapper", "querykit, prepared", 1.15)


def _access() -> Iterator[Goal]:
    for database in ("postgres", "sqlite", "mysql", "mariadb"):
        case = f"{database}, page of 100"
        yield within("access", case, FOUND, BUILT, 1.1)
        if database != "mariadb":
            for peer in ("Tortoise", LOADED, *(() if database == "mysql" else ("Piccolo",))):
                yield faster("access", case, peer, FOUND, 2 if database != "mysql" else 1.5)


GOALS = (
    *_building(),
    *_one_person(),
    *_many_people(),
    *_throughput(),
    *_memory(),
    *_levels(),
    *_streaming(),
    *_bulk(),
    *_cache(),
    *_plugins(),
    *_mapper(),
    *_access(),
)


if __name__ == "__main__":
    print(goals_table(Found.load(Path(sys.argv[1]) if len(sys.argv) > 1 else SAVED)))
