"""Every recipe runs by itself, on every database, and gives what it says."""

import importlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

RECIPES = Path(__file__).parent.parent / "recipes"

GIVES = {
    "nested_relations": [
        {"first_name": "Agnes", "pets": [], "mother": None},
        {
            "first_name": "Beatrice",
            "pets": [
                {"name": "Bello", "species": "dog", "toys": [{"name": "tennis ball"}]},
                {"name": "Mischa", "species": "cat", "toys": [{"name": "cork on a string"}, {"name": "felt mouse"}]},
            ],
            "mother": {"first_name": "Agnes"},
        },
        {"first_name": "Casimir", "pets": [], "mother": {"first_name": "Agnes"}},
        {
            "first_name": "Delphine",
            "pets": [{"name": "Arthur", "species": "tortoise", "toys": []}],
            "mother": {"first_name": "Beatrice"},
        },
    ],
    "top_children": [
        {"first_name": "Agnes", "pets": [], "pet_count": 0},
        {
            "first_name": "Beatrice",
            "pets": [
                {"name": name, "species": kind} for name, kind in (("Ada", "hen"), ("Bello", "dog"), ("Berta", "hen"))
            ],
            "pet_count": 5,
        },
        {"first_name": "Casimir", "pets": [], "pet_count": 0},
        {"first_name": "Delphine", "pets": [{"name": "Arthur", "species": "tortoise"}], "pet_count": 1},
    ],
    "typed_rows": [
        {"id": 1, "first_name": "Agnes", "pets": [], "tags": []},
        {
            "id": 2,
            "first_name": "Beatrice",
            "pets": [{"name": "Bello", "species": "dog"}, {"name": "Mischa", "species": "cat"}],
            "tags": [],
        },
        {"id": 3, "first_name": "Casimir", "pets": [], "tags": []},
        {"id": 4, "first_name": "Delphine", "pets": [{"name": "Arthur", "species": "tortoise"}], "tags": []},
    ],
    "json_response": [
        {
            "id": 2,
            "first_name": "Beatrice",
            "pets": [{"name": "Bello", "species": "dog"}, {"name": "Mischa", "species": "cat"}],
        },
        {"id": 3, "first_name": "Casimir", "pets": []},
        {"id": 4, "first_name": "Delphine", "pets": [{"name": "Arthur", "species": "tortoise"}]},
    ],
}
"""What the `main` of each recipe returns."""

SHARED = {"schema"}
"""Files that recipes share, which are none themselves."""


def test_every_recipe_is_run_here():
    assert {path.stem for path in RECIPES.glob("*.py")} - SHARED == set(GIVES)


@pytest.mark.parametrize("name", GIVES)
async def test_a_recipe_gives_what_it_says(name, database_name, urls, monkeypatch, capsys):
    monkeypatch.syspath_prepend(str(RECIPES))
    recipe = importlib.import_module(name)
    assert await recipe.main(urls[database_name]) == GIVES[name]
    assert capsys.readouterr().out


@pytest.mark.parametrize("name", GIVES)
def test_a_recipe_runs_by_itself(name):
    path = RECIPES / f"{name}.py"
    done = subprocess.run(
        [sys.executable, path], env=os.environ, capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout
    assert path.read_text().count("\n") <= 80
