"""Starting, finding and stopping a server; each running one has a note in the cache folder."""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit

from tests.servers import mariadb, mysql, pgbouncer, postgres, redis, standby
from tests.servers.cache import CACHE
from tests.servers.process import free_port, give_to_server_user, report, spawn, wait_until

LAUNCHERS: dict[str, Callable[[Path, int], tuple[subprocess.Popen[bytes], str]]] = {
    "postgres": postgres.launch,
    "standby": standby.launch,
    "mysql": mysql.launch,
    "mariadb": mariadb.launch,
    "pgbouncer": pgbouncer.launch,
    "redis": redis.launch,
}
DATABASES = ("postgres", "mysql", "mariadb")
"""Those that stand alone."""

_OF_POSTGRES = ("postgres", "standby")
"""Many processes each: the parent ends them on SIGQUIT, and could not on SIGKILL."""
_NOTES = CACHE / "running"
_STOPPING_SECONDS = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A running server."""

    name: str
    url: str
    pid: int
    folder: str

    @property
    def note(self) -> Path:
        """The file by which other processes find this server."""
        return _NOTES / f"{self.name}-{self.pid}.json"

    def is_alive(self) -> bool:
        """Whether the process is still this server, whose command line names its folder: pids are used again."""
        try:
            return self.folder in Path(f"/proc/{self.pid}/cmdline").read_text()
        except OSError:
            return False


def start(name: str) -> Server:
    """Start a new server; it runs until `stop`.

    Raises:
        ServerError: when it cannot be installed or does not come up.
    """
    began = time.monotonic()
    folder = Path(tempfile.mkdtemp(prefix=f"querykit-{name}-"))
    try:
        give_to_server_user(folder)
        process, url = LAUNCHERS[name](folder, free_port())
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    server = Server(name=name, url=url, pid=process.pid, folder=str(folder))
    _NOTES.mkdir(parents=True, exist_ok=True)
    server.note.write_text(json.dumps(asdict(server)))
    report(f"{name} up in {time.monotonic() - began:.1f} s: {url}")
    return server


def stop(server: Server) -> None:
    """End a server at once: its data is thrown away, so there is nothing to shut down cleanly for."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(server.pid, signal.SIGQUIT if server.name in _OF_POSTGRES else signal.SIGKILL)
    deadline = time.monotonic() + _STOPPING_SECONDS
    while server.is_alive() and time.monotonic() < deadline:
        time.sleep(0.02)
    shutil.rmtree(server.folder, ignore_errors=True)
    server.note.unlink(missing_ok=True)


def restart(server: Server) -> Server:
    """Shut a server down as its operator would, and start it again with the same data at the same port."""
    command = Path(f"/proc/{server.pid}/cmdline").read_text().split("\0")[:-1]
    # SIGINT is PostgreSQL's fast shutdown, which ends its clients; SIGTERM would wait for them
    os.kill(server.pid, signal.SIGINT if server.name in _OF_POSTGRES else signal.SIGTERM)
    while server.is_alive():
        time.sleep(0.02)
    server.note.unlink(missing_ok=True)
    log = Path(server.folder) / "log"
    process = spawn(command, log)
    again = replace(server, pid=process.pid)
    again.note.write_text(json.dumps(asdict(again)))
    port = urlsplit(server.url).port
    assert port
    wait_until(lambda: _listens(port), process, log)
    return again


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def running() -> list[Server]:
    """The servers that run on this machine now; notes of those that are gone are removed."""
    alive: list[Server] = []
    for note in sorted(_NOTES.glob("*.json")):
        server = Server(**json.loads(note.read_text()))
        if server.is_alive():
            alive.append(server)
        else:
            note.unlink(missing_ok=True)
    return alive
