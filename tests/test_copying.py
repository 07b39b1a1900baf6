"""Part of the suite on copies of every statement: `rewrite` reaches every node, and forgets no part of any.

`pytest --copying-plugin` runs all of it so.
"""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FOLDERS = ("tests/builder", "tests/dialects", "tests/helpers")
LONG = ("ten_thousand_rows", "the_text_of_a_long_list", "in_a_split_insert")
"""Tests of thousands of values, which copies make no different."""


def test_copies_of_statements_are_written_and_run_as_they_are(pytestconfig: pytest.Config) -> None:
    if pytestconfig.option.copying_plugin:  # this run is it
        return
    selected = " and ".join([f"not {name}" for name in LONG])
    options = ("-q", "-x", "--copying-plugin", "--databases=sqlite", "-p", "no:cacheprovider", "-k", selected)
    command = [sys.executable, "-m", "pytest", *options, *FOLDERS]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]
    assert " passed" in done.stdout
