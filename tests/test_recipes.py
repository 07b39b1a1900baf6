"""Every recipe runs by itself, on every database, and gives what `recipes/NAME.json` beside this file says."""

import importlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

RECIPES = Path(__file__).parent.parent / "recipes"
GIVEN = Path(__file__).parent / "recipes"
NAMES = sorted(path.stem for path in GIVEN.glob("*.json"))

SHARED = {"schema", "users"}
"""Files that recipes share, which are none themselves."""


def test_every_recipe_is_run_here():
    assert {path.stem for path in RECIPES.glob("*.py")} - SHARED == set(NAMES)


def test_every_recipe_is_listed():
    listed = (RECIPES / "README.md").read_text(encoding="utf-8")
    for name in NAMES:
        assert f"]({name}.py)" in listed, name


@pytest.mark.parametrize("name", NAMES)
async def test_a_recipe_gives_what_it_says(name, database_name, urls, monkeypatch, capsys):
    monkeypatch.syspath_prepend(str(RECIPES))
    recipe = importlib.import_module(name)
    expected = json.loads((GIVEN / f"{name}.json").read_text(encoding="utf-8"))
    assert await recipe.main(urls[database_name]) == expected
    assert capsys.readouterr().out


@pytest.mark.parametrize("name", NAMES)
def test_a_recipe_runs_by_itself(name):
    path = RECIPES / f"{name}.py"
    done = subprocess.run(
        [sys.executable, path], env=os.environ, capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout
    assert path.read_text(encoding="utf-8").count("\n") <= 80
