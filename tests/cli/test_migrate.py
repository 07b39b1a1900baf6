"""Migrations from a shell."""

import json

import pytest
from click.testing import CliRunner

from querykit.cli import main


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pyproject.toml").write_text('[tool.querykit]\nurl = "sqlite:///zoo.db"\nmigrations = "changes"\n')

    def run(*arguments):
        return CliRunner().invoke(main, ["migrate", *arguments], env={"QUERYKIT_URL": None})

    return run


def test_migrations_are_created_applied_shown_and_taken_back(run, tmp_path):
    assert run("create", "First", "animals!", "--sql").stdout.splitlines() == [
        "changes/0001_first_animals.sql",
        "changes/0001_first_animals.down.sql",
    ]
    (tmp_path / "changes/0001_first_animals.sql").write_text("CREATE TABLE animal (id INT);")
    (tmp_path / "changes/0001_first_animals.down.sql").write_text("DROP TABLE animal;")
    assert run("create", "more").stdout == "changes/0002_more.py\n"

    assert run("plan").stdout.startswith("-- 0001_first_animals\nCREATE TABLE animal (id INT);\n-- 0002_more\n")
    assert run("up", "1").stdout == "0001_first_animals\n"
    assert run("status").stdout == "applied  0001_first_animals\npending  0002_more\n"
    done = run("up")
    assert (done.stdout, "1/1 up 0002_more done in" in done.stderr) == ("0002_more\n", True)
    assert run("up").stdout == "nothing to do\n"
    assert json.loads(run("status", "--json").stdout)[1] == {"name": "0002_more", "state": "applied"}
    assert run("redo").exit_code == 0
    assert run("to", "none").stdout == "0002_more\n0001_first_animals\n"


def test_what_goes_wrong_ends_with_a_message_and_a_code(run, tmp_path):
    done = run("up")
    assert (done.exit_code, done.stderr) == (1, "Error: there is no folder changes\n")
    run("create", "broken", "--sql")
    (tmp_path / "changes/0001_broken.sql").write_text("CREATE nonsense;")
    done = run("up")
    assert done.exit_code == 1
    assert "'0001_broken' failed (up)" in done.stderr
    assert run("repair", "0001_broken", "--applied").exit_code == 1
    assert run("down", "0").exit_code == 2
