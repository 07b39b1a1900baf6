"""MariaDB: the machine's own, else Debian's.

Looked for in this order: `QUERYKIT_MARIADBD` (a program), `mariadbd` of this machine, Debian's `mariadb-server-core` of
`QUERYKIT_MARIADB_SUITE` (bookworm, the default, has 10.11, trixie 11.8).
"""

import os
import shutil
import subprocess
from pathlib import Path

from tests.servers import debian
from tests.servers.mysql_family import ROOT_FROM_ANYWHERE, THROW_AWAY, serve
from tests.servers.process import give_to_server_user, run

_SYSTEM_TABLES = (
    "*_system_tables.sql",
    "*_performance_tables.sql",
    "*_system_tables_data.sql",
    "maria_add_gis_sp_bootstrap.sql",
)
# The anonymous user would stand before root@'%' for clients on this machine.
_NO_ANONYMOUS_USER = "DROP USER IF EXISTS ''@'localhost';\n"


def launch(folder: Path, port: int) -> tuple[subprocess.Popen[bytes], str]:
    """Start MariaDB in an empty folder; its process and its URL. `root` has no password, the database `test` exists."""
    log = folder / "log"
    program, share = _program()
    options = [
        f"--datadir={folder}/data",
        f"--tmpdir={folder / 'tmp'}",  # side by side, servers would take the same names in a shared one
        "--innodb-log-file-size=16M",
    ]
    command = [*program, *options, *THROW_AWAY]
    for name in ("data", "tmp"):
        (folder / name).mkdir()
        give_to_server_user(folder / name)
    bootstrap = folder / "bootstrap.sql"
    bootstrap.write_text(_bootstrap(share))
    run([*command, "--bootstrap", "--skip-grant-tables"], log, stdin=bootstrap)
    server = serve(command, folder, port, log, first_sql=ROOT_FROM_ANYWHERE + _NO_ANONYMOUS_USER)
    return server, f"mariadb://root@127.0.0.1:{port}/test"


def _bootstrap(share: Path) -> str:
    """The SQL that makes the system tables: what mariadb-install-db runs, without its shell script."""
    scripts = [next(share.glob(pattern)).read_text() for pattern in _SYSTEM_TABLES]
    return "\n".join(
        ["CREATE DATABASE mysql;", "USE mysql;", "SET @auth_root_socket=NULL;", *scripts, "CREATE DATABASE test;\n"]
    )


def _program() -> tuple[list[str], Path]:
    """The server program with the options that it needs to find its own files, and the folder of these files."""
    suite = os.environ.get("QUERYKIT_MARIADB_SUITE")
    for program in (
        os.environ.get("QUERYKIT_MARIADBD"),
        None if suite else shutil.which("mariadbd", path=f"{os.environ['PATH']}:/usr/sbin"),
    ):
        if program:
            return [program, "--no-defaults"], _share_folder(Path("/usr/share"))
    prefix = debian.unpacked("mariadb-server-core", suite or "bookworm")
    share = _share_folder(prefix / "usr/share")
    return [
        *debian.loader(prefix),
        f"{prefix}/usr/sbin/mariadbd",
        "--no-defaults",
        f"--basedir={prefix}/usr",
        f"--lc-messages-dir={share}",
        f"--character-sets-dir={share}/charsets",
    ], share


def _share_folder(root: Path) -> Path:
    """The folder with the set-up scripts: `mariadb` since 11, `mysql` before."""
    return next(folder for folder in (root / "mariadb", root / "mysql") if any(folder.glob("*_system_tables.sql")))
