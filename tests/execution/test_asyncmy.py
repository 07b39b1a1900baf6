"""The core of the suite through asyncmy, the other driver for MySQL and MariaDB."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pytest

from querykit import sql
from querykit.execution.database import Database
from tests.databases import through_asyncmy

ROOT = Path(__file__).parents[2]
CORE = (
    "tests/exactness/test_matrix.py",
    "tests/exactness/test_parameters.py",
    "tests/exactness/test_truncation.py",
    "tests/execution/test_asyncmy.py",
    "tests/execution/test_cancellation.py",
    "tests/execution/test_errors.py",
    "tests/execution/test_streaming_memory.py",
    "tests/execution/test_tls.py",
    "tests/execution/test_transactions.py",
)

pytestmark = pytest.mark.databases("mysql", "mariadb")


async def test_the_scheme_names_the_driver(urls: dict[str, str], database_name: str) -> None:
    async with Database(through_asyncmy(urls[database_name])) as db, db.connection() as connection:
        assert type(connection.driver_connection).__module__ == "asyncmy.connection"
        assert db.dialect.name == database_name


async def test_a_stream_left_early_leaves_its_connection_in_order(urls: dict[str, str], database_name: str) -> None:
    """By itself, asyncmy goes on reading a stream that ended with an error."""
    counted = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 900)"
    many = sql.raw(f"{counted} SELECT a.i, b.i AS j FROM n AS a, n AS b")
    async with Database(through_asyncmy(urls[database_name]), pool_size=1) as db, db.connection() as connection:
        for _ in range(5):
            async with connection.stream(many, chunk_size=10) as rows:
                assert set(await anext(rows)) == {"i", "j"}
            assert await connection.fetch_value(sql("SELECT 7 AS seven")) == 7


async def test_the_core_of_the_suite_passes(database_name: str, urls: dict[str, str]) -> None:
    if urls[database_name] == through_asyncmy(urls[database_name]):
        pytest.skip("this is that run")
    command = [sys.executable, "-m", "pytest", "-q", f"--databases={database_name}", "--asyncmy", *CORE]
    environment = os.environ | {f"QUERYKIT_{database_name.upper()}_URL": urls[database_name]}
    done = await asyncio.to_thread(
        subprocess.run, command, cwd=ROOT, capture_output=True, text=True, check=False, env=environment
    )
    assert done.returncode == 0, done.stdout[-5000:]
    assert " passed" in done.stdout
