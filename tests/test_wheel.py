"""The wheel holds all that querykit needs, and says what is missing where an extra is; `make wheel` tries each of them."""

from pathlib import Path

import pytest

from tests.wheel import PROJECT, ROOT, WORKS, Environment, build, wanted

NEEDS_POSTGRES = """
import asyncio, querykit
try:
    asyncio.run(querykit.Database("postgresql://ada@localhost/shop").connect())
except querykit.ConfigurationError as error:
    print(error)
"""


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Environment:
    folder = tmp_path_factory.mktemp("wheel")
    made = Environment(folder / "environment")
    made.install(wanted(build(folder)))
    return made


def test_make_wheel_tries_every_extra() -> None:
    assert set(WORKS) == {"", *PROJECT["optional-dependencies"]} - {"dev", "docs"}


def test_it_nests_rows(environment: Environment, tmp_path: Path) -> None:
    for name in ("nested_relations.py", "schema.py"):
        (tmp_path / name).write_text((ROOT / "recipes" / name).read_text(encoding="utf-8"), encoding="utf-8")
    done = environment.python("nested_relations.py", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout
    assert environment.python("-c", WORKS[""]).returncode == 0


def test_it_says_which_extra_is_missing(environment: Environment) -> None:
    assert "querykit[postgres]" in environment.python("-c", NEEDS_POSTGRES).stdout
    assert "querykit[cli]" in environment.python("-c", "import querykit.cli").stderr


def test_it_is_typed(environment: Environment) -> None:
    done = environment.python(
        "-c", "import importlib.resources as r; print(r.files('querykit').joinpath('py.typed').is_file())"
    )
    assert done.stdout.strip() == "True"
