"""The command `querykit completion`."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print what makes SHELL complete this command: `eval "$(querykit completion bash)"` in its start-up file."""
    made = get_completion_class(shell)
    if made is None:
        raise click.BadParameter(f"click has no completion for {shell}")
    click.echo(made(context.find_root().command, {}, "querykit", "_QUERYKIT_COMPLETE").source())
