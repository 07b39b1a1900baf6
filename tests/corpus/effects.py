"""Running a statement of the corpus and what says the same with querykit, and comparing what they give and change."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

from querykit.builder.compiled import CompiledQuery
from querykit.builder.raw import RawStatement
from querykit.builder.statement import as_statement
from querykit.dialects import dialect_named
from querykit.errors import MultipleResultsError, QueryKitError
from querykit.execution.url import driver_for, parse_url
from tests.corpus import STATEMENTS
from tests.corpus.rows import prepared

CORPUS = Path(__file__).with_name("corpus.jsonl")
"""Each line is an object: ``id``, ``area``, and for each dialect a list of ``sql`` with ``parameters``."""

OUTCOMES = {
    "same": "compile, run and do the same",
    "refused": "are no SQL for their server, and are refused by us or fail the same",
    "ours only": "are no SQL for their server; ours runs",
    "differ": "do something else",
    "fail": "compile and fail when they run",
    "missing": "cannot be said yet",
}
"""What can become of a statement."""


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


def statements(name: str) -> Iterator[Statement]:
    """The statements for a server; MariaDB is given MySQL's."""
    spelled = "mysql" if name == "mariadb" else name
    for line in CORPUS.read_text(encoding="utf-8").splitlines():
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
                await self.connection.run(each)
            self.is_fresh = True
        if is_write:
            self.is_fresh = False
        try:
            rows = (await self.connection.fetch_described(self.as_compiled(sql), arguments)).rows
        except QueryKitError as error:
            self.is_fresh = False
            return Effect(error=error)
        return Effect(comparable(rows, is_ordered(sql)), await self.tables() if is_write else None)

    def as_compiled(self, sql: str) -> CompiledQuery:
        """A text as drivers take it."""
        return CompiledQuery(sql, (), self.name, RawStatement())

    async def tables(self) -> Any:
        """Every row of every table."""
        found = {}
        schemas = ["mammals.pet", "mammals.pet_staging"] if self.name == "postgres" else []
        for table in ["person", "pet", "toy", "camel_person", *schemas]:
            result = await self.connection.fetch_described(self.as_compiled(f"SELECT * FROM {table}"), ())
            found[table] = comparable(result.rows, is_kept=False)
        return found


def is_ordered(sql: str) -> bool:
    """Whether ORDER BY stands outside of all parentheses; not of a union, where the corpus' keys leave ties."""
    while (inner := re.sub(r"\([^()]*\)", "", sql)) != sql:
        sql = inner
    return " order by " in sql.lower() and " union " not in sql.lower()


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


@asynccontextmanager
async def connected(name: str, url: str) -> AsyncIterator[Server]:
    """A server, by a connection of its own."""
    connection = await driver_for(parse_url(url)).connect()
    try:
        yield Server(name, connection)
    finally:
        await connection.close()
