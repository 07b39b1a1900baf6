"""What a program hangs on a database: a log, comments in its SQL, work on every new connection and transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn, cast
from urllib.parse import quote

from querykit.errors import ConfigurationError, UsageError
from querykit.execution.runner import Runner
from querykit.execution.stream import Chunks
from querykit.execution.wanted import run_on

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence

    from querykit.builder.compiled import CompiledQuery
    from querykit.dialects.base import Dialect
    from querykit.dialects.driver import Connection, DriverResult, Wanted
    from querykit.execution.log import LogHook
    from querykit.execution.transaction import Transaction

    Tags = Mapping[str, object] | Callable[[], Mapping[str, object]]


class Hooks(NamedTuple):
    """What hangs on a database. Without any, nothing is wrapped and nothing costs.

    Attributes:
        log: Each called with a `LogEntry` for whatever ended.
        tags: Written into a comment behind every statement, or a function that says them when a statement runs.
        on_connect: Awaited with every new connection, and again after its session was reset.
        on_begin: Awaited with every transaction that has begun; savepoints are none.
    """

    log: tuple[LogHook, ...] = ()
    tags: Tags | None = None
    on_connect: Callable[[Session], Awaitable[object]] | None = None
    on_begin: Callable[[Transaction], Awaitable[object]] | None = None

    @property
    def wraps(self) -> bool:
        """Whether connections need an observer."""
        return bool(self.log) or self.tags is not None or self.on_connect is not None

    def checked(self) -> Hooks:
        """The same hooks.

        Raises:
            ConfigurationError: one is not what it has to be.
        """
        named = [*(("log", hook) for hook in self.log), ("on_connect", self.on_connect), ("on_begin", self.on_begin)]
        for name, hook in named:
            if hook is not None and not callable(hook):
                raise ConfigurationError(f"{name} is a function, not {type(hook).__name__}")
        if self.tags is not None and not callable(self.tags):
            comment(self.tags)
        return self


def hooks_of(log: LogHook | Sequence[LogHook] | None) -> tuple[LogHook, ...]:
    """The hooks of a log: none, one or several."""
    if log is None:
        return ()
    if isinstance(log, list | tuple) and not callable(log):
        return tuple(log)
    return (cast("LogHook", log),)


def comment(tags: Mapping[str, object]) -> str:
    """Tags as a comment of SQL, as sqlcommenter writes them; nothing where all of them are None.

    >>> comment({"route": "/people/{id}", "application": "shop"})
    " /*application='shop',route='%2Fpeople%2F%7Bid%7D'*/"

    Source: https://google.github.io/sqlcommenter/spec/
    """
    pairs = []
    for name, tag in sorted(tags.items()):
        if not isinstance(name, str) or not name:
            raise ConfigurationError(f"a tag's name is a text, not {name!r}")
        if tag is not None:
            # «*» and «/» are escaped too, so that nothing in a tag ends the comment or begins a hint
            pairs.append(f"{quote(name, safe='')}='{quote(str(tag), safe='', errors='replace')}'")
    return f" /*{','.join(pairs)}*/" if pairs else ""


class Session(Runner):
    """A connection that nobody borrows yet: what `on_connect` runs its statements on."""

    def __init__(self, connection: Connection) -> None:
        """Stand for a connection."""
        super().__init__(None)
        self._connection = connection

    @property
    def dialect(self) -> Dialect:
        """What the server speaks."""
        return self._connection.dialect

    def _together(self) -> NoReturn:
        raise UsageError("on_connect sets a session up; it has no transactions")

    def _run(
        self, compiled: CompiledQuery, wanted: Wanted, arguments: tuple[object, ...]
    ) -> Coroutine[Any, Any, DriverResult]:
        return run_on(self._connection, compiled, wanted, arguments)

    def _stream(self, compiled: CompiledQuery, arguments: tuple[object, ...], chunk_size: int) -> Chunks:
        return Chunks(self._connection.stream(compiled, arguments, chunk_size), lambda: None)
