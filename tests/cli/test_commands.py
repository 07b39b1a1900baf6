"""The command prints what a query says and what a server can do, and ends with a code that says whether it could."""

import asyncio
import json
import subprocess
import sys

import pytest
from click.testing import CliRunner

from querykit.cli import main

PLACE = "tests.cli.queries"


def run(*arguments, **environment):
    return CliRunner().invoke(main, [*map(str, arguments)], env=environment)


def test_the_sql_of_a_query_in_every_dialect():
    done = run("sql", f"{PLACE}:named", "--json")
    assert done.exit_code == 0
    found = json.loads(done.stdout)
    assert found["mysql"] == {"sql": "SELECT `pet`.`id` FROM `pet` WHERE `pet`.`name` = %s", "parameters": ["it's"]}
    assert set(found) == {"postgres", "mysql", "mariadb", "sqlite"}
    assert 'FROM "pet"' in run("sql", f"{PLACE}:made").stdout


def test_a_dialect_by_itself_and_its_refusal():
    assert "FOR UPDATE" in run("sql", f"{PLACE}:locked", "--dialect", "mysql").stdout
    done = run("sql", f"{PLACE}:locked", "--dialect", "sqlite")
    assert done.exit_code == 1
    assert "FOR UPDATE" in done.stdout


@pytest.mark.parametrize(
    ("place", "message"),
    [
        ("named", "MODULE:NAME"),
        (f"{PLACE}:", "MODULE:NAME"),
        ("tests.cli.nothing:named", "no module"),
        (f"{PLACE}:nothing", "has no nothing"),
        (f"{PLACE}:number", "is no query"),
        (f"{PLACE}:asked", "takes arguments"),
    ],
)
def test_what_is_no_query_is_refused(place, message):
    done = run("sql", place)
    assert done.exit_code == 2
    assert message in done.stderr


def test_a_half_built_query_says_what_is_missing():
    done = run("sql", f"{PLACE}:half")
    assert done.exit_code == 1
    assert "selects nothing" in done.stdout


def test_the_doctor_tells_what_a_server_can_do(urls, database_name):
    done = run("doctor", urls[database_name], "--json")
    assert done.exit_code == 0, done.output
    report = json.loads(done.stdout)
    assert report["dialect"] == database_name
    assert report["features"]["nested lists"] is None
    assert (report["features"]["INSERT … RETURNING"] is None) == (database_name != "mysql")
    assert (report["features"]["FOR UPDATE SKIP LOCKED"] is None) == (database_name != "sqlite")
    shown = run("doctor", QUERYKIT_URL=urls[database_name])
    assert report["version"] in shown.stdout


@pytest.mark.usefixtures("sample_tables")
async def test_a_plan_is_printed(urls, database_name):
    done = await asyncio.to_thread(run, "explain", f"{PLACE}:named", urls[database_name])
    assert done.exit_code == 0, done.output
    assert done.stdout.strip()
    assert not done.stderr
    done = await asyncio.to_thread(run, "explain", f"{PLACE}:nested", urls[database_name])
    assert "warning: pet is searched by owner_id" in done.stderr
    assert "CREATE INDEX" in done.stderr


def test_without_a_database_it_says_where_to_name_one(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    done = run("doctor", QUERYKIT_URL=None)
    assert done.exit_code == 2
    assert "[tool.querykit]" in done.stderr
    (tmp_path / "pyproject.toml").write_text('[tool.querykit]\nurl = "sqlite://"\n')
    assert "sqlite" in run("doctor", QUERYKIT_URL=None).stdout


def test_a_password_is_never_printed():
    done = run("doctor", "postgresql://someone:h0pscotch@127.0.0.1:1/none")
    assert done.exit_code == 1
    assert "h0pscotch" not in done.output


def test_a_password_is_hidden_in_whatever_fails(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    url = "postgresql://someone:h0p%23scotch@127.0.0.1:1/none"
    (tmp_path / "failing.py").write_text(f"raise ValueError('{url}', 'h0p#scotch')\n")
    for arguments in (
        ["explain", "failing:query", url],
        ["diff", url, "--tables", "failing"],
        ["codegen", url],
        ["repl", url, "-c", "1"],
        ["migrate", "--url", url, "status"],
        ["doctor", "postgresql//someone:h0p%23scotch@127.0.0.1"],
        ["sync", "sqlite://", "--tables", "failing", "--shadow", url],
        ["doctor", url.replace("none", "none?timeout=h0p%23scotch")],
    ):
        monkeypatch.setattr(sys, "path", [*sys.path])
        sys.modules.pop("failing", None)
        done = run(*arguments)
        assert done.exit_code in (1, 2), arguments
        assert done.output, arguments
        if arguments[0] != "sync":
            assert "h0p" not in done.output, arguments


def test_a_plan_can_be_read_by_programs(urls, database_name):
    done = run("explain", f"{PLACE}:one", urls[database_name], "--json")
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["plan"]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_shells_can_complete(shell):
    done = run("completion", shell)
    assert done.exit_code == 0, done.output
    assert "_QUERYKIT_COMPLETE" in done.stdout
    if shell == "bash":
        done = subprocess.run(["/bin/bash", "-n"], input=done.stdout, text=True, check=False)
        assert done.returncode == 0


def test_words_are_completed(monkeypatch):
    monkeypatch.setenv("_QUERYKIT_COMPLETE", "bash_complete")
    monkeypatch.setenv("COMP_WORDS", "querykit migr")
    monkeypatch.setenv("COMP_CWORD", "1")
    done = CliRunner().invoke(main, [], prog_name="querykit")
    assert done.stdout == "plain,migrate\n"


def test_a_settings_file_that_is_none_is_told(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pyproject.toml").write_text("[tool")
    done = run("doctor", QUERYKIT_URL=None)
    assert (done.exit_code, "pyproject.toml" in done.stderr) == (2, True)
