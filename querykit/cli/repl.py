"""The command `querykit repl`: an asynchronous shell with `db` and the tables at hand."""

from __future__ import annotations

import ast
import asyncio
import code
import contextlib
import os
import rlcompleter
import sys
import threading
import traceback
from concurrent.futures import CancelledError
from importlib.util import find_spec
from pathlib import Path
from types import CodeType, FunctionType
from typing import TYPE_CHECKING, Any

import click

import querykit as library
from querykit import Database, Table
from querykit.cli.found import find_setting, find_tables, find_url, takes_url
from querykit.errors import QueryKitError
from querykit.schema.codegen import tables_of
from querykit.schema.introspection import introspect

if find_spec("readline") is None:  # Windows has none
    readline: Any = None
else:
    import readline

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from concurrent.futures import Future


@click.command()
@takes_url
@click.option(
    "--tables", metavar="MODULE[:NAME]", help="The tables; unsaid, [tool.querykit] tables, or those of the database."
)
@click.option("-c", "--command", help="Run this, print what it gives, and leave.")
def repl(url: str | None, tables: str | None, command: str | None) -> None:
    """Open a shell on the database at URL: `await` works, `db` is the database, and tables have their names.

    The public names of querykit are there too. Without URL: $QUERYKIT_URL, or `url` in the [tool.querykit] of
    pyproject.toml. Lines are kept in $QUERYKIT_HISTORY, or ~/.querykit_history.
    """
    address = find_url(url)
    declared = find_tables(tables) if tables or find_setting("tables") else None
    with _loop() as loop:
        db, names = _done(loop, _opened(address, declared))
        try:
            shell = Shell(names, loop)
            if command is not None:
                shell.runsource(command, symbol="exec" if "\n" in command else "single")
            else:
                _converse(shell, db, names)
        finally:
            _done(loop, db.close())
    if command is not None and shell.has_failed:
        raise click.exceptions.Exit(1)


class Shell(code.InteractiveConsole):
    """Runs what is typed in the loop of the database; what is awaited at top level is awaited there.

    Attributes:
        has_failed: Whether what was typed last raised.
    """

    def __init__(self, names: dict[str, Any], loop: asyncio.AbstractEventLoop) -> None:
        """Start with names."""
        super().__init__({"__name__": "__console__", "__doc__": None, **names})
        self.compile.compiler.flags |= ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
        self.has_failed = False
        self._loop = loop

    def runcode(self, code: CodeType) -> None:
        """Run a line; Ctrl-C cancels it, and the statement on the server with it."""
        self.has_failed = True
        running = asyncio.run_coroutine_threadsafe(self._evaluated(code), self._loop)
        try:
            running.result()
        except (KeyboardInterrupt, CancelledError):
            _cancelled(running)
            self.write("\nKeyboardInterrupt\n")
        except SystemExit:
            raise
        except QueryKitError as error:  # what failed is seen above; where in this library says nothing
            self.write(f"{type(error).__name__}: {error}\n")
        except BaseException as error:  # noqa: BLE001 - whatever a line raises, the shell goes on
            self.write("".join(traceback.format_exception(_from_the_line(error))))
        else:
            self.has_failed = False

    async def _evaluated(self, code: CodeType) -> None:
        made = FunctionType(code, self.locals)()
        if asyncio.iscoroutine(made):
            await made


def _from_the_line(error: BaseException) -> BaseException:
    """The error, seen from what was typed."""
    place = error.__traceback__
    while place is not None and place.tb_frame.f_code.co_filename != "<console>":
        place = place.tb_next
    return error.with_traceback(place)


def _cancelled(running: Future[None]) -> None:
    """Stop a line, and wait until its statement has stopped on the server."""
    running.cancel()
    with contextlib.suppress(BaseException):
        running.result(timeout=5)


@contextlib.contextmanager
def _loop() -> Iterator[asyncio.AbstractEventLoop]:
    """A loop in a thread of its own, so that it goes on while nobody types."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield loop
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


def _done(loop: asyncio.AbstractEventLoop, work: Any) -> Any:
    return asyncio.run_coroutine_threadsafe(work, loop).result()


async def _opened(url: str, declared: list[Table] | None) -> tuple[Database, dict[str, Any]]:
    """The database, and the names of a shell."""
    db = Database(url)
    await db.connect()
    try:
        tables = tables_of(await introspect(db), db.dialect.name) if declared is None else declared
    except BaseException:
        await db.close()
        raise
    names = {name: getattr(library, name) for name in library.__all__}
    return db, names | {_identifier(each._name): each for each in tables} | {"db": db}


def _identifier(name: str) -> str:
    return name if name.isidentifier() else "".join([each if each.isalnum() else "_" for each in name])


def _converse(shell: Shell, db: Database, names: dict[str, Any]) -> None:
    tables = sorted([name for name, each in names.items() if isinstance(each, Table)])
    banner = (
        f"querykit on {db.dialect.name}: db, {', '.join(tables[:8])}{', …' if len(tables) > 8 else ''}; await works"  # noqa: PLR2004
    )
    with _completing(shell.locals):
        shell.interact(banner, exitmsg="")


@contextlib.contextmanager
def _completing(names: Any) -> Iterator[None]:
    """Let the keys find names and earlier lines."""
    if readline is None or not sys.stdin.isatty():
        yield
        return
    path = Path(os.environ.get("QUERYKIT_HISTORY") or "~/.querykit_history").expanduser()
    with contextlib.suppress(OSError):
        readline.read_history_file(path)
    before: Callable[..., Any] | None = readline.get_completer()
    readline.set_completer(rlcompleter.Completer(names).complete)
    readline.parse_and_bind("tab: complete")
    try:
        yield
    finally:
        readline.set_completer(before)
        readline.set_history_length(1000)
        with contextlib.suppress(OSError):
            readline.write_history_file(path)
