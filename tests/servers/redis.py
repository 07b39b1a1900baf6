"""A Redis server, from Debian's packages.

Looked for in this order: `redis-server` of this machine, Debian's package of `QUERYKIT_REDIS_SUITE` (bookworm).
"""

import os
import shutil
import socket
import subprocess
from pathlib import Path

from tests.servers import debian
from tests.servers.process import spawn, wait_until


def launch(folder: Path, port: int) -> tuple[subprocess.Popen[bytes], str]:
    """Start Redis in an empty folder; its process and its URL. It keeps nothing on disk."""
    log = folder / "log"
    command = [
        *_program(),
        *("--bind", "127.0.0.1", "--port", str(port), "--dir", str(folder)),
        *("--save", "", "--appendonly", "no", "--set-proc-title", "no"),  # its folder in its title says that it is ours
    ]
    process = spawn(command, log)
    wait_until(lambda: _answers(port), process, log)
    return process, f"redis://127.0.0.1:{port}/0"


def _program() -> list[str]:
    if found := shutil.which("redis-server"):
        return [found]
    prefix = debian.unpacked("redis-server", os.environ.get("QUERYKIT_REDIS_SUITE", "bookworm"), is_program=True)
    return [*debian.loader(prefix), f"{prefix}/usr/bin/redis-server"]


def _answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
            connection.sendall(b"PING\r\n")
            return connection.recv(16).startswith(b"+PONG")
    except OSError:
        return False
