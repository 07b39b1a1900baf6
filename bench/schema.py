"""What a schema costs: reading 500 tables of 20 columns, code of them, and 200 migrations beside their bare statements.

python -m bench.schema [--quick]
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from bench.command import command
from bench.measure.run import Run
from querykit import Database, sql
from querykit.migrations import MigrationEvent, Migrator
from querykit.schema.codegen import generate
from querykit.schema.introspection import introspect

NAME = "schema"
TABLES, COLUMNS, FILES = 500, 20, 200
DATABASES = ("postgres", "mysql", "mariadb", "sqlite")


def measure(run: Run) -> None:
    rounds = 3 if run.is_quick else 7
    for name in DATABASES:
        read, made = asyncio.run(_read(run.databases.empty(name), rounds))
        run.found.add(NAME, f"{name}, {TABLES} tables of {COLUMNS} columns", "introspect", seconds=read)
        run.found.add(NAME, f"{name}, {TABLES} tables of {COLUMNS} columns", "introspect + generate", seconds=made)
    for name in DATABASES:
        bare, migrated = asyncio.run(_migrate(run.databases.empty(name), run.databases.empty(name), rounds))
        run.found.add(NAME, f"{name}, {FILES} migrations", "bare statements", seconds=bare)
        run.found.add(NAME, f"{name}, {FILES} migrations", "Migrator.up", seconds=migrated)


def _table(number: int) -> str:
    types = ("VARCHAR(40) NOT NULL", "INTEGER", "NUMERIC(10, 2)", "DATE", "BIGINT DEFAULT 7")
    columns = [f"c{each} {types[each % len(types)]}" for each in range(COLUMNS - 2)]
    parent = "" if number == 0 else f", FOREIGN KEY (parent_id) REFERENCES t{number // 2:04} (id)"
    keys = f"UNIQUE (c0, c1), CHECK (c1 > {number}){parent}"
    return f"CREATE TABLE t{number:04} (id BIGINT NOT NULL PRIMARY KEY, parent_id BIGINT, {', '.join(columns)}, {keys})"


async def _read(url: str, rounds: int) -> tuple[list[float], list[float]]:
    queries: list[Any] = []
    async with Database(url, log=queries.append) as db:
        await _run(db, [_table(number) for number in range(TABLES)])
        read, made = [], []
        for _ in range(rounds):
            queries.clear()
            began = time.perf_counter()
            found = await introspect(db)
            read.append(time.perf_counter() - began)
            assert len([each for each in queries if each.kind == "query"]) <= 8, "a query per kind, not per table"
            source = generate(found, db.dialect.name)
            made.append(time.perf_counter() - began)
            assert source.count("(Table, name=") == TABLES
    return read, made


async def _migrate(bare_url: str, url: str, rounds: int) -> tuple[list[float], list[float]]:
    """Rounds of the two, one after the other, so that the machine's moods meet both."""
    statements = [_table(number) for number in range(FILES)]
    drops = [f"DROP TABLE t{number:04}" for number in reversed(range(FILES))]
    bare, migrated = [], []
    with tempfile.TemporaryDirectory() as folder:
        for number, statement in enumerate(statements):
            (Path(folder) / f"{number:04}_t.sql").write_text(f"{statement};\n")
            (Path(folder) / f"{number:04}_t.down.sql").write_text(f"DROP TABLE t{number:04};\n")
        async with Database(bare_url) as one, Database(url) as other:
            seen: list[MigrationEvent] = []
            migrator = Migrator(other, folder, on_event=seen.append)
            for _ in range(rounds):
                bare.append(await _timed(lambda: _run(one, statements)))
                migrated.append(await _timed(migrator.up))
                assert [each.number for each in seen if each.kind == "end"] == [*range(1, FILES + 1)], (
                    "progress is told"
                )
                await _run(one, drops)
                await migrator.to(None)
                seen.clear()
    return bare, migrated


async def _timed(work: Callable[[], Awaitable[object]]) -> float:
    began = time.perf_counter()
    await work()
    return time.perf_counter() - began


async def _run(db: Any, statements: list[Any]) -> None:
    for statement in statements:
        await db.execute(sql.raw(statement))
    print(f"{db.dialect.name}: {len(statements)} statements", file=sys.stderr)


if __name__ == "__main__":
    command(NAME, measure)
