"""A server that lives as long as the block that asked for it."""

import os
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.servers.process import ServerError

_PROJECT = Path(__file__).parents[2]


class PrivateServer:
    """Starts at once, in the background, so that several start side by side; ends with its `with` block.

    A child process (`python -m tests.servers hold`) owns the server and stops it when its standard input closes. The
    system closes that however this process ends, so that an interrupted or killed test run leaves no server behind.
    """

    def __init__(self, name: str, **environment: str) -> None:
        self.name = name
        self._url = ""
        self._holder = subprocess.Popen(
            [sys.executable, "-m", "tests.servers", "hold", name],
            cwd=_PROJECT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ | environment,
            start_new_session=True,  # Ctrl-C goes to a terminal's whole process group
        )

    def url(self) -> str:
        """The server's URL; waits until the server answers there.

        Raises:
            ServerError: when it cannot be installed or does not come up.
        """
        if not self._url:
            assert self._holder.stdout
            assert self._holder.stderr
            self._url = self._holder.stdout.readline().strip()
            if not self._url:
                raise ServerError(self._holder.stderr.read().strip())
        return self._url

    def restart(self) -> None:
        """Shut it down and start it again, with its data, at its port."""
        self.url()
        assert self._holder.stdin
        assert self._holder.stdout
        self._holder.stdin.write("restart\n")
        self._holder.stdin.flush()
        if self._holder.stdout.readline().strip() != self._url:
            raise ServerError(f"{self.name} did not come back")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._holder.__exit__(kind, error, traceback)  # closes its standard input and waits for its end
