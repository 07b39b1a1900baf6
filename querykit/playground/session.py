"""The database behind the page: opened to read, looked at, asked."""

from __future__ import annotations

import time
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from urllib.parse import parse_qsl, urlencode, urlsplit

from querykit import CompileError, Database, sql
from querykit.access.fields import field_of
from querykit.playground.catalog import Catalog, catalog_of
from querykit.playground.checked import TAKES, Level, checked
from querykit.playground.python_code import program_of
from querykit.playground.query import query_of
from querykit.playground.tree import Tree
from querykit.schema.introspection import introspect

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from querykit import Transaction
    from querykit.playground.description import Description

DIALECTS: Final = ("postgres", "mysql", "mariadb", "sqlite")
_CONNECTIONS: Final = 4
_READ_ONLY: Final = {
    "postgres": sql("SET default_transaction_read_only = on"),
    # START TRANSACTION READ ONLY alone lets CREATE and DROP through, which end the transaction before they run
    "mysql": sql("SET SESSION TRANSACTION READ ONLY"),
    "mariadb": sql("SET SESSION TRANSACTION READ ONLY"),
}
"""How a server's session refuses writes whatever runs in it. A file of SQLite's is opened to read."""


class Limits(NamedTuple):
    """How much one request may cost.

    Attributes:
        seconds: How long a statement may run.
        rows: How many rows it gives at most.
    """

    seconds: float = 10.0
    rows: int = 500


class Session:
    """What the page asks of a database. Made by `opened`.

    Attributes:
        db: The database, opened to read.
        limits: How much a request may cost.
        catalog: What the database had when it was last looked at.
        is_demo: Whether it is the village.
    """

    def __init__(self, db: Database, url: str, schema: str | None, limits: Limits, *, is_demo: bool) -> None:
        """Hold an open database; `url` is shown, if it has no secrets."""
        self.db, self.limits, self.is_demo = db, limits, is_demo
        self.catalog = Catalog({}, schema)
        self._url = url if _is_file(url) else None

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Transaction]:
        """A transaction in which the server refuses every write."""
        async with self.db.transaction(read_only=True) as trx:
            yield trx

    async def look(self) -> dict[str, Any]:
        """Look at the tables anew, and describe them to the page."""
        async with self.reading() as trx:
            found = await introspect(trx, schema=self.catalog.schema)
        self.catalog = catalog_of(found, self.db.dialect.name, schema=self.catalog.schema)
        return {
            "database": "the demo village" if self.is_demo else repr(self.db).removeprefix("<Database ")[:-1],
            "dialect": self.db.dialect.name,
            "version": self.db.server_version,
            "is_demo": self.is_demo,
            "rows": self.limits.rows,
            "tables": [_described(each) for each in self.catalog.tables.values()],
        }

    def show(self, description: Description) -> dict[str, Any]:
        """The program and the SQL of a query; nothing runs."""
        level = self._checked(description)
        query = query_of(level)
        own = self.db.dialect.name
        dialects = [own, *[each for each in DIALECTS if each != own]]
        return {
            "python": program_of(level, self.catalog, url=self._url),
            "sql": [_written(query, each) for each in dialects],
        }

    async def run(self, description: Description) -> dict[str, Any]:
        """The rows of a query, as a tree."""
        level = self._checked(description)
        most = self.limits.rows
        is_limited = level.limit is not None and level.limit <= most
        query = query_of(level if is_limited else replace(level, limit=most + 1))
        began = time.perf_counter()
        async with self.reading() as trx:
            rows = await trx.fetch_all(query)
        seconds = time.perf_counter() - began
        tree = Tree()
        node = tree.node(rows[:most])
        notes = [f"only the first {most} rows are shown"] if len(rows) > most else []
        notes += ["the result is too large for a page: not all of it is shown"] if tree.is_cut else []
        return {"tree": node, "rows": min(len(rows), most), "seconds": round(seconds, 4), "notes": notes}

    async def plan(self, description: Description) -> dict[str, Any]:
        """How the server would run a query, in its own words."""
        query = query_of(self._checked(description))
        async with self.reading() as trx:
            rows = await trx.explain(query)
        names = list(rows[0]) if rows else []
        return {
            "columns": names,
            "rows": [["" if row[name] is None else str(row[name]) for name in names] for row in rows],
        }

    def _checked(self, description: Description) -> Level:
        return checked(description, self.catalog)


@asynccontextmanager
async def opened(url: str, *, schema: str | None, limits: Limits, is_demo: bool = False) -> AsyncIterator[Session]:
    """Open a database to read."""
    hook = None if _is_bounced(url) else _refuse_writes
    async with Database(read_only_url(url), pool_size=_CONNECTIONS, timeout=limits.seconds, on_connect=hook) as db:
        session = Session(db, url, schema, limits, is_demo=is_demo)
        await session.look()
        yield session


async def _refuse_writes(connection: Any) -> None:
    statement = _READ_ONLY.get(connection.dialect.name)
    if statement is not None:
        await connection.execute(statement)


def read_only_url(url: str) -> str:
    """The URL, with SQLite's way to open a file that is only read; servers refuse writes by transaction."""
    if not _is_file(url):
        return url
    options = {**dict(parse_qsl(urlsplit(url).query, keep_blank_values=True)), "mode": "ro"}
    return f"{url.partition('?')[0]}?{urlencode(options)}"


def _is_bounced(url: str) -> bool:
    """Whether PgBouncer stands between, whose sessions are shared: there the read-only transaction has to do."""
    return any(name == "pgbouncer" for name, _ in parse_qsl(urlsplit(url).query))


def _is_file(url: str) -> bool:
    return url.startswith("sqlite:///") and not url.startswith("sqlite:///:memory:")


def _written(query: Any, dialect: str) -> dict[str, Any]:
    try:
        compiled = query.compile(dialect)
    except CompileError as error:
        return {"dialect": dialect, "error": str(error)}
    return {"dialect": dialect, "sql": str(compiled), "parameters": [repr(each) for each in compiled.parameters]}


def _described(table: Any) -> dict[str, Any]:
    found = table.found
    columns = [
        {
            "name": each.name,
            "type": each.type,
            "python": table.annotations[each.name].code,
            "is_key": each.name in found.primary_key,
            "operators": table.operators(each.name),
            "takes": TAKES.get(field_of(table.declared[table.names[each.name]]).kind, "").partition(": ")[2],
            "comment": each.comment,
        }
        for each in found.columns
    ]
    relations = [
        {
            "name": each.name,
            "table": each.target,
            "is_many": each.is_many,
            "through": each.through,
            "links": [f"{each.through or each.target}.{own} = {found.name}.{outer}" for own, outer in each.links],
        }
        for each in table.relations.values()
    ]
    return {
        "name": found.name,
        "kind": found.kind,
        "comment": found.comment,
        "columns": columns,
        "relations": relations,
    }
