"""The databases of a run: started when the first bench asks for them, and gone at the end."""

from __future__ import annotations

import asyncio
import itertools
import tempfile
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from bench.village import settle
from tests.databases import database_urls, own_database


class Databases:
    """Gives URLs, for ``with``."""

    def __init__(self) -> None:
        self._stack = ExitStack()
        self._numbers = itertools.count()
        self._runner = asyncio.Runner()
        self._urls: dict[str, str] = {}
        self._villages: dict[tuple[str, int], str] = {}

    def __enter__(self) -> Self:
        """Start nothing yet."""
        self._stack.enter_context(self._runner)
        self._folder = Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="querykit-bench-")))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Stop the servers."""
        self._stack.__exit__(kind, error, traceback)

    def empty(self, name: str) -> str:
        """The URL of an empty database on a server, or in a file."""
        if name == "sqlite":
            return f"sqlite:///{self._folder / f'{next(self._numbers)}.db'}"
        if name not in self._urls:
            self._urls.update(self._entered(database_urls([name], self._folder)))
        url: str = self._entered(own_database(name, self._urls[name]))
        return url

    def village(self, name: str, people: int) -> str:
        """The URL of a database with that many people, which nobody changes."""
        if (name, people) not in self._villages:
            url = self.empty(name)
            self._runner.run(settle(url, people))
            self._villages[name, people] = url
        return self._villages[name, people]

    def _entered(self, context: Any) -> Any:
        def leave() -> None:
            self._runner.run(context.__aexit__(None, None, None))

        found = self._runner.run(context.__aenter__())
        self._stack.callback(leave)
        return found
