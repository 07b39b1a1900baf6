"""Seeing what runs: every statement in the log, only the slow ones, tags for the server's own log, figures of your own.

python recipes/logging_queries.py [URL]     (without a URL: SQLite in memory)
"""

import asyncio
import logging
import sys
from collections import Counter

from schema import create, drop, person

from querykit import Database, LogEntry, log_to

logging.basicConfig(format="%(levelname)s %(message).100s", level=logging.WARNING, stream=sys.stdout)


class Figures:
    """A hook of one's own is a function that takes a `LogEntry`: here, how many rows each kind of statement gave."""

    def __init__(self) -> None:
        self.statements: Counter[str] = Counter()
        self.failed = 0

    def __call__(self, entry: LogEntry) -> None:
        self.statements[entry.sql.partition(" ")[0]] += 1
        self.failed += entry.error is not None


async def main(url: str = "sqlite:///:memory:") -> dict[str, object]:
    figures = Figures()
    async with Database(url, log=figures) as db:
        await create(db)
        await db.select_from(person).select(person.id).fetch_all()
        await drop(db)

    # To `logging`: everything at DEBUG, what is slow at WARNING. Values are shown by show_values=True alone.
    slow_after_nothing = log_to("village", slow_after=0.0)
    async with Database(url, log=slow_after_nothing, tags={"app": "village", "route": "/people"}) as db:
        await create(db)
        tagged = await db.select_from(person).select(person.id).where(person.id == 2).fetch_all()
        await drop(db)
    found = {"inserts": figures.statements["INSERT"], "selects": figures.statements["SELECT"], "failed": figures.failed}
    print(found)
    return {**found, "tagged": tagged}


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
