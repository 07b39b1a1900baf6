"""`querykit repl` awaits what is typed, knows the tables, stops what is interrupted, and remembers lines."""

import os
import pty
import select
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

COMMAND = [sys.executable, "-c", "from querykit.cli import main; main()", "repl"]


@pytest.fixture
def folder(tmp_path):
    connection = sqlite3.connect(tmp_path / "zoo.db")
    connection.executescript(
        "CREATE TABLE animal (id INTEGER PRIMARY KEY, name TEXT); INSERT INTO animal VALUES (7, 'Rex');"
    )
    connection.close()
    (tmp_path / "pyproject.toml").write_text('[tool.querykit]\nurl = "sqlite:///zoo.db"\n')
    return tmp_path


def environment(folder, **others):
    return (
        os.environ
        | {"PYTHONPATH": str(Path.cwd()), "QUERYKIT_HISTORY": str(folder / "history"), "QUERYKIT_URL": ""}
        | others
    )


def typed(folder, text, *arguments):
    return subprocess.run(
        [*COMMAND, *arguments],
        input=text,
        cwd=folder,
        env=environment(folder),
        capture_output=True,
        text=True,
        check=False,
    )


def test_lines_are_awaited_and_go_on_after_errors(folder):
    done = typed(
        folder,
        "await db.select_from(animal).select(animal.name).fetch_all()\n"
        "async with db.transaction() as trx:\n    number = await trx.fetch_value(sql('SELECT 6'))\n\n"
        "number + 1\n"
        "1 / 0\n"
        "await db.fetch_all(sql('SELECT nope'))\n"
        "animal.nme\n"
        "fn.count\n",
    )
    assert done.returncode == 0
    assert "[{'name': 'Rex'}]" in done.stdout
    assert "7\n" in done.stdout
    assert 'File "<console>", line 1, in <module>\nZeroDivisionError' in done.stderr
    assert "UndefinedColumnError: no such column: nope" in done.stderr
    assert "did you mean" in done.stderr
    assert "querykit on sqlite: db, animal" in done.stderr


def test_one_command_and_its_code(folder):
    done = typed(folder, "", "-c", "print(await db.fetch_value(select_from(animal).select(animal.id)))")
    assert (done.returncode, done.stdout) == (0, "7\n")
    assert typed(folder, "", "-c", "await db.fetch_all(sql('SELECT nope'))").returncode == 1
    assert typed(folder, "", "sqlite:///nowhere/x.db").returncode == 1
    (folder / "declared.py").write_text(
        "from querykit import Column, Table\nclass Animal(Table, name='animal'):\n    id: Column[int]\n"
    )
    done = typed(folder, "", "--tables", "declared", "-c", "print([*animal._columns])")
    assert (done.returncode, done.stdout) == (0, "['id']\n"), done.stderr


class Terminal:
    """A person at a terminal: what is typed, and what is seen."""

    def __init__(self, folder):
        self.here, there = pty.openpty()
        self.process = subprocess.Popen(
            COMMAND, cwd=folder, env=environment(folder, TERM="dumb"), stdin=there, stdout=there, stderr=there,
            start_new_session=True, close_fds=True,
        )  # fmt: skip
        os.close(there)
        self.seen = ""

    def type(self, text):
        os.write(self.here, text.encode())

    def expect(self, text, seconds=20.0):
        ends = time.monotonic() + seconds
        while text not in self.seen:
            assert time.monotonic() < ends, f"{text!r} was not seen in {self.seen!r}"
            if select.select([self.here], [], [], 0.1)[0]:
                try:
                    self.seen += os.read(self.here, 4096).decode()
                except OSError:  # its end, on Linux
                    assert text in self.seen, self.seen
        self.seen = self.seen.partition(text)[2]


def test_a_terminal_completes_interrupts_and_remembers(folder):
    terminal = Terminal(folder)
    try:
        terminal.expect(">>> ")
        terminal.type("anim\t.na\t\n")
        terminal.expect("<Column animal.name>")
        terminal.type("import asyncio\n")
        terminal.type("await asyncio.sleep(60)\n")
        terminal.expect("sleep(60)")
        time.sleep(0.5)
        terminal.process.send_signal(signal.SIGINT)
        terminal.expect("KeyboardInterrupt")
        terminal.type("await db.fetch_value(sql('SELECT 41 + 1'))\n")
        terminal.expect("42")
        terminal.expect(">>> ")
        terminal.type("\x04")
        assert terminal.process.wait(20) == 0
    finally:
        terminal.process.kill()
        terminal.process.wait()
        os.close(terminal.here)
    assert "await asyncio.sleep(60)" in (folder / "history").read_text()
