"""A hot standby of a PostgreSQL server, by streaming replication.

It is made by the programs that `tests.servers.postgres` finds.
"""

import os
import subprocess
from pathlib import Path
from urllib.parse import urlsplit

from tests.servers.postgres import programs, serve
from tests.servers.process import ServerError, run

OF = "QUERYKIT_PRIMARY_URL"
"""The environment variable with the URL of the primary."""


def launch(folder: Path, port: int) -> tuple[subprocess.Popen[bytes], str]:
    """Copy the primary of `OF`, and start what follows it; its process and its URL."""
    if OF not in os.environ:
        raise ServerError(f"a standby follows a primary: set {OF} to its URL")
    data = folder / "data"
    options = ["--write-recovery-conf", "--wal-method=stream", "--checkpoint=fast", "--no-sync"]
    primary = urlsplit(os.environ[OF])
    address = [f"--host={primary.hostname}", f"--port={primary.port}", f"--username={primary.username}"]
    run([programs() / "pg_basebackup", f"--pgdata={data}", *address, *options], folder / "log")
    return serve(folder, port)
