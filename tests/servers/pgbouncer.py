"""PgBouncer in transaction mode before a PostgreSQL server, from Debian's packages.

Looked for in this order: `pgbouncer` of this machine, Debian's package of `QUERYKIT_PGBOUNCER_SUITE` (bookworm).
"""

import os
import shutil
import socket
import subprocess
from pathlib import Path
from urllib.parse import unquote, urlsplit

from tests.servers import debian
from tests.servers.process import ServerError, spawn, wait_until

BEHIND = "QUERYKIT_BOUNCED_URL"
"""The environment variable with the URL of the server behind it."""


def launch(folder: Path, port: int) -> tuple[subprocess.Popen[bytes], str]:
    """Start PgBouncer before the server of `BEHIND`; its process and its URL, which is that of the database behind it."""
    if BEHIND not in os.environ:
        raise ServerError(f"PgBouncer stands before a PostgreSQL server: set {BEHIND} to its URL")
    parts = urlsplit(os.environ[BEHIND])
    user, password = unquote(parts.username or "postgres"), unquote(parts.password or "")
    settings, users, log = folder / "pgbouncer.ini", folder / "users.txt", folder / "log"
    users.write_text(f'"{user}" ""\n')
    server = f"host={parts.hostname or '127.0.0.1'} port={parts.port or 5432} user={user}"
    if password:
        server += f" password='{password.replace(chr(39), chr(39) * 2)}'"
    settings.write_text(
        f"[databases]\n* = {server}\n\n"
        "[pgbouncer]\n"
        f"listen_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\n"
        f"auth_type = trust\nauth_file = {users}\n"
        "pool_mode = transaction\ndefault_pool_size = 5\nmax_client_conn = 200\n"
    )
    process = spawn([*_program(), settings], log)
    wait_until(lambda: _listens(port), process, log)
    return process, f"postgresql://{user}@127.0.0.1:{port}{parts.path}"


def _program() -> list[str]:
    if found := shutil.which("pgbouncer", path=f"{os.environ['PATH']}:/usr/sbin"):
        return [found]
    prefix = debian.unpacked("pgbouncer", os.environ.get("QUERYKIT_PGBOUNCER_SUITE", "bookworm"))
    return [*debian.loader(prefix), f"{prefix}/usr/sbin/pgbouncer"]


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True
