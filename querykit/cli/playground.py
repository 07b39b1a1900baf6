"""The command `querykit playground`."""

from __future__ import annotations

import asyncio
import importlib
import signal
from contextlib import suppress
from typing import Any

import click

from querykit.cli.found import known_url


@click.command()
@click.argument("url", required=False)
@click.option("--demo", is_flag=True, help="A village to play with, whatever database is set.")
@click.option("--schema", help="The schema whose tables are offered; unsaid, the usual one.")
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="Where to listen; unsaid, any that is free.")
@click.option(
    "--timeout", type=click.FloatRange(min=0.1), default=10.0, show_default=True, help="Seconds a query may run."
)
@click.option("--max-rows", type=click.IntRange(1, 10_000), default=500, show_default=True, help="Rows shown at most.")
@click.option("--open", "is_opened", is_flag=True, help="Open the page in the browser.")
def playground(url: str | None, *, demo: bool, is_opened: bool, **options: Any) -> None:
    """Serve a page on this machine that builds queries of the tables at URL, and shows what they give.

    It reads only, and answers to this machine alone. Without URL: $QUERYKIT_URL, or `url` in the [tool.querykit] of
    pyproject.toml, or a village to play with. Needs querykit[playground].
    """
    # Other commands start without the packages of this one.
    running = importlib.import_module("querykit.playground").running
    with suppress(KeyboardInterrupt):
        asyncio.run(_serve(running(None if demo else known_url(url), **options), is_opened=is_opened))


async def _serve(running: Any, *, is_opened: bool) -> None:
    ended = asyncio.Event()
    with suppress(NotImplementedError):  # of Windows, where nothing sends it
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
    async with running as made:
        click.echo(f"The playground is at {made.address}")
        click.echo("The address holds the key to it: keep it to yourself. Ctrl+C ends it.")
        if is_opened:
            click.launch(made.address)
        waits = asyncio.ensure_future(ended.wait())
        await asyncio.wait([made.server, waits], return_when=asyncio.FIRST_COMPLETED)
        waits.cancel()
