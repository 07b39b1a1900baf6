"""Running a server's programs: as an unprivileged user, with their output in a log file."""

import contextlib
import os
import pwd
import shlex
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

OPTIONS = "QUERYKIT_SERVER_OPTIONS"
"""The environment variable with more options for a server's program, as a shell would read them."""
STARTING_SECONDS = 60.0
_POLL_SECONDS = 0.02
_LOG_TAIL = 4000

# PostgreSQL refuses to run as root, MySQL warns: as root, servers and their folders belong to `nobody`.
_ACCOUNT = pwd.getpwnam("nobody") if os.geteuid() == 0 else None
_USER = _ACCOUNT.pw_uid if _ACCOUNT else None
_GROUP = _ACCOUNT.pw_gid if _ACCOUNT else None
_EXTRA_GROUPS: list[int] | None = [] if _ACCOUNT else None


class ServerError(Exception):
    """A server could not be installed or started; the message says why."""


def report(message: str) -> None:
    """Tell the person waiting, if one still is, what is going on; standard output is kept for URLs."""
    with contextlib.suppress(BrokenPipeError):
        print(message, file=sys.stderr, flush=True)


def give_to_server_user(path: Path) -> None:
    """Make a file or folder belong to the user that servers run as."""
    if _ACCOUNT:
        os.chown(path, _ACCOUNT.pw_uid, _ACCOUNT.pw_gid)


def run(command: Sequence[str | Path], log: Path, *, stdin: Path = Path(os.devnull)) -> None:
    """Run a set-up program to its end.

    Raises:
        ServerError: when it fails, with the end of its log.
    """
    with log.open("ab") as output, stdin.open("rb") as source:
        done = subprocess.run(
            command,
            stdin=source,
            stdout=output,
            stderr=output,
            cwd="/",
            user=_USER,
            group=_GROUP,
            extra_groups=_EXTRA_GROUPS,
            check=False,
        )
    if done.returncode:
        raise ServerError(f"{' '.join(map(str, command))} exited {done.returncode}:\n{_tail(log)}")


def more_options() -> list[str]:
    """What `OPTIONS` says."""
    return shlex.split(os.environ.get(OPTIONS, ""))


def spawn(command: Sequence[str | Path], log: Path) -> subprocess.Popen[bytes]:
    """Start a server, in a session of its own so that Ctrl-C in the terminal does not reach it."""
    with log.open("ab") as output:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd="/",
            start_new_session=True,
            user=_USER,
            group=_GROUP,
            extra_groups=_EXTRA_GROUPS,
        )


def wait_until(ready: Callable[[], bool], process: subprocess.Popen[bytes], log: Path) -> None:
    """Wait until a spawned server is ready; end it if it never is.

    Raises:
        ServerError: when the server ended, or is not ready within `STARTING_SECONDS`, with the end of its log.
    """
    deadline = time.monotonic() + STARTING_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        if ready():
            return
        time.sleep(_POLL_SECONDS)
    process.kill()
    process.wait()
    raise ServerError(f"the server did not come up:\n{_tail(log)}")


def free_port() -> int:
    """A TCP port of 127.0.0.1 that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _tail(log: Path) -> str:
    return log.read_text(errors="replace")[-_LOG_TAIL:]
