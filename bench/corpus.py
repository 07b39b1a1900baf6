"""Run a corpus of SQL beside what says the same with querykit, and compare what both select and change.

python -m bench.corpus CORPUS.jsonl [--databases sqlite,postgres] [--verbose]

Each line of the corpus is an object: ``id``, ``area``, and for each dialect a list of ``sql`` with ``parameters``. What
we say to it stands in `tests.corpus`, by its id. MariaDB is given MySQL's statements.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

from bench.corpus_tables import prepared
from querykit.builder.statement import as_statement
from querykit.dialects import dialect_named
from querykit.errors import MultipleResultsError, QueryKitError
from querykit.execution.url import driver_for, parse_url
from tests.corpus import STATEMENTS
from tests.databases import DATABASES, database_urls

OUTCOMES = {
    "same": "compile, run and do the same",
    "refused": "are no SQL for their server, and are refused by us or fail the same",
    "ours only": "are no SQL for their server; ours runs",
    "differ": "do something else",
    "fail": "compile and fail when they run",
    "missing": "cannot be said yet",
}


class Statement(NamedTuple):
    """One statement of the corpus, for one dialect."""

    id: str
    area: str
    place: int
    sql: str
    parameters: list[Any]


class Effect(NamedTuple):
    """What a statement gave and left behind, or its error."""

    rows: Any = None
    tables: Any = None
    error: Exception | None = None


def statements(path: Path, name: str) -> Iterator[Statement]:
    """The statements for a server."""
    spelled = "mysql" if name == "mariadb" else name
    for line in path.read_text().splitlines():
        entry = json.loads(line)
        for place, each in enumerate(entry.get(spelled, [])):
            yield Statement(entry["id"], entry["area"], place, each["sql"], each["parameters"])


def ours(statement: Statement, name: str) -> Any:
    """What we say to it."""
    said = STATEMENTS[statement.id]()
    if isinstance(said, dict):
        said = said[name]
    return as_statement(said[statement.place] if isinstance(said, list) else said)


class Server:
    """One database, with the tables of the corpus made anew whenever a statement may have changed them."""

    def __init__(self, name: str, connection: Any) -> None:
        self.name = name
        self.connection = connection
        self.is_fresh = False
        self.has_pairs = True

    async def effect(self, sql: str, arguments: Any, *, is_write: bool) -> Effect:
        if not self.is_fresh:
            for each in prepared(self.name, has_pairs=self.has_pairs):
                await self.connection.execute(each, ())
            self.is_fresh = True
        if is_write:
            self.is_fresh = False
        try:
            rows = (await self.connection.fetch_described(sql, arguments)).rows
        except QueryKitError as error:
            self.is_fresh = False
            return Effect(error=error)
        return Effect(comparable(rows, is_ordered(sql)), await self.tables() if is_write else None)

    async def tables(self) -> Any:
        """Every row of every table."""
        found = {}
        schemas = ["mammals.pet", "mammals.pet_staging"] if self.name == "postgres" else []
        for table in ["person", "pet", "toy", "camel_person", *schemas]:
            result = await self.connection.fetch_described(f"SELECT * FROM {table}", ())
            found[table] = comparable(result.rows, is_kept=False)
        return found


def is_ordered(sql: str) -> bool:
    """Whether ORDER BY stands outside of all parentheses."""
    while (inner := re.sub(r"\([^()]*\)", "", sql)) != sql:
        sql = inner
    return " order by " in sql.lower()


def comparable(rows: Any, is_kept: bool) -> list[Any]:
    """Rows in which equal values are equal, in their order if it is told, else sorted."""
    found = [tuple(value_of(each) for each in row) for row in rows]
    return found if is_kept else sorted(found, key=repr)


def value_of(value: Any) -> Any:
    if isinstance(value, Decimal | float | int):
        return round(float(value), 6)
    if isinstance(value, str):
        try:
            found = json.loads(value)
        except ValueError:
            return value
        return repr(found) if isinstance(found, dict | list) else value_of(found)
    return value


async def corpus_effect(server: Server, statement: Statement) -> Effect:
    """Run the corpus's own SQL; a driver that takes parameters by their types gets texts where a text is asked for."""
    sql, parameters = statement.sql, statement.parameters
    if server.name in ("mysql", "mariadb"):
        sql = sql.replace("%", "%%").replace("?", "%s") if parameters else sql
    is_write = not re.match(r"select|with\b(?!.*\b(update|delete|insert)\b)", sql)
    found = await server.effect(sql, tuple(parameters), is_write=is_write)
    if found.error is not None and server.name == "postgres":
        texts = tuple(str(each) if isinstance(each, int) else each for each in parameters)
        again = await server.effect(sql, texts, is_write=is_write)
        return found if again.error is not None else again
    return found


async def our_effect(server: Server, statement: Statement) -> Effect:
    try:
        said = ours(statement, server.name)
        compiled = dialect_named(server.name).compile(said)
    except (QueryKitError, AttributeError, TypeError) as error:
        return Effect(error=error)
    is_write = said.is_write and not compiled.sql.startswith("SELECT")
    return await server.effect(compiled.sql, compiled.arguments(), is_write=is_write)


async def judged(server: Server, statement: Statement) -> tuple[str, str]:
    """The outcome, and what there is to say about it."""
    theirs, mine = await corpus_effect(server, statement), await our_effect(server, statement)
    if isinstance(theirs.error, MultipleResultsError) and server.has_pairs:  # each person needs to have one pet here
        server.has_pairs = server.is_fresh = False
        try:
            return await judged(server, statement)
        finally:
            server.has_pairs, server.is_fresh = True, False
    if isinstance(mine.error, AttributeError | TypeError):
        return "missing", str(mine.error)
    if theirs.error is not None:
        reason = str(theirs.error).partition("\n")[0]
        return ("ours only" if mine.error is None else "refused"), reason
    if mine.error is not None:
        ran = getattr(mine.error, "sql", None) is not None
        return ("fail" if ran else "missing"), str(mine.error)
    if (theirs.rows, theirs.tables) == (mine.rows, mine.tables):
        return "same", ""
    return "differ", f"theirs {theirs}\n        ours {mine}"[:1500]


async def run(name: str, url: str, path: Path, *, verbose: bool) -> Counter[str]:
    connection = await driver_for(parse_url(url)).connect()
    server, counted = Server(name, connection), Counter[str]()
    told = defaultdict[str, list[str]](list)
    try:
        for statement in statements(path, name):
            outcome, reason = await judged(server, statement)
            counted[outcome] += 1
            if outcome != "same":
                told[outcome].append(f"    {statement.id} {statement.area}: {reason}")
    finally:
        await connection.close()
    print(f"{name}: {counted['same']} of {counted.total()} {OUTCOMES['same']}")
    for outcome, words in OUTCOMES.items():
        if counted[outcome] and outcome != "same":
            is_told = verbose or outcome in ("differ", "fail", "missing")
            print(f"  {counted[outcome]} {words}", *(told[outcome] if is_told else ()), sep="\n")
    return counted


async def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", type=Path, nargs="?", default=os.environ.get("QUERYKIT_CORPUS"))
    parser.add_argument("--databases", default=",".join(DATABASES))
    parser.add_argument("--verbose", action="store_true", help="tell of the statements that are refused, too")
    arguments = parser.parse_args()
    if arguments.corpus is None:
        parser.error("name the corpus, or set QUERYKIT_CORPUS to its path")
    counted = Counter[str]()
    with tempfile.TemporaryDirectory() as folder:
        async with database_urls(arguments.databases.split(","), Path(folder)) as urls:
            for name, url in urls.items():
                counted += await run(name, url, Path(arguments.corpus), verbose=arguments.verbose)
    print(f"all: {counted['same']} of {counted.total()} {OUTCOMES['same']}")
    return int(bool(counted["differ"] or counted["fail"] or counted["missing"]))


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
