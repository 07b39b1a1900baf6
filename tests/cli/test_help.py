"""The commands are documented as they say themselves: `python -m tests.cli.test_help` writes their page anew."""

from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from querykit.cli import main

PAGE = Path(__file__).parent.parent.parent / "docs" / "command.md"
MARK = "## What each command says\n"


def commands(command: click.Command, names: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    yield names
    if isinstance(command, click.Group):
        for name in command.commands:
            yield from commands(command.commands[name], (*names, name))


def help_of(names: tuple[str, ...]) -> str:
    done = CliRunner().invoke(main, [*names, "--help"], prog_name="querykit", terminal_width=100, max_content_width=100)
    assert done.exit_code == 0
    return done.stdout.rstrip()


def section(names: tuple[str, ...]) -> str:
    return f"### querykit {' '.join(names)}".rstrip() + f"\n\n```text\n{help_of(names)}\n```\n"


@pytest.mark.parametrize("names", [*commands(main)], ids=" ".join)
def test_the_page_has_what_a_command_says(names):
    assert section(names) in PAGE.read_text(encoding="utf-8"), "run: python -m tests.cli.test_help"


def test_the_page_has_no_command_that_is_gone():
    found = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("### querykit")]
    assert found == [section(names).splitlines()[0] for names in commands(main)]


def test_every_option_and_command_says_what_it_is_for():
    for names in commands(main):
        text = help_of(names)
        assert len(text.splitlines()[2].strip()) > 10, names
        command: click.Command = main
        for name in names:
            command = command.commands[name]
        assert all(each.help for each in command.params if isinstance(each, click.Option)), names


if __name__ == "__main__":
    before = PAGE.read_text(encoding="utf-8").partition(MARK)[0]
    PAGE.write_text(before + MARK + "\n" + "\n".join(section(names) for names in commands(main)), encoding="utf-8")
