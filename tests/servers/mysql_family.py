"""What MySQL and MariaDB start with alike."""

import socket
import subprocess
from collections.abc import Sequence
from pathlib import Path

from tests.servers.process import more_options, spawn, wait_until

# Nothing here must outlive a crash, and everything is small.
THROW_AWAY = (
    "--innodb-flush-method=nosync",
    "--innodb-flush-log-at-trx-commit=0",
    "--innodb-doublewrite=OFF",
    "--innodb-use-native-aio=OFF",
    "--innodb-buffer-pool-size=64M",
    "--skip-log-bin",
    "--performance-schema=OFF",
    "--max-connections=100",
    "--character-set-server=utf8mb4",
)

# A fresh server knows only root@localhost, which a client over TCP is not.
ROOT_FROM_ANYWHERE = (
    "CREATE USER IF NOT EXISTS 'root'@'%' IDENTIFIED BY '';\nGRANT ALL ON *.* TO 'root'@'%' WITH GRANT OPTION;\n"
)


def serve(
    command: Sequence[str | Path], folder: Path, port: int, log: Path, *, first_sql: str
) -> subprocess.Popen[bytes]:
    """Start the server whose data lies in `folder`, run `first_sql` in it and wait until it greets."""
    start_script = folder / "start.sql"
    start_script.write_text(first_sql)
    server = spawn(
        [
            *command,
            "--bind-address=127.0.0.1",
            f"--port={port}",
            f"--socket={folder}/socket",
            f"--pid-file={folder}/pid",
            f"--init-file={start_script}",
            "--skip-name-resolve",
            *more_options(),
        ],
        log,
    )
    wait_until(lambda: _greets(port), server, log)
    return server


def _greets(port: int) -> bool:
    """Whether the server speaks first, as it does once it can take connections."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
            return bool(connection.recv(5))
    except OSError:
        return False
