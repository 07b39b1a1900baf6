"""A real MySQL: the machine's own, else Debian's.

Looked for in this order: `QUERYKIT_MYSQLD` (a program), `mysqld` of this machine unless it is MariaDB's under the old
name, Debian's `mysql-server-core` of `QUERYKIT_MYSQL_SUITE` (unstable, the only suite that has MySQL).
"""

import os
import shutil
import subprocess
from pathlib import Path

from tests.servers import debian
from tests.servers.mysql_family import ROOT_FROM_ANYWHERE, THROW_AWAY, serve
from tests.servers.process import run


def launch(folder: Path, port: int) -> tuple[subprocess.Popen[bytes], str]:
    """Start MySQL in an empty folder; its process and its URL. `root` has no password, the database `test` exists."""
    log = folder / "log"
    command = [
        *_program(),
        f"--datadir={folder}/data",
        *THROW_AWAY,
        "--innodb-redo-log-capacity=64M",
        "--table-open-cache=400",
        "--auto-generate-certs=OFF",  # making the keys takes most of a second
        "--mysqlx=OFF",
        "--secure-file-priv=NULL",
    ]
    run([*command, "--initialize-insecure"], log)
    server = serve(command, folder, port, log, first_sql=f"CREATE DATABASE test;\n{ROOT_FROM_ANYWHERE}")
    return server, f"mysql://root@127.0.0.1:{port}/test"


def _program() -> list[str]:
    """The server program and the options that it needs to find its own files; its first option comes first."""
    given = os.environ.get("QUERYKIT_MYSQLD")
    suite = os.environ.get("QUERYKIT_MYSQL_SUITE")
    for program in (given, None if suite else shutil.which("mysqld", path=f"{os.environ['PATH']}:/usr/sbin")):
        if program and _is_mysql(program):
            return [program, "--no-defaults"]
    prefix = debian.unpacked("mysql-server-core", suite or "sid")
    return [
        *debian.loader(prefix),
        f"{prefix}/usr/sbin/mysqld",
        "--no-defaults",
        f"--basedir={prefix}/usr",
        f"--lc-messages-dir={prefix}/usr/share/mysql",
        f"--character-sets-dir={prefix}/usr/share/mysql/charsets",
        f"--plugin-dir={prefix}/usr/lib/mysql/plugin",
    ]


def _is_mysql(program: str) -> bool:
    version = subprocess.run([program, "--no-defaults", "--version"], capture_output=True, text=True, check=False)
    return "Ver" in version.stdout and "MariaDB" not in version.stdout
