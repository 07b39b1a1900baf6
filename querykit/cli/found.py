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

if TYPE_CHECKING:
    from collections.abc import Awaitable

T = TypeVar("T")


as_json = click.option("--json", "is_json", is_flag=True, help="Print JSON, for programs.")
takes_url = click.argument("url", required=False)


def run(work: Awaitable[T]) -> T:
    """Do work of a command in a loop of its own."""

    async def whole() -> T:
        return await work

    return asyncio.run(whole())


def find_query(place: str) -> Any:
    """The query at ``module:name``; a function there is called.

    Raises:
        click.BadParameter: there is none.
    """
    module, colon, name = place.partition(":")
    if not colon or not name:
        raise click.BadParameter(f"{place} is no MODULE:NAME")
    sys.path.insert(0, str(Path.cwd()))
    try:
        found: Any = importlib.import_module(module)
    except ModuleNotFoundError as error:
        raise click.BadParameter(f"there is no module {error.name}") from None
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
    return given or os.environ.get("QUERYKIT_URL") or find_setting("url") or None


def find_setting(name: str) -> str:
    """What the nearest pyproject.toml says under [tool.querykit]; empty where it says nothing."""
    for folder in (Path.cwd(), *Path.cwd().parents):
        path = folder / "pyproject.toml"
        if path.is_file():
            settings = tomllib.loads(path.read_text(encoding="utf-8")).get("tool", {}).get("querykit", {})
            return str(settings.get(name, ""))
    return ""
