"""`querykit codegen` writes a file, tells when it is out of date, and never writes over what a person wrote."""

import json
import sqlite3

import pytest
from click.testing import CliRunner

from querykit.cli import main


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    connection = sqlite3.connect(tmp_path / "zoo.db")
    connection.executescript(
        "CREATE TABLE animal (id INTEGER PRIMARY KEY NOT NULL, name TEXT); CREATE TABLE keeper (id INT);"
    )
    connection.close()

    def run(*arguments):
        return CliRunner().invoke(main, ["codegen", *arguments], env={"QUERYKIT_URL": "sqlite:///zoo.db"})

    return run


def test_a_module_is_written_and_checked_and_renamed_by_a_second_file(run, tmp_path):
    path = tmp_path / "tables.py"
    done = run("-o", "tables.py")
    assert (done.exit_code, done.stderr) == (0, "tables.py: 2 tables\n")
    first = path.read_text()
    assert 'class Animal(Table, name="animal"):' in first
    assert run("-o", "tables.py").stderr == "tables.py: 2 tables, as they were\n"
    assert run("-o", "tables.py", "--check").exit_code == 0

    overrides = tmp_path / "tables.toml"
    overrides.write_text('[tables.animal]\nname = "Beast"\n')
    done = run("-o", "tables.py", "--check")
    assert (done.exit_code, path.read_text()) == (1, first)
    assert "+class Beast" in done.stdout
    assert json.loads(run("-o", "tables.py", "--check", "--json").stdout)["changed"]
    assert run("-o", "tables.py").exit_code == 0
    assert 'class Beast(Table, name="animal"):' in path.read_text()
    assert overrides.read_text() == '[tables.animal]\nname = "Beast"\n'
    overrides.write_text("[nonsense]\n")
    done = run("-o", "tables.py")
    assert (done.exit_code, "no nonsense" in done.stderr) == (1, True)


def test_some_tables_alone_and_one_that_is_not_there(run):
    done = run("--tables", "keeper")
    assert done.exit_code == 0
    assert ("class Keeper" in done.stdout, "class Animal" in done.stdout) == (True, False)
    assert "there is no table pet" in run("--tables", "keeper, pet").stderr
    assert json.loads(run("--json", "--schema", "main").stdout)["tables"] == 2
    assert 'schema="main"' in run("--schema", "main").stdout


def test_what_a_person_wrote_is_left(run, tmp_path):
    path = tmp_path / "tables.py"
    path.write_text("# mine\n")
    assert (run("-o", "tables.py").exit_code, path.read_text()) == (1, "# mine\n")
    assert (run("-o", "tables.py", "--force").exit_code, path.read_text() != "# mine\n") == (0, True)
    assert run("--check").exit_code == 2
