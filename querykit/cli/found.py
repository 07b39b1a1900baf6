"""What a command is told to look at: a query by its place in a program, a database by its URL."""

from __future__ import annotations

import asyncio
import importlib
import inspect
import os
import sys
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click
from rich.console import Console

from querykit import Table
from querykit.cli.secrets import keep_secret

if TYPE_CHECKING:
    from collections.abc import Awaitable
    from contextlib import AbstractContextManager

T = TypeVar("T")


as_json = click.option("--json", "is_json", is_flag=True, help="Print JSON, for programs.")
takes_url = click.argument("url", required=False)


def run(work: Awaitable[T]) -> T:
    """Do work of a command in a loop of its own."""

    async def whole() -> T:
        return await work

    return asyncio.run(whole())


def working(words: str) -> AbstractContextManager[object]:
    """Say on a terminal what takes a while, as long as it takes."""
    return Console(stderr=True).status(words)


def find_tables(place: str | None) -> list[Table]:
    """The tables of ``module``: those in its ``TABLES``, or all that it declares; or those at ``module:name``.

    Raises:
        click.UsageError: no module is named.
        click.BadParameter: there is none, or it has no tables.
    """
    said = place or find_setting("tables")
    if not said:
        raise click.UsageError("say which tables: --tables MODULE, or tables in [tool.querykit] of pyproject.toml")
    module, colon, name = said.partition(":")
    found = _module(module)
    names = [name] if colon else ["TABLES"] if hasattr(found, "TABLES") else None
    if names is None:
        listed = list(vars(found).values())
    elif hasattr(found, names[0]):
        listed = list(getattr(found, names[0]))
    else:
        raise click.BadParameter(f"{module} has no {name}")
    tables = {id(type(each)): each for each in [_table(each) for each in listed] if each is not None}
    if not tables:
        raise click.BadParameter(f"{said} declares no tables")
    return list(tables.values())


def _table(found: Any) -> Table | None:
    """A declared table, by itself or by its class; a view is none."""
    is_class = isinstance(found, type) and issubclass(found, Table) and bool(found._table_name)
    table = found() if is_class else found
    return table if isinstance(table, Table) and table._columns and table._alias is None else None


def _module(name: str) -> Any:
    sys.path.insert(0, str(Path.cwd()))
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        raise click.BadParameter(f"there is no module {error.name}") from None


def find_query(place: str) -> Any:
    """The query at ``module:name``; a function there is called.

    Raises:
        click.BadParameter: there is none.
    """
    module, colon, name = place.partition(":")
    if not colon or not name:
        raise click.BadParameter(f"{place} is no MODULE:NAME")
    found: Any = _module(module)
    for step in name.split("."):
        if not hasattr(found, step):
            raise click.BadParameter(f"{module} has no {name}")
        found = getattr(found, step)
    if callable(found):
        if inspect.signature(found).parameters:
            raise click.BadParameter(f"{place} takes arguments: name a query, or a function that takes none")
        found = found()
    if not hasattr(found, "compile"):
        raise click.BadParameter(f"{place} is no query, but a {type(found).__name__}")
    return found


def find_url(given: str | None) -> str:
    """The URL of a database: as given, or $QUERYKIT_URL, or what pyproject.toml says.

    Raises:
        click.UsageError: none of them says it.
    """
    found = known_url(given)
    if not found:
        raise click.UsageError("say which database: URL, $QUERYKIT_URL, or url in [tool.querykit] of pyproject.toml")
    return found


def known_url(given: str | None) -> str | None:
    """The URL of a database, found as `find_url` finds it; None where nothing says it."""
    found = given or os.environ.get("QUERYKIT_URL") or find_setting("url")
    return keep_secret(found) if found else None


def find_setting(name: str) -> str:
    """What the nearest pyproject.toml says under [tool.querykit]; empty where it says nothing."""
    for folder in (Path.cwd(), *Path.cwd().parents):
        path = folder / "pyproject.toml"
        if path.is_file():
            try:
                settings = tomllib.loads(path.read_text(encoding="utf-8")).get("tool", {}).get("querykit", {})
            except tomllib.TOMLDecodeError as error:
                raise click.UsageError(f"{path}: {error}") from None
            return str(settings.get(name, ""))
    return ""
