"""LISTEN on a connection of asyncpg."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from querykit.dialects.driver import Notification
from querykit.errors import BuildError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

MAX_BYTES = 63
"""How long a channel's name may be: LISTEN cuts a longer one, and hears nothing."""


class _Callback(NamedTuple):
    """A function as asyncpg keeps it."""

    cb: Callable[[object, int, str, str], None]
    is_async: bool = False


class Channels:
    """Channels that a connection listens to."""

    def __init__(self, names: Sequence[str]) -> None:
        """Take their names.

        Raises:
            BuildError: there is none, or one that no channel can have.
        """
        self._names = tuple(dict.fromkeys(names))
        if not self._names:
            raise BuildError("listen() takes at least one channel")
        for name in self._names:
            if not isinstance(name, str) or not name or "\0" in name or len(name.encode()) > MAX_BYTES:
                raise BuildError(f"a channel's name is a text of 1 to {MAX_BYTES} bytes without NUL, not {name!r}")

    @property
    def statements(self) -> list[str]:
        """``LISTEN "name"`` for each."""
        return [f'LISTEN "{name.replace(chr(34), chr(34) * 2)}"' for name in self._names]

    def hear(self, opened: Any, tell: Callable[[Notification | None], object]) -> Callable[[], None]:
        """Have `tell` called from now on; asyncpg itself begins after LISTEN, and misses what comes with its end."""

        def notified(_: object, process_id: int, channel: str, payload: str) -> None:
            tell(Notification(channel, payload, process_id))

        def ended(_: object) -> None:
            tell(None)

        def stop() -> None:
            for name in self._names:
                opened._listeners.pop(name, None)
            opened.remove_termination_listener(ended)

        callback = _Callback(notified)
        for name in self._names:
            opened._listeners[name] = {callback}
        opened.add_termination_listener(ended)
        return stop
