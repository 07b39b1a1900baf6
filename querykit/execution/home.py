"""The process and the event loop that connections belong to."""

from __future__ import annotations

import asyncio
import os

from querykit.errors import UsageError

_forks = 0


def _count_fork() -> None:
    global _forks  # noqa: PLW0603 - a process has one history
    _forks += 1


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_count_fork)


class Home:
    """Where a database was connected, and where alone it can be used."""

    __slots__ = ("_forks", "_loop")

    def __init__(self) -> None:
        """Be here."""
        self._loop = asyncio.get_running_loop()
        self._forks = _forks

    def refuse_strangers(self) -> None:
        """Refuse to be used from elsewhere: a forked process shares the sockets, another loop does not watch them.

        Raises:
            UsageError: this is another event loop, or a forked process.
        """
        if self._forks != _forks:
            raise UsageError("this Database was connected before the process forked; connect another one in the child")
        if asyncio.get_running_loop() is not self._loop:
            raise UsageError("this Database was connected in another event loop; connect another one in this loop")
