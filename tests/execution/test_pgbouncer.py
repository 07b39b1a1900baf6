"""The core of the suite through PgBouncer, where every transaction may meet another connection of the server."""

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CORE = ("tests/execution/test_transactions.py", "tests/execution/test_bulk.py", "tests/corpus", "tests/test_recipes.py")


@pytest.mark.databases("postgres")
async def test_the_core_of_the_suite_passes_through_pgbouncer(database_name: str, urls: dict[str, str]) -> None:
    if "pgbouncer=true" in urls[database_name]:
        pytest.skip("this is that run")
    command = [sys.executable, "-m", "pytest", "-q", "--databases=postgres", "--pgbouncer", *CORE]
    done = await asyncio.to_thread(subprocess.run, command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-5000:]
    assert " passed" in done.stdout
