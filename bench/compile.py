"""What a statement costs before the database sees it: building and compiling.

All contenders write the same statements for PostgreSQL with bound values. What can be made once stands outside of what
is timed: tables, models, an engine with its cache. What they wrote is run once, and its rows compared.

    python -m bench.compile [--quick]
"""

from __future__ import annotations

import asyncio
import itertools
import json
import re
from contextlib import ExitStack
from typing import Any

import asyncpg

from bench.command import command
from bench.measure.rounds import Case
from bench.measure.run import Run
from bench.shop import ROWS, open_shop
from bench.village import settle

NAME = "compile"
PROCESSES = (
    *("bench.statements.querykit", "bench.statements.pypika", "bench.statements.pypika_tortoise"),
    *("bench.statements.sqlalchemy", "bench.statements.peewee", "bench.statements.piccolo"),
    *("bench.statements.sqlglot", "statements_kysely.js"),
)
CASES = {
    "simple select": Case("simple", keys=90, shown=(50,)),
    "join with aggregates": Case("joined", size=20, keys=90, shown=(50,)),
    "nested relations": Case("nested", keys=90, shown=(50,)),
    "wide query": Case("wide", keys=90, shown=(50,)),
    "insert of 1 row": Case("insert_one", keys=len(ROWS) - 1, shown=(7,)),
    "insert of 100 rows": Case("insert_hundred"),
    "upsert of 100 rows": Case("upsert_hundred"),
}
PEOPLE = 100


def measure(run: Run) -> None:
    url = run.databases.empty("postgres")
    with ExitStack() as stack:
        runner = stack.enter_context(asyncio.Runner())
        runner.run(settle(url, PEOPLE))
        runner.run(open_shop(url))
        connection = runner.run(asyncpg.connect(url))
        stack.callback(connection.terminate)
        runner.run(connection.set_type_codec("json", schema="pg_catalog", encoder=str, decoder=json.loads))

        def rows(case: Case, written: Any) -> Any:
            return runner.run(effect(connection, case, *written))

        run.time(NAME, [(module, url) for module in PROCESSES], CASES, judged=rows)


async def effect(connection: Any, case: Case, text: str, parameters: list[Any]) -> Any:
    """The rows that a statement gives, or that it leaves in the table."""
    places = itertools.count(1)
    text = re.sub("%s", lambda _: f"${next(places)}", text)
    sets = parameters if parameters and isinstance(parameters[0], list) else [parameters]
    transaction = connection.transaction()
    await transaction.start()
    try:
        if "sert" not in case.name:
            return [tuple(row) for row in await connection.fetch(text, *parameters)]
        if case.name.startswith("insert"):  # upserts meet half of the rows
            await connection.execute("DELETE FROM customer")
        for each in sets:
            await connection.execute(text, *each)
        return [tuple(row) for row in await connection.fetch("SELECT * FROM customer ORDER BY id")]
    finally:
        await transaction.rollback()


if __name__ == "__main__":
    command(NAME, measure)
