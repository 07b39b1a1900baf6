"""What MariaDB wants said at the start of a session that MySQL does not."""

from __future__ import annotations

from querykit.dialects.mariadb import dialect
from querykit.dialects.mysql.server import SESSION, Server

# JSON_ARRAYAGG is cut at group_concat_max_len here, 1 MiB by default.
# Source: https://mariadb.com/docs/server/reference/sql-functions/special-functions/json-functions/json_arrayagg
MARIADB = Server(
    dialect=dialect,
    product="MariaDB",
    minimum=(10, 5),
    session={**SESSION, "group_concat_max_len": "1073741824"},
)
