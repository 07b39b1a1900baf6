"""What MariaDB wants said at the start of a session."""

from __future__ import annotations

from querykit.dialects.mariadb import dialect
from querykit.dialects.mysql.server import SESSION, Server

MARIADB = Server(dialect=dialect, product="MariaDB", minimum=(10, 5), session=SESSION)
